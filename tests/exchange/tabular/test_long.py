from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared_data import SHARED, needs_shared
from therapeutic_process.errors import TableError
from therapeutic_process.exchange.tabular import TableImportReport, read_long, read_nhs_long
from therapeutic_process.instruments import Instrument, builtin_catalogue
from therapeutic_process.tables import from_cases

if TYPE_CHECKING:
    from therapeutic_process.exchange.imports import Imported
    from therapeutic_process.instruments import Catalogue
    from therapeutic_process.records import Case

CANARY = "Zaphod"
INPUTS = SHARED / "reference" / "inputs"
# the columns of a table of scores that a long table holds, in the words of `read_long`
SCORE_TABLE: dict[str, Any] = {
    "client": "client_id", "score": "score", "instrument_column": "instrument", "scale_column": "scale",
    "session": "session", "measured_at": "measured_at", "order": "position", "timing_column": "timing",
    "respondent_column": "respondent", "reason_column": "missing_reason", "group": "group",
}  # fmt: skip


def report_of(imported: Imported) -> TableImportReport:
    assert isinstance(imported.report, TableImportReport)
    return imported.report


def scores_of(case: Case) -> list[float | None]:
    return [m.score for m in case.measurements]


@needs_shared
def test_two_measurements_of_a_published_long_table_all_arrive() -> None:
    pain = Instrument(id="fdi", name="Disability", minimum=0, maximum=60)
    imported = read_long(
        INPUTS / "hechler_2014.csv",
        client="patient",
        session="measurement",
        score="disability",
        instrument=pain,
    )
    source = pl.read_csv(INPUTS / "hechler_2014.csv")
    report = report_of(imported)
    assert report.n_cases == source["patient"].n_unique()
    assert report.cells_scored == source["disability"].count()
    assert report.cells_missing == source["disability"].null_count() > 0
    assert report.rows_taken == source.height
    assert scores_of(imported.cases[0]) == [46, None]


@needs_shared
def test_a_published_trial_keeps_its_arms() -> None:
    anxiety = Instrument(id="anx", name="Anxiety", minimum=None, maximum=None)
    imported = read_long(
        INPUTS / "anxiety.csv", client="subject", session="measurement", score="anxiety", instrument=anxiety,
        group="treatment",
    )  # fmt: skip
    source = pl.read_csv(INPUTS / "anxiety.csv")
    assert report_of(imported).cells_scored == source["anxiety"].count()
    arms = dict(source.select("subject", "treatment").unique().iter_rows())
    assert {c.id: c.participants[0].group for c in imported.cases} == arms


@needs_shared
def test_occasions_in_words_need_an_order() -> None:
    with pytest.raises(TableError) as caught:
        read_long(
            INPUTS / "antidepressants.csv", client="patient", session="measurement", score="mom_di",
            instrument=Instrument(id="d", name="D", minimum=None, maximum=None),
        )  # fmt: skip
    assert caught.value.code == "not_a_number"
    assert caught.value.rows == (0, 1, 2, 3, 4)


def long(**columns: list[Any]) -> pl.DataFrame:
    n = len(next(iter(columns.values())))
    return pl.DataFrame({"id": ["a"] * n, "score": list(range(n)), **columns}, strict=False)


def read(table: Any, **choices: Any) -> Imported:
    return read_long(table, **{"client": "id", "score": "score", "instrument": "phq9", **choices})


def test_sessions_order_the_rows_and_those_without_come_last() -> None:
    [case] = read(long(n=[None, 3, 1, 2]), session="n").cases
    assert scores_of(case) == [2, 3, 1, 0]
    assert [s.number for s in case.sessions] == [1, 2, 3]


def test_times_order_the_rows_where_there_is_no_session() -> None:
    at = ["2024-03-09", "2024-03-02", "2024-02-29"]
    [case] = read(long(at=at), measured_at="at").cases
    assert scores_of(case) == [2, 1, 0]
    assert case.measurements[0].measured_at == date(2024, 2, 29)
    assert not case.sessions


