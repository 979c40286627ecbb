"""How many rows share their key with another row: the check that costs most on tables larger than memory."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import narwhals.stable.v2 as nw

from therapeutic_process.tables.door import collected, infinite

if TYPE_CHECKING:
    from therapeutic_process.tables.door import Frame

__all__ = ["quoted", "repeated", "unknown"]

# a whole number of this many bits has a place for each order, and one for the sign
_BITS = 120


def unknown(table: Frame, column: str) -> nw.Expr:
    """Return whether a key cell says nothing: null, or a number that is none."""
    if table.collect_schema()[column].is_float():
        return nw.col(column).fill_nan(None).is_null() | infinite(column)
    return nw.col(column).is_null()


def repeated(table: Frame, *key: str) -> int:
    """Count the rows whose key another row has, too; a row with a gap in its key does not count.

    Args:
        table: The rows.
        key: The columns of the key, the order last.
    """
    gap = nw.any_horizontal(*(unknown(table, k) for k in key), ignore_nulls=True)
    keys: Any = table.select(*key).filter(~gap)
    if table.implementation.is_duckdb() and _distinct_by_bits(keys, key):
        return 0
    groups = keys.group_by(*key).agg(nw.len().alias("_n")).filter(nw.col("_n") > 1)
    return int(collected(groups.select(nw.col("_n").sum()))[0, 0] or 0)


def _distinct_by_bits(keys: Any, key: tuple[str, ...]) -> bool:
    """Whether no key repeats, told with one number per client: a bit for each session.

    False also where the orders are no whole numbers or lie too far apart for that. Grouping by client takes a
    fraction of the time and memory of grouping by client and session.
    """
    *whose, order = key
    if not whose or not keys.collect_schema()[order].is_integer():
        return False
    low, high = collected(
        keys.select(nw.col(order).min().alias("low"), nw.col(order).max().alias("high"))
    ).row(0)
    if low is None:
        return True
    if int(high) - int(low) > _BITS:
        return False
    groups = ", ".join(quoted(name) for name in whose)
    seen = f"bit_or(1::hugeint << ({quoted(order)}::hugeint - {int(low)})::integer)"
    clients = keys.to_native().aggregate(f"{groups}, count(*) as _n, {seen} as _seen", groups)
    ((n,),) = clients.filter("bit_count(_seen) <> _n").aggregate("count(*)").fetchall()
    return not n


def quoted(name: str) -> str:
    """Return a column's name as SQL writes it, whatever the name holds."""
    return '"' + name.replace('"', '""') + '"'
