"""Commands under a small-cell rule: what they print rests on enough cases, and nothing of a single one is printed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from typer.testing import CliRunner

from report.shared_cohorts import cohort, tables_of
from therapeutic_process.cli.app import app
from therapeutic_process.exchange import write_cases
from therapeutic_process.report import cohort_report
from therapeutic_process.tables import SUPPRESSION_RULES

if TYPE_CHECKING:
    from pathlib import Path


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


@pytest.mark.parametrize("command", [("report",)])
def test_another_word_is_no_rule(some: Path, command: tuple[str, ...]) -> None:
    result = call(*command, some, "--small-cells", "three")
    assert result.exit_code == 2
    assert "needed one of cms, uk_llc, five" in result.output
