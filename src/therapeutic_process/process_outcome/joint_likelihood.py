"""The Gaussian likelihood of masked series, from sufficient statistics per pattern of missing cells.

Session means are profiled out by generalised least squares. Everything is summed over patterns: the cost of
a step does not grow with the number of clients who share a pattern.
"""

from __future__ import annotations

import attrs
import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
_CHUNK = 400
_LARGEST_OUTER = 64


@attrs.frozen(eq=False)
class Patterns:
    """Clients grouped by which cells they have.

    Attributes:
        mask: Which cells a pattern has, (patterns, p).
        count: Clients per pattern.
        mean: Mean of the cells, 0 where missing, (patterns, p).
        scatter: Sum of products about that mean, (patterns, p, p).
        of_client: The pattern of every client.
        data: The series, 0 where missing, (clients, p).
    """

    mask: NDArray[np.bool_]
    count: Array
    mean: Array
    scatter: Array
    of_client: NDArray[np.intp]
    data: Array


def group_by_pattern(series: Array) -> Patterns:
    """Group stacked series by their missing cells.

    Args:
        series: (clients, p), nan where missing.
    """
    present = ~np.isnan(series)
    mask, of_client, count = _unique_rows(present)
    return _summed(mask, of_client, count, np.where(present, series, 0.0))


def regrouped(patterns: Patterns, data: Array) -> Patterns:
    """Return the same patterns with other data.

    Args:
        patterns: The patterns.
        data: (clients, p); what a client has not is ignored.
    """
    known = np.where(patterns.mask[patterns.of_client], data, 0.0)
    return _summed(patterns.mask, patterns.of_client, patterns.count.astype(np.intp), known)


def _summed(
    mask: NDArray[np.bool_], of_client: NDArray[np.intp], count: NDArray[np.intp], data: Array
) -> Patterns:
    mean = np.zeros(mask.shape)
    np.add.at(mean, of_client, data)
    mean /= count[:, None]
    return Patterns(
        mask, count.astype(float), mean, _scatter(data - mean[of_client], of_client, count), of_client, data
    )


def _unique_rows(
    present: NDArray[np.bool_],
) -> tuple[NDArray[np.bool_], NDArray[np.intp], NDArray[np.intp]]:
    packed = np.ascontiguousarray(np.packbits(present, axis=1))
    keys = packed.view(np.dtype((np.void, packed.shape[1]))).ravel()
    _, first, of_client, count = np.unique(keys, return_index=True, return_inverse=True, return_counts=True)
    return present[first], of_client.ravel(), count


def _scatter(residual: Array, of_client: NDArray[np.intp], count: NDArray[np.intp]) -> Array:
    result = np.zeros((len(count), residual.shape[1], residual.shape[1]))
    order = np.argsort(of_client, kind="stable")
    starts = np.concatenate([[0], np.cumsum(count)])
    for g in np.flatnonzero(count > 1):
        rows = residual[order[starts[g] : starts[g + 1]]]
        result[g] = rows.T @ rows
    return result


@attrs.frozen(eq=False)
class Likelihood:
    """The profiled likelihood at one Σ.

    Attributes:
        value: Log-likelihood without its constant.
        mean: The session means that maximise it.
        precision: Inverse of each pattern's part of Σ, 0 where missing, (patterns, p, p).
        pull: Sum over clients of Σ⁻¹ r r′ Σ⁻¹ − Σ⁻¹, (p, p): half of it is the gradient by Σ.
    """

    value: float
    mean: Array
    precision: Array
    pull: Array


def precisions(patterns: Patterns, sigma: Array) -> tuple[Array, Array] | None:
    """Return the inverse and the log determinant of each pattern's part of Σ, or None where Σ is not positive.

    Args:
        patterns: The data.
        sigma: Σ, (p, p).
    """
    try:
        np.linalg.cholesky(sigma)
    except np.linalg.LinAlgError:
        return None
    mask = patterns.mask
    both = mask[:, :, None] & mask[:, None, :]
    filled = np.where(both, sigma, 0.0)
    diagonal = np.arange(len(sigma))
    filled[:, diagonal, diagonal] += ~mask
    _, logdet = np.linalg.slogdet(filled)
    return np.where(both, np.linalg.inv(filled), 0.0), logdet


