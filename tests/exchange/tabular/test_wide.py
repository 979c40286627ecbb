from __future__ import annotations

import math
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared_data import SHARED, needs_shared
from therapeutic_process.errors import DocumentError, TableError, TherapeuticProcessError
from therapeutic_process.exchange.documents import dump_case, load_case
from therapeutic_process.exchange.tabular import TableImportReport, read_long, read_wide
from therapeutic_process.exchange.tabular.account import Tally
from therapeutic_process.exchange.tabular.sources import Source
from therapeutic_process.instruments import Instrument, builtin_catalogue

if TYPE_CHECKING:
    from pathlib import Path

    from therapeutic_process.exchange.imports import Imported
    from therapeutic_process.records import Case

CANARY = "Zaphod"
RQ = Instrument(id="rq", name="Weekly questionnaire", minimum=0, maximum=70)


def report_of(imported: Imported) -> TableImportReport:
    assert isinstance(imported.report, TableImportReport)
    return imported.report


def scores_of(case: Case) -> list[tuple[str | None, float | None, str | None]]:
    return [(m.session, m.score, m.missing) for m in case.measurements]


def wide(**columns: list[Any]) -> pl.DataFrame:
    return pl.DataFrame(
        {"id": [f"c{i}" for i in range(len(next(iter(columns.values()))))], **columns}, strict=False
    )


@needs_shared
def test_the_scores_of_a_published_wide_table_all_arrive() -> None:
    file = SHARED / "reference" / "inputs" / "sgdata_rq.csv"
    imported = read_wide(
        file, client="id", scores=r"rq_s(\d+)", follow_ups=r"rq_fu\d", instrument=RQ, timing="before"
    )
    source = pl.read_csv(file)
    sessions = [f"rq_s{i}" for i in range(13)]
    columns = [*sessions, "rq_fu1", "rq_fu2"]
    report = report_of(imported)
    assert report.n_cases == report.rows_read == report.rows_taken == 43
    assert report.scores_in == 43 * 15 == report.cells_scored + report.cells_missing + report.cells_left
    assert report.cells_scored == sum(int(source[c].count()) for c in columns)
    first = imported.cases[0]
    assert [m.score for m in first.measurements] == [
        33,
        35,
        31,
        35,
        24,
        21,
        26,
        20,
        12,
        15,
        13,
        13,
        11,
        10,
        11,
    ]
    assert [m.timing for m in first.measurements] == ["before"] * 13 + ["unknown"] * 2
    assert [s.number for s in first.sessions] == list(range(13))
    assert first.instruments == (RQ,)


@needs_shared
def test_a_score_outside_the_range_of_its_instrument_is_refused_or_reported() -> None:
    file = SHARED / "reference" / "inputs" / "sgdata_rq.csv"
    with pytest.raises(TableError) as caught:
        read_wide(file, client="id", scores=r"rq_s(\d+)", instrument="phq9")
    assert caught.value.code == "out_of_range"
    lenient = read_wide(file, client="id", scores=r"rq_s(\d+)", instrument="phq9", strict=False)
    source = pl.read_csv(file)
    outside = sum(int((source[f"rq_s{i}"] > 27).sum()) for i in range(13))
    assert sum(n.count for n in lenient.report.notes if "outside the range" in n.why) == outside > 0
    made = [m for case in lenient.cases for m in case.measurements]
    assert sum(m.missing == "not_scorable" for m in made) == outside


def test_an_empty_cell_is_missing_between_scores_and_nothing_after_the_last() -> None:
    table = wide(s1=[5, None, None], s2=[None, 4, None], s3=[7, None, None])
    imported = read_wide(table, client="id", scores=r"s(\d)", instrument="phq9")
    assert [scores_of(c) for c in imported.cases] == [
        [("session-1", 5.0, None), ("session-2", None, "unknown"), ("session-3", 7.0, None)],
        [("session-1", None, "unknown"), ("session-2", 4.0, None)],
        [],
    ]
    report = report_of(imported)
    assert (report.cells_scored, report.cells_missing, report.cells_left) == (3, 2, 4)


