"""Links each change outside sessions with what was recorded in the window before it. Descriptive: no claim of cause."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from functools import cache
from typing import TYPE_CHECKING

import attrs

from therapeutic_process.errors import NotEnoughData
from therapeutic_process.process_outcome.link_results import Link, LinkedSession, LinkRow, Links, Unplaced
from therapeutic_process.process_outcome.placing import NOTHING, Course, Place, elapsed
from therapeutic_process.records import Case, ChangeEvent, Interval

if TYPE_CHECKING:
    from collections.abc import Iterator

    from therapeutic_process.records import BetweenSessionTask, Reference

__all__ = ["Link", "LinkRow", "LinkedSession", "Links", "Unplaced", "link_events"]


def link_events(case: Case, *, window: timedelta | int) -> Links:
    """List, for every change outside sessions, what was recorded in the window before it.

    The window is a time (``timedelta(days=14)``) or a number of held sessions (``2``). A change is placed by the time
    at which it occurred, by the last session before it, or by both. Where it is known to a day or an interval only, a
    session that may have come before it is listed as not certain. Several sessions in one window are an ambiguity
    that the link reports and does not resolve.

    >>> from therapeutic_process.exchange import example_cases
    >>> link_events(example_cases()[0], window=1)
    Links(1 of 1 changes outside sessions have a session in the window before them, 0 more than one, 0 cannot be placed)

    Args:
        case: The case.
        window: How far back to look: a duration above zero, or at least 1 held session.

    Returns:
        A link per change, and the changes that cannot be placed with the reason.

    Raises:
        NotEnoughData: If the window is empty.
    """
    if (window < 1) if isinstance(window, int) else (window <= NOTHING):
        needed = "a window of at least one session or above zero"
        raise NotEnoughData("link_events", needed=needed, found="an empty one")
    course = Course.of(case)
    where = cache(course.place)
    outside = [e for e in case.change_events if e.locus == "out_of_session"]
    links: list[Link] = []
    unplaced: list[Unplaced] = []
    for event in outside:
        before = _Before.of(case, course, where, event, window)
        if isinstance(before, str):
            unplaced.append(Unplaced(event.id, before))
        else:
            links.append(before.link())
    return Links(tuple(links), tuple(unplaced), window, len(outside))


@attrs.frozen(eq=False, repr=False)
class _Before:
    """The window before one change.

    Attributes:
        where: Places something in the course, and remembers where.
        place: How many held sessions lie before the change.
        occurred: When it occurred, as far as that fits its place.
        first: Which of the held sessions is the earliest one in the window.
    """

    case: Case
    course: Course
    where: Callable[[date | None, str | None], Place]
    event: ChangeEvent
    window: timedelta | int
    place: Place
    occurred: date | Interval | None
    first: int

    @classmethod
    def of(
        cls,
        case: Case,
        course: Course,
        where: Callable[[date | None, str | None], Place],
        event: ChangeEvent,
        window: timedelta | int,
    ) -> _Before | str:
        """Return the window, or why the change cannot be placed."""
        place = course.place(event.occurred, event.after_session)
        if event.occurred is None and event.after_session is None:
            return "its order is not known: it has neither a time nor a last session before it"
        if not place.known:
            found = f"0 of {len(course.held)}"
            return f"its order to the sessions is not known: needs started_at on held sessions, found {found}"
        if place.high < place.low:
            return "its time and the order of the sessions contradict each other"
        occurred = None if event.occurred is None else course.narrowed(event.occurred, place)
        if isinstance(window, int):
            return cls(case, course, where, event, window, place, occurred, max(place.low - window, 0))
        dated = sum(s.started_at is not None for s in course.held[: place.high])
        if place.high and (occurred is None or not dated):
            found = f"{dated if occurred else 0} of {place.high}"
            return f"a window in time needs times of the change and the sessions before it, found both for {found}"
        inside = [i for i in range(place.high) if occurred and course.least_time(i, occurred) <= window]
        return cls(case, course, where, event, window, place, occurred, min(inside, default=place.high))

    def link(self) -> Link:
        """Return what lies in the window."""
        sessions = [self._linked(i) for i in reversed(range(self.first, self.place.high))]
        ids = {s.session for s in sessions}
        tasks = {
            k.id: True if k.assigned_in in ids else self._any_inside(k)
            for k in self.case.tasks
            if self._own(k.participant) and k.status != "entered_in_error"
        }
        journal = {
            j.id: self._inside(j.written_at, j.after_session)
            for j in self.case.journal
            if self._own(j.author)
        }
        cited = {s for r in self.event.evidence for s in _sessions_of(self.case, r)}
        return Link(
            event=self.event.id,
            sessions=tuple(sessions),
            tasks=tuple(k for k, inside in tasks.items() if inside),
            journal=tuple(j for j, inside in journal.items() if inside),
            cited=tuple(s.session for s in sessions if s.session in cited),
            n_unplaced=[*tasks.values(), *journal.values()].count(None),
        )

    def _own(self, participant: str) -> bool:
        """Whether somebody is the client whose change it is, or no client at all."""
        return participant == self.event.participant or all(c.id != participant for c in self.case.clients)

    def _linked(self, i: int) -> LinkedSession:
        session, place = self.course.held[i], self.place
        return LinkedSession(
            session=session.id,
            number=session.number,
            lag=max(place.low - i, 1),
            lag_max=place.high - i,
            days=_days(session.started_at, self.occurred),
            certain=i < place.low,
            attended=None if session.attended is None else self.event.participant in session.attended,
            interactions=tuple(x.index for x in session.interactions),
            in_session_changes=tuple(
                e.id for e in self.case.change_events if e.session == session.id and self._own(e.participant)
            ),
        )

    def _any_inside(self, task: BetweenSessionTask) -> bool | None:
        times = [t for t in (task.due, *(step.at for step in task.history)) if t is not None]
        answers = {self._inside(t, None) for t in times}
        if not answers:
            return None if task.assigned_in is None else False
        return True if True in answers else None if None in answers else False

    def _inside(self, when: date | None, after_session: str | None) -> bool | None:
        """Say whether something may lie in the window; None where nothing tells."""
        place, occurred = self.where(when, after_session), self.occurred
        apart = None if when is None or occurred is None else elapsed(when, occurred)
        if place.high < place.low or not (place.known or apart):
            return None
        if place.low > self.place.high or (apart is not None and apart[1] <= NOTHING):
            return False
        if isinstance(self.window, int):
            return self.first < min(place.high, self.place.high)
        if occurred is None:
            return None
        return (apart[0] if apart else self.course.least_time(place.high, occurred)) <= self.window


def _days(started_at: date | None, occurred: date | Interval | None) -> tuple[float, float] | None:
    if started_at is None or occurred is None:
        return None
    shortest, longest = elapsed(started_at, occurred)
    day = timedelta(days=1)
    return max(shortest / day, 0.0), max(longest / day, 0.0)


def _sessions_of(case: Case, cited: Reference) -> Iterator[str]:
    """Yield the sessions that a piece of evidence lies in."""
    if cited.kind in {"session", "interaction"}:
        yield cited.id
    elif cited.kind == "segment":
        yield from (span.session for s in case.segments if s.id == cited.id for span in s.spans)
    elif cited.kind == "change_event":
        yield from (e.session for e in case.change_events if e.id == cited.id and e.session is not None)
