from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from therapeutic_process.errors import CannotEstimate
from therapeutic_process.process_outcome import InertVerdict, inert_process, lagged_within_client_effect
from therapeutic_process.simulate import Scenario, simulate_cohort

if TYPE_CHECKING:
    from typing import Any

    import polars as pl


def cohort(scenario: Scenario = "pure", n: int = 200, sessions: int = 8, **options: Any) -> pl.DataFrame:
    rng = np.random.default_rng(5)
    return simulate_cohort(scenario, n_clients=n, n_sessions=sessions, rng=rng, **options).table


def inert(table: pl.DataFrame, bounds: tuple[float, float], **options: Any) -> InertVerdict:
    defaults: dict[str, Any] = {"coder_reliability": 1.0, "replications": 2, "rng": np.random.default_rng(1)}
    return inert_process(table, timing="before", bounds=bounds, **defaults | options)


def test_a_process_without_effect_is_inert_only_where_the_interval_lies_inside_the_bounds() -> None:
    table = cohort(n=1500)
    wide = inert(table, (-1.0, 1.0))
    assert wide.verdict == "inert"
    assert wide.bounds[0] < wide.interval[0] < wide.interval[1] < wide.bounds[1]
    assert inert(table, (-0.02, 0.02)).verdict == "undecided"


def test_not_significant_is_not_inert() -> None:
    table = cohort(n=60)
    assert not lagged_within_client_effect(table, timing="before").excludes_zero
    assert inert(table, (-0.5, 0.5)).verdict == "undecided"


def test_an_effect_beyond_the_bounds_is_not_inert() -> None:
    assert inert(cohort(n=300, effect=3.0), (-0.5, 0.5)).verdict == "not inert"


def test_the_interval_is_the_joint_models_robust_one_at_ninety_percent() -> None:
    table = cohort(n=100)
    expected = lagged_within_client_effect(table, timing="before", level=0.90)
    assert inert(table, (-0.3, 0.3)).interval == expected.interval


def test_the_simulation_puts_the_effect_at_the_bound() -> None:
    found = inert(cohort(n=400), (-1.0, 1.0), replications=10)
    assert found.false_inert_rate <= 0.15
    assert found.replications == 40


def test_poor_coding_makes_an_effect_look_small_and_the_verdict_is_refused() -> None:
    with pytest.raises(CannotEstimate) as caught:
        inert(cohort(n=1500), (-1.0, 1.0), coder_reliability=0.3, replications=8)
    assert caught.value.code == "cannot_tell"


def test_undeclared_bounds_reliability_and_timing_are_refused() -> None:
    table = cohort(n=40)
    with pytest.raises(CannotEstimate, match="bounds_undeclared"):
        inert(table, (0.0, 1.0))
    with pytest.raises(CannotEstimate, match="reliability_undeclared"):
        inert(table, (-1.0, 1.0), coder_reliability=0.0)
    with pytest.raises(CannotEstimate, match="timing_undeclared"):
        inert_process(table, bounds=(-1.0, 1.0), coder_reliability=0.8, rng=np.random.default_rng(0))


def test_the_same_seed_gives_the_same_verdict_and_the_text_names_outcome_lag_and_mean() -> None:
    table = cohort(n=80)
    one, again = (inert(table, (-0.5, 0.5)) for _ in range(2))
    assert one.false_inert_rate == again.false_inert_rate
    assert "for outcome_before, lag: next score, as a mean over these clients" in str(one)
