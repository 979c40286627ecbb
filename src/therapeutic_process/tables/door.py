"""How a caller's frame comes in and goes out: one meaning of missing, one meaning of a number."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias, cast

import narwhals.stable.v2 as nw

from therapeutic_process.errors import TableError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from narwhals.stable.v2.typing import IntoFrame

__all__ = [
    "Frame",
    "collected",
    "height",
    "infinite",
    "infinite_cells",
    "is_lazy",
    "need_columns",
    "need_finite",
    "numbers",
    "opened",
    "text_cells",
]

Frame: TypeAlias = nw.DataFrame[Any] | nw.LazyFrame[Any]

_TEXT = (nw.String, nw.Object, nw.Categorical, nw.Enum)
_READS_AS_NUMBER = r"^\s*[-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?\s*$"


def opened(frame: IntoFrame) -> Frame:
    """Return the caller's frame as a Narwhals frame.

    Raises:
        TableError: If it is no frame that Narwhals knows.
    """
    try:
        table = nw.from_native(frame)
    except TypeError:
        raise TableError("not_a_table", needed="a data frame", found=type(frame).__name__) from None
    if isinstance(table, nw.DataFrame):
        table = nw.maybe_reset_index(table)
    return cast("Frame", table)


def is_lazy(table: Frame) -> bool:
    """Tell whether the engine computes only when asked and has no row order."""
    return isinstance(table, nw.LazyFrame)


def collected(table: Frame) -> nw.DataFrame[Any]:
    """Compute a frame: what is eager stays as it is."""
    return table.collect() if isinstance(table, nw.LazyFrame) else table


def height(table: Frame) -> int:
    """Count the rows of a frame; a lazy one runs one query."""
    return len(table) if isinstance(table, nw.DataFrame) else int(collected(table.select(nw.len()))[0, 0])


def need_columns(table: Frame, *names: str) -> None:
    """Check that the columns are there, and that no two differ by case only.

    SQL engines fold the case of names, so such a table would mean different things on different engines.

    Raises:
        TableError: ``column_missing`` or ``ambiguous_column``, naming the columns.
    """
    have = table.collect_schema().names()
    missing = [n for n in names if n not in have]
    if missing:
        raise TableError(
            "column_missing",
            needed="columns " + ", ".join(map(repr, names)),
            found="no " + ", ".join(map(repr, missing)),
        )
    twins = [n for n in have for m in names if n != m and n.lower() == m.lower()]
    if twins:
        raise TableError(
            "ambiguous_column",
            needed="names that differ by more than case",
            found=", ".join(map(repr, twins)),
        )


def text_cells(table: Frame, column: str) -> tuple[int, tuple[int, ...]]:
    """Count the text cells that do not read as a number, with the first rows where rows have an order."""
    if table.collect_schema()[column] not in _TEXT:
        return 0, ()
    wrong = nw.col(column).cast(nw.String).str.contains(_READS_AS_NUMBER)
    wrong = (~wrong.fill_null(value=False)) & ~nw.col(column).is_null()
    if isinstance(table, nw.LazyFrame):
        return int(collected(table.select(wrong.cast(nw.Int64).sum()))[0, 0] or 0), ()
    rows = table.select(wrong.alias("wrong")).with_row_index("row").filter(nw.col("wrong"))
    return len(rows), tuple(int(r) for r in rows["row"].head(5).to_list())


def _refuse(table: Frame, column: str, dtype: object) -> TableError:
    if dtype in _TEXT:
        count, rows = text_cells(table, column)
        found = f"text, {count} cells of which do not read as a number"
        return TableError("not_a_number", needed=f"numbers in column {column!r}", found=found, rows=rows)
    return TableError("not_a_number", needed=f"numbers in column {column!r}", found=f"type {dtype}")


def infinite(column: str) -> nw.Expr:
    """Return whether a cell is a number without end, which no score and no order can be."""
    return (nw.col(column).abs() == float("inf")).fill_null(value=False)


def need_finite(table: nw.DataFrame[Any], *columns: str) -> None:
    """Check that no cell of an eager frame is infinite.

    Raises:
        TableError: ``not_a_number``, with the count and the first rows.
    """
    for name in columns:
        if not table.collect_schema()[name].is_float():
            continue
        rows = table.select(infinite(name).alias("wrong")).with_row_index("row").filter(nw.col("wrong"))
        if len(rows):
            raise infinite_cells(name, len(rows), [int(r) for r in rows["row"].head(5).to_list()])


def infinite_cells(column: str, count: int, rows: Sequence[int]) -> TableError:
    """Return the refusal of a column with infinite cells."""
    return TableError(
        "not_a_number",
        needed=f"finite numbers in column {column!r}",
        found=f"{count} infinite cells",
        rows=tuple(rows),
    )


def numbers(table: Frame, *columns: str) -> Frame:
    """Return the frame with these columns as floats in which what is no number, NaN or infinite, has become null.

    Who must tell an infinite cell from a missing one asks `infinite` first.

    Raises:
        TableError: ``not_a_number`` if a column holds text or another type that is no number; with the count.
    """
    schema = table.collect_schema()
    for name in columns:
        dtype = schema[name]
        # a column that is empty throughout may come in without any type
        if not dtype.is_numeric() and dtype != nw.Unknown and not _all_null(table, name):
            raise _refuse(table, name, dtype)
    return table.with_columns(*(_finite(name, is_float=schema[name].is_float()) for name in columns))


def _finite(column: str, *, is_float: bool) -> nw.Expr:
    number = nw.when(~infinite(column)).then(nw.col(column)) if is_float else nw.col(column)
    return number.cast(nw.Float64).fill_nan(None).alias(column)


def _all_null(table: Frame, column: str) -> bool:
    return not int(collected(table.select(nw.col(column).count()))[0, 0])
