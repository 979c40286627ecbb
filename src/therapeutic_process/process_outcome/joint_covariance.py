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

_FOLLOWED: dict[Reading, tuple[str, str, str]] = {
    "score": ("rho", "psi", "rho0"),
    "state": ("gamma", "psig", "gam0"),
}
_LEVELS = ("a", "s", "c", "d")


@attrs.frozen(eq=False)
class Structure:
    """The constant matrices of one reading for T sessions.

    Attributes:
        sessions: T.
        occasions: Scores; T + 1, or 2 T where every session has one before it and one after it.
        lag: Which score after a session its process moves, counted from 1; shorter lags are free besides.
        names: The parameters, in the order of every vector of this reading.
        paths: Derivative of A by each path, (paths, p, p).
        noise_paths: Derivative of C by each path, (paths, p, occasions).
        variances: Derivative of the diagonal of D by each variance, (variances, p).
        select: J, which adds the noise to the outcomes, (p, occasions).
        omega: Derivative of Z Ω Z′ by each free element of Ω, (10, p, p).
    """

    sessions: int
    occasions: int
    lag: int
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

    @property
    def n_variances(self) -> int:
        """How many variances D has."""
        return len(self.variances)

    @property
    def at(self) -> range:
        """The occasion before every session."""
        return range(0, self.occasions - 1, 2 if self.occasions == 2 * self.sessions else 1)


def structure(
    reading: Reading,
    sessions: int,
    *,
    steps: int = 1,
    lag: int = 1,
    lagged_process: bool = False,
    time: Array | None = None,
) -> Structure:
    """Return the constant matrices of a reading.

    Args:
        reading: `score` (the event follows the recorded score) or `state` (it follows the true state).
        sessions: T.
        steps: Scores per session: 1, or 2 where one is taken before it and one after it. The step within a session
            then has a carry-over `phi_in` and a variance `veta_in` of its own.
        lag: Which score after a session its process moves.
        lagged_process: Whether the process of the session before that moves this score too.
        time: What clients' lines are straight in, (occasions,); the number of the occasion if None.
    """
    cells = _cells(sessions, steps, lag + int(lagged_process))
    names = _path_names(reading, steps, lag, lag + int(lagged_process))
    occasions = 2 * sessions if steps == 2 else sessions + 1
    size = occasions + sessions
    paths = np.zeros((len(names), size, size))
    noise_paths = np.zeros((len(names), size, occasions))
    for k, name in enumerate(names):
        for row, column, noise in cells["beta_" + str(lag) if name == "beta" else name]:
            paths[k, row, column] = 1.0
            if noise is not None:
                noise_paths[k, row, noise] = 1.0
    omega_names = tuple(f"omega_{_LEVELS[i]}{_LEVELS[j]}" for i in range(4) for j in range(i, 4))
    variances, variance_names = _variance_cells(sessions, steps)
    return Structure(
        sessions,
        occasions,
        lag,
        (*names, *variance_names, "ve", *omega_names),
        paths,
        noise_paths,
        variances,
        np.eye(size, occasions),
        _omega_cells(sessions, steps, time),
    )


def _path_names(reading: Reading, steps: int, lag: int, longest: int) -> tuple[str, ...]:
    others = tuple(f"beta_{j}" for j in range(1, longest + 1) if j != lag)
    within = ("phi_in",) if steps == 2 else ()
    return ("beta", "phi", "kappa", *_FOLLOWED[reading], *within, *others)


def _cells(sessions: int, steps: int, longest: int) -> dict[str, list[tuple[int, int, int | None]]]:
    """Return the cells of A that every path fills, and the noise that it carries along."""
    occasions = 2 * sessions if steps == 2 else sessions + 1
    at, x = range(0, occasions - 1, steps), occasions
    within = set(at) if steps == 2 else set()
    later = range(1, sessions)
    cells: dict[str, list[tuple[int, int, int | None]]] = {
        "phi": [(t + 1, t, None) for t in range(occasions - 1) if t not in within],
        "phi_in": [(t + 1, t, None) for t in sorted(within)],
        "kappa": [(x + t, x + t - 1, None) for t in later],
        "rho": [(x + t, at[t], at[t]) for t in later],
        "psi": [(x + t, at[t] - 1, at[t] - 1) for t in later],
        "rho0": [(x, 0, 0)],
        "gamma": [(x + t, at[t], None) for t in later],
        "psig": [(x + t, at[t] - 1, None) for t in later],
        "gam0": [(x, 0, None)],
    }
    for j in range(1, longest + 1):
        moved = ((t, at[t] + 1 + steps * (j - 1)) for t in range(sessions))
        cells[f"beta_{j}"] = [(w, x + t, None) for t, w in moved if w < occasions]
    return cells


def _variance_cells(sessions: int, steps: int) -> tuple[Array, tuple[str, ...]]:
    occasions = 2 * sessions if steps == 2 else sessions + 1
    names = ("vw0", "veta", "vu0", "vu", *(("veta_in",) if steps == 2 else ()))
    cells = np.zeros((len(names), occasions + sessions))
    cells[0, 0] = cells[2, occasions] = 1.0
    cells[1, steps:occasions:steps] = cells[3, occasions + 1 :] = 1.0
    if steps == 2:
        cells[4, 1:occasions:2] = 1.0
    return cells, names


