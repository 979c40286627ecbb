from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import pytest
from scipy import stats

from therapeutic_process.errors import CannotEstimate
from therapeutic_process.process_outcome import CriticalSessionContrast, critical_session_contrast
from therapeutic_process.simulate import Scenario, simulate_cohort

if TYPE_CHECKING:
    from typing import Any

SMALL = pl.DataFrame(
    {
        "client_id": [1] * 5 + [2] * 5 + [3] * 5,
        "session": [0, 1, 2, 3, 4] * 3,
        "outcome_before": [20.0, 18, 19, 10, 10, 25, 24, 15, 16, 16, 9, 9, 9, 9, 9],
        "event": [0, 1, 1, 0, None, 0, 1, 0, 0, None, 1, 1, 1, 1, None],
    }
)


def contrast(table: Any, **options: Any) -> CriticalSessionContrast:
    return critical_session_contrast(table, timing="before", **{"gain": 6} | options)


def cohort(scenario: Scenario, n: int = 400, **options: Any) -> pl.DataFrame:
    rng = np.random.default_rng(3)
    return simulate_cohort(scenario, n_clients=n, n_sessions=8, rng=rng, **options).table


def test_the_session_before_the_first_gain_meets_the_one_before_it() -> None:
    found = contrast(SMALL, control="session before")
    assert (found.n_gains, found.n_pairs, found.more, found.less) == (2, 2, 1, 0)
    assert found.mean_difference == 0.5
    assert found.score_difference == pytest.approx(((19 - 18) + (24 - 25)) / 2)
    assert found.p_value == 1.0


def test_the_closest_score_is_the_control_when_declared() -> None:
    found = contrast(SMALL, control="closest score")
    assert found.n_pairs == 2
    assert found.score_difference == pytest.approx(-1.0)
    near = contrast(SMALL, control="closest score", caliper=1.0)
    assert near.n_pairs == 2
    with pytest.raises(CannotEstimate, match="no_pair"):
        contrast(SMALL, control="closest score", caliper=0.5)


def test_mcnemar_is_the_exact_binomial_on_discordant_pairs() -> None:
    found = contrast(cohort("rtm"), control="session before")
    assert found.test == "exact McNemar"
    assert found.p_value == pytest.approx(stats.binomtest(found.more, found.more + found.less).pvalue)


def test_regression_to_the_mean_makes_this_contrast_reject_and_the_result_warns() -> None:
    found = contrast(cohort("rtm", n=1500), control="session before")
    assert found.p_value < 0.001
    assert found.mean_difference > 0
    assert found.score_difference > 1
    assert "regression to the mean" in str(found)
    matched = contrast(cohort("rtm", n=1500), control="closest score", caliper=1.0)
    assert abs(matched.score_difference) < 0.5


def test_process_scores_are_compared_by_signed_ranks() -> None:
    found = contrast(cohort("rtm", process_kind="score"), control="session before", process="process")
    assert found.test == "signed rank"
    assert found.p_value < 0.05


def test_an_undeclared_control_or_timing_is_refused() -> None:
    with pytest.raises(CannotEstimate, match="control_undeclared"):
        contrast(SMALL, control=None)
    with pytest.raises(CannotEstimate, match="timing_undeclared"):
        critical_session_contrast(SMALL, gain=6, control="session before")
    with pytest.raises(CannotEstimate, match="no_pair"):
        contrast(SMALL, control="session before", gain=60)
