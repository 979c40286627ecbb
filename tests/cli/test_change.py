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
from therapeutic_process.instruments import builtin_catalogue
from therapeutic_process.records import Case
from therapeutic_process.report.goal_facts import attainments, progress
from therapeutic_process.report.graded_series import graded_series

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
    assert re.fullmatch(r"    class: improved; cutoff 10 \(.+\)", lines[2])
    assert lines[3] == "    response: yes; remission: cannot say: no verified cutoff of remission is known"
    intervals = "1 sudden gains, 0 sudden losses, 2 neither, 2 cannot say (2 too few scores)"
    assert lines[4] == f"    of 5 intervals: {intervals}"
    too_few = "needs 2 scores, found 1 in 2 measurements (1 declined)"
    assert lines[5:7] == [f"  gad7 (client): cannot say: {too_few}", f"    class: cannot say: {too_few}"]
    services = "at caseness at the start yes, recovery cannot say, reliable improvement cannot say"
    assert any(line.startswith(f"  NHS Talking Therapies (client 1): {services}, ") for line in lines)
    assert "    gad7: needs a first and a last score, found 1" in lines
    assert "  detected: 1 reliable change, 1 sudden gain; not judged: 3 too few scores" in lines
    assert "  goals: 0 achieved, 0 remaining, 0 follows, 0 not agreed" in lines
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
        series = graded_series(case, builtin_catalogue())
        assert [c["class"] for c in shown["changes"]] == [s.category for s in series]
        assert [c["response"] for c in shown["changes"]] == [s.response.said for s in series]
        found = [c["sudden"]["cannot_say"] for c in shown["changes"] if c["sudden"]["why"] is None]
        assert found == [s.sudden.counts()["cannot_say"] for s in series if s.sudden.rule]
        assert [a["goals_rated"] for a in shown["goal_attainment"]] == [
            a.now.n_rated for a in attainments(case)
        ]
        assert [r["ratings"] for r in shown["goal_ratings"]] == [r.n for r in progress(case)]


def test_attainment_and_dates_are_shown_only_with_scores(place: Path) -> None:
    quiet, told = call(place / "cases.jsonl").output, call(place / "cases.jsonl", "--scores").output
    t = attainments(example_cases()[0])[0].now.t
    assert t == 50.0
    assert "goal attainment (rated by client): 1 goals rated, 1 not rated\n" in quiet
    assert "1 goals rated, 1 not rated; T 50.0, +20.0 since the start" in told
    assert "goal 1: achieved, since 2024-02-13" in told
    assert "2024-02-13" not in quiet
    assert "goal 1, 3 ratings; from 2 to 9 of 10 (+7)" in told
    shown = json.loads(call(place / "cases.jsonl", "--json", "--scores").output)["cases"][0]
    assert shown["goals"]["achieved_since"] == ["2024-02-13"]
    assert shown["goal_attainment"][0]["t"] == t
    assert (
        "t" not in json.loads(call(place / "cases.jsonl", "--json").output)["cases"][0]["goal_attainment"][0]
    )


def test_services_rules_that_cannot_be_applied_are_refused_politely(tmp_path: Path) -> None:
    own = {"id": "phq9", "name": "Our own sheet", "minimum": 0, "maximum": 27, "direction": "higher_worse"}
    by = {"kind": "client", "participant": "c"}
    rows = [
        {"id": f"m{i}", "instrument": "phq9", "subject": "c", "respondent": by, "score": 9} for i in (1, 2)
    ]
    people = [{"id": "c", "role": "client"}]
    case = Case.model_validate(
        {"id": "k", "participants": people, "instruments": [own], "measurements": rows}
    )
    write_cases([case], tmp_path / "own.jsonl")
    result = call(tmp_path / "own.jsonl")
    assert result.exit_code == 0
    assert "NHS Talking Therapies: cannot say: talking_therapies_outcome" in result.output
    assert call(tmp_path / "own.jsonl", "--together").exit_code == 0
    shown = json.loads(call(tmp_path / "own.jsonl", "--json").output)["cases"][0]["talking_therapies"]
    assert [one["recovery"] for one in shown] == [None]
    assert shown[0]["why"]


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
