"""Turns the rows of a result into a table, when somebody asks for one."""

from __future__ import annotations

from types import NoneType, UnionType
from typing import TYPE_CHECKING, Any, Literal, Union, get_args, get_origin, get_type_hints

import attrs

from therapeutic_process.errors import MissingExtra

if TYPE_CHECKING:
    from collections.abc import Sequence

    import polars as pl

__all__ = ["frame_of"]


def frame_of(rows: Sequence[Any], kind: type) -> pl.DataFrame:
    """Return attrs objects of one kind as a Polars frame, a column per field.

    The columns have the types that the fields are annotated with, whatever the rows hold: no rows, or nothing but
    None, give the same columns as many rows. A value of another type is refused, never made null.

    Args:
        rows: The objects.
        kind: Their attrs class. Its fields are texts, whole numbers, numbers, truth values, or one of these or None.

    Raises:
        TypeError: If a field is annotated with anything else, or a row holds something else than its field says.
        OverflowError: If a whole number is too long for a column.
        MissingExtra: If the ``analysis`` extra is not installed.
    """
    try:
        import polars as pl
    except ImportError as error:
        raise MissingExtra("analysis", "polars") from error
    types = {str: pl.String, int: pl.Int64, float: pl.Float64, bool: pl.Boolean}
    hints = get_type_hints(kind)
    columns = []
    for name in (field.name for field in attrs.fields(kind)):
        plain = _plain(hints[name], name)
        values = [_checked(getattr(row, name), plain, name) for row in rows]
        columns.append(pl.Series(name, values, dtype=types[plain]))
    return pl.DataFrame(columns)


def _plain(annotation: Any, name: str) -> type:
    """Return the one plain type of a field, with optional and choice of texts taken off."""
    if get_origin(annotation) in {Union, UnionType}:
        several = {_plain(arg, name) for arg in get_args(annotation) if arg is not NoneType}
    elif get_origin(annotation) is Literal:
        several = {type(value) for value in get_args(annotation)}
    else:
        several = {annotation}
    if len(several) != 1 or not several <= {str, int, float, bool}:
        raise TypeError(f"frame_of needs a plain type for the field {name!r}")
    found: type = several.pop()
    return found


def _checked(value: object, plain: type, name: str) -> object:
    if plain is float and type(value) is int:
        return float(value)
    if plain is int and isinstance(value, int) and not -(2**63) <= value < 2**63:
        raise OverflowError(
            f"frame_of needs whole numbers of 64 bits in the field {name!r}, found a longer one"
        )
    if value is None or (isinstance(value, plain) and (plain is bool or not isinstance(value, bool))):
        return value
    raise TypeError(f"frame_of needs {plain.__name__} in the field {name!r}, found {type(value).__name__}")