def likelihood(
    patterns: Patterns, sigma: Array, known: tuple[Array, Array] | None = None
) -> Likelihood | None:
    """Evaluate the profiled likelihood, or None where Σ is not positive definite.

    Args:
        patterns: The data.
        sigma: Σ, (p, p).
        known: What `precisions` says, where that is known already.
    """
    known = known or precisions(patterns, sigma)
    if known is None:
        return None
    precision, logdet = known
    mean = _gls_mean(patterns, precision)
    pull, squares = _pull(patterns, precision, mean)
    value = -0.5 * float(patterns.count @ logdet + squares)
    return Likelihood(value, mean, precision, pull)


def _gls_mean(patterns: Patterns, precision: Array) -> Array:
    total = np.tensordot(patterns.count, precision, 1)
    right = np.einsum("g,gab,gb->a", patterns.count, precision, patterns.mean, optimize=True)
    seen = patterns.mask.any(axis=0)
    mean = np.zeros(len(total))
    mean[seen] = np.linalg.solve(total[np.ix_(seen, seen)], right[seen])
    return mean


def _pull(patterns: Patterns, precision: Array, mean: Array) -> tuple[Array, float]:
    off = (patterns.mean - mean) * patterns.mask
    weighted = np.sqrt(patterns.count)[:, None] * np.einsum("gab,gb->ga", precision, off)
    many = patterns.count > 1
    within = precision[many] @ patterns.scatter[many]
    pull = weighted.T @ weighted + (within @ precision[many]).sum(axis=0)
    squares = float(np.einsum("g,ga,gab,gb->", patterns.count, off, precision, off, optimize=True))
    squares += float(np.trace(within, axis1=1, axis2=2).sum())
    return pull - np.tensordot(patterns.count, precision, 1), squares


def score(at: Likelihood, slopes: Array) -> Array:
    """Return the gradient of the log-likelihood by θ, (m,).

    Args:
        at: The likelihood.
        slopes: ∂Σ/∂θ, (m, p, p).
    """
    return 0.5 * np.tensordot(slopes, at.pull, axes=([1, 2], [0, 1]))


def information(patterns: Patterns, at: Likelihood, slopes: Array) -> Array:
    """Return the expected information about θ, (m, m).

    Args:
        patterns: The data's patterns.
        at: The likelihood.
        slopes: ∂Σ/∂θ, (m, p, p).
    """
    weighted = at.precision * patterns.count[:, None, None]
    return 0.5 * _crossed(weighted, at.precision, slopes)


def _crossed(left: Array, right: Array, slopes: Array) -> Array:
    """Return Σ_g tr(L_g ∂Σ_k R_g ∂Σ_l), (m, m), by whichever order of sums is cheaper."""
    m, p = slopes.shape[:2]
    if p < len(left) and p <= _LARGEST_OUTER:
        outer = left.reshape(len(left), -1).T @ right.reshape(len(right), -1)
        turned = outer.reshape(p, p, p, p).transpose(1, 2, 3, 0).reshape(p * p, p * p)
        flat = slopes.reshape(m, -1)
        return np.asarray(flat @ turned @ flat.T)
    total = np.zeros((m, m))
    for start in range(0, len(left), _CHUNK):
        part = slice(start, start + _CHUNK)
        one, other = _turned(left[part], slopes), _turned(right[part], slopes)
        one, other = one.transpose(1, 0, 2, 3), other.transpose(1, 0, 3, 2)
        total += one.reshape(m, -1) @ other.reshape(m, -1).T
    return total


