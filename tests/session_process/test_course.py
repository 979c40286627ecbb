from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from session_process.builders import sessions_of, table_of
from therapeutic_process.errors import NotEnoughData, TableError
from therapeutic_process.session_process import code_share_table, session_course


@given(sessions_of(), st.integers(2, 5))
def test_parts_add_up_to_the_session(sessions: list[list[str | None]], parts: int) -> None:
    table = table_of(sessions)
    course = session_course(table, parts=parts)
    assert np.array_equal(course.counts.sum(1), code_share_table(table).counts)


@given(st.lists(st.sampled_from("ab"), min_size=3, max_size=20))
def test_the_first_part_holds_the_first_turns(session: list[str]) -> None:
    course = session_course(table_of([session]), codes=["a", "b"])
    sizes = course.counts[0].sum(1).tolist()
    assert max(sizes) - min(sizes) <= 1
    assert course.counts[0, 0].tolist() == [session[: sizes[0]].count(c) for c in "ab"]
    assert course.counts[0, 2].tolist() == [session[-sizes[2] :].count(c) for c in "ab"]


def test_minutes_go_by_the_clock() -> None:
    table = table_of([["a", "b", "a", "a"]], onset_s=[0.0, 599.0, 600.0, None])
    course = session_course(table, minutes=10, onset_s="onset_s")
    assert course.pooled.tolist() == [[1, 1], [1, 0]]
    assert course.n_without_onset == 1


def test_a_part_without_turns_has_no_shares() -> None:
    course = session_course(table_of([["a", "b"]]), parts=4)
    assert np.isnan(course.shares[0, 1]).all()
    assert course.to_frame()["share"].null_count() == 4


def test_onsets_and_parts_are_needed() -> None:
    with pytest.raises(TableError, match="onsets"):
        session_course(table_of([["a"]]), minutes=5)
    with pytest.raises(NotEnoughData):
        session_course(table_of([["a"]]), parts=1)
    with pytest.raises(NotEnoughData):
        session_course(table_of([["a"]], onset_s=[0.0]), minutes=0, onset_s="onset_s")
