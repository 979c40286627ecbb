"""Reading a long table into a grid, with every broken contract refused by a code."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs
import narwhals.stable.v2 as nw
import numpy as np
from numpy.typing import NDArray

from therapeutic_process.errors import CannotEstimate, TableError
from therapeutic_process.process_outcome.day_windows import day_numbers, outcome_in_window
from therapeutic_process.process_outcome.intervals import Rows, rows_by_interval
from therapeutic_process.process_outcome.layout import declared
from therapeutic_process.process_outcome.panel import Panel, shifted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from narwhals.stable.v2.typing import IntoFrame

    from therapeutic_process.process_outcome.layout import Layout, Timing

Array = NDArray[np.float64]

MAX_OCCASIONS = 120
ELAPSED = "elapsed days"


def read_panel(
    table: IntoFrame,
    *,
    timing: Timing | None = None,
    client: str = "client_id",
    session: str = "session",
    outcome: str = "outcome_before",
    process: str = "event",
    cluster: str | None = None,
    extra: Sequence[str] = (),
    layout: Layout | None = None,
) -> Panel:
    """Read a long table, one row per client and session, into a grid.

    >>> import polars as pl
    >>> read_panel(pl.DataFrame({"client_id": ["a", "a"], "session": [1, 2],
    ...                          "outcome_before": [9.0, 7.0], "event": [1, None]}),
    ...            timing="before")
    <Panel 1 clients × 1 sessions>

    Args:
        table: Any frame Narwhals knows.
        client: Column of the client.
        session: Column of the session's number.
        timing: When the score of a row was taken, where no layout is given.
        outcome: Column of the score; where a session has two, of the one before it.
        process: Column of the event (0, 1, missing where nobody coded) or process score in the session.
        cluster: Column of the therapist, group or couple.
        extra: Further columns of numbers.
        layout: How process and outcome are laid out in time.

    Raises:
        TableError: If a column is missing or no number, or a key or cluster is missing or not unique.
        CannotEstimate: If process and outcome are the same column, or windows in days overlap.
    """
    plan = declared("read_panel", timing, layout)
    scores = (outcome, plan.outcome_after) if plan.timing == "both" else (outcome,)
    if process in scores or len({*scores}) < len(scores):
        raise CannotEstimate(
            "read_panel",
            "shared_items",
            needed="a process that is not the outcome",
            found="one column for both",
        )
    itself = sum(name in {*scores, process} for name in plan.covariates)
    if itself:
        raise CannotEstimate(
            "read_panel",
            "shared_items",
            needed="covariates that are neither process nor outcome",
            found=f"{itself} that are",
        )
    numbers = list(dict.fromkeys([*scores, process, *plan.covariates, *extra]))
    days = [plan.days] if plan.days and plan.days not in numbers else []
    keys = [client, session, *([cluster] if cluster else [])]
    frame = _eager(table, list(dict.fromkeys([*keys, *numbers, *days])))
    who = _codes(frame, client)
    when = _session_numbers(frame[session], session)
    columns = {
        name: day_numbers(frame[name], name) if name == plan.days else _numbers(frame[name], name)
        for name in (*numbers, *days)
    }
    groups = _codes(frame, cluster) if cluster else None
    cluster_of = None if groups is None else _cluster_of_client(who, groups, int(who.max(initial=-1)) + 1)
    rows = Rows(who, when, columns)
    between: tuple[tuple[int, int], ...] = ()
    dropped: tuple[tuple[str, int], ...] = ()
    if plan.aggregator is not None:
        _refuse_repeated(who * (int(np.ptp(when)) + 1 if len(when) else 1) + when)
        rows, between, dropped = rows_by_interval(rows, plan, outcome, process)
    panel = _on_grid(rows, plan, scores, process, cluster_of)
    panel = attrs.evolve(
        panel, n_rows=len(who), dropped=dropped + panel.dropped, sessions_per_interval=between
    )
    return attrs.evolve(panel, extra={name: panel.extra[name] for name in (*extra, *days)})


def _on_grid(
    rows: Rows, plan: Layout, scores: tuple[str, ...], process: str, cluster: NDArray[np.intp] | None
) -> Panel:
    later = int(plan.timing == "after")
    columns = rows.columns
    scored = np.asarray(~np.isnan(np.stack([columns[name] for name in scores])).all(axis=0))
    cells, inside, dropped = _cells(rows.who, rows.when, scored, ~np.isnan(columns[process]), later=later)
    cells = _Cells(cells.index * plan.steps, (cells.shape[0], cells.shape[1] * plan.steps))
    grids = {n: _placed(cells, v, inside, 0) for n, v in columns.items() if n not in scores}
    outcome = _placed(cells, columns[scores[0]], inside, later)
    if plan.timing == "both":
        post = _placed(cells, columns[scores[1]], inside, 1)
        outcome = np.where(np.isnan(outcome), post, outcome)
    panel = Panel(
        outcome, grids[process][:, :-1], cluster, grids, plan.timing, len(rows.who), dropped, layout=plan
    )
    return _timed(panel)


def _timed(panel: Panel) -> Panel:
    """Add what days say: covariates, the time of lines, and the outcome by a window."""
    plan = panel.layout
    covariates = {name: panel.extra[name][:, :-1] for name in plan.covariates}
    if plan.days is None:
        return attrs.evolve(panel, covariates=covariates)
    of_session = panel.extra[plan.days]
    of_score = _days_of_scores(of_session, plan)
    matched = attrs.evolve(panel, outcome=of_score).after
    if plan.lag_days is not None:
        later, matched = outcome_in_window(panel, of_session, of_score, plan.lag_days)
        panel = attrs.evolve(panel, later=later)
    if plan.elapsed_days:
        since = shifted(of_session, plan.steps) if plan.timing == "both" else of_score
        covariates[ELAPSED] = matched - since[:, :-1]
    return attrs.evolve(panel, covariates=covariates, time=of_score if plan.time_axis == "days" else None)


def _days_of_scores(of_session: Array, plan: Layout) -> Array:
    if plan.timing == "before":
        return of_session
    after = shifted(of_session, 1)
    return after if plan.timing == "after" else np.where(np.isnan(of_session), after, of_session)


def read_columns(table: IntoFrame, key: str, names: tuple[str, ...]) -> dict[object, Array]:
    """Read columns of whole numbers by client, rows in the table's order.

    Args:
        table: Any frame Narwhals knows.
        key: Column of the client.
        names: Columns to read.

    Raises:
        TableError: If a column is missing or holds no whole numbers, or a key is missing.
    """
    frame = _eager(table, [key, *names])
    _refuse_missing_key(frame, key)
    values = np.column_stack([_session_numbers(frame[name], name) for name in names]).astype(np.float64)
    rows: dict[object, list[int]] = {}
    for row, who in enumerate(frame[key].to_list()):
        rows.setdefault(who, []).append(row)
    return {who: values[index] for who, index in rows.items()}


def _refuse_missing_key(frame: nw.DataFrame[Any], name: str) -> None:
    column = frame[name]
    missing = int(column.is_null().sum())
    if column.dtype.is_float():  # NaN is no null, and no key either
        missing += int(column.fill_null(0.0).is_nan().sum())
    if missing:
        raise TableError(
            "key_missing", needed=f"a value of {name} in every row", found=f"{missing} rows without"
        )


def _eager(table: IntoFrame, names: list[str]) -> nw.DataFrame[Any]:
    frame = nw.from_native(table)
    found = frame.collect_schema().names()
    absent = [name for name in names if name not in found]
    if absent:
        raise TableError(
            "column_missing",
            needed=f"columns {', '.join(map(str, names))}",
            found=f"no {', '.join(map(str, absent))}",
        )
    chosen = frame.select(names)
    return chosen.collect() if isinstance(chosen, nw.LazyFrame) else chosen


def _codes(frame: nw.DataFrame[Any], name: str) -> NDArray[np.intp]:
    _refuse_missing_key(frame, name)
    column = frame[name]
    countable = column if column.dtype.is_numeric() else column.cast(nw.String).rank("dense")
    return np.unique(countable.to_numpy(), return_inverse=True)[1].ravel()


def _numbers(column: nw.Series[Any], name: str) -> Array:
    if not (column.dtype.is_numeric() or column.dtype in {nw.Boolean, nw.Unknown, nw.Object}):
        raise TableError("not_numeric", needed=f"numbers in {name}", found=f"{column.dtype}")
    values = np.asarray(column.cast(nw.Float64).to_numpy(), dtype=np.float64)
    endless = int(np.isinf(values).sum())
    if endless:
        raise TableError(
            "not_finite", needed=f"finite numbers in {name}", found=f"{endless} rows that are not"
        )
    return values


def _session_numbers(column: nw.Series[Any], name: str) -> NDArray[np.int64]:
    if column.dtype.is_temporal():
        raise TableError(
            "order_is_time",
            needed=f"the session's number in {name}",
            found="times: number the sessions first",
        )
    values = _numbers(column, name)
    bad = int((np.isnan(values) | (values != np.floor(values))).sum())
    if bad:
        raise TableError(
            "not_whole", needed=f"a whole number in every row of {name}", found=f"{bad} rows without"
        )
    return values.astype(np.int64)


@attrs.frozen(eq=False)
class _Cells:
    index: NDArray[np.int64]
    shape: tuple[int, int]


def _cells(
    who: NDArray[np.intp],
    when: NDArray[np.int64],
    scored: NDArray[np.bool_],
    coded: NDArray[np.bool_],
    *,
    later: int,
) -> tuple[_Cells, NDArray[np.bool_], tuple[tuple[str, int], ...]]:
    if not scored.any():
        raise TableError("no_outcome", needed="at least one score", found="none")
    first, last = int(when[scored | coded].min()), int(when[scored].max()) + later
    occasions = last - first + 1
    if occasions > MAX_OCCASIONS:
        raise TableError(
            "too_many_occasions", needed=f"at most {MAX_OCCASIONS} session numbers", found=str(occasions)
        )
    inside = (when >= first) & (when <= last - later)
    index = (who * occasions + when - first)[inside]
    _refuse_repeated(index)
    late = int((when > last - later).sum())
    dropped = (("session after the last score of the cohort", late),) if late else ()
    return _Cells(index, (int(who.max()) + 1, occasions)), inside, dropped


def _placed(cells: _Cells, values: Array, inside: NDArray[np.bool_], shift: int) -> Array:
    grid = np.full(cells.shape, np.nan)
    grid.ravel()[cells.index + shift] = values[inside]
    return grid


def _refuse_repeated(cell: NDArray[np.int64]) -> None:
    repeated = len(cell) - len(np.unique(cell))
    if repeated:
        raise TableError(
            "duplicate_key", needed="one row per client and session", found=f"{repeated} rows more"
        )


def _cluster_of_client(who: NDArray[np.intp], groups: NDArray[np.intp], n: int) -> NDArray[np.intp]:
    cluster = np.zeros(n, dtype=np.intp)
    cluster[who] = groups
    strays = int((cluster[who] != groups).sum())
    if strays:
        raise TableError(
            "cluster_varies", needed="one cluster per client", found=f"{strays} rows with another"
        )
    return cluster
