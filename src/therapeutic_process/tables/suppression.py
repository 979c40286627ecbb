"""Which cells of a table of counts may not be shown, so that small ones cannot be worked out either."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any, Final

import attrs

from therapeutic_process.errors import NotEnoughData, TableError
from therapeutic_process.tables.suppression_audit import (
    TOTAL,
    FeasibleRange,
    Key,
    Line,
    all_cells,
    feasible_ranges,
    lines_of,
)

__all__ = ["SUPPRESSION_RULES", "SuppressedCounts", "SuppressionRule", "suppress_counts"]


@attrs.frozen
class SuppressionRule:
    """When a count is too small to be shown.

    >>> SuppressionRule(8, source="our data use agreement, section 4").is_small(7)
    True

    Attributes:
        smallest: The fewest that a cell may show.
        zeros_shown: Whether a cell of 0 may be shown: nobody is in it.
        source: Who asks for it, and where.
    """

    smallest: int = attrs.field()
    zeros_shown: bool = attrs.field(default=True, kw_only=True)
    source: str = attrs.field(kw_only=True)

    @smallest.validator
    def _at_least_two(self, _: object, smallest: int) -> None:
        if smallest < 2:
            raise NotEnoughData("SuppressionRule", needed="a smallest count of at least 2", found=smallest)

    @source.validator
    def _cited(self, _: object, source: str) -> None:
        if not source.strip():
            raise NotEnoughData("SuppressionRule", needed="the source of the rule", found="none")

    def is_small(self, count: int) -> bool:
        """Return whether a count may not be shown.

        Args:
            count: The count.
        """
        return count < self.smallest and (count > 0 or not self.zeros_shown)


SUPPRESSION_RULES: Final = MappingProxyType(
    {
        "cms": SuppressionRule(
            11,
            source="Centers for Medicare & Medicaid Services, Cell Size Suppression Policy (8 May 2017; "
            "hhs.gov/guidance/document/cms-cell-suppression-policy): no cell of 1 to 10, nor what lets one be derived; "
            "zeros may be shown",
        ),
        "uk_llc": SuppressionRule(
            10,
            zeros_shown=False,
            source="UK Longitudinal Linkage Collaboration, Guidebook, Statistical Disclosure Control (7 July 2025; "
            "guidebook.ukllc.ac.uk/docs/user_guide/sdc): no count below 10, zero among them",
        ),
        "five": SuppressionRule(
            5,
            source="Threshold rule as many agencies use it: at least five in a cell (Glossary of Statistical "
            "Disclosure Control, UNECE/Eurostat work session, Geneva 2005; stats.oecd.org/glossary/detail.asp?ID=7010)",
        ),
    }
)
"""Rules with their sources, by name; whose data it is says which rule holds."""


@attrs.frozen(eq=False, repr=False)
class SuppressedCounts:
    """Counts and totals of which the small ones, and what would tell of them, are not shown.

    Attributes:
        rule: The rule.
        cells: Count by cell, totals too (`TOTAL` in place of a level); None where it is not shown. Which cells are
            small and which only hide others is not told: that would be half of the answer.
    """

    rule: SuppressionRule
    cells: Mapping[Key, int | None]

    @property
    def n_withheld(self) -> int:
        """How many cells, totals among them, are not shown."""
        return sum(n is None for n in self.cells.values())

    def shown(self, *levels: object) -> int | None:
        """Return the count of a cell, or None where it is not shown.

        Args:
            *levels: A level of each dimension, or `TOTAL`.
        """
        return self.cells[levels]

    def shows_all_above(self, *levels: object) -> bool:
        """Return whether the cell and every total that it goes into are shown, so that shares of them may be too.

        Args:
            *levels: A level of each dimension, or `TOTAL`.
        """
        above: list[Key] = [()]
        for level in levels:
            above = [(*k, x) for k in above for x in {level, TOTAL}]
        return all(self.cells[k] is not None for k in above)

    def __repr__(self) -> str:
        return (
            f"SuppressedCounts({self.n_withheld} of {len(self.cells)} cells and totals not shown: "
            f"smallest {self.rule.smallest})"
        )


def suppress_counts(
    counts: Mapping[Any, int], *, rule: SuppressionRule, contributors: Mapping[Any, int] | None = None
) -> SuppressedCounts:
    """Decide which counts and totals of a table may be shown.

    Primary suppression takes out counts that are small by the rule, in the table and in its totals. Complementary
    suppression takes out further ones until an audit holds: with everything that is shown, every cell that is not shown
    can hold at least two different numbers, and one of them large enough to be shown. The audit knows that totals add
    up, that counts are whole, and, where zeros are shown, that a cell which is not shown holds at least 1
    (`feasible_ranges`). Cells are chosen one by one, the smallest that helps; fewer may do (Hundepool et al. 2012,
    Statistical Disclosure Control, Wiley, ch. 4).

    >>> rule = SUPPRESSION_RULES["five"]
    >>> found = suppress_counts({("a",): 40, ("b",): 12, ("c",): 2}, rule=rule)
    >>> [found.shown(level) for level in ("a", "b", "c", TOTAL)]
    [40, None, None, 54]

    Two tables that share cells tell of each other: lay them out as one, with a dimension more.

    Args:
        counts: Count by cell: a tuple with one level of each dimension. A combination that is not there counts 0.
        rule: The rule, of your own or one of `SUPPRESSION_RULES`.
        contributors: How many clients stand behind each count, where counts are not of clients: a cell is small too
            where they are few. For a total, the most behind one of its parts count.

    Returns:
        The counts and totals, None where they are not shown.

    Raises:
        TableError: ``negative_amount`` or ``wrong_shape`` if counts are below 0 or keys differ in length.
        NotEnoughData: If a level is the mark of a total, or a cell has no number of contributors.
        MissingExtra: If there are two or more dimensions and the ``analysis`` extra is not installed.
    """
    _check(counts, contributors)
    whole = _completed(counts) if not rule.zeros_shown else dict(counts)
    cells = all_cells(whole)
    behind = cells if contributors is None else _most_behind(whole, contributors)
    small = {key for key, n in cells.items() if rule.is_small(min(n, behind[key]))}
    hidden = _Search(cells, small, rule).hidden_cells()
    return SuppressedCounts(rule, {key: None if key in hidden else n for key, n in cells.items()})


def _check(counts: Mapping[Key, int], contributors: Mapping[Key, int] | None) -> None:
    lengths = {len(key) for key in counts}
    if len(lengths) > 1 or 0 in lengths:
        raise TableError("wrong_shape", needed="one level of each dimension", found="keys of other lengths")
    below = sum(n < 0 for n in counts.values())
    if below:
        raise TableError("negative_amount", needed="counts of at least 0", found=f"{below} below 0")
    marked = sum(TOTAL in key for key in counts)
    if marked:
        raise NotEnoughData("suppress_counts", needed=f"no level called {TOTAL}", found=marked)
    if contributors is not None and not counts.keys() <= contributors.keys():
        left = len(counts.keys() - contributors.keys())
        needed = "the number of contributors of every cell"
        raise NotEnoughData("suppress_counts", needed=needed, found=f"{left} cells without it")


def _completed(counts: Mapping[Key, int]) -> dict[Key, int]:
    """Return the counts with every combination of levels: where zeros are not shown, a gap would show one."""
    made: dict[Key, int] = {(): 0}
    for axis in range(len(next(iter(counts), ()))):
        levels = dict.fromkeys(key[axis] for key in counts)
        made = {(*key, level): 0 for key in made for level in levels}
    made.pop((), None)
    return made | dict(counts)


def _most_behind(counts: Mapping[Key, int], contributors: Mapping[Key, int]) -> dict[Key, int]:
    most = {key: contributors.get(key, 0) for key in counts}
    for axis in range(len(next(iter(counts), ()))):
        above: dict[Key, int] = {}
        for key, n in most.items():
            total = (*key[:axis], TOTAL, *key[axis + 1 :])
            above[total] = max(above.get(total, 0), n)
        most |= above
    return most


class _Search:
    """Hides one cell after the other until nothing that is hidden can be worked out."""

    def __init__(self, cells: Mapping[Key, int], small: set[Key], rule: SuppressionRule) -> None:
        self.cells, self.hidden, self.rule = cells, set(small), rule
        self.least = 1 if rule.zeros_shown else 0
        self.lines = list(lines_of(cells))
        self.through: dict[Key, list[Line]] = {key: [] for key in cells}
        for line in self.lines:
            for key in (*line.parts, line.total):
                self.through[key].append(line)
        self.order = {key: i for i, key in enumerate(cells)}

    def hidden_cells(self) -> set[Key]:
        """Return what may not be shown."""
        safe: set[Key] = set()  # hiding more tells less: what is safe stays so
        while True:
            if self._hide_beside_lonely():
                continue
            exposed = self._first_exposed(safe)
            if exposed is None:
                return self.hidden
            self._hide_one(self._candidates(exposed))

    def _hide_beside_lonely(self) -> bool:
        """Hide a second cell in a line with a single hidden one, which is what the others leave."""
        for line in self.lines:
            hidden = [key for key in (*line.parts, line.total) if key in self.hidden]
            if len(hidden) == 1:
                self._hide_one([key for key in (*line.parts, line.total) if self._may_hide(key)])
                return True
        return False

    def _first_exposed(self, safe: set[Key]) -> Key | None:
        asked = [key for key in self.cells if key in self.hidden and key not in safe]
        for found in self._ranges(asked):
            if not found.hides(self.rule.smallest):
                return found.cell
            safe.add(found.cell)
        return None

    def _ranges(self, asked: list[Key]) -> Iterator[FeasibleRange]:
        return feasible_ranges(self.cells, self.hidden, least=self.least, wanted=asked)

    def _candidates(self, exposed: Key) -> list[Key]:
        """Return what may be hidden beside a cell, or beside those that bear on it, or anywhere."""
        near = {exposed}
        while True:
            around = {k for key in near for x in self.through[key] for k in (*x.parts, x.total)}
            found = [key for key in self.cells if key in around and self._may_hide(key)]
            further = near | (around & self.hidden)
            if found or further == near:
                return found or [key for key in self.cells if self._may_hide(key)]
            near = further

    def _may_hide(self, key: Key) -> bool:
        # a zero that is shown for a zero elsewhere would be known to be none if it were hidden
        return key not in self.hidden and (self.cells[key] > 0 or not self.rule.zeros_shown)

    def _hide_one(self, candidates: list[Key]) -> None:
        self.hidden.add(min(candidates, key=self._cost))

    def _cost(self, key: Key) -> tuple[int, int, int, int]:
        """Rather a cell than a total, rather where another is hidden already, rather a small one."""
        lonely = sum(not self.hidden.intersection((*x.parts, x.total)) for x in self.through[key])
        return key.count(TOTAL), lonely, self.cells[key], self.order[key]
