from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import therapeutic_process
from therapeutic_process.change_process import (
    CodePattern,
    LagWindow,
    Mechanism,
    ScorePattern,
    TheoryOfChange,
)
from therapeutic_process.exchange import dump_theory, example_cases, write_cases

if TYPE_CHECKING:
    from collections.abc import Callable

    Run = Callable[..., subprocess.CompletedProcess[str]]

SOURCE = Path(str(therapeutic_process.__file__)).parents[1]
THEORY = TheoryOfChange(id="mi", name="Change talk", mechanisms=(
    Mechanism(id="talk", cause=CodePattern(system="automisc", codes=("C",), role="client"),
              effect=ScorePattern(instrument="simulated-outcome"), direction="improvement", smallest_effect=0.5,
              lag=LagWindow(unit="sessions", shortest=1, longest=1)),
))  # fmt: skip
START = "from therapeutic_process.cli import main; main()"


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """Return a folder with everything that the examples in the help speak of."""
    write_cases(example_cases(), tmp_path / "cases.jsonl")
    (tmp_path / "theory.json").write_text(dump_theory(THEORY))
    (tmp_path / "more").mkdir()
    write_cases(example_cases()[:1], tmp_path / "more" / "one.json")
    (tmp_path / "MIBot" / "transcripts").mkdir(parents=True)
    columns = [
        f"{o}Ruler{r}"
        for o in ("Pre", "Post", "WeekLater")
        for r in ("Importance", "Confidence", "Readiness")
    ]
    columns += [*(f"CAREQ{i}" for i in range(1, 11)), "WeekLaterNumQuitAttempts"]
    with (tmp_path / "MIBot" / "data.csv").open("w", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["ParticipantID", *columns])
        writer.writerow(["p1", *["4"] * len(columns)])
    talk = [{"speaker": "client", "text": "Yes.", "auto_misc_label": "C"}]
    document = {"participant_id": "p1", "utterances": talk}
    (tmp_path / "MIBot" / "transcripts" / "p1.json").write_text(json.dumps(document))
    return tmp_path


@pytest.fixture
def run(place: Path) -> Run:
    """Return a function that runs the command line in a process of its own, its output piped."""

    def start(*arguments: str, code: str = START, **settings: str) -> subprocess.CompletedProcess[str]:
        kept = {
            k: v for k, v in os.environ.items() if k not in {"FORCE_COLOR", "TTY_COMPATIBLE", "PYTHONPATH"}
        }
        return subprocess.run(
            [sys.executable, "-W", "error", "-c", code, *arguments],
            cwd=place, env={**kept, "PYTHONPATH": str(SOURCE), **settings}, capture_output=True, text=True,
            check=False, timeout=120,
        )  # fmt: skip

    return start
