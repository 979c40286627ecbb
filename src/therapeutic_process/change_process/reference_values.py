"""What a change is judged against: the mean, spread and reliability of a norm or of the sample itself."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Literal

import attrs
import narwhals.stable.v2 as nw

from therapeutic_process.change_process.arguments import need_number, need_positive, need_share, need_value
from therapeutic_process.errors import NotEnoughData, TherapeuticProcessError
from therapeutic_process.tables.door import collected, need_columns, numbers, opened

if TYPE_CHECKING:
    from narwhals.stable.v2.typing import IntoFrame

__all__ = ["ReferenceValues", "ReliabilityKind", "reference_from_sample"]

ReliabilityKind = Literal["test_retest", "internal", "unstated"]


def _is_reliability(_: object, attribute: attrs.Attribute[Any], value: float | None) -> None:
    if value is not None or attribute.default is not None:
        need_share(attribute.name, value)


def _is_spread(_: object, attribute: attrs.Attribute[Any], value: float | None) -> None:
    if value is not None or attribute.default is not None:
        need_positive(attribute.name, value)


def _is_mean(_: object, attribute: attrs.Attribute[Any], value: float | None) -> None:
    if value is not None:
        need_number(attribute.name, value)


def _is_correlation(_: object, attribute: attrs.Attribute[Any], value: float | None) -> None:
    if value is not None:
        need_share(attribute.name, value, low=-1)


@attrs.frozen(kw_only=True)
class ReferenceValues:
    """The values a change is judged against.

    Attributes:
        sd: Standard deviation of the reference sample, before treatment; in scale points.
        reliability: Reliability of the measure, 0 to 1.
        kind: Whether that is a test-retest or an internal reliability; say which in your paper.
        mean_before: Mean before treatment, where the method needs it.
        mean_after: Mean after treatment.
        sd_after: Standard deviation after treatment.
        reliability_after: Reliability after treatment.
        correlation: Correlation of the scores before and after.
        n: Size of the reference sample, if it is the sample at hand.
        population: Which population, with its source.
    """

    sd: float = attrs.field(validator=_is_spread)
    reliability: float = attrs.field(validator=_is_reliability)
    kind: ReliabilityKind = "unstated"
    mean_before: float | None = attrs.field(default=None, validator=_is_mean)
    mean_after: float | None = attrs.field(default=None, validator=_is_mean)
    sd_after: float | None = attrs.field(default=None, validator=_is_spread)
    reliability_after: float | None = attrs.field(default=None, validator=_is_reliability)
    correlation: float | None = attrs.field(default=None, validator=_is_correlation)
    n: int | None = None
    population: str = ""

    @property
    def se(self) -> float:
        """Standard error of measurement, sd·√(1−r).

        >>> round(ReferenceValues(sd=7.5, reliability=0.8).se, 4)
        3.3541
        """
        return self.sd * math.sqrt(1 - self.reliability)

    @property
    def s_diff(self) -> float:
        """Standard error of the difference, √2·SE (Jacobson & Truax 1991, p. 14).

        >>> round(ReferenceValues(sd=7.5, reliability=0.8).s_diff, 4)
        4.7434
        """
        return math.sqrt(2) * self.se

    @property
    def se_prediction(self) -> float:
        """Standard error of prediction, sd·√(1−r²)."""
        return self.sd * math.sqrt(1 - self.reliability**2)

    def reliability_from_se(self, sd: float) -> float:
        """Return the reliability in another sample with the same error of measurement.

        Below zero where that sample spreads less than the error itself.
        """
        return 1 - (self.se / sd) ** 2

    @property
    def reliability_of_difference(self) -> float:
        """Reliability of difference scores (Hageman & Arrindell 1999).

        Raises:
            NotEnoughData: If the spread after treatment or the correlation is unknown.
            TherapeuticProcessError: If the differences do not vary reliably.
        """
        s1, s2 = self.sd, need_value("reliability_of_difference", "sd_after", self.sd_after)
        covariance = s1 * s2 * need_value("reliability_of_difference", "correlation", self.correlation)
        after = self.reliability_after
        true2 = s2**2 - self.se**2 if after is None else s2**2 * after
        reliable, total = s1**2 * self.reliability + true2 - 2 * covariance, s1**2 + s2**2 - 2 * covariance
        if total <= 0 or reliable <= 0:
            raise TherapeuticProcessError(
                f"reliability_of_difference: needed true variance of the differences, found {reliable:.3g}"
            )
        return reliable / total


def reference_from_sample(
    frame: IntoFrame,
    *,
    before: str = "before",
    after: str = "after",
    reliability: float,
    reliability_after: float | None = None,
    kind: ReliabilityKind = "unstated",
) -> ReferenceValues:
    """Take the sample's own values as the reference, from its complete pairs.

    >>> import polars as pl
    >>> pairs = pl.DataFrame({"before": [20.0, 24.0, 28.0], "after": [10.0, 20.0, None]})
    >>> reference_from_sample(pairs, reliability=0.8).mean_before
    22.0

    Args:
        frame: One row per client with a score before and after; any frame Narwhals knows. Two queries run.
        before: Column of the score before.
        after: Column of the score after.
        reliability: Reliability of the measure.
        reliability_after: Reliability after treatment, if it is another one.
        kind: Test-retest or internal.

    Raises:
        NotEnoughData: If fewer than two pairs are complete, or the scores before do not vary.
    """
    table = opened(frame)
    need_columns(table, before, after)
    table = numbers(table.select(before, after), before, after)
    pairs = table.filter(~nw.any_horizontal(nw.col(before, after).is_null(), ignore_nulls=True))
    x, y = nw.col(before), nw.col(after)
    n, m1, m2 = collected(pairs.select(nw.len().alias("n"), x.mean().alias("m1"), y.mean().alias("m2"))).row(
        0
    )
    if n < 2:
        raise NotEnoughData("reference_from_sample", needed="at least 2 complete pairs", found=int(n))
    cells = (((x - m1) ** 2).sum(), ((y - m2) ** 2).sum(), ((x - m1) * (y - m2)).sum())
    named = (cell.alias(name) for cell, name in zip(cells, ("xx", "yy", "xy"), strict=True))
    xx, yy, xy = (float(v) for v in collected(pairs.select(*named)).row(0))
    if xx <= 0:
        raise NotEnoughData("reference_from_sample", needed="scores before that vary", found="zero variance")
    return ReferenceValues(
        sd=math.sqrt(xx / (n - 1)),
        reliability=reliability,
        kind=kind,
        mean_before=float(m1),
        mean_after=float(m2),
        sd_after=math.sqrt(yy / (n - 1)) or None,
        reliability_after=reliability_after,
        # rounding may carry a perfect correlation beyond 1
        correlation=max(-1.0, min(1.0, xy / math.sqrt(xx * yy))) if yy > 0 else None,
        n=int(n),
        population="the sample itself",
    )
