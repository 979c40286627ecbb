"""A linear model with one random intercept per client, by restricted or full maximum likelihood."""

from __future__ import annotations

import attrs
import numpy as np
from numpy.typing import NDArray
from scipy import optimize

Array = NDArray[np.float64]


class NotConverged(Exception):
    """The search for the ratio of variances did not end."""


@attrs.frozen(eq=False)
class RandomIntercept:
    """A fitted random-intercept model.

    Attributes:
        coefficients: Fixed effects, (k,).
        standard_errors: Theirs.
        intercept_variance: Between clients.
        residual_variance: Within clients.
        log_likelihood: At the maximum, restricted or full.
        n_rows: Rows.
    """

    coefficients: Array
    standard_errors: Array
    intercept_variance: float
    residual_variance: float
    log_likelihood: float
    n_rows: int


def random_intercept(
    target: Array, design: Array, client: NDArray[np.intp], *, restricted: bool = True
) -> RandomIntercept:
    """Fit y = X b + u_client + e by maximising the likelihood over the ratio of variances.

    The ratio is the only parameter that is searched (Bates et al. 2015, eq. 34–42).

    Args:
        target: y, (rows,).
        design: X with its intercept, (rows, k).
        client: Client of every row, numbered from 0.
        restricted: REML rather than ML.

    Raises:
        NotConverged: If the search for the ratio of variances does not end.
    """
    sums = _ClientSums(target, design, client)

    def deviance(root: float) -> float:
        return _profile(sums, float(root) ** 2, restricted=restricted).deviance

    grid = np.concatenate([[0.0], np.geomspace(1e-3, 1e3, 61)])
    best = int(np.argmin([deviance(root) for root in grid]))
    low, high = grid[max(best - 1, 0)], grid[min(best + 1, len(grid) - 1)]
    found = optimize.minimize_scalar(deviance, bounds=(low, high), method="bounded", options={"xatol": 1e-10})
    if not found.success:
        raise NotConverged
    root = float(found.x) if found.fun < deviance(0.0) else 0.0
    at = _profile(sums, root**2, restricted=restricted)
    errors = np.sqrt(at.variance * np.diag(np.linalg.inv(at.cross)))
    return RandomIntercept(
        at.coefficients, errors, at.variance * root**2, at.variance, -0.5 * at.deviance, len(target)
    )


@attrs.frozen(eq=False)
class _ClientSums:
    target: Array
    design: Array
    client: NDArray[np.intp]
    count: Array = attrs.field(init=False)
    mean: Array = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        count = np.bincount(self.client).astype(float)
        both = np.column_stack([self.target, self.design])
        mean = np.stack([np.bincount(self.client, weights=c) for c in both.T], axis=1) / count[:, None]
        object.__setattr__(self, "count", count)
        object.__setattr__(self, "mean", mean)


@attrs.frozen(eq=False)
class _Profile:
    coefficients: Array
    cross: Array
    variance: float
    deviance: float


def _profile(sums: _ClientSums, ratio: float, *, restricted: bool) -> _Profile:
    shrink = 1 - 1 / np.sqrt(1 + sums.count * ratio)
    off = (shrink[:, None] * sums.mean)[sums.client]
    y, x = sums.target - off[:, 0], sums.design - off[:, 1:]
    cross = x.T @ x
    coefficients = np.asarray(np.linalg.solve(cross, x.T @ y))
    residual = float(((y - x @ coefficients) ** 2).sum())
    n, k = x.shape
    freedom = n - k if restricted else n
    variance = residual / freedom
    deviance = freedom * (np.log(2 * np.pi * variance) + 1) + float(np.log1p(sums.count * ratio).sum())
    if restricted:
        deviance += float(np.linalg.slogdet(cross)[1])
    return _Profile(coefficients, cross, variance, float(deviance))
