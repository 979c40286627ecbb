"""Scores of those who left, filled in and moved: what must follow, and what is refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from therapeutic_process.errors import CannotEstimate
from therapeutic_process.process_outcome import (
    DropoutSensitivity,
    Layout,
    dropout_sensitivity,
    lagged_within_client_effect,
    lagged_within_client_screen,
)
from therapeutic_process.process_outcome.dropout import combined
from therapeutic_process.simulate import simulate_cohort


def leaving(effect: float = 1.5, n: int = 120, sessions: int = 9, seed: int = 1) -> pl.DataFrame:
    """Draw clients of whom a third leave after a session, without a score after it."""
    rng = np.random.default_rng(seed)
    table = simulate_cohort("rtm", n_clients=n, n_sessions=sessions, effect=effect, rng=rng).table
    last = pl.Series("last", np.where(rng.random(n) < 1 / 3, rng.integers(4, sessions - 1, n), 99))
    table = table.join(pl.DataFrame({"client_id": range(1, n + 1), "last": last}), on="client_id")
    table = table.filter(pl.col("session") <= pl.col("last"))
    return table.with_columns(left=(pl.col("last") < 99).cast(pl.Int8)).drop("last")


def sensitivity(table: pl.DataFrame, **options: Any) -> DropoutSensitivity:
    given: dict[str, Any] = {"timing": "before", "imputations": 3, "rng": np.random.default_rng(5)}
    return dropout_sensitivity(table, **(given | options))


def test_filled_in_at_random_the_estimate_is_about_that_of_the_model_itself() -> None:
    table = leaving()
    plain = lagged_within_client_effect(table, timing="before")
    found = sensitivity(table, deltas=(0.0,), imputations=6)
    (at_random,) = found.estimates
    for r in plain.readings:
        assert at_random.effects[r.reading] == pytest.approx(r.effect, abs=0.5 * r.standard_error)
        assert at_random.standard_errors[r.reading] == pytest.approx(r.standard_error, rel=0.25)
    assert 0 < at_random.missing_information < 0.5
    left = table.filter(pl.col("left") == 1)["client_id"].n_unique()
    assert found.n_left == left
    gone = left * 10 - len(table.filter(pl.col("left") == 1))
    assert found.n_filled == gone


def test_the_screen_sees_only_the_scores_that_follow_a_coded_session() -> None:
    table = leaving()
    found = sensitivity(table, deltas=(-1.0, 0.0, 1.0), estimator="screen")
    effects = [e.effects["screen"] for e in found.estimates]
    assert len({round(e, 9) for e in effects}) == 3
    # a screen is linear in the scores that are outcomes only: equal steps of delta move it equally
    assert effects[2] - effects[1] == pytest.approx(effects[1] - effects[0], rel=1e-6)
    assert abs(effects[1] - lagged_within_client_screen(table, timing="before").effect) < 0.3


def test_a_delta_moves_the_effect_the_way_it_moves_the_scores_after_the_event() -> None:
    """If all who left did so after an event, scores that are better by delta make the event look better."""
    rng = np.random.default_rng(3)
    table = simulate_cohort("pure", n_clients=120, n_sessions=9, rng=rng).table
    first = table.filter((pl.col("event") == 1) & (pl.col("session") >= 4)).group_by("client_id")
    chosen = first.agg(pl.col("session").min().alias("last")).filter(pl.col("client_id") % 2 == 0)
    table = table.join(chosen, on="client_id", how="left").filter(
        pl.col("last").is_null() | (pl.col("session") <= pl.col("last"))
    )
    found = sensitivity(table.drop("last"), deltas=(-3.0, 0.0, 3.0), estimator="screen")
    low, middle, high = (e.effects["screen"] for e in found.estimates)
    assert low < middle - 0.3 < middle + 0.3 < high
    assert found.tipping_points != (None, None)
    assert "the verdict changes at" in found.verdict


def test_the_same_seed_gives_the_same_answer_and_deltas_share_their_imputations() -> None:
    table = leaving(n=60)
    one, other = (sensitivity(table, deltas=(0.0, 0.5), estimator="screen") for _ in range(2))
    assert one.estimates == other.estimates
    alone = sensitivity(table, deltas=(0.5,), estimator="screen")
    assert alone.estimates[0] == one.estimates[1]
    assert len(one.to_frame()) == 2
    assert "delta +0.5" in str(one)


def test_only_those_said_to_have_left_are_filled_in() -> None:
    table = leaving(n=60)
    some = table.with_columns(left=pl.col("left") * (pl.col("client_id") % 2))
    expected = some.filter(pl.col("left") == 1)["client_id"].n_unique()
    assert sensitivity(some, left="left", deltas=(0.0,), estimator="screen").n_left == expected
    with pytest.raises(CannotEstimate, match="nobody_left"):
        sensitivity(table.with_columns(left=pl.lit(0)), left="left")


def test_where_nobody_left_and_where_nothing_can_be_filled_in_is_refused() -> None:
    rng = np.random.default_rng(1)
    complete = simulate_cohort("pure", n_clients=40, n_sessions=7, rng=rng).table
    with pytest.raises(CannotEstimate, match="nobody_left"):
        sensitivity(complete)
    table = leaving(n=60)
    for options, code in (
        ({"imputations": 1}, "too_few_imputations"),
        ({"deltas": ()}, "deltas_undeclared"),
        ({"deltas": (0.0, float("nan"))}, "deltas_undeclared"),
        ({"estimator": "both"}, "estimator_unknown"),
        ({"timing": None}, "timing_undeclared"),
        ({"timing": None, "layout": Layout(timing="before", lag_days=(1, 9), days="session")}, "lag_in_days"),
    ):
        with pytest.raises(CannotEstimate) as caught:
            sensitivity(table, **options)
        assert caught.value.code == code


def test_scores_of_both_sides_are_filled_in_too() -> None:
    table = leaving(n=60).with_columns(outcome_after=pl.col("outcome_before") - pl.col("event") + 0.0)
    noise = np.random.default_rng(2).normal(0, 2, len(table))
    table = table.with_columns(pl.col("outcome_after") + noise)
    table = table.with_columns(
        pl.when(pl.col("left") == 1, pl.col("session") == pl.col("session").max().over("client_id"))
        .then(None)
        .otherwise("outcome_after")
        .alias("outcome_after")
    )
    found = sensitivity(table, timing="both", deltas=(0.0,), estimator="screen")
    assert found.estimates[0].interval[0] < found.estimates[0].interval[1]


estimates = st.tuples(st.floats(-5, 5), st.floats(0.1, 3), st.integers(20, 400))


@given(st.lists(estimates, min_size=2, max_size=8), st.floats(0.1, 10), st.floats(-9, 9))
def test_rubin_s_rules_keep_units_and_never_shrink_the_error(
    answers: list[tuple[float, float, int]], scale: float, shift: float
) -> None:
    found = combined(answers, 0.95)
    moved = combined([(scale * e + shift, scale * s, d) for e, s, d in answers], 0.95)
    assert moved.effect == pytest.approx(scale * found.effect + shift, abs=1e-9)
    assert moved.standard_error == pytest.approx(scale * found.standard_error, rel=1e-6)
    within = np.sqrt(np.mean([s**2 for _, s, _ in answers]))
    assert found.standard_error >= within - 1e-12
    assert found.degrees_of_freedom <= np.mean([d for _, _, d in answers]) + 1e-9


def test_imputations_that_agree_add_nothing() -> None:
    found = combined([(1.0, 0.5, 99)] * 5, 0.95)
    assert (found.standard_error, found.missing_information) == (0.5, 0.0)
