"""Fitting one reading of the joint model: weak penalties, damped scoring, a sandwich by client."""

from __future__ import annotations

import attrs
import numpy as np
from numpy.typing import NDArray

from therapeutic_process.process_outcome.joint_covariance import (
    Covariance,
    Structure,
    covariance,
    first_derivatives,
    second_derivatives,
)
from therapeutic_process.process_outcome.joint_likelihood import (
    Likelihood,
    Patterns,
    client_curvatures,
    client_scores,
    information,
    likelihood,
    observed_information,
    score,
)
from therapeutic_process.process_outcome.joint_shifts import (
    ShiftedLikelihood,
    client_mean_scores,
    mean_information,
    shifted_likelihood,
)

Array = NDArray[np.float64]

_PENALTIES = {"phi": (0.3, 0.3), "ve": (0.5, 1.0), "vw0": (0.7, 0.5), "kappa": (0.0, 0.5), "beta": (0.0, 2.0)}
_UNIT_PENALTY = ("gamma", "psig", "gam0", "rho", "psi", "rho0")
_WITHIN_SESSION = (0.8, 0.3)
_STARTS = {"phi": 0.3, "vw0": 0.7, "veta": 0.65, "ve": 0.3, "vu": 1.0, "vu0": 1.0}
_STARTS |= {"phi_in": 0.8, "veta_in": 0.2, "vm": 1.0, "vm0": 1.0}
_MEDIATED = {"a": (0.0, 2.0), "b": (0.0, 2.0), "kappa_m": (0.0, 0.5), "chi": (0.0, 1.0)}
_MEDIATED |= dict.fromkeys([f"{name}_m" for name in _UNIT_PENALTY], (0.0, 1.0))
_PHI_LIMIT = 0.98
_MAX_STEPS = 100
_SCORING_STEPS = 20
_STOP = 1e-9
_HELD = 1e-3
_NUDGE = 1e-5
_CORRECTED_UP_TO = 2000


@attrs.frozen(eq=False)
class Penalty:
    """A normal prior on some parameters: centre, and precision (0 where there is none)."""

    centre: Array
    precision: Array

    def value(self, theta: Array) -> float:
        """Return what the penalty takes off the log-likelihood."""
        return 0.5 * float(self.precision @ (theta - self.centre) ** 2)

    def slope(self, theta: Array) -> Array:
        """Return the derivative of that."""
        return self.precision * (theta - self.centre)


def weak_penalty(model: Structure, *, first_coded: bool = True) -> Penalty:
    """Return the method's weak penalties, in scaled units.

    Args:
        model: The reading's structure.
        first_coded: Whether any client's first session was coded; if not, its variance is held where the fit
            starts, because nothing tells it.
    """
    table = _PENALTIES | dict.fromkeys(_UNIT_PENALTY, (0.0, 1.0)) | {"phi_in": _WITHIN_SESSION}
    table |= _MEDIATED
    table |= {name: _PENALTIES["beta"] for name in model.names if name.startswith("beta_")}
    if not first_coded:
        table |= {"vu0": (_STARTS["vu0"], _HELD)}
    pairs = [table.get(name, (0.0, np.inf)) for name in model.names]
    return Penalty(np.array([c for c, _ in pairs]), np.array([sd**-2.0 for _, sd in pairs]))


def start_values(model: Structure, series: Array) -> Array:
    """Return where the fit starts: fixed numbers, and levels and slopes from the clients' own lines.

    Args:
        model: The reading's structure.
        series: Scaled stacked series, (clients, p), nan where missing.
    """
    theta = np.array([_STARTS.get(name, 0.0) for name in model.names])
    ends = np.cumsum([model.occasions, model.sessions])
    spread = _moment_variances(np.split(series, ends[: 1 if ends[1] == series.shape[1] else 2], axis=1))
    for level, value in zip("ascdmn", spread, strict=False):
        theta[model.names.index(f"omega_{level}{level}")] = value
    return theta


def _moment_variances(parts: list[Array]) -> list[float]:
    """Return a variance of levels and one of slopes for outcome, process and, if there is one, mediator."""
    floor, found = 0.1, []
    for part, noise in zip(parts, (0.2, 0.1, 0.1), strict=False):
        level = float(np.nanvar(_client_means(part)))
        found += [max(level - noise, floor), floor]
    return found


def _client_means(part: Array) -> Array:
    seen = ~np.isnan(part)
    count = seen.sum(axis=1)
    centre = np.where(seen, part, 0.0).sum(axis=0) / np.maximum(seen.sum(axis=0), 1)
    total = np.where(seen, part - centre, 0.0).sum(axis=1)
    return np.asarray((total / np.maximum(count, 1))[count > 0])


