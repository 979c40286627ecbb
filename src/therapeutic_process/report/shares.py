"""Shares with their intervals, in words: seeded, so that the same counts give the same page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import attrs

from therapeutic_process.change_process.bootstrap import bootstrap_shares, numpy_module
from therapeutic_process.errors import MissingExtra
from therapeutic_process.report.words import percent

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["HOW", "Share", "shares_of"]

CONFIDENCE: Final = 0.95
RESAMPLES: Final = 2000
SEED: Final = 20
HOW: Final = (
    f"In brackets: {percent(CONFIDENCE)} percentile bootstrap interval of a share over series, from "
    f"{RESAMPLES:,} resamples with the seed {SEED}; there is none where a class holds nobody or everybody, "
    "which resampling cannot tell anything about."
)


@attrs.frozen
class Share:
    """A count as a share, with its interval.

    Attributes:
        n: The count.
        of: The count that it is a share of.
        low: Lower end of the interval; None where there is none.
        high: Upper end.
    """

    n: int
    of: int
    low: float | None = None
    high: float | None = None

    @property
    def share(self) -> float | None:
        """The share; None of nothing."""
        return self.n / self.of if self.of else None

    def __str__(self) -> str:
        """Return the share in per cent, with its interval where there is one."""
        if self.low is None or self.high is None:
            return percent(self.share)
        return f"{percent(self.share)} ({100 * self.low:.0f} to {100 * self.high:.0f})"


def shares_of(counts: Sequence[int]) -> list[Share]:
    """Return every count as a share of all, with a bootstrap interval where the counts allow one.

    Without the extra ``analysis`` there are no intervals.

    >>> [str(s) for s in shares_of([0, 0])]
    ['–', '–']

    Args:
        counts: How many in each class; every one is in exactly one.
    """
    total = sum(counts)
    try:
        rng = numpy_module().random.default_rng(SEED)
    except MissingExtra:
        return [Share(n, total) for n in counts]
    ends = bootstrap_shares(counts, confidence=CONFIDENCE, n_boot=RESAMPLES, rng=rng)
    return [
        Share(n, total, *end) if 0 < n < total else Share(n, total)
        for n, end in zip(counts, ends, strict=True)
    ]
