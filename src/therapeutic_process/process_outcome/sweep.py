"""Least squares with client intercepts, client trends and session effects, swept out within clients.

No dummy variable is ever formed. Client lines are taken out by an orthonormal pair per client; what remains
of the session effects is one small symmetric system (Frisch & Waugh 1933; Lovell 1963).
"""

from __future__ import annotations

import attrs
import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
_SAME = 1e-9


@attrs.frozen(eq=False)
class Sweep:
    """The projection off client and session effects over the cells in use.

    Attributes:
        used: The cells in use, (clients, sessions).
        level: Every client's unit vector of the intercept over the used cells.
        trend: The same for the linear trend, orthogonal to it; zeros where trends are kept.
        session_inverse: Generalised inverse of the session effects' remaining cross-products.
        rank: How many columns of client and session effects are taken out.
    """

    used: NDArray[np.bool_]
    level: Array
    trend: Array
    session_inverse: Array
    rank: int

    def residual(self, values: Array) -> Array:
        """Return what client and session effects leave of a grid; 0 in unused cells."""
        swept = self._within(np.where(self.used, values, 0.0))
        effects = self.session_inverse @ swept.sum(axis=0)
        return swept - self._within(np.where(self.used, effects, 0.0))

    def _within(self, values: Array) -> Array:
        swept = values - self.level * (self.level * values).sum(axis=1, keepdims=True)
        return np.asarray(swept - self.trend * (self.trend * swept).sum(axis=1, keepdims=True))


def sweep(
    used: NDArray[np.bool_], *, trends: bool, sessions: bool = True, time: Array | None = None
) -> Sweep:
    """Prepare the projection.

    Args:
        used: The cells in use, (clients, sessions).
        trends: Whether clients have linear trends besides intercepts.
        sessions: Whether session numbers have effects.
        time: What trends are straight in, (clients, sessions); the session's position if None.
    """
    count = used.sum(axis=1, keepdims=True)
    level = used / np.sqrt(np.maximum(count, 1))
    when = np.arange(used.shape[1], dtype=float) if time is None else np.where(used, time, 0.0)
    centred = np.where(used, when - (used * when).sum(axis=1, keepdims=True) / np.maximum(count, 1), 0.0)
    norm = np.sqrt((centred**2).sum(axis=1, keepdims=True))
    moving = norm > _SAME * np.abs(np.where(used, when, 0.0)).max(axis=1, keepdims=True, initial=0.0)
    trend = np.where(moving, centred / np.where(moving, norm, 1.0), 0.0) if trends else np.zeros(used.shape)
    cross = np.diag(used.sum(axis=0).astype(float)) - level.T @ level - trend.T @ trend
    inverse, session_rank = _symmetric_inverse(cross if sessions else np.zeros_like(cross), float(used.sum()))
    client_rank = int((count > 0).sum() + moving.sum() * trends)
    return Sweep(used, level, trend, inverse, client_rank + session_rank)


def _symmetric_inverse(matrix: Array, scale: float) -> tuple[Array, int]:
    values, vectors = np.linalg.eigh(matrix)
    kept = values > _SAME * max(scale, 1.0) / len(matrix)
    return (vectors[:, kept] / values[kept]) @ vectors[:, kept].T, int(kept.sum())


