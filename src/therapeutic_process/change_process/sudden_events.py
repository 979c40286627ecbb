"""The table of sudden changes: scores around each, its share of the whole change, whether it was reversed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import narwhals.stable.v2 as nw

from therapeutic_process.change_process.bootstrap import numpy_module
from therapeutic_process.change_process.sudden_arrays import attach, later_worst, series_of, sudden_rows
from therapeutic_process.change_process.sudden_intervals import neighbours, with_verdicts
from therapeutic_process.tables.primitives import Ordered

if TYPE_CHECKING:
    from therapeutic_process.change_process.sudden_arrays import Series
    from therapeutic_process.change_process.sudden_rule import SuddenRule

__all__ = ["AROUND", "eager_events", "intervals", "lazy_events"]

AROUND = {
    -2: "score_n_minus_2",
    -1: "score_n_minus_1",
    0: "score",
    1: "score_next",
    2: "score_n_plus_2",
    3: "score_n_plus_3",
}


def intervals(rows: Ordered, rule: SuddenRule, score: str) -> Any:
    """Return every interval with its verdict and reason, in the columns of the public table."""
    judged = with_verdicts(neighbours(rows, score), rule, score)
    renamed = [nw.col("_x0").alias("score"), nw.col("_x1").alias("score_next")]
    windows = ["n_before", "n_after", "mean_before", "mean_after"] if rule.uses_windows else []
    active = [c for c in ("size", "share", "stability") if c in judged.collect_schema().names()]
    keys = [rows.client, rows.order, "order_next", "place"]
    return judged.select(*keys, *renamed, "change", *windows, *active, "verdict", "reason")


def _with_whole_change(rows: Ordered, score: str, start: Any, end: Any) -> Ordered:
    order, client = rows.order, rows.client
    known = nw.when(~nw.col(score).is_null()).then(nw.col(order))
    # two steps, because a window cannot look into a window
    rows = rows.with_columns(
        (known.min().over(client) if start is None else nw.lit(start)).alias("_start"),
        (known.max().over(client) if end is None else nw.lit(end)).alias("_end"),
    )
    names = {"first_score": "_start", "last_score": "_end"}
    at = (nw.when(nw.col(order) == nw.col(c)).then(nw.col(score)).max().over(client).alias(n) for n, c in names.items())
    return rows.with_columns(*at)


def lazy_events(rows: Ordered, rule: SuddenRule, score: str, *, start: Any, end: Any) -> Any:
    """Return the sudden changes of a lazy frame, lazily."""
    rows = neighbours(rows, score)
    signed = nw.when(nw.col(score).is_null()).then(nw.lit(float("-inf"))).otherwise(nw.col(score) * rule.sign)
    rows = rows.with_columns(signed.alias("_w"))
    back = nw.col("_w").cum_max(reverse=True).over(rows.client, order_by=rows.order)
    rows = rows.with_columns(back.alias("_back"))
    rows = rows.with_columns(rows.lag(nw.col("_back"), -2).alias("_worst"))
    rows = _with_whole_change(rows, score, start, end)
    found: Any = with_verdicts(rows, rule, score).filter(nw.col("reason") == "sudden")
    found = found.with_columns(
        nw.len().over(rows.client).cast(nw.Int64).alias("n_of_client"),
        nw.when(nw.col("_worst") > float("-inf")).then(nw.col("_worst") * rule.sign).alias("_worst"),
    )
    found = found.with_columns(nw.col(f"_x{k}").alias(v) for k, v in AROUND.items())
    return _finished(found, rows, rule)


def _finished(found: Any, rows: Ordered, rule: SuddenRule) -> Any:
    whole = (nw.col("first_score") - nw.col("last_score")) * rule.sign
    limit = nw.col("score_next") + nw.col("change") / 2 * rule.sign
    found = found.with_columns(whole.alias("whole_change"), limit.alias("reversal_value"))
    back = (nw.col("_worst") - nw.col("reversal_value")) * rule.sign > 0
    told = nw.when(back.fill_null(value=False)).then(nw.lit("reversed")).otherwise(nw.lit("held"))
    some = nw.col("whole_change") != 0
    found = found.with_columns(
        nw.when(~nw.col("_worst").is_null()).then(told).alias("reversal"),
        nw.when(some).then(nw.col("change") / nw.col("whole_change")).alias("share_of_whole_change"),
    )
    keys = [rows.client, rows.order, "order_next", "place", "n_of_client"]
    scores = [*AROUND.values(), "first_score", "last_score"]
    sizes = ["change", "whole_change", "share_of_whole_change", "reversal_value", "reversal"]
    return found.select(*keys, *scores, *sizes)


def eager_events(table: Any, rule: SuddenRule, columns: tuple[str, str, str], *, start: Any, end: Any) -> Any:
    """Return the sudden changes of an eager frame, found with arrays."""
    np = numpy_module()
    client, order, score = columns
    s = series_of(table, client=client, order=order, score=score)
    at, low, high = sudden_rows(s, rule)
    row, following = (at, at + 1) if s.row is None else (s.row[at], s.row[at + 1])
    found: Any = nw.maybe_reset_index(table[row.tolist(), [client, order]])
    after: Any = nw.maybe_reset_index(table[following.tolist(), [order]])
    found = found.with_columns(after[order].alias("order_next"))
    arrays = {"place": at - low + 1, "n_of_client": _times(np, low)}
    for k, name in AROUND.items():
        inside = (at + k >= low) & (at + k < high)
        arrays[name] = np.where(inside, s.score[np.where(inside, at + k, 0)], np.nan) if len(at) else np.zeros(0)
    arrays["change"] = (arrays["score"] - arrays["score_next"]) * rule.sign
    arrays["_worst"] = later_worst(s, at, high, rule.sign)
    edges = _edges(np, s, low, high) if start is None or end is None else (np.zeros(0), np.zeros(0))
    for name, place, occasion in (("first_score", edges[0], start), ("last_score", edges[1], end)):
        arrays[name] = place if occasion is None else _at_occasion(np, s, table[order], low, high, occasion)
    return _finished(attach(found, arrays), Ordered(found, client, order), rule)


def _times(np: Any, low: Any) -> Any:
    _, which, times = np.unique(low, return_inverse=True, return_counts=True)
    return times[which].astype(np.int64)


def _edges(np: Any, s: Series, low: Any, high: Any) -> tuple[Any, Any]:
    first, last = low.copy(), high - 1
    # an event has two scores, so both walks end inside the client
    while len(first) and np.isnan(s.score[first]).any():
        first = first + np.isnan(s.score[first])
    while len(last) and np.isnan(s.score[last]).any():
        last = last - np.isnan(s.score[last])
    return s.score[first], s.score[last]


def _at_occasion(np: Any, s: Series, orders: Any, low: Any, high: Any, occasion: Any) -> Any:
    here = (orders == occasion).fill_null(value=False).to_numpy().astype(bool)
    here = here if s.row is None else here[s.row]
    position = np.append(np.flatnonzero(here), len(s.score))
    nearest = position[np.searchsorted(position, low)]
    return np.where(nearest < high, s.score[np.minimum(nearest, len(s.score) - 1)], np.nan)
