"""Commands under a small-cell rule: what they print rests on enough cases, and nothing of a single one is printed."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from typer.testing import CliRunner

from report.shared_cohorts import cohort, tables_of, whole
from therapeutic_process.cli.app import app
from therapeutic_process.exchange import write_cases
from therapeutic_process.report import cohort_report
from therapeutic_process.tables import SUPPRESSION_RULES

if TYPE_CHECKING:
    from pathlib import Path


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
