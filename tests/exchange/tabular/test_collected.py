"""The whole record collected with REDCap: the dictionary, rows out, rows in."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from typing import TYPE_CHECKING

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings

from therapeutic_process.base import Record, Refers, Sensitive, leaves
from therapeutic_process.errors import TableError
from therapeutic_process.exchange import example_cases
from therapeutic_process.exchange.tabular import (
    TableImportReport,
    read_redcap,
    redcap_data_dictionary,
    write_redcap,
)
from therapeutic_process.exchange.tabular.redcap_forms import FORMS, fields_of
from therapeutic_process.instruments import Catalogue, builtin_catalogue
from therapeutic_process.records import Case
from therapeutic_process.testing import cases

if TYPE_CHECKING:
    from pathlib import Path

CANARY = "Kanarienvogel-4711"
NAMES = [f.name for form in FORMS for f in fields_of(form)]
few = settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))


def dictionary() -> dict[str, dict[str, str]]:
    rows = csv.DictReader(io.StringIO(redcap_data_dictionary(["phq9", "gad7"])))
    return {row["Variable / Field Name"]: row for row in rows}


def catalogue_of(case: Case) -> Catalogue:
    return builtin_catalogue().with_(*case.instruments, *case.coding_systems)


def export(*rows: dict[str, str]) -> pl.DataFrame:
    names = ["record_id", "redcap_repeat_instrument", "redcap_repeat_instance", *NAMES]
    assert all(row.keys() <= {*names} for row in rows)
    return pl.DataFrame([{n: row.get(n, "") for n in names} for row in rows])


def row(form: str, instance: int = 1, record: str = "7", /, **cells: str) -> dict[str, str]:
    said = {f"{form}_{name}": cell for name, cell in cells.items()}
    return {
        "record_id": record,
        "redcap_repeat_instrument": form,
        "redcap_repeat_instance": str(instance),
    } | said


def test_names_are_those_that_redcap_recommends() -> None:
    names = list(dictionary())
    assert names == ["record_id", *NAMES]
    assert all(re.fullmatch(r"[a-z][a-z0-9_]*[a-z0-9]", name) and len(name) <= 26 for name in names)
    assert all("__" not in name for name in names)
    assert max(Counter(names).values()) == 1


def test_branching_validation_and_choices_are_what_redcap_reads() -> None:
    known = dictionary()
    for name, line in known.items():
        logic = line["Branching Logic (Show field only if...)"]
        assert {*re.findall(r"\[(\w+)\]", logic)} <= known.keys(), name
        assert f"[{name}]" not in logic
        for compared, word in re.findall(r"\[(\w+)\] = '(\w+)'", logic):
            offered = [
                c.partition(",")[0]
                for c in known[compared]["Choices, Calculations, OR Slider Labels"].split(" | ")
            ]
            assert word in offered, name
        assert line["Text Validation Type OR Show Slider Number"] in {"", "integer", "number", "date_ymd"}
        assert line["Field Type"] in {"text", "notes", "dropdown", "yesno"}
        if line["Text Validation Min"] or line["Text Validation Max"]:
            assert line["Text Validation Type OR Show Slider Number"] in {"integer", "number"}
        assert line["Field Label"]
        assert line["Identifier?"] in {"", "y"}
        assert line["Required Field?"] in {"", "y"}


def sensitive(cls: type[Record], name: str) -> bool:
    marks = [m for leaf in leaves(cls) if leaf.name == name for m in leaf.marks]
    refers = any(isinstance(m, Refers) for m in marks)
    return not refers and any(isinstance(m, Sensitive) and m.kind != "none" for m in marks)


def test_what_bears_on_identity_is_marked_as_an_identifier() -> None:
    known, marked = dictionary(), 0
    for form in FORMS:
        for field in fields_of(form):
            if len(field.path) == 1 and sensitive(form.record, field.path[0]):
                assert known[field.name]["Identifier?"] == "y", field.name
                marked += 1
    assert marked > 40
    assert known["client_birth_year"]["Identifier?"] == known["attainment_rater_name"]["Identifier?"] == "y"
    assert known["goal_step_status"]["Identifier?"] == known["measurement_score"]["Identifier?"] == ""


def test_every_field_of_the_record_has_a_place_or_is_left_on_purpose() -> None:
    left = {
        f"{form.record.__name__}.{name}" for form in FORMS for name in form.skip if form.record is not Case
    }
    below = {
        f"{above.record.__name__}.{form.home}"
        for form in FORMS
        for above in FORMS
        if form.above == above.name
    }
    assert {name for name in left - below if not name.endswith(".id")} == {
        "Participant.role", "Participant.nature", "Participant.orientation",  # of the client; people have them
        "Session.interactions", "Measurement.items", "Rating.coding_pass", "ChangeEvent.evidence",
        "ChangeEvent.provenance",
    }  # fmt: skip


def whole() -> pl.DataFrame:
    """A study's export: goals, a plan, tasks with adherence, ratings, a journal, a change and the ending."""
    return export(
        {"record_id": "7", "client_gender": "female", "course_format": "individual", "ending_kind": "completed",
         "ending_last_session": "2"},
        row("person", role="therapist", discipline="counseling psychology"),
        row("problem", label="low mood", since="2023-05-01", since_until="2023-05-31", principal="1"),
        row("session", 1, number="1", status="held", attended="0,1", interventions="activity\nexposure", goals="1"),
        row("session", 2, number="2", status="held"),
        row("session", 3, number="3", status="no_show"),
        row("measurement", 1, instrument="phq9", session="2", respondent="client", score="11", timing="before"),
        row("measurement", 2, instrument="phq9", session="1", respondent="client", score="19", timing="before"),
        row("rating", session="1", instrument="phq9", rater="therapist", rater_who="1", value="3"),
        row("goal", 1, statement="see friends", achievement="achieved", problem="1", weight="2"),
        row("goal", 2, follows="1"),
        row("goal_step", 1, goal="1", status="proposed"), row("goal_step", 2, goal="1", status="active"),
        row("goal_step", 3, goal="2", status="proposed"),
        row("goal_step", 4, goal="1", status="completed", at="2024-03-01"),
        row("goal_level", 1, goal="1", level="-2", description="alone"),
        row("attainment", goal="1", level="1", rater="client", session="2", independent="0"),
        row("goal_rating", goal="1", value="7.5", rater="client"),
        row("plan", revision="1", goals="1,2", sessions="12"), row("plan_step", plan="1", status="draft"),
        row("intervention", plan="1", name="exposure", sessions="4", goal="1"),
        row("plan_agreement", plan="1", whose="0", capacity="client"),
        row("task", kind="practice", assigned_in="1", goal="1", description="call one friend"),
        row("task_step", task="1", status="requested"),
        row("adherence", task="1", degree="0.5", rater="client", session="2"),
        row("journal", text="It went well.", task="1"), row("journal_rating", journal="1", scale="mood", value="6"),
        row("change", locus="out_of_session", after="1", occurred="2024-02-01", direction="improvement", goal="1"),
        row("context", kind="life_event", description="moved"),
    )  # fmt: skip


