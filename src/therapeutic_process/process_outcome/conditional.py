"""Exact conditional logistic regression: which of a client's sessions were followed, given how many were.

The denominators are sums over all ways to choose the cases of a stratum, built row by row with their first
and second derivatives (Gail, Lubin & Rubinstein 1981). One case per stratum and log durations as offsets give
the conditional Poisson model of the self-controlled case series.
"""

from __future__ import annotations

import attrs
import numpy as np
from numpy.typing import NDArray
from scipy import optimize

Array = NDArray[np.float64]
_CHUNK = 256
_MAX_STEPS = 60


class Separated(Exception):
    """A combination of columns sorts all cases from their referents: there is no finite estimate."""


class NotConverged(Exception):
    """The climb did not end."""


@attrs.frozen(eq=False)
class ConditionalFit:
    """A fitted conditional model.

    Attributes:
        coefficients: Log odds (or rate) ratios, (k,).
        standard_errors: From the observed information.
        log_likelihood: At the estimates.
        null_log_likelihood: At zero.
        n_rows: Rows in informative strata.
        n_cases: Cases in them.
        n_strata: How many strata have a case and a referent.
    """

    coefficients: Array
    standard_errors: Array
    log_likelihood: float
    null_log_likelihood: float
    n_rows: int
    n_cases: int
    n_strata: int


@attrs.frozen(eq=False)
class Strata:
    """Rows of informative strata, padded to one length.

    Attributes:
        columns: (strata, longest, k).
        offset: (strata, longest), −inf where there is no row.
        case: (strata, longest).
        cases: Cases per stratum.
    """

    columns: Array
    offset: Array
    case: NDArray[np.bool_]
    cases: NDArray[np.int64]


def arrange(case: NDArray[np.bool_], columns: Array, stratum: NDArray[np.intp], offset: Array) -> Strata:
    """Pad strata that have a case and a referent; leave out the others, which tell nothing.

    Args:
        case: Per row.
        columns: (rows, k).
        stratum: Per row, numbered from 0.
        offset: Per row.
    """
    cases, size = np.bincount(stratum, weights=case), np.bincount(stratum)
    kept = np.flatnonzero((cases > 0) & (cases < size))
    number = np.full(len(size), -1)
    number[kept] = np.arange(len(kept))
    rows = np.flatnonzero(number[stratum] >= 0)
    rows = rows[np.argsort(number[stratum[rows]], kind="stable")]
    s = number[stratum[rows]]
    position = np.arange(len(rows)) - np.searchsorted(s, s)
    shape = (len(kept), int(size[kept].max(initial=0)))
    padded = np.zeros((*shape, columns.shape[1]))
    offsets, hit = np.full(shape, -np.inf), np.zeros(shape, dtype=bool)
    padded[s, position], offsets[s, position], hit[s, position] = columns[rows], offset[rows], case[rows]
    return Strata(padded, offsets, hit, cases[kept].astype(np.int64))


def fit_conditional(data: Strata) -> ConditionalFit:
    """Maximise the exact conditional likelihood by Newton's method.

    Args:
        data: Informative strata.

    Raises:
        Separated: If there is no finite estimate.
        NotConverged: If the climb does not end.
    """
    if _separated(data):
        raise Separated
    theta = np.zeros(data.columns.shape[2])
    value, gradient, curvature = _evaluate(data, theta)
    null = value
    for _ in range(_MAX_STEPS):
        step = np.asarray(np.linalg.solve(curvature, gradient))
        if float(gradient @ step) < 1e-18 * max(1.0, abs(value)):
            errors = np.sqrt(np.diag(np.linalg.inv(curvature)))
            rows = int(np.isfinite(data.offset).sum())
            return ConditionalFit(theta, errors, value, null, rows, int(data.cases.sum()), len(data.cases))
        theta, value, gradient, curvature = _climb(data, theta, value, step)
    raise NotConverged


def _climb(data: Strata, theta: Array, value: float, step: Array) -> tuple[Array, float, Array, Array]:
    for halving in range(40):
        moved = theta + step / 2**halving
        found, gradient, curvature = _evaluate(data, moved)
        if np.isfinite(found) and found >= value - 1e-11 * max(1.0, abs(value)):
            return moved, found, gradient, curvature
    raise NotConverged


def _evaluate(data: Strata, theta: Array) -> tuple[float, Array, Array]:
    value, gradient, curvature = 0.0, np.zeros(len(theta)), np.zeros((len(theta), len(theta)))
    for start in range(0, len(data.cases), _CHUNK):
        part = slice(start, start + _CHUNK)
        v, g, c = _chunk(data.columns[part], data.offset[part], data.case[part], data.cases[part], theta)
        value, gradient, curvature = value + v, gradient + g, curvature + c
    return value, gradient, curvature


def _chunk(
    columns: Array,
    offset: Array,
    case: NDArray[np.bool_],
    cases: NDArray[np.int64],
    theta: Array,
) -> tuple[float, Array, Array]:
    eta = offset + columns @ theta
    top = eta.max(axis=1, keepdims=True)
    weight = np.exp(eta - top)
    total, slope, bend = _subset_sums(weight, columns, int(cases.max()))
    pick = (np.arange(len(cases)), cases)
    denominator = total[pick]
    mean = slope[pick] / denominator[:, None]
    second = bend[pick] / denominator[:, None, None]
    value = np.where(case, eta, 0.0).sum() - (np.log(denominator) + cases * top[:, 0]).sum()
    gradient = np.einsum("sr,srk->k", case, columns) - mean.sum(axis=0)
    curvature = second.sum(axis=0) - mean.T @ mean
    return float(value), gradient, curvature


def _subset_sums(weight: Array, columns: Array, most: int) -> tuple[Array, Array, Array]:
    strata, longest, k = columns.shape
    total = np.zeros((strata, most + 1))
    slope, bend = np.zeros((strata, most + 1, k)), np.zeros((strata, most + 1, k, k))
    total[:, 0] = 1.0
    for r in range(longest):
        w, x = weight[:, r, None], columns[:, r, None, :]
        outer = x[..., :, None] * slope[:, :-1, None, :]
        grown = bend[:, :-1] + outer + np.swapaxes(outer, -1, -2)
        grown = grown + x[..., :, None] * x[..., None, :] * total[:, :-1, None, None]
        bend[:, 1:] += w[..., None, None] * grown
        slope[:, 1:] += w[..., None] * (slope[:, :-1] + x * total[:, :-1, None])
        total[:, 1:] += w * total[:, :-1]
    return total, slope, bend


def _separated(data: Strata) -> bool:
    gaps = _case_minus_referent(data)
    spread = np.abs(gaps).max(axis=0, initial=0.0)
    if len(gaps) == 0 or not (spread > 0).all():
        return True
    scaled = np.unique(np.round(gaps / spread, 12), axis=0)
    found = optimize.linprog(-scaled.sum(axis=0), A_ub=-scaled, b_ub=np.zeros(len(scaled)), bounds=(-1, 1))
    return found.status != 0 or found.fun is None or bool(found.fun < -1e-7)


def _case_minus_referent(data: Strata) -> Array:
    present = np.isfinite(data.offset)
    s, i, j = np.nonzero(data.case[:, :, None] & (present & ~data.case)[:, None, :])
    return np.asarray(data.columns[s, i] - data.columns[s, j])
