"""Reliable change: does a change exceed what the error of measurement explains?"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Literal

import attrs
import narwhals.stable.v2 as nw

from therapeutic_process.change_process.arguments import (
    Better,
    direction,
    need_between,
    need_number,
    need_positive,
    need_value,
    why_unscored,
)
from therapeutic_process.change_process.grading import grade
from therapeutic_process.change_process.quantiles import normal_quantile
from therapeutic_process.change_process.reference_values import ReferenceValues
from therapeutic_process.errors import TherapeuticProcessError

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = [
    "METHODS",
    "ReliableChange",
    "ReliableChangeMethod",
    "critical_value",
    "reliable_change",
    "reliable_change_index",
    "reliable_change_points",
]

ReliableChangeMethod = Literal[
    "jacobson_truax",
    "gulliksen_lord_novick",
    "hsu_linn_lord",
    "edwards_nunnally",
    "nunnally_kotsch",
    "hageman_arrindell",
]


def _mean(reference: ReferenceValues, which: Literal["mean_before", "mean_after"]) -> float:
    return need_value("reliable_change", which, getattr(reference, which))


def _jacobson_truax(before: Any, after: Any, v: ReferenceValues) -> Any:
    return (after - before) / v.s_diff


def _gulliksen_lord_novick(before: Any, after: Any, v: ReferenceValues) -> Any:
    m = _mean(v, "mean_before")
    return ((after - m) - v.reliability * (before - m)) / v.se_prediction


def _hsu_linn_lord(before: Any, after: Any, v: ReferenceValues) -> Any:
    m1, m2 = _mean(v, "mean_before"), _mean(v, "mean_after")
    return ((after - m2) - v.reliability * (before - m1)) / v.se_prediction


def _true_before(before: Any, v: ReferenceValues) -> Any:
    m = _mean(v, "mean_before")
    return v.reliability * (before - m) + m


def _edwards_nunnally(before: Any, after: Any, v: ReferenceValues) -> Any:
    return (after - _true_before(before, v)) / v.se


def _nunnally_kotsch(before: Any, after: Any, v: ReferenceValues) -> Any:
    later = need_value("reliable_change", "reliability_after", v.reliability_after)
    variance = v.reliability**2 * v.sd**2 * (1 - v.reliability) + v.sd**2 * (1 - later)
    return (after - _true_before(before, v)) / math.sqrt(variance)


def _hageman_arrindell(before: Any, after: Any, v: ReferenceValues) -> Any:
    rdd = v.reliability_of_difference
    mean_change = _mean(v, "mean_after") - _mean(v, "mean_before")
    return ((after - before) * rdd + mean_change * (1 - rdd)) / (math.sqrt(rdd) * v.s_diff)


METHODS: dict[str, Callable[[Any, Any, ReferenceValues], Any]] = {
    "jacobson_truax": _jacobson_truax,
    "gulliksen_lord_novick": _gulliksen_lord_novick,
    "hsu_linn_lord": _hsu_linn_lord,
    "edwards_nunnally": _edwards_nunnally,
    "nunnally_kotsch": _nunnally_kotsch,
    "hageman_arrindell": _hageman_arrindell,
}


def reliable_change_index(before: Any, after: Any, *, reference: ReferenceValues, method: str) -> Any:
    """Return the index of a method for one client (numbers) or a cohort (`narwhals` expressions).

    >>> norm = ReferenceValues(sd=7.5, reliability=0.8)
    >>> round(reliable_change_index(32.5, 47.5, reference=norm, method="jacobson_truax"), 2)
    3.16

    Args:
        before: Score before; a number or an expression.
        after: Score after.
        reference: What the change is judged against.
        method: ``jacobson_truax`` (Jacobson & Truax 1991), ``gulliksen_lord_novick``, ``hsu_linn_lord`` (Hsu
            1989), ``edwards_nunnally`` (Speer 1992), ``nunnally_kotsch`` (1983) or ``hageman_arrindell``
            (1999).

    Raises:
        NotEnoughData: If the reference lacks a value that the method needs.
        TherapeuticProcessError: If the method is unknown, the error of measurement is zero, or a score is no
            finite number.
    """
    if method not in METHODS:
        raise TherapeuticProcessError(f"method: needed one of {', '.join(METHODS)}, found {method!r}")
    _need_error(reference)
    for name, score in (("before", before), ("after", after)):
        if not isinstance(score, nw.Expr):
            need_number(name, score)
    return METHODS[method](before, after, reference)


def _need_error(reference: ReferenceValues) -> None:
    if reference.reliability == 1:
        raise TherapeuticProcessError(
            "reliability: needed a number below 1, found 1: no error to judge against"
        )


def critical_value(method: str, alpha: float) -> float:
    """Return what the index must exceed: z(1−α/2), and z(1−α) for Hageman & Arrindell.

    >>> round(critical_value("jacobson_truax", 0.05), 2)
    1.96
    """
    need_between("alpha", alpha, 0, 1)
    return normal_quantile(1 - alpha if method == "hageman_arrindell" else 1 - alpha / 2)


def reliable_change_points(
    *, sd: float, reliability: float, alpha: float = 0.05, critical: float | None = None
) -> float:
    """Return how many points a change must exceed to be reliable (Jacobson & Truax 1991).

    >>> round(reliable_change_points(sd=10.5, reliability=0.931, critical=1.96), 4)
    7.6451

    Args:
        sd: Standard deviation of the reference sample.
        reliability: Reliability of the measure.
        alpha: Share of unchanged clients who would be called changed.
        critical: The critical value itself, such as the rounded 1.96 of the paper, instead of alpha.

    Raises:
        TherapeuticProcessError: If the spread, the reliability or the critical value is impossible.
    """
    z = critical_value("jacobson_truax", alpha) if critical is None else need_positive("critical", critical)
    norm = ReferenceValues(sd=sd, reliability=reliability)
    _need_error(norm)
    return z * norm.s_diff


@attrs.frozen
class ReliableChange:
    """One client's change, judged against the error of measurement.

    Attributes:
        verdict: ``improved``, ``unchanged``, ``deteriorated``, or None: cannot say.
        reason: Why it cannot be said, else ``""``.
        index: The index of the method; positive means that the score rose.
        change: After minus before, in scale points.
        critical: What the index must exceed.
        method: The method.
        better: Which direction is better.
        inclusive: Whether exactly the critical value is enough.
        reference: What it was judged against.
    """

    verdict: str | None
    reason: str
    index: float | None = attrs.field(repr=False)
    change: float | None = attrs.field(repr=False)
    critical: float
    method: str
    better: Better
    inclusive: bool
    reference: ReferenceValues = attrs.field(repr=False)

    @property
    def is_reliable(self) -> bool | None:
        """Whether there is a reliable change in either direction; None: cannot say."""
        return None if self.verdict is None else self.verdict != "unchanged"

    def explain(self) -> str:
        """Say in a sentence how the verdict came about, with the client's numbers."""
        if self.index is None:
            return f"cannot say: {self.reason}"
        sign = "≥" if self.inclusive else ">"
        rule = f"|index| {sign} {self.critical:.3f}, {self.better} is better"
        return f"{self.verdict}: change {self.change:+g}, index {self.index:+.3f} ({self.method}; {rule})"


