"""The covariance of outcome and process that the joint model implies, with its exact derivatives.

Stack a client's series as z = (Y_0 … Y_T, E_0 … E_{T−1}), the latent ones as f = (w_0 … w_T, x_0 … x_{T−1})
and the noise as e. The model's equations are f = A f + C e + ξ, so z = M ξ + K e + Z b with M = (I − A)⁻¹ and
K = M C + J, and Σ = M D M′ + ve K K′ + Z Ω Z′, where A and C hold the paths, D the innovation variances, Z
levels and slopes.
"""

from __future__ import annotations

from typing import Literal

import attrs
import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Reading = Literal["score", "state"]

_COMMON = ("beta", "phi", "kappa")
_PATHS: dict[Reading, tuple[str, ...]] = {
    "score": (*_COMMON, "rho", "psi", "rho0"),
    "state": (*_COMMON, "gamma", "psig", "gam0"),
}
_VARIANCES = ("vw0", "veta", "vu0", "vu")
_LEVELS = ("a", "s", "c", "d")


@attrs.frozen(eq=False)
class Structure:
    """The constant matrices of one reading for T sessions.

    Attributes:
        sessions: T; there are T + 1 outcomes.
        names: The parameters, in the order of every vector of this reading.
        paths: Derivative of A by each path, (paths, p, p).
        noise_paths: Derivative of C by each path, (paths, p, T + 1).
        variances: Derivative of the diagonal of D by each variance, (4, p).
        select: J, which adds the noise to the outcomes, (p, T + 1).
        omega: Derivative of Z Ω Z′ by each free element of Ω, (10, p, p).
    """

    sessions: int
    names: tuple[str, ...]
    paths: Array
    noise_paths: Array
    variances: Array
    select: Array
    omega: Array

    @property
    def n_paths(self) -> int:
        """How many parameters are paths; they come first, then the variances of D, then ve, then Ω."""
        return len(self.paths)


def structure(reading: Reading, sessions: int) -> Structure:
    """Return the constant matrices of a reading.

    Args:
        reading: `score` (the event follows the recorded score) or `state` (it follows the true state).
        sessions: T.
    """
    size = 2 * sessions + 1
    names = _PATHS[reading]
    paths = np.zeros((len(names), size, size))
    noise_paths = np.zeros((len(names), size, sessions + 1))
    for k, name in enumerate(names):
        for row, column, noise in _cells(name, sessions):
            paths[k, row, column] = 1.0
            if noise is not None:
                noise_paths[k, row, noise] = 1.0
    select = np.eye(size, sessions + 1)
    omega_names = tuple(f"omega_{_LEVELS[i]}{_LEVELS[j]}" for i in range(4) for j in range(i, 4))
    return Structure(
        sessions,
        (*names, *_VARIANCES, "ve", *omega_names),
        paths,
        noise_paths,
        _variance_cells(sessions),
        select,
        _omega_cells(sessions),
    )


def _cells(name: str, sessions: int) -> list[tuple[int, int, int | None]]:
    x = sessions + 1
    later = range(1, sessions)
    cells: dict[str, list[tuple[int, int, int | None]]] = {
        "beta": [(t + 1, x + t, None) for t in range(sessions)],
        "phi": [(t + 1, t, None) for t in range(sessions)],
        "kappa": [(x + t, x + t - 1, None) for t in later],
        "rho": [(x + t, t, t) for t in later],
        "psi": [(x + t, t - 1, t - 1) for t in later],
        "rho0": [(x, 0, 0)],
        "gamma": [(x + t, t, None) for t in later],
        "psig": [(x + t, t - 1, None) for t in later],
        "gam0": [(x, 0, None)],
    }
    return cells[name]


def _variance_cells(sessions: int) -> Array:
    cells = np.zeros((4, 2 * sessions + 1))
    cells[0, 0] = cells[2, sessions + 1] = 1.0
    cells[1, 1 : sessions + 1] = cells[3, sessions + 2 :] = 1.0
    return cells


