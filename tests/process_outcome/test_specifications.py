from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import pytest

from shared_data import SHARED, needs_shared
from therapeutic_process.errors import CannotEstimate
from therapeutic_process.process_outcome import (
    SpecificationSensitivity,
    lagged_within_client_effect,
    lagged_within_client_screen,
    specification_sensitivity,
)
from therapeutic_process.process_outcome.differences import difference_gmm
from therapeutic_process.process_outcome.multilevel import random_intercept
from therapeutic_process.simulate import Scenario, simulate_cohort

if TYPE_CHECKING:
    from typing import Any

    from numpy.typing import NDArray

REFERENCE = SHARED / "reference" / "process_outcome"


def result(name: str) -> Any:
    return json.loads((REFERENCE / "results" / f"{name}.json").read_text())["result"]


def rumination() -> SpecificationSensitivity:
    table = pl.read_csv(REFERENCE / "data" / "sgdata_long.csv")
    return specification_sensitivity(table, timing="before", client="id", outcome="bdi", process="rq", gain=5)


def models(scenario: Scenario, **options: Any) -> SpecificationSensitivity:
    rng = np.random.default_rng(3)
    cohort = simulate_cohort(scenario, n_clients=150, n_sessions=10, rng=rng)
    return specification_sensitivity(cohort.table, timing="before", **options)


@needs_shared
@pytest.mark.parametrize(
    ("name", "reference", "key"),
    [
        ("client effects", "sgdata_fe_nolag", "coef_cluster_HC0"),
        ("client effects and last score", "sgdata_fe_lagy", "coef_cluster_HC0"),
        ("client effects on change", "sgdata_fe_change", "coef_cluster_HC0"),
    ],
)
def test_client_effects_agree_with_r(name: str, reference: str, key: str) -> None:
    expected, found = result(reference), rumination().estimate(name)
    row, classical = expected[key][0], expected["coef_classical"][0]
    clients = expected["n_clients"]
    assert found.estimate == pytest.approx(row["Estimate"], rel=1e-9)
    assert found.standard_error == pytest.approx(
        row["Std. Error"] * np.sqrt(clients / (clients - 1)), rel=1e-9
    )
    assert found.classical_se == pytest.approx(classical["Std. Error"], rel=1e-9)
    assert (found.n_rows, found.n_clients) == (expected["nobs"], clients)


@needs_shared
@pytest.mark.parametrize(
    ("name", "reference", "row"),
    [
        ("centred multilevel model", "sgdata_wb_lmer_reml", 1),
        ("centred multilevel model and last score", "sgdata_cwc_lagy_lmer_reml", 2),
        ("first difference and last score", "sgdata_first_difference", 1),
    ],
)
def test_multilevel_models_and_first_differences_agree_with_r(name: str, reference: str, row: int) -> None:
    expected, found = result(reference)["coef"][row], rumination().estimate(name)
    assert [found.estimate, found.standard_error] == pytest.approx(
        [expected["Estimate"], expected["Std. Error"]], rel=1e-6
    )


@needs_shared
def test_client_trends_agree_with_r() -> None:
    expected, found = (
        result("sgdata_fe_detrended_lagy"),
        rumination().estimate("client effects and trends, last score"),
    )
    assert found.estimate == pytest.approx(expected["coef"]["x"], rel=1e-9)
    assert found.standard_error == pytest.approx(expected["se_CR0*sqrt(G/(G-1))"]["x"], rel=1e-9)
    assert found.classical_se == pytest.approx(expected["se_classical"]["x"], rel=1e-9)
    assert found.p_value == pytest.approx(expected["p_t_Gminus1"]["x"], rel=1e-9)


@needs_shared
def test_one_data_set_gives_opposite_answers_by_method() -> None:
    found = rumination()
    assert found.estimate("centred multilevel model").p_value < 1e-27
    assert found.estimate("client effects on change").estimate < -0.1
    assert found.estimate("client effects on change").p_value < 1e-3
    assert found.estimate("screen").p_value > 0.6


@needs_shared
def test_restricted_and_full_likelihood_agree_with_r() -> None:
    rows = pl.read_csv(REFERENCE / "data" / "sgdata_lagged_rows.csv")
    client = np.unique(rows["id"].to_numpy(), return_inverse=True)[1].ravel()
    columns = rows.select(pl.lit(1.0), "x_within", "x_between", "session").cast(pl.Float64).to_numpy()
    for restricted, name in ((True, "sgdata_wb_lmer_reml"), (False, "sgdata_wb_lmer_ml")):
        expected = result(name)
        found = random_intercept(
            rows["y_next"].cast(pl.Float64).to_numpy(), columns, client, restricted=restricted
        )
        assert found.coefficients == pytest.approx([c["Estimate"] for c in expected["coef"]], rel=1e-6)
        assert found.standard_errors == pytest.approx([c["Std. Error"] for c in expected["coef"]], rel=1e-6)
        assert found.log_likelihood == pytest.approx(expected["logLik"], rel=1e-9)
        assert found.intercept_variance == pytest.approx(expected["varcomp"][0]["vcov"], rel=1e-5)


