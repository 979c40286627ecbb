"""Classes of change broken out by arm, site or group, without a count that tells about few people."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

import attrs

from therapeutic_process.errors import MissingExtra
from therapeutic_process.report.case_significance import CLASS_WORDS
from therapeutic_process.report.cohort_change_tally import CANNOT_SAY, ScaleGrades, ScaleKey
from therapeutic_process.report.shares import Share, shares_of
from therapeutic_process.report.small_cells import SMALLEST, without_small_cells
from therapeutic_process.report.words import plain
from therapeutic_process.tables import SUPPRESSION_RULES, TOTAL, SuppressedCounts, suppress_counts

if TYPE_CHECKING:
    from therapeutic_process.report.cohort_change_tally import ChangeTally

__all__ = ["REST", "GroupRow", "GroupTable", "class_in_words", "group_tables"]

REST: Final = "rest"
_RULE: Final = SUPPRESSION_RULES["five"]


def class_in_words(category: str) -> str:
    """Return what a class, or that none can be given, is called."""
    return CLASS_WORDS.get(category, plain(category))


@attrs.frozen(eq=False, repr=False)
class GroupRow:
    """The classes of one group.

    Attributes:
        value: The group, or how many were put together.
        total: Its series; None: not shown.
        counts: Series by class; None: not shown.
    """

    value: str
    total: int | None
    counts: Mapping[str, int | None]

    @property
    def n_hidden(self) -> int:
        """How many counts are not shown."""
        return sum(n is None for n in (self.total, *self.counts.values()))

    def share(self, category: str) -> Share | None:
        """Return the share of a class in the series of the group; None where a count of it is not shown.

        Args:
            category: The class.
        """
        n = self.counts[category]
        return None if n is None or not self.total else shares_of([n, self.total - n])[0]


@attrs.frozen(eq=False, repr=False)
class GroupTable:
    """The classes of one scale, by group.

    Attributes:
        key: The scale and who answered.
        what: By what: arm, site, group.
        classes: The classes that are told apart.
        rest: The classes that are put together, ``cannot_say`` among them.
        rows: A row per group.
    """

    key: ScaleKey
    what: str
    classes: tuple[str, ...]
    rest: tuple[str, ...]
    rows: tuple[GroupRow, ...]

    @property
    def columns(self) -> tuple[str, ...]:
        """The classes that are told apart, and what is put together."""
        return (*self.classes, *([REST] if self.rest else []))

    @property
    def rest_in_words(self) -> str:
        """What is put together."""
        words = [class_in_words(c) for c in self.rest]
        return words[0] if len(words) == 1 else f"put together: {', '.join(words)}"


def group_tables(tally: ChangeTally) -> tuple[list[GroupTable], dict[tuple[ScaleKey, str], str]]:
    """Return the tables that may be shown, and why others are not.

    Groups of few clients are put together as in the table of clients. A class that few are in, which the table over
    all groups shows, is put together with others, so that no total tells of a cell; what is left is suppressed and
    audited by `suppress_counts`.

    Args:
        tally: What was counted.
    """
    made: list[GroupTable] = []
    withheld: dict[tuple[ScaleKey, str], str] = {}
    for what, clients in tally.clients.items():
        merged = _merged(clients)
        for key, grades in tally.scales.items():
            if len(clients) < 2 or not _has_classes(grades.classes):
                continue
            why = _few_groups(clients) if merged is None else _not_persons(grades, what)
            answer = why or _table(key, what, grades.by_group[what], merged or {})
            if isinstance(answer, str):
                withheld[key, what] = answer
            else:
                made.append(answer)
    return made, withheld


def _has_classes(classes: Counter[str]) -> bool:
    return classes.total() > classes[CANNOT_SAY]


def _not_persons(grades: ScaleGrades, what: str) -> str:
    """Return why series do not stand for clients one by one; empty where they do."""
    if grades.n_repeated:
        return "several series are about one person"
    about_clients = grades.by_group.get(what, Counter()).total()
    return "" if about_clients == grades.n_series else "some series are about somebody who is no client"


def _few_groups(clients: Counter[str]) -> str:
    return f"of {len(clients)} groups some have fewer than {SMALLEST} clients"


def _merged(clients: Counter[str]) -> dict[str, str] | None:
    """Return the name under which each group is shown; None where fewer than two could be."""
    try:
        cells = without_small_cells(clients)
    except MissingExtra:
        return None
    alone = {value for value, _ in cells.rows}
    if cells.withheld or len(alone) + bool(cells.n_together) < 2:
        return None
    return {v: v if v in alone else f"{cells.n_together} values put together" for v in clients}


def _table(
    key: ScaleKey, what: str, counts: Counter[tuple[str, str]], merged: Mapping[str, str]
) -> GroupTable | str:
    totals = Counter[str]()
    for (_, category), n in counts.items():
        totals[category] += n
    classes, rest = _told_apart(totals)
    # wrapped, because a group may be called anything, even as a total is marked
    cells = {
        ((g,), c): 0 for g in dict.fromkeys(merged.values()) for c in (*classes, *([REST] if rest else []))
    }
    for (value, category), n in counts.items():
        cells[(merged[value],), category if category in classes else REST] += n
    try:
        found = suppress_counts(cells, rule=_RULE)
    except MissingExtra as error:
        return f"{error}"
    columns = [*classes, *([REST] if rest else [])]
    if (
        not classes
        or found.shown(TOTAL, TOTAL) is None
        or any(found.shown(TOTAL, c) is None for c in columns)
    ):
        return f"it would tell about fewer than {SMALLEST} clients"
    groups = [g for g in dict.fromkeys(merged.values()) if found.shown((g,), TOTAL) != 0]
    return GroupTable(key, what, classes, rest, tuple(_row(found, g, columns) for g in groups))


def _row(found: SuppressedCounts, group: str, columns: list[str]) -> GroupRow:
    return GroupRow(group, found.shown((group,), TOTAL), {c: found.shown((group,), c) for c in columns})


def _told_apart(totals: Counter[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Divide the classes that occur into those that many are in, and those that are put together."""
    order = [*CLASS_WORDS, CANNOT_SAY]
    some = [c for c in order if totals[c]]
    large = [c for c in some if totals[c] >= SMALLEST]
    rest = [c for c in some if c not in large]
    while large and rest and sum(totals[c] for c in rest) < SMALLEST:
        nearest = min(
            large, key=lambda c: (min(abs(order.index(c) - order.index(r)) for r in rest), totals[c])
        )
        large.remove(nearest)
        rest.append(nearest)
    return tuple(large), tuple(c for c in some if c in rest)
