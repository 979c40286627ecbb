"""Fitting one reading of the joint model: weak penalties, damped scoring, a sandwich by client."""

from __future__ import annotations

import attrs
import numpy as np
from numpy.typing import NDArray

from therapeutic_process.process_outcome.joint_covariance import (
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

Array = NDArray[np.float64]

_PENALTIES = {"phi": (0.3, 0.3), "ve": (0.5, 1.0), "vw0": (0.7, 0.5), "kappa": (0.0, 0.5), "beta": (0.0, 2.0)}
_UNIT_PENALTY = ("gamma", "psig", "gam0", "rho", "psi", "rho0")
_STARTS = {"phi": 0.3, "vw0": 0.7, "veta": 0.65, "ve": 0.3, "vu": 1.0, "vu0": 1.0}
_PHI_LIMIT = 0.98
_MAX_STEPS = 100
_SCORING_STEPS = 20
_STOP = 1e-9
_HELD = 1e-3
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
    table = _PENALTIES | dict.fromkeys(_UNIT_PENALTY, (0.0, 1.0))
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
    spread = _moment_variances(model.sessions, series)
    for level, value in zip("ascd", spread, strict=True):
        theta[model.names.index(f"omega_{level}{level}")] = value
    return theta


def _moment_variances(sessions: int, series: Array) -> tuple[float, float, float, float]:
    outcome, process = series[:, : sessions + 1], series[:, sessions + 1 :]
    levels = [np.nanvar(_client_means(part)) for part in (outcome, process)]
    floor = 0.1
    return (max(float(levels[0]) - 0.2, floor), floor, max(float(levels[1]) - 0.1, floor), floor)


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
    """

    names: tuple[str, ...]
    theta: Array
    log_likelihood: float
    influence: Array
    penalty_share: dict[str, float]
    steps: int

    def value(self, name: str) -> float:
        """Return one estimate."""
        return float(self.theta[self.names.index(name)])


@attrs.frozen(eq=False)
class Point:
    """The penalised likelihood at one θ."""

    theta: Array
    value: float
    at: Likelihood


class FitFailed(Exception):
    """A fit did not end well; `code` says how."""

    def __init__(self, code: str, found: str) -> None:
        self.code = code
        self.found = found
        super().__init__(code, found)


def _evaluate(model: Structure, patterns: Patterns, penalty: Penalty, theta: Array) -> Point | None:
    if abs(theta[model.names.index("phi")]) >= _PHI_LIMIT:
        return None
    at = likelihood(patterns, covariance(model, theta).sigma)
    return None if at is None else Point(theta, at.value - penalty.value(theta), at)


def maximise(model: Structure, patterns: Patterns, penalty: Penalty, start: Array) -> tuple[Point, int]:
    """Climb from `start` by damped Fisher scoring, then Newton steps; return the top and the number of steps.

    Raises:
        FitFailed: If there is no step upwards or no convergence.
    """
    point = _evaluate(model, patterns, penalty, start)
    if point is None:
        raise FitFailed("not_converged", "a start outside the model's domain")
    damping = 0.0
    for step in range(_MAX_STEPS):
        cov = covariance(model, point.theta)
        slopes = first_derivatives(cov)
        gradient = score(point.at, slopes) - penalty.slope(point.theta)
        expected = information(patterns, point.at, slopes) + np.diag(penalty.precision)
        if float(gradient @ np.linalg.solve(expected, gradient)) < _STOP:
            return point, step
        curvature = expected
        if step >= _SCORING_STEPS:
            observed = observed_information(patterns, point.at, slopes, second_derivatives(cov))
            observed += np.diag(penalty.precision)
            curvature = observed if _positive(observed) else expected
        point, damping = _climb(model, patterns, penalty, point, (gradient, curvature, damping))
    raise FitFailed("not_converged", f"no convergence in {_MAX_STEPS} steps")


def _positive(matrix: Array) -> bool:
    return bool(np.linalg.eigvalsh(matrix)[0] > 0)


def _climb(
    model: Structure,
    patterns: Patterns,
    penalty: Penalty,
    point: Point,
    direction: tuple[Array, Array, float],
) -> tuple[Point, float]:
    gradient, curvature, damping = direction
    while damping < 1e8:
        damped = curvature + damping * np.diag(np.diag(curvature))
        moved = _evaluate(model, patterns, penalty, point.theta + np.linalg.solve(damped, gradient))
        if moved is not None and moved.value > point.value - 1e-12 * abs(point.value):
            return moved, damping / 10 if damping > 1e-4 else 0.0
        damping = max(10 * damping, 1e-3)
    raise FitFailed("not_converged", "no step that raises the likelihood")


def fit_reading(model: Structure, patterns: Patterns, start: Array) -> ReadingFit:
    """Fit one reading.

    Args:
        model: The reading's structure.
        patterns: The scaled data, grouped.
        start: Where to begin.

    Raises:
        FitFailed: If it does not converge or the Hessian is not positive definite.
    """
    try:
        return _fit(model, patterns, start)
    except np.linalg.LinAlgError:
        raise FitFailed("not_converged", "a singular information matrix") from None


def _fit(model: Structure, patterns: Patterns, start: Array) -> ReadingFit:
    first_coded = bool(patterns.mask[:, model.sessions + 1].any())
    penalty = weak_penalty(model, first_coded=first_coded)
    top, steps = maximise(model, patterns, penalty, start)
    cov = covariance(model, top.theta)
    slopes, bends = first_derivatives(cov), second_derivatives(cov)
    observed = observed_information(patterns, top.at, slopes, bends) + np.diag(penalty.precision)
    if not _positive(observed):
        raise FitFailed("hessian_not_positive", "an observed Hessian that is not positive definite")
    bread = np.asarray(np.linalg.inv(observed))
    scores = client_scores(patterns, top.at, slopes)
    if len(scores) <= _CORRECTED_UP_TO:
        curvatures = client_curvatures(patterns, top.at, slopes)
        leverage = np.eye(len(bread)) - curvatures @ bread
        scores = np.asarray(np.linalg.solve(leverage, scores[:, :, None])[:, :, 0])
    supplied = dict(zip(model.names, penalty.precision * np.diag(bread), strict=True))
    shares = {name: float(supplied[name]) for name in ("phi", "ve")}
    return ReadingFit(model.names, top.theta, top.value, scores @ bread, shares, steps)


def sandwich_se(fit: ReadingFit, parameter: str, groups: NDArray[np.intp] | None = None) -> tuple[float, int]:
    """Return the sandwich standard error of a parameter and how many independent units stand behind it.

    Args:
        fit: The fit.
        parameter: Which.
        groups: The unit (therapist, group, couple) of every client; clients themselves if None.
    """
    influence = fit.influence[:, fit.names.index(parameter)]
    if groups is not None:
        influence = np.bincount(groups, weights=influence).astype(np.float64)
    units = len(influence)
    corrected = len(fit.influence) <= _CORRECTED_UP_TO
    factor = (units - 1) / units if corrected else units / (units - 1)
    return float(np.sqrt(factor * influence @ influence)), units
