"""Several sessions between two scores: what counts as one interval, and by which rule."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from therapeutic_process.errors import TableError
from therapeutic_process.process_outcome import (
    Layout,
    align_sessions_to_outcomes,
    lagged_within_client_effect,
    lagged_within_client_screen,
)
from therapeutic_process.process_outcome.intervals import aggregated
from therapeutic_process.process_outcome.panel_reading import read_panel
from therapeutic_process.simulate import simulate_cohort

if TYPE_CHECKING:
    from therapeutic_process.process_outcome.layout import Aggregator, Timing

TABLE = pl.DataFrame(
    {
        "client_id": ["a"] * 7,
        "session": [1, 2, 3, 4, 5, 6, 7],
        "outcome_before": [None, 20.0, None, 15.0, None, None, 9.0],
        "event": [1, 1, None, 0, 0, 0, None],
        "calm": [1.0, 2.0, 4.0, 1.0, 2.0, 3.0, 9.0],
        "day": [0, 7, 14, 21, 28, 35, 42],
    }
)
RULES: tuple[Aggregator, ...] = ("any", "sum", "mean")


@pytest.mark.parametrize(
    ("rule", "expected"), [("any", [1.0, 0.0]), ("sum", [None, 0.0]), ("mean", [None, 0.0])]
)
def test_an_uncovered_session_leaves_only_a_present_event_known(
    rule: Aggregator, expected: list[float | None]
) -> None:
    plan = Layout(timing="before", aggregator=rule, covariates=("calm",), days="day")
    found = align_sessions_to_outcomes(TABLE, layout=plan)
    table = found.table
    assert table["event"].to_list()[:2] == expected
    assert table["n_sessions"].to_list() == [2, 3, 1]
    assert table["calm"].to_list() == [3.0, 2.0, 9.0]
    assert table["score_before"].to_list() == [20.0, 15.0, 9.0]
    assert table["score_after"].to_list() == [15.0, 9.0, None]
    assert table["elapsed_days"].to_list() == [14.0, 21.0, None]


def test_scores_after_sessions_close_their_interval() -> None:
    later = TABLE.rename({"outcome_before": "score"})
    plan = Layout(timing="after", aggregator="sum", days="day")
    table = align_sessions_to_outcomes(later, outcome="score", layout=plan).table
    assert table["n_sessions"].to_list() == [2, 2, 3]
    assert table["event"].to_list() == [2.0, None, None]
    assert table["score_after"].to_list() == [20.0, 15.0, 9.0]
    assert table["score_before"].to_list() == [None, 20.0, 15.0]


def test_sessions_outside_any_interval_are_counted_as_dropped() -> None:
    panel = read_panel(TABLE, layout=Layout(timing="before", aggregator="any"))
    assert panel.dropped == (("session before the first score", 1),)
    assert panel.sessions_per_interval == ((2, 1), (3, 1))
    assert panel.process[0].tolist() == [1.0, 0.0]
    with pytest.raises(TableError, match="no_outcome"):
        read_panel(
            TABLE.with_columns(outcome_before=pl.lit(None, pl.Float64)),
            layout=Layout(timing="before", aggregator="any"),
        )
    with pytest.raises(TableError, match="duplicate_key"):
        read_panel(pl.concat([TABLE, TABLE.head(1)]), layout=Layout(timing="before", aggregator="any"))


cells = st.sampled_from([0.0, 1.0, 2.0, None])


@settings(max_examples=60)
@given(
    st.lists(st.tuples(st.integers(0, 2), cells, st.sampled_from([None, 5.0, 9.0])), min_size=1, max_size=25),
    st.sampled_from(RULES),
    st.sampled_from(["before", "after"]),
)
def test_arrays_and_frames_make_the_same_intervals(
    rows: list[tuple[int, float | None, float | None]], rule: Aggregator, timing: Timing
) -> None:
    table = pl.DataFrame(
        {
            "client_id": [r[0] for r in rows],
            "session": range(len(rows)),
            "event": pl.Series([r[1] for r in rows], dtype=pl.Float64),
            "outcome_before": pl.Series([r[2] for r in rows], dtype=pl.Float64),
        }
    )
    if table["outcome_before"].is_null().all():
        return
    plan = Layout(timing=timing, aggregator=rule)
    frame = align_sessions_to_outcomes(table, layout=plan).table
    panel = read_panel(table, layout=plan)
    usable = frame.filter(pl.col("absent_because").is_null())
    hit = ~np.isnan(panel.process + panel.before + panel.after)
    for column, grid in (
        ("event", panel.process),
        ("score_before", panel.before),
        ("score_after", panel.after),
    ):
        assert usable[column].to_list() == grid[hit].tolist()


@given(st.lists(st.tuples(st.integers(0, 3), st.floats(0, 9) | st.none()), min_size=1, max_size=20))
def test_a_sum_is_the_mean_times_the_number_and_any_says_whether_it_is_above_none(
    pairs: list[tuple[int, float | None]],
) -> None:
    group = np.unique([g for g, _ in pairs], return_inverse=True)[1]
    values = np.array([np.nan if v is None else v for _, v in pairs])
    found = {rule: aggregated(values, group, rule) for rule in RULES}
    size = np.bincount(group)
    assert np.allclose(found["sum"], found["mean"] * size, equal_nan=True)
    known = ~np.isnan(found["sum"])
    assert ((found["sum"][known] > 0) == (found["any"][known] == 1)).all()
    assert (found["any"][~known & ~np.isnan(found["any"])] == 1).all()


def test_with_a_score_at_every_session_an_aggregator_changes_nothing() -> None:
    rng = np.random.default_rng(2)
    table = simulate_cohort("pure", n_clients=60, n_sessions=9, effect=2.0, rng=rng).table
    plain, any_of = (Layout(timing="before", aggregator=a) for a in (None, "any"))
    for estimator in (lagged_within_client_screen, lagged_within_client_effect):
        one, other = (estimator(table, layout=p) for p in (plain, any_of))
        assert one.interval == pytest.approx(other.interval, rel=1e-9)
        assert other.sessions_per_interval == ((1, 540),)


def test_the_sum_of_two_sessions_between_scores_has_the_effect_of_one_session() -> None:
    """Scores at every second session; each session lowers the next score by 2."""
    rng = np.random.default_rng(5)
    n, pairs = 300, 9
    event = (rng.random((n, 2 * pairs)) < 0.4).astype(float)
    level = rng.normal(20, 5, (n, 1))
    y = level + rng.normal(0, 2, (n, pairs + 1))
    y[:, 1:] -= 2.0 * event.reshape(n, pairs, 2).sum(axis=2)
    score = np.full((n, 2 * pairs + 1), np.nan)
    score[:, ::2] = y
    table = pl.DataFrame(
        {
            "client_id": np.repeat(np.arange(n), 2 * pairs + 1),
            "session": np.tile(np.arange(2 * pairs + 1), n),
            "outcome_before": score.ravel(),
            "event": np.pad(event, ((0, 0), (0, 1)), constant_values=np.nan).ravel(),
        },
        nan_to_null=True,
    )
    found = lagged_within_client_effect(table, layout=Layout(timing="before", aggregator="sum"))
    assert found.interval[0] < -2.0 < found.interval[1] < -1.5
    assert found.sessions_per_interval == ((2, n * pairs),)
