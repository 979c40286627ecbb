"""Several sessions between two scores, taken as one interval by a declared rule."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs
import narwhals.stable.v2 as nw
import numpy as np
from numpy.typing import NDArray

from therapeutic_process.errors import TableError

if TYPE_CHECKING:
    from therapeutic_process.process_outcome.layout import Aggregator, Layout

__all__ = ["Rows", "aggregated", "rows_by_interval", "sessions_by_interval"]

Array = NDArray[np.float64]


@attrs.frozen(eq=False)
class Rows:
    """A long table as arrays.

    Attributes:
        who: Client of every row, numbered from 0.
        when: Session number of every row.
        columns: The other columns by name, nan where missing.
    """

    who: NDArray[np.intp]
    when: NDArray[np.int64]
    columns: dict[str, Array]


def rows_by_interval(
    rows: Rows, plan: Layout, outcome: str, process: str
) -> tuple[Rows, tuple[tuple[int, int], ...], tuple[tuple[str, int], ...]]:
    """Put together the sessions between a client's consecutive scores; intervals are numbered from 1.

    With scores before sessions, an interval runs from the session of a score to the last one before the next score.
    With scores after sessions, it runs from the session after a score to the session of the next score. Covariates
    are averaged, and missing where one is; days are those of the interval's score.

    Args:
        rows: The rows.
        plan: With an aggregator.
        outcome: Column of the score.
        process: Column of the process.

    Returns:
        A row per interval; how many sessions lie between two scores, with how often; rows left out, by reason.
    """
    order = np.lexsort((rows.when, rows.who))
    who = rows.who[order]
    columns = {name: values[order] for name, values in rows.columns.items()}
    scored = ~np.isnan(columns[outcome])
    if not scored.any():
        raise TableError("no_outcome", needed="at least one score", found="none")
    number = _numbered(who, scored, later=plan.timing == "after")
    total = np.bincount(who, weights=scored).astype(np.int64)
    outside = (number == 0) | (number > total[who])
    kept = ~outside
    reason = "session before the first score" if plan.timing == "before" else "session after the last score"
    dropped = ((reason, int(outside.sum())),) if outside.any() else ()
    who, number = who[kept], number[kept]
    columns = {name: values[kept] for name, values in columns.items()}
    group = np.unique(np.column_stack([who, number]), axis=0, return_inverse=True)[1].ravel()
    start = np.flatnonzero(np.diff(group, prepend=-1))
    merged = {
        name: aggregated(values, group, "mean") for name, values in columns.items() if name in plan.covariates
    }
    merged |= {
        name: _of_score(values, group, scored[kept]) for name, values in columns.items() if name not in merged
    }
    assert plan.aggregator is not None
    merged[process] = aggregated(columns[process], group, plan.aggregator)
    size = np.bincount(group)
    complete = number[start] < total[who[start]] if plan.timing == "before" else number[start] > 1
    lengths, often = np.unique(size[complete], return_counts=True)
    pairs = tuple(zip(map(int, lengths), map(int, often), strict=True))
    return Rows(who[start], number[start].astype(np.int64), merged), pairs, dropped


def _numbered(who: NDArray[np.intp], scored: NDArray[np.bool_], *, later: bool) -> NDArray[np.int64]:
    """Number the intervals of every client by the scores up to a row, or before it where scores come after."""
    total = np.cumsum(scored, dtype=np.int64)
    first = np.searchsorted(who, who)
    upto = total - total[first] + scored[first]
    return np.asarray(upto - scored + 1 if later else upto, dtype=np.int64)


def aggregated(values: Array, group: NDArray[np.intp], rule: Aggregator) -> Array:
    """Return one value per group; missing where one of the group is, unless the rule can say without it.

    >>> aggregated(np.array([1.0, np.nan, 0.0, np.nan]), np.array([0, 0, 1, 1]), "any").tolist()
    [1.0, nan]

    Args:
        values: nan where missing.
        group: Group of every value, numbered from 0 without gaps.
        rule: `any`: 1 where one value is above 0, whatever else is missing; 0 where all are known and none is.
    """
    missing = np.bincount(group, weights=np.isnan(values)) > 0
    if rule == "any":
        found = np.bincount(group, weights=np.nan_to_num(values) > 0) > 0
        return np.where(found, 1.0, np.where(missing, np.nan, 0.0))
    amount = np.bincount(group, weights=np.nan_to_num(values)).astype(np.float64)
    if rule == "mean":
        amount /= np.bincount(group)
    return np.where(missing, np.nan, amount)


def _of_score(values: Array, group: NDArray[np.intp], scored: NDArray[np.bool_]) -> Array:
    found = np.full(int(group.max()) + 1, np.nan)
    found[group[scored]] = values[scored]
    return found


def sessions_by_interval(
    frame: nw.DataFrame[Any], plan: Layout, *, keys: tuple[str, str], outcome: str, process: str
) -> nw.DataFrame[Any]:
    """Put together the sessions between a client's consecutive scores, as `rows_by_interval` does for arrays.

    Args:
        frame: One row per client and session.
        plan: With an aggregator.
        keys: Columns of client and session.
        outcome: Column of the score.
        process: Column of the process.
    """
    client, session = keys
    scored = (~nw.col(outcome).is_null()).cast(nw.Int64)
    numbered = frame.with_columns(scored.alias("__scored"))
    numbered = numbered.with_columns(
        nw.col("__scored").cum_sum().over(client, order_by=session).alias("__upto"),
        nw.col("__scored").sum().over(client).alias("__total"),
    )
    late = plan.timing == "after"
    number = nw.col("__upto") - nw.col("__scored") + 1 if late else nw.col("__upto")
    numbered = numbered.with_columns(number.alias("__number")).filter(
        (nw.col("__number") >= 1) & (nw.col("__number") <= nw.col("__total"))
    )
    value = nw.col(process).cast(nw.Float64)
    numbered = numbered.with_columns(value.alias("__value"), (value > 0).cast(nw.Float64).alias("__held"))
    means = {name: f"__mean_{i}" for i, name in enumerate(plan.covariates) if name != plan.days}
    of_score = [outcome, *([plan.days] if plan.days else [])]
    merged = numbered.group_by(client, "__number").agg(
        nw.len().alias("n_sessions"),
        nw.col("__value").count().alias("__known"),
        nw.col("__value").sum().alias("__sum"),
        nw.col("__held").max().alias("__any"),
        *(nw.col(name).mean().alias(new) for name, new in means.items()),
        *(nw.col(name).count().alias(f"{new}_n") for name, new in means.items()),
    )
    whole = nw.col("__known") == nw.col("n_sessions")
    amount = {
        "any": nw.when(whole | (nw.col("__any") > 0)).then(nw.col("__any")),
        "sum": nw.when(whole).then(nw.col("__sum")),
        "mean": nw.when(whole).then(nw.col("__sum") / nw.col("n_sessions")),
    }[str(plan.aggregator)]
    merged = merged.with_columns(
        amount.alias(process),
        *(
            nw.when(nw.col(f"{new}_n") == nw.col("n_sessions")).then(nw.col(new)).alias(name)
            for name, new in means.items()
        ),
    )
    scores = numbered.filter(nw.col("__scored") == 1).select(client, "__number", *of_score)
    both = merged.join(scores, on=[client, "__number"], how="left")
    return both.with_columns(nw.col("__number").alias(session))
