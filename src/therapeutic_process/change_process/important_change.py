"""Change judged by a declared amount: a minimal important difference, a published threshold, a percentage."""

from __future__ import annotations

from typing import Any

import attrs

from therapeutic_process.change_process.arguments import (
    Better,
    direction,
    need_between,
    need_number,
    need_positive,
    why_unscored,
)
from therapeutic_process.change_process.grading import AtCutoff, grade, is_functional

__all__ = [
    "GradedAmount",
    "important_change",
    "percentage_change",
    "percentage_of_change",
    "remission",
    "response",
]


@attrs.frozen
class GradedAmount:
    """One client's change, judged by a declared amount.

    Attributes:
        verdict: ``improved``, ``unchanged``, ``deteriorated``, or None: cannot say.
        reason: Why it cannot be said, else ``""``.
        amount: The change in points, or as a share of the score before.
        improvement: The amount that is an improvement.
        deterioration: The amount that is a deterioration.
        better: Which direction is better.
        inclusive: Whether exactly this amount is enough.
        source: Where the amounts come from.
    """

    verdict: str | None
    reason: str
    amount: float | None = attrs.field(repr=False)
    improvement: float
    deterioration: float
    better: Better
    inclusive: bool
    source: str


def important_change(
    before: float | None,
    after: float | None,
    *,
    improvement: float,
    deterioration: float | None = None,
    better: Better = "lower",
    inclusive: bool = True,
    source: str = "",
) -> GradedAmount:
    """Judge a change by an amount of points: a minimal important difference or a published threshold.

    >>> important_change(15, 9, improvement=6, source="NHS Talking Therapies manual").verdict
    'improved'

    Args:
        before: Score before, or None.
        after: Score after, or None.
        improvement: Points that make an improvement.
        deterioration: Points that make a deterioration; the same unless told.
        better: Whether lower or higher scores are better.
        inclusive: Whether exactly this many points are enough; published thresholds mean "at least".
        source: Where the amount comes from.
    """
    up = need_positive("improvement", improvement)
    down = up if deterioration is None else need_positive("deterioration", deterioration)
    reason, amount, verdict = why_unscored(before=before, after=after), None, None
    if before is not None and after is not None and not reason:
        amount = after - before
        verdict = grade(direction(better) * amount, improved=up, deteriorated=down, inclusive=inclusive)
    return GradedAmount(verdict, reason, amount, up, down, better, inclusive, source)


def percentage_of_change(before: Any, after: Any) -> Any:
    """Return the change as a share of the score before; a number or an expression, undefined where that is 0.

    >>> percentage_of_change(20, 9)
    -0.55
    """
    return (after - before) / before


def percentage_change(
    before: float | None,
    after: float | None,
    *,
    improvement: float = 0.5,
    deterioration: float | None = None,
    better: Better = "lower",
    inclusive: bool = True,
    source: str = "",
) -> GradedAmount:
    """Judge a change as a share of the score before.

    >>> percentage_change(20, 9).verdict
    'improved'
    >>> percentage_change(0, 9).reason
    'the score before is not above 0: a share of it is undefined'

    Args:
        before: Score before, or None.
        after: Score after, or None.
        improvement: Share that makes an improvement, above 0.
        deterioration: Share that makes a deterioration; the same unless told.
        better: Whether lower or higher scores are better.
        inclusive: Whether exactly this share is enough.
        source: Where the share comes from.
    """
    up = need_positive("improvement", improvement)
    down = up if deterioration is None else need_positive("deterioration", deterioration)
    reason, amount, verdict = why_unscored(before=before, after=after), None, None
    if not reason and before is not None and before <= 0:
        reason = "the score before is not above 0: a share of it is undefined"
    if before is not None and after is not None and not reason:
        amount = float(percentage_of_change(before, after))
        verdict = grade(direction(better) * amount, improved=up, deteriorated=down, inclusive=inclusive)
    return GradedAmount(verdict, reason, amount, up, down, better, inclusive, source)


def response(
    before: float | None, after: float | None, *, share: float = 0.5, better: Better = "lower"
) -> bool | None:
    """Tell whether the score fell by at least half (measurement-based care); None: cannot say.

    >>> response(18, 9)
    True

    Args:
        before: Score before, or None.
        after: Score after, or None.
        share: The share that makes a response (doi 10.1176/appi.ps.201900295).
        better: Whether lower or higher scores are better.

    Returns:
        Whether it did; None where a score is missing or the score before leaves no room.
    """
    need_between("share", share, 0, 1)
    verdict = percentage_change(before, after, improvement=share, better=better).verdict
    return None if verdict is None else verdict == "improved"


def remission(
    after: float | None, *, cutoff: float, better: Better = "lower", at_cutoff: AtCutoff = "clinical"
) -> bool | None:
    """Tell whether a score lies in the range of remission; None: cannot say.

    >>> remission(4, cutoff=5)
    True

    Args:
        after: Score, or None.
        cutoff: Where remission begins; on the PHQ-9 a score below 5.
        better: Whether lower or higher scores are better.
        at_cutoff: To which range a score of exactly the cutoff belongs.

    Returns:
        Whether it does; None where the score is missing.
    """
    need_number("cutoff", cutoff)
    if after is None or why_unscored(after=after):
        return None
    return bool(is_functional(after, cutoff, sign=direction(better), at_cutoff=at_cutoff))