def test_no_variance_between_clients_is_a_variance_of_zero() -> None:
    rng = np.random.default_rng(8)
    client = np.repeat(np.arange(30), 6)
    noise = rng.normal(size=180)
    target = noise - np.bincount(client, weights=noise)[client] / 6
    found = random_intercept(target, np.ones((180, 1)), client)
    assert found.intercept_variance == 0.0
    assert found.coefficients[0] == pytest.approx(target.mean(), abs=1e-12)


@needs_shared
def test_difference_gmm_agrees_with_arellano_and_bond() -> None:
    """Arellano & Bond (1991), table 4(b)."""
    table = pl.read_csv(REFERENCE / "data" / "EmplUK.csv")
    firm = np.unique(table["firm"].to_numpy(), return_inverse=True)[1].ravel()
    year = (table["year"] - table["year"].min()).to_numpy()

    def grid(name: str) -> NDArray[np.float64]:
        values = np.full((firm.max() + 1, year.max() + 1), np.nan)
        values[firm, year] = np.log(table[name].to_numpy())
        return values

    def last(values: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.concatenate([np.full((len(values), 1), np.nan), values[:, :-1]], axis=1)

    wage, capital, output = grid("wage"), grid("capital"), grid("output")
    columns = np.stack([wage, last(wage), capital, output, last(output)])
    for two_steps, name in ((False, "empluk_ab_onestep_robust"), (True, "empluk_ab_twosteps")):
        found = difference_gmm(grid("emp"), columns, lags=2, two_steps=two_steps)
        expected = result(name)["coef"][:7]
        assert found.coefficients[:7] == pytest.approx([c["Estimate"] for c in expected], rel=1e-9)
        assert found.standard_errors[:7] == pytest.approx([c["Std. Error"] for c in expected], rel=1e-9)


def test_difference_gmm_finds_an_effect_of_a_predetermined_process() -> None:
    rng = np.random.default_rng(11)
    n, t = 4000, 7
    level, y, x = rng.normal(size=n), np.zeros((n, t)), np.zeros((n, t))
    y[:, 0] = level + rng.normal(size=n)
    for k in range(1, t):
        x[:, k] = 0.5 * y[:, k - 1] + rng.normal(size=n)
        y[:, k] = 0.4 * y[:, k - 1] - 0.6 * x[:, k] + level + rng.normal(size=n)
    x[:, 0] = np.nan
    found = difference_gmm(y, np.empty((0, n, t)), lags=1, predetermined=x[None])
    assert found.coefficients[:2] == pytest.approx([0.4, -0.6], abs=0.03)


def test_default_and_screen_are_those_of_their_own_functions_and_marked() -> None:
    rng = np.random.default_rng(3)
    table = simulate_cohort("rtm", n_clients=150, n_sessions=10, rng=rng).table
    found = specification_sensitivity(table, timing="before")
    joint = lagged_within_client_effect(table, timing="before")
    assert found.estimate("joint model, both readings").interval == joint.interval
    assert found.estimate("joint model, state reading").estimate == joint.reading("state").effect
    assert found.estimate("screen").estimate == lagged_within_client_screen(table, timing="before").effect
    assert [e.role for e in found.estimates[:4]] == ["default", "default", "default", "screen"]
    assert {e.role for e in found.estimates[4:]} == {"usual"}


def test_regression_to_the_mean_fools_the_usual_models_only() -> None:
    found = models("rtm", gain=5)
    for name in ("event and gain co-occur", "client effects on change", "Mantel–Haenszel within clients"):
        assert found.estimate(name).p_value < 0.001
    assert found.estimate("joint model, both readings").p_value > 0.05


def test_without_a_declared_gain_there_are_no_models_on_gains() -> None:
    names = {e.name for e in models("pure").estimates}
    assert "event and gain co-occur" not in names
    assert "session labels exchanged, on change" in names


def test_a_model_that_refuses_is_a_row_with_its_reason() -> None:
    rng = np.random.default_rng(3)
    table = simulate_cohort("pure", n_clients=8, n_sessions=10, rng=rng).table
    found = specification_sensitivity(table, timing="before")
    assert found.estimates[0].refused == "refused: too_few_clients"
    assert found.estimate("screen").refused == "refused: too_few_clients"
    assert "too_few_clients" in str(found)
    with pytest.raises(CannotEstimate, match="timing_undeclared"):
        specification_sensitivity(table)


def test_the_frame_has_one_row_per_model() -> None:
    found = models("pure", gain=5)
    frame = found.to_frame()
    assert frame["name"].to_list() == [e.name for e in found.estimates]
    assert {"low", "high", "estimate", "p_value", "role"} <= set(frame.columns)
    assert frame["low"][0] == found.estimates[0].interval[0]