def reliable_change(
    before: float | None,
    after: float | None,
    *,
    reliability: float,
    sd: float,
    better: Better = "lower",
    method: ReliableChangeMethod = "jacobson_truax",
    alpha: float = 0.05,
    inclusive: bool = False,
    mean_before: float | None = None,
    mean_after: float | None = None,
    sd_after: float | None = None,
    reliability_after: float | None = None,
    correlation: float | None = None,
) -> ReliableChange:
    """Judge whether one client's change exceeds the error of measurement, against a norm.

    Follows Jacobson & Truax (1991), p. 14, unless another method is chosen (see `reliable_change_index`).

    >>> reliable_change(32.5, 47.5, reliability=0.8, sd=7.5, better="higher").verdict
    'improved'
    >>> reliable_change(32.5, None, reliability=0.8, sd=7.5).reason
    'no score after'

    Args:
        before: Score before; None, NaN or an infinite one: cannot say.
        after: Score after.
        reliability: Test-retest or internal; say which in your paper.
        sd: Standard deviation of the norm.
        better: Whether lower or higher scores are better.
        method: The method.
        alpha: Share of unchanged clients who would be called changed.
        inclusive: Whether an index of exactly the critical value is enough; the literature says no.
        mean_before: Mean of the norm before, where the method needs it.
        mean_after: Mean of the norm after.
        sd_after: Standard deviation of the norm after.
        reliability_after: Reliability after.
        correlation: Correlation of scores before and after in the norm.

    Raises:
        NotEnoughData: If the method needs a value of the norm that is not given.
        TherapeuticProcessError: If a score is no number, or a value of the norm is impossible.
    """
    reference = ReferenceValues(
        sd=sd,
        reliability=reliability,
        mean_before=mean_before,
        mean_after=mean_after,
        sd_after=sd_after,
        reliability_after=reliability_after,
        correlation=correlation,
    )
    critical, sign = critical_value(method, alpha), direction(better)
    reason = why_unscored(before=before, after=after)
    index = change = verdict = None
    if before is not None and after is not None and not reason:
        index = float(reliable_change_index(before, after, reference=reference, method=method))
        change = after - before
        verdict = str(grade(sign * index, improved=critical, deteriorated=critical, inclusive=inclusive))
    return ReliableChange(verdict, reason, index, change, critical, method, better, inclusive, reference)
