"""The likelihood and its derivatives, against a density written by others and against differences."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from scipy.stats import multivariate_normal

from therapeutic_process.process_outcome import joint_covariance as jc
from therapeutic_process.process_outcome import joint_fit as jf
from therapeutic_process.process_outcome import joint_likelihood as jl
from therapeutic_process.process_outcome import joint_penalties as jpen
from therapeutic_process.process_outcome import joint_problem as jpr

if TYPE_CHECKING:
    from numpy.typing import NDArray

READINGS: tuple[jc.Reading, ...] = ("score", "state")
SESSIONS = 5


def some_theta(model: jc.Structure, seed: int = 0) -> NDArray[np.float64]:
    rng = np.random.default_rng(seed)
    theta = rng.normal(0, 0.15, len(model.names))
    for name in ("vw0", "veta", "ve", "vu0", "vu", "omega_aa", "omega_ss", "omega_cc", "omega_dd"):
        theta[model.names.index(name)] = 0.5 + abs(theta[model.names.index(name)])
    return theta


def some_data(model: jc.Structure, n: int = 40, missing: float = 0.2) -> NDArray[np.float64]:
    rng = np.random.default_rng(7)
    sigma = jc.covariance(model, some_theta(model)).sigma
    data = rng.multivariate_normal(np.arange(len(sigma)), sigma, n)
    data[rng.random(data.shape) < missing] = np.nan
    data[:5] = np.where(np.isnan(data[:5]), 1.0, data[:5])
    return np.asarray(data)


def slopes_at(model: jc.Structure, theta: NDArray[np.float64]) -> NDArray[np.float64]:
    return jc.first_derivatives(jc.covariance(model, theta))


@pytest.mark.parametrize("reading", READINGS)
def test_the_covariance_is_that_of_series_simulated_by_the_equations(reading: jc.Reading) -> None:
    model = jc.structure(reading, SESSIONS)
    theta = some_theta(model)
    p = dict.fromkeys(("rho", "psi", "rho0", "gamma", "psig", "gam0"), 0.0) | dict(
        zip(model.names, theta, strict=True)
    )
    rng, n = np.random.default_rng(1), 400_000
    omega = np.zeros((4, 4))
    omega[np.triu_indices(4)] = theta[-10:]
    omega = omega + omega.T - np.diag(np.diag(omega))
    level = rng.multivariate_normal(np.zeros(4), omega, n)
    w = rng.normal(0, np.sqrt(p["vw0"]), n)
    v_before = w_before = x_before = np.zeros(n)
    outcome, process = [], []
    for t in range(SESSIONS + 1):
        time = (t - SESSIONS / 2) / (SESSIONS / 2)
        v = w + rng.normal(0, np.sqrt(p["ve"]), n)
        outcome.append(v + level[:, 0] + time * level[:, 1])
        if t == SESSIONS:
            break
        if t == 0:
            x = p["gam0"] * w + p["rho0"] * v + rng.normal(0, np.sqrt(p["vu0"]), n)
        else:
            x = p["gamma"] * w + p["rho"] * v + p["psi"] * v_before + p["psig"] * w_before
            x = x + p["kappa"] * x_before + rng.normal(0, np.sqrt(p["vu"]), n)
        process.append(x + level[:, 2] + time * level[:, 3])
        v_before, w_before, x_before = v, w, x
        w = p["phi"] * w + p["beta"] * x + rng.normal(0, np.sqrt(p["veta"]), n)
    drawn = np.cov(np.stack(outcome + process))
    assert drawn == pytest.approx(jc.covariance(model, theta).sigma, abs=0.03)


@pytest.mark.parametrize("reading", READINGS)
def test_first_and_second_derivatives_are_those_of_differences(reading: jc.Reading) -> None:
    model = jc.structure(reading, SESSIONS)
    theta, h = some_theta(model), 1e-5
    slopes = slopes_at(model, theta)
    bends = jc.second_derivatives(jc.covariance(model, theta))
    for k in range(len(theta)):
        up, down = theta.copy(), theta.copy()
        up[k], down[k] = up[k] + h, down[k] - h
        rise = jc.covariance(model, up).sigma - jc.covariance(model, down).sigma
        assert rise / (2 * h) == pytest.approx(slopes[k], abs=1e-8)
        assert (slopes_at(model, up) - slopes_at(model, down)) / (2 * h) == pytest.approx(bends[k], abs=1e-8)


def test_the_value_is_that_of_the_density_over_the_observed_cells() -> None:
    model = jc.structure("score", SESSIONS)
    data = some_data(model)
    sigma = jc.covariance(model, some_theta(model)).sigma
    at = jl.likelihood(jl.group_by_pattern(data), sigma)
    assert at is not None
    total = 0.0
    for row in data:
        seen = ~np.isnan(row)
        density = multivariate_normal(at.mean[seen], sigma[np.ix_(seen, seen)])
        total += float(density.logpdf(row[seen])) + 0.5 * seen.sum() * np.log(2 * np.pi)
    assert at.value == pytest.approx(total, abs=1e-8)


def test_no_other_means_are_more_likely() -> None:
    model = jc.structure("state", SESSIONS)
    data = some_data(model)
    sigma = jc.covariance(model, some_theta(model)).sigma
    at = jl.likelihood(jl.group_by_pattern(data), sigma)
    assert at is not None
    shift = np.zeros(data.shape[1])
    shift[2] = 0.05
    for mean in (at.mean + shift, at.mean - shift):
        total = 0.0
        for row in data:
            seen = ~np.isnan(row)
            density = multivariate_normal(mean[seen], sigma[np.ix_(seen, seen)])
            total += float(density.logpdf(row[seen])) + 0.5 * seen.sum() * np.log(2 * np.pi)
        assert total < at.value


@pytest.mark.parametrize("reading", READINGS)
def test_score_and_observed_information_are_those_of_differences(reading: jc.Reading) -> None:
    model = jc.structure(reading, SESSIONS)
    patterns = jl.group_by_pattern(some_data(model))
    theta, h = some_theta(model, 3), 1e-5

    def at(point: NDArray[np.float64]) -> jl.Likelihood:
        found = jl.likelihood(patterns, jc.covariance(model, point).sigma)
        assert found is not None
        return found

    here, slopes = at(theta), slopes_at(model, theta)
    gradient = jl.score(here, slopes)
    bends = jc.second_derivatives(jc.covariance(model, theta))
    observed = jl.observed_information(patterns, here, slopes, bends)
    for k in range(len(theta)):
        up, down = theta.copy(), theta.copy()
        up[k], down[k] = up[k] + h, down[k] - h
        high, low = at(up), at(down)
        assert (high.value - low.value) / (2 * h) == pytest.approx(gradient[k], abs=1e-5)
        change = jl.score(high, slopes_at(model, up)) - jl.score(low, slopes_at(model, down))
        assert -change / (2 * h) == pytest.approx(observed[k], abs=2e-4)


def test_clients_scores_add_up_and_their_curvatures_average_to_the_information() -> None:
    model = jc.structure("score", SESSIONS)
    data = some_data(model, n=20_000, missing=0.0)
    patterns = jl.group_by_pattern(data)
    at = jl.likelihood(patterns, jc.covariance(model, some_theta(model)).sigma)
    assert at is not None
    slopes = slopes_at(model, some_theta(model))
    assert jl.client_scores(patterns, at, slopes).sum(axis=0) == pytest.approx(jl.score(at, slopes), abs=1e-7)
    expected = jl.information(patterns, at, slopes)
    curvatures = jl.client_curvatures(patterns, at, slopes).sum(axis=0)
    assert curvatures == pytest.approx(expected, abs=0.05 * float(np.abs(expected).max()))


def test_information_does_not_depend_on_how_clients_are_grouped() -> None:
    model = jc.structure("state", SESSIONS)
    data = some_data(model, n=30)
    twice = np.concatenate([data, data])
    slopes = slopes_at(model, some_theta(model))
    sigma = jc.covariance(model, some_theta(model)).sigma
    once, double = (jl.group_by_pattern(d) for d in (data, twice))
    at_once, at_double = jl.likelihood(once, sigma), jl.likelihood(double, sigma)
    assert at_once is not None
    assert at_double is not None
    assert at_double.value == pytest.approx(2 * at_once.value)
    assert jl.information(double, at_double, slopes) == pytest.approx(
        2 * jl.information(once, at_once, slopes)
    )


def test_an_impossible_covariance_has_no_likelihood() -> None:
    model = jc.structure("score", SESSIONS)
    theta = some_theta(model)
    theta[model.names.index("vu")] = -9.0
    patterns = jl.group_by_pattern(some_data(model))
    assert jl.likelihood(patterns, jc.covariance(model, theta).sigma) is None
    with pytest.raises(jf.FitFailed) as caught:
        jf.maximise(jpr.Problem(model, patterns, jpen.weak_penalty(model)), theta)
    assert caught.value.code == "not_converged"