def test_a_stated_reason_is_kept_even_after_the_last_score() -> None:
    table = wide(s1=[5], s2=[-9], s3=[-8])
    imported = read_wide(
        table, client="id", scores=r"s(\d)", instrument="phq9", missing={"-9": "declined", "-8": "unknown"}
    )
    assert scores_of(imported.cases[0]) == [("session-1", 5.0, None), ("session-2", None, "declined")]


def test_follow_ups_belong_to_no_session_and_come_last() -> None:
    table = wide(fu=[3], post=[None], s2=[4], s1=[5])
    imported = read_wide(
        table, client="id", scores=r"s(\d)", follow_ups=["post", "fu"], instrument="phq9", timing="before"
    )
    assert scores_of(imported.cases[0]) == [
        ("session-1", 5.0, None), ("session-2", 4.0, None), (None, None, "unknown"), (None, 3.0, None),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "scores",
    [r"phq \((\d)\)", {"phq (1)": 1, "phq (2)": 2}, ["phq (1)", "phq (2)"]],
)
def test_columns_may_be_named_by_pattern_mapping_or_list(scores: Any) -> None:
    table = wide(**{"phq (2)": [4], "phq (1)": [5]})
    imported = read_wide(table, client="id", scores=scores, instrument="phq9")
    assert scores_of(imported.cases[0]) == [("session-1", 5.0, None), ("session-2", 4.0, None)]


def test_a_mapping_may_name_session_zero_and_follow_ups() -> None:
    table = wide(late=[1], intake=[9])
    imported = read_wide(table, client="id", scores={"late": None, "intake": 0}, instrument="phq9")
    assert scores_of(imported.cases[0]) == [("session-0", 9.0, None), (None, 1.0, None)]


def test_ids_keep_their_form() -> None:
    table = pl.DataFrame({"id": ["007", "7", " 7"], "s1": [1, 2, 3]})
    assert [c.id for c in read_wide(table, client="id", scores=["s1"], instrument="phq9").cases] == [
        "007",
        "7",
        " 7",
    ]
    fractions = pl.DataFrame({"id": [1.0, 2.0], "s1": [1, 2]})
    imported = read_wide(fractions, client="id", scores=["s1"], instrument="phq9")
    assert [c.id for c in imported.cases] == ["1", "2"]
    assert any(n.action == "converted" and n.count == 2 for n in imported.report.notes)


def test_one_code_for_missing_may_stand_alone() -> None:
    [case] = read_wide(
        wide(s1=["NA"], s2=["3"]), client="id", scores=r"s(\d)", instrument="phq9", missing="NA"
    ).cases
    assert [m.missing for m in case.measurements] == ["unknown", None]
    with pytest.raises(TableError, match="not_a_number"):
        read_wide(wide(s1=["A"]), client="id", scores=["s1"], instrument="phq9", missing="NA")


def test_the_group_of_a_client_is_kept() -> None:
    table = wide(s1=[1, 2], arm=["CBT", None])
    imported = read_wide(table, client="id", scores=["s1"], instrument="phq9", group="arm")
    assert [c.participants[0].group for c in imported.cases] == ["CBT", None]


def test_texts_that_are_numbers_are_converted_and_reported() -> None:
    imported = read_wide(wide(s1=[" 12 ", "NA", ""]), client="id", scores=["s1"], instrument="phq9")
    assert imported.cases[0].measurements[0].score == 12
    notes = {(n.action, n.why): n.count for n in imported.report.notes}
    assert notes["converted", "read as numbers"] == 1
    assert notes["converted", "missing, as the caller said"] == 1


