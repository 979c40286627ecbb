"""Turns the rows of a result into a table, when somebody asks for one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs

from therapeutic_process.errors import MissingExtra

if TYPE_CHECKING:
    from collections.abc import Sequence

    import polars as pl

__all__ = ["frame_of"]


def frame_of(rows: Sequence[Any], kind: type) -> pl.DataFrame:
    """Return attrs objects of one kind as a Polars frame, a column per field; no rows give an empty frame.

    Args:
        rows: The objects.
        kind: Their attrs class; its fields name the columns.

    Raises:
        MissingExtra: If the ``analysis`` extra is not installed.
    """
    try:
        import polars as pl
    except ImportError as error:
        raise MissingExtra("analysis", "polars") from error
    names = [field.name for field in attrs.fields(kind)]
    columns = {name: [getattr(row, name) for row in rows] for name in names}
    return pl.DataFrame({name: pl.Series(name, values, strict=False) for name, values in columns.items()})
