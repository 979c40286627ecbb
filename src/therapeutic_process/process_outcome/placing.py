"""Where something lies in the course of a case: after which held sessions, and how long before something else."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING

import attrs

from therapeutic_process.records import Interval, Session, first_instant, last_instant

if TYPE_CHECKING:
    from therapeutic_process.records import Case

__all__ = ["Course", "Place", "elapsed"]

NOTHING = timedelta(0)


def elapsed(earlier: date | Interval, later: date | Interval) -> tuple[timedelta, timedelta]:
    """Return the shortest and the longest time that can have gone by from one occurrence to another.

    Days are compared as days of one calendar, for they were written down by one clinic. Where an instant is among
    them, a day is as wide as it is over all time zones.

    >>> [t.days for t in elapsed(date(2024, 3, 4), date(2024, 3, 11))]
    [6, 7]
    >>> elapsed(date(2024, 3, 4), date(2024, 3, 4))[0] < NOTHING
    True

    Args:
        earlier: What is thought to have come first.
        later: What is thought to have come later.
    """
    if any(isinstance(end, datetime) for one in (earlier, later) for end in _ends(one)):
        return first_instant(later) - last_instant(earlier), last_instant(later) - first_instant(earlier)
    (first, last), (from_, to) = _ends(earlier), _ends(later)
    midnight, end_of_day = time.min.replace(tzinfo=UTC), time.max.replace(tzinfo=UTC)
    return (
        datetime.combine(from_, midnight) - datetime.combine(last, end_of_day),
        datetime.combine(to, end_of_day) - datetime.combine(first, midnight),
    )


def _ends(one: date | Interval) -> tuple[date, date]:
    return (one.start, one.end) if isinstance(one, Interval) else (one, one)


@attrs.frozen
class Place:
    """How many held sessions lie before something.

    Attributes:
        low: Those that surely do.
        high: Those that may; below `low` where what was recorded contradicts itself.
        known: Whether anything is known of it.
    """

    low: int
    high: int
    known: bool


@attrs.frozen(eq=False, repr=False)
class Course:
    """The held sessions of a case in their order, and the numbers of all its sessions.

    Attributes:
        held: The held sessions.
        numbers: The number of every session, by its id.
    """

    held: tuple[Session, ...]
    numbers: Mapping[str, int]

    @classmethod
    def of(cls, case: Case) -> Course:
        """Return the course of a case."""
        return cls(case.held_sessions, {s.id: s.number for s in case.sessions})

    def place(self, occurred: date | Interval | None, after_session: str | None) -> Place:
        """Place something by its time and by the last session before it, as far as either is known.

        Sessions without a time lie between those around them.

        Args:
            occurred: When it was.
            after_session: The last session before it, held or not.
        """
        low, high, known = 0, len(self.held), False
        if after_session is not None:
            low = high = sum(s.number <= self.numbers[after_session] for s in self.held)
            known = True
        for i, session in enumerate(self.held):
            if occurred is not None and session.started_at is not None:
                shortest, longest = elapsed(session.started_at, occurred)
                low = max(low, i + 1) if shortest > NOTHING else low
                high = min(high, i) if longest <= NOTHING else high
                known = True
        return Place(low, high, known or (occurred is not None and not self.held))

    def narrowed(self, occurred: date | Interval, place: Place) -> date | Interval:
        """Return an occurrence without the times at which it would lie before or after the wrong sessions.

        Args:
            occurred: When it was.
            place: Where it lies; not contradicting itself.
        """
        first, last = _ends(occurred)
        before = [s.started_at for s in self.held[: place.low] if s.started_at is not None][-1:]
        after = [s.started_at for s in self.held[place.high :] if s.started_at is not None][:1]
        if len({isinstance(x, datetime) for x in (first, last, *before, *after)}) > 1:
            return occurred  # a day and an instant have no later one of the two
        first, last = max([first, *before]), min([last, *after])
        return Interval(start=first, end=last) if first < last else first if first == last else occurred

    def least_time(self, index: int, until: date | Interval) -> timedelta:
        """Return the least time from a held session, or from anything not later than it, to an occurrence.

        Args:
            index: Which of the held sessions; one without a time lies before the next ones with a time.
            until: The occurrence.
        """
        times = [s.started_at for s in self.held[index:] if s.started_at is not None]
        return max((elapsed(t, until)[0] for t in times), default=NOTHING)
