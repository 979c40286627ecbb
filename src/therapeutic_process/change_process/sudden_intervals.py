"""Judge every interval between two sessions, over any engine: verdict and reason, criterion by criterion."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import narwhals.stable.v2 as nw

if TYPE_CHECKING:
    from collections.abc import Sequence

    from therapeutic_process.change_process.sudden_rule import SuddenRule
    from therapeutic_process.tables.primitives import Ordered

__all__ = ["OFFSETS", "REASONS", "neighbours", "places", "steps", "sudden_only", "with_verdicts"]

OFFSETS = (-2, -1, 0, 1, 2, 3)

REASONS = {
    "sudden": "every active criterion is met",
    "below_cutoff": "the change is smaller than the cutoff",
    "below_share": "the change is a smaller share of the score at N than asked for",
    "not_stable": "the change does not stand out as the stability rule asks",
    "score_missing": "cannot say: the score at N or N+1 is missing",
    "share_undefined": "cannot say: the score at N is below 0, a share of it is undefined",
    "too_few_scores": "cannot say: the stability rule needs more scores around the interval",
    "too_few_sessions": "not judged: fewer sessions before or after than declared",
}


def neighbours(rows: Ordered, score: str, *others: nw.Expr) -> Ordered:
    """Add the scores at N−2 … N+3 as ``_x-2`` … ``_x3``, and other expressions along the same order.

    All of them in one step: an engine that sorts for what looks along the order then sorts once.
    """
    return rows.with_columns(*(rows.lag(nw.col(score), -k).alias(f"_x{k}") for k in OFFSETS), *others)


def steps(rows: Ordered, rule: SuddenRule) -> tuple[nw.Expr, ...]:
    """Return the expressions of the next order, and of the orders that tell whether enough sessions lie around."""
    order = nw.col(rows.order)
    return (
        rows.lag(order, -1).alias("order_next"),
        rows.lag(order, -max(rule.min_sessions_after, 1)).alias("_enough_after"),
        rows.lag(order, max(rule.min_sessions_before, 1) - 1).alias("_enough_before"),
    )


def places(rows: Ordered, rule: SuddenRule) -> tuple[nw.Expr, ...]:
    """Return the expressions of `steps`, and that of the place of N."""
    return (*steps(rows, rule), rows.position().alias("place"))


def _known(k: int) -> nw.Expr:
    return ~nw.col(f"_x{k}").is_null()


def _count(window: Sequence[int]) -> Any:
    a, b, c = (_known(k).cast(nw.Int64) for k in window)
    return a + b + c


def _total(window: Sequence[int]) -> Any:
    a, b, c = (nw.col(f"_x{k}").fill_null(0.0) for k in window)
    return a + b + c


def _spread(window: Sequence[int], n: Any) -> Any:
    # sum of squares from differences: exact for equal scores and never below zero
    i, j, k = (nw.col(f"_x{o}") for o in window)
    pairs = [((a - b) * (a - b)).fill_null(0.0) for a, b in ((i, j), (j, k), (i, k))]
    return (pairs[0] + pairs[1] + pairs[2]) / n


def _yes_no(known: Any, met: Any) -> nw.Expr:
    answer = nw.when(met.fill_null(value=False)).then(nw.lit("met")).otherwise(nw.lit("not_met"))
    return nw.when(known).then(answer)


def _windows() -> list[nw.Expr]:
    before, after = (-2, -1, 0), (1, 2, 3)
    n0, n1 = _count(before), _count(after)
    enough = (n0 >= 2) & (n1 >= 2)
    safe0, safe1 = (nw.when(n > 0).then(n) for n in (n0, n1))
    return [
        n0.alias("n_before"),
        n1.alias("n_after"),
        (_total(before) / safe0).alias("mean_before"),
        (_total(after) / safe1).alias("mean_after"),
        nw.when(enough)
        .then((_spread(before, safe0) + _spread(after, safe1)) / (n0 + n1 - 2))
        .alias("_pooled"),
    ]


def _threshold(rule: SuddenRule) -> Any:
    n0, n1 = nw.col("n_before"), nw.col("n_after")
    critical: Any = nw.lit(rule.critical_value(4))
    for df in (3, 2):
        critical = nw.when(n0 + n1 - 2 == df).then(nw.lit(rule.critical_value(df))).otherwise(critical)
    if rule.stability == "t_test":
        return critical * (nw.col("_pooled") * (1 / n0 + 1 / n1)).sqrt()
    return critical * nw.col("_pooled").sqrt()


def _stability(rule: SuddenRule) -> tuple[Any, Any]:
    """Return whether the rule can be judged, and whether it is met."""
    change = (nw.col("_x0") - nw.col("_x1")) * rule.sign
    if rule.uses_windows:
        apart = (nw.col("mean_before") - nw.col("mean_after")) * rule.sign
        return ~nw.col("_pooled").is_null(), apart > _threshold(rule)
    if rule.stability == "share_kept":
        limit = nw.col("_x0") * rule.sign - change * rule.kept
        stays = [nw.col(f"_x{k}") * rule.sign <= limit for k in (2, 3)]
        return _known(0) & _known(1) & _known(2) & _known(3), stays[0] & stays[1]
    enough = nw.col("_series_n") >= 3
    return _known(0) & _known(1) & enough, enough & (change >= nw.col("_series_sd") * rule.series_sds)


def _series(client: str, score: str) -> list[nw.Expr]:
    return [
        nw.col(score).std().over(client).alias("_series_sd"),
        nw.col(score).count().over(client).alias("_series_n"),
    ]


def _criteria(rule: SuddenRule) -> dict[str, tuple[Any, Any]]:
    """Return by name whether each active criterion can be judged, and whether it is met; the cheap ones first.

    What cannot be judged is not met either: false or null.
    """
    both = _known(0) & _known(1)
    change = (nw.col("_x0") - nw.col("_x1")) * rule.sign
    out: dict[str, tuple[Any, Any]] = {}
    if rule.cutoff is not None:
        out["size"] = both, change >= rule.cutoff
    if rule.min_share is not None:
        positive = (nw.col("_x0") >= 0).fill_null(value=False)
        out["share"] = both & positive, positive & (change >= nw.col("_x0") * rule.min_share)
    if rule.stability != "none":
        out["stability"] = _stability(rule)
    return out


def _enough_sessions() -> Any:
    return ~(nw.col("_enough_before").is_null() | nw.col("_enough_after").is_null())


def sudden_only(rows: Ordered, rule: SuddenRule, score: str) -> Any:
    """Keep the intervals of which every active criterion is met; what leaves most of them out comes first.

    Needs the columns of `neighbours` and `steps`; the same intervals have the reason ``sudden`` in `with_verdicts`.
    """
    if rule.stability == "sd_of_series":
        rows = rows.with_columns(*_series(rows.client, score))
    met = {name: met for name, (_, met) in _criteria(rule).items()}
    # on their own, so that an engine does not work out the windows of intervals that are no candidates
    candidates = [met[name] for name in ("size", "share") if name in met]
    frame: Any = rows.frame.filter(_enough_sessions(), *candidates)
    if rule.uses_windows:
        frame = frame.with_columns(*_windows())
    return frame.filter(met["stability"]) if "stability" in met else frame


def _reason(rule: SuddenRule, judged_sessions: Any) -> Any:
    active = [
        (name, code)
        for name, code, on in (
            ("size", "below_cutoff", rule.cutoff is not None),
            ("share", "below_share", rule.min_share is not None),
            ("stability", "not_stable", rule.stability != "none"),
        )
        if on
    ]
    reason: Any = nw.lit("sudden")
    for name, code in reversed(active):
        unmet = (nw.col(name) == "not_met").fill_null(value=False)
        reason = nw.when(unmet).then(nw.lit(code)).otherwise(reason)
    unknown = [("stability", "too_few_scores"), ("share", "share_undefined")]
    for name, code in unknown:
        if name in dict(active):
            reason = nw.when(nw.col(name).is_null()).then(nw.lit(code)).otherwise(reason)
    if rule.needs_both_scores:
        both = _known(0) & _known(1)
        reason = nw.when(both).then(reason).otherwise(nw.lit("score_missing"))
    return nw.when(judged_sessions).then(reason).otherwise(nw.lit("too_few_sessions"))


def with_verdicts(rows: Ordered, rule: SuddenRule, score: str) -> Any:
    """Return every interval of a frame in order, judged; needs the columns of `neighbours` and `places`.

    Returns:
        A Narwhals frame with client, order, ``order_next``, ``place`` (which session of the client N is),
        ``score``, ``score_next``, ``change`` (positive in the direction looked for), means and counts of the
        windows, the criteria (``met``, ``not_met`` or null), ``verdict`` and ``reason``.
    """
    if rule.stability == "sd_of_series":
        rows = rows.with_columns(*_series(rows.client, score))
    frame: Any = rows.frame.filter(~nw.col("order_next").is_null())
    if rule.uses_windows:
        frame = frame.with_columns(*_windows())
    frame = frame.with_columns(_yes_no(*c).alias(name) for name, c in _criteria(rule).items())
    frame = frame.with_columns(_reason(rule, _enough_sessions()).alias("reason"))
    sudden = nw.col("reason") == "sudden"
    said = sudden | nw.col("reason").is_in(["below_cutoff", "below_share", "not_stable"])
    verdict = nw.when(sudden).then(nw.lit(rule.kind)).otherwise(nw.lit(f"no_{rule.kind}"))
    change = (nw.col("_x0") - nw.col("_x1")) * rule.sign
    return frame.with_columns(nw.when(said).then(verdict).alias("verdict"), change.alias("change"))
