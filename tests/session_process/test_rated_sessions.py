from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from therapeutic_process.errors import TableError
from therapeutic_process.records import Case
from therapeutic_process.session_process import read_session_ratings, session_ratings
from therapeutic_process.tables import from_cases

if TYPE_CHECKING:
    from collections.abc import Sequence

CLIENT = {"kind": "client", "participant": "c1"}
THERAPIST = {"kind": "therapist", "participant": "t1"}


def rating(name: str, session: str, value: float, by: dict[str, str], **more: Any) -> dict[str, Any]:
    of = more.pop("of", {"kind": "session", "id": session})
    return {"id": name, "instrument": "seq", "scale": "depth", "of": of, "rater": by, "value": value} | more


def case_with(ratings: Sequence[dict[str, Any]] = (), **parts: Any) -> Case:
    held = [{"id": f"s{n}", "number": n, "status": "held"} for n in (1, 2, 4)]
    missed = {"id": "s3", "number": 3, "status": "no_show"}
    people = [{"id": "c1", "role": "client"}, {"id": "t1", "role": "therapist"}]
    record = {"id": "k", "participants": people, "sessions": [*held[:2], missed, held[2]]}
    return Case.model_validate({**record, "ratings": list(ratings), **parts})


def test_who_rated_which_session_is_kept() -> None:
    case = case_with([rating("r1", "s1", 5, CLIENT), rating("r2", "s4", 6, THERAPIST)])
    found = session_ratings(case)
    assert [(r.session, r.position, r.role, r.rater, r.value) for r in found.rows] == [
        (1, 1, "client", "c1", 5.0),
        (4, 3, "therapist", "t1", 6.0),
    ]
    assert found.sessions == {"k": (1, 2, 4)}


def test_ratings_of_segments_are_averaged_within_their_session() -> None:
    segments = [
        {"id": "g1", "kind": "unit", "spans": [{"session": "s1", "unit": "session"}]},
        {"id": "g2", "kind": "unit", "spans": [{"session": "s1", "unit": "session"}]},
        {
            "id": "g3",
            "kind": "episode",
            "spans": [{"session": "s1", "unit": "session"}, {"session": "s2", "unit": "session"}],
        },
    ]
    by = {"kind": "observer", "name": "A"}
    several = [
        rating(
            f"r{i}", "", i, by, of={"kind": "segment", "id": f"g{i}"}, instrument="exp", scale="experiencing"
        )
        for i in (1, 2, 3)
    ]
    found = session_ratings(case_with(several, segments=segments))
    (row,) = found.rows
    assert (row.value, row.n, row.target) == (1.5, 2, "segment")
    assert found.left_out == {"segment_over_sessions": 1}


def test_what_cannot_be_laid_to_a_held_session_is_counted() -> None:
    goals = [{"id": "g", "participants": ["c1"], "statement": "sleep", "history": [{"status": "proposed"}]}]
    several = [
        rating("r1", "s3", 5, CLIENT),
        rating("r2", "", 5, CLIENT, of={"kind": "goal", "id": "g"}),
    ]
    found = session_ratings(case_with(several, goals=goals))
    assert found.rows == ()
    assert found.left_out == {"session_not_held": 1, "of_goal": 1}


def test_questionnaires_about_the_process_count_as_ratings_and_those_about_outcome_do_not() -> None:
    answered = {
        "id": "m1",
        "instrument": "srs",
        "subject": "c1",
        "respondent": CLIENT,
        "session": "s1",
        "score": 38,
    }
    declined = {
        "id": "m2", "instrument": "srs", "subject": "c1", "respondent": CLIENT, "session": "s2", "missing": "declined",
    }  # fmt: skip
    nowhere = {"id": "m3", "instrument": "srs", "subject": "c1", "respondent": CLIENT, "score": 12}
    outcome = {
        "id": "m4",
        "instrument": "phq9",
        "subject": "c1",
        "respondent": CLIENT,
        "session": "s1",
        "score": 12,
    }
    found = session_ratings(case_with(measurements=[answered, declined, nowhere, outcome]))
    assert [(r.session, r.value, r.missing, r.n) for r in found.rows] == [
        (1, 38.0, None, 1),
        (2, None, "declined", 0),
    ]
    assert found.left_out == {"measurement_without_session": 1}


