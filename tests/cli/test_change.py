"""The command that grades change shows verdicts, reasons and counts, and scores only when asked."""

from __future__ import annotations

import json
import re
from datetime import date
from typing import TYPE_CHECKING, Any

import pytest
from typer.testing import CliRunner

from therapeutic_process.change_process import changes, detect_changes, next_focus
from therapeutic_process.cli.app import app
from therapeutic_process.exchange import dump_case, example_cases, write_cases
from therapeutic_process.records import Case

if TYPE_CHECKING:
    from pathlib import Path

CANARY = "Kanarienvogel-4711"
BAD = f'{{"kind":"case","schema_version":"1.0","id":"{CANARY}","participants":[]}}'


def call(*arguments: str | Path) -> Any:
    result = CliRunner().invoke(app, ["change", *(str(a) for a in arguments)])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


@pytest.fixture
def told(tmp_path: Path) -> Path:
    """Return a file with one case whose ids and scores would be found anywhere."""
    people = [{"id": CANARY, "role": "client"}, {"id": f"{CANARY}-t", "role": "therapist"}]
    who = {"kind": "client", "participant": CANARY}
    scores = [23.0, 24.0, 23.0, 11.0, 12.0, 11.0]
    one = {"instrument": "phq9", "subject": CANARY, "respondent": who}
    rows: list[dict[str, Any]] = [
        {**one, "id": f"{CANARY}-{i}", "score": score} for i, score in enumerate(scores)
    ]
    rows.append({**one, "id": f"{CANARY}-x", "instrument": "gad7", "score": 13})
    rows.append({**one, "id": f"{CANARY}-y", "instrument": "gad7", "missing": "declined"})
    case = Case.model_validate({"id": CANARY, "participants": people, "measurements": rows})
    write_cases([case], tmp_path / "told.jsonl")
    return tmp_path / "told.jsonl"


def test_each_case_has_its_verdicts_and_why(told: Path) -> None:
    result = call(told)
    assert result.exit_code == 0
    lines = result.output.splitlines()
    assert lines[0] == "case 1"
    assert re.fullmatch(
        r"  phq9 \(client\): reliable improvement; threshold at least 6 points \(.+\)", lines[1]
    )
    assert lines[2] == "  gad7 (client): cannot say: needs 2 scores, found 1 in 2 measurements (1 declined)"
    assert lines[3] == "  detected: 1 reliable change, 1 sudden gain; not judged: 3 too few scores"
    assert lines[4] == "  goals: 0 achieved, 0 remaining, 0 follows, 0 not agreed"
    assert lines[-1] == "1 cases, 2 series of scores: 1 cannot say, 1 reliable improvement"


@pytest.mark.parametrize("form", [(), ("--json",)])
def test_ids_are_never_shown_and_scores_only_when_asked_for(told: Path, form: tuple[str, ...]) -> None:
    quiet, open_ = call(told, *form).output, call(told, *form, "--scores").output
    assert CANARY not in quiet + open_
    assert not re.search(r"\b(23|11)(\.0)?\b", quiet)
    assert re.search(r"\b23(\.0)?\b.*\b11(\.0)?\b", open_)


def test_the_json_holds_what_the_functions_say(place: Path) -> None:
    result = json.loads(call(place / "cases.jsonl", "--json").output)
    assert result["unreadable"] == 0
    for number, (shown, case) in enumerate(zip(result["cases"], example_cases(), strict=True), start=1):
        graded = changes(case).rows
        focus = next_focus(case)
        assert shown["case"] == number
        assert [c["verdict"] for c in shown["changes"]] == [c.verdict for c in graded]
        assert [c["why"] for c in shown["changes"]] == [c.why for c in graded]
        assert shown["goals"]["achieved"] == len(focus.achieved)
        assert shown["goals"]["remaining"] == len(focus.remaining)
        detected = detect_changes(case, at=date(2026, 1, 31))
        assert sum(shown["detected"].values()) == len(detected.events)
        assert (shown["judged"], shown["not_judged"]) == (detected.n_used, dict(detected.dropped))
        assert len(shown["plans"]) == sum(p.in_force for p in case.plans)


def test_plans_in_force_are_described(place: Path) -> None:
    lines = call(place / "cases.jsonl").output.splitlines()
    plan = "revision 2, active: 2 sessions held of 12 planned, 1 of 2 planned interventions delivered"
    assert f"  plan: {plan}, 0 of 0 tasks completed" in lines
    plans = json.loads(call(place / "cases.jsonl", "--json").output)["cases"][0]["plans"]
    assert (plans[0]["held"], plans[0]["planned_sessions"], plans[0]["interventions_delivered"]) == (2, 12, 1)


def test_what_cannot_be_read_is_1_and_does_not_hide_the_rest(tmp_path: Path) -> None:
    mixed = tmp_path / "mixed.jsonl"
    mixed.write_text(f"{BAD}\n{dump_case(example_cases()[0])}\n")
    for form in ((), ("--json",)):
        result = call(mixed, *form)
        assert result.exit_code == 1
        assert "mixed.jsonl:1: invalid_record" in result.stderr
        assert CANARY not in result.output
    assert json.loads(call(mixed, "--json").stdout)["unreadable"] == 1
    assert "1 cases, " in call(mixed).stdout


def test_nothing_to_read_is_2(tmp_path: Path) -> None:
    assert call(tmp_path / "none.jsonl").exit_code == 2
    (tmp_path / "bad.jsonl").write_text(BAD)
    result = call(tmp_path / "bad.jsonl")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "no case could be read" in result.stderr