def _turned(precision: Array, slopes: Array) -> Array:
    g, p, _ = precision.shape
    m = len(slopes)
    flat = precision.reshape(g * p, p) @ slopes.transpose(1, 0, 2).reshape(p, m * p)
    return np.asarray(flat.reshape(g, p, m, p).transpose(0, 2, 1, 3))


def observed_information(patterns: Patterns, at: Likelihood, slopes: Array, bends: Array) -> Array:
    """Return minus the second derivative of the profiled log-likelihood by θ, (m, m).

    Args:
        patterns: The data.
        at: The likelihood.
        slopes: ∂Σ/∂θ, (m, p, p).
        bends: ∂²Σ/∂θ∂θ′, (m, m, p, p).
    """
    off = np.einsum("gab,gb->ga", at.precision, (patterns.mean - at.mean) * patterns.mask)
    moment = patterns.count[:, None, None] * off[:, :, None] * off[:, None, :]
    many = patterns.count > 1
    moment[many] += at.precision[many] @ patterns.scatter[many] @ at.precision[many]
    crossed = _crossed(moment, at.precision, slopes)
    bent = np.tensordot(bends, at.pull, axes=([2, 3], [0, 1]))
    profiled = _mean_curvature(patterns, at, slopes)
    return np.asarray(crossed - information(patterns, at, slopes) - 0.5 * bent - profiled)


def client_scores(patterns: Patterns, at: Likelihood, slopes: Array) -> Array:
    """Return the clients' scores at the profiled means, (clients, m)."""
    pulled = _pulled(patterns, at)
    expected = np.tensordot(at.precision, slopes, axes=([1, 2], [1, 2]))
    squares = np.stack([((pulled @ s) * pulled).sum(axis=1) for s in slopes], axis=1)
    return np.asarray(0.5 * (squares - expected[patterns.of_client]))


def _pulled(patterns: Patterns, at: Likelihood) -> Array:
    residual = (patterns.data - at.mean) * patterns.mask[patterns.of_client]
    if len(patterns.count) == 1:
        return np.asarray(residual @ at.precision[0])
    return np.asarray(np.einsum("iab,ib->ia", at.precision[patterns.of_client], residual))


def client_curvatures(patterns: Patterns, at: Likelihood, slopes: Array) -> Array:
    """Return minus the second derivatives of the clients' log-likelihoods, (clients, m, m).

    The curvature of Σ itself is left out: it cancels in expectation and adds noise to the correction.

    Args:
        patterns: The data.
        at: The likelihood.
        slopes: ∂Σ/∂θ, (m, p, p).
    """
    pulled = _pulled(patterns, at)
    result = _expected_curvatures(at, slopes)[patterns.of_client] * -1.0
    for start in range(0, len(pulled), _CHUNK):
        part = slice(start, start + _CHUNK)
        moved = (pulled[part] @ slopes).transpose(1, 0, 2)
        result[part] += moved @ at.precision[patterns.of_client[part]] @ moved.transpose(0, 2, 1)
    return np.asarray(result)


def _expected_curvatures(at: Likelihood, slopes: Array) -> Array:
    parts = []
    for start in range(0, len(at.precision), _CHUNK):
        turned = _turned(at.precision[start : start + _CHUNK], slopes)
        g, m = turned.shape[:2]
        parts.append(0.5 * turned.reshape(g, m, -1) @ turned.transpose(0, 3, 2, 1).reshape(g, -1, m))
    return np.concatenate(parts)


def _mean_curvature(patterns: Patterns, at: Likelihood, slopes: Array) -> Array:
    seen = patterns.mask.any(axis=0)
    total = np.tensordot(patterns.count, at.precision, 1)[np.ix_(seen, seen)]
    off = (patterns.mean - at.mean) * patterns.mask
    q = np.einsum("gab,gb->ga", at.precision, off) * patterns.count[:, None]
    cross = np.stack([np.einsum("gab,gb->a", at.precision, q @ s) for s in slopes])[:, seen]
    return np.asarray(cross @ np.linalg.solve(total, cross.T))
