"""Days of sessions and scores, and the outcome that lies in a window of days after a session."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import narwhals.stable.v2 as nw
import numpy as np
from numpy.typing import NDArray

from therapeutic_process.errors import CannotEstimate, TableError

if TYPE_CHECKING:
    from therapeutic_process.process_outcome.panel import Panel

__all__ = ["day_numbers", "outcome_in_window"]

Array = NDArray[np.float64]
_SECONDS = 86_400.0


def day_numbers(column: nw.Series[Any], name: str) -> Array:
    """Return days as numbers, nan where missing.

    Args:
        column: Numbers, dates, or times with a time zone.
        name: Of the column.

    Raises:
        TableError: If the column holds none of these; times without a zone could be hours apart in one day.
    """
    kind = column.dtype
    if isinstance(kind, nw.Datetime) and kind.time_zone is None:
        raise TableError(
            "naive_time",
            needed=f"days, dates, or times with a time zone in {name}",
            found=f"times without a zone in {len(column)} rows",
        )
    if isinstance(kind, nw.Datetime):
        moved = column.dt.timestamp("ms").cast(nw.Float64) / (1000 * _SECONDS)
    elif kind == nw.Date:
        moved = column.cast(nw.Datetime("ms")).dt.timestamp("ms").cast(nw.Float64) / (1000 * _SECONDS)
    elif kind.is_numeric() or kind == nw.Unknown:
        moved = column.cast(nw.Float64)
    else:
        raise TableError(
            "not_numeric", needed=f"days, dates, or times with a time zone in {name}", found=f"{kind}"
        )
    values = np.asarray(moved.to_numpy(), dtype=np.float64)
    endless = int(np.isinf(values).sum())
    if endless:
        raise TableError(
            "not_finite", needed=f"finite numbers in {name}", found=f"{endless} rows that are not"
        )
    return values


def outcome_in_window(
    panel: Panel, of_session: Array, of_score: Array, window: tuple[float, float]
) -> tuple[Array, Array]:
    """Return, for every session, the first score within a window of days after it, and its day.

    Args:
        panel: The grid.
        of_session: Days of sessions, (clients, occasions).
        of_score: Days of scores, (clients, occasions).
        window: Fewest and most days, both included.

    Raises:
        CannotEstimate: If a score lies in the windows of several sessions in which the process is known.
    """
    steps, columns = panel.layout.steps, panel.process.shape[1]
    later, day = np.full(panel.process.shape, np.nan), np.full(panel.process.shape, np.nan)
    place = np.full(panel.process.shape, -1)
    for t in range(0, columns, steps):
        for s in range(t + 1, columns + 1, steps):
            gap = of_score[:, s] - of_session[:, t]
            hit = (place[:, t] < 0) & (gap >= window[0]) & (gap <= window[1]) & ~np.isnan(panel.outcome[:, s])
            later[hit, t], day[hit, t], place[hit, t] = panel.outcome[hit, s], of_score[hit, s], s
    claimed = (place >= 0) & ~np.isnan(panel.process)
    client = np.nonzero(claimed)[0]
    pairs = np.column_stack([client, place[claimed]])
    twice = len(pairs) - len(np.unique(pairs, axis=0))
    if twice:
        raise CannotEstimate(
            "read_panel",
            "windows_overlap",
            needed="a window of days in which no two sessions share a score, or an aggregator",
            found=f"{twice} sessions that share their outcome with another",
        )
    return later, day