def test_times_may_be_missing_where_sessions_order_the_rows() -> None:
    table = long(n=[2, 1, 3], at=[None, date(2024, 3, 1), None])
    [case] = read(table, session="n", measured_at="at").cases
    assert [m.measured_at for m in case.measurements] == [date(2024, 3, 1), None, None]


def test_a_missing_time_without_another_order_is_refused_or_guessed_and_reported() -> None:
    table = long(at=["2024-03-01", None, "2024-03-02"])
    with pytest.raises(TableError) as caught:
        read(table, measured_at="at")
    assert (caught.value.code, caught.value.rows) == ("order_unknown", (1,))
    imported = read(table, measured_at="at", strict=False)
    assert len(imported.cases[0].measurements) == 3
    assert any(n.action == "guessed" and "order" in n.what for n in imported.report.notes)


def test_a_stated_order_needs_neither_session_nor_time() -> None:
    [case] = read(long(place=[2.5, 1, 2]), order="place").cases
    assert scores_of(case) == [1, 2, 0]
    with pytest.raises(TableError, match="order_unknown"):
        read(long(place=[1, None]), order="place")
    with pytest.raises(TableError, match="duplicate_key"):
        read(long(place=[1, 1]), order="place")
    with pytest.raises(TableError, match="order_unknown"):
        read(long(place=[1]))


def test_an_order_may_number_occasions_with_several_instruments() -> None:
    table = pl.DataFrame(
        {"id": ["a"] * 3, "n": [2, 1, 1], "score": [5, 5, 5], "what": ["phq9", "phq9", "gad7"]}
    )
    [case] = read(table, order="n", instrument=None, instrument_column="what").cases
    assert [m.instrument for m in case.measurements] == ["phq9", "gad7", "phq9"]


def test_times_that_no_record_can_hold_are_refused() -> None:
    odd = datetime(2024, 3, 1, tzinfo=timezone(timedelta(hours=1, seconds=30)))
    no_offset_of_ours = pl.DataFrame({"id": ["a"], "score": [1], "at": pl.Series([odd], dtype=pl.Object)})
    with pytest.raises(TableError, match="time_invalid"):
        read(no_offset_of_ours, measured_at="at")
    before_our_era = pl.DataFrame(
        {"id": ["a"], "score": [1], "at": pl.Series([-(2**62)]).cast(pl.Datetime("us"))}
    )
    with pytest.raises(TableError, match="not_a_table"):
        read(before_our_era, measured_at="at")


def test_a_time_of_day_without_an_offset_keeps_its_day_and_the_loss_is_reported() -> None:
    at = [datetime(2024, 3, 1, 10, 30), datetime(2024, 3, 2), datetime(2024, 3, 3, 8)]  # noqa: DTZ001
    imported = read(long(at=at), measured_at="at")
    assert [m.measured_at for m in imported.cases[0].measurements] == [date(2024, 3, d) for d in (1, 2, 3)]
    assert [n.count for n in imported.report.notes if "offset" in n.why] == [2]
    aware = read(long(at=["2024-03-01T10:30:00+02:00"]), measured_at="at").cases[0].measurements[0]
    assert aware.measured_at == datetime(2024, 3, 1, 8, 30, tzinfo=UTC)


@pytest.mark.parametrize("at", ["01/03/2024", "2024-02-30", "yesterday", "2024-3-1"])
def test_a_date_that_is_not_iso_is_not_guessed(at: str) -> None:
    table = long(n=[1], at=[at])
    with pytest.raises(TableError) as caught:
        read(table, session="n", measured_at="at")
    assert caught.value.code == "time_invalid"
    assert at not in str(caught.value)
    assert (
        read(table, session="n", measured_at="at", strict=False).cases[0].measurements[0].measured_at is None
    )


def test_times_that_contradict_the_sessions_are_refused() -> None:
    with pytest.raises(TableError, match="measurement_order"):
        read(long(n=[1, 2], at=["2024-03-09", "2024-03-01"]), session="n", measured_at="at")


