"""Lay an eager frame out as arrays in order within client, whatever its keys and however its rows lie."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, cast

import attrs
import narwhals.stable.v2 as nw

from therapeutic_process.change_process.bootstrap import numpy_module
from therapeutic_process.errors import TableError
from therapeutic_process.tables.door import infinite_cells, need_finite, numbers
from therapeutic_process.tables.keys import unknown

LOOK = 4096
BLOCK = 32_768

__all__ = ["Series", "blocks", "ends_known", "framed", "need_keys", "scores_known", "series_of"]


@attrs.frozen(eq=False)
class Series:
    """The scores of all clients, in order within client.

    Attributes:
        score: The scores, NaN where missing.
        starts: The first position of every client, and the end of the last.
        client: The clients at given positions.
        order: The orders at given positions.
    """

    score: Any
    starts: Any
    client: Callable[[Any], Any]
    order: Callable[[Any], Any]


class _Repeats(Exception):
    """A key repeats; which rows share one is looked up where the table is at hand."""


def _duplicate(table: Any, client: str, order: str) -> TableError:
    shared = (nw.len().over(client, order) > 1).alias("shared")
    rows = table.select(client, order).with_columns(shared).with_row_index("_row").filter(nw.col("shared"))
    return TableError(
        "duplicate_key",
        needed=f"one row per {client!r} and {order!r}",
        found=f"{len(rows)} rows that share theirs with another",
        rows=tuple(int(r) for r in rows["_row"].head(5).to_list()),
    )


def blocks(n: int) -> Iterator[tuple[int, int]]:
    """Yield the bounds of blocks of n cells, so small that what is made of one stays near the processor.

    >>> list(blocks(40_000))
    [(0, 32768), (32768, 40000)]
    """
    for start in range(0, n, BLOCK):
        yield start, min(start + BLOCK, n)


def _boundaries(np: Any, client: Any, order: Any) -> Any | None:
    """Return where clients begin, if the rows are in order and no key repeats; else None."""
    found = []
    for i, j in blocks(len(client) - 1):
        inside = client[i + 1 : j + 1] == client[i:j]
        inside &= order[i + 1 : j + 1] > order[i:j]
        found.append(np.flatnonzero(~inside) + i)
    breaks = np.concatenate(found) if found else np.zeros(0, dtype=np.int64)
    # where the order does not rise within a client, a new and higher client must begin
    if (client[breaks + 1] > client[breaks]).all():
        return np.concatenate([[0], breaks + 1, [len(client)]])
    return None


def _by_dense_keys(np: Any, client: Any, order: Any, score: Any) -> Series | None:
    """Put whole-number keys in order without comparing them: every possible key has its own slot."""
    n, c0, o0 = len(client), int(client.min()), int(order.min())
    width, height = int(order.max()) - o0 + 1, int(client.max()) - c0 + 1
    size = width * height
    if size > min(16 * n + 1_000_000, 2**31 - 1):
        return None
    key = (client - c0).astype(np.int32)
    key *= np.int32(width)
    key += (order - o0).astype(np.int32)
    taken = np.zeros(size, dtype=bool)
    taken[key] = True
    keys = np.flatnonzero(taken)
    if len(keys) != n:
        raise _Repeats
    slots = np.empty(size)
    slots[key] = score
    counts = taken.reshape(height, width).view(np.int8).sum(axis=1, dtype=np.int32)
    starts = np.concatenate([[0], np.cumsum(counts[counts > 0])])
    return Series(
        slots[keys],
        starts,
        lambda at: (keys[at] // width + c0).astype(client.dtype),
        lambda at: (keys[at] % width + o0).astype(order.dtype),
    )


def _by_sorting(np: Any, client: Any, order: Any, score: Any) -> Series:
    row = np.lexsort((order, client))
    c, o = client[row], order[row]
    starts = _boundaries(np, c, o)
    if starts is None:
        raise _Repeats
    return Series(score[row], starts, c.__getitem__, o.__getitem__)


def _by_engine(np: Any, table: Any, client: str, order: str, score: Any) -> Series:
    """Let the engine sort keys that are no whole numbers: text, dates, times."""
    keys = table.select(client, order).with_row_index("_row").sort(client, order)
    same, again = (
        (keys[k] == keys[k].shift(1)).fill_null(value=False).to_numpy().astype(bool)[1:]
        for k in (client, order)
    )
    if (same & again).any():
        raise _Repeats
    starts = np.unique(np.concatenate([[0], np.flatnonzero(~same) + 1, [len(score)]]))
    row = np.asarray(keys["_row"].to_numpy())
    return Series(
        score[row], starts, lambda at: keys[client][at.tolist()], lambda at: keys[order][at.tolist()]
    )


def series_of(table: Any, *, client: str, order: str, score: str) -> Series:
    """Lay an eager frame out as arrays; refuse repeated keys and infinite scores.

    Needs keys without gaps and scores that are floats.
    """
    np = numpy_module()
    # filled first: an engine that marks missing cells apart would copy them one by one
    x = np.asarray(table[score].fill_null(float("nan")).to_numpy(), dtype=float)
    if any(np.isinf(x[i:j]).any() for i, j in blocks(len(x))):
        endless = np.flatnonzero(np.isinf(x))
        raise infinite_cells(score, len(endless), endless[:5].tolist())
    try:
        return _laid_out(np, table, client, order, x)
    except _Repeats:
        raise _duplicate(table, client, order) from None


def _laid_out(np: Any, table: Any, client: str, order: str, x: Any) -> Series:
    schema = table.collect_schema()
    if not (len(x) and schema[client].is_integer() and schema[order].is_integer()):
        return _by_engine(np, table, client, order, x)
    c, o = np.asarray(table[client].to_numpy()), np.asarray(table[order].to_numpy())
    few = _boundaries(np, c[:LOOK], o[:LOOK])
    starts = few if few is None or len(c) <= LOOK else _boundaries(np, c, o)
    if starts is not None:
        return Series(x, starts, c.__getitem__, o.__getitem__)
    return _by_dense_keys(np, c, o, x) or _by_sorting(np, c, o, x)


def ends_known(s: Series) -> tuple[Any, Any, Any]:
    """Return where each client's first and last known score stands, and how many there are.

    A client without any has a first position after the last one. Only the gaps are looked at, for they are few.
    """
    np = numpy_module()
    gaps = np.flatnonzero(np.isnan(s.score))
    place = np.searchsorted(gaps, s.starts)
    first, last = s.starts[:-1].copy(), s.starts[1:] - 1
    n = last - first + 1 - np.diff(place)
    if len(gaps):
        runs = np.flatnonzero(np.diff(gaps) != 1)
        run_first = gaps[np.concatenate([[0], runs + 1])]
        run_last = gaps[np.concatenate([runs, [len(gaps) - 1]])]
        for ends, low, step in ((first, place[:-1], 1), (last, place[1:] - 1, -1)):
            # a place before the first gap or behind the last one meets a gap that lies elsewhere
            gone = np.flatnonzero(gaps[np.minimum(low, len(gaps) - 1)] == ends)
            run = np.searchsorted(run_first, ends[gone], side="right") - 1
            ends[gone] = run_last[run] + 1 if step > 0 else run_first[run] - 1
    return first, last, n


def need_keys(table: nw.DataFrame[Any], client: str, order: str) -> None:
    """Check that every row of an eager frame names its client and its order.

    Raises:
        TableError: ``key_missing`` or ``order_unknown``, with the count.
    """
    for name, code in ((client, "key_missing"), (order, "order_unknown")):
        gaps = table[name].null_count()
        if table[name].dtype.is_float():
            gaps = int(table.select(unknown(table, name).cast(nw.Int64).sum())[name][0] or 0)
        if gaps:
            raise TableError(code, needed=f"a known {name!r} in every row", found=f"{gaps} rows without")


def scores_known(table: nw.DataFrame[Any], client: str, order: str, score: str) -> nw.DataFrame[Any]:
    """Return an eager frame that `series_of` can lay out: keys without gaps, scores as floats.

    Raises:
        TableError: If a score is text or infinite, or a key is missing.
    """
    if table.collect_schema()[score] != nw.Float64:
        need_finite(table, score)
        table = cast("nw.DataFrame[Any]", numbers(table, score))
    need_keys(table, client, order)
    return table


def framed(
    table: Any, labels: dict[str, tuple[Any, str]], arrays: dict[str, Any], texts: dict[str, list[str | None]]
) -> Any:
    """Make an eager frame of the engine of another one.

    Args:
        table: The caller's frame.
        labels: By name, keys and the column of ``table`` that has their type.
        arrays: By name, arrays of the same length; NaN becomes null.
        texts: By name, texts.
    """
    schema, columns = table.collect_schema(), {}
    for name, (values, like) in labels.items():
        if isinstance(values, nw.Series):
            column = nw.maybe_reset_index(values)
        else:
            column = nw.new_series(name, values, backend=table.implementation)
        columns[name] = column if column.dtype == schema[like] else column.cast(schema[like])
    for name, values in arrays.items():
        columns[name] = nw.new_series(name, values, backend=table.implementation)
    for name, several in texts.items():
        columns[name] = nw.new_series(name, several, nw.String, backend=table.implementation)
    floats = [name for name, values in arrays.items() if values.dtype.kind == "f"]
    # Narwhals carries its own series over by pyarrow, which nobody has to have.
    native = {name: nw.to_native(column) for name, column in columns.items()}
    return nw.from_dict(native, backend=table.implementation).with_columns(nw.col(*floats).fill_nan(None))
