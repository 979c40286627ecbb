"""Fitting one reading of the joint model: damped scoring, then a sandwich by client."""

from __future__ import annotations

import attrs
import numpy as np
from numpy.typing import NDArray

from therapeutic_process.process_outcome.joint_covariance import Structure, covariance, first_derivatives
from therapeutic_process.process_outcome.joint_likelihood import Patterns, client_curvatures
from therapeutic_process.process_outcome.joint_penalties import start_values, weak_penalty
from therapeutic_process.process_outcome.joint_problem import FitFailed, Point, Problem

__all__ = ["FitFailed", "ReadingFit", "fit_reading", "maximise", "sandwich_se", "start_values"]

Array = NDArray[np.float64]

_MAX_STEPS = 100
_SCORING_STEPS = 20
_STOP = 1e-9
_CORRECTED_UP_TO = 2000


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
