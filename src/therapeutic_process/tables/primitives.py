"""The three operations that engines do differently: lag within client, first and last by order, as-of match.

Eager frames are sorted once and shifted globally, and a value that crossed into another client is masked;
lazy frames say the same with ``over(order_by=...)``. Keys must be unique and orders known: check first.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import attrs
import narwhals.stable.v2 as nw

from therapeutic_process.errors import TableError
from therapeutic_process.tables.door import Frame, is_lazy, need_columns, opened

if TYPE_CHECKING:
    from collections.abc import Sequence

    from narwhals.stable.v2.typing import IntoFrameT

__all__ = ["Ordered", "first_by_order", "lag_within_client", "last_by_order", "match_as_of", "ordered"]


@attrs.frozen(eq=False)
class Ordered:
    """A frame whose rows are in order within client, and how to look along that order.

    Attributes:
        frame: The frame; an eager one is sorted by client and order.
        client: The column of the client.
        order: The column of the order.
    """

    frame: Frame
    client: str
    order: str

    def lag(self, expr: nw.Expr, steps: int) -> nw.Expr:
        """Return the expression as it stood ``steps`` rows before (negative: after) in the same client."""
        if steps == 0:
            return expr
        if is_lazy(self.frame):
            return expr.shift(steps).over(self.client, order_by=self.order)
        same = (nw.col(self.client).shift(steps) == nw.col(self.client)).fill_null(value=False)
        return nw.when(same).then(expr.shift(steps))

    def position(self) -> nw.Expr:
        """Return the row's place in the client's series, counted from 1."""
        if is_lazy(self.frame):
            one = nw.col(self.order).is_null().cast(nw.Int64) * 0 + 1
            return one.cum_sum().over(self.client, order_by=self.order)
        row = nw.col("_row")
        return row - row.min().over(self.client) + 1

    def with_columns(self, *exprs: nw.Expr) -> Ordered:
        """Return the same order with further columns."""
        return attrs.evolve(self, frame=self.frame.with_columns(*exprs))


def ordered(table: Frame, *, client: str, order: str) -> Ordered:
    """Put a frame in order within client, in the form its engine is good at."""
    if isinstance(table, nw.DataFrame):
        return Ordered(table.sort(client, order).with_row_index("_row"), client, order)
    return Ordered(table, client, order)


def _out(table: Frame) -> Any:
    names = table.collect_schema().names()
    return (table.drop("_row") if "_row" in names else table).to_native()


def lag_within_client(
    frame: IntoFrameT,
    columns: str | Sequence[str],
    *,
    lag: int = 1,
    client: str = "client_id",
    order: str = "session",
    suffix: str | None = None,
) -> IntoFrameT:
    """Add what each column held ``lag`` rows before, in the same client.

    >>> import polars as pl
    >>> scores = pl.DataFrame({"client_id": [1, 1, 2], "session": [1, 2, 1], "score": [9.0, 7.0, 4.0]})
    >>> lag_within_client(scores, "score")["score_lag1"].to_list()
    [None, 9.0, None]

    Args:
        frame: Any frame Narwhals knows, one row per client and order.
        columns: The columns to look back on.
        lag: How many rows back; negative looks ahead.
        client: Column of the client.
        order: Column of the order within client.
        suffix: Ends the name of a new column; ``_lag1`` or ``_lead1`` unless told.

    Returns:
        A frame of the caller's kind; an eager one sorted by client and order.
    """
    names = [columns] if isinstance(columns, str) else list(columns)
    table = opened(frame)
    need_columns(table, client, order, *names)
    ending = suffix if suffix is not None else (f"_lag{lag}" if lag >= 0 else f"_lead{-lag}")
    rows = ordered(table, client=client, order=order)
    rows = rows.with_columns(*(rows.lag(nw.col(n), lag).alias(n + ending) for n in names))
    return cast("IntoFrameT", _out(rows.frame))


def first_by_order(
    frame: IntoFrameT, *, client: str = "client_id", order: str = "session", value: str | None = None
) -> IntoFrameT:
    """Keep each client's first row in order.

    >>> import polars as pl
    >>> scores = pl.DataFrame({"client_id": [1, 1], "session": [2, 1], "score": [7.0, None]})
    >>> first_by_order(scores, value="score")["session"].to_list()
    [2]

    Args:
        frame: Any frame Narwhals knows, one row per client and order.
        client: Column of the client.
        order: Column of the order within client.
        value: If given, rows in which this column is missing do not count.

    Returns:
        One row per client, of the caller's kind.
    """
    return cast("IntoFrameT", _extreme(opened(frame), client, order, value, last=False).to_native())


def last_by_order(
    frame: IntoFrameT, *, client: str = "client_id", order: str = "session", value: str | None = None
) -> IntoFrameT:
    """Keep each client's last row in order; see `first_by_order`.

    >>> import polars as pl
    >>> scores = pl.DataFrame({"client_id": [1, 1], "session": [2, 1], "score": [7.0, 9.0]})
    >>> last_by_order(scores)["score"].to_list()
    [7.0]

    Args:
        frame: Any frame Narwhals knows, one row per client and order.
        client: Column of the client.
        order: Column of the order within client.
        value: If given, rows in which this column is missing do not count.

    Returns:
        One row per client, of the caller's kind.
    """
    return cast("IntoFrameT", _extreme(opened(frame), client, order, value, last=True).to_native())


def _extreme(table: Frame, client: str, order: str, value: str | None, *, last: bool) -> Frame:
    need_columns(table, client, order, *([value] if value else []))
    if value is not None:
        known = nw.col(value)
        if table.collect_schema()[value].is_float():
            known = known.fill_nan(None)
        table = table.filter(~known.is_null())
    place = nw.col(order)
    edge = place.max() if last else place.min()
    kept = table.filter(place == edge.over(client))
    return kept.sort(client) if isinstance(kept, nw.DataFrame) else kept


def match_as_of(
    frame: IntoFrameT,
    other: IntoFrameT,
    *,
    client: str = "client_id",
    on: str,
    other_on: str,
    strictly_before: bool = False,
) -> IntoFrameT:
    """Give each row the most recent row of another table of the same client.

    A window fill over both tables laid together: portable to every engine, where an as-of join is not.

    >>> import polars as pl
    >>> events = pl.DataFrame({"client_id": [1, 1], "day": [8, 3]})
    >>> sessions = pl.DataFrame({"client_id": [1, 1], "held_on": [1, 7], "session": [1, 2]})
    >>> match_as_of(events, sessions, on="day", other_on="held_on").sort("day")["session"].to_list()
    [1, 2]

    Args:
        frame: The rows to be matched.
        other: The rows to find, unique by client and ``other_on``, of the same engine; its columns are added.
        client: Column of the client, in both.
        on: When a row of ``frame`` happened: number, date or time, of the same type as ``other_on``.
        other_on: When a row of ``other`` happened.
        strictly_before: Whether a row at the very same moment does not count.

    Returns:
        ``frame`` with the columns of ``other``, null where nothing came before.

    Raises:
        TableError: If a column is missing, or stands in both tables.
    """
    left, right = opened(frame), opened(other)
    need_columns(left, client, on)
    need_columns(right, client, other_on)
    clash = (set(left.collect_schema().names()) & set(right.collect_schema().names())) - {client}
    if clash:
        raise TableError(
            "column_in_both", needed="different names in the two tables", found=", ".join(sorted(clash))
        )
    found = _latest_before(left, right, client, on, other_on, strictly_before=strictly_before)
    joined = (
        cast("Any", left)
        .join(found, on=[client, on], how="left")
        .join(right, on=[client, other_on], how="left")
    )
    return cast("IntoFrameT", joined.to_native())


def _latest_before(
    left: Frame, right: Frame, client: str, on: str, other_on: str, *, strictly_before: bool
) -> Frame:
    asks, answers = (0, 1) if strictly_before else (1, 0)
    a = left.select(client, on).unique().with_columns(nw.lit(asks).alias("_side"), nw.col(on).alias(other_on))
    b = right.select(client, other_on).with_columns(
        nw.lit(answers).alias("_side"), nw.col(other_on).alias(on)
    )
    stacked: Any = nw.concat([cast("Any", x.select(client, on, other_on, "_side")) for x in (a, b)])
    answer = nw.when(nw.col("_side") == answers)
    both = stacked.with_columns(answer.then(nw.col(other_on)).alias(other_on))
    if isinstance(both, nw.DataFrame):
        whose = answer.then(nw.col(client)).alias("_whose")
        both = both.with_columns(whose).sort(client, on, "_side")
        both = both.with_columns(nw.col(other_on, "_whose").fill_null(strategy="forward"))
        mine = (nw.col("_whose") == nw.col(client)).fill_null(value=False)
        both = both.with_columns(nw.when(mine).then(nw.col(other_on)).alias(other_on))
    else:
        fill = nw.col(other_on).fill_null(strategy="forward")
        both = both.with_columns(fill.over(client, order_by=[on, "_side"]))
    return cast("Frame", both.filter(nw.col("_side") == asks).select(client, on, other_on))
