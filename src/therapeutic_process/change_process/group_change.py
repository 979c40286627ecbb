"""Change of groups: the mean change against a minimal important difference, and who truly changed."""

from __future__ import annotations

import math
from statistics import NormalDist, fmean, stdev
from typing import TYPE_CHECKING, Any, Literal

import attrs

from therapeutic_process.change_process.arguments import Better, direction, need_between, need_positive
from therapeutic_process.change_process.paired_scores import pairs_of
from therapeutic_process.change_process.quantiles import student_quantile
from therapeutic_process.errors import NotEnoughData
from therapeutic_process.tables.door import collected

if TYPE_CHECKING:
    from collections.abc import Sequence

    from narwhals.stable.v2.typing import IntoFrame

    from therapeutic_process.change_process.cutoffs import ClinicalCutoff
    from therapeutic_process.change_process.reference_values import ReferenceValues

__all__ = ["GroupChange", "TrueChangeShare", "group_change", "group_difference", "true_change_shares"]

Effect = Literal[
    "not_significant",
    "significant_but_unimportant",
    "not_significantly_below_threshold",
    "probably_important",
    "large",
]


@attrs.frozen
class GroupChange:
    """A mean difference with its interval, against the minimal important difference.

    Attributes:
        group: The group (for a difference between groups: the comparison group), or None for everybody.
        difference: The mean difference, in points.
        low: Lower end of its t interval.
        high: Upper end.
        confidence: Coverage.
        n: Clients in the group.
        effect: ``not_significant`` (the interval holds 0), ``significant_but_unimportant`` (all of it
            short of the threshold), ``not_significantly_below_threshold`` (it holds the threshold, the
            mean is short of it), ``probably_important`` (the mean reaches it), ``large`` (all of the
            interval reaches it).
        reference_group: The group compared with, if any.
        n_reference: Its clients.
    """

    group: Any
    difference: float
    low: float
    high: float
    confidence: float
    n: int
    effect: Effect
    reference_group: Any = None
    n_reference: int | None = None


def _effect(low: float, mean: float, high: float, threshold: float) -> Effect:
    if low <= 0 <= high:
        return "not_significant"
    if high < threshold:
        return "significant_but_unimportant"
    if low >= threshold:
        return "large"
    return "probably_important" if mean >= threshold else "not_significantly_below_threshold"


def _interval(mean: float, se: float, df: float, confidence: float) -> tuple[float, float]:
    half = student_quantile((1 + confidence) / 2, df) * se
    return mean - half, mean + half


def _judge(low: float, mean: float, high: float, *, important: float, better: Better) -> Effect:
    sign = direction(better)
    ends = sorted((sign * low, sign * high))
    return _effect(ends[0], sign * mean, ends[1], important)


def _columns(
    frame: IntoFrame, before: str, after: str, group: str | None
) -> dict[Any, tuple[list[float], list[float]]]:
    others = [group] if group else []
    table: Any = collected(pairs_of(frame, before, after, *others).select(before, after, *others))
    # a group without any complete pair is there, too, and everybody is a group even where nobody is
    groups: dict[Any, tuple[list[float], list[float]]] = {} if group else {None: ([], [])}
    for row in table.rows():
        x, y = groups.setdefault(row[2] if group else None, ([], []))
        if None not in row[:2]:
            x.append(row[0])
            y.append(row[1])
    if not groups:
        raise NotEnoughData("group_change", needed="at least one group", found="no row")
    return groups


def _enough(function: str, values: Sequence[float]) -> None:
    if len(values) < 2:
        raise NotEnoughData(function, needed="at least 2 complete pairs in each group", found=len(values))


def group_change(
    frame: IntoFrame,
    *,
    important: float,
    better: Better = "lower",
    confidence: float = 0.95,
    by: str | None = None,
    before: str = "before",
    after: str = "after",
) -> tuple[GroupChange, ...]:
    """Judge each group's mean change within clients against a minimal important difference.

    >>> import polars as pl
    >>> pairs = pl.DataFrame({"before": [20, 22, 25, 21], "after": [8, 11, 12, 10]})
    >>> group_change(pairs, important=6)[0].effect
    'large'

    Args:
        frame: One row per client; any frame Narwhals knows.
        important: The minimal important difference, in points.
        better: Whether lower or higher scores are better.
        confidence: Coverage of the t interval.
        by: Column of the group.
        before: Column of the score before.
        after: Column of the score after.

    Returns:
        One judgement per group, the groups in order: mean change, its interval, and what it says against the
        difference.

    Raises:
        NotEnoughData: If a group has fewer than two complete pairs.
    """
    need_positive("important", important)
    need_between("confidence", confidence, 0, 1)
    out = []
    for group, (x, y) in _columns(frame, before, after, by).items():
        _enough("group_change", x)
        change = [b - a for a, b in zip(x, y, strict=True)]
        mean, n = fmean(change), len(change)
        low, high = _interval(mean, stdev(change) / math.sqrt(n), n - 1, confidence)
        effect = _judge(low, mean, high, important=important, better=better)
        out.append(GroupChange(group, mean, low, high, confidence, n, effect))
    return tuple(out)


