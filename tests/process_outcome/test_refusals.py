"""Bad input to every estimator: refused with the numbers, and never a p-value for what could not be fitted."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import polars as pl
import pytest

from therapeutic_process.errors import CannotEstimate, TableError
from therapeutic_process.process_outcome import (
    Layout,
    conditional,
    dropout_sensitivity,
    event_crossover_effect,
    inert_process,
    joint_fit,
    lagged_within_client_effect,
    lagged_within_client_screen,
    multilevel,
    process_gradient,
    specification_sensitivity,
    within_client_mediation,
)
from therapeutic_process.simulate import simulate_cohort


def cohort(n: int = 60, sessions: int = 9) -> pl.DataFrame:
    table = simulate_cohort("pure", n_clients=n, n_sessions=sessions, rng=np.random.default_rng(1)).table
    noise = np.random.default_rng(2).normal(size=len(table))
    return table.with_columns(practice=pl.when(pl.col("event").is_not_null()).then(noise))


def process_of(value: pl.Expr) -> pl.DataFrame:
    return cohort().with_columns(event=pl.when(pl.col("event").is_not_null()).then(value))


def effect(table: pl.DataFrame, **options: Any) -> Any:
    return lagged_within_client_effect(table, timing="before", **options)


def screen(table: pl.DataFrame, **options: Any) -> Any:
    return lagged_within_client_screen(table, timing="before", **options)


def inert(table: pl.DataFrame, **options: Any) -> Any:
    rng = np.random.default_rng(1)
    return inert_process(table, bounds=(-1, 1), coder_reliability=0.9, rng=rng, timing="before", **options)


def mediation(table: pl.DataFrame, **options: Any) -> Any:
    rng = np.random.default_rng(1)
    return within_client_mediation(
        table, rng=rng, mediator="practice", mediator_timing="between", timing="before", **options
    )


def dropout(table: pl.DataFrame, **options: Any) -> Any:
    return dropout_sensitivity(table, rng=np.random.default_rng(1), timing="before", imputations=2, **options)


JOINT = [effect, inert, mediation, dropout]
Estimator = Callable[..., Any]


def refusal(estimator: Estimator, table: pl.DataFrame, **options: Any) -> CannotEstimate:
    with pytest.raises(CannotEstimate) as caught:
        estimator(table, **options)
    return caught.value


@pytest.mark.parametrize("estimator", [effect, inert, mediation])
def test_too_few_clients_occasions_and_varying_clients_are_refused_with_their_numbers(
    estimator: Estimator,
) -> None:
    few = refusal(estimator, cohort(n=29))
    assert (few.code, few.needed, few.found) == ("too_few_clients", "at least 30 usable clients", "29")
    short = refusal(estimator, cohort(sessions=4))
    assert (short.code, short.needed, short.found) == (
        "too_few_occasions", "at least 6 outcome occasions", "5",
    )  # fmt: skip
    rare = refusal(estimator, process_of((pl.col("client_id") <= 14) & (pl.col("session") == 3)))
    assert (rare.code, rare.found) == ("too_few_varying_clients", "14")


def test_the_screen_says_how_many_clients_and_columns_it_found() -> None:
    few = refusal(screen, cohort(n=9))
    assert (few.code, few.found) == ("too_few_clients", "9")
    short = refusal(screen, cohort(sessions=4))
    assert (short.code, short.found) == ("too_few_clients", "0")
    for value in (pl.col("client_id") * 0.1, pl.col("session") * 0.1, pl.lit(1.0)):
        same = refusal(screen, process_of(value))
        assert (same.code, same.found) == ("rank_deficient", "2")


def test_an_outcome_or_process_without_variance_within_clients_is_refused_by_name() -> None:
    still = cohort().with_columns(outcome_before=pl.col("client_id") * 0.1 + pl.col("session") * 0.3)
    found = refusal(effect, still)
    assert found.code == "no_within_variance"
    assert found.found == "0 variance about clients' own lines in the outcome"
    straight = refusal(effect, process_of(pl.col("session") * 0.1))
    assert straight.found == "0 variance about clients' own lines in the process"


@pytest.mark.parametrize("estimator", [effect, screen, inert])
def test_shared_items_are_refused_with_how_many(estimator: Estimator) -> None:
    found = refusal(estimator, cohort(), outcome_items=["a", "b", "c"], process_items=["b", "c", "d"])
    assert (found.code, found.found) == ("shared_items", "2 common")


@pytest.mark.parametrize("estimator", [*JOINT, screen])
def test_one_column_for_process_and_outcome_is_refused(estimator: Estimator) -> None:
    assert refusal(estimator, cohort(), process="outcome_before").code == "shared_items"


def test_naive_times_are_refused_wherever_days_are_read() -> None:
    table = cohort().with_columns(day=pl.datetime(2024, 3, 1) + pl.duration(days=7 * pl.col("session")))
    plans = [
        Layout(timing="before", days="day", elapsed_days=True),
        Layout(timing="before", days="day", time_axis="days"),
        Layout(timing="before", days="day", lag_days=(7, 7)),
    ]
    for plan in plans:
        for estimator in (lagged_within_client_effect, lagged_within_client_screen, process_gradient):
            with pytest.raises(TableError) as caught:
                estimator(table, layout=plan)
            assert caught.value.code == "naive_time"
            assert caught.value.found == f"times without a zone in {len(table)} rows"


def test_separation_is_refused_and_not_given_an_odds_ratio() -> None:
    table = pl.DataFrame(
        {
            "client_id": np.repeat(np.arange(20), 4),
            "session": np.tile(range(4), 20),
            "outcome_before": np.tile([20.0, 10.0, 10.0, 10.0], 20),
            "event": np.tile([1.0, 0.0, 0.0, np.nan], 20),
        }
    )
    found = refusal(event_crossover_effect, table, gain=5, referents="all", timing="before")
    assert found.code == "separation"


@pytest.mark.parametrize("estimator", JOINT)
def test_what_does_not_converge_is_refused(estimator: Estimator, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(joint_fit, "_MAX_STEPS", 2)
    table = cohort().filter((pl.col("client_id") > 20) | (pl.col("session") < 8))
    found = refusal(estimator, table)
    assert (found.code, found.found) == ("not_converged", "no convergence in 2 steps")


def test_no_model_of_the_comparison_has_a_p_value_without_an_estimate_it_could_fit(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(joint_fit, "_MAX_STEPS", 2)

    def endless(*_: Any, **__: Any) -> Any:
        raise multilevel.NotConverged

    monkeypatch.setattr("therapeutic_process.process_outcome.specifications.random_intercept", endless)
    found = specification_sensitivity(cohort(), timing="before")
    refused = {e.name: e for e in found.estimates if e.refused is not None}
    assert {e.refused for e in refused.values()} == {"refused: not_converged"}
    assert len(refused) == 3
    assert all(np.isnan(e.p_value) and np.isnan(e.estimate) for e in refused.values())


@pytest.mark.parametrize(
    "table",
    [
        process_of(pl.col("client_id") * 0.1),
        process_of(pl.col("session") * 0.1),
        process_of(pl.lit(1.0)),
        cohort().with_columns(outcome_before=pl.lit(3.3)),
        cohort().with_columns(outcome_before=pl.col("client_id") * 0.1 + pl.col("session") * 0.3),
    ],
    ids=["one value per client", "one value per session", "one value", "one score", "straight lines"],
)
def test_degenerate_columns_leave_every_regression_without_a_p_value(table: pl.DataFrame) -> None:
    found = specification_sensitivity(table, timing="before", gain=3.0)
    assert all(np.isnan(e.p_value) for e in found.estimates if e.scale == "points per unit")
    assert all(e.refused for e in found.estimates if np.isnan(e.p_value))


def test_a_conditional_fit_that_does_not_end_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(conditional, "_MAX_STEPS", 0)
    table = simulate_cohort("rtm", n_clients=60, n_sessions=9, rng=np.random.default_rng(1)).table
    found = refusal(event_crossover_effect, table, gain=3, referents="all", timing="before")
    assert found.code == "not_converged"


def test_nothing_at_all_and_one_row_are_refused() -> None:
    for table in (cohort().head(0), cohort().head(1), cohort().with_columns(event=pl.lit(None, pl.Float64))):
        for estimator in (effect, screen, inert, mediation, dropout):
            with pytest.raises((CannotEstimate, TableError)):
                estimator(table)
