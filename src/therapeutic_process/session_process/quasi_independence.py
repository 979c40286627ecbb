"""The model of independence for tables in which some cells cannot occur."""

from __future__ import annotations

import attrs

from therapeutic_process.session_process.extra import Bools, Floats, Ints, brief, np

__all__ = ["QuasiIndependence", "fit_quasi_independence"]

_MOST_ROUNDS = 20_000


@attrs.frozen(eq=False, repr=False)
class QuasiIndependence:
    """The fitted log-linear model of independence on the cells that can occur.

    Attributes:
        expected: Expected counts; nan where a cell cannot occur.
        residual: Standardised Pearson residuals of the log-linear model; nan where undefined.
        df: Degrees of freedom over the cells that can occur and that the margins leave room for.
        converged: Whether the fit reached its tolerance.
    """

    expected: Floats
    residual: Floats
    df: Ints
    converged: Bools

    __repr__ = brief


def _support(counts: Floats, possible: Bools) -> Bools:
    """Tell which cells the margins leave room for.

    A cell can hold something if the observed table can be turned into one that does: raise it, then lower and
    raise others along a path back. The others are estimated as 0, which fitting would approach for ever.
    """
    k, m = counts.shape[-2:]
    way = np.zeros((*counts.shape[:-2], k + m, k + m), dtype=np.float32)
    way[..., :k, k:] = possible
    way[..., k:, :k] = np.swapaxes(counts > 0, -1, -2)
    way[..., np.arange(k + m), np.arange(k + m)] = 1
    for _ in range((k + m - 1).bit_length()):
        way = np.minimum(way @ way, 1)
    return possible & (np.swapaxes(way[..., k:, :k], -1, -2) > 0)


def _scaling(margin: Floats, fitted: Floats) -> Floats:
    return np.divide(margin, fitted, out=np.zeros_like(margin), where=fitted > 0)


def _proportional_fit(counts: Floats, possible: Bools, tolerance: float) -> tuple[Floats, Bools]:
    rows, columns = counts.sum(-1), counts.sum(-2)
    fit = np.where(possible, 1.0, 0.0) * np.ones_like(counts)
    off = np.full(counts.shape[:-2], np.inf)
    for _ in range(_MOST_ROUNDS):
        fit = fit * _scaling(rows, fit.sum(-1))[..., :, None]
        fit = fit * _scaling(columns, fit.sum(-2))[..., None, :]
        off = np.abs(fit.sum(-1) - rows).max(-1, initial=0.0) / np.maximum(rows.sum(-1), 1.0)
        if np.all(off <= tolerance):
            break
    return fit, off <= tolerance


def _bordered(table: Floats) -> Floats:
    """Give X'WX of the additive row + column model, W the cell weights."""
    k, m = table.shape[-2:]
    whole = np.zeros((*table.shape[:-2], k + m, k + m))
    whole[..., :k, k:] = table
    whole[..., k:, :k] = np.swapaxes(table, -1, -2)
    at = np.arange(k + m)
    whole[..., at, at] = np.concatenate([table.sum(-1), table.sum(-2)], axis=-1)
    return whole


def _leverage(fit: Floats) -> Floats:
    k = fit.shape[-2]
    inverse = np.linalg.pinv(_bordered(fit), hermitian=True)
    own = np.diagonal(inverse, axis1=-2, axis2=-1)
    spread: Floats = own[..., :k, None] + own[..., None, k:] + 2 * inverse[..., :k, k:]
    return fit * spread


def fit_quasi_independence(counts: Ints, possible: Bools, *, tolerance: float = 1e-10) -> QuasiIndependence:
    """Fit independence to the cells that can occur, by iterative proportional fitting.

    The residual is (F - E) / sqrt(E (1 - h)), h the leverage of the cell in the Poisson log-linear model
    (Haberman 1979; Christensen 1997, p. 357).

    >>> fit = fit_quasi_independence(np.array([[0, 4, 2], [3, 0, 3], [3, 2, 0]]), ~np.eye(3, dtype=bool))
    >>> fit.df.tolist(), bool(fit.converged)
    (1, True)

    Args:
        counts: Tables of counts, shape (..., rows, columns).
        possible: Which cells can occur, shape (rows, columns) or that of ``counts``.
        tolerance: Largest difference of a fitted margin, as a share of the table's total.
    """
    table = counts.astype(np.float64)
    live = _support(table, np.broadcast_to(possible, table.shape))
    fit, converged = _proportional_fit(table, live, tolerance)
    rank = np.linalg.matrix_rank(_bordered(live.astype(np.float64)), hermitian=True)
    spread = fit * (1 - _leverage(fit))
    # A leverage of 1 leaves no variance; rounding leaves it within a few units of the last place.
    sure = live & (spread > 1e-9 * np.maximum(fit, 1e-300)) & converged[..., None, None]
    root = np.sqrt(np.where(sure, spread, np.nan))
    expected = np.where(possible & converged[..., None, None], fit, np.nan)
    return QuasiIndependence(expected, (table - fit) / root, live.sum((-1, -2)) - rank, converged)
