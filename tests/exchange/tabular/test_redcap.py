from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest

from therapeutic_process.errors import TableError
from therapeutic_process.exchange.tabular import TableImportReport, read_redcap, redcap_data_dictionary
from therapeutic_process.instruments import Instrument

if TYPE_CHECKING:
    from therapeutic_process.exchange.imports import Imported
    from therapeutic_process.records import Case

CANARY = "Zaphod"
PHQ = {"phq_total": "phq9"}


def report_of(imported: Imported) -> TableImportReport:
    assert isinstance(imported.report, TableImportReport)
    return imported.report


def found(case: Case) -> list[tuple[str, str | None, float | None, str | None]]:
    return [(m.instrument, m.session, m.score, m.missing) for m in case.measurements]


def export(*rows: dict[str, str]) -> pl.DataFrame:
    names = list(dict.fromkeys(name for row in rows for name in row))
    return pl.DataFrame([{n: row.get(n, "") for n in names} for row in rows])


def repeat(record: str, form: str, instance: str, **cells: str) -> dict[str, str]:
    return {
        "record_id": record, "redcap_repeat_instrument": form, "redcap_repeat_instance": instance, **cells,
    }  # fmt: skip


REPEATS = export(
    repeat("1", "", "", age="30"),
    repeat("1", "phq", "1", phq_total="19"),
    repeat("1", "phq", "2", phq_total=""),
    repeat("1", "mood", "1", mood="4"),
    repeat("2", "phq", "1", phq_total="-99"),
)


def test_repeat_instances_number_the_sessions_and_empty_cells_of_other_forms_are_not_missing() -> None:
    imported = read_redcap(REPEATS, scores=PHQ, form="phq", missing={"-99": "declined"})
    assert [found(c) for c in imported.cases] == [
        [("phq9", "session-1", 19, None), ("phq9", "session-2", None, "unknown")],
        [("phq9", "session-1", None, "declined")],
    ]
    report = report_of(imported)
    assert (report.rows_read, report.rows_taken, report.rows_dropped) == (5, 3, 2)
    assert (report.scores_in, report.cells_scored, report.cells_missing, report.cells_left) == (5, 1, 2, 2)


def test_without_the_form_an_empty_cell_says_nothing() -> None:
    imported = read_redcap(REPEATS, scores=PHQ, missing={"-99": "declined"})
    assert [len(c.measurements) for c in imported.cases] == [1, 1]


def test_several_columns_of_one_form_are_several_instruments() -> None:
    table = export(
        repeat("1", "q", "1", phq_total="5", gad_total="6"),
        repeat("1", "q", "2", phq_total="3", gad_total=""),
    )
    both: dict[str, Instrument | str] = {
        **PHQ,
        "gad_total": Instrument(id="mine", name="Mine", minimum=0, maximum=9),
    }
    [case] = read_redcap(table, scores=both, form="q").cases
    assert found(case) == [
        ("phq9", "session-1", 5, None), ("mine", "session-1", 6, None),
        ("phq9", "session-2", 3, None), ("mine", "session-2", None, "unknown"),
    ]  # fmt: skip
    assert [i.id for i in case.instruments] == ["mine"]


def test_events_number_the_sessions_where_the_repeat_columns_are_absent() -> None:
    rows = [("baseline_arm_1", "20"), ("week_4_arm_1", "12"), ("followup_arm_1", "9")]
    table = export(*({"record_id": "1", "redcap_event_name": e, "phq_total": s} for e, s in rows))
    events = {"baseline_arm_1": 0, "week_4_arm_1": 4, "followup_arm_1": None}
    [case] = read_redcap(table, scores=PHQ, events=events, timing="before").cases
    assert found(case) == [
        ("phq9", "session-0", 20, None), ("phq9", "session-4", 12, None), ("phq9", None, 9, None),
    ]  # fmt: skip
    with pytest.raises(TableError) as caught:
        read_redcap(table, scores=PHQ, events={"baseline_arm_1": 0})
    assert (caught.value.code, caught.value.rows) == ("not_in_vocabulary", (1, 2))
    with pytest.raises(TableError, match="order_unknown"):
        read_redcap(table, scores=PHQ)


def test_one_row_per_record_needs_no_order() -> None:
    table = export({"record_id": "1", "phq_total": "5"}, {"record_id": "2", "phq_total": ""})
    imported = read_redcap(table, scores=PHQ)
    assert [found(c) for c in imported.cases] == [[("phq9", None, 5, None)]]
    assert report_of(imported).cells_left == 1


def test_a_session_column_or_a_time_goes_before_the_instance() -> None:
    table = export(
        repeat("1", "phq", "1", phq_total="5", n="3", at="2024-03-01"),
        repeat("1", "phq", "2", phq_total="4", n="7", at="2024-03-08"),
    )
    [case] = read_redcap(table, scores=PHQ, session="n", measured_at="at").cases
    assert [(m.session, str(m.measured_at)) for m in case.measurements] == [
        ("session-3", "2024-03-01"), ("session-7", "2024-03-08"),
    ]  # fmt: skip


def test_scores_in_another_repeating_form_are_dropped_and_reported() -> None:
    table = export(repeat("1", "phq", "1", phq_total="5"), repeat("1", "old", "1", phq_total="6"))
    imported = read_redcap(table, scores=PHQ, form="phq")
    assert [m.score for m in imported.cases[0].measurements] == [5]
    assert any(n.action == "dropped" and n.count == 1 for n in imported.report.notes)


