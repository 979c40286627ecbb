"""The numerical packages of the ``analysis`` extra, asked for in one place."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

from therapeutic_process.errors import MissingExtra

try:
    import numpy as np
    from scipy import special
except ImportError as missing:
    raise MissingExtra("analysis", (missing.name or "numpy").partition(".")[0]) from None

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy.typing as npt
    import polars as pl

__all__ = ["Bools", "Floats", "Ints", "as_frame", "brief", "label_columns", "np", "special"]

Floats: TypeAlias = "npt.NDArray[np.float64]"
Ints: TypeAlias = "npt.NDArray[np.int64]"
Bools: TypeAlias = "npt.NDArray[np.bool_]"


def as_frame(columns: Mapping[str, Any]) -> pl.DataFrame:
    """Make a table of columns, nan becoming null.

    >>> as_frame({"p": [0.5, float("nan")]})["p"].to_list()
    [0.5, None]

    Raises:
        MissingExtra: If Polars is not installed.
    """
    try:
        import polars as pl
    except ImportError:
        raise MissingExtra("analysis", "polars") from None
    frame = pl.DataFrame(columns, strict=False).fill_nan(None)
    # A column of reasons that has none is still one of texts.
    return frame.with_columns(
        pl.col(name).cast(pl.String) for name, kind in frame.schema.items() if kind == pl.Null
    )


def label_columns(name: str, labels: Sequence[Any]) -> dict[str, list[Any]]:
    """Make columns of sessions' labels, of which a pair (client, session) makes two.

    >>> label_columns("session", [("x", 1), ("y", 1)])
    {'client': ['x', 'y'], 'session': [1, 1]}
    """
    if labels and isinstance(labels[0], tuple):
        return {"client": [pair[0] for pair in labels], name: [pair[1] for pair in labels]}
    return {name: list(labels)}


def brief(result: object) -> str:
    """Represent a result that holds arrays by its fields and their shapes, never by their values.

    >>> from therapeutic_process.session_process.cell_statistics import likelihood_ratio
    >>> likelihood_ratio(np.array([[3, 1], [1, 3]]), np.full((2, 2), 2.0))
    <ChiSquare: statistic, df, p of shape ()>
    """
    names = [name for name in getattr(result, "__slots__", ()) if not name.startswith("__")]
    arrays = [name for name in names if hasattr(getattr(result, name), "shape")]
    shape = getattr(result, arrays[0]).shape
    return f"<{type(result).__name__}: {', '.join(arrays)} of shape {shape}>"
