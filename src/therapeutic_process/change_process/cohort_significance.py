"""Grade the change of a whole cohort by a cutoff: who crossed it, and who recovered."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import narwhals.stable.v2 as nw

from therapeutic_process.change_process.arguments import direction, need_value
from therapeutic_process.change_process.cohort import VERDICTS, when_known
from therapeutic_process.change_process.graded_change import GradedChange, graded
from therapeutic_process.change_process.grading import (
    DETERIORATED,
    IMPROVED,
    UNCHANGED,
    AtCutoff,
    either,
    is_clinical,
    is_functional,
)
from therapeutic_process.change_process.paired_scores import given_pairs, pairs_of
from therapeutic_process.change_process.random_slopes import BETTER, WORSE
from therapeutic_process.change_process.reliable_change import (
    critical_value,
)
from therapeutic_process.change_process.significance import CLASSES, clinical_class, cutoff_crossing
from therapeutic_process.errors import NotEnoughData, TableError, TherapeuticProcessError
from therapeutic_process.tables.door import need_columns, opened

if TYPE_CHECKING:
    from narwhals.stable.v2.typing import IntoFrameT

    from therapeutic_process.change_process.cutoffs import ClinicalCutoff
    from therapeutic_process.change_process.reference_values import ReferenceValues

__all__ = ["clinical_significance_table", "cutoff_crossing_table", "true_score_range_table"]


def cutoff_crossing_table(
    frame: IntoFrameT,
    *,
    cutoff: ClinicalCutoff,
    at_cutoff: AtCutoff = "clinical",
    before: str = "before",
    after: str = "after",
) -> GradedChange[IntoFrameT]:
    """Grade every client by the cutoff alone: who crossed it, and which way (the statistical approach).

    >>> import polars as pl
    >>> from therapeutic_process.change_process import published_cutoff
    >>> pairs = pl.DataFrame({"before": [15, 5], "after": [6, 12]})
    >>> phq = published_cutoff(10, source="Kroenke et al. 2001")
    >>> cutoff_crossing_table(pairs, cutoff=phq).table["verdict"].to_list()
    ['improved', 'deteriorated']

    Args:
        frame: One row per client; any frame Narwhals knows.
        cutoff: The cutoff.
        at_cutoff: To which range a score of exactly the cutoff belongs.
        before: Column of the score before.
        after: Column of the score after.

    Returns:
        The table with ``verdict``, null where a score is missing; what was used and dropped.

    Raises:
        TableError: If a column is missing or holds no numbers.
    """
    table = _with_ranges(pairs_of(frame, before, after), cutoff, at_cutoff, before, after)
    crossed = cutoff_crossing(nw.col(before), nw.col(after), cutoff=cutoff, at_cutoff=at_cutoff)
    table = table.with_columns(when_known(crossed, before, after).alias("verdict"))
    return graded(
        table,
        column="verdict",
        classes=VERDICTS,
        method="cutoff_crossing",
        better=cutoff.better,
        cutoff=cutoff,
        given=given_pairs(frame, before, after),
    )


def _with_ranges(table: Any, cutoff: ClinicalCutoff, at_cutoff: AtCutoff, before: str, after: str) -> Any:
    sign, value = direction(cutoff.better), cutoff.value

    def where(score: str) -> Any:
        clinical = is_clinical(nw.col(score), value, sign=sign, at_cutoff=at_cutoff)
        functional = is_functional(nw.col(score), value, sign=sign, at_cutoff=at_cutoff)
        beyond: Any = nw.when(functional).then(nw.lit("functional"))
        if at_cutoff == "neither":
            beyond = beyond.otherwise(nw.when(nw.col(score) == value).then(nw.lit("at_cutoff")))
        # a score that is missing is in none of these, and so stays null
        return nw.when(clinical).then(nw.lit("clinical")).otherwise(beyond)

    return table.with_columns(
        (nw.col(after) - nw.col(before)).alias("change"),
        where(before).alias("range_before"),
        where(after).alias("range_after"),
    )


def _with_true_ranges(
    table: Any, cutoff: ClinicalCutoff, reference: ReferenceValues, critical: float, columns: tuple[str, str]
) -> Any:
    before, after = columns
    table = _with_ranges(table, cutoff, "neither", before, after)
    index = _true_score_index(nw.col(after), cutoff, reference)
    beyond = nw.col("range_index") * direction(cutoff.better)
    side = either(beyond > critical, "functional", either(beyond < -critical, "clinical", "undecided"))
    table = table.with_columns(index.alias("range_index"))
    return table.with_columns(when_known(side, after).alias("range_after"))


def _true_score_index(after: nw.Expr, cutoff: ClinicalCutoff, reference: ReferenceValues) -> nw.Expr:
    mean = need_value("true_score_range_table", "mean_after", reference.mean_after)
    spread = need_value("true_score_range_table", "sd_after", reference.sd_after)
    r = reference.reliability_after
    r = reference.reliability_from_se(spread) if r is None else r
    if r <= 0:
        needed = "scores after that spread more than the error of measurement"
        raise NotEnoughData("true_score_range_table", needed=needed, found=f"reliability {r:.3g}")
    return (after * r + (mean * (1 - r) - cutoff.value)) / (reference.se * math.sqrt(r))


def _crossed() -> tuple[nw.Expr, nw.Expr]:
    up = (nw.col("range_before") == "clinical") & (nw.col("range_after") == "functional")
    down = (nw.col("range_before") == "functional") & (nw.col("range_after") == "clinical")
    return up, down


def true_score_range_table(
    frame: IntoFrameT,
    *,
    cutoff: ClinicalCutoff,
    reference: ReferenceValues,
    alpha: float = 0.05,
    before: str = "before",
    after: str = "after",
) -> GradedChange[IntoFrameT]:
    """Tell, for every client, on which side of the cutoff the true score after lies beyond doubt.

    Hageman & Arrindell (1999): the estimated true score after, less the cutoff, over its standard error.

    Args:
        frame: One row per client with a score before and after.
        cutoff: A cutoff of `true_score_cutoff`.
        reference: What it is judged against; needs mean and spread after.
        alpha: One-sided risk of a wrong call.
        before: Column of the score before.
        after: Column of the score after.

    Returns:
        The caller's columns with ``range_index`` and ``verdict``: ``improved`` where the score before was
        clinical and the true score after is functional, ``deteriorated`` where the score before was
        functional and the true score after is clinical.
    """
    critical = critical_value("hageman_arrindell", alpha)
    table = _with_true_ranges(pairs_of(frame, before, after), cutoff, reference, critical, (before, after))
    up, down = _crossed()
    verdict = either(up, IMPROVED, either(down, DETERIORATED, UNCHANGED))
    table = table.with_columns(when_known(verdict, before, after).alias("verdict"))
    return graded(
        table, column="verdict", classes=VERDICTS, method="true_score_range", critical=critical,
        better=cutoff.better, reference=reference, cutoff=cutoff, given=given_pairs(frame, before, after),
    )  # fmt: skip


def _slopes_as_changes(table: Any, *, allowed: bool) -> Any:
    if not allowed:
        raise TherapeuticProcessError(
            "clinical_significance_table: needed a verdict on change, found one on slopes against the "
            "average; slope_as_change=True takes the one for the other"
        )
    verdict = nw.col("verdict")
    change = either(verdict == BETTER, IMPROVED, either(verdict == WORSE, DETERIORATED, UNCHANGED))
    return table.with_columns(when_known(change, "verdict").alias("verdict"))


def clinical_significance_table(
    change: GradedChange[IntoFrameT],
    *,
    cutoff: ClinicalCutoff,
    at_cutoff: AtCutoff = "clinical",
    slope_as_change: bool = False,
    before: str = "before",
    after: str = "after",
) -> GradedChange[IntoFrameT]:
    """Combine a graded change, by any method, with a cutoff; see `clinical_significance`.

    >>> import polars as pl
    >>> from therapeutic_process.change_process import ReferenceValues, published_cutoff
    >>> from therapeutic_process.change_process import reliable_change_table
    >>> pairs = pl.DataFrame({"before": [18, 18, 8], "after": [6, 12, 15]})
    >>> change = reliable_change_table(pairs, reference=ReferenceValues(sd=5.9, reliability=0.84))
    >>> phq = published_cutoff(10, source="Kroenke et al. 2001")
    >>> clinical_significance_table(change, cutoff=phq).table["category"].to_list()
    ['recovered', 'unchanged', 'deteriorated_into_clinical_range']

    Args:
        change: What `reliable_change_table`, `important_change_table`, `percentage_change_table` or
            `random_slope_change` gave.
        cutoff: The cutoff.
        at_cutoff: To which range a score of exactly the cutoff belongs.
        slope_as_change: Whether a slope better (worse) than the average shall count as an improvement
            (deterioration), which `random_slope_change` alone does not say; only then can its result be
            combined.
        before: Column of the score before.
        after: Column of the score after.

    Returns:
        The columns of ``change`` with ``range_before``, ``range_after`` and ``category``.

    Raises:
        NotEnoughData: If the change is a slope, which does not say who improved.
        TableError: If it carries no verdicts, or a column is missing or holds no numbers.
    """
    if change.column != "verdict":
        raise TableError(
            "not_a_verdict", needed="a graded change with a verdict", found=f"column {change.column!r}"
        )
    table = opened(change.table)
    need_columns(table, "verdict", before, after)
    if change.method == "random_slopes":
        table = _slopes_as_changes(table, allowed=slope_as_change)
    if cutoff.true_scores:
        if change.reference is None or change.critical is None:
            needed = "a change graded against a reference, for a cutoff between true scores"
            raise NotEnoughData("clinical_significance_table", needed=needed, found=change.method)
        table = _with_true_ranges(table, cutoff, change.reference, change.critical, (before, after))
    else:
        table = _with_ranges(table, cutoff, at_cutoff, before, after)
    fell = _crossed()[1]
    if cutoff.true_scores:
        # that it is reliable is known; here it is enough on which side the true score is estimated
        fell = (nw.col("range_before") == "functional") & (
            nw.col("range_index") * direction(cutoff.better) < 0
        )
    category = clinical_class(
        nw.col("verdict"),
        clinical_before=nw.col("range_before") == "clinical",
        functional_after=nw.col("range_after") == "functional",
        fell=fell,
    )
    table = table.with_columns(when_known(category, "verdict", before, after).alias("category"))
    return graded(
        table, column="category", classes=CLASSES, method=change.method, critical=change.critical,
        inclusive=change.inclusive, better=cutoff.better, reference=change.reference, cutoff=cutoff,
        given=change._given,  # noqa: SLF001 - the same scores
    )  # fmt: skip