def test_two_rows_of_one_instance_are_refused_without_showing_the_record() -> None:
    table = export(repeat(CANARY, "phq", "1", phq_total="5"), repeat(CANARY, "phq", "1", phq_total="6"))
    with pytest.raises(TableError) as caught:
        read_redcap(table, scores=PHQ, form="phq")
    assert (caught.value.code, caught.value.rows) == ("duplicate_key", (1,))
    assert CANARY not in str(caught.value)


def test_an_export_without_rows_gives_no_case() -> None:
    table = pl.DataFrame(schema={"record_id": pl.String, "phq_total": pl.String})
    assert read_redcap(table, scores=PHQ).cases == ()


def dictionary() -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(redcap_data_dictionary(["phq9", "gad7"]))))


def test_the_dictionary_keeps_the_rules_of_redcap() -> None:
    rows = dictionary()
    names = [r["Variable / Field Name"] for r in rows]
    forms = [r["Form Name"] for r in rows]
    assert names[0] == "record_id"
    assert rows[0]["Field Type"] == "text"
    assert len(set(names)) == len(names)
    assert all(name == name.lower() and name.isidentifier() and len(name) <= 100 for name in names)
    order = list(dict.fromkeys(forms))
    assert {"client", "session", "measurement", "goal", "task", "adherence", "journal", "change"} <= {*order}
    assert forms == sorted(forms, key=order.index)
    for row in rows:
        assert len(row) == 18
        has_choices = bool(row["Choices, Calculations, OR Slider Labels"])
        assert has_choices == (row["Field Type"] == "dropdown")


def test_the_dictionary_offers_the_words_of_the_record() -> None:
    choices = {r["Variable / Field Name"]: r["Choices, Calculations, OR Slider Labels"] for r in dictionary()}
    codes = {n: [c.split(",")[0] for c in text.split(" | ")] for n, text in choices.items() if text}
    assert codes["session_status"] == ["planned", "held", "cancelled", "no_show"]
    assert codes["measurement_timing"] == ["before", "after", "between", "unknown"]
    assert codes["measurement_instrument"] == ["phq9", "gad7"]
    with pytest.raises(TableError, match="instrument_unknown"):
        redcap_data_dictionary(["phq9", "no such"])
    with pytest.raises(TableError, match="instrument_unknown"):
        redcap_data_dictionary([])


def collected() -> pl.DataFrame:
    """An export of a project with that dictionary: every field has a column."""
    names = [r["Variable / Field Name"] for r in dictionary()]
    rows: list[dict[str, Any]] = [
        {"client_gender": "female", "client_birth_year": "1980", "client_arm": "CBT"},
        {"f": "session", "session_number": "1", "session_status": "held", "session_started_at": "2024-03-01"},
        {"f": "session", "session_number": "2", "session_status": "no_show", "session_modality": "video"},
        {"f": "measurement", "measurement_instrument": "phq9", "measurement_session": "1", "measurement_score": "19",
         "measurement_timing": "before", "measurement_respondent": "client",
         "measurement_measured_at": "2024-03-01"},
        {"f": "measurement", "measurement_instrument": "gad7", "measurement_session": "3",
         "measurement_missing": "declined", "measurement_respondent": "client"},
    ]  # fmt: skip
    columns = ["record_id", "redcap_repeat_instrument", *names[1:]]
    full = [{"record_id": "7", "redcap_repeat_instrument": r.pop("f", ""), **r} for r in rows]
    full.append({"record_id": "8", "client_gender": "male"})
    return pl.DataFrame([{c: r.get(c, "") for c in columns} for r in full])


@pytest.mark.parametrize("with_repeats", [True, False])
def test_what_the_dictionary_collects_reads_back_into_the_record(with_repeats: bool) -> None:
    table = collected() if with_repeats else collected().drop("redcap_repeat_instrument")
    imported = read_redcap(table)
    case, other = imported.cases
    [client] = case.participants
    assert (client.gender, client.birth_year, client.arm) == ("female", 1980, "CBT")
    assert [(s.number, s.status, s.modality) for s in case.sessions] == [
        (1, "held", None), (2, "no_show", "video"), (3, "held", None),
    ]  # fmt: skip
    assert str(case.sessions[0].started_at) == "2024-03-01"
    assert found(case) == [("phq9", "session-1", 19, None), ("gad7", "session-3", None, "declined")]
    assert case.measurements[0].timing == "before"
    assert (other.participants[0].gender, other.sessions, other.measurements) == ("male", (), ())
    report = report_of(imported)
    assert (report.n_cases, report.rows_read, report.rows_taken) == (2, 6, 6)
    assert (report.cells_scored, report.cells_missing, report.cells_left) == (1, 1, 4)
    assert [n.count for n in report.notes if n.what == "sessions"] == [1]


def test_a_session_row_twice_or_half_is_refused() -> None:
    table = collected()
    with pytest.raises(TableError, match="duplicate_key"):
        read_redcap(pl.concat([table, table[1:2]]))
    half = table.with_columns(pl.lit("").alias("session_status"))
    with pytest.raises(TableError, match="field_missing"):
        read_redcap(half)
    with pytest.raises(TableError, match="column_missing"):
        read_redcap(table.drop("measurement_score"))
