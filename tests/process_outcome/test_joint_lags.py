"""Later scores, both sides of a session, a mediator and covariates in the joint model, against its equations."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from therapeutic_process.errors import CannotEstimate
from therapeutic_process.process_outcome import (
    Layout,
    WithinClientEffect,
    inert_process,
    lagged_within_client_effect,
    lagged_within_client_screen,
)
from therapeutic_process.process_outcome import joint_covariance as jc
from therapeutic_process.process_outcome import joint_likelihood as jl
from therapeutic_process.process_outcome import joint_penalties as jpen
from therapeutic_process.process_outcome import joint_problem as jpr
from therapeutic_process.process_outcome.joint_mediation import mediation_structure
from therapeutic_process.simulate import simulate_cohort

Array = NDArray[np.float64]
SESSIONS = 5
READINGS: tuple[jc.Reading, ...] = ("score", "state")
FOLLOWED = ("rho", "psi", "rho0", "gamma", "psig", "gam0")


def some_theta(model: jc.Structure, seed: int = 0) -> Array:
    rng = np.random.default_rng(seed)
    theta = rng.normal(0, 0.15, len(model.names))
    for k, name in enumerate(model.names):
        if name[:2] in {"ve", "vw", "vu", "vm"} or name in {f"omega_{v}{v}" for v in "ascdmn"}:
            theta[k] = 0.5 + abs(theta[k])
    return theta


def of(model: jc.Structure, theta: Array) -> dict[str, float]:
    names = [*FOLLOWED, *(f"{n}_m" for n in FOLLOWED), "phi_in", *(f"beta_{j}" for j in range(1, 6))]
    return dict.fromkeys(names, 0.0) | dict(zip(model.names, map(float, theta), strict=True))


def by_equations(model: jc.Structure, theta: Array, steps: int) -> Array:
    """Run the equations once per shock of variance one, and add up."""
    p, at = of(model, theta), list(range(0, model.occasions - 1, steps))
    n, sessions = model.occasions, model.sessions
    lags = {j: p["beta" if j == model.lag else f"beta_{j}"] for j in range(1, 6)}
    columns = []
    for shock in range(n + n + sessions):
        w, x, e = np.zeros(n), np.zeros(sessions), np.zeros(n)
        size = 0.0
        for t in range(n):
            within = steps == 2 and t % 2 == 1
            carry = p["phi_in"] if within else p["phi"]
            w[t] = carry * w[t - 1] if t else 0.0
            w[t] += sum(
                b * x[s] for s in range(sessions) for j, b in lags.items() if at[s] + 1 + steps * (j - 1) == t
            )
            if shock == t:
                size = p["vw0"] if t == 0 else p["veta_in"] if within else p["veta"]
                w[t] += 1
            if shock == n + t:
                size, e[t] = p["ve"], 1.0
            if t not in at:
                continue
            s = at.index(t)
            if s == 0:
                x[0] = p["gam0"] * w[0] + p["rho0"] * (w[0] + e[0])
            else:
                x[s] = p["gamma"] * w[t] + p["rho"] * (w[t] + e[t]) + p["kappa"] * x[s - 1]
                x[s] += p["psig"] * w[t - 1] + p["psi"] * (w[t - 1] + e[t - 1])
            if shock == 2 * n + s:
                size = p["vu0"] if s == 0 else p["vu"]
                x[s] += 1
        columns.append(np.sqrt(size) * np.concatenate([w + e, x]))
    stacked = np.stack(columns, axis=1)
    z, omega = jc.loadings(sessions, steps), np.zeros((4, 4))
    omega[np.triu_indices(4)] = theta[-10:]
    return np.asarray(stacked @ stacked.T + z @ (omega + omega.T - np.diag(np.diag(omega))) @ z.T)


@pytest.mark.parametrize("reading", READINGS)
@pytest.mark.parametrize(
    ("steps", "lag", "lagged"), [(1, 1, False), (1, 1, True), (1, 3, False), (2, 1, False), (2, 2, True)]
)
def test_the_covariance_is_that_of_the_equations(
    reading: jc.Reading, steps: int, lag: int, lagged: bool
) -> None:
    model = jc.structure(reading, SESSIONS, steps=steps, lag=lag, lagged_process=lagged)
    theta = some_theta(model)
    assert jc.covariance(model, theta).sigma == pytest.approx(by_equations(model, theta, steps), abs=1e-12)


def models() -> list[jc.Structure]:
    return [
        jc.structure("score", SESSIONS, lag=2),
        jc.structure("state", SESSIONS, steps=2, lag=2, lagged_process=True),
        mediation_structure("score", 4),
        mediation_structure("state", 4),
    ]


@pytest.mark.parametrize("model", models(), ids=lambda m: f"{len(m.names)} parameters")
def test_derivatives_are_those_of_differences(model: jc.Structure) -> None:
    theta, step = some_theta(model), 1e-6
    at = jc.covariance(model, theta)
    first, second = jc.first_derivatives(at), jc.second_derivatives(at)
    for k in range(len(theta)):
        nudge = step * np.eye(len(theta))[k]
        up, down = (jc.covariance(model, theta + s * nudge) for s in (1, -1))
        assert (up.sigma - down.sigma) / (2 * step) == pytest.approx(first[k], abs=1e-7)
        bent = (jc.first_derivatives(up) - jc.first_derivatives(down)) / (2 * step)
        assert bent == pytest.approx(second[k], abs=1e-6)


@pytest.mark.parametrize("model", models()[:2], ids=["lag 2", "both, lag 2"])
def test_the_effect_at_a_lag_is_what_a_session_adds_to_that_score(model: jc.Structure) -> None:
    theta, step = some_theta(model, seed=3), 1e-6
    total, slope = jc.effect_at_lag(model, theta)
    transfer = jc.covariance(model, theta).transfer
    steps = 2 if model.occasions == 2 * model.sessions else 1
    without = theta.copy()
    for name in ("kappa", *FOLLOWED):
        if name in model.names:
            without[model.names.index(name)] = 0.0
    transfer = jc.covariance(model, without).transfer
    assert transfer[1 + steps * (model.lag - 1), model.occasions] == pytest.approx(total)
    for k in range(len(theta)):
        nudge = step * np.eye(len(theta))[k]
        ends = [jc.effect_at_lag(model, theta + s * nudge)[0] for s in (1, -1)]
        assert (ends[0] - ends[1]) / (2 * step) == pytest.approx(slope[k], abs=1e-8)


def test_the_mediated_covariance_is_that_of_the_equations() -> None:
    for reading in READINGS:
        model = mediation_structure(reading, 4)
        theta, n = some_theta(model), 5
        p = of(model, theta)
        columns = []
        for shock in range(2 * n + 8):
            w, e, x, m = np.zeros(n), np.zeros(n), np.zeros(4), np.zeros(4)
            size = 0.0
            for t in range(n):
                if t:
                    w[t] = p["phi"] * w[t - 1] + p["beta"] * x[t - 1] + p["b"] * m[t - 1]
                if shock == t:
                    size, w[t] = p["veta"] if t else p["vw0"], w[t] + 1
                if shock == n + t:
                    size, e[t] = p["ve"], 1.0
                if t == 4:
                    continue
                v = w + e
                if t == 0:
                    x[0] = p["gam0"] * w[0] + p["rho0"] * v[0]
                    m[0] = p["gam0_m"] * w[0] + p["rho0_m"] * v[0]
                else:
                    x[t] = p["gamma"] * w[t] + p["psig"] * w[t - 1] + p["rho"] * v[t] + p["psi"] * v[t - 1]
                    x[t] += p["kappa"] * x[t - 1] + p["chi"] * m[t - 1]
                    m[t] = p["gamma_m"] * w[t] + p["psig_m"] * w[t - 1] + p["rho_m"] * v[t]
                    m[t] += p["psi_m"] * v[t - 1] + p["kappa_m"] * m[t - 1]
                if shock == 2 * n + t:
                    size, x[t] = p["vu"] if t else p["vu0"], x[t] + 1
                m[t] += p["a"] * x[t]
                if shock == 2 * n + 4 + t:
                    size, m[t] = p["vm"] if t else p["vm0"], m[t] + 1
            columns.append(np.sqrt(size) * np.concatenate([w + e, x, m]))
        stacked = np.stack(columns, axis=1)
        without = theta.copy()
        without[-21:] = 0.0
        assert jc.covariance(model, without).sigma == pytest.approx(stacked @ stacked.T, abs=1e-12)


def with_covariate(n: int = 60, sessions: int = 8, seed: int = 1) -> tuple[jpr.Problem, Array]:
    rng = np.random.default_rng(seed)
    model = jc.structure("score", sessions)
    theta = some_theta(model)
    cov = jc.covariance(model, theta)
    z = rng.normal(size=(n, sessions))
    cells = np.zeros((n, len(cov.sigma), 2))
    cells[:, 1 : sessions + 1, 0] = z
    cells[:, sessions + 1 :, 1] = z
    series = rng.multivariate_normal(np.arange(len(cov.sigma)), cov.sigma, n)
    series += np.einsum("ab,ibq,q->ia", cov.transfer, cells, np.array([1.5, -0.7]))
    series[rng.random(series.shape) < 0.1] = np.nan
    series[:6] = np.where(np.isnan(series[:6]), 1.0, series[:6])
    patterns = jl.group_by_pattern(series)
    return jpr.Problem(model, patterns, jpen.weak_penalty(model), cells), theta


def test_with_covariates_the_gradient_is_that_of_differences_and_the_scores_add_up_to_it() -> None:
    problem, theta = with_covariate()
    point, step = problem.evaluate(theta), 1e-5
    assert point is not None
    assert point.shifted is not None
    assert point.shifted.coefficients == pytest.approx([1.5, -0.7], abs=0.3)
    cov = jc.covariance(problem.model, theta)
    slopes = jc.first_derivatives(cov)
    gradient = problem.gradient(point, cov, slopes)
    for k in range(len(theta)):
        nudge = step * np.eye(len(theta))[k]
        up, down = (problem.evaluate(theta + s * nudge) for s in (1, -1))
        assert up is not None
        assert down is not None
        assert (up.value - down.value) / (2 * step) == pytest.approx(gradient[k], abs=1e-4)
    total = problem.scores(point, cov, slopes).sum(axis=0) - problem.penalty.slope(theta)
    assert total == pytest.approx(gradient, abs=1e-6)
    assert (np.linalg.eigvalsh(problem.expected(point, cov, slopes)) > 0).all()


def confounded(n: int = 150, sessions: int = 10, seed: int = 2) -> pl.DataFrame:
    """Draw clients in whom a covariate raises both the event and the next score; the event does nothing."""
    rng = np.random.default_rng(seed)
    level, w, z = rng.normal(25, 5, n), rng.normal(0, 3, n), rng.normal(size=n)
    y, e, c = (np.full((n, sessions + 1), np.nan) for _ in range(3))
    for t in range(sessions + 1):
        y[:, t] = level + w + rng.normal(0, 1.5, n)
        z = 0.5 * z + rng.normal(0, 0.87, n)
        c[:, t] = z
        if t < sessions:
            e[:, t] = rng.random(n) < 1 / (1 + np.exp(0.9 - 1.5 * z))
        w = 0.4 * w + 2.5 * z + rng.normal(0, 2, n)
    keys = {"client_id": np.repeat(np.arange(n), sessions + 1), "session": np.tile(range(sessions + 1), n)}
    grids = {"outcome_before": y, "event": e, "load": c}
    return pl.DataFrame(keys | {k: v.ravel() for k, v in grids.items()}, nan_to_null=True)


def fitted(table: pl.DataFrame, **options: Any) -> WithinClientEffect:
    return lagged_within_client_effect(table, layout=Layout(timing="before", **options))


def test_a_measured_cause_of_both_misleads_until_it_is_a_covariate() -> None:
    table = confounded()
    assert fitted(table).interval[0] > 0.5
    adjusted = fitted(table, covariates=("load",))
    assert adjusted.interval[0] < 0 < adjusted.interval[1]
    parameters = adjusted.readings[0].parameters
    assert parameters["outcome on load"] > 0.2
    assert parameters["process on load"] > 0.2
    screen = lagged_within_client_screen(table, layout=Layout(timing="before", covariates=("load",)))
    assert screen.interval[0] < 0 < screen.interval[1]


@settings(max_examples=3)
@given(st.floats(0.1, 10), st.floats(-20, 20), st.floats(0.1, 10), st.floats(-20, 20))
def test_units_of_covariates_change_nothing_and_units_of_outcome_and_process_scale_the_effect(
    scale: float, shift: float, points: float, zero: float
) -> None:
    table = confounded(n=45, sessions=6)
    moved = table.with_columns(
        pl.col("load") * scale + shift, pl.col("outcome_before") * points + zero, pl.col("event") * 2 - 1
    )
    plan = Layout(timing="before", covariates=("load",), lagged_process=True)
    for estimator in (lagged_within_client_effect, lagged_within_client_screen):
        one, other = (estimator(t, layout=plan) for t in (table, moved))
        expected = [end * points / 2 for end in one.interval]
        assert other.interval == pytest.approx(expected, rel=1e-3, abs=1e-3 * points)


def test_a_constant_added_per_client_to_a_covariate_changes_nothing() -> None:
    table = confounded(n=60, sessions=7)
    moved = table.with_columns(pl.col("load") + pl.col("client_id") * 3.0)
    one, other = (fitted(t, covariates=("load",)) for t in (table, moved))
    assert other.interval == pytest.approx(one.interval, rel=1e-5)


def test_covariates_that_do_not_vary_apart_are_refused_with_their_rank_and_unknown_ones_drop_clients() -> (
    None
):
    table = confounded(n=60, sessions=7).with_columns(
        twice=2 * pl.col("load"), own=pl.col("client_id") * 1.0, when=pl.col("session") * 1.0
    )
    for names, rank in ((("load", "twice"), "1"), (("own",), "0"), (("load", "when"), "1")):
        for estimator in (lagged_within_client_effect, lagged_within_client_screen):
            with pytest.raises(CannotEstimate) as caught:
                estimator(table, layout=Layout(timing="before", covariates=names))
            assert caught.value.code == "rank_deficient"
        with pytest.raises(CannotEstimate) as caught:
            fitted(table, covariates=names)
        assert caught.value.found == rank
    holes = table.with_columns(
        pl.when((pl.col("client_id") < 7) & (pl.col("session") == 3))
        .then(None)
        .otherwise("load")
        .alias("load")
    )
    found = fitted(holes, covariates=("load",))
    assert found.n_clients == 53
    assert dict(found.dropped)["client without every covariate up to the last score"] == 7
    with pytest.raises(CannotEstimate, match="found 0"):
        fitted(table.with_columns(load=pl.lit(None, pl.Float64)), covariates=("load",))


def test_days_between_scores_and_the_last_session_may_be_covariates_of_the_joint_model() -> None:
    rng = np.random.default_rng(8)
    cohort = simulate_cohort("pure", n_clients=80, n_sessions=9, effect=2.0, irregular=True, rng=rng)
    plan = Layout(timing="before", elapsed_days=True, lagged_process=True, days="days")
    found = lagged_within_client_effect(cohort.table, layout=plan)
    assert found.interval[0] < -2.0 < found.interval[1] < 0
    parameters = found.readings[0].parameters
    assert "outcome on elapsed days" in parameters
    assert "process on elapsed days" not in parameters
    assert "beta_2" in parameters


def delayed(effect: float, seed: int = 1, n: int = 200, sessions: int = 12) -> pl.DataFrame:
    """Draw clients in whom an event lowers the second next score, and follows the recorded one."""
    rng = np.random.default_rng(seed)
    level, w = rng.normal(25, 6, n), rng.normal(0, 3, n)
    y, e = np.zeros((n, sessions + 1)), np.full((n, sessions + 1), np.nan)
    for t in range(sessions + 1):
        y[:, t] = level - 0.3 * t + w + rng.normal(0, 2, n)
        seen = (y[:, t] - level) / np.sqrt(13)
        if t < sessions:
            e[:, t] = rng.random(n) < 1 / (1 + np.exp(0.9 - 0.8 * seen))
        w = 0.4 * w + rng.normal(0, 2.75, n) - (effect * e[:, t - 1] if t else 0)
    keys = {"client_id": np.repeat(np.arange(n), sessions + 1), "session": np.tile(range(sessions + 1), n)}
    return pl.DataFrame(keys | {"outcome_before": y.ravel(), "event": e.ravel()}, nan_to_null=True)


def test_an_effect_on_the_second_next_score_is_found_at_its_lag() -> None:
    table = delayed(1.5)
    at_lag = fitted(table, lag=2)
    assert at_lag.interval[0] < -1.5 < at_lag.interval[1] < 0
    assert "2nd next score" in at_lag.verdict
    assert at_lag.readings[0].interval[0] < -1.5 < at_lag.readings[0].interval[1]
    assert fitted(table, lag=1).reading("score").interval[1] > -0.5
    screen = lagged_within_client_screen(table, layout=Layout(timing="before", lag=2))
    assert screen.interval[0] < -1.5 < screen.interval[1] < 0


def test_too_few_occasions_beyond_the_lag_are_refused_with_their_number() -> None:
    with pytest.raises(CannotEstimate) as caught:
        fitted(delayed(0.0, n=40, sessions=7), lag=4)
    assert caught.value.code == "too_few_occasions"
    assert caught.value.needed == "at least 6 outcome occasions beyond a lag of 4"
    assert caught.value.found == "5"


def test_inert_at_a_later_lag_is_judged_with_the_effect_of_that_lag_at_the_bound() -> None:
    rng = np.random.default_rng(2)
    found = inert_process(
        delayed(0.0, n=120), bounds=(-2, 2), coder_reliability=1.0, rng=rng, replications=5,
        layout=Layout(timing="before", lag=2),
    )  # fmt: skip
    assert found.verdict == "inert"
    assert "2nd next score" in str(found)
