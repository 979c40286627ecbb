"""What the scale of an outcome cannot carry: scores piled up at an end, and a look back beyond the gap."""

from __future__ import annotations

from statistics import median
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["at_an_end", "looks_back"]

_SHARE_AT_AN_END = 0.15


def at_an_end(scores: Sequence[float], low: float | None, high: float | None) -> list[str]:
    """Return a warning for each end of the scale that holds more than 15 % of the scores.

    >>> at_an_end([0.0, 0.0, 5.0, 9.0], 0.0, 27.0)
    ['50% of the scores lie at the floor of the scale, where less cannot show']

    Args:
        scores: The scores.
        low: Lowest possible score; None where not known.
        high: Highest possible score; None where not known.
    """
    found = []
    for name, end, beyond in (("floor", low, "less"), ("ceiling", high, "more")):
        share = sum(s == end for s in scores) / len(scores) if len(scores) else 0.0
        if share > _SHARE_AT_AN_END:
            found.append(
                f"{share:.0%} of the scores lie at the {name} of the scale, where {beyond} cannot show"
            )
    return found


def looks_back(recall_days: float | None, gaps: Sequence[float]) -> list[str]:
    """Return a warning where answers look back over more days than lie between scores.

    >>> looks_back(14, [7.0, 7.0, 21.0])
    ['answers look back over 14 days, longer than the median gap of 7 days: scores share what they are about']

    Args:
        recall_days: Days that the answers look back over; None where not known.
        gaps: Days between a client's scores.
    """
    if recall_days is None or not len(gaps) or recall_days <= median(gaps):
        return []
    gap = f"the median gap of {median(gaps):.3g} days"
    return [
        f"answers look back over {recall_days:g} days, longer than {gap}: scores share what they are about"
    ]
