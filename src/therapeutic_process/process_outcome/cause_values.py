"""How much of a cause each held session holds, for one client; None where nobody can know."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from therapeutic_process.change_process import CodePattern, EventPattern, RatingPattern, TaskPattern
from therapeutic_process.session_process import covers

if TYPE_CHECKING:
    from collections.abc import Sequence

    from therapeutic_process.change_process import CausePattern
    from therapeutic_process.records import Case, CodingPass, Interaction, Participant, Session

__all__ = ["Valued", "cause_in_session"]

ABSENT = "session that the client did not attend"
UNCODED = "session that no coding pass covered"
IN_PART = "session coded in part"
NO_TALK = "session without coded talk of that role"
NO_SPEAKER = "session with such a code whose speaker is not known"
UNRATED = "session without the rating"
NOT_RECORDED = "session without such a record, and nobody said that all were recorded"
NO_TASK = "session without such a task"


@attrs.frozen
class Valued:
    """What a session holds of a cause.

    Attributes:
        value: The amount; None where it cannot be known.
        why: Why it cannot be known; None where it is.
    """

    value: float | None
    why: str | None = None


def cause_in_session(
    case: Case, client: Participant, session: Session, cause: CausePattern, *, complete: bool = False
) -> Valued:
    """Return how much of a cause a held session holds; of tasks only whether they were assigned.

    Args:
        case: The case.
        client: Whose process it is.
        session: A held session of the case.
        cause: The pattern.
        complete: Whether tasks and events were recorded for all sessions, so that none means 0.
    """
    if session.attended is not None and client.id not in session.attended:
        return Valued(None, ABSENT)
    match cause:
        case CodePattern():
            return _codes(case, client, session, cause)
        case RatingPattern():
            return _rated(case, client, session, cause)
        case TaskPattern():
            return _yes_or_no(bool(tasks_assigned(case, client, session, cause)), complete=complete)
        case EventPattern():
            return _yes_or_no(_has_event(case, client, session, cause), complete=complete)


def _yes_or_no(found: bool, *, complete: bool) -> Valued:  # noqa: FBT001  the one thing it is about
    if found or complete:
        return Valued(float(found))
    return Valued(None, NOT_RECORDED)


def _codes(case: Case, client: Participant, session: Session, cause: CodePattern) -> Valued:
    passes = [p for p in case.coding_passes if p.system == cause.system]
    consensus = [p for p in passes if p.procedure == "consensus" and _touches(p, session)]
    answers = [_in_pass(case, client, session, cause, p) for p in consensus or passes if _touches(p, session)]
    known = [a.value for a in answers if a.value is not None]
    if known:
        return Valued(sum(known) / len(known))
    return answers[0] if answers else Valued(None, UNCODED)


def _touches(one: CodingPass, session: Session) -> bool:
    return session.id in one.sessions or any(s.session == session.id for s in one.spans)


def _in_pass(
    case: Case, client: Participant, session: Session, cause: CodePattern, one: CodingPass
) -> Valued:
    speech = [(x, _is_theirs(case, client, x, cause)) for x in session.interactions]
    theirs = [x for x, own in speech if own]
    n = sum(_matching(x, cause, one) for x in theirs) + _on_segments(case, session, cause, one)
    if cause.amount == "any" and n:
        return Valued(1.0)
    if any(own is None and _matching(x, cause, one) for x, own in speech):
        return Valued(None, NO_SPEAKER)
    whole = one.extent == "all" or (
        bool(session.interactions) and all(covers(one, session, x) is True for x in theirs)
    )
    if not whole:
        return Valued(None, IN_PART)
    if not session.interactions and not n:
        return Valued(None, NO_TALK)
    if cause.amount != "share":
        return Valued(float(bool(n)) if cause.amount == "any" else float(n))
    total = sum(c.coding_pass == one.id for x in theirs for c in x.codes)
    total += _on_segments(case, session, cause, one, every=True)
    return Valued(n / total) if total else Valued(None, NO_TALK)


def _is_theirs(case: Case, client: Participant, one: Interaction, cause: CodePattern) -> bool | None:
    """Say whether talk is of the role asked for; of several clients only this client's own."""
    if cause.role is None:
        return True
    if one.speaker is None:
        return None
    if cause.role == "client":
        return one.speaker == client.id
    role = next(p.role for p in case.participants if p.id == one.speaker)
    return role == "therapist" if cause.role == "therapist" else role not in {"client", "therapist"}


def _matching(one: Interaction, cause: CodePattern, coding: CodingPass) -> int:
    return sum(c.coding_pass == coding.id and c.code in cause.codes for c in one.codes)


def _on_segments(
    case: Case, session: Session, cause: CodePattern, coding: CodingPass, *, every: bool = False
) -> int:
    """Count codes on segments of the session; they have no one speaker, so that no role can claim them."""
    if cause.role is not None:
        return 0
    here = (s for s in case.segments if any(span.session == session.id for span in s.spans))
    return sum(c.coding_pass == coding.id and (every or c.code in cause.codes) for s in here for c in s.codes)


def _rated(case: Case, client: Participant, session: Session, cause: RatingPattern) -> Valued:
    others = {c.id for c in case.clients} - {client.id}
    values = [
        r.value
        for r in case.ratings
        if r.of.kind == "session"
        and (r.of.id, r.instrument, r.scale) == (session.id, cause.instrument, cause.scale)
        and cause.rater in {None, r.rater.kind}
        and r.rater.participant not in others
    ]
    values += [
        m.score
        for m in case.measurements
        if (m.session, m.timing, m.instrument, m.scale)
        == (session.id, "after", cause.instrument, cause.scale)
        and m.score is not None
        and m.subject not in others
        and cause.rater in {None, m.respondent.kind}
        and m.respondent.participant not in others
    ]
    return Valued(sum(values) / len(values)) if values else Valued(None, UNRATED)


def tasks_assigned(case: Case, client: Participant, session: Session, cause: TaskPattern) -> Sequence[int]:
    """Return the places in the case of the client's tasks of these kinds that were assigned in a session.

    Args:
        case: The case.
        client: Whose tasks.
        session: The session.
        cause: The pattern.
    """
    return [
        i
        for i, task in enumerate(case.tasks)
        if (task.assigned_in, task.participant) == (session.id, client.id)
        and task.status not in {"rejected", "entered_in_error"}
        and (not cause.tasks or task.kind in cause.tasks)
    ]


def _has_event(case: Case, client: Participant, session: Session, cause: EventPattern) -> bool:
    if cause.what == "change":
        return any(
            (e.session, e.participant) == (session.id, client.id) and cause.domain in {None, e.domain}
            for e in case.change_events
        )
    others = {c.id for c in case.clients} - {client.id}
    return any(
        s.kind == "significant_event"
        and s.valence == cause.what
        and any(span.session == session.id for span in s.spans)
        and (s.reporter is None or s.reporter.participant not in others)
        for s in case.segments
    )
