"""Keeps a table from telling about few people: small cells are put together before they are shown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, TypeVar

import attrs

from therapeutic_process.tables import SUPPRESSION_RULES, TOTAL, SuppressionRule, suppress_counts

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

__all__ = ["SMALLEST", "Cells", "SmallCells", "without_small_cells"]

_K = TypeVar("_K")

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
    # wrapped, because a value of the records may be anything, even the mark of a total
    some = {((value,),): n for value, n in counts.items() if n}
    found = suppress_counts(some, rule=rule)
    if some and (found.shown(TOTAL) is None or all(found.cells[key] is None for key in some)):
        return Cells((), 0, 0, withheld=True)
    kept = [(key[0][0], n) for key, n in some.items() if found.cells[key] is not None]
    together = sum(n for key, n in some.items() if found.cells[key] is None)
    ordered = tuple(sorted(kept, key=lambda vn: (-vn[1], vn[0])))
    return Cells(ordered, len(some) - len(kept), together, withheld=False)


@attrs.frozen
class SmallCells:
    """Decides what may be shown under a rule: the one place where a shared page asks.

    >>> gate = SmallCells(SUPPRESSION_RULES["five"])
    >>> gate.enough(4), gate.enough(5), gate.enough(0)
    (False, True, True)

    Attributes:
        rule: When a count is too small, with its source.
    """

    rule: SuppressionRule

    def enough(self, contributors: int) -> bool:
        """Return whether a number may be shown that so many cases stand behind.

        Args:
            contributors: The cases.
        """
        return not self.rule.is_small(contributors)

    def parts(self, counts: Mapping[str, int], *, small_too: Collection[str] = ()) -> dict[str, int | None]:
        """Return how many cases are in each part of all, None where that may not be shown.

        What is left of all is known to a reader: so small parts are never hidden alone (`suppress_counts`).

        >>> SmallCells(SUPPRESSION_RULES["five"]).parts({"a": 20, "b": 9, "c": 1})
        {'a': 20, 'b': None, 'c': None}

        Args:
            counts: Cases by part; every case is in one.
            small_too: Parts to hide as if they were small, because another table hides them.
        """
        numbered = {(i,): n for i, n in enumerate(counts.values())}
        behind = {(i,): 1 if p in small_too and n else n for i, (p, n) in enumerate(counts.items())}
        if not counts:
            return {}
        found = suppress_counts(numbered, rule=self.rule, contributors=behind)
        if found.shown(TOTAL) is None:
            return dict.fromkeys(counts)
        return {part: found.shown(i) for i, part in enumerate(counts)}

    def linked(
        self, tables: Mapping[Any, Mapping[str, int]], alike: Mapping[str, str]
    ) -> dict[Any, dict[str, int | None]]:
        """Return tables of all cases in parts; a part that several share is shown in all of them or in none.

        Parts that may be the same cases are taken for the same where they hold as many.

        Args:
            tables: Cases by part, by table.
            alike: Parts that may be the same cases in several tables, and what they are then called.
        """
        hidden: set[tuple[str, int]] = set()
        while True:
            made = {
                name: self.parts(
                    counts, small_too={p for p in counts if p in alike and (alike[p], counts[p]) in hidden}
                )
                for name, counts in tables.items()
            }
            found = {
                (alike[p], tables[name][p])
                for name, own in made.items()
                for p in own
                if p in alike and own[p] is None
            }
            if found <= hidden:
                return made
            hidden |= found

    def events(
        self, counts: Mapping[_K, int], behind: Mapping[_K, int], *, total_known: bool = False
    ) -> dict[_K, int]:
        """Return the counts behind which enough cases stand; what is not there may be none or few.

        No total and no share may be shown beside them, unless `whole`. Where a reader may know the total from
        elsewhere, the smallest of the others is left out too, so that what is left of the total is of enough cases.

        >>> SmallCells(SUPPRESSION_RULES["five"]).events({"a": 90, "b": 20, "c": 9}, {"a": 8, "b": 7, "c": 2})
        {'a': 90, 'b': 20}

        Args:
            counts: Things counted, by kind.
            behind: Cases behind each.
            total_known: Whether a reader may know how many there are in all.
        """
        shown = {key: n for key, n in counts.items() if n and behind[key] >= self.rule.smallest}
        complete = len(shown) == sum(n > 0 for n in counts.values())
        if total_known and shown and not (complete and self.rule.zeros_shown):
            del shown[min(shown, key=lambda key: (shown[key], str(key)))]
        return shown

    def whole(self, counts: Mapping[_K, int], behind: Mapping[_K, int]) -> bool:
        """Return whether all counts of a table may be shown, so that totals, shares and figures of them may be too.

        Args:
            counts: Things counted, by kind.
            behind: Cases behind each.
        """
        some = sum(n > 0 for n in counts.values())
        return bool(some) and self.rule.zeros_shown and len(self.events(counts, behind)) == some
