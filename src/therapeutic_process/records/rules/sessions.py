"""Rules on the order of a course: sessions, journal, changes and its ending."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from datetime import datetime

from therapeutic_process.base import broken, earliest, later, latest
from therapeutic_process.errors import Violation
from therapeutic_process.records.rules.index import CaseIndex
from therapeutic_process.records.session import Session
from therapeutic_process.records.shared import first_instant, last_instant

__all__ = ["changes_where_they_belong", "course_is_ordered", "journal_lies_outside", "nothing_after_the_end"]


def course_is_ordered(index: CaseIndex) -> Iterator[Violation]:
    """Session numbers strictly increase and known times do not contradict them."""
    sessions = index.case.sessions
    for i in range(1, len(sessions)):
        if sessions[i].number <= sessions[i - 1].number:
            found = "one not above the one before"
            yield broken(
                "session_number_order", "sessions", i, "number", needed="growing numbers", found=found
            )
    known = [
        (i, s.started_at) for i, s in enumerate(sessions) if s.started_at is not None and s.status == "held"
    ]
    for (_, before), (i, after) in itertools.pairwise(known):
        if latest(after) < earliest(before):
            needed = "held sessions whose times follow their numbers"
            yield broken(
                "session_time_order", "sessions", i, "started_at", needed=needed, found="an earlier time"
            )


def nothing_after_the_end(index: CaseIndex) -> Iterator[Violation]:
    """No session was held after the course ended; the last session is the last one held."""
    ending, held = index.case.ending, index.case.held_sessions
    if ending is None:
        return
    if ending.ended_at is not None:
        for i, session in enumerate(index.case.sessions):
            if (
                session.status == "held"
                and session.started_at
                and earliest(session.started_at) > latest(ending.ended_at)
            ):
                needed = "no held session after the ending"
                yield broken(
                    "held_after_end", "sessions", i, "started_at", needed=needed, found="a later time"
                )
    if ending.last_session is not None and held and ending.last_session != held[-1].id:
        if index.get("session", ending.last_session) is not None:
            needed = "the last session that was held"
            yield broken("held_after_end", "ending", "last_session", needed=needed, found="another session")


def journal_lies_outside(index: CaseIndex) -> Iterator[Violation]:
    """A journal is written outside sessions."""
    for i, entry in enumerate(index.case.journal):
        if isinstance(entry.written_at, datetime) and _during(entry.written_at, index.case.held_sessions):
            yield broken(
                "journal_outside",
                "journal",
                i,
                "written_at",
                needed="a time outside sessions",
                found="one inside",
            )


def changes_where_they_belong(index: CaseIndex) -> Iterator[Violation]:
    """The locus of a change agrees with its session, its time and its evidence."""
    for i, event in enumerate(index.case.change_events):
        if event.locus == "out_of_session":
            if isinstance(event.occurred, datetime) and _during(event.occurred, index.case.held_sessions):
                needed = "a time outside sessions for a change outside them"
                yield broken("locus_time", "change_events", i, "occurred", needed=needed, found="one inside")
            continue
        session = index.get("session", event.session)
        if session is None:
            continue
        if session.status != "held":
            needed = "a held session for a change in session"
            yield broken(
                "locus_session",
                "change_events",
                i,
                "session",
                needed=needed,
                found=f"status {session.status!r}",
            )
        if event.occurred is not None and session.started_at is not None:
            if last_instant(event.occurred) < earliest(session.started_at) or _ends(session) < first_instant(
                event.occurred
            ):
                needed = "a time inside its session for a change in session"
                yield broken("locus_time", "change_events", i, "occurred", needed=needed, found="one outside")
        for j, reference in enumerate(event.evidence):
            if reference.kind == "interaction" and reference.id != event.session:
                needed = "interactions of the session in which the change occurred"
                yield broken(
                    "locus_evidence",
                    "change_events",
                    i,
                    "evidence",
                    j,
                    needed=needed,
                    found="another session's",
                )


def _ends(session: Session) -> datetime:
    """Return the latest instant at which a session can have ended; without a duration, the end of the next day."""
    start = session.started_at
    assert start is not None
    if session.duration_s is None or not isinstance(start, datetime):
        return later(latest(start), seconds=86_400)
    return later(start, seconds=session.duration_s)


def _during(time: datetime, sessions: tuple[Session, ...]) -> bool:
    return any(
        isinstance(s.started_at, datetime)
        and s.duration_s is not None
        and s.started_at < time < later(s.started_at, seconds=s.duration_s)
        for s in sessions
    )
