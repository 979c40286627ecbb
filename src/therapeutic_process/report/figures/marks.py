"""What stands in the lanes below the scores of a timeline: sessions, goals, tasks, journal, changes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import attrs

from therapeutic_process.report.figures.places import Places, Spot
from therapeutic_process.report.style import BAD, GOOD, INK, MUTED, PALETTE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from therapeutic_process.records import BetweenSessionTask, Case, ChangeEvent, Goal
    from therapeutic_process.report.names import Names

__all__ = ["AT_END", "KINDS", "SPANS", "Mark", "change_lane", "marks"]

_CROSS: Final = "M-.9,-.6L-.6,-.9L0,-.3L.6,-.9L.9,-.6L.3,0L.9,.6L.6,.9L0,.3L-.6,.9L-.9,.6L-.3,0Z"
_TICK: Final = "M-.22,-1.2L.22,-1.2L.22,1.2L-.22,1.2Z"
_DASH: Final = "M-.9,-.25L.9,-.25L.9,.25L-.9,.25Z"

# Shape and colour of every kind: the shape alone tells them apart.
KINDS: Final[dict[str, tuple[str, str]]] = {
    "session held": (_TICK, INK),
    "session cancelled": (_CROSS, MUTED),
    "no-show": (_CROSS, BAD),
    "session planned": (_DASH, MUTED),
    "goal": (_DASH, PALETTE[1]),
    "goal achieved": ("circle", GOOD),
    "task set": (_DASH, PALETTE[3]),
    "task completed": ("circle", PALETTE[3]),
    "task not done": (_CROSS, PALETTE[3]),
    "journal entry": ("diamond", PALETTE[2]),
    "improvement": ("triangle-up", GOOD),
    "deterioration": ("triangle-down", BAD),
    "change without direction": ("square", MUTED),
    "other event": ("triangle-right", MUTED),
    "no score": (_CROSS, INK),
}
SPANS: Final = frozenset({"goal", "task set"})
"""Kinds that a bar shows; they have a mark of their own only where they have no length."""
AT_END: Final = frozenset({"task completed", "task not done", "goal achieved"})
"""Kinds whose mark stands at the end of their bar, not at its middle."""
_SESSION: Final = {
    "held": "session held",
    "cancelled": "session cancelled",
    "no_show": "no-show",
    "planned": "session planned",
}
_TASK: Final = {
    "completed": "task completed",
    "failed": "task not done",
    "rejected": "task not done",
    "cancelled": "task not done",
}
_MAX_GOAL_LANES: Final = 6


@attrs.frozen
class Mark:
    """One thing in a lane; `spot` is None where nothing tells when it was."""

    lane: str
    kind: str
    spot: Spot | None


def marks(case: Case, axis: Places, names: Names) -> Iterator[Mark]:
    """Yield what stands in the lanes, lane after lane.

    Args:
        case: The case.
        axis: Its axis.
        names: What its people are called.
    """
    several = len(case.clients) > 1
    rank = {p.id: i for i, p in enumerate(case.participants)}
    yield from _sessions_and_goals(case, axis)
    for task in case.tasks:
        yield _task(task, "tasks" + _of(task.participant, names, several=several), axis)
    for entry in case.journal:
        lane = "journal" + _of(entry.author, names, several=several)
        yield Mark(lane, "journal entry", axis.outside(entry.written_at, entry.after_session))
    for locus in ("in_session", "out_of_session"):
        for event in sorted(case.change_events, key=lambda e: rank.get(e.participant, len(rank))):
            if event.locus == locus:
                yield Mark(change_lane(event, case, names), _direction(event), _event_spot(event, axis))
    for other in case.context_events:
        yield Mark("other events", "other event", axis.outside(other.occurred, other.after_session))
    for one in case.measurements:
        if one.score is None:
            yield Mark("no score", "no score", axis.measurement(one))


def change_lane(event: ChangeEvent, case: Case, names: Names) -> str:
    """Return the lane that a change stands in: where it was, and whose it is where there are several clients."""
    where = "in session" if event.locus == "in_session" else "outside"
    several = len(case.clients) > 1
    return where + _of(event.participant, names, several=True) if several else f"change {where}"


def _sessions_and_goals(case: Case, axis: Places) -> Iterator[Mark]:
    for session in case.sessions:
        yield Mark(
            "sessions", _SESSION[session.status], axis.session(session.id) or axis.time(session.started_at)
        )
    for number, goal in enumerate(case.goals, start=1):
        lane = f"goal {number}" if len(case.goals) <= _MAX_GOAL_LANES else "goals"
        yield from _goal(case, goal, lane, axis)


def _of(participant: str, names: Names, *, several: bool) -> str:
    return f" · {names.person(participant)}" if several else ""


def _goal(case: Case, goal: Goal, lane: str, axis: Places) -> Iterator[Mark]:
    """Yield a goal from the first to the last time or session that is known of it, and its achievement."""
    dated = [axis.time(step.at) for step in goal.history]
    worked = [axis.session(s.id) for s in case.held_sessions if goal.id in s.goals]
    known = [x for x in (*dated, *worked, axis.time(goal.achieved_at)) if x is not None]
    yield Mark(lane, "goal", (min(x[0] for x in known), max(x[1] for x in known)) if known else None)
    if goal.achievement in {"achieved", "sustaining"} and known:
        yield Mark(lane, "goal achieved", axis.time(goal.achieved_at) or max(known))


def _task(task: BetweenSessionTask, lane: str, axis: Places) -> Mark:
    begin = axis.session(task.assigned_in, 0.1) or axis.time(task.history[0].at)
    end = axis.time(task.history[-1].at) or axis.time(task.due)
    known = [x for x in (begin, end) if x is not None]
    spot = (min(x[0] for x in known), max(x[1] for x in known)) if known else None
    return Mark(lane, _TASK.get(task.status, "task set"), spot)


def _direction(event: ChangeEvent) -> str:
    return (
        event.direction if event.direction in {"improvement", "deterioration"} else "change without direction"
    )


def _event_spot(event: ChangeEvent, axis: Places) -> Spot | None:
    if event.locus == "in_session":
        return axis.session(event.session) or axis.time(event.occurred)
    return axis.outside(event.occurred, event.after_session)