def loadings(sessions: int, steps: int = 1, time: Array | None = None) -> Array:
    """Return Z: level and slope of the outcome, level and slope of the process, (p, 4).

    Args:
        sessions: T.
        steps: Scores per session.
        time: What lines are straight in, (occasions,); the number of the occasion if None.
    """
    occasions = 2 * sessions if steps == 2 else sessions + 1
    when = np.arange(occasions, dtype=np.float64) if time is None else time
    half = (when[-1] - when[0]) / 2
    scaled = (when - when[0] - half) / half
    z = np.zeros((occasions + sessions, 4))
    z[:occasions, 0], z[:occasions, 1] = 1.0, scaled
    z[occasions:, 2], z[occasions:, 3] = 1.0, scaled[: occasions - 1 : steps]
    return z


def _omega_cells(sessions: int, steps: int, time: Array | None) -> Array:
    z = loadings(sessions, steps, time)
    cells = []
    for i in range(4):
        for j in range(i, 4):
            outer = np.outer(z[:, i], z[:, j])
            cells.append(outer if i == j else outer + outer.T)
    return np.stack(cells)


def effect_at_lag(model: Structure, theta: Array) -> tuple[float, Array]:
    """Return the difference in the score at the lag per unit of the process, and its derivative by θ.

    What a session moves at a shorter lag is carried over to the lag: Σ_j c^(k−j) β_j, j ≤ k, with c the carry-over
    from one session's score to the next. At lag 1 that is β.

    Args:
        model: The reading's structure.
        theta: Parameters.
    """
    names, lag = model.names, model.lag
    carry = ["phi", "phi_in"] if "phi_in" in names else ["phi"]
    c = float(np.prod([theta[names.index(n)] for n in carry]))
    slope = np.zeros(len(names))
    total = by_carry = 0.0
    for j in range(1, lag + 1):
        k = names.index("beta" if j == lag else f"beta_{j}")
        slope[k] = c ** (lag - j)
        total += float(theta[k]) * slope[k]
        by_carry += float(theta[k]) * (lag - j) * (c ** (lag - j - 1) if j < lag else 0.0)
    for name in carry:
        others = [theta[names.index(n)] for n in carry if n != name]
        slope[names.index(name)] += by_carry * float(np.prod(others))
    return total, slope


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
    k, v = model.n_paths, model.n_variances
    size = model.paths.shape[1]
    transfer = np.asarray(np.linalg.inv(np.eye(size) - np.tensordot(theta[:k], model.paths, 1)))
    noise = transfer @ np.tensordot(theta[:k], model.noise_paths, 1) + model.select
    driven = (transfer * (theta[k : k + v] @ model.variances)) @ transfer.T
    noise_variance = float(theta[k + v])
    between = np.tensordot(theta[k + v + 1 :], model.omega, 1)
    sigma = driven + noise_variance * noise @ noise.T + between
    return Covariance(model, sigma, noise_variance, transfer, noise, driven)


def _both(x: Array) -> Array:
    return np.asarray(x + np.swapaxes(x, -1, -2))


def path_derivatives(at: Covariance) -> tuple[Array, Array]:
    """Return the derivatives by each path, times A and from the left M: M ∂A, and what they do to the noise.

    Args:
        at: Σ and what it is made of.
    """
    model = at.structure
    moved = at.transfer @ model.paths
    noise_moved = moved @ (at.noise - model.select) + at.transfer @ model.noise_paths
    return moved, noise_moved


def first_derivatives(at: Covariance) -> Array:
    """Return ∂Σ/∂θ, (m, p, p)."""
    model = at.structure
    moved, noise_moved = path_derivatives(at)
    by_path = _both(moved @ at.driven + at.noise_variance * noise_moved @ at.noise.T)
    by_variance = (at.transfer * model.variances[:, None, :]) @ at.transfer.T
    return np.concatenate([by_path, by_variance, (at.noise @ at.noise.T)[None], model.omega])


def second_derivatives(at: Covariance) -> Array:
    """Return ∂²Σ/∂θ∂θ′, (m, m, p, p); zero wherever Ω is concerned."""
    model = at.structure
    k, v, m, size = model.n_paths, model.n_variances, len(model.names), len(at.sigma)
    moved, noise_moved = path_derivatives(at)
    result = np.zeros((m, m, size, size))
    by_variance = (at.transfer * model.variances[:, None, :]) @ at.transfer.T
    for i in range(k):
        for j in range(i, k):
            result[i, j] = result[j, i] = _both(_twice(at, moved, noise_moved, i, j))
        with_variance = _both(moved[i] @ by_variance)
        result[i, k : k + v] = result[k : k + v, i] = with_variance
        result[i, k + v] = result[k + v, i] = _both(noise_moved[i] @ at.noise.T)
    return result


def _twice(at: Covariance, moved: Array, noise_moved: Array, i: int, j: int) -> Array:
    turn = moved[i] @ moved[j] + moved[j] @ moved[i]
    by_noise = at.transfer @ at.structure.noise_paths
    noise_twice = turn @ (at.noise - at.structure.select) + moved[i] @ by_noise[j] + moved[j] @ by_noise[i]
    driven = turn @ at.driven + moved[i] @ at.driven @ moved[j].T
    return np.asarray(
        driven + at.noise_variance * (noise_twice @ at.noise.T + noise_moved[i] @ noise_moved[j].T)
    )