def test_two_scores_of_one_occasion_are_refused_with_count_and_rows() -> None:
    table = pl.DataFrame({"id": [CANARY] * 4, "n": [1, 2, 1, 2], "score": [1, 2, 1, 4]})
    for strict in (True, False):
        with pytest.raises(TableError) as caught:
            read(table, session="n", strict=strict)
        assert (caught.value.code, caught.value.rows) == ("duplicate_key", (2, 3))
        assert "2 rows" in str(caught.value)
        assert CANARY not in str(caught.value)


def test_several_instruments_may_be_taken_in_one_session() -> None:
    table = pl.DataFrame({"id": ["a"] * 2, "n": [1, 1], "score": [5, 6], "what": ["phq9", "GAD"]})
    imported = read(
        table, session="n", instrument=None, instrument_column="what", instruments={"GAD": "gad7"}
    )
    assert [(m.instrument, m.score) for m in imported.cases[0].measurements] == [("phq9", 5), ("gad7", 6)]


def test_an_unknown_instrument_is_refused_or_taken_without_a_range() -> None:
    table = pl.DataFrame({"id": ["a"] * 2, "n": [1, 1], "score": [5, 600], "what": ["phq9", CANARY]})
    choices: dict[str, Any] = {"session": "n", "instrument": None, "instrument_column": "what"}
    with pytest.raises(TableError) as caught:
        read(table, **choices)
    assert (caught.value.code, caught.value.rows) == ("instrument_unknown", (1,))
    assert CANARY not in str(caught.value)
    imported = read(table, **choices, strict=False)
    assert scores_of(imported.cases[0]) == [5, 600]
    assert CANARY not in str(imported.report)
    with pytest.raises(TableError, match="both or neither"):
        read(table, session="n", instrument_column="what")


def test_reasons_timings_and_respondents_come_from_their_columns() -> None:
    table = pl.DataFrame(
        {
            "id": ["a"] * 3, "n": [1, 2, None], "score": [5, None, 7], "why": [None, "declined", None],
            "when": ["before", "after", "before"], "who": ["client", "therapist", None],
        }
    )  # fmt: skip
    imported = read(table, session="n", reason_column="why", timing_column="when", respondent_column="who")
    found = [(m.score, m.missing, m.timing, m.respondent.kind) for m in imported.cases[0].measurements]
    assert found == [
        (5, None, "before", "client"), (None, "declined", "after", "therapist"), (7, None, "unknown", "other"),
    ]  # fmt: skip
    for column, name in [("why", "reason_column"), ("when", "timing_column"), ("who", "respondent_column")]:
        with pytest.raises(TableError, match="not_in_vocabulary"):
            read(table.with_columns(pl.lit("x").alias(column)), session="n", **{name: column})


def test_a_client_in_two_groups_is_refused() -> None:
    with pytest.raises(TableError, match="group_changes"):
        read(long(n=[1, 2], arm=["x", "y"]), session="n", group="arm")


def test_an_id_too_long_for_the_record_is_refused() -> None:
    with pytest.raises(TableError, match="id_length"):
        read(long(n=[1]).with_columns(pl.lit("x" * 201).alias("id")), session="n")


@pytest.mark.parametrize("number", ["-1", "1.5", "one", "9" * 400, -1, 1.5])
def test_what_is_no_session_number_is_refused(number: object) -> None:
    with pytest.raises(TableError, match="not_a_number"):
        read(pl.DataFrame({"id": ["a"], "n": [number], "score": [1]}), session="n")


NHS: dict[str, Instrument | str] = {
    "720433000": "phq9",
    "X": Instrument(id="x", name="X", minimum=0, maximum=5),
}


def nhs(*rows: tuple[str, str, str, str]) -> pl.DataFrame:
    columns = ["Person_ID", "CodedAssToolType", "PersScore", "AssToolCompTimestamp"]
    return pl.DataFrame(list(rows), schema=columns, orient="row")


def test_text_scores_of_coded_instruments_are_read() -> None:
    table = nhs(
        ("p1", "720433000", "19", "2024-03-08 09:00:00"), ("p1", "X", "4.0", "2024-03-08 09:00:00"),
        ("p1", "720433000", "23", "2024-03-01 09:00:00"), ("p2", "720433000", "", "2024-03-01"),
    )  # fmt: skip
    imported = read_nhs_long(table, instruments=NHS)
    first, second = imported.cases
    assert [(m.instrument, m.score) for m in first.measurements] == [("phq9", 23), ("phq9", 19), ("x", 4)]
    assert [m.missing for m in second.measurements] == ["unknown"]
    assert not first.sessions


