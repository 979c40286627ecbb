"""Keeps a table from telling about few people: small cells are put together before they are shown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import attrs

from therapeutic_process.tables import SUPPRESSION_RULES, TOTAL, SuppressionRule, suppress_counts

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["SMALLEST", "Cells", "without_small_cells"]

_RULE: Final = SUPPRESSION_RULES["five"]
SMALLEST: Final = _RULE.smallest
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


def without_small_cells(counts: Mapping[str, int], *, rule: SuppressionRule = _RULE) -> Cells:
    """Put together the cells that `suppress_counts` would not show; their sum can be worked out from the total.

    >>> without_small_cells({"a": 40, "b": 6, "c": 2})
    Cells(rows=(('a', 40),), n_together=2, together=8, withheld=False)
    >>> without_small_cells({"a": 2, "b": 1}).withheld
    True

    Args:
        counts: Clients per value.
        rule: When a count is too small, with its source.
    """
    some = {(value,): n for value, n in counts.items() if n}
    found = suppress_counts(some, rule=rule)
    if some and (found.shown(TOTAL) is None or all(found.cells[key] is None for key in some)):
        return Cells((), 0, 0, withheld=True)
    kept = [(value, n) for (value,), n in some.items() if found.shown(value) is not None]
    together = sum(n for (value,), n in some.items() if found.shown(value) is None)
    ordered = tuple(sorted(kept, key=lambda vn: (-vn[1], vn[0])))
    return Cells(ordered, len(some) - len(kept), together, withheld=False)
