"""What goes into a reader comes out or is said to have been left: rows, cells and the scores themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from therapeutic_process.errors import TableError
from therapeutic_process.exchange.tabular import (
    TableImportReport,
    read_long,
    read_nhs_long,
    read_redcap,
    read_tables,
    read_wide,
    write_tables,
)
from therapeutic_process.exchange.tabular.account import Tally
from therapeutic_process.exchange.tabular.sources import source_of
from therapeutic_process.instruments import builtin_catalogue
from therapeutic_process.testing import cases

if TYPE_CHECKING:
    from therapeutic_process.exchange import Imported
    from therapeutic_process.records import Case

NUMBERS = {"0": 0.0, "5": 5.0, "27": 27.0, " 7 ": 7.0, "3.5": 3.5, "1e1": 10.0}
CELLS = st.sampled_from([*NUMBERS, "", "NA", "99", "-1", "x", "1_0"])
IDS = st.sampled_from(["a", "b", "c", ""])
few = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))


def agree(done: Imported, rows: int, cells: int, expected: list[str]) -> None:
    """Check the account against the cells that hold a score of the PHQ-9."""
    report = done.report
    assert isinstance(report, TableImportReport)
    assert report.rows_read == rows == report.rows_taken + report.rows_dropped
    assert report.scores_in == cells == report.cells_scored + report.cells_missing + report.cells_left
    out = [m.score for case in done.cases for m in case.measurements]
    assert sorted(s for s in out if s is not None) == sorted(NUMBERS[c] for c in expected if c in NUMBERS)
    assert out.count(None) == report.cells_missing
    assert len(done.cases) == report.n_cases


@few
@given(st.lists(st.tuples(st.booleans(), st.lists(CELLS, min_size=3, max_size=3)), max_size=6))
def test_of_a_wide_table(rows: list[tuple[bool, list[str]]]) -> None:
    table = pl.DataFrame(
        {"who": [f"c{i}" if named else "" for i, (named, _) in enumerate(rows)],
         **{f"s{k}": [cells[k] for _, cells in rows] for k in range(3)}},
        schema=dict.fromkeys(("who", "s0", "s1", "s2"), pl.String),
    )  # fmt: skip
    done = read_wide(table, client="who", scores=r"s(\d)", instrument="phq9", strict=False)
    agree(done, len(rows), 3 * len(rows), [c for named, cells in rows if named for c in cells])


@few
@given(st.lists(st.tuples(IDS, CELLS, st.booleans()), max_size=10))
def test_of_a_long_table(rows: list[tuple[str, str, bool]]) -> None:
    table = pl.DataFrame(
        {"who": [who for who, _, _ in rows], "n": list(range(len(rows))), "phq": [cell for _, cell, _ in rows],
         "tool": ["phq9" if known else "" for _, _, known in rows]},
        schema={"who": pl.String, "n": pl.Int64, "phq": pl.String, "tool": pl.String},
    )  # fmt: skip
    done = read_long(table, client="who", session="n", score="phq", instrument_column="tool", strict=False)
    agree(done, len(rows), len(rows), [cell for who, cell, known in rows if who and known])


@few
@given(st.dictionaries(st.tuples(IDS, st.integers(1, 9)), CELLS, max_size=8), st.data())
def test_of_an_nhs_table(scores: dict[tuple[str, int], str], data: st.DataObject) -> None:
    rows = [(who, day, cell) for (who, day), cell in scores.items()]
    rows += data.draw(st.lists(st.sampled_from(rows), max_size=4)) if rows else []
    table = pl.DataFrame(
        {"Person_ID": [r[0] for r in rows], "CodedAssToolType": ["720433000"] * len(rows),
         "PersScore": [r[2] for r in rows], "AssToolCompTimestamp": [f"2024-03-0{r[1]}" for r in rows]},
        schema=dict.fromkeys(("Person_ID", "CodedAssToolType", "PersScore", "AssToolCompTimestamp"), pl.String),
    )  # fmt: skip
    done = read_nhs_long(table, instruments={"720433000": "phq9"}, strict=False)
    agree(done, len(rows), len(rows), [cell for (who, _), cell in scores.items() if who])


@few
@given(st.lists(st.tuples(IDS, CELLS, st.sampled_from(["phq", "other", ""])), max_size=10))
def test_of_a_redcap_export(rows: list[tuple[str, str, str]]) -> None:
    table = pl.DataFrame(
        {"record_id": [who for who, _, _ in rows], "redcap_repeat_instrument": [form for _, _, form in rows],
         "redcap_repeat_instance": [str(i) for i in range(len(rows))], "phq": [cell for _, cell, _ in rows]},
        schema=dict.fromkeys(("record_id", "redcap_repeat_instrument", "redcap_repeat_instance", "phq"), pl.String),
    )  # fmt: skip
    done = read_redcap(table, scores={"phq": "phq9"}, form="phq", missing=["NA"], strict=False)
    agree(done, len(rows), len(rows), [cell for who, cell, form in rows if who and form != "other"])


@settings(few, max_examples=10)
@given(
    several=st.lists(cases(), max_size=3, unique_by=lambda c: c.id), kind=st.sampled_from(["csv", "parquet"])
)
def test_of_the_records_own_tables(
    tmp_path_factory: pytest.TempPathFactory, several: list[Case], kind: str
) -> None:
    assume(not any("\0" in case.model_dump_json() or "\\u0000" in case.model_dump_json() for case in several))
    folder = tmp_path_factory.mktemp("law")
    written = write_tables(several, folder / "a", format=kind, text=True)
    assume(not any(n.what == "Case.instruments" and "another" in n.why for n in written.losses))
    known = builtin_catalogue()
    for case in several:
        known = known.with_(*case.instruments, *case.coding_systems)
    done = read_tables(folder / "a", catalogue=known)
    report = done.report
    assert isinstance(report, TableImportReport)
    assert (report.rows_read, report.rows_dropped, report.cells_left) == (written.rows["scores"], 0, 0)
    assert report.interactions_in == report.interactions_out == written.rows["interactions"]
    write_tables(done.cases, folder / "b", format=kind, text=True)
    for name in ("scores", "sessions", "interactions"):
        files = [folder / side / f"{name}.{kind}" for side in ("a", "b")]
        before, after = (
            (pl.read_csv(f, infer_schema=False) if kind == "csv" else pl.read_parquet(f)) for f in files
        )
        if name == "sessions":  # made from who attended, which a table does not hold
            before, after = before.drop("therapist_id"), after.drop("therapist_id")
        if any(
            n.what in {"times", "timings"} for n in report.notes
        ):  # days of the record, early instants here
            gone = [c for c in ("timing", "measured_at", "started_at") if c in before.columns]
            before, after = before.drop(gone), after.drop(gone)
        if kind == "csv":  # where an empty text may read as none
            before, after = (t.with_columns(pl.col(pl.String).replace("", None)) for t in (before, after))
        assert sorted(map(repr, before.rows())) == sorted(map(repr, after.rows())), name


def test_a_reader_that_loses_a_score_is_found_out() -> None:
    table = pl.DataFrame({"who": ["a"], "s1": [5]})
    [case] = read_wide(table, client="who", scores=["s1"], instrument="phq9").cases
    for taken, cells in (([5.0, 5.0], 2), ([6.0], 1), ([], 0), (["unknown"], 1), ([5.0], 2)):
        tally = Tally(source_of(table))
        tally.take(taken)
        with pytest.raises(TableError, match="totals_disagree"):
            tally.settle("wide table", [case], cells_read=cells)