@attrs.frozen(eq=False)
class LeastSquares:
    """Coefficients and the clients' influences on them.

    Attributes:
        coefficients: One per column, (k,).
        influence: Every client's influence, (clients, k).
        residual: Residuals, 0 in unused cells.
        bread: Inverse of the columns' remaining cross-products, (k, k).
        n_rows: Cells in use.
        n_clients: Clients with a cell in use.
        rank: Columns and effects fitted.
    """

    coefficients: Array
    influence: Array
    residual: Array
    bread: Array
    n_rows: int
    n_clients: int
    rank: int

    @property
    def classical_se(self) -> Array:
        """Standard errors under independent errors of one variance, (k,)."""
        variance = (self.residual**2).sum() / (self.n_rows - self.rank)
        return np.asarray(np.sqrt(variance * np.diag(self.bread)))

    def clustered_se(
        self, groups: NDArray[np.intp] | None = None, *, correct: bool = True
    ) -> tuple[Array, int]:
        """Return HC0 standard errors summed over units, and the number of units.

        Args:
            groups: The unit of every client; clients themselves if None.
            correct: Whether to multiply by √(G/(G−1)).
        """
        influence = self.influence[self._fitted()]
        if groups is not None:
            codes = np.unique(groups[self._fitted()], return_inverse=True)[1].ravel()
            influence = np.stack([np.bincount(codes, weights=c) for c in influence.T], axis=1)
        units = len(influence)
        factor = units / (units - 1) if correct else 1.0
        return np.sqrt(factor * (influence**2).sum(axis=0)), units

    def _fitted(self) -> NDArray[np.bool_]:
        return np.isfinite(self.influence[:, 0])


class Degenerate(Exception):
    """Data from which a regression tells nothing: what was needed and found, and the code of the refusal."""

    def __init__(self, code: str, *, needed: str, found: str) -> None:
        self.code = code
        self.needed = needed
        self.found = found
        super().__init__(code, needed, found)


class RankDeficient(Degenerate):
    """Columns that client and session effects, or each other, determine."""

    def __init__(self, rank: int, columns: int) -> None:
        self.rank = rank
        self.columns = columns
        needed = f"{columns} columns that vary independently within clients"
        super().__init__("rank_deficient", needed=needed, found=str(rank))


def least_squares(target: Array, columns: list[Array], projection: Sweep) -> LeastSquares:
    """Regress a grid on grids, off client and session effects.

    Args:
        target: (clients, sessions).
        columns: Regressors, each (clients, sessions).
        projection: The effects to take out, over the cells in use.

    Raises:
        RankDeficient: If the columns are not independent of the effects and each other.
        Degenerate: With code `no_within_variance` if the effects leave nothing of the target but rounding, with code
            `outcome_determined` if they and the columns leave nothing.
    """
    y = projection.residual(target)
    left = float(np.sqrt((y**2).sum()))
    if left <= _SAME * float(np.sqrt((target[projection.used] ** 2).sum())):
        needed = "an outcome that varies about clients' own lines and session effects"
        raise Degenerate("no_within_variance", needed=needed, found="nothing left but rounding")
    x = np.stack([projection.residual(c) for c in columns])
    refuse_dependent(x, columns, projection.used)
    bread = np.asarray(np.linalg.inv(np.tensordot(x, x, axes=([1, 2], [1, 2]))))
    coefficients = bread @ np.tensordot(x, y, axes=([1, 2], [0, 1]))
    residual = y - np.tensordot(coefficients, x, 1)
    if float(np.sqrt((residual**2).sum())) <= _SAME * left:
        needed = "an outcome that the process and the other columns do not determine"
        raise Degenerate("outcome_determined", needed=needed, found="a sum of them: residuals of 0")
    influence = (x * residual).sum(axis=2).T @ bread
    fitted = projection.used.any(axis=1)
    influence[~fitted] = np.nan
    rank = projection.rank + len(columns)
    return LeastSquares(
        coefficients, influence, residual, bread, int(projection.used.sum()), int(fitted.sum()), rank
    )


def refuse_dependent(x: Array, columns: list[Array], used: NDArray[np.bool_]) -> None:
    """Refuse columns that the effects taken out, or each other, determine.

    Args:
        x: What the effects leave of the columns.
        columns: The columns.
        used: The cells in use.

    Raises:
        RankDeficient: With their rank.
    """
    sizes = np.array([np.sqrt(((c[used] - c[used].mean()) ** 2).sum()) for c in columns])
    flat = x.reshape(len(x), -1) / np.where(sizes > 0, sizes, 1.0)[:, None]
    rank = int((np.linalg.svd(flat @ flat.T, compute_uv=False) > _SAME).sum())
    if rank < len(x):
        raise RankDeficient(rank, len(x))
