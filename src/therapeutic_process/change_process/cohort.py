"""Grade the change of a whole cohort: the same formulas as for one client, over a table of pairs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import narwhals.stable.v2 as nw

from therapeutic_process.change_process.arguments import Better, direction, need_positive, need_value
from therapeutic_process.change_process.graded_change import GradedChange, graded
from therapeutic_process.change_process.grading import (
    DETERIORATED,
    IMPROVED,
    UNCHANGED,
    grade,
)
from therapeutic_process.change_process.important_change import percentage_of_change
from therapeutic_process.change_process.paired_scores import given_pairs, pairs_of
from therapeutic_process.change_process.reference_values import ReferenceValues, reference_from_sample
from therapeutic_process.change_process.reliable_change import (
    ReliableChangeMethod,
    critical_value,
    reliable_change_index,
)

if TYPE_CHECKING:
    from narwhals.stable.v2.typing import IntoFrameT


__all__ = [
    "VERDICTS",
    "important_change_table",
    "percentage_change_table",
    "reliable_change_table",
    "when_known",
]

VERDICTS = (IMPROVED, UNCHANGED, DETERIORATED)


def _known(*columns: str) -> nw.Expr:
    return ~nw.any_horizontal(*(nw.col(c).is_null() for c in columns), ignore_nulls=True)


def when_known(expr: Any, *columns: str) -> nw.Expr:
    """Return an expression that is null where one of the columns is."""
    return nw.when(_known(*columns)).then(expr)


def reliable_change_table(
    frame: IntoFrameT,
    *,
    reference: ReferenceValues | None = None,
    reliability: float | None = None,
    reliability_after: float | None = None,
    method: ReliableChangeMethod = "jacobson_truax",
    better: Better = "lower",
    alpha: float = 0.05,
    inclusive: bool = False,
    before: str = "before",
    after: str = "after",
) -> GradedChange[IntoFrameT]:
    """Judge the change of every client of a table against the error of measurement.

    >>> import polars as pl
    >>> pairs = pl.DataFrame({"client_id": [1, 2], "before": [32.5, 40.0], "after": [47.5, None]})
    >>> norm = ReferenceValues(sd=7.5, reliability=0.8)
    >>> result = reliable_change_table(pairs, reference=norm, better="higher")
    >>> result.table["verdict"].to_list()
    ['improved', None]

    Args:
        frame: One row per client with a score before and after (see `paired_scores`).
        reference: What to judge against: a norm. Without one, the sample's own values are taken, which needs
        reliability: the reliability of the measure, and where the method needs it
        reliability_after: the reliability after treatment. Two small queries run then.
        method: The method; see `reliable_change_index`.
        better: Whether lower or higher scores are better.
        alpha: Share of unchanged clients who would be called changed.
        inclusive: Whether an index of exactly the critical value is enough.
        before: Column of the score before.
        after: Column of the score after.

    Returns:
        The caller's columns with ``change``, ``index`` and ``verdict``.
    """
    if reference is None:
        r = need_value("reliable_change_table", "reliability", reliability)
        reference = reference_from_sample(
            frame, before=before, after=after, reliability=r, reliability_after=reliability_after
        )
    critical = critical_value(method, alpha)
    x, y = nw.col(before), nw.col(after)
    index = reliable_change_index(x, y, reference=reference, method=method)
    table = pairs_of(frame, before, after).with_columns((y - x).alias("change"), index.alias("index"))
    signed = nw.col("index") * direction(better)
    verdict = grade(signed, improved=critical, deteriorated=critical, inclusive=inclusive)
    table = table.with_columns(when_known(verdict, "index").alias("verdict"))
    return graded(
        table, column="verdict", classes=VERDICTS, method=method, critical=critical,
        inclusive=inclusive, better=better, reference=reference, given=given_pairs(frame, before, after),
    )  # fmt: skip


def important_change_table(
    frame: IntoFrameT,
    *,
    improvement: float,
    deterioration: float | None = None,
    better: Better = "lower",
    inclusive: bool = True,
    before: str = "before",
    after: str = "after",
) -> GradedChange[IntoFrameT]:
    """Judge every client's change by an amount of points; see `important_change`.

    >>> import polars as pl
    >>> pairs = pl.DataFrame({"before": [15, 15], "after": [9, 10]})
    >>> important_change_table(pairs, improvement=6).table["verdict"].to_list()
    ['improved', 'unchanged']

    Args:
        frame: One row per client; any frame Narwhals knows.
        improvement: Points of change towards the better that count, above 0.
        deterioration: Points towards the worse; as many, where None.
        better: Whether lower or higher scores are better.
        inclusive: Whether exactly so many points count.
        before: Column of the score before.
        after: Column of the score after.

    Returns:
        The table with ``change`` and ``verdict``, null where a score is missing; what was used and dropped.

    Raises:
        TherapeuticProcessError: If an amount is not above 0.
        TableError: If a column is missing or holds no numbers.
    """
    up = need_positive("improvement", improvement)
    down = up if deterioration is None else need_positive("deterioration", deterioration)
    table = pairs_of(frame, before, after).with_columns((nw.col(after) - nw.col(before)).alias("change"))
    verdict = grade(nw.col("change") * direction(better), improved=up, deteriorated=down, inclusive=inclusive)
    table = table.with_columns(when_known(verdict, "change").alias("verdict"))
    return graded(
        table, column="verdict", classes=VERDICTS, method="important_change", critical=up,
        inclusive=inclusive, better=better, given=given_pairs(frame, before, after),
    )  # fmt: skip


def percentage_change_table(
    frame: IntoFrameT,
    *,
    improvement: float = 0.5,
    deterioration: float | None = None,
    better: Better = "lower",
    inclusive: bool = True,
    before: str = "before",
    after: str = "after",
) -> GradedChange[IntoFrameT]:
    """Judge every client's change as a share of the score before; null where that is not above 0.

    >>> import polars as pl
    >>> pairs = pl.DataFrame({"before": [20, 0], "after": [9, 9]})
    >>> percentage_change_table(pairs).table["verdict"].to_list()
    ['improved', None]

    Args:
        frame: One row per client; any frame Narwhals knows.
        improvement: Share of the score before, above 0.
        deterioration: Share towards the worse; as large, where None.
        better: Whether lower or higher scores are better.
        inclusive: Whether exactly that share counts.
        before: Column of the score before.
        after: Column of the score after.

    Returns:
        The table with ``change`` and ``verdict``; what was used and dropped.

    Raises:
        TherapeuticProcessError: If a share is not above 0.
        TableError: If a column is missing or holds no numbers.
    """
    up = need_positive("improvement", improvement)
    down = up if deterioration is None else need_positive("deterioration", deterioration)
    x, y = nw.col(before), nw.col(after)
    table = pairs_of(frame, before, after)
    share = nw.when(x > 0).then(percentage_of_change(x, y))
    table = table.with_columns((y - x).alias("change"), share.alias("share"))
    verdict = grade(nw.col("share") * direction(better), improved=up, deteriorated=down, inclusive=inclusive)
    table = table.with_columns(when_known(verdict, "share").alias("verdict"))
    return graded(
        table, column="verdict", classes=VERDICTS, method="percentage_change", critical=up,
        inclusive=inclusive, better=better, given=given_pairs(frame, before, after),
    )  # fmt: skip
