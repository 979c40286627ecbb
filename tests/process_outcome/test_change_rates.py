"""Rates of change after sessions with an event, beside the same clients' other days."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from therapeutic_process.errors import CannotEstimate, TableError
from therapeutic_process.process_outcome import ChangeEventRate, change_event_rate_after_session

Days = list[tuple[int, int]]


def rate(
    spans: list[tuple[int, int, int]], sessions: Days, changes: Days, window: tuple[int, int] = (0, 6)
) -> ChangeEventRate:
    columns = pl.DataFrame(spans, schema=["client_id", "start", "end"], orient="row")
    held, changed = (
        pl.DataFrame(rows, schema={"client_id": pl.Int64, "day": pl.Int64}, orient="row")
        for rows in (sessions, changes)
    )
    return change_event_rate_after_session(columns, held, changed, window=window)


def test_by_hand() -> None:
    found = rate(
        [(1, 1, 100), (2, 1, 50), (3, 1, 30)],
        [(1, 10), (1, 14), (2, 50)],
        [(1, 10), (1, 20), (1, 21), (1, 90), (2, 3), (2, 50), (3, 4), (2, 60), (9, 1)],
    )
    assert (found.n_after, found.days_after) == (3, 11 + 1)
    assert (found.n_other, found.days_other) == (3, 89 + 49)
    assert found.expected == pytest.approx(11 * 2 / 89 + 1 * 1 / 49)
    assert found.ratio == pytest.approx(3 / (22 / 89 + 1 / 49))
    assert found.n_clients == 2
    assert found.dropped == (
        ("change outside the observed days", 2),
        ("client without a day after such a session", 1),
    )


def test_it_is_descriptive_and_gives_no_p() -> None:
    found = rate([(1, 1, 40)], [(1, 10)], [(1, 11)])
    assert found.descriptive
    assert "p =" not in str(found)
    assert "p_value" not in found.to_frame().columns
    assert np.isnan(found.ratio)


def test_no_base_time_is_refused_with_its_numbers() -> None:
    with pytest.raises(CannotEstimate) as caught:
        rate([(1, 1, 7), (2, 1, 30)], [(1, 1)], [(1, 3)])
    assert caught.value.code == "no_informative_client"
    assert caught.value.found == "1 without the former, 1 without the latter"


def test_a_window_backwards_and_several_spans_are_refused() -> None:
    with pytest.raises(CannotEstimate, match="windows_overlap"):
        rate([(1, 1, 40)], [(1, 10)], [], window=(6, 0))
    with pytest.raises(TableError, match="duplicate_key"):
        rate([(1, 1, 40), (1, 50, 60)], [(1, 10)], [])


clients = st.integers(1, 4)


@settings(max_examples=30)
@given(
    st.lists(st.tuples(clients, st.integers(1, 60)), min_size=1, max_size=12),
    st.lists(st.tuples(clients, st.integers(1, 60)), max_size=20),
)
def test_every_day_and_change_of_a_client_with_both_kinds_of_days_is_counted_once(
    sessions: Days, changes: Days
) -> None:
    spans = [(who, 1, 60) for who in range(1, 5)]
    try:
        found = rate(spans, sessions, changes)
    except CannotEstimate:
        return
    assert found.days_after + found.days_other == 60 * found.n_clients
    compared = {who for who, _ in sessions}
    assert found.n_after + found.n_other <= sum(who in compared for who, _ in changes)
    assert rate(spans[::-1], sessions[::-1], changes[::-1]).expected == pytest.approx(found.expected)