@pytest.mark.parametrize("cell", ["twelve", "1,5", "12/27", "0x10", "1_0", "inf", "١٢", "9" * 400, "=1+1"])
def test_text_in_a_score_column_is_refused_or_reported_without_being_shown(cell: str) -> None:
    table = wide(s1=["3", f"{cell}"])
    with pytest.raises(TableError) as caught:
        read_wide(table, client="id", scores=["s1"], instrument=RQ)
    assert caught.value.code == "not_a_number"
    assert caught.value.rows == (1,)
    assert cell not in str(caught.value)
    lenient = read_wide(table, client="id", scores=["s1"], instrument=RQ, strict=False)
    assert scores_of(lenient.cases[1]) == [("session-1", None, "not_scorable")]
    assert cell not in str(lenient.report)


@pytest.mark.parametrize(
    "cell", [True, 10**400, 2**60, math.inf, b"12", [1], Decimal("sNaN"), np.array([1, 2])]
)
def test_what_is_no_score_is_no_score(cell: object) -> None:
    table = pl.DataFrame({"id": ["a", "b"], "s1": pl.Series([3, cell], dtype=pl.Object)})
    with pytest.raises(TableError, match="not_a_number"):
        read_wide(table, client="id", scores=["s1"], instrument="phq9")


def test_a_client_in_two_rows_is_refused_with_the_rows() -> None:
    table = pl.DataFrame({"id": [CANARY, "b", CANARY, "b"], "s1": [1, 2, 3, 4]})
    for strict in (True, False):
        with pytest.raises(TableError) as caught:
            read_wide(table, client="id", scores=["s1"], instrument="phq9", strict=strict)
        assert caught.value.code == "duplicate_key"
        assert caught.value.rows == (2, 3)
        assert CANARY not in str(caught.value)


def test_rows_without_an_id_are_refused_or_dropped_and_counted() -> None:
    table = pl.DataFrame({"id": ["a", None, " "], "s1": [1, 2, 3], "s2": [1, None, 3]})
    with pytest.raises(TableError, match="key_missing"):
        read_wide(table, client="id", scores=r"s(\d)", instrument="phq9")
    report = report_of(read_wide(table, client="id", scores=r"s(\d)", instrument="phq9", strict=False))
    assert (report.rows_read, report.rows_taken, report.rows_dropped, report.cells_left) == (3, 1, 2, 4)


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ({"scores": r"t(\d)"}, "column_missing"),
        ({"scores": r"s\d"}, "pattern_invalid"),
        ({"scores": r"s(\d"}, "pattern_invalid"),
        ({"scores": ["s1", "s1"]}, "duplicate_key"),
        ({"scores": {"s1": 0, "s2": 0}}, "duplicate_key"),
        ({"scores": {"s1": -1}}, "duplicate_key"),
        ({"scores": ["s9"]}, "column_missing"),
        ({"scores": ["s1"], "follow_ups": "fu.*"}, "column_missing"),
        ({"scores": ["s1"], "client": "who"}, "column_missing"),
        ({"scores": ["s1"], "instrument": "no such instrument"}, "instrument_unknown"),
        ({"scores": ["s1"], "missing": {"-9": "tired"}}, "not_in_vocabulary"),
    ],
)
def test_what_cannot_be_meant_is_refused(arguments: dict[str, Any], code: str) -> None:
    with pytest.raises(TableError) as caught:
        read_wide(wide(s1=[1], s2=[2]), **{"client": "id", "instrument": "phq9", **arguments})
    assert caught.value.code == code


def test_columns_that_differ_by_case_only_are_refused() -> None:
    with pytest.raises(TableError, match="ambiguous_column"):
        read_wide(wide(s1=[1], S1=[2]), client="id", scores=["s1"], instrument="phq9")


def test_an_unknown_instrument_is_taken_without_a_range_when_lenient() -> None:
    imported = read_wide(wide(s1=[99]), client="id", scores=["s1"], instrument="mood-x", strict=False)
    assert imported.cases[0].instruments[0].maximum is None
    assert any(n.what == "instruments" and n.action == "guessed" for n in imported.report.notes)