def test_a_whole_study_reads_back_into_the_record() -> None:
    done = read_redcap(whole())
    [case] = done.cases
    assert [(p.id, p.role) for p in case.participants] == [("client", "client"), ("person-1", "therapist")]
    assert case.ending is not None
    assert (case.ending.kind, case.ending.last_session) == ("completed", "session-2")
    assert [m.score for m in case.measurements] == [19, 11]
    first, second = case.goals
    assert ([s.status for s in first.history], first.weight) == (["proposed", "active", "completed"], 2)
    assert (second.follows, second.weight, second.status) == ("goal-1", 1, "proposed")
    assert (first.levels[0].level, first.attainments[0].independent, first.ratings[0].value) == (
        -2,
        False,
        7.5,
    )
    assert case.plans[0].interventions[0].goal == "goal-1"
    assert (case.tasks[0].participant, case.tasks[0].adherence[0].degree) == ("client", 0.5)
    assert case.journal[0].ratings[0].value == 6
    assert (case.change_events[0].after_session, case.change_events[0].goal) == ("session-1", "goal-1")
    assert case.sessions[0].interventions == ("activity", "exposure")
    assert case.sessions[0].attended == ("client", "person-1")
    assert str(case.problems[0].since) != ""
    assert case.ratings[0].of.id == "session-1"
    report = done.report
    assert isinstance(report, TableImportReport)
    assert (report.rows_read, report.rows_taken, report.rows_dropped) == (29, 29, 0)
    assert (report.cells_scored, report.cells_missing, report.cells_left) == (2, 0, 27)


@few
@given(cases())
def test_rows_out_and_in_again_are_the_same_case(
    tmp_path_factory: pytest.TempPathFactory, case: Case
) -> None:
    folder = tmp_path_factory.mktemp("law")
    known = catalogue_of(case)
    first = write_redcap([case], folder / "a.csv")
    [once] = read_redcap(folder / "a.csv", catalogue=known).cases
    second = write_redcap([once], folder / "b.csv")
    done = read_redcap(folder / "b.csv", catalogue=known)
    assert done.cases == (once,)
    assert (first.n_rows, second.n_rows) == (first.n_rows, first.n_rows)
    assert {n.what for n in second.losses} <= {"Case.instruments"}
    report = done.report
    assert isinstance(report, TableImportReport)
    assert report.rows_read == report.rows_taken + report.rows_dropped == second.n_rows


