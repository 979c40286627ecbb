"""Covariates in the joint model: what they add to the latent states, profiled out with the session means.

A covariate z of session t adds δ z to the state after the session and λ z to the process in it: with D z in the
latent equations of a client, f = A f + C e + D z b + ξ, so that the series has the mean μ + M D z b. Given the paths
this is linear in b = (δ, λ), which generalised least squares finds together with the session means.
"""

from __future__ import annotations

import attrs
import numpy as np
from numpy.typing import NDArray

from therapeutic_process.process_outcome.joint_covariance import Covariance, path_derivatives
from therapeutic_process.process_outcome.joint_likelihood import (
    Likelihood,
    Patterns,
    likelihood,
    precisions,
    regrouped,
)

Array = NDArray[np.float64]


@attrs.frozen(eq=False)
class ShiftedLikelihood:
    """The likelihood with the covariates' part taken out.

    Attributes:
        patterns: The data less that part.
        at: Their likelihood.
        design: M D z, (clients, p, q).
        part: The covariates' part of the series, (clients, p).
        coefficients: b, (q,).
    """

    patterns: Patterns
    at: Likelihood
    design: Array
    part: Array
    coefficients: Array


def shifted_likelihood(patterns: Patterns, cov: Covariance, cells: Array) -> ShiftedLikelihood | None:
    """Evaluate the likelihood with means and covariates' effects profiled out, or None where Σ is not positive.

    Args:
        patterns: The data.
        cov: Σ and what it is made of.
        cells: D z of every client, (clients, p, q).
    """
    known = precisions(patterns, cov.sigma)
    if known is None:
        return None
    design = np.einsum("ab,ibq->iaq", cov.transfer, cells, optimize=True)
    coefficients = _coefficients(patterns, known[0], design)
    part = design @ coefficients
    moved = regrouped(patterns, patterns.data - part)
    at = likelihood(moved, cov.sigma, known)
    assert at is not None
    return ShiftedLikelihood(moved, at, design, part, coefficients)


def _coefficients(patterns: Patterns, precision: Array, design: Array) -> Array:
    weighed, total = _weighed(patterns, precision, design)
    seen = patterns.mask.any(axis=0)
    right = np.einsum("g,gab,gb->a", patterns.count, precision, patterns.mean, optimize=True)
    both = np.concatenate([right[seen], np.einsum("iaq,ia->q", weighed, patterns.data)])
    return np.asarray(np.linalg.solve(total, both)[int(seen.sum()) :])


def _weighed(patterns: Patterns, precision: Array, design: Array) -> tuple[Array, Array]:
    """Return Σ⁻¹ M D z of every client, and the information about means and b."""
    seen = patterns.mask.any(axis=0)
    weighed = _times(patterns, precision, design)
    means = np.tensordot(patterns.count, precision, 1)[np.ix_(seen, seen)]
    cross = weighed.sum(axis=0)[seen]
    own = np.tensordot(design, weighed, axes=([0, 1], [0, 1]))
    return weighed, np.block([[means, cross], [cross.T, own]])


def _times(patterns: Patterns, precision: Array, columns: Array) -> Array:
    if len(precision) == 1:
        return np.asarray(np.einsum("ab,ibq->iaq", precision[0], columns, optimize=True))
    return np.asarray(precision[patterns.of_client] @ columns)


def client_mean_scores(found: ShiftedLikelihood, cov: Covariance) -> Array:
    """Return what the mean adds to the clients' scores, (clients, paths).

    Args:
        found: The likelihood.
        cov: Σ and what it is made of.
    """
    pulled = _pulled(found)
    moved, _ = path_derivatives(cov)
    return np.stack([((pulled @ m) * found.part).sum(axis=1) for m in moved], axis=1)


def _pulled(found: ShiftedLikelihood) -> Array:
    patterns, at = found.patterns, found.at
    residual = (patterns.data - at.mean) * patterns.mask[patterns.of_client]
    return np.asarray(_times(patterns, at.precision, residual[:, :, None])[:, :, 0])


def mean_information(found: ShiftedLikelihood, cov: Covariance) -> tuple[Array, Array]:
    """Return the information that the mean holds about the paths, and the clients' scores of what is profiled out.

    Args:
        found: The likelihood.
        cov: Σ and what it is made of.

    Returns:
        The information less what the profile costs, (paths, paths); and, for every client, what to take off the
        score of a path because means and b are estimated too, (clients, paths).
    """
    patterns, at = found.patterns, found.at
    moved, _ = path_derivatives(cov)
    slopes = np.stack([found.part @ m.T for m in moved], axis=2)
    turned = _times(patterns, at.precision, slopes)
    seen = patterns.mask.any(axis=0)
    _, total = _weighed(patterns, at.precision, found.design)
    cross = np.concatenate(
        [turned.sum(axis=0)[seen], np.tensordot(found.design, turned, axes=([0, 1], [0, 1]))]
    )
    solved = np.linalg.solve(total, cross)
    own = np.tensordot(slopes, turned, axes=([0, 1], [0, 1])) - cross.T @ solved
    pulled = _pulled(found)
    nuisance = np.concatenate([pulled[:, seen], np.einsum("iaq,ia->iq", found.design, pulled)], axis=1)
    return np.asarray(own), np.asarray(nuisance @ solved)