def test_an_empty_table_gives_no_case() -> None:
    table = pl.DataFrame({"id": [], "s1": []})
    imported = read_wide(table, client="id", scores=["s1"], instrument="phq9")
    assert imported.cases == ()
    assert report_of(imported).scores_in == 0


@pytest.mark.parametrize("engine", ["pandas", "pyarrow", "duckdb", "csv", "tsv", "parquet"])
def test_every_source_gives_the_same_cases(engine: str, tmp_path: Path) -> None:
    table = pl.DataFrame({"id": ["a", "b"], "s1": [1, None], "s2": [2, 4]})
    expected = read_wide(table, client="id", scores=r"s(\d)", instrument="phq9").cases
    source: Any
    if engine == "duckdb":
        duckdb = pytest.importorskip("duckdb")
        source = duckdb.from_arrow(table.to_arrow())
    elif engine in {"pandas", "pyarrow"}:
        pytest.importorskip(engine)
        source = table.to_pandas() if engine == "pandas" else table.to_arrow()
    else:
        source = tmp_path / f"table.{engine}"
        if engine == "parquet":
            table.write_parquet(source)
        else:
            table.write_csv(source, separator="," if engine == "csv" else "\t")
    assert read_wide(source, client="id", scores=r"s(\d)", instrument="phq9").cases == expected


def test_columns_whose_names_are_numbers_are_named_by_their_text() -> None:
    pandas = pytest.importorskip("pandas")
    table = pandas.DataFrame([["a", 5, 4]], columns=["id", 1, 2])
    [case] = read_wide(table, client="id", scores=r"(\d)", instrument="phq9").cases
    assert [m.score for m in case.measurements] == [5, 4]
    doubled = pandas.DataFrame([["a", 5, 4]], columns=["id", "s1", "s1"])
    with pytest.raises(TableError, match="ambiguous_column"):
        read_wide(doubled, client="id", scores=r"s(\d)", instrument="phq9")


def test_pandas_missing_values_of_every_kind_are_missing() -> None:
    pandas = pytest.importorskip("pandas")
    table = pandas.DataFrame(
        {
            "id": ["a"],
            "s1": pandas.array([None], dtype="Int64"),
            "s2": pandas.Series([pandas.NA], dtype=object),
            "s3": [float("nan")],
            "s4": [4],
        }
    )
    [case] = read_wide(table, client="id", scores=r"s(\d)", instrument="phq9").cases
    assert [m.missing for m in case.measurements] == ["unknown"] * 3 + [None]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("id,s1,s2\na,1,2\nb,3", "row_length"),
        ("id,s1,s2\na,1,2,3\n", "row_length"),
        ('id,s1,s2\na,1,"2\n', "not_this_format"),
        ("", "not_this_format"),
        ("id,s1,s1\na,1,2\n", "ambiguous_column"),
    ],
)
def test_half_files_and_doubled_columns_are_refused(text: str, code: str, tmp_path: Path) -> None:
    file = tmp_path / "table.csv"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(TherapeuticProcessError) as caught:
        read_wide(file, client="id", scores=r"s(\d)", instrument="phq9")
    assert isinstance(caught.value, (DocumentError, TableError))
    assert caught.value.code == code


def test_other_files_are_refused(tmp_path: Path) -> None:
    for name, data, code in [
        ("no.csv", None, "no_such_file"),
        ("no.parquet", None, "no_such_file"),
        ("half.parquet", b"PAR1half", "not_this_format"),
        ("table.xlsx", b"", "unknown_ending"),
        ("other.csv", b"id,s1\n\xff\xfe\xfa,1\n", "wrong_encoding"),
    ]:
        if data is not None:
            (tmp_path / name).write_bytes(data)
        with pytest.raises(DocumentError) as caught:
            read_wide(tmp_path / name, client="id", scores=["s1"], instrument="phq9")
        assert caught.value.code == code
    with pytest.raises(TableError, match="not_a_table"):
        read_wide(3, client="id", scores=["s1"], instrument="phq9")  # type: ignore[arg-type]  # what a caller might do


