"""Columns of any frame as arrays: the door through which tables come into this room."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import narwhals.stable.v2 as nw

from therapeutic_process.errors import TableError
from therapeutic_process.session_process.extra import Bools, Floats, Ints, np

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt
    from narwhals.stable.v2.typing import IntoFrame

__all__ = [
    "as_floats",
    "as_integers",
    "number_array",
    "read_columns",
    "require_complete",
    "require_row_order",
]

_SPAN = 1024
_FEW = 32
_HEAD = 4096


def read_columns(frame: IntoFrame, names: Sequence[str]) -> dict[str, nw.Series[Any]]:
    """Give the named columns of any frame, collecting a lazy one.

    >>> import polars as pl
    >>> read_columns(pl.DataFrame({"a": [1], "b": [2]}), ["b"])["b"].to_list()
    [2]

    Raises:
        TableError: If a column is missing; the message names the columns, never a cell.
    """
    table = nw.from_native(frame)
    present = table.collect_schema().names()
    absent = [name for name in names if name not in present]
    if absent:
        raise TableError("column_missing", needed=f"columns {absent}", found=f"columns {present}")
    chosen = table.select(*dict.fromkeys(names))
    eager = chosen.collect() if isinstance(chosen, nw.LazyFrame) else chosen
    return {name: eager[name] for name in names}


def require_row_order(frame: IntoFrame) -> None:
    """Refuse to take the order of rows from an engine that has none.

    Raises:
        TableError: If the frame is a lazy one of another engine than Polars.
    """
    table = nw.from_native(frame)
    if isinstance(table, nw.LazyFrame) and not table.implementation.is_polars():
        raise TableError(
            "order_unknown", needed="a column of order", found="an engine without an order of rows"
        )


def _first_rows(at: Ints, *, most: int = 5) -> tuple[int, ...]:
    return tuple(int(row) for row in at[:most])


def _missing(series: nw.Series[Any]) -> nw.Series[Any]:
    # A nan is missing too; only some engines call it null.
    absent = series.is_null() | series.is_nan() if series.dtype.is_float() else series.is_null()
    return absent.fill_null(value=True)


def _surely_complete(series: nw.Series[Any]) -> bool:
    """Tell whether no cell is missing, without looking at the cells of a column that cannot hold a missing one."""
    if series.dtype.is_float():
        return False
    plain = series.implementation.is_pandas() and isinstance(series.to_native().dtype, np.dtype)
    if plain and (series.dtype.is_integer() or series.dtype == nw.Boolean):
        return True
    return series.null_count() == 0


def require_complete(series: nw.Series[Any], name: str) -> None:
    """Refuse a key column with missing cells.

    Raises:
        TableError: With the number of missing cells and their first rows.
    """
    if _surely_complete(series):
        return
    rows = np.flatnonzero(_missing(series).to_numpy())
    if len(rows):
        needed, found = f"a value in every row of column {name!r}", f"{len(rows)} missing"
        raise TableError("key_missing", needed=needed, found=found, rows=_first_rows(rows))


def as_floats(series: nw.Series[Any], name: str) -> Floats:
    """Give a numeric column as floats, a missing cell as nan.

    Raises:
        TableError: If the column is not numeric.
    """
    if not (series.dtype.is_numeric() or series.dtype == nw.Boolean):
        raise TableError("not_numeric", needed=f"numbers in column {name!r}", found=str(series.dtype))
    return np.asarray(series.cast(nw.Float64).to_numpy(), dtype=np.float64)


def _dense(values: Ints, low: int, high: int) -> tuple[Ints, tuple[int, ...]]:
    # Codes that already count from 0 are taken as they are: at a million turns a copy shows.
    shifted = values if low == 0 else values - low
    if high - low < _FEW:
        narrow = shifted.astype(np.int8)
        seen = np.flatnonzero([np.any(narrow == k) for k in range(high - low + 1)])
    else:
        seen = np.flatnonzero(np.bincount(shifted, minlength=high - low + 1))
    if len(seen) == high - low + 1:
        return shifted, tuple((seen + low).tolist())
    place = np.zeros(high - low + 1, dtype=np.int64)
    place[seen] = np.arange(len(seen))
    return place[shifted], tuple((seen + low).tolist())


def _whole_numbers(values: Ints) -> tuple[Ints, tuple[int, ...]]:
    if len(values) == 0:
        return values, ()
    low, high = int(values.min()), int(values.max())
    if high - low < max(_SPAN, 4 * len(values)):
        return _dense(values, low, high)
    labels, codes = np.unique(values, return_inverse=True)
    return codes.astype(np.int64), tuple(labels.tolist())


def _fractions(values: Floats) -> tuple[Ints, tuple[Any, ...]]:
    labels, codes = np.unique(values, return_inverse=True)
    # An integer column with missing cells arrives as floats from some engines; the labels must not differ.
    whole = bool(np.all(labels == np.round(labels))) and len(labels) > 0
    return codes.astype(np.int64), tuple(int(x) if whole else x for x in labels.tolist())


def _truths(values: Bools) -> tuple[Ints, tuple[bool, ...]]:
    some, every = bool(values.any()), bool(values.all())
    labels = tuple(label for label, met in ((False, not every and len(values) > 0), (True, some)) if met)
    numbers: Any = (values if len(labels) == 2 else np.zeros_like(values)).view(np.int8)
    return numbers, labels


def _other(series: nw.Series[Any]) -> tuple[Ints, tuple[Any, ...]]:
    if not len(series):
        return np.zeros(0, dtype=np.int64), ()
    if series.implementation.is_pandas():
        return _of_pandas(series)
    plain = series.cast(nw.String) if series.dtype in (nw.Categorical, nw.Enum) else series
    if plain.dtype == nw.String and plain.implementation.is_polars():
        return _of_polars(plain)
    labels = sorted(plain.unique().to_list())
    codes = plain.replace_strict(labels, list(range(len(labels))), return_dtype=nw.Int64)
    return np.asarray(codes.to_numpy(), dtype=np.int64), tuple(labels)


def _of_pandas(series: nw.Series[Any]) -> tuple[Ints, tuple[Any, ...]]:
    # pandas numbers labels itself, and a column of categories is numbered already.
    native = series.to_native()
    if series.dtype in (nw.Categorical, nw.Enum):
        held, labels = np.asarray(native.cat.codes), native.cat.categories.astype("str").tolist()
        codes, seen = _dense(held, 0, len(labels) - 1)
        return _sorted(codes, [labels[k] for k in seen])
    numbers, found = native.factorize()
    labels = found.tolist()
    try:
        return _sorted(np.asarray(numbers), labels)
    except TypeError:
        kinds = len({type(label) for label in labels})
        needed, what = f"labels of one kind in column {series.name!r}", f"{kinds} kinds"
        raise TableError("labels_mixed", needed=needed, found=what) from None


def _sorted(codes: Ints, labels: list[Any]) -> tuple[Ints, tuple[Any, ...]]:
    order = sorted(range(len(labels)), key=labels.__getitem__)
    place = np.zeros(len(labels), dtype=np.int64)
    place[order] = np.arange(len(labels))
    return place[codes], tuple(labels[k] for k in order)


def _of_polars(series: nw.Series[Any]) -> tuple[Ints, tuple[Any, ...]]:
    # Polars numbers an enumeration's labels itself, several times faster than a look-up of each cell. The first rows
    # mostly hold every label; where they do not, the cast says so.
    native, polars = series.to_native(), series.__native_namespace__()
    for rows in (native.head(_HEAD), native):
        labels = sorted(rows.unique().to_list())
        numbers = native.cast(polars.Enum(labels), strict=False)
        if not numbers.null_count():
            break
    return np.asarray(numbers.to_physical().to_numpy()).astype(np.int64), tuple(labels)


def _integers_of(series: nw.Series[Any]) -> tuple[Ints, tuple[Any, ...]]:
    if series.dtype.is_integer():
        return _whole_numbers(np.asarray(series.to_numpy()).astype(np.int64, copy=False))
    if series.dtype.is_float():
        return _fractions(np.asarray(series.to_numpy(), dtype=np.float64))
    if series.dtype == nw.Boolean:
        return _truths(np.asarray(series.to_numpy(), dtype=np.bool_))
    return _other(series)


def _labelled(values: npt.NDArray[Any]) -> tuple[Ints, tuple[Any, ...]]:
    plain = [None if x is None or x != x else x for x in values.tolist()]  # noqa: PLR0124 - nan is not itself
    labels = sorted({x for x in plain if x is not None})
    place = {label: k for k, label in enumerate(labels)} | {None: -1}
    return np.array([place[x] for x in plain], dtype=np.int64), tuple(labels)


def number_array(
    values: npt.NDArray[Any], name: str, labels: Sequence[Any] | None = None
) -> tuple[Ints, tuple[Any, ...]]:
    """Number the values of a flat array as `as_integers` numbers those of a column; None and nan are missing.

    >>> number_array(np.array([2.0, np.nan, 1.0]), "rating")
    (array([ 1, -1,  0]), (1, 2))
    """
    if values.dtype.kind in "iu":
        codes, found = _whole_numbers(values.astype(np.int64, copy=False))
    elif values.dtype.kind == "f":
        known = ~np.isnan(values)
        codes = np.full(len(values), -1, dtype=np.int64)
        codes[known], found = _fractions(values[known].astype(np.float64, copy=False))
    else:
        codes, found = _labelled(values)
    return (codes, found) if labels is None else (_relabel(codes, found, tuple(labels), name), tuple(labels))


def as_integers(
    series: nw.Series[Any], name: str, labels: Sequence[Any] | None = None
) -> tuple[Ints, tuple[Any, ...]]:
    """Number the values of a column from 0 in the order of their labels; a missing cell is -1.

    >>> import polars as pl
    >>> codes, labels = as_integers(nw.from_native(pl.Series(["b", None, "a"]), series_only=True), "code")
    >>> codes.tolist(), labels
    ([1, -1, 0], ('a', 'b'))

    Args:
        series: The column.
        name: Its name, for the error.
        labels: The labels and their order; default: the labels that occur, sorted.

    Raises:
        TableError: If a label occurs that is not among the labels given, or a label is given twice.
    """
    if _surely_complete(series):
        codes, found = _integers_of(series)
    else:
        known = ~_missing(series)
        at = np.flatnonzero(known.to_numpy())
        codes = np.full(len(series), -1, dtype=np.int64)
        codes[at], found = _integers_of(series.filter(known))
    return (codes, found) if labels is None else (_relabel(codes, found, tuple(labels), name), tuple(labels))


def _relabel(codes: Ints, found: tuple[Any, ...], labels: tuple[Any, ...], name: str) -> Ints:
    if len(set(labels)) != len(labels):
        raise TableError("label_twice", needed=f"each label of {name!r} once", found=f"{len(labels)} labels")
    place = {label: k for k, label in enumerate(labels)}
    unknown = [k for k, label in enumerate(found) if label not in place]
    if unknown:
        rows = np.flatnonzero(np.isin(codes, unknown))
        needed, what = f"one of {len(labels)} declared labels in column {name!r}", f"{len(rows)} other cells"
        raise TableError("label_unknown", needed=needed, found=what, rows=_first_rows(rows))
    if found == labels:
        return codes
    return np.array([*(place[label] for label in found), -1], dtype=np.int64)[codes]
