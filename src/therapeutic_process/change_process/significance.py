"""Clinical significance: a reliable change that also leads from the clinical into the functional range."""

from __future__ import annotations

from typing import Any

import attrs
import narwhals.stable.v2 as nw

from therapeutic_process.change_process.arguments import direction, need_number, why_unscored
from therapeutic_process.change_process.cutoffs import ClinicalCutoff
from therapeutic_process.change_process.grading import (
    DETERIORATED,
    DETERIORATED_INTO_CLINICAL_RANGE,
    IMPROVED,
    NON_RELIABLY_RECOVERED,
    RECOVERED,
    UNCHANGED,
    AtCutoff,
    either,
    is_clinical,
    is_functional,
)
from therapeutic_process.errors import TherapeuticProcessError

__all__ = [
    "CLASSES",
    "ClinicalSignificance",
    "clinical_class",
    "clinical_significance",
    "cutoff_crossing",
]

CLASSES = (
    RECOVERED,
    IMPROVED,
    NON_RELIABLY_RECOVERED,
    UNCHANGED,
    DETERIORATED,
    DETERIORATED_INTO_CLINICAL_RANGE,
)


def clinical_class(verdict: Any, *, clinical_before: Any, functional_after: Any, fell: Any) -> Any:
    """Combine a verdict on change with the ranges, for one client or (expressions) for a cohort.

    >>> clinical_class("improved", clinical_before=True, functional_after=True, fell=False)
    'recovered'

    Args:
        verdict: ``improved``, ``unchanged`` or ``deteriorated``.
        clinical_before: Whether the score before lay in the clinical range.
        functional_after: Whether the score after lay in the functional range.
        fell: Whether the scores crossed the other way, from functional into clinical.
    """
    crossed = clinical_before & functional_after
    better = either(crossed, RECOVERED, IMPROVED)
    same = either(crossed, NON_RELIABLY_RECOVERED, UNCHANGED)
    worse = either(fell, DETERIORATED_INTO_CLINICAL_RANGE, DETERIORATED)
    return either(verdict == IMPROVED, better, either(verdict == DETERIORATED, worse, same))


def cutoff_crossing(
    before: Any, after: Any, *, cutoff: ClinicalCutoff, at_cutoff: AtCutoff = "clinical"
) -> Any:
    """Grade by the cutoff alone (the statistical approach): who crossed it, and which way.

    >>> from therapeutic_process.change_process import published_cutoff
    >>> cutoff_crossing(15, 6, cutoff=published_cutoff(10, source="Kroenke et al. 2001"))
    'improved'

    Args:
        before: Score before; a number or an expression.
        after: Score after.
        cutoff: The cutoff.
        at_cutoff: To which range a score of exactly the cutoff belongs.

    Returns:
        ``improved``, ``unchanged`` or ``deteriorated``; None (null) where a score is missing.

    Raises:
        TherapeuticProcessError: If a score is no finite number; a missing one has crossed nothing.
    """
    for name, score in (("before", before), ("after", after)):
        if not isinstance(score, nw.Expr):
            need_number(name, score)
    sign = direction(cutoff.better)
    ranges = _ranges(before, after, cutoff.value, sign, at_cutoff)
    return either(ranges[0] & ranges[1], IMPROVED, either(ranges[2], DETERIORATED, UNCHANGED))


def _ranges(before: Any, after: Any, cutoff: float, sign: int, at_cutoff: AtCutoff) -> tuple[Any, Any, Any]:
    clinical = is_clinical(before, cutoff, sign=sign, at_cutoff=at_cutoff)
    functional = is_functional(after, cutoff, sign=sign, at_cutoff=at_cutoff)
    fell = is_functional(before, cutoff, sign=sign, at_cutoff=at_cutoff) & is_clinical(
        after, cutoff, sign=sign, at_cutoff=at_cutoff
    )
    return clinical, functional, fell


@attrs.frozen
class ClinicalSignificance:
    """The clinical significance of one client's change.

    Attributes:
        category: One of `CLASSES`, or None: cannot say.
        reason: Why it cannot be said, else ``""``.
        verdict: The verdict on the change itself.
        clinical_before: Whether the score before lay in the clinical range.
        functional_after: Whether the score after lay in the functional range.
        cutoff: The cutoff.
        at_cutoff: To which range a score of exactly the cutoff belongs.
    """

    category: str | None
    reason: str
    verdict: str | None
    clinical_before: bool | None
    functional_after: bool | None
    cutoff: ClinicalCutoff = attrs.field(repr=False)
    at_cutoff: AtCutoff

    @property
    def harmed(self) -> bool | None:
        """Another name for a deterioration into the clinical range; None: cannot say."""
        return None if self.category is None else self.category == DETERIORATED_INTO_CLINICAL_RANGE


def clinical_significance(
    before: float | None,
    after: float | None,
    *,
    cutoff: ClinicalCutoff,
    verdict: str | None,
    at_cutoff: AtCutoff = "clinical",
) -> ClinicalSignificance:
    """Classify one client's change by its verdict and the cutoff (Jacobson & Truax 1991).

    >>> from therapeutic_process.change_process import published_cutoff, reliable_change
    >>> change = reliable_change(18, 6, reliability=0.84, sd=5.9)
    >>> phq = published_cutoff(10, source="Kroenke et al. 2001")
    >>> clinical_significance(18, 6, cutoff=phq, verdict=change.verdict).category
    'recovered'

    Args:
        before: Score before, or None.
        after: Score after, or None.
        cutoff: The cutoff.
        verdict: The verdict on the change: by `reliable_change`, `important_change` or `percentage_change`.
        at_cutoff: To which range a score of exactly the cutoff belongs; published caseness counts it as
            clinical.

    Raises:
        TherapeuticProcessError: If a score is no number, or the verdict is another word.
    """
    reason = why_unscored(before=before, after=after)
    if verdict not in {IMPROVED, UNCHANGED, DETERIORATED, None}:
        needed = f"'{IMPROVED}', '{UNCHANGED}', '{DETERIORATED}' or None"
        raise TherapeuticProcessError(f"verdict: needed {needed}, found {verdict!r}")
    if reason or verdict is None:
        reason = reason or "the change could not be judged"
        return ClinicalSignificance(None, reason, verdict, None, None, cutoff, at_cutoff)
    clinical, functional, fell = _ranges(before, after, cutoff.value, direction(cutoff.better), at_cutoff)
    category = clinical_class(verdict, clinical_before=clinical, functional_after=functional, fell=fell)
    return ClinicalSignificance(category, "", verdict, clinical, functional, cutoff, at_cutoff)