def test_a_row_submitted_again_is_dropped_and_one_that_contradicts_is_refused() -> None:
    row = ("p1", "720433000", "19", "2024-03-01")
    report = report_of(read_nhs_long(nhs(row, row, row), instruments=NHS))
    assert (report.scores_in, report.cells_scored, report.cells_left) == (3, 1, 2)
    assert (report.rows_taken, report.rows_dropped) == (1, 2)
    with pytest.raises(TableError) as caught:
        read_nhs_long(nhs(row, ("p1", "720433000", "18", "2024-03-01")), instruments=NHS)
    assert (caught.value.code, caught.value.rows) == ("duplicate_key", (1,))


def test_a_code_that_nobody_explained_is_refused() -> None:
    with pytest.raises(TableError, match="instrument_unknown"):
        read_nhs_long(nhs(("p1", "999", "1", "2024-03-01")), instruments=NHS)


HELD = [
    "client_id",
    "session",
    "score",
    "instrument",
    "scale",
    "timing",
    "measured_at",
    "missing_reason",
    "group",
]


def held(table: pl.DataFrame) -> list[tuple[Any, ...]]:
    """Return the rows by client, in the order in which clients first appear."""
    firsts = table.with_row_index().with_columns(pl.col("index").min().over("client_id"))
    return firsts.sort("index", "position").select(HELD).rows()


def reads_back(table: pl.DataFrame, known: Catalogue) -> None:
    imported = read_long(table, **SCORE_TABLE, catalogue=known)
    assert held(from_cases(imported.cases).scores) == held(table)
    assert report_of(imported).rows_dropped == 0


def test_the_scores_of_whole_cases_read_back_to_the_same_table(generated: tuple[Case, ...]) -> None:
    several = [c.with_changes(id=f"k{i}") for i, c in enumerate(generated) if c.measurements]
    assert len(several) > 10
    for case in several:
        known = builtin_catalogue().with_(*case.instruments)
        table = from_cases([case]).scores.filter(pl.col("instrument").is_in([i.id for i in known]))
        if table.height:
            reads_back(table, known)


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["a", "007", "b c", "ä"]),
            st.none() | st.integers(0, 5),
            st.floats(0, 21) | st.sampled_from(["declined", "not_asked", "unknown"]),
            st.sampled_from(["phq9", "gad7"]),
            st.sampled_from(["before", "after", "between", "unknown"]),
        ),
        min_size=1,
        max_size=12,
    )
)
def test_a_table_of_scores_reads_back_to_the_same_table(rows: list[tuple[Any, ...]]) -> None:
    table = pl.DataFrame(
        {
            "client_id": [r[0] for r in rows],
            "session": pl.Series([r[1] for r in rows], dtype=pl.Int64),
            "score": pl.Series([None if isinstance(r[2], str) else r[2] for r in rows], dtype=pl.Float64),
            "instrument": [r[3] for r in rows],
            "scale": pl.Series([None] * len(rows), dtype=pl.String),
            "respondent": "client",
            "timing": ["unknown" if r[1] is None else r[4] for r in rows],
            "measured_at": pl.Series([None] * len(rows), dtype=pl.Datetime("us", "UTC")),
            "missing_reason": pl.Series(
                [r[2] if isinstance(r[2], str) else None for r in rows], dtype=pl.String
            ),
            "group": pl.Series([None] * len(rows), dtype=pl.String),
            "position": list(range(len(rows))),
        }
    )
    reads_back(table, builtin_catalogue())


@given(st.permutations(list(range(8))))
def test_the_order_of_rows_does_not_matter(order: list[int]) -> None:
    table = pl.DataFrame({"id": list("aaaabbbb"), "n": [1, 2, 3, 4] * 2, "score": list(range(8))})
    plain = {c.id: c for c in read(table, session="n").cases}
    assert {c.id: c for c in read(table[order], session="n").cases} == plain