def loadings(sessions: int) -> Array:
    """Return Z: level and slope of the outcome, level and slope of the process, (2T + 1, 4)."""
    time = (np.arange(sessions + 1) - sessions / 2) / (sessions / 2)
    z = np.zeros((2 * sessions + 1, 4))
    z[: sessions + 1, 0], z[: sessions + 1, 1] = 1.0, time
    z[sessions + 1 :, 2], z[sessions + 1 :, 3] = 1.0, time[:-1]
    return z


def _omega_cells(sessions: int) -> Array:
    z = loadings(sessions)
    cells = []
    for i in range(4):
        for j in range(i, 4):
            outer = np.outer(z[:, i], z[:, j])
            cells.append(outer if i == j else outer + outer.T)
    return np.stack(cells)


@attrs.frozen(eq=False)
class Covariance:
    """Σ at a parameter vector and what its derivatives are made of."""

    structure: Structure
    sigma: Array
    noise_variance: float
    transfer: Array
    noise: Array
    driven: Array


def covariance(model: Structure, theta: Array) -> Covariance:
    """Return Σ(θ).

    Args:
        model: The reading's structure.
        theta: Parameters in the order of `model.names`.
    """
    k = model.n_paths
    size = model.paths.shape[1]
    transfer = np.asarray(np.linalg.inv(np.eye(size) - np.tensordot(theta[:k], model.paths, 1)))
    noise = transfer @ np.tensordot(theta[:k], model.noise_paths, 1) + model.select
    driven = (transfer * (theta[k : k + 4] @ model.variances)) @ transfer.T
    noise_variance = float(theta[k + 4])
    between = np.tensordot(theta[k + 5 :], model.omega, 1)
    sigma = driven + noise_variance * noise @ noise.T + between
    return Covariance(model, sigma, noise_variance, transfer, noise, driven)


def _both(x: Array) -> Array:
    return np.asarray(x + np.swapaxes(x, -1, -2))


def _path_parts(at: Covariance) -> tuple[Array, Array]:
    model = at.structure
    moved = at.transfer @ model.paths
    noise_moved = moved @ (at.noise - model.select) + at.transfer @ model.noise_paths
    return moved, noise_moved


def first_derivatives(at: Covariance) -> Array:
    """Return ∂Σ/∂θ, (m, p, p)."""
    model = at.structure
    moved, noise_moved = _path_parts(at)
    by_path = _both(moved @ at.driven + at.noise_variance * noise_moved @ at.noise.T)
    by_variance = (at.transfer * model.variances[:, None, :]) @ at.transfer.T
    return np.concatenate([by_path, by_variance, (at.noise @ at.noise.T)[None], model.omega])


def second_derivatives(at: Covariance) -> Array:
    """Return ∂²Σ/∂θ∂θ′, (m, m, p, p); zero wherever Ω is concerned."""
    model = at.structure
    k, m, size = model.n_paths, len(model.names), len(at.sigma)
    moved, noise_moved = _path_parts(at)
    result = np.zeros((m, m, size, size))
    by_variance = (at.transfer * model.variances[:, None, :]) @ at.transfer.T
    for i in range(k):
        for j in range(i, k):
            result[i, j] = result[j, i] = _both(_twice(at, moved, noise_moved, i, j))
        with_variance = _both(moved[i] @ by_variance)
        result[i, k : k + 4] = result[k : k + 4, i] = with_variance
        result[i, k + 4] = result[k + 4, i] = _both(noise_moved[i] @ at.noise.T)
    return result


def _twice(at: Covariance, moved: Array, noise_moved: Array, i: int, j: int) -> Array:
    turn = moved[i] @ moved[j] + moved[j] @ moved[i]
    by_noise = at.transfer @ at.structure.noise_paths
    noise_twice = turn @ (at.noise - at.structure.select) + moved[i] @ by_noise[j] + moved[j] @ by_noise[i]
    driven = turn @ at.driven + moved[i] @ at.driven @ moved[j].T
    return np.asarray(
        driven + at.noise_variance * (noise_twice @ at.noise.T + noise_moved[i] @ noise_moved[j].T)
    )
