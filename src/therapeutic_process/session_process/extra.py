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
    from collections.abc import Mapping

    import numpy.typing as npt
    import polars as pl

__all__ = ["Bools", "Floats", "Ints", "as_frame", "np", "special"]

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
        import polars as pl  # noqa: PLC0415 - results are computed without it
    except ImportError:
        raise MissingExtra("analysis", "polars") from None
    return pl.DataFrame(columns, strict=False).fill_nan(None)
