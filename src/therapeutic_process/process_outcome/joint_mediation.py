"""The joint model with a mediator between sessions: three series, each with levels and lines of its own.

x is the process of session t, m the mediator between it and the next score, w the state behind the scores:

    x_t = γ w_t + ρ (w+e)_t + ψ (w+e)_{t−1} + ψg w_{t−1} + κ x_{t−1} + χ m_{t−1} + u_t
    m_t = a x_t + γm w_t + ρm (w+e)_t + ψm (w+e)_{t−1} + ψgm w_{t−1} + κm m_{t−1} + v_t
    w_{t+1} = φ w_t + β x_t + b m_t + η_t

read in two ways as the joint model is: process and mediator follow recorded scores, or the true state.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from therapeutic_process.process_outcome.joint_covariance import Reading, Structure, loadings

__all__ = ["mediation_structure"]

Array = NDArray[np.float64]

_COMMON = ("beta", "b", "a", "phi", "kappa", "kappa_m", "chi")
_FOLLOWED: dict[Reading, tuple[str, ...]] = {
    "score": ("rho", "psi", "rho0", "rho_m", "psi_m", "rho0_m"),
    "state": ("gamma", "psig", "gam0", "gamma_m", "psig_m", "gam0_m"),
}
_VARIANCES = ("vw0", "veta", "vu0", "vu", "vm0", "vm")
_LEVELS = ("a", "s", "c", "d", "m", "n")


def mediation_structure(reading: Reading, sessions: int) -> Structure:
    """Return the constant matrices of a reading with a mediator.

    Args:
        reading: `score` (process and mediator follow the recorded score) or `state` (they follow the true state).
        sessions: T; there are T + 1 outcomes.
    """
    occasions = sessions + 1
    size = occasions + 2 * sessions
    names = (*_COMMON, *_FOLLOWED[reading])
    cells = _cells(sessions)
    paths, noise_paths = np.zeros((len(names), size, size)), np.zeros((len(names), size, occasions))
    noisy = reading == "score"
    for k, name in enumerate(names):
        for row, column in cells[name]:
            paths[k, row, column] = 1.0
            if noisy and name in _FOLLOWED["score"]:
                noise_paths[k, row, column] = 1.0
    omega_names = tuple(f"omega_{_LEVELS[i]}{_LEVELS[j]}" for i in range(6) for j in range(i, 6))
    return Structure(
        sessions,
        occasions,
        1,
        (*names, *_VARIANCES, "ve", *omega_names),
        paths,
        noise_paths,
        _variance_cells(sessions),
        np.eye(size, occasions),
        _omega_cells(sessions),
    )


def _cells(sessions: int) -> dict[str, list[tuple[int, int]]]:
    x, m = sessions + 1, 2 * sessions + 1
    every, later = range(sessions), range(1, sessions)
    cells = {
        "beta": [(t + 1, x + t) for t in every],
        "b": [(t + 1, m + t) for t in every],
        "a": [(m + t, x + t) for t in every],
        "phi": [(t + 1, t) for t in every],
        "kappa": [(x + t, x + t - 1) for t in later],
        "kappa_m": [(m + t, m + t - 1) for t in later],
        "chi": [(x + t, m + t - 1) for t in later],
    }
    for now, last, first in (_FOLLOWED["score"][:3], _FOLLOWED["state"][:3]):
        for suffix, start in (("", x), ("_m", m)):
            cells[now + suffix] = [(start + t, t) for t in later]
            cells[last + suffix] = [(start + t, t - 1) for t in later]
            cells[first + suffix] = [(start, 0)]
    return cells


def _variance_cells(sessions: int) -> Array:
    x, m = sessions + 1, 2 * sessions + 1
    cells = np.zeros((6, 3 * sessions + 1))
    cells[0, 0] = cells[2, x] = cells[4, m] = 1.0
    cells[1, 1:x] = cells[3, x + 1 : m] = cells[5, m + 1 :] = 1.0
    return cells


def _omega_cells(sessions: int) -> Array:
    two = loadings(sessions)
    z = np.zeros((3 * sessions + 1, 6))
    z[: len(two), :4] = two
    z[len(two) :, 4:] = two[sessions + 1 :, 2:]
    cells = []
    for i in range(6):
        for j in range(i, 6):
            outer = np.outer(z[:, i], z[:, j])
            cells.append(outer if i == j else outer + outer.T)
    return np.stack(cells)