def test_the_report_of_a_file_counts_lines_from_one(tmp_path: Path) -> None:
    file = tmp_path / "table.csv"
    file.write_text('id,s1\n"a\nb",1\n\nc,x\n', encoding="utf-8")
    report = read_wide(file, client="id", scores=["s1"], instrument="phq9", strict=False).report
    assert [n.lines for n in report.notes if n.action == "dropped"] == [(5,)]


def test_totals_that_disagree_are_an_error() -> None:
    [case] = read_wide(wide(s1=[5]), client="id", scores=["s1"], instrument="phq9").cases
    source = Source({"s1": [5]}, 1)
    for scores, missing, cells in [([5.0], 0, 2), ([4.0], 0, 1), ([5.0], 1, 2), ([], 1, 1)]:
        tally = Tally(source, scores=scores, missing=missing)
        with pytest.raises(TableError, match="totals_disagree"):
            tally.settle("wide table", [case], cells_read=cells)
    assert Tally(source, scores=[5.0]).settle("wide table", [case], cells_read=1).cases == (case,)


cells = st.one_of(st.none(), st.integers(0, 27), st.floats(0, 27, allow_nan=False))
tables = st.integers(1, 4).flatmap(
    lambda width: st.lists(st.lists(cells, min_size=width, max_size=width), min_size=1, max_size=6)
)


def _frame(rows: list[list[Any]]) -> pl.DataFrame:
    width = len(rows[0])
    columns: dict[str, Any] = {
        f"s{j + 1}": pl.Series([r[j] for r in rows], dtype=pl.Float64, strict=False) for j in range(width)
    }
    return pl.DataFrame({"id": [f"c{i}" for i in range(len(rows))], **columns})


@given(tables)
def test_every_cell_is_accounted_for_and_stays_what_it_was(rows: list[list[Any]]) -> None:
    imported = read_wide(_frame(rows), client="id", scores=r"s(\d)", instrument="phq9")
    report = report_of(imported)
    assert report.scores_in == report.cells_scored + report.cells_missing + report.cells_left
    for row, case in zip(rows, imported.cases, strict=True):
        found = {m.session: m.score for m in case.measurements}
        assert [found.get(f"session-{j + 1}") for j in range(len(row))] == row


@given(tables)
def test_a_case_from_a_table_is_the_case_that_its_document_gives(rows: list[list[Any]]) -> None:
    for case in read_wide(_frame(rows), client="id", scores=r"s(\d)", instrument="phq9").cases:
        assert load_case(dump_case(case)) == case


@given(tables)
def test_a_wide_table_and_its_long_form_give_the_same_cases(rows: list[list[Any]]) -> None:
    frame = _frame(rows)
    cases = read_wide(frame, client="id", scores=r"s(\d)", instrument="phq9", timing="after").cases
    long = (
        frame.unpivot(index="id", variable_name="name", value_name="score")
        .with_columns(pl.col("name").str.strip_prefix("s").cast(pl.Int64).alias("n"))
        .with_columns(pl.col("n").filter(pl.col("score").is_not_null()).max().over("id").alias("last"))
        .filter(pl.col("n") <= pl.col("last"))
    )
    if long.height:
        again = read_long(
            long, client="id", score="score", session="n", instrument="phq9", timing="after"
        ).cases
        assert {c.id: c for c in again} == {c.id: c for c in cases if c.measurements}


def test_the_ranges_of_the_catalogue_are_what_is_compared() -> None:
    phq9 = builtin_catalogue().instrument("phq9")
    assert phq9 is not None
    at_the_edges = wide(s1=[phq9.minimum, phq9.maximum])
    assert report_of(read_wide(at_the_edges, client="id", scores=["s1"], instrument=phq9)).cells_scored == 2
