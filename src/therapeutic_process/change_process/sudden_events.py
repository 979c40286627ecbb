"""The table of sudden changes: scores around each, its share of the whole change, whether it was reversed."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import narwhals.stable.v2 as nw

from therapeutic_process.change_process.bootstrap import numpy_module
from therapeutic_process.change_process.score_series import framed, series_of
from therapeutic_process.change_process.sudden_intervals import (
    neighbours,
    places,
    steps,
    sudden_only,
    with_verdicts,
)
from therapeutic_process.change_process.sudden_search import later_worst, sudden_places
from therapeutic_process.tables.ends import summed_with_ends

if TYPE_CHECKING:
    from therapeutic_process.change_process.score_series import Series
    from therapeutic_process.change_process.sudden_rule import SuddenRule
    from therapeutic_process.change_process.sudden_search import Places
    from therapeutic_process.tables.primitives import Ordered

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
    judged = with_verdicts(neighbours(rows, score, *places(rows, rule)), rule, score)
    renamed = [nw.col("_x0").alias("score"), nw.col("_x1").alias("score_next")]
    windows = ["n_before", "n_after", "mean_before", "mean_after"] if rule.uses_windows else []
    active = [c for c in ("size", "share", "stability") if c in judged.collect_schema().names()]
    keys = [rows.client, rows.order, "order_next", "place"]
    return judged.select(*keys, *renamed, "change", *windows, *active, "verdict", "reason")


def lazy_events(rows: Ordered, rule: SuddenRule, score: str, *, start: Any, end: Any) -> Any:
    """Return the sudden changes of a lazy frame, lazily.

    One look along the order finds them; the rest of their courses is then met by a join with the few that were
    found, which costs less than windows over the whole course of everybody.
    """
    client, order = rows.client, rows.order
    found: Any = sudden_only(neighbours(rows, score, *steps(rows, rule)), rule, score)
    found = found.select(
        client,
        order,
        "order_next",
        *(nw.col(f"_x{k}").alias(name) for k, name in AROUND.items()),
        nw.len().over(client).cast(nw.Int64).alias("n_of_client"),
    )
    course = rows.frame.select(client, nw.col(order).alias("_order"), nw.col(score).alias("_score"))
    both: Any = found.join(course, on=client, how="inner")
    here, value = nw.col("_order"), nw.col("_score")
    declared = {"first_score": start, "last_score": end}
    both = both.with_columns(
        (here <= nw.col(order)).cast(nw.Int64).alias("place"),
        nw.when(here > nw.col("order_next")).then(value * rule.sign).alias("_worst"),
        *(nw.when(here == nw.lit(o)).then(value).alias(n) for n, o in declared.items() if o is not None),
    )
    told = [name for name, occasion in declared.items() if occasion is not None]
    found = summed_with_ends(
        both,
        [client, order],
        order="_order",
        value="_score",
        first="first_score" if start is None else None,
        last="last_score" if end is None else None,
        highest=["order_next", "n_of_client", *AROUND.values(), "_worst", *told],
        total="place",
    )
    change = (nw.col("score") - nw.col("score_next")) * rule.sign
    return _finished(found.with_columns(change.alias("change"), nw.col("_worst") * rule.sign), rows, rule)


def _finished(found: Any, rows: Ordered, rule: SuddenRule) -> Any:
    whole = (nw.col("first_score") - nw.col("last_score")) * rule.sign
    limit = nw.col("score_next") + nw.col("change") / 2 * rule.sign
    back = ((nw.col("_worst") - limit) * rule.sign > 0).fill_null(value=False)
    told = nw.when(back).then(nw.lit("reversed")).otherwise(nw.lit("held"))
    keys = [rows.client, rows.order, "order_next", "place", "n_of_client"]
    return found.select(
        *keys,
        *AROUND.values(),
        "first_score",
        "last_score",
        "change",
        whole.alias("whole_change"),
        nw.when(whole != 0).then(nw.col("change") / whole).alias("share_of_whole_change"),
        limit.alias("reversal_value"),
        nw.when(~(nw.col("_worst").is_null() | limit.is_null())).then(told).alias("reversal"),
    )


def eager_events(table: Any, rule: SuddenRule, columns: tuple[str, str, str], *, start: Any, end: Any) -> Any:
    """Return the sudden changes of an eager frame, found with arrays."""
    client, order, score = columns
    s = series_of(table, client=client, order=order, score=score)
    p = sudden_places(s, rule)
    keys = {client: (s.client(p.at), client), order: (s.order(p.at), order)}
    keys["order_next"] = s.order(p.at + 1), order
    arrays = {"place": p.at - p.low + 1, "n_of_client": _times(p)}
    arrays |= {name: p.around(s, k) for k, name in AROUND.items()}
    arrays["first_score"] = _first_known(s, p) if start is None else _at_occasion(s, p, start)
    arrays["last_score"] = _last_known(s, p) if end is None else _at_occasion(s, p, end)
    arrays |= _sizes(arrays, rule.sign)
    beyond = (later_worst(s, p, rule.sign) - arrays["reversal_value"]) * rule.sign
    return framed(table, keys, arrays, {"reversal": [_reversal(x) for x in beyond.tolist()]})


def _sizes(arrays: dict[str, Any], sign: int) -> dict[str, Any]:
    """Return what `_finished` says in expressions, in arrays: an eager engine takes longer to plan it than to do it."""
    np = numpy_module()
    change = (arrays["score"] - arrays["score_next"]) * sign
    whole = (arrays["first_score"] - arrays["last_score"]) * sign
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.where(whole != 0, change / whole, np.nan)
    limit = arrays["score_next"] + change / 2 * sign
    return {"change": change, "whole_change": whole, "share_of_whole_change": share, "reversal_value": limit}


def _reversal(beyond: float) -> str | None:
    return None if math.isnan(beyond) else "reversed" if beyond > 0 else "held"


def _times(p: Places) -> Any:
    np = numpy_module()
    _, which, times = np.unique(p.low, return_inverse=True, return_counts=True)
    return times[which].astype(np.int64)


def _first_known(s: Series, p: Places) -> Any:
    return _walk(s, p.low, p.high - 1, 1)


def _last_known(s: Series, p: Places) -> Any:
    return _walk(s, p.high - 1, p.low, -1)


def _walk(s: Series, start: Any, end: Any, step: int) -> Any:
    np = numpy_module()
    place = start.copy()
    gone = np.isnan(s.score[place])
    while (gone & (place != end)).any():
        place = np.where(gone & (place != end), place + step, place)
        gone = np.isnan(s.score[place])
    return s.score[place]


def _at_occasion(s: Series, p: Places, occasion: Any) -> Any:
    np = numpy_module()
    here = s.order(np.arange(len(s.score))) == occasion
    here = here.to_numpy().astype(bool) if isinstance(here, nw.Series) else here
    position = np.append(np.flatnonzero(here), len(s.score))
    nearest = position[np.searchsorted(position, p.low)]
    inside = nearest < p.high
    return np.where(inside, s.score[np.where(inside, nearest, 0)], np.nan) if len(inside) else s.score[:0]