def group_difference(
    frame: IntoFrame,
    *,
    by: str,
    reference: Any,
    important: float,
    better: Better = "lower",
    confidence: float = 0.95,
    before: str = "before",
    after: str = "after",
) -> tuple[GroupChange, ...]:
    """Judge how far each group's mean score after lies from a reference group's.

    The interval is Welch's: the groups need not spread alike.

    Args:
        frame: One row per client; any frame Narwhals knows.
        by: Column of the group.
        reference: The group to compare with.
        important: The minimal important difference, in points.
        better: Whether lower or higher scores are better.
        confidence: Coverage.
        before: Column of the score before; only complete pairs count.
        after: Column of the score after.

    Returns:
        One judgement per group but the reference group.

    Raises:
        NotEnoughData: If a group has fewer than two complete pairs, or the reference group none.
    """
    need_positive("important", important)
    need_between("confidence", confidence, 0, 1)
    groups = _columns(frame, before, after, by)
    base = groups.pop(reference, ([], []))[1]
    _enough("group_difference", base)
    out = []
    for group, (_, y) in groups.items():
        _enough("group_difference", y)
        mean = fmean(y) - fmean(base)
        a, b = stdev(y) ** 2 / len(y), stdev(base) ** 2 / len(base)
        df = (a + b) ** 2 / (a**2 / (len(y) - 1) + b**2 / (len(base) - 1)) if a + b > 0 else 1.0
        low, high = _interval(mean, math.sqrt(a + b), df, confidence)
        effect = _judge(low, mean, high, important=important, better=better)
        out.append(GroupChange(group, mean, low, high, confidence, len(y), effect, reference, len(base)))
    return tuple(out)


@attrs.frozen
class TrueChangeShare:
    """The share of a group that truly changed and that is truly functional, by Hageman & Arrindell (1999).

    Attributes:
        group: The group, or None for everybody.
        n: Its clients.
        changed: Estimated share whose true score improved.
        functional: Estimated share whose true score after is in the functional range.

    Returns:
        One estimate per group, the groups in order.
    """

    group: Any
    n: int
    changed: float
    functional: float | None


def true_change_shares(
    frame: IntoFrame,
    *,
    reference: ReferenceValues,
    cutoff: ClinicalCutoff | None = None,
    better: Better = "lower",
    by: str | None = None,
    before: str = "before",
    after: str = "after",
) -> tuple[TrueChangeShare, ...]:
    """Estimate, for a group as a whole, who truly changed (Hageman & Arrindell 1999).

    Args:
        frame: One row per client; any frame Narwhals knows.
        reference: Reliability, and spread and correlation before and after, of the whole sample.
        cutoff: A cutoff between true scores; without it only the share that changed is given.
        better: Whether lower or higher scores are better.
        by: Column of the group.
        before: Column of the score before.
        after: Column of the score after.

    Returns:
        One estimate per group, the groups in order.

    Raises:
        NotEnoughData: If a group has fewer than two complete pairs, or its changes do not vary.
    """
    rdd, sign, normal = reference.reliability_of_difference, direction(better), NormalDist()
    r = reference.reliability_after
    r = reference.reliability_from_se(reference.sd_after or math.nan) if r is None else r
    out = []
    for group, (x, y) in _columns(frame, before, after, by).items():
        _enough("true_change_shares", x)
        change = [b - a for a, b in zip(x, y, strict=True)]
        for what, values in (("changes", change), ("scores after", y if cutoff else change)):
            if min(values) == max(values):
                needed = f"{what} that vary in each group"
                raise NotEnoughData("true_change_shares", needed=needed, found="zero variance")
        changed = normal.cdf(sign * fmean(change) / (stdev(change) * math.sqrt(rdd)))
        beyond = None if cutoff is None else sign * (fmean(y) - cutoff.value) / (stdev(y) * math.sqrt(r))
        out.append(TrueChangeShare(group, len(x), changed, None if beyond is None else normal.cdf(beyond)))
    return tuple(out)
