from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from session_process.builders import codes, sessions_of, table_of
from therapeutic_process.errors import NotEnoughData
from therapeutic_process.session_process import homogeneity_test, sequential_statistics
from therapeutic_process.session_process.homogeneity import segment_of_turn


def test_two_codes_in_two_groups_by_hand() -> None:
    # For each given code a table groups x targets: G² of [[8, 2], [3, 7]] and of [[5, 5], [5, 5]].
    groups = np.array([[[8, 2], [5, 5]], [[3, 7], [5, 5]]])
    expected = 2 * (
        8 * math.log(8 / 5.5) + 2 * math.log(2 / 4.5) + 3 * math.log(3 / 5.5) + 7 * math.log(7 / 4.5)
    )
    test = homogeneity_test(groups)
    assert test.statistic == pytest.approx(expected)
    assert test.df == 2
    assert test.n_transitions == 40


@given(st.lists(codes, min_size=1, max_size=12), st.integers(2, 5))
def test_the_same_session_again_and_again_is_homogeneous(session: list[str], times: int) -> None:
    test = sequential_statistics(table_of([session] * times)).homogeneity()
    if test.df:
        assert test.statistic == pytest.approx(0, abs=1e-9)
        assert test.p == pytest.approx(1)
    assert test.n_transitions == times * (len(session) - 1)


def test_degrees_of_freedom_count_only_the_groups_in_which_a_code_occurs() -> None:
    groups = np.array([[[2, 3], [1, 1]], [[4, 1], [0, 0]], [[0, 0], [0, 0]]])
    test = homogeneity_test(groups)
    assert test.df == 1
    assert test.n_groups == 2
    assert test.n_empty == 1


@given(sessions_of(), st.integers(2, 4))
def test_parts_of_sessions_hold_every_transition_once(
    sessions: list[list[str | None]], segments: int
) -> None:
    found = sequential_statistics(table_of(sessions), lags=2)
    part = segment_of_turn(found.turns, segments)
    for lag in (1, 2):
        counts = found.grouped(part, segments, lag=lag)
        assert np.array_equal(counts.sum(0), found.frequency[lag - 1])


def test_a_change_halfway_is_found_and_placed() -> None:
    steady = ["a", "b"] * 20
    changed = ["a", "b"] * 10 + ["a", "a", "b", "b"] * 5
    assert sequential_statistics(table_of([steady])).stationarity(segments=2).statistic == pytest.approx(0)
    assert sequential_statistics(table_of([changed])).stationarity(segments=2).p < 0.01
    part = segment_of_turn(sequential_statistics(table_of([["a"] * 7])).turns, 3)
    assert part.tolist() == [0, 0, 0, 1, 1, 2, 2]


def test_one_group_has_nothing_to_differ_from() -> None:
    test = homogeneity_test(np.array([[[1, 2], [3, 4]]]))
    assert math.isnan(test.statistic)
    assert math.isnan(test.p)


def test_no_group_and_one_segment_are_refused() -> None:
    with pytest.raises(NotEnoughData):
        homogeneity_test(np.zeros((0, 2, 2), dtype=np.int64))
    with pytest.raises(NotEnoughData):
        sequential_statistics(table_of([["a", "b"]])).stationarity(segments=1)