@attrs.frozen(eq=False)
class ReadingFit:
    """A converged fit of one reading, in scaled units.

    Attributes:
        names: Parameters.
        theta: Their estimates.
        log_likelihood: Penalised, without its constant.
        influence: Contribution of every client to the estimate, (clients, m).
        penalty_share: Share of the information on φ and ve that the penalty supplies.
        steps: Steps taken.
        coefficients: What covariates add to the state and to the process, in scaled units.
    """

    names: tuple[str, ...]
    theta: Array
    log_likelihood: float
    influence: Array
    penalty_share: dict[str, float]
    steps: int
    coefficients: Array = attrs.field(factory=lambda: np.empty(0))

    def value(self, name: str) -> float:
        """Return one estimate."""
        return float(self.theta[self.names.index(name)])


@attrs.frozen(eq=False)
class Point:
    """The penalised likelihood at one θ; with covariates also what they take out of the data."""

    theta: Array
    value: float
    at: Likelihood
    shifted: ShiftedLikelihood | None = None


class FitFailed(Exception):
    """A fit did not end well; `code` says how."""

    def __init__(self, code: str, found: str) -> None:
        self.code = code
        self.found = found
        super().__init__(code, found)


@attrs.frozen(eq=False)
class Problem:
    """What is maximised: one reading's structure, the data, the penalties, and covariates if there are any.

    Attributes:
        model: The reading's structure.
        patterns: The scaled data, grouped.
        penalty: The weak penalties.
        cells: What covariates add to the latent equations of every client, (clients, p, q).
    """

    model: Structure
    patterns: Patterns
    penalty: Penalty
    cells: Array | None = None

    def evaluate(self, theta: Array) -> Point | None:
        """Return the penalised likelihood, or None outside the model's domain."""
        if abs(theta[self.model.names.index("phi")]) >= _PHI_LIMIT:
            return None
        cov = covariance(self.model, theta)
        if self.cells is None:
            at = likelihood(self.patterns, cov.sigma)
            return None if at is None else Point(theta, at.value - self.penalty.value(theta), at)
        found = shifted_likelihood(self.patterns, cov, self.cells)
        if found is None:
            return None
        return Point(theta, found.at.value - self.penalty.value(theta), found.at, found)

    def gradient(self, point: Point, cov: Covariance, slopes: Array) -> Array:
        """Return the gradient of the penalised likelihood."""
        gradient = score(point.at, slopes) - self.penalty.slope(point.theta)
        if point.shifted is not None:
            gradient[: self.model.n_paths] += client_mean_scores(point.shifted, cov).sum(axis=0)
        return gradient

    def expected(self, point: Point, cov: Covariance, slopes: Array) -> Array:
        """Return the expected information and that of the penalty."""
        found = information(self.patterns, point.at, slopes) + np.diag(self.penalty.precision)
        if point.shifted is not None:
            k = self.model.n_paths
            found[:k, :k] += mean_information(point.shifted, cov)[0]
        return found

    def curvature(self, point: Point, cov: Covariance, slopes: Array) -> Array:
        """Return minus the second derivative; with covariates, as if their effects were known: good for a step."""
        patterns = self.patterns if point.shifted is None else point.shifted.patterns
        found = observed_information(patterns, point.at, slopes, second_derivatives(cov))
        found += np.diag(self.penalty.precision)
        if point.shifted is not None:
            k = self.model.n_paths
            found[:k, :k] += mean_information(point.shifted, cov)[0]
        return found

    def observed(self, point: Point, cov: Covariance, slopes: Array) -> Array:
        """Return minus the second derivative of the penalised likelihood."""
        if point.shifted is None:
            return self.curvature(point, cov, slopes)
        rows = [self._difference(point.theta, k) for k in range(len(point.theta))]
        return 0.5 * (np.stack(rows) + np.stack(rows).T)

    def _difference(self, theta: Array, k: int) -> Array:
        """Return minus the change of the gradient with one parameter: with covariates, by central differences."""
        ends = []
        for sign in (1, -1):
            moved = theta.copy()
            moved[k] += sign * _NUDGE
            point = self.evaluate(moved)
            if point is None:
                raise FitFailed("hessian_not_positive", "an estimate at the edge of the model's domain")
            cov = covariance(self.model, moved)
            ends.append(self.gradient(point, cov, first_derivatives(cov)))
        return (ends[1] - ends[0]) / (2 * _NUDGE)

    def scores(self, point: Point, cov: Covariance, slopes: Array) -> Array:
        """Return the clients' scores; with covariates, less what follows from the estimated means and effects."""
        if point.shifted is None:
            return client_scores(self.patterns, point.at, slopes)
        scores = client_scores(point.shifted.patterns, point.at, slopes)
        taken = mean_information(point.shifted, cov)[1]
        scores[:, : self.model.n_paths] += client_mean_scores(point.shifted, cov) - taken
        return scores