def test_a_case_and_its_table_say_the_same() -> None:
    case = case_with(
        [rating("r1", "s1", 5, CLIENT), rating("r2", "s1", 4, THERAPIST), rating("r3", "s4", 2, CLIENT)]
    )
    tables = from_cases([case])
    read = read_session_ratings(
        tables.ratings, sessions=tables.sessions, instrument="instrument", target="target"
    )
    mine = session_ratings(case)
    assert set(read.rows) == set(mine.rows)
    assert read.sessions == mine.sessions


@given(st.permutations(range(6)))
def test_the_order_of_rows_does_not_matter(order: list[int]) -> None:
    table = long_table()
    mixed = read_session_ratings(table[order])
    assert set(mixed.rows) == set(read_session_ratings(table).rows)
    assert list(mixed.by_series()) == list(read_session_ratings(table).by_series())


def long_table(**columns: Sequence[Any]) -> pl.DataFrame:
    whole: dict[str, Sequence[Any]] = {
        "client_id": ["a"] * 6,
        "session": [1, 2, 3] * 2,
        "scale": ["bond"] * 6,
        "role": ["client"] * 3 + ["therapist"] * 3,
        "rater": ["c"] * 3 + ["t"] * 3,
        "value": [1.0, 2.0, None, 4.0, 5.0, 6.0],
    }
    return pl.DataFrame(whole | columns)


def test_a_missing_value_is_missing_and_no_zero() -> None:
    found = read_session_ratings(long_table())
    assert found.n_rated == 5
    assert [r.missing for r in found.rows if r.value is None] == ["no_value"]
    assert found.to_frame()["value"].null_count() == 1


def test_engines_agree() -> None:
    table = long_table()
    frame = pd.DataFrame(table.to_dict(as_series=False))
    assert set(read_session_ratings(frame).rows) == set(read_session_ratings(table).rows)
    assert set(read_session_ratings(table.lazy()).rows) == set(read_session_ratings(table).rows)


def test_sessions_that_were_not_held_take_no_ratings() -> None:
    sessions = pl.DataFrame(
        {"client_id": "a", "session": [1, 2, 3, 4], "status": ["held", "no_show", "held", "held"]}
    )
    found = read_session_ratings(long_table(), sessions=sessions)
    assert found.sessions == {"a": (1, 3, 4)}
    assert found.left_out == {"session_not_held": 2}


def test_rows_about_other_things_and_without_a_session_are_counted() -> None:
    target = ["session"] * 3 + ["goal", "segment", None]
    found = read_session_ratings(long_table(target=target, session=[1, 2, None, 1, 2, 3]), target="target")
    assert found.left_out == {"session_unknown": 1, "of_goal": 1, "of_segment": 1, "of_something_else": 1}
    assert len(found.rows) == 2


def test_a_table_that_does_not_keep_its_contract_is_refused() -> None:
    with pytest.raises(TableError, match="role"):
        read_session_ratings(long_table(role=["client"] * 5 + ["coach"]))
    with pytest.raises(TableError, match="each rater once"):
        read_session_ratings(long_table(session=[1, 1, 2] * 2))
    with pytest.raises(TableError, match="whole numbers"):
        read_session_ratings(long_table(session=[1.5, 2, 3] * 2))
    with pytest.raises(TableError):
        read_session_ratings(long_table().drop("role"))
    with pytest.raises(TableError):
        read_session_ratings(long_table(client_id=["a"] * 5 + [None]))


@pytest.mark.parametrize("value", [float("inf"), -float("inf"), 1e200])
def test_values_that_no_sum_can_hold_are_refused(value: float) -> None:
    with pytest.raises(TableError, match="not_finite"):
        read_session_ratings(long_table(value=[1.0] * 5 + [value]))


def test_values_that_no_sum_can_hold_are_left_out_of_a_case_and_counted() -> None:
    system = {"id": "own", "name": "Own", "levels": ["session"], "scales": [{"id": "any"}]}
    one = rating("r1", "s1", -1e101, CLIENT, instrument="own", scale="any")
    found = session_ratings(case_with([one], coding_systems=[system]))
    assert (found.rows, found.left_out) == ((), {"value_out_of_bounds": 1})


def test_no_rating_is_no_error() -> None:
    assert session_ratings(case_with()).rows == ()
    assert read_session_ratings(long_table().clear()).rows == ()


def test_nothing_shows_a_value_or_an_id() -> None:
    found = session_ratings(case_with([rating("r1", "s1", 5.25, CLIENT)]))
    assert "5.25" not in repr(found) + repr(found.rows)
    assert "c1" not in repr(found) + repr(found.rows)
