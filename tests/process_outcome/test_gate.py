"""The statistical gate counts rightly, misses what it must, and runs."""

from __future__ import annotations

import importlib.util
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from scipy.stats import binomtest

if TYPE_CHECKING:
    from types import ModuleType

ROOT = Path(__file__).parents[2]
PROGRAM = ROOT / "tests" / "simulation" / "gate.py"


@pytest.fixture(scope="module")
def gate() -> ModuleType:
    spec = importlib.util.spec_from_file_location("gate", PROGRAM)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["gate"] = module
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(("hits", "trials"), [(0, 60), (3, 60), (60, 60), (25, 500)])
def test_the_interval_is_exact(gate: ModuleType, hits: int, trials: int) -> None:
    expected = binomtest(hits, trials).proportion_ci(confidence_level=0.99, method="exact")
    assert gate.exact_interval(hits, trials) == pytest.approx((expected.low, expected.high))


def test_a_bound_is_missed_only_by_the_whole_interval(gate: ModuleType) -> None:
    assert not gate.Bound("false positives", 8, 60, 0.0, 0.075).missed
    assert gate.Bound("false positives", 20, 60, 0.0, 0.075).missed
    assert gate.Bound("coverage", 40, 60, 0.92, 1.0).missed
    assert not gate.Bound("coverage", 0, 0, 0.92, 1.0).missed


def test_every_gated_design_has_its_bounds(gate: ModuleType) -> None:
    cells = list(gate.cells(short=True))
    assert len(cells) == 4 * 9 * 2
    good = gate.Fit(False, False, True, (0.0, 0.0), False, False, 0.01)
    names = {b.name for cell in cells for b in gate.bounds(cell, [good], [good])}
    assert names == {
        "default coverage",
        "default false positives",
        "default power",
        "placebo lead rejects",
        "screen false positives",
    }
    refused = [b for cell in cells for b in gate.bounds(cell, [gate.REFUSED], [gate.REFUSED])]
    assert all(b.trials == 0 for b in refused)


def test_a_bad_estimator_fails_its_cell(gate: ModuleType) -> None:
    cell = next(c for c in gate.cells(short=True) if c.scenario == "rtm" and c.n_sessions == 12)
    bad = gate.Fit(False, True, False, (1.0, 1.0), False, False, 0.01)
    missed = {b.name for b in gate.bounds(cell, [bad] * 60, [bad] * 60) if b.missed}
    assert missed == {
        "default coverage",
        "default false positives",
        "placebo lead rejects",
        "screen false positives",
    }


def test_every_design_that_was_asked_for_is_there(gate: ModuleType) -> None:
    cells = list(gate.cells(short=False))
    assert [c for c in cells if c.gated] == list(gate.cells(short=True))
    printed = {c.label for c in cells if not c.gated}
    assert printed == {
        "30 clients", "50 clients", "20 % missing", "irregular spacing", "noise SD 4", "carry-over .7", "AR(2)",
        "curved recovery", "therapist shocks", "therapist shocks, cluster", "leaving after a gain", "hopeless",
    }  # fmt: skip
    assert {c.scenario for c in cells if not c.gated} >= {"combined", "state", "rtm", "mnar", "unmeasured"}


def test_refusals_are_counted_by_their_code_and_in_no_rate(gate: ModuleType) -> None:
    cell = next(gate.cells(short=True))
    fit = gate.Fit(False, True, True, (1.0, 3.0), True, False, 0.5)
    line = gate.summarise(
        cell, "default", [fit, gate.refusal("not_converged"), gate.refusal("not_converged")]
    )
    assert "false+ 1.000" in line
    assert "bias +1.00 +3.00" in [part.strip() for part in line]
    assert line[-1] == "refused 2 (2 not_converged)"
    nobody = gate.summarise(cell, "default", [gate.refusal("not_converged")])
    assert "false+ 0.000" in nobody


def test_at_the_bound_a_verdict_of_inert_is_called_false(gate: ModuleType) -> None:
    fit = gate.Fit(False, True, True, (0.0, 0.0), True, True, 0.5)
    none, effect = list(gate.cells(short=True))[:2]
    assert "inert 1.000" in [part.strip() for part in gate.summarise(none, "default", [fit])]
    assert "false inert 1.000" in [part.strip() for part in gate.summarise(effect, "default", [fit])]


def run(*arguments: str) -> str:
    paths = os.pathsep.join([str(ROOT / "src"), os.environ.get("PYTHONPATH", "")])
    done = subprocess.run(
        [sys.executable, str(PROGRAM), "--only", "pure  200x6", "--jobs", "1", *arguments],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"PYTHONPATH": paths},
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def without_times(printed: str) -> list[str]:
    return [re.sub(r"\d+\.\d+ (s|minutes)\b", "", line) for line in printed.splitlines()]


def test_the_program_runs_and_prints_both_estimators() -> None:
    printed = run("--replications", "2")
    assert printed.count("| default") == printed.count("| screen") == 2
    assert "gate: every bound kept" in printed


def test_an_interrupted_run_goes_on_where_it_ended(tmp_path: Path) -> None:
    file = tmp_path / "runs.jsonl"
    run("--replications", "2", "--save", str(file))
    before = file.read_text(encoding="utf-8")
    first, second = before.splitlines()
    file.write_text(
        first + "\n" + second[:40], encoding="utf-8"
    )  # cut off in the middle of the second design
    printed = run("--replications", "3", "--save", str(file))
    runs = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    assert [(r["first"], len(r["fits"])) for r in runs] == [(0, 2), (2, 1), (0, 3)]
    assert json.loads(first) == runs[0]
    assert without_times(printed) == without_times(run("--replications", "3"))


def test_runs_of_other_code_are_left_alone_and_not_used(tmp_path: Path) -> None:
    file = tmp_path / "runs.jsonl"
    other = {"cell": "x", "code": "0", "first": 0, "fits": []}
    file.write_text(json.dumps(other) + "\n", encoding="utf-8")
    printed = run("--replications", "1", "--save", str(file))
    assert "1 saved runs of other code are not used" in printed
    assert json.loads(file.read_text(encoding="utf-8").splitlines()[0]) == other
    assert len(file.read_text(encoding="utf-8").splitlines()) == 3


def test_the_digest_covers_what_the_estimators_import(gate: ModuleType) -> None:
    assert gate is not None
    from simulation.saved_runs import modules_of

    found = set(modules_of())
    assert {"process_outcome.joint_likelihood", "process_outcome.sweep", "simulate.series"} <= found
    assert "process_outcome.links" not in found
