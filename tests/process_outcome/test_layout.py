"""How process and outcome lie in time: what can be declared, what it is called, and what is refused."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
import polars as pl
import pytest

from therapeutic_process.errors import CannotEstimate, TableError
from therapeutic_process.process_outcome import (
    Layout,
    align_sessions_to_outcomes,
    critical_session_contrast,
    event_crossover_effect,
    inert_process,
    lagged_within_client_effect,
    lagged_within_client_screen,
    process_gradient,
    specification_sensitivity,
    within_client_permutation_test,
)
from therapeutic_process.process_outcome.panel_reading import read_panel
from therapeutic_process.simulate import simulate_cohort


def cohort(n: int = 60, sessions: int = 9, effect: float = 1.5, seed: int = 3) -> pl.DataFrame:
    rng = np.random.default_rng(seed)
    return simulate_cohort("rtm", n_clients=n, n_sessions=sessions, effect=effect, rng=rng).table


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({}, "timing_undeclared"),
        ({"timing": "between"}, "timing_undeclared"),
        ({"timing": "before", "lag": 0}, "lag_undefined"),
        ({"timing": "before", "lag": 1.5}, "lag_undefined"),
        ({"timing": "before", "lag": True}, "lag_undefined"),
        ({"timing": "before", "lag_days": ("a", "b"), "days": "day"}, "lag_undefined"),
        ({"timing": "before", "lag_days": (1, 2, 3), "days": "day"}, "lag_undefined"),
        ({"timing": ["before"]}, "timing_undeclared"),
        ({"timing": "before", "lag": 2, "lag_days": (1, 7), "days": "day"}, "lag_undefined"),
        ({"timing": "before", "lag_days": (7, 1), "days": "day"}, "windows_overlap"),
        ({"timing": "before", "lag_days": (-7, 1), "days": "day"}, "windows_overlap"),
        ({"timing": "before", "lag_days": (1, 7)}, "days_undeclared"),
        ({"timing": "before", "elapsed_days": True}, "days_undeclared"),
        ({"timing": "before", "time_axis": "days"}, "days_undeclared"),
        ({"timing": "before", "time_axis": "weeks"}, "days_undeclared"),
        ({"timing": "before", "aggregator": "median"}, "aggregator_unknown"),
        ({"timing": "both", "aggregator": "any"}, "aggregator_unknown"),
    ],
)
def test_what_is_not_declared_or_contradicts_itself_is_refused(options: dict[str, Any], code: str) -> None:
    with pytest.raises(CannotEstimate) as caught:
        Layout(**options)
    assert caught.value.code == code


@pytest.mark.parametrize(
    ("options", "words", "later"),
    [
        ({"timing": "before"}, "next score", 1),
        ({"timing": "before", "lag": 3}, "3rd next score", 3),
        ({"timing": "before", "lag": 11}, "11th next score", 11),
        ({"timing": "after"}, "score of the same day (immediate)", 0),
        ({"timing": "after", "lag": 2}, "score after the 1st next session", 1),
        ({"timing": "both", "lag": 3}, "score after the 2nd next session", 2),
        ({"timing": "before", "lag_days": (7, 14), "days": "day"}, "first score 7 to 14 days later", 1),
    ],
)
def test_the_outcome_is_named_in_words(options: dict[str, Any], words: str, later: int) -> None:
    plan = Layout(**options)
    assert plan.outcome_in_words == words
    assert plan.sessions_later == later


def test_a_covariate_may_be_named_alone() -> None:
    assert Layout(timing="before", covariates="medication").covariates == ("medication",)


def test_a_timing_alone_is_the_plain_layout() -> None:
    table = cohort()
    alone, laid = (
        lagged_within_client_screen(table, **given)
        for given in ({"timing": "before"}, {"layout": Layout(timing="before")})
    )
    assert alone.effect == laid.effect
    assert alone.layout.plain
    assert alone.standard_error == laid.standard_error
    with pytest.raises(CannotEstimate, match="found two"):
        lagged_within_client_screen(table, timing="after", layout=Layout(timing="before"))


def test_every_estimator_refuses_an_undeclared_timing() -> None:
    table, rng = cohort(n=10), np.random.default_rng(1)
    calls: list[Any] = [
        lambda: align_sessions_to_outcomes(table),
        lambda: critical_session_contrast(table, gain=5, control="session before"),
        lambda: inert_process(table, bounds=(-1, 1), coder_reliability=0.9, rng=rng),
        lambda: lagged_within_client_effect(table),
        lambda: lagged_within_client_screen(table),
        lambda: process_gradient(table),
        lambda: specification_sensitivity(table),
        lambda: within_client_permutation_test(table),
    ]
    for call in calls:
        with pytest.raises(CannotEstimate) as caught:
            call()
        assert (caught.value.code, caught.value.found) == ("timing_undeclared", "no timing")


def both_sides(effect: float, *, n: int = 200, sessions: int = 10, seed: int = 1) -> pl.DataFrame:
    """Draw scores before and after sessions: the state falls in sessions with the event and is carried over."""
    rng = np.random.default_rng(seed)
    level, w = rng.normal(25, 6, n), rng.normal(0, 3, n)
    before, after, event = (np.zeros((n, sessions)) for _ in range(3))
    for t in range(sessions):
        before[:, t] = level + w + rng.normal(0, 2, n)
        seen = (before[:, t] - level) / np.sqrt(13)
        event[:, t] = rng.random(n) < 1 / (1 + np.exp(0.9 - 0.8 * seen))
        v = w - effect * event[:, t] + rng.normal(0, 0.5, n)
        after[:, t] = level + v + rng.normal(0, 2, n)
        w = 0.4 * v + rng.normal(0, 2.75, n)
    columns = {"outcome_before": before, "outcome_after": after, "event": event}
    keys = {"client_id": np.repeat(np.arange(n), sessions), "session": np.tile(np.arange(sessions), n)}
    return pl.DataFrame(keys | {name: grid.ravel() for name, grid in columns.items()})


def test_both_gives_the_true_immediate_effect_where_a_later_score_taken_for_an_earlier_one_does_not() -> None:
    table = both_sides(1.5)
    joint = lagged_within_client_effect(table, timing="both")
    screen = lagged_within_client_screen(table, timing="both")
    score = joint.reading("score")
    assert score.interval[0] < -1.5 < score.interval[1] < -0.8
    assert joint.interval[0] < -1.5 < joint.interval[1] < 0
    assert screen.interval[0] < -1.5 < screen.interval[1] < -0.8
    assert "score right after the session, given the score right before it (immediate)" in joint.verdict
    mistaken = lagged_within_client_screen(table, timing="before", outcome="outcome_after")
    assert abs(mistaken.effect) < 0.7


def test_a_score_after_its_session_gives_the_true_effect_as_after_and_not_as_before() -> None:
    rng = np.random.default_rng(4)
    series = simulate_cohort("pure", n_clients=200, n_sessions=12, effect=1.5, rng=rng).table
    later = series.with_columns(pl.col("outcome_before").shift(-1).over("client_id").alias("score_after"))
    options: dict[str, Any] = {"outcome": "score_after"}
    joint = lagged_within_client_effect(later, timing="after", **options)
    screen = lagged_within_client_screen(later, timing="after", **options)
    assert joint.interval[0] < -1.5 < joint.interval[1] < 0
    assert screen.interval[0] < -1.5 < screen.interval[1] < 0
    assert "immediate" in joint.verdict
    assert dict(joint.dropped)["session before the first score of the cohort"] == 200
    wrong = lagged_within_client_screen(later, timing="before", **options)
    assert wrong.interval[0] > -1.0


def test_baselines_of_both_are_the_score_before_and_the_one_after_the_last_session() -> None:
    table = both_sides(1.0, n=12, sessions=6)
    found = align_sessions_to_outcomes(table, timing="both").table
    joined = found.join(table, on=["client_id", "session"])
    assert (joined["score_before"] == joined["outcome_before"]).all()
    assert (joined["score_after"] == joined["outcome_after"]).all()
    earlier = pl.col("outcome_after").shift(1).over("client_id")
    assert joined["score_earlier"].to_list() == table.select(earlier).to_series().to_list()
    screen = lagged_within_client_screen(table, timing="both")
    assert screen.n_rows == len(joined.filter(pl.col("score_earlier").is_not_null()))
    assert screen.warnings[0].startswith("scores right before and after the session")


def test_the_screen_at_a_later_lag_is_the_regression_with_dummy_variables() -> None:
    n, sessions = 14, 10
    table = cohort(n=n, sessions=sessions)
    grid = {k: table[k].to_numpy().reshape(n, sessions + 1) for k in ("outcome_before", "event")}
    y, e = grid["outcome_before"], grid["event"]
    rows = slice(1, sessions - 1)
    target, now, last = y[:, 3:], e[:, rows], e[:, : sessions - 2]
    before, earlier = y[:, rows], y[:, : sessions - 2]
    who, when = np.indices(now.shape)
    clients, times = np.eye(n)[who.ravel()], np.eye(now.shape[1])[when.ravel()]
    x = np.column_stack([v.ravel() for v in (now, before, earlier, last)])
    design = np.hstack([x, clients, clients * when.reshape(-1, 1), times])
    expected = np.linalg.lstsq(design, target.ravel(), rcond=None)[0][:4]
    found = lagged_within_client_screen(table, layout=Layout(timing="before", lag=2))
    names = ["process", "score before", "score before that", "process of the last session"]
    assert [found.coefficients[k] for k in names] == pytest.approx(expected, rel=1e-8)
    assert "2nd next score" in found.layout.outcome_in_words


def weekly(**moved: int) -> pl.DataFrame:
    days = {t: 7 * t + moved.get(f"at_{t}", 0) for t in range(6)}
    return pl.DataFrame(
        {
            "client_id": ["a"] * 6,
            "session": range(6),
            "outcome_before": [20.0, 18.0, 17.0, 15.0, 12.0, 9.0],
            "event": [1, 0, 1, 0, 1, None],
            "day": list(days.values()),
        }
    )


def test_a_window_of_days_takes_the_first_score_in_it() -> None:
    plan = Layout(timing="before", lag_days=(10, 16), days="day")
    found = align_sessions_to_outcomes(weekly(), layout=plan).table
    assert found["score_after"].to_list() == [17.0, 15.0, 12.0, 9.0, None, None]
    assert found["elapsed_days"].to_list() == [14.0, 14.0, 14.0, 14.0, None, None]
    panel = read_panel(weekly(), layout=plan)
    assert np.array_equal(panel.after[0], [17.0, 15.0, 12.0, 9.0, np.nan], equal_nan=True)


def test_sessions_that_would_share_an_outcome_are_refused_with_their_number() -> None:
    table = weekly(at_1=-2)
    for call in (align_sessions_to_outcomes, lagged_within_client_screen):
        with pytest.raises(CannotEstimate) as caught:
            call(table, layout=Layout(timing="before", lag_days=(7, 14), days="day"))
        assert caught.value.code == "windows_overlap"
        assert caught.value.found == "1 sessions that share their outcome with another"


def test_dates_and_times_with_a_zone_count_days_and_naive_times_are_refused() -> None:
    table = weekly()
    plan = Layout(timing="before", lag_days=(7, 7), days="day")
    start = datetime(2024, 3, 4, 9, tzinfo=UTC)
    kinds: list[list[Any]] = [
        [date(2024, 3, 4) + timedelta(days=d) for d in table["day"]],
        [start + timedelta(days=d) for d in table["day"]],
    ]
    for days in kinds:
        other = table.with_columns(day=pl.Series(days))
        panel = read_panel(other, layout=plan)
        assert panel.after[0].tolist() == [18.0, 17.0, 15.0, 12.0, 9.0]
        aligned = align_sessions_to_outcomes(other, layout=plan).table
        assert aligned["elapsed_days"].to_list()[:5] == [7.0] * 5
    naive = table.with_columns(day=pl.Series([d.replace(tzinfo=None) for d in kinds[1]]))
    for reads in (read_panel, align_sessions_to_outcomes):
        with pytest.raises(TableError) as caught:
            reads(naive, layout=plan)
        assert caught.value.code == "naive_time"


def test_the_joint_model_refuses_a_lag_in_days() -> None:
    table = cohort(n=40).with_columns(day=pl.col("session") * 7.0)
    plan = Layout(timing="before", lag_days=(7, 7), days="day")
    with pytest.raises(CannotEstimate, match="lag_in_days"):
        lagged_within_client_effect(table, layout=plan)
    screen = lagged_within_client_screen(table, layout=plan)
    assert screen.effect == pytest.approx(lagged_within_client_screen(table, timing="before").effect)


def test_lines_in_days_are_lines_in_sessions_where_sessions_are_a_week_apart() -> None:
    table = cohort(n=40).with_columns(day=pl.col("session") * 7.0 + pl.col("client_id") * 3)
    plan = Layout(timing="before", time_axis="days", days="day")
    screens = (lagged_within_client_screen(table, layout=p) for p in (plan, Layout(timing="before")))
    one, other = screens
    assert one.effect == pytest.approx(other.effect, rel=1e-8)
    joints = (lagged_within_client_effect(table, layout=p) for p in (plan, Layout(timing="before")))
    first, second = joints
    assert first.interval == pytest.approx(second.interval, rel=1e-6)
    uneven = table.with_columns(day=pl.col("day") + 3 * (pl.col("session") % 2))
    moved = lagged_within_client_screen(uneven, layout=plan)
    assert moved.effect != pytest.approx(other.effect, rel=1e-6)


def test_covariates_that_are_process_outcome_client_or_session_are_refused_with_their_number() -> None:
    table = cohort()
    for names in (("event",), ("event", "outcome_before")):
        for estimator in (
            lagged_within_client_effect,
            lagged_within_client_screen,
            align_sessions_to_outcomes,
        ):
            with pytest.raises(CannotEstimate) as caught:
                estimator(table, layout=Layout(timing="before", covariates=names))
            assert (caught.value.code, caught.value.found) == ("shared_items", f"{len(names)} that are")
    with pytest.raises(CannotEstimate, match="client nor session"):
        align_sessions_to_outcomes(
            table, layout=Layout(timing="before", covariates="session", aggregator="any")
        )


def test_estimators_without_a_place_for_covariates_refuse_them() -> None:
    table = cohort().with_columns(load=pl.col("client_id") * 0.5)
    plan = Layout(timing="before", covariates="load", lagged_process=True)
    calls: list[Any] = [
        lambda: within_client_permutation_test(table, layout=plan),
        lambda: critical_session_contrast(table, gain=3, control="session before", layout=plan),
        lambda: event_crossover_effect(table, gain=3, referents="all", layout=plan),
    ]
    for call in calls:
        with pytest.raises(CannotEstimate) as caught:
            call()
        assert (caught.value.code, caught.value.found) == ("covariates_unused", "2 of them")


def test_a_lag_beyond_every_score_leaves_nothing_to_use() -> None:
    table = cohort()
    plan = Layout(timing="before", lag=1000)
    assert align_sessions_to_outcomes(table, layout=plan).n_usable == 0
    with pytest.raises(CannotEstimate, match=r"too_few_occasions: .* found 0"):
        lagged_within_client_effect(table, layout=plan)
    with pytest.raises(CannotEstimate, match="too_few_clients"):
        lagged_within_client_screen(table, layout=plan)


def test_other_methods_take_later_scores_and_both_sides_too() -> None:
    table = both_sides(1.5, n=60, sessions=8)
    both = specification_sensitivity(table, timing="both", gain=3.0)
    assert both.estimate("difference GMM (Arellano & Bond)").refused == "refused: lag"
    assert both.estimate("screen").estimate == lagged_within_client_screen(table, timing="both").effect
    assert within_client_permutation_test(table, timing="both").n_rows == 60 * 8
    contrast = critical_session_contrast(table, timing="both", gain=3, control="session before")
    assert contrast.n_pairs > 10
    lagged = within_client_permutation_test(table, layout=Layout(timing="before", lag=2))
    assert lagged.n_rows == 60 * 6
