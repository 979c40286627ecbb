"""Keeps a table from telling about few people: small cells are put together before they are shown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import attrs

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["SMALLEST", "Cells", "without_small_cells"]

SMALLEST: Final = 5
"""The fewest clients that a cell may describe when it is broken out by what may narrow down who they are."""


@attrs.frozen
class Cells:
    """Counts that may be shown.

    Attributes:
        rows: Values with their counts, most frequent first.
        n_together: How many values were put together; 0 where none had to be.
        together: Their count in all; 0 where none had to be.
        withheld: Whether nothing may be shown, because even all small cells together describe too few.
    """

    rows: tuple[tuple[str, int], ...]
    n_together: int
    together: int
    withheld: bool


def without_small_cells(counts: Mapping[str, int], *, smallest: int = SMALLEST) -> Cells:
    """Put small cells together, so that none describes fewer clients than allowed.

    A single small cell could be worked out from the total: the next larger one joins it, until the cells put together
    are at least two and describe enough.

    >>> without_small_cells({"a": 40, "b": 6, "c": 2})
    Cells(rows=(('a', 40),), n_together=2, together=8, withheld=False)
    >>> without_small_cells({"a": 2, "b": 1}).withheld
    True

    Args:
        counts: Clients per value.
        smallest: The fewest clients that a cell may describe.
    """
    ordered = sorted(((v, n) for v, n in counts.items() if n), key=lambda vn: (-vn[1], vn[0]))
    kept = [(v, n) for v, n in ordered if n >= smallest]
    small = ordered[len(kept) :]
    while small and kept and (len(small) < 2 or sum(n for _, n in small) < smallest):
        small.insert(0, kept.pop())
    together = sum(n for _, n in small)
    if small and (together < smallest or not kept):
        return Cells((), 0, 0, withheld=True)
    return Cells(tuple(kept), len(small), together, withheld=False)
