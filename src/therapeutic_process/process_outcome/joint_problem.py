"""What the fit of one reading maximises: the penalised likelihood, its gradient and its curvatures."""

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
    client_scores,
    information,
    likelihood,
    observed_information,
    score,
)
from therapeutic_process.process_outcome.joint_penalties import Penalty
from therapeutic_process.process_outcome.joint_shifts import (
    ShiftedLikelihood,
    client_mean_scores,
    mean_information,
    shifted_likelihood,
)

Array = NDArray[np.float64]

_PHI_LIMIT = 0.98
_NUDGE = 1e-5


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
