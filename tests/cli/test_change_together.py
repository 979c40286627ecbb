"""All cases together: classes with intervals, groups without small cells, services' outcomes and goals."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest
from typer.testing import CliRunner

from therapeutic_process.cli.app import app
from therapeutic_process.exchange import example_cases, write_cases
from therapeutic_process.instruments import builtin_catalogue
from therapeutic_process.records import Case
from therapeutic_process.report.graded_series import graded_series

if TYPE_CHECKING:
    from pathlib import Path

CANARY = "Kanarienvogel-4711"


def call(*arguments: str | Path) -> Any:
    result = CliRunner().invoke(app, ["change", *(str(a) for a in arguments)])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


def client(number: int, scores: list[float], arm: str) -> Case:
    name = f"{CANARY}-{number}"
    by = {"kind": "client", "participant": name}
    one = {"instrument": "phq9", "subject": name, "respondent": by}
    rows = [{**one, "id": f"{name}-{i}", "score": s} for i, s in enumerate(scores)]
    people = [{"id": name, "role": "client", "arm": arm}]
    return Case.model_validate({"id": name, "participants": people, "measurements": rows})


@pytest.fixture
def arms(tmp_path: Path) -> Path:
    """Return 12 clients of one arm, of whom 6 recovered, and 12 of another, of whom 5 did."""
    cases = [client(i, [20, 20 - 14 * (i < 6)], "north") for i in range(12)]
    cases += [client(i + 12, [20, 20 - 14 * (i < 5)], "south") for i in range(12)]
    write_cases(cases, tmp_path / "arms.jsonl")
    return tmp_path / "arms.jsonl"


def test_counts_are_those_of_the_cases(place: Path) -> None:
    found = json.loads(call(place / "cases.jsonl", "--together", "--json").output)
    expected = Counter(
        (s.change.instrument, s.change.respondent.kind)
        for case in example_cases()
        for s in graded_series(case, builtin_catalogue())
    )
    assert {(s["instrument"], s["respondent"]): s["series"] for s in found["scales"]} == expected
    assert found["cases"] == len(example_cases())
    assert found["goals"]["achieved"] == 1
    for scale in found["scales"]:
        judged = sum(c["n"] for c in scale["classes"].values())
        assert judged + scale["cannot_say"] == scale["series"]
        assert sum(scale["reasons"].values()) == scale["cannot_say"]


def test_shares_have_intervals_and_the_same_ones_each_time(arms: Path) -> None:
    lines = call(arms, "--together").output
    assert "class: 11 recovered, 46 % (25 to 67); 13 unchanged, 54 % (33 to 75); 0 cannot say" in lines
    assert "2,000 resamples with the seed 20" in lines
    assert lines == call(arms, "--together").output


def test_groups_are_shown_where_no_cell_is_small(arms: Path) -> None:
    lines = call(arms, "--together").output.splitlines()
    assert "  north: 12 series: 6 recovered, 6 unchanged" in lines
    assert "  south: 12 series: 5 recovered, 7 unchanged" in lines
    groups = json.loads(call(arms, "--together", "--json").output)["groups"]
    assert groups[0]["rows"][1] == {
        "value": "south",
        "series": 12,
        "classes": {"recovered": 5, "unchanged": 7},
    }


def test_a_small_cell_of_a_group_is_not_shown_nor_what_tells_of_it(tmp_path: Path) -> None:
    cases = [client(i, [20, 20 - 14 * (i < 10)], "north") for i in range(12)]
    cases += [client(i + 12, [20, 20 - 14 * (i < 2)], "south") for i in range(12)]
    write_cases(cases, tmp_path / "small.jsonl")
    found = json.loads(call(tmp_path / "small.jsonl", "--together", "--json").output)
    cells = [n for g in found["groups"] for row in g["rows"] for n in row["classes"].values()]
    assert cells == [None] * 4
    few = [client(i, [20, 6], "north" if i else "south") for i in range(12)]
    write_cases(few, tmp_path / "few.jsonl")
    found = json.loads(call(tmp_path / "few.jsonl", "--together", "--json").output)
    assert found["groups"] == []
    assert [g["by"] for g in found["groups_not_shown"]] == ["arm"]
    assert "south" not in call(tmp_path / "few.jsonl", "--together").output


def test_nobody_is_named(arms: Path) -> None:
    assert CANARY not in call(arms, "--together").output
    assert CANARY not in call(arms, "--together", "--json").output


def test_together_with_scores_is_refused(arms: Path) -> None:
    result = call(arms, "--together", "--scores")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "give --together or --scores, not both" in result.stderr
