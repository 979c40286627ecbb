"""Scores around sessions with an event and around matched ones: by hand, laws, and what a null looks like."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from therapeutic_process.errors import CannotEstimate, TableError
from therapeutic_process.process_outcome import EventCourse, event_course
from therapeutic_process.simulate import Scenario, simulate_cohort


def cohort(scenario: Scenario = "rtm", effect: float = 0.0, n: int = 300, seed: int = 4) -> pl.DataFrame:
    rng = np.random.default_rng(seed)
    return simulate_cohort(scenario, n_clients=n, n_sessions=10, effect=effect, rng=rng).table


def course(table: pl.DataFrame, **options: Any) -> EventCourse:
    return event_course(table, **{"timing": "before"} | options)


def by_hand() -> pl.DataFrame:
    """Two clients whose residuals from session means and own lines are ±(1, −2, 1)/2."""
    scores, events = [11.0, 6.0, 7.0, 10.0, 9.0, 6.0], [1, 0, None, 0, 0, None]
    who = {"client_id": [1, 1, 1, 2, 2, 2], "session": [1, 2, 3] * 2}
    return pl.DataFrame({**who, "outcome_before": scores, "event": events})


def test_two_clients_by_hand() -> None:
    # half the difference (1, −3, 1) loses its line −1/3: residuals of client 1 are 2/3, −4/3, 2/3
    found = course(by_hand(), before=0, after=2, caliper=9)
    assert [found.point("event", k).mean for k in (0, 1, 2)] == pytest.approx([2 / 3, -4 / 3, 2 / 3])
    assert [found.point("matched", k).mean for k in (0, 1, 2)] == pytest.approx([-2 / 3, 4 / 3, -2 / 3])
    assert found.point("event", 0).low is None
    assert (found.n_events, found.n_matched, found.n_clients) == (1, 1, 1)


def test_a_caliper_leaves_out_what_has_no_match_and_counts_it() -> None:
    found = course(by_hand(), before=0, after=2, caliper=1)
    assert dict(found.dropped)["session with the event without a session to match"] == 1
    assert found.point("matched", 1).mean is None
    assert "no client" in str(found)


def test_under_the_null_the_matched_sessions_come_back_as_far() -> None:
    for seed in range(3):
        found = course(cohort(seed=seed))
        assert found.placebo.rejects
        event, matched = found.point("event", 1), found.point("matched", 1)
        assert found.point("event", 0).mean == pytest.approx(found.point("matched", 0).mean, abs=0.25)
        assert event.mean is not None
        assert matched.low is not None
        assert matched.high is not None
        assert matched.low - 0.3 < event.mean < matched.high + 0.3


def test_with_an_effect_the_next_score_parts_them() -> None:
    found = course(cohort("pure", effect=2.5))
    event, matched = found.point("event", 1), found.point("matched", 1)
    assert event.high is not None
    assert matched.low is not None
    assert event.high < matched.low
    assert not found.placebo.rejects
    assert "regression to the mean" in str(found)
    assert "cause" not in str(found)


@settings(max_examples=8)
@given(st.integers(0, 50), st.floats(-20, 20))
def test_neither_the_order_of_rows_nor_a_constant_changes_a_course(seed: int, constant: float) -> None:
    table = cohort(n=40, seed=seed)
    moved = table.sample(fraction=1.0, shuffle=True, seed=seed).with_columns(
        pl.col("outcome_before") + constant
    )
    first, second = course(table), course(moved)
    for a, b in zip(first.points, second.points, strict=True):
        assert (a.n_sessions, a.n_clients) == (b.n_sessions, b.n_clients)
        assert a.mean == pytest.approx(b.mean, abs=1e-6)


@settings(max_examples=8)
@given(st.integers(0, 50))
def test_events_are_counted_as_the_table_holds_them(seed: int) -> None:
    table = cohort(n=40, seed=seed)
    expected = table.filter((pl.col("event") == 1) & pl.col("outcome_before").is_not_null()).height
    found = course(table)
    assert found.n_events == found.point("event", 0).n_sessions == expected
    assert found.point("matched", 0).n_sessions == found.n_matched <= expected


def test_what_is_no_event_or_has_no_timing_is_refused() -> None:
    table = cohort(n=30)
    with pytest.raises(CannotEstimate, match="timing_undeclared"):
        course(table, timing=None)
    with pytest.raises(CannotEstimate, match="timing_undeclared"):
        course(table, timing="both")
    with pytest.raises(CannotEstimate, match=r"process_no_event: .*found \d+ others"):
        course(table.with_columns(event=pl.col("event") * 2.5))
    with pytest.raises(CannotEstimate, match="no_informative_client"):
        course(table.with_columns(event=pl.col("event") * 0))
    with pytest.raises(CannotEstimate, match="windows_overlap"):
        course(table, after=0)
    with pytest.raises(TableError, match="column_missing"):
        course(table.drop("event"))
    with pytest.raises(TableError, match="no_outcome"):
        course(table.with_columns(outcome_before=None))


def test_it_lays_out_and_shows_no_client() -> None:
    found = course(by_hand().with_columns(pl.col("client_id").cast(pl.String) + "-CANARY"), caliper=9)
    assert repr(found) == "<EventCourse 1 sessions with the event, 1 matched; descriptive>"
    assert "CANARY" not in f"{found} {found.points}"
    assert found.to_frame().height == len(found.points) == 12