@few
@given(cases())
def test_nothing_is_lost_without_a_note(tmp_path_factory: pytest.TempPathFactory, case: Case) -> None:
    file = tmp_path_factory.mktemp("law") / "a.csv"
    written = write_redcap([case], file)
    [read] = read_redcap(file, catalogue=catalogue_of(case)).cases
    for name in ("participants", "problems", "sessions", "measurements", "goals", "plans", "tasks", "journal",
                 "change_events", "context_events"):  # fmt: skip
        assert len(getattr(read, name)) == len(getattr(case, name))
    told = {n.what for n in written.losses}
    assert len(read.ratings) == len(case.ratings) or "Rating" in told
    if "Measurement.score" not in told:  # too large for a cell
        assert sorted(m.score or 0 for m in read.measurements) == sorted(
            m.score or 0 for m in case.measurements
        )
    assert [[s.status for s in g.history] for g in read.goals] == [
        [s.status for s in g.history] for g in case.goals
    ]
    assert [[a.degree for a in t.adherence] for t in read.tasks] == [
        [a.degree for a in t.adherence] for t in case.tasks
    ]
    write_redcap([read], file.with_name("b.csv"))
    assert _rows(file) == _rows(file.with_name("b.csv"))


def _rows(file: Path) -> Counter[tuple[tuple[str, str], ...]]:
    """What stands in the rows; scores may have changed places, for reading puts them in the order of time."""
    with file.open(newline="", encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    for one in rows:
        if one["redcap_repeat_instrument"] == "measurement":
            del one["redcap_repeat_instance"]
    return Counter(tuple(one.items()) for one in rows)


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        (row("goal_step", 9, goal="8", status="active"), "reference_resolves"),
        (row("goal_step", 9, status="active"), "field_missing"),
        (row("goal_step", 9, goal="1", status=CANARY), "not_in_vocabulary"),
        (row("goal", 1, statement=CANARY), "duplicate_key"),
        (row("attainment", 9, goal="1", level=CANARY, rater="client"), "not_a_number"),
        (row("attainment", 9, goal="1", level="3", rater="client"), "number_out_of_range"),
        (row("adherence", 9, task="1", degree="2", rater="client", session="2"), "number_out_of_range"),
        (row("change", 9, locus="out_of_session", goal="77"), "reference_resolves"),
        (row("rating", 9, instrument="phq9", rater="client", value="3"), "rating_target"),
        (row("rating", 9, instrument="phq9", rater="client", value="3", session="1", goal="1"), "rating_target"),
        (row("change", 9, locus="out_of_session", occurred="05/06/2024"), "time_invalid"),
        (row("change", 9, locus="out_of_session", occurred_until="2024-01-01"), "time_invalid"),
        (row("measurement", 9, instrument="phq9", respondent="client", score=CANARY), "not_a_number"),
        (row("measurement", 9, instrument="phq9", respondent="client", score="99"), "out_of_range"),
        (row("measurement", 9, instrument=CANARY, respondent="client", score="9"), "instrument_unknown"),
        (row("measurement", 9, instrument="phq9", respondent="client", score="9", missing="declined"),
         "score_or_reason"),
        (row("problem", 9, principal="yes"), "not_in_vocabulary"),
        (row("session", 9, number="1", status="held"), "duplicate_key"),
        (row("person", 9, role="client", nature="software"), "client_is_human"),
        (row("journal", 9, "", text=CANARY), "key_missing"),
    ],
)  # fmt: skip
def test_what_is_filled_in_wrongly_is_refused_and_not_shown(changed: dict[str, str], code: str) -> None:
    with pytest.raises(TableError) as refusal:
        read_redcap(pl.concat([whole(), export(changed)]))
    assert refusal.value.code == code
    assert CANARY not in str(refusal.value)


def test_a_lenient_reading_drops_cells_that_cannot_be_read_and_says_so() -> None:
    wrong = row("goal", 9, baseline_level="low", statement="x")
    table = pl.concat([whole(), export(wrong, row("goal_step", 9, goal="9", status="proposed"))])
    done = read_redcap(table, strict=False)
    assert len(done.cases[0].goals) == 3
    assert [n.count for n in done.report.notes if "goal_baseline_level" in n.what] == [1]


def test_a_record_with_nothing_in_it_is_a_case_and_an_empty_form_is_none() -> None:
    table = export({"record_id": "1"}, row("session", 1, "2"), {"record_id": "2"})
    done = read_redcap(table)
    assert [c.id for c in done.cases] == ["1", "2"]
    report = done.report
    assert isinstance(report, TableImportReport)
    assert (report.rows_read, report.rows_taken, report.rows_dropped) == (3, 2, 1)
    assert [n.what for n in report.notes if n.why == "nothing in them"] == ["rows"]


def test_columns_that_nobody_knows_are_counted() -> None:
    table = whole().with_columns(pl.lit("x").alias("extra"), pl.lit("2").alias("goal_complete"))
    notes = read_redcap(table).report.notes
    assert [n.count for n in notes if n.what == "columns that the dictionary lacks"] == [1]


def test_a_file_is_not_replaced_unless_told(tmp_path: Path) -> None:
    file = tmp_path / "rows.csv"
    file.write_text("mine")
    with pytest.raises(FileExistsError):
        write_redcap(example_cases(), file)
    assert file.read_text() == "mine"
    written = write_redcap(example_cases(), file, force=True)
    assert [p.name for p in tmp_path.iterdir()] == ["rows.csv"]
    with file.open(newline="") as stream:
        assert len(list(csv.reader(stream))) == written.n_rows + 1
    assert "Dear" not in str(written)
