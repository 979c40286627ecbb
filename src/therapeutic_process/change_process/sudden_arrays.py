"""Find sudden gains in an eager frame with plain arrays: one look at every pair, a closer look at the candidates."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs
import narwhals.stable.v2 as nw

from therapeutic_process.change_process.bootstrap import numpy_module
from therapeutic_process.errors import TableError

if TYPE_CHECKING:
    from therapeutic_process.change_process.sudden_rule import SuddenRule

__all__ = ["Series", "later_worst", "series_of", "sudden_rows"]


@attrs.frozen(eq=False)
class Series:
    """The scores of all clients, in order within client.

    Attributes:
        score: The scores, NaN where missing.
        same: Whether a row and the next one belong to the same client.
        row: The row of the caller's frame, or None where that is already in order.
    """

    score: Any
    same: Any
    row: Any | None

    def starts(self) -> Any:
        """Return the first position of every client, and the end of the last."""
        np = numpy_module()
        return np.concatenate([[0], np.flatnonzero(~self.same) + 1, [len(self.score)]])


def _duplicate(count: int) -> TableError:
    return TableError("duplicate_key", needed="one row per client and order", found=f"{count} rows that repeat a key")


def _by_number(np: Any, client: Any, order: Any) -> Any:
    """Return the rows in order of two whole-number keys; refuse keys that repeat."""
    n = len(client)
    c0, o0 = client.min(), order.min()
    width = int(order.max() - o0) + 1
    size = (int(client.max() - c0) + 1) * width
    if size > 16 * n + 1_000_000:
        row = np.lexsort((order, client))
        c, o = client[row], order[row]
        repeated = int(((c[1:] == c[:-1]) & (o[1:] == o[:-1])).sum())
        if repeated:
            raise _duplicate(repeated)
        return row
    # dense keys: every key has its slot, so no comparison is needed to put them in order
    kind = np.int32 if size < 2**31 else np.int64
    key = (client - c0).astype(kind) * kind(width) + (order - o0).astype(kind)
    slot = np.full(size, -1, dtype=np.int32)
    slot[key] = np.arange(n, dtype=np.int32)
    row = slot[slot >= 0]
    if len(row) != n:
        raise _duplicate(n - len(row))
    return row


def _is_in_order(np: Any, client: Any, order: Any) -> tuple[bool, Any]:
    same = client[1:] == client[:-1]
    later = order[1:] > order[:-1]
    # within a client the order must rise; where it does not, a new and higher client must begin
    breaks = np.flatnonzero(~(same & later))
    return bool((client[breaks + 1] > client[breaks]).all()), same


def series_of(table: Any, *, client: str, order: str, score: str) -> Series:
    """Lay an eager frame out as arrays; refuse repeated keys.

    Needs keys without gaps and scores that are floats.
    """
    np = numpy_module()
    schema = table.collect_schema()
    x = np.asarray(table[score].to_numpy(), dtype=float)
    if not len(x):
        return Series(x, np.zeros(0, dtype=bool), None)
    if schema[client].is_integer() and schema[order].is_integer():
        c, o = np.asarray(table[client].to_numpy()), np.asarray(table[order].to_numpy())
        in_order, same = _is_in_order(np, c, o)
        if in_order:
            return Series(x, same, None)
        row = _by_number(np, c, o)
        c = c[row]
        return Series(x[row], c[1:] == c[:-1], row)
    keys = table.select(client, order).with_row_index("_row").sort(client, order)
    same, again = (
        (keys[k] == keys[k].shift(1)).fill_null(value=False).to_numpy().astype(bool)[1:] for k in (client, order)
    )
    repeated = int((same & again).sum())
    if repeated:
        raise _duplicate(repeated)
    row = keys["_row"].to_numpy()
    return Series(x[row], same, row)


def _window(np: Any, s: Series, at: Any, low: Any, high: Any, offsets: tuple[int, ...]) -> tuple[Any, Any, Any]:
    """Return count, mean and sum of squares of the scores around each position, inside its client."""
    values = []
    for k in offsets:
        place = at + k
        inside = (place >= low) & (place < high)
        values.append(np.where(inside, s.score[np.where(inside, place, 0)], np.nan))
    n = sum((~np.isnan(v)).astype(np.int64) for v in values)
    a, b, c = values
    total = np.nan_to_num(a) + np.nan_to_num(b) + np.nan_to_num(c)
    squares = [np.nan_to_num((u - v) * (u - v)) for u, v in ((a, b), (b, c), (a, c))]
    safe = np.maximum(n, 1)
    return n, total / safe, (squares[0] + squares[1] + squares[2]) / safe


def _stable(np: Any, s: Series, at: Any, low: Any, high: Any, rule: SuddenRule) -> Any:
    x, sign = s.score, rule.sign
    if rule.stability == "none":
        return np.ones(len(at), dtype=bool)
    if rule.uses_windows:
        n0, m0, q0 = _window(np, s, at, low, high, (-2, -1, 0))
        n1, m1, q1 = _window(np, s, at, low, high, (1, 2, 3))
        enough = (n0 >= 2) & (n1 >= 2)
        df = np.where(enough, n0 + n1 - 2, 4)
        critical = np.array([np.nan, np.nan, *(rule.critical_value(d) for d in (2, 3, 4))])[df]
        pooled = (q0 + q1) / df
        if rule.stability == "t_test":
            pooled = pooled * (1 / np.maximum(n0, 1) + 1 / np.maximum(n1, 1))
        return enough & ((m0 - m1) * sign > critical * np.sqrt(pooled))
    change = (x[at] - x[at + 1]) * sign
    if rule.stability == "share_kept":
        limit = x[at] * sign - change * rule.kept
        inside = at + 3 < high
        later = [x[np.where(inside, at + k, 0)] * sign for k in (2, 3)]
        return inside & (later[0] <= limit) & (later[1] <= limit)
    n, sd = _series_spread(np, s)
    whose = np.searchsorted(s.starts()[:-1], at, side="right") - 1
    return (n[whose] >= 3) & (change >= sd[whose] * rule.series_sds)


def _series_spread(np: Any, s: Series) -> tuple[Any, Any]:
    starts = s.starts()[:-1]
    known = ~np.isnan(s.score)
    n = np.add.reduceat(known.astype(np.int64), starts)
    safe = np.maximum(n, 1)
    mean = np.add.reduceat(np.where(known, s.score, 0.0), starts) / safe
    whose = np.cumsum(np.concatenate([[0], ~s.same]))
    apart = np.where(known, s.score - mean[whose], 0.0)
    return n, np.sqrt(np.add.reduceat(apart * apart, starts) / np.maximum(n - 1, 1))


def sudden_rows(s: Series, rule: SuddenRule) -> tuple[Any, Any, Any]:
    """Return the positions N of the sudden changes, and where their clients begin and end."""
    np = numpy_module()
    x = s.score
    if len(x) < 2:
        none = np.zeros(0, dtype=np.int64)
        return none, none, none
    change = x[:-1] - x[1:] if rule.sign > 0 else x[1:] - x[:-1]
    at = np.flatnonzero(change >= rule.cutoff) if rule.cutoff is not None else np.flatnonzero(~np.isnan(change))
    keep = s.same[at]
    if rule.min_share is not None:
        keep &= (x[at] >= 0) & (change[at] >= x[at] * rule.min_share)
    at = at[keep]
    starts = s.starts()
    whose = np.searchsorted(starts, at, side="right") - 1
    low, high = starts[whose], starts[whose + 1]
    keep = (at - low + 1 >= rule.min_sessions_before) & (high - at - 1 >= rule.min_sessions_after)
    keep &= _stable(np, s, at, low, high, rule)
    return at[keep], low[keep], high[keep]


def later_worst(s: Series, at: Any, high: Any, sign: int) -> Any:
    """Return the score after N+1, to the end, that lies furthest back; NaN where there is none."""
    np = numpy_module()
    worst = np.full(len(at), -np.inf)
    open_, place = np.arange(len(at)), at + 2
    while len(open_):
        going = place < high[open_]
        open_, place = open_[going], place[going]
        worst[open_] = np.fmax(worst[open_], s.score[place] * sign)
        place = place + 1
    return np.where(np.isinf(worst), np.nan, worst * sign)


def attach(table: Any, columns: dict[str, Any]) -> Any:
    """Add arrays as columns to an eager frame of the same height; NaN becomes null."""
    implementation = table.implementation
    new = [nw.new_series(k, v, backend=implementation) for k, v in columns.items()]
    table = table.with_columns(*new)
    floats = [k for k, v in columns.items() if v.dtype.kind == "f"]
    return table.with_columns(nw.col(k).fill_nan(None) for k in floats)
