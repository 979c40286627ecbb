"""Weak penalties of the joint model, and where its fit starts; in scaled units."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs
import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from therapeutic_process.process_outcome.joint_covariance import Structure

Array = NDArray[np.float64]

_PENALTIES = {"phi": (0.3, 0.3), "ve": (0.5, 1.0), "vw0": (0.7, 0.5), "kappa": (0.0, 0.5), "beta": (0.0, 2.0)}
_UNIT_PENALTY = ("gamma", "psig", "gam0", "rho", "psi", "rho0")
_WITHIN_SESSION = (0.8, 0.3)
_STARTS = {"phi": 0.3, "vw0": 0.7, "veta": 0.65, "ve": 0.3, "vu": 1.0, "vu0": 1.0}
_STARTS |= {"phi_in": 0.8, "veta_in": 0.2, "vm": 1.0, "vm0": 1.0}
_MEDIATED = {"a": (0.0, 2.0), "b": (0.0, 2.0), "kappa_m": (0.0, 0.5), "chi": (0.0, 1.0)}
_MEDIATED |= dict.fromkeys([f"{name}_m" for name in _UNIT_PENALTY], (0.0, 1.0))
_HELD = 1e-3


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
    table = _PENALTIES | dict.fromkeys(_UNIT_PENALTY, (0.0, 1.0)) | {"phi_in": _WITHIN_SESSION}
    table |= _MEDIATED
    table |= {name: _PENALTIES["beta"] for name in model.names if name.startswith("beta_")}
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
    ends = np.cumsum([model.occasions, model.sessions])
    spread = _moment_variances(np.split(series, ends[: 1 if ends[1] == series.shape[1] else 2], axis=1))
    for level, value in zip("ascdmn", spread, strict=False):
        theta[model.names.index(f"omega_{level}{level}")] = value
    return theta


def _moment_variances(parts: list[Array]) -> list[float]:
    """Return a variance of levels and one of slopes for outcome, process and, if there is one, mediator."""
    floor, found = 0.1, []
    for part, noise in zip(parts, (0.2, 0.1, 0.1), strict=False):
        level = float(np.nanvar(_client_means(part)))
        found += [max(level - noise, floor), floor]
    return found


def _client_means(part: Array) -> Array:
    seen = ~np.isnan(part)
    count = seen.sum(axis=1)
    centre = np.where(seen, part, 0.0).sum(axis=0) / np.maximum(seen.sum(axis=0), 1)
    total = np.where(seen, part - centre, 0.0).sum(axis=1)
    return np.asarray((total / np.maximum(count, 1))[count > 0])
