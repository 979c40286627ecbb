from __future__ import annotations

import itertools
import json
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import pytest
from scipy.optimize import minimize

from shared_data import SHARED, needs_shared
from therapeutic_process.errors import CannotEstimate
from therapeutic_process.process_outcome import event_crossover_effect
from therapeutic_process.process_outcome.conditional import arrange, fit_conditional
from therapeutic_process.simulate import Scenario, simulate_cohort

if TYPE_CHECKING:
    from typing import Any

REFERENCE = SHARED / "reference" / "process_outcome"


def result(name: str) -> Any:
    return json.loads((REFERENCE / "results" / f"{name}.json").read_text())["result"]


def cohort(scenario: Scenario = "pure", n: int = 80, **options: Any) -> pl.DataFrame:
    rng = np.random.default_rng(4)
    return simulate_cohort(scenario, n_clients=n, n_sessions=8, rng=rng, **options).table


@needs_shared
def test_the_exact_likelihood_agrees_with_r() -> None:
    table = pl.read_csv(REFERENCE / "data" / "infert.csv")
    stratum = np.unique(table["stratum"].to_numpy(), return_inverse=True)[1].ravel()
    columns = table.select("spontaneous", "induced").cast(pl.Float64).to_numpy()
    found = fit_conditional(arrange(table["case"].to_numpy() == 1, columns, stratum, np.zeros(len(table))))
    expected = result("clogit_infert")
    assert found.coefficients == pytest.approx([c["coef"] for c in expected["coef"]], rel=1e-8)
    assert found.standard_errors == pytest.approx([c["se(coef)"] for c in expected["coef"]], rel=1e-8)
    assert [found.null_log_likelihood, found.log_likelihood] == pytest.approx(expected["loglik"], rel=1e-10)


def rumination() -> pl.DataFrame:
    rows = pl.read_csv(REFERENCE / "data" / "sgdata_events.csv")
    before = rows.select("id", "session", outcome_before="y")
    after = rows.select("id", pl.col("session").cast(pl.Int64) + 1, outcome_before="y_next")
    scores = pl.concat([before.cast({"session": pl.Int64}), after]).unique()
    events = rows.select("id", pl.col("session").cast(pl.Int64), "event")
    return scores.join(events, on=["id", "session"], how="left")


@needs_shared
def test_several_gains_per_client_agree_with_r_with_and_without_adjustment() -> None:
    plain = event_crossover_effect(
        rumination(), timing="before", client="id", gain=5, referents="all", adjust_score=False
    )
    expected = result("sgdata_clogit")
    row = expected["coef"][0]
    assert plain.coefficients["process"] == pytest.approx(row["coef"], rel=1e-8)
    assert plain.standard_errors["process"] == pytest.approx(row["se(coef)"], rel=1e-8)
    assert plain.p_value == pytest.approx(row["Pr(>|z|)"], rel=1e-6)
    assert plain.log_likelihood == pytest.approx(expected["loglik"][1], rel=1e-10)
    adjusted = event_crossover_effect(
        rumination(), timing="before", client="id", gain=5, referents="all", session_effects=True
    )
    expected = result("sgdata_clogit_adj")
    found = [adjusted.coefficients["process"], adjusted.coefficients["score before"]]
    assert found == pytest.approx([c["coef"] for c in expected["coef"]], rel=1e-7)
    assert adjusted.log_likelihood == pytest.approx(expected["loglik"][1], rel=1e-9)


def test_the_likelihood_is_that_of_all_ways_to_choose_the_cases() -> None:
    rng = np.random.default_rng(2)
    columns, stratum = rng.normal(size=(18, 2)), np.repeat([0, 1, 2], 6)
    case = np.tile([True, True, False, False, True, False], 3)

    def negative(theta: Any) -> float:
        total = 0.0
        for s in range(3):
            eta, hit = columns[stratum == s] @ theta, case[stratum == s]
            ways = [np.exp(eta[list(w)].sum()) for w in itertools.combinations(range(6), int(hit.sum()))]
            total -= float(eta[hit].sum() - np.log(sum(ways)))
        return total

    found = fit_conditional(arrange(case, columns, stratum, np.zeros(18)))
    best = minimize(negative, np.zeros(2), tol=1e-12)
    assert found.coefficients == pytest.approx(best.x, abs=1e-5)
    assert found.log_likelihood == pytest.approx(-best.fun, abs=1e-9)


def test_a_column_that_sorts_all_gains_is_refused_as_separation() -> None:
    table = cohort()
    gains = table.with_columns(
        drop=(pl.col("outcome_before") - pl.col("outcome_before").shift(-1)).over("client_id")
    )
    sorted_by_gain = gains.with_columns(event=(pl.col("drop") >= 5).cast(pl.Float64))
    with pytest.raises(CannotEstimate) as caught:
        event_crossover_effect(sorted_by_gain, timing="before", gain=5, referents="all")
    assert caught.value.code == "separation"


def test_undeclared_referents_and_nobody_with_a_gain_are_refused() -> None:
    with pytest.raises(CannotEstimate, match="referents_undeclared"):
        event_crossover_effect(cohort(), timing="before", gain=5, referents="some")  # type: ignore[arg-type]
    with pytest.raises(CannotEstimate, match="no_informative_client"):
        event_crossover_effect(cohort(), timing="before", gain=500, referents="all")
    with pytest.raises(CannotEstimate, match="no_informative_client"):
        event_crossover_effect(cohort(), timing="before", gain=500, referents="neighbours")
    with pytest.raises(CannotEstimate, match="timing_undeclared"):
        event_crossover_effect(cohort(), gain=5, referents="all")


def test_neighbours_are_one_session_away_and_no_gain_themselves() -> None:
    table = pl.DataFrame(
        {
            "client_id": [1] * 5 + [2] * 5,
            "session": [0, 1, 2, 3, 4] * 2,
            "outcome_before": [20.0, 20.0, 10.0, 10.0, 10.0, 20.0, 20.0, 20.0, 10.0, 10.0],
            "event": [0, 1, 0, 1, None, 1, 0, 0, 1, None],
        }
    )
    found = event_crossover_effect(table, timing="before", gain=5, referents="neighbours", adjust_score=False)
    assert (found.n_gains, found.n_sessions, found.n_clients) == (2, 6, 2)
    assert found.odds_ratio == pytest.approx(2.0)


def test_events_that_follow_bad_weeks_look_effective_unless_the_score_is_adjusted_for() -> None:
    table = cohort("rtm", n=400)
    crude = event_crossover_effect(table, timing="before", gain=5, referents="all", adjust_score=False)
    assert crude.p_value < 0.001
    assert crude.odds_ratio > 1
    assert "conditional" in str(crude)
    adjusted = event_crossover_effect(table, timing="before", gain=5, referents="all")
    assert abs(np.log(adjusted.odds_ratio)) < abs(np.log(crude.odds_ratio))
