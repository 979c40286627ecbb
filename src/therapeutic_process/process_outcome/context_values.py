"""What went on outside the therapy before each held session, for one client; None where nobody can know."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from therapeutic_process.process_outcome.placing import Course, Place
from therapeutic_process.records import Interval

if TYPE_CHECKING:
    from collections import Counter

    from therapeutic_process.records import Case, ContextEvent, Participant

__all__ = ["ContextKind", "context_before_sessions"]

ContextKind = Literal["life_event", "medication", "concurrent_treatment", "other"]

UNPLACED = "context event whose order to the sessions is not known"


def context_before_sessions(
    case: Case, client: Participant, kind: ContextKind, *, complete: bool, dropped: Counter[str]
) -> dict[int, float | None]:
    """Return whether such an event lies between each held session and the one before it.

    What went on over an interval counts in every stretch that it reaches into. Before the first session there is no
    stretch: only an interval that reaches up to it counts.

    Args:
        case: The case.
        client: Whose events.
        kind: Of the events.
        complete: Whether all were recorded, so that a stretch without one holds 0.
        dropped: Counts what could not be placed.
    """
    course = Course.of(case)
    numbers = range(1, len(course.held) + 1)
    found: dict[int, float | None] = dict.fromkeys(numbers, 0.0 if complete else None)
    reached = [
        _reached(course, e) for e in case.context_events if (e.participant, e.kind) == (client.id, kind)
    ]
    for sure, possible in reached:
        dropped[UNPLACED] += sure != possible
        found |= {n: None for n in possible if n in found}
    for sure, _ in reached:
        found |= {n: 1.0 for n in sure if n in found}
    return found


def _reached(course: Course, event: ContextEvent) -> tuple[range, range]:
    """Return the sessions before which an event surely lies, and those before which it may."""
    occurred = event.occurred
    if isinstance(occurred, Interval) and event.after_session is None:
        start, end = course.place(occurred.start, None), course.place(occurred.end, None)
        known = start.known and end.known
        return _stretches(start, end, course, known=known, first=1)
    place = course.place(occurred, event.after_session)
    return _stretches(place, place, course, known=place.known, first=2)


def _stretches(start: Place, end: Place, course: Course, *, known: bool, first: int) -> tuple[range, range]:
    if not known:
        return range(0), range(1, len(course.held) + 1)
    sure = range(max(start.high + 1, first), end.low + 2)
    return sure, range(max(start.low + 1, first), end.high + 2)
