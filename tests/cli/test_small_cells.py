"""Commands under a small-cell rule: what they print rests on enough cases, and nothing of a single one is printed."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from typer.testing import CliRunner

from report.shared_cohorts import cohort, tables_of, whole
from therapeutic_process.change_process import (
    CodePattern,
    LagWindow,
    Mechanism,
    ScorePattern,
    TheoryOfChange,
)
from therapeutic_process.cli.app import app
from therapeutic_process.cli.shared_theory import shared_result_json, shared_result_lines
from therapeutic_process.cli.small_cells import without_small_counts
from therapeutic_process.exchange import dump_theory, write_cases
from therapeutic_process.process_outcome import test_theory as put_to_the_test
from therapeutic_process.report import TheoryFindings, cohort_report
from therapeutic_process.report.small_cells import SmallCells
from therapeutic_process.simulate import simulate_cohort, simulated_cases
from therapeutic_process.tables import SUPPRESSION_RULES, SuppressionRule

if TYPE_CHECKING:
    from pathlib import Path

    from therapeutic_process.records import Case

NOT_HERE = ("Recorded in all", "Measurements", "Ratings", "Plans")


def call(*arguments: str | Path) -> Any:
    result = CliRunner().invoke(app, [str(a) for a in arguments])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


@pytest.fixture
def some(tmp_path: Path) -> Path:
    """Return a file of 30 cases."""
    write_cases(cohort(30), tmp_path / "some.jsonl")
    return tmp_path / "some.jsonl"


class TestReport:
    @pytest.mark.parametrize("name", SUPPRESSION_RULES)
    def test_the_page_is_that_of_the_function(self, some: Path, tmp_path: Path, name: str) -> None:
        result = call("report", some, "-o", tmp_path / "r.html", "--small-cells", name)
        assert result.exit_code == 0
        page = (tmp_path / "r.html").read_text(encoding="utf-8")
        assert page == cohort_report(cohort(30), small_cells=SUPPRESSION_RULES[name])
        assert tables_of(page)

    def test_no_summary_of_counts_is_printed(self, some: Path, tmp_path: Path) -> None:
        result = call("report", some, "-o", tmp_path / "r.html", "--small-cells", "five")
        assert result.output.startswith("written to")

    def test_texts_of_single_cases_are_refused(self, some: Path, tmp_path: Path) -> None:
        result = call("report", some, "-o", tmp_path / "r.html", "--small-cells", "five", "--include-text")
        assert result.exit_code == 2
        assert not (tmp_path / "r.html").exists()


TOLD = [
    pytest.param(("change", "--together"), "change", id="change"),
    pytest.param(("link",), "links", id="link"),
]


@pytest.mark.parametrize("n", [3, 8, 30])
@pytest.mark.parametrize("name", SUPPRESSION_RULES)
@pytest.mark.parametrize(("command", "part"), TOLD)
class TestTogether:
    def test_what_is_printed_is_what_the_page_shows(
        self, command: tuple[str, ...], part: str, name: str, n: int, tmp_path: Path
    ) -> None:
        write_cases(cohort(n), tmp_path / "x.jsonl")
        rule = SUPPRESSION_RULES[name]
        arguments: tuple[str | Path, ...] = (*command, tmp_path / "x.jsonl", "--small-cells", name)
        found, lines = json.loads(call(*arguments, "--json").output), call(*arguments).output
        if n < rule.smallest:
            assert (found["cases"], found["tables"]) == (None, [])
            assert lines == f"fewer than {rule.smallest} cases: nothing can be shown\n"
            return
        assert found["cases"] == n
        assert found["unreadable"] == (0 if rule.zeros_shown else None)
        page = {t.title: t for t in tables_of(cohort_report(cohort(n), small_cells=rule))}
        told = {t["title"]: t for t in found["tables"] if t["rows"]}
        assert told or n < 30  # of 8 cases, no kind of link is in 5
        heads = {"class", "recovery", "scale", "what"} if part == "change" else {"change outside sessions"}
        assert told.keys() == {t for t in page if page[t].heads[0] in heads and not t.startswith(NOT_HERE)}
        for title, table in told.items():
            printed = [row[: len(table["by"])] for row in page[title].rows]
            assert [tuple(row[by] for by in table["by"]) for row in table["rows"]] == printed
            for row, shown in zip(table["rows"], page[title].rows, strict=True):
                counted = [v for k, v in row.items() if k in {"cases", "changes", "goals"}]
                assert all(v == whole(shown[1]) >= rule.smallest for v in counted)
            assert title in lines

    def test_no_case_is_named(
        self, command: tuple[str, ...], part: str, name: str, n: int, tmp_path: Path
    ) -> None:
        write_cases(cohort(n), tmp_path / "x.jsonl")
        lines = call(*command, tmp_path / "x.jsonl", "--small-cells", name).output
        assert "case 1" not in lines, part


def test_a_rule_is_for_counts_over_all_cases(some: Path) -> None:
    result = call("change", some, "--small-cells", "five")
    assert result.exit_code == 2
    assert "give --together" in result.output


@pytest.mark.parametrize("command", [("report",), ("change", "--together"), ("link",)])
def test_another_word_is_no_rule(some: Path, command: tuple[str, ...]) -> None:
    result = call(*command, some, "--small-cells", "three")
    assert result.exit_code == 2
    assert "needed one of cms, uk_llc, five" in result.output


def test_a_code_may_be_called_as_a_total_is_marked() -> None:
    rows = [{"code": "<total>", "n": 20}, {"code": "a", "n": 9}, {"code": "b", "n": 1}]
    behind = {("<total>",): 9, ("a",): 9, ("b",): 1}
    rule = SUPPRESSION_RULES["five"]
    found = without_small_counts(rows, by=["code"], count="n", derived=[], behind=behind, rule=rule)
    assert [row["n"] for row in found] == [20, None, None]
    assert found[0]["code"] == "<total>"


THEORY = TheoryOfChange(id="t", name="T", mechanisms=(Mechanism(
    id="talk", cause=CodePattern(system="automisc", codes=("C",), role="client"),
    effect=ScorePattern(instrument="simulated-outcome"), direction="improvement", smallest_effect=0.5,
    lag=LagWindow(unit="sessions", shortest=1, longest=1),
),))  # fmt: skip
HUNDRED = SuppressionRule(100, source="a rule for this test")


class TestTheory:
    """Sixty clients stand behind the verdict, in a cohort of 110."""

    @pytest.fixture
    def both(self) -> list[Case]:
        made = simulate_cohort("pure", n_clients=110, n_sessions=8, effect=3.0, rng=np.random.default_rng(1))
        cases = list(simulated_cases(made))
        return [*cases[:60], *(case.with_changes(measurements=()) for case in cases[60:])]

    def test_a_verdict_of_few_is_not_shown(self, both: list[Case]) -> None:
        found = put_to_the_test(THEORY, both, timing="before")
        plain = found.mechanisms[0].lags[0]
        assert plain.n_clients == 60
        sizes = {"n_cases": len(both), "n_unreadable": 1}
        told = shared_result_json(found, SmallCells(HUNDRED), **sizes, timing="before")
        assert (told["cases"], told["unreadable"]) == (110, None)
        [lag] = told["mechanisms"][0]["lags"]
        assert lag == dict.fromkeys(lag) | {"lag": plain.lag}
        assert "talk, lag 1 session: not shown" in list(shared_result_lines(told))
        html = cohort_report(both, theory=TheoryFindings(found), small_cells=HUNDRED)
        (table,) = [t for t in tables_of(html) if t.title.startswith("Mechanisms at every")]
        assert table.rows == (("talk", plain.lag, "–", "–"),)

    def test_a_verdict_of_many_is_told_without_losses(self, both: list[Case], tmp_path: Path) -> None:
        (tmp_path / "theory.json").write_text(dump_theory(THEORY))
        write_cases(both, tmp_path / "cases.jsonl")
        arguments = (
            "theory",
            "test",
            tmp_path / "theory.json",
            tmp_path / "cases.jsonl",
            "--timing",
            "before",
        )
        options = ("--report", tmp_path / "r.html", "-o", tmp_path / "o.json", "--small-cells", "cms")
        lines = call(*arguments, *options).output
        assert "110 cases; " in lines
        assert "talk, lag 1 session: supported: " in lines
        assert "dropped" not in lines
        [lag] = json.loads((tmp_path / "o.json").read_bytes())["mechanisms"][0]["lags"]
        plain = json.loads(call(*arguments, "--json").output)["mechanisms"][0]["lags"][0]
        assert plain["clients"] == 60
        assert lag == {name: plain[name] for name in lag}
        page = tables_of((tmp_path / "r.html").read_text(encoding="utf-8"))
        (table,) = [t for t in page if t.title.startswith("Mechanisms at every")]
        assert table.heads == ("mechanism", "lag", "verdict", "robust interval")
        assert [row[:3] for row in table.rows] == [("talk", "1 session", "supported")]
