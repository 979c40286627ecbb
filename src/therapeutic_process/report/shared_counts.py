"""What is counted of a cohort for a report under a small-cell rule: numbers with the cases that stand behind them."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

import attrs

from therapeutic_process.report.cohort_change_tally import CANNOT_SAY, ScaleKey
from therapeutic_process.report.cohort_tally import CohortTally
from therapeutic_process.report.names import Names
from therapeutic_process.session_process import TherapyCourse

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import timedelta  # noqa: TC004  attrs does not evaluate annotations

    from therapeutic_process.instruments import (  # noqa: TC004  attrs does not evaluate annotations
        Catalogue,
        CodingSystem,
        Instrument,
    )
    from therapeutic_process.records import Case

__all__ = ["NONE", "SEVERAL", "SharedCounts"]

NONE: Final = "none recorded"
SEVERAL: Final = "several that differ"
_PEOPLE: Final = ("format", "setting", "site", "arm")

Key = tuple[str, ...]


@attrs.define(eq=False, repr=False)
class SharedCounts:
    """Counts of a cohort with the number of cases behind each; grows case by case.

    Contributors are cases, never events: of what a case is in, it is in once. Two clients of one case count as one
    contributor, which is the careful side.

    Attributes:
        window: The window of the links.
        catalogue: Where to look up instruments, besides each case's own.
        n_cases: Cases.
        divided: Cases by a value of theirs: every case has at most one.
        events: Things counted by kind: sessions, codes, transitions.
        behind: Cases behind each count of `events`.
        values: One value per case of what is averaged.
        own: Instruments and coding systems that cases brought along, each as it was first met.
    """

    window: timedelta | int
    catalogue: Catalogue
    n_cases: int = 0
    divided: dict[Key, Counter[str]] = attrs.field(factory=dict)
    events: dict[Key, Counter[Key]] = attrs.field(factory=dict)
    behind: dict[Key, Counter[Key]] = attrs.field(factory=dict)
    values: dict[Key, list[float]] = attrs.field(factory=dict)
    own: dict[str, Instrument | CodingSystem] = attrs.field(factory=dict)

    def add(self, case: Case) -> None:
        """Count one case.

        Args:
            case: The case; nothing of it is kept but counts and one value per mean.
        """
        one = CohortTally(window=self.window, catalogue=self.catalogue)
        one.add(case)
        self.own = one.own | self.own
        self.n_cases += 1
        self._people(one)
        self._change(one)
        for name, counts in _events_of(one):
            some = {key: n for key, n in counts.items() if n}
            self.events.setdefault(name, Counter()).update(some)
            self.behind.setdefault(name, Counter()).update(some.keys())
        for key, numbers in _values_of(one):
            several = list(numbers)
            if several:
                self.values.setdefault(key, []).append(sum(several) / len(several))

    def _people(self, one: CohortTally) -> None:
        for what in _PEOPLE:
            found = [value for value, n in one.by.get(what, {}).items() if n]
            self._divide(("people", what), found)

    def _change(self, one: CohortTally) -> None:
        for (instrument, scale), tally in one.scales.items():
            name = ("verdict", instrument, scale or "")
            self._divide(name, list(tally.verdicts.elements()))
        for key, grades in one.graded.scales.items():
            self._divide(("class", *_plain(key)), list(grades.classes.elements()))
        services = one.graded.services
        if services.n_clients:
            answers = [a for (q, a), n in services.answers.items() if q == "recovery" for _ in range(n)]
            self._divide(("recovery",), answers)

    def _divide(self, name: Key, found: list[str]) -> None:
        value = NONE if not found else found[0] if len(found) == 1 else SEVERAL
        self.divided.setdefault(name, Counter())[value] += 1

    def cases_by(self, name: Key) -> Counter[str]:
        """Return all cases by a value, those without one among them.

        Args:
            name: What they are divided by.
        """
        counts = self.divided[name].copy()
        counts[NONE] += self.n_cases - counts.total()
        if name == ("recovery",):
            # who was not asked both is told by the tables of the two: the difference would be a cell of its own
            counts["cannot say"] += counts.pop(NONE) + counts.pop(SEVERAL, 0)
        return counts

    def of(self, *name: str) -> tuple[Counter[Key], Counter[Key]]:
        """Return things counted by kind, and the cases behind each.

        Args:
            *name: What they are.
        """
        return self.events.get(name, Counter()), self.behind.get(name, Counter())

    def names(self) -> Names:
        """Return what instruments, systems and codes are called."""
        return Names(self.catalogue.with_(*self.own.values()), {})

    def has_classes(self, name: Key) -> bool:
        """Return whether some case has a class of change on a scale.

        Args:
            name: ``class``, the instrument, its scale, who answered.
        """
        return any(value not in {CANNOT_SAY, NONE, SEVERAL} for value in self.divided[name])


def _plain(key: ScaleKey) -> Key:
    return key[0], key[1] or "", key[2]


def _events_of(one: CohortTally) -> Iterator[tuple[Key, Mapping[Key, int]]]:
    yield ("sessions",), {(status,): n for status, n in one.sessions.items()}
    yield ("all",), {(name,): one.numbers[name] for name in ("interactions", "measurements")}
    yield ("missing",), {(i, s or "", why): n for (i, s, why), n in one.missing.items()}
    for system in one.flows:
        codes: dict[Key, int] = {(role, code): n for (s, role, code), n in one.codes.items() if s == system}
        yield ("codes", system), codes
        yield ("transitions", system), {(a, b): n for (a, b), n in one.flows[system].pairs.items()}
    links = one.links
    yield (
        ("links",),
        {
            ("one",): links.n_linked - links.n_ambiguous,
            ("several",): links.n_ambiguous,
            ("nothing",): links.n_nothing,
            ("unplaced",): links.unplaced.total(),
        },
    )
    yield ("views",), {("claimed",): one.views.n_claimed, ("unclaimed",): one.views.n_unclaimed}
    yield ("goals",), {(how,): one.graded.goals.standing[how] for how in ("achieved", "remaining")}


def _values_of(one: CohortTally) -> Iterator[tuple[Key, Iterable[float]]]:
    for (instrument, scale), tally in one.scales.items():
        yield ("difference", instrument, scale or ""), [d for d, _ in tally.differences.elements()]
    goals = one.graded.goals
    for what, by_rater in (
        ("t_now", goals.t_now),
        ("t_change", goals.t_change),
        ("progress", goals.progress),
    ):
        for kind, numbers in by_rater.items():
            yield ("goal", what, kind), numbers
    for system, courses in one.described.courses.items():
        for found in TherapyCourse((), tuple(courses)).over_clients():
            thirds = (found.first_third, found.middle_third, found.last_third)
            if found.n_thirds and None not in thirds:
                name = ("third", system, found.measure, found.name)
                yield from (((*name, str(i)), [v]) for i, v in enumerate(thirds) if v is not None)
    rated: dict[Key, list[float]] = {}
    for course in one.described.rated:
        if course.mean is not None:
            rated.setdefault(("rating", course.instrument, course.scale or "", course.role), []).append(
                course.mean
            )
    yield from rated.items()
    yield ("plan", "held"), one.described.held_shares
    yield ("plan", "adherence"), one.described.adherence
