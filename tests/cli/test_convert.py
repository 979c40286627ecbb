"""``convert``: the options become what the readers need, and the account is printed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from typer.testing import CliRunner

from therapeutic_process.cli.app import app
from therapeutic_process.exchange import read_cases

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable
    from pathlib import Path

    Run = Callable[..., subprocess.CompletedProcess[str]]

CANARY = "Kanarienvogel-4711"


def call(*arguments: str | Path) -> Any:
    result = CliRunner().invoke(app, ["convert", *(str(a) for a in arguments)])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


def test_cases_become_tables_and_cases_again(place: Path) -> None:
    done = call(place / "cases.jsonl", place / "tables")
    assert done.exit_code == 0, done.output
    assert "4 cases from jsonl to tables" in done.output
    assert "lost in tables: not taken: Case.journal (2)" in done.output
    back = call(place / "tables", place / "back.jsonl")
    assert back.exit_code == 0, back.output
    assert "score cells: 32 read, 29 scores, 3 missing, 0 left" in back.output
    assert len(list(read_cases(place / "back.jsonl"))) == 4


WIDE = (
    "--from",
    "wide",
    "--option",
    "client=who",
    "--option",
    r"scores=s(\d+)",
    "--option",
    "instrument=phq9",
)
REDCAP = ("--from", "redcap", "--option", "scores=phq_total:phq9", "--option", "form=phq")
NHS = ("--from", "nhs", "--option", "instruments=720433000:phq9", "--option", "missing=-9:declined")
TABLES = {
    "wide": ("who,s1,s2\na,19,12\n", WIDE, 2),
    "redcap": (
        "record_id,redcap_repeat_instrument,redcap_repeat_instance,phq_total\n1,phq,1,19\n1,phq,2,\n",
        REDCAP,
        2,
    ),
    "nhs": (
        "Person_ID,CodedAssToolType,PersScore,AssToolCompTimestamp\np,720433000,19,2024-03-01\n"
        "p,720433000,-9,2024-03-08\n",
        NHS,
        2,
    ),
    "named": (
        "who,pre,post\na,19,12\n",
        ("--from", "wide", "--option", "client=who", "--option", "scores=pre:1", "--option", "scores=post:2",
         "--option", "instrument=phq9"),
        2,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", TABLES)
def test_tables_are_read_with_options(name: str, tmp_path: Path) -> None:
    text, options, n = TABLES[name]
    (tmp_path / "t.csv").write_text(text)
    done = call(tmp_path / "t.csv", tmp_path / "o.jsonl", *options)
    assert done.exit_code == 0, done.output
    [case] = read_cases(tmp_path / "o.jsonl")
    assert len(case.measurements) == n


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (("cases.jsonl", "o.csv"), "format_unclear"), (("cases.jsonl", "more"), "exists already"),
        (("cases.jsonl", "o.jsonl", "--option", "x"), "NAME=VALUE"),
        (("cases.jsonl", "o.jsonl", "--option", f"{CANARY}=1"), "option_unknown"),
        (("cases.jsonl", "o.jsonl", *["--option", f"roles={CANARY}:client"] * 2), "twice"),
        (("cases.jsonl", "o.jsonl", "--option", f"roles={CANARY}"), "KEY:VALUE"),
        (("cases.jsonl", "o.jsonl", "--option", f"roles=A:{CANARY}"), "client, therapist, other"),
        (("cases.jsonl", "o.jsonl", "--option", f"timing={CANARY}"), "before"),
        (("cases.jsonl", "o.jsonl", "--option", "strict=maybe"), "true, false"),
        (("cases.jsonl", "o.jsonl", "--option", "events=a:b"), "KEY:NUMBER"),
        (("cases.jsonl", "o", "--refuse-loss"), "loss_refused"),
        (("cases.jsonl", "cases.jsonl", "--force"), "apart"),
        (("nothing.jsonl", "o.jsonl"), "no_such_file"), (("cases.jsonl", "no/o.jsonl"), "no_such_file"),
    ],
)  # fmt: skip
def test_what_cannot_be_done_stops_with_2(
    arguments: tuple[str, ...], why: str, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(place)
    before = sorted(p.name for p in place.iterdir())
    done = call(*arguments)
    assert done.exit_code == 2
    assert why in done.output
    assert CANARY not in done.output
    assert sorted(p.name for p in place.iterdir()) == before


def test_progress_stays_away_when_piped(run: Run) -> None:
    done = run("convert", "cases.jsonl", "cases.ndjson", "--turns", "--text")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[-1] == "written to cases.ndjson"


def test_what_python_calls_an_argument_is_told_as_an_option(place: Path) -> None:
    for target in ("tables", "bundles.ndjson"):
        told = call(place / "cases.jsonl", place / target).stdout
        assert "free text leaves only with --text" in told
        assert not [word for word in ("text=True", "`text`", "turns=True") if word in told]
