"""Summaries of courses that hold the first and the last known value by order, in the way each engine does best."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import narwhals.stable.v2 as nw

from therapeutic_process.tables.keys import quoted

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["summed_with_ends"]


def summed_with_ends(
    table: Any,
    keys: Sequence[str],
    *,
    order: str,
    value: str,
    first: str | None,
    last: str | None,
    highest: Sequence[str],
    total: str,
) -> Any:
    """Make one row per group of a lazy frame: totals, highest cells, and the known values that come first and last.

    Args:
        table: The rows.
        keys: What makes a group.
        order: The order within group, unique there.
        value: What is looked for at its ends; missing cells are passed over.
        first: The new column of the first known value; None: not wanted.
        last: The new column of the last one.
        highest: Columns of which the highest cell stays.
        total: A column to sum.
    """
    if table.implementation.is_duckdb():
        return _natively(table, keys, order, value, first, last, highest, total)
    known = nw.when(~nw.col(value).is_null()).then(nw.col(order))
    edges = {name: edge for name, edge in ((first, known.min()), (last, known.max())) if name is not None}
    for name, edge in edges.items():
        at = nw.col(order) == nw.col(f"_at_{name}")
        table = table.with_columns(edge.over(*keys).alias(f"_at_{name}"))
        table = table.with_columns(nw.when(at).then(nw.col(value)).alias(name))
    cells = [nw.col(name).max() for name in [*highest, *edges]]
    return table.group_by(*keys).agg(nw.col(total).sum(), *cells)


def _natively(
    table: Any,
    keys: Sequence[str],
    order: str,
    value: str,
    first: str | None,
    last: str | None,
    highest: Sequence[str],
    total: str,
) -> Any:
    # one pass and no window: what is grouped may be many times larger than memory
    groups = ", ".join(quoted(name) for name in keys)
    ends = [(how, name) for how, name in (("arg_min", first), ("arg_max", last)) if name is not None]
    cells = [f"{how}({quoted(value)}, {quoted(order)}) as {quoted(name)}" for how, name in ends]
    cells += [f"max({quoted(name)}) as {quoted(name)}" for name in highest]
    cells.append(f"sum({quoted(total)})::bigint as {quoted(total)}")
    return nw.from_native(table.to_native().aggregate(", ".join([groups, *cells]), groups))
