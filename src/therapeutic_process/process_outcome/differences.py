"""Differences between a client's sessions: plain first differences, and one-step difference GMM."""

from __future__ import annotations

import attrs
import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
_SAME = 1e-12


@attrs.frozen(eq=False)
class OrdinaryFit:
    """Coefficients and standard errors of a least squares or GMM fit."""

    coefficients: Array
    standard_errors: Array
    n_rows: int


def first_difference(target: Array, columns: Array, client: NDArray[np.intp]) -> OrdinaryFit:
    """Regress differences on differences, with an intercept and classical standard errors.

    Differences are those of adjacent available rows of a client.

    Args:
        target: Per row, rows of a client in order.
        columns: (rows, k).
        client: Client of every row, ascending.
    """
    same = client[1:] == client[:-1]
    y = np.diff(target)[same]
    x = np.column_stack([np.ones(len(y)), np.diff(columns, axis=0)[same]])
    inverse = np.linalg.inv(x.T @ x)
    coefficients = inverse @ x.T @ y
    variance = float(((y - x @ coefficients) ** 2).sum()) / (len(y) - x.shape[1])
    return OrdinaryFit(coefficients, np.sqrt(variance * np.diag(inverse)), len(y))


def difference_gmm(
    outcome: Array,
    exogenous: Array,
    *,
    lags: int,
    predetermined: Array | None = None,
    two_steps: bool = False,
) -> OrdinaryFit:
    """Fit a dynamic panel by difference GMM.

    Arellano & Bond (1991), eq. 5–7: differences are instrumented by all levels of the outcome two and more
    occasions back, by all levels of predetermined columns one and more occasions back, and by the differences
    of exogenous columns; occasions have effects. One step weighs as for independent errors and has robust
    standard errors; two steps weigh by the first step's residuals and have the standard errors of that
    weight, which are known to be too small.

    Args:
        outcome: (clients, occasions), nan where missing.
        exogenous: (k, clients, occasions), aligned with the outcome they explain.
        lags: How many lags of the outcome are regressors.
        predetermined: (j, clients, occasions), aligned likewise.
        two_steps: Whether to take the second step.

    Returns:
        Lags of the outcome first, then exogenous, predetermined, and the occasions' effects.
    """
    nothing = np.empty((0, *outcome.shape))
    before = nothing if predetermined is None else predetermined
    lagged = np.stack([_lag(outcome, k) for k in range(1, lags + 1)])
    columns = np.concatenate([lagged, exogenous, before])
    change_y, change_x = _difference(outcome), _difference(columns)
    used = ~np.isnan(change_y + change_x.sum(axis=0))
    occasions = np.flatnonzero(used.any(axis=0))
    x = np.concatenate([change_x, _occasion_changes(used, occasions)])
    z = np.concatenate(
        [
            _instruments(outcome, used, 2),
            *(_instruments(column, used, 1) for column in before),
            _difference(exogenous),
            _occasion_changes(used, occasions),
        ]
    )
    return _gmm(change_y, x, np.where(used, z, 0.0), used, two_steps=two_steps)


def _lag(values: Array, by: int) -> Array:
    lagged = np.full(values.shape, np.nan)
    lagged[:, by:] = values[:, :-by]
    return lagged


def _difference(values: Array) -> Array:
    change = np.full(values.shape, np.nan)
    change[..., 1:] = values[..., 1:] - values[..., :-1]
    return change


def _occasion_changes(used: NDArray[np.bool_], occasions: NDArray[np.intp]) -> Array:
    result = np.zeros((len(occasions), *used.shape))
    for k, t in enumerate(occasions):
        result[k, :, t] = 1.0
    return result


def _instruments(levels: Array, used: NDArray[np.bool_], back: int) -> Array:
    found = []
    for t in np.flatnonzero(used.any(axis=0)):
        for s in range(t - back + 1):
            block = np.zeros(levels.shape)
            block[:, t] = np.nan_to_num(levels[:, s])
            if np.any(block[used]):
                found.append(block)
    return np.stack(found) if found else np.empty((0, *levels.shape))


def _gmm(y: Array, x: Array, z: Array, used: NDArray[np.bool_], *, two_steps: bool) -> OrdinaryFit:
    y, x = np.where(used, y, 0.0), np.where(used, x, 0.0)
    neighbours = 2 * np.eye(used.shape[1]) - np.eye(used.shape[1], k=1) - np.eye(used.shape[1], k=-1)
    weight = np.linalg.pinv(np.einsum("ant,ts,bns->ab", z, neighbours, z, optimize=True))
    zx = np.tensordot(z, x, axes=([1, 2], [1, 2]))
    zy = np.tensordot(z, y, axes=([1, 2], [0, 1]))
    cross = zx.T @ weight @ zx
    size = np.sqrt(np.abs(np.diag(cross)))
    size[size == 0] = 1.0
    if np.linalg.matrix_rank(cross / np.outer(size, size), tol=_SAME, hermitian=True) < len(cross):
        raise np.linalg.LinAlgError
    turn = np.linalg.solve(cross, zx.T @ weight)
    residual = np.where(used, y - np.tensordot(turn @ zy, x, 1), 0.0)
    moments = (z * residual).sum(axis=2)
    spread = moments @ moments.T
    if not two_steps:
        return OrdinaryFit(turn @ zy, np.sqrt(np.diag(turn @ spread @ turn.T)), int(used.sum()))
    weight = np.linalg.pinv(spread)
    bread = np.linalg.inv(zx.T @ weight @ zx)
    return OrdinaryFit(bread @ zx.T @ weight @ zy, np.sqrt(np.diag(bread)), int(used.sum()))