def maximise(problem: Problem, start: Array) -> tuple[Point, int]:
    """Climb from `start` by damped Fisher scoring, then Newton steps; return the top and the number of steps.

    Args:
        problem: What is maximised.
        start: Where to begin.

    Raises:
        FitFailed: If there is no step upwards or no convergence.
    """
    point = problem.evaluate(start)
    if point is None:
        raise FitFailed("not_converged", "a start outside the model's domain")
    damping = 0.0
    for step in range(_MAX_STEPS):
        cov = covariance(problem.model, point.theta)
        slopes = first_derivatives(cov)
        gradient = problem.gradient(point, cov, slopes)
        expected = problem.expected(point, cov, slopes)
        if float(gradient @ np.linalg.solve(expected, gradient)) < _STOP:
            return point, step
        curvature = expected
        if step >= _SCORING_STEPS:
            observed = problem.curvature(point, cov, slopes)
            curvature = observed if _positive(observed) else expected
        point, damping = _climb(problem, point, (gradient, curvature, damping))
    raise FitFailed("not_converged", f"no convergence in {_MAX_STEPS} steps")


def _positive(matrix: Array) -> bool:
    return bool(np.linalg.eigvalsh(matrix)[0] > 0)


def _climb(problem: Problem, point: Point, direction: tuple[Array, Array, float]) -> tuple[Point, float]:
    gradient, curvature, damping = direction
    while damping < 1e8:
        damped = curvature + damping * np.diag(np.diag(curvature))
        moved = problem.evaluate(point.theta + np.linalg.solve(damped, gradient))
        if moved is not None and moved.value > point.value - 1e-12 * abs(point.value):
            return moved, damping / 10 if damping > 1e-4 else 0.0
        damping = max(10 * damping, 1e-3)
    raise FitFailed("not_converged", "no step that raises the likelihood")


def fit_reading(model: Structure, patterns: Patterns, start: Array, cells: Array | None = None) -> ReadingFit:
    """Fit one reading.

    Args:
        model: The reading's structure.
        patterns: The scaled data, grouped.
        start: Where to begin.
        cells: What covariates add to the latent equations of every client, (clients, p, q).

    Raises:
        FitFailed: If it does not converge or the Hessian is not positive definite.
    """
    first_coded = bool(patterns.mask[:, model.occasions].any())
    problem = Problem(model, patterns, weak_penalty(model, first_coded=first_coded), cells)
    try:
        return _fit(problem, start)
    except np.linalg.LinAlgError:
        raise FitFailed("not_converged", "a singular information matrix") from None


def _fit(problem: Problem, start: Array) -> ReadingFit:
    model, penalty = problem.model, problem.penalty
    top, steps = maximise(problem, start)
    cov = covariance(model, top.theta)
    slopes = first_derivatives(cov)
    observed = problem.observed(top, cov, slopes)
    if not _positive(observed):
        raise FitFailed("hessian_not_positive", "an observed Hessian that is not positive definite")
    bread = np.asarray(np.linalg.inv(observed))
    scores = problem.scores(top, cov, slopes)
    if len(scores) <= _CORRECTED_UP_TO:
        patterns = problem.patterns if top.shifted is None else top.shifted.patterns
        curvatures = client_curvatures(patterns, top.at, slopes)
        leverage = np.eye(len(bread)) - curvatures @ bread
        scores = np.asarray(np.linalg.solve(leverage, scores[:, :, None])[:, :, 0])
    supplied = dict(zip(model.names, penalty.precision * np.diag(bread), strict=True))
    shares = {name: float(supplied[name]) for name in ("phi", "ve")}
    coefficients = np.empty(0) if top.shifted is None else top.shifted.coefficients
    return ReadingFit(model.names, top.theta, top.value, scores @ bread, shares, steps, coefficients)


def sandwich_se(
    fit: ReadingFit, parameter: str | Array, groups: NDArray[np.intp] | None = None
) -> tuple[float, int]:
    """Return the sandwich standard error of a parameter and how many independent units stand behind it.

    Args:
        fit: The fit.
        parameter: Which; or the derivative by θ of what is asked for.
        groups: The unit (therapist, group, couple) of every client; clients themselves if None.
    """
    if isinstance(parameter, str):
        influence = fit.influence[:, fit.names.index(parameter)]
    else:
        influence = fit.influence @ parameter
    if groups is not None:
        influence = np.bincount(groups, weights=influence).astype(np.float64)
    units = len(influence)
    corrected = len(fit.influence) <= _CORRECTED_UP_TO
    factor = (units - 1) / units if corrected else units / (units - 1)
    return float(np.sqrt(factor * influence @ influence)), units
