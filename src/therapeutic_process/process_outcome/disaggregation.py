"""Taking a process apart: what the client is like, and how a session differs from the client's others."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, cast

import attrs
import narwhals.stable.v2 as nw
from narwhals.stable.v2.typing import IntoFrameT

from therapeutic_process.errors import CannotEstimate, TableError

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Detrended", "Disaggregated", "detrend_within_client", "disaggregate_within_between"]

_MIN_ROWS = 4
_SAME = 1e-18


@attrs.frozen(eq=False, repr=False)
class Disaggregated(Generic[IntoFrameT]):
    """A table with the client's mean and the session's deviation from it.

    Attributes:
        table: The caller's table with two more columns, of the caller's kind.
        between: Name of the column with the client's mean.
        within: Name of the column with the deviation.
        between_share: Share of the variance that lies between clients: ICC(1), Shrout & Fleiss (1979).
        reliability: Of the clients' means: ICC(1, k) at the mean number of values per client.
        n_clients: Clients with a value.
        n_values: Values used.
        n_missing: Rows without a value.
    """

    table: IntoFrameT
    between: str
    within: str
    between_share: float
    reliability: float
    n_clients: int
    n_values: int
    n_missing: int

    def __repr__(self) -> str:
        size = f"{self.n_values} values of {self.n_clients} clients"
        return f"<Disaggregated {size}, ICC {self.between_share:.2f}>"


@attrs.frozen(eq=False, repr=False)
class Detrended(Generic[IntoFrameT]):
    """A table with every client's line and what is left of it.

    Attributes:
        table: The caller's table with two more columns, of the caller's kind; null where no line was fitted.
        trend: Name of the column with the client's change per unit of time.
        residual: Name of the column with the value minus the client's own line.
        n_clients: Clients with a line.
        n_too_short: Clients with fewer than 4 values at different times, left out.
        n_values: Values used.
    """

    table: IntoFrameT
    trend: str
    residual: str
    n_clients: int
    n_too_short: int
    n_values: int

    def __repr__(self) -> str:
        return f"<Detrended {self.n_values} values of {self.n_clients} clients, {self.n_too_short} too short>"


def disaggregate_within_between(
    table: IntoFrameT, *, value: str, client: str = "client_id"
) -> Disaggregated[IntoFrameT]:
    """Split a process into the client's mean and the session's deviation (Curran & Bauer 2011, eq. 8–9).

    >>> import polars as pl
    >>> table = pl.DataFrame({"client_id": [1, 1, 2, 2], "alliance": [4.0, 6.0, 1.0, 3.0]})
    >>> found = disaggregate_within_between(table, value="alliance")
    >>> found.table["alliance_within"].to_list()
    [-1.0, 1.0, -1.0, 1.0]

    Args:
        table: Any frame Narwhals knows.
        value: Column of the process.
        client: Column of the client.

    Raises:
        CannotEstimate: With code `no_within_variance` or `too_few_clients`.
        TableError: If a column is missing or no number, or the new columns are there already.
    """
    between, within = f"{value}_between", f"{value}_within"
    frame, number = _checked(table, (client, value), (between, within), value)
    mean = number.mean().over(client)
    done = frame.with_columns(mean.alias(between)).with_columns((number - nw.col(between)).alias(within))
    sums = _per_client(frame, client, number)
    counts = [n for n, _, _ in sums if n]
    total, clients = sum(counts), len(counts)
    inside = sum(square for _, _, square in sums)
    grand = sum(n * m for n, m, _ in sums if n) / total if total else 0.0
    across = sum(n * (m - grand) ** 2 for n, m, _ in sums if n)
    if clients < 2:
        raise CannotEstimate(
            "disaggregate_within_between", "too_few_clients", needed="2 clients", found=str(clients)
        )
    if inside <= _SAME * max(grand**2, 1.0) or total == clients:
        needed = f"{value} that varies within clients"
        raise CannotEstimate("disaggregate_within_between", "no_within_variance", needed=needed, found="none")
    ms_between, ms_within = across / (clients - 1), inside / (total - clients)
    size = (total - sum(n * n for n in counts) / total) / (clients - 1)
    share = (ms_between - ms_within) / (ms_between + (size - 1) * ms_within)
    return Disaggregated(
        cast("IntoFrameT", done.to_native()),
        between,
        within,
        share,
        (ms_between - ms_within) / ms_between if ms_between else 0.0,
        clients,
        total,
        _rows(frame) - total,
    )


def detrend_within_client(
    table: IntoFrameT, *, value: str, time: str = "session", client: str = "client_id"
) -> Detrended[IntoFrameT]:
    """Take every client's own straight line out of a process or outcome (Wang & Maxwell 2015).

    >>> import polars as pl
    >>> table = pl.DataFrame({"client_id": [1] * 4, "session": [1, 2, 3, 4], "phq": [9.0, 7.0, 5.0, 3.0]})
    >>> found = detrend_within_client(table, value="phq")
    >>> found.table["phq_trend"].to_list()
    [-2.0, -2.0, -2.0, -2.0]

    Args:
        table: Any frame Narwhals knows.
        value: Column to detrend.
        time: Column of the session's number or day.
        client: Column of the client.

    Raises:
        CannotEstimate: With code `too_few_rows` if no client has 4 values at different times.
        TableError: If a column is missing or no number, or the new columns are there already.
    """
    trend, residual = f"{value}_trend", f"{value}_residual"
    frame, number = _checked(table, (client, time, value), (trend, residual), value)
    done = _lines(frame, number, time, client, trend=trend, residual=residual)
    counted = _collected(
        done.select(client, trend).group_by(client).agg(nw.col(trend).count().alias("values"))
    )
    values = cast("Sequence[int]", counted["values"].to_list())
    fitted = sum(n > 0 for n in values)
    if not fitted:
        needed = f"a client with {_MIN_ROWS} values at different times"
        raise CannotEstimate("detrend_within_client", "too_few_rows", needed=needed, found="none")
    used = _collected(done.select(nw.col(residual).count().alias("n")))["n"].item()
    return Detrended(
        cast("IntoFrameT", done.to_native()), trend, residual, fitted, len(values) - fitted, int(used)
    )


def _lines(
    frame: nw.DataFrame[Any] | nw.LazyFrame[Any],
    number: nw.Expr,
    time: str,
    client: str,
    *,
    trend: str,
    residual: str,
) -> nw.DataFrame[Any] | nw.LazyFrame[Any]:
    y, t, yy, tt, ty = (f"__detrend_{name}" for name in ("y", "t", "yy", "tt", "ty"))
    v, w = nw.col(y), nw.col(t)
    staged = cast("nw.DataFrame[Any]", frame).with_columns(number.alias(y))
    staged = staged.with_columns(nw.when(~v.is_null()).then(nw.col(time).cast(nw.Float64)).alias(t))
    staged = staged.with_columns((v - v.mean().over(client)).alias(y), (w - w.mean().over(client)).alias(t))
    staged = staged.with_columns((w * w).alias(tt), (w * v).alias(ty))
    staged = staged.with_columns(
        *(nw.col(name).sum().over(client) for name in (tt, ty)), v.count().over(client).alias(yy)
    )
    enough = (nw.col(yy) >= _MIN_ROWS) & (nw.col(tt) > 0)
    staged = staged.with_columns(nw.when(enough).then(nw.col(ty) / nw.col(tt)).alias(trend))
    return staged.with_columns((v - nw.col(trend) * w).alias(residual)).drop(y, t, yy, tt, ty)


def _checked(
    table: IntoFrameT, needed: tuple[str, ...], new: tuple[str, ...], value: str
) -> tuple[nw.DataFrame[Any] | nw.LazyFrame[Any], nw.Expr]:
    frame = nw.from_native(cast("Any", table))
    schema = frame.collect_schema()
    absent = [name for name in needed if name not in schema]
    if absent:
        raise TableError(
            "column_missing", needed=f"columns {', '.join(needed)}", found=f"no {', '.join(absent)}"
        )
    taken = [name for name in new if name in schema]
    if taken:
        raise TableError("column_taken", needed=f"no columns {', '.join(new)}", found=", ".join(taken))
    for name in needed[1:]:
        if not schema[name].is_numeric():
            raise TableError("not_numeric", needed=f"numbers in {name}", found=str(schema[name]))
    number = nw.col(value).cast(nw.Float64)
    return cast("nw.DataFrame[Any]", frame), nw.when(~number.is_nan()).then(number)


def _collected(frame: nw.DataFrame[Any] | nw.LazyFrame[Any]) -> nw.DataFrame[Any]:
    return frame.collect() if isinstance(frame, nw.LazyFrame) else frame


def _rows(frame: nw.DataFrame[Any] | nw.LazyFrame[Any]) -> int:
    return int(_collected(frame.select(nw.len().alias("n")))["n"].item())


def _per_client(
    frame: nw.DataFrame[Any] | nw.LazyFrame[Any], client: str, number: nw.Expr
) -> list[tuple[int, float, float]]:
    values = cast("nw.DataFrame[Any]", frame).select(nw.col(client), number.alias("value"))
    values = values.with_columns(nw.col("value").mean().over(client).alias("mean"))
    values = values.with_columns(((nw.col("value") - nw.col("mean")) ** 2).alias("square"))
    grouped = values.group_by(client).agg(
        nw.col("value").count().alias("n"), nw.col("mean").mean(), nw.col("square").sum()
    )
    found = _collected(grouped)
    columns = (found[name].to_list() for name in ("n", "mean", "square"))
    return [(int(n), float(m) if n else 0.0, float(s or 0.0)) for n, m, s in zip(*columns, strict=True)]
