"""The scores of an effect for one client, each at its held session, counted from 1."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Literal

import attrs

from therapeutic_process.change_process import GoalPattern, ScorePattern
from therapeutic_process.process_outcome.placing import Course, elapsed
from therapeutic_process.records import first_instant

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Iterator

    from therapeutic_process.process_outcome.panel import Timing
    from therapeutic_process.records import Case, Participant

__all__ = ["PlacedScore", "Respondent", "effect_scores"]

Respondent = Literal["client", "therapist", "observer", "software", "other"]

MISSING = "score that is missing"
OTHER_TIMING = "score that was not taken when declared relative to its session"
UNPLACED = "score whose order to the sessions is not known"
NOT_HELD = "score after a session that was not held"
FURTHER = "further score in the same place"


@attrs.frozen
class PlacedScore:
    """A score at its session.

    Attributes:
        session: Held session, counted from 1; one more than there are for a score after the last.
        score: The score.
        at: When it was taken, or its session began; None where neither is known.
    """

    session: int
    score: float
    at: datetime | None


@attrs.frozen
class _Taken:
    score: float
    at: date | None
    session: str | None
    timing: str


def effect_scores(
    case: Case,
    client: Participant,
    effect: ScorePattern | GoalPattern,
    *,
    timing: Timing,
    respondent: Respondent,
    dropped: Counter[str],
) -> dict[int, PlacedScore]:
    """Return one score per held session: the last before it or, of those after the last session, the first.

    Args:
        case: The case.
        client: Whom the scores are about.
        effect: The pattern.
        timing: Which scores are wanted: those before sessions, or those right after.
        respondent: Who answered.
        dropped: Counts what is left out, by reason.
    """
    course = Course.of(case)
    placed: dict[int, list[PlacedScore]] = {}
    if isinstance(effect, ScorePattern):
        taken = _scores(case, client, effect, respondent, dropped)
    else:
        taken = _ratings(case, client, effect, respondent, timing)
    for one in taken:
        where = _before(course, one) if timing == "before" else _after(course, one)
        if isinstance(where, str):
            dropped[where] += 1
        else:
            placed.setdefault(where, []).append(PlacedScore(where, one.score, _at(course, one, where)))
    if isinstance(effect, GoalPattern):
        return {where: _mean(several) for where, several in placed.items()}
    dropped[FURTHER] += sum(len(several) - 1 for several in placed.values())
    first = timing == "after"
    return {
        where: several[0 if first or where > len(course.held) else -1] for where, several in placed.items()
    }


def _mean(several: list[PlacedScore]) -> PlacedScore:
    return attrs.evolve(several[0], score=sum(s.score for s in several) / len(several))


def _scores(
    case: Case,
    client: Participant,
    effect: ScorePattern,
    respondent: Respondent,
    dropped: Counter[str],
) -> Iterator[_Taken]:
    for m in case.measurements:
        wanted = (effect.instrument, effect.scale, client.id, respondent)
        if (m.instrument, m.scale, m.subject, m.respondent.kind) != wanted:
            continue
        if m.score is None:
            dropped[MISSING] += 1
        else:
            yield _Taken(m.score, m.measured_at, m.session, m.timing)


def _ratings(
    case: Case,
    client: Participant,
    effect: GoalPattern,
    respondent: Respondent,
    timing: Timing,
) -> Iterator[_Taken]:
    for goal in case.goals:
        if (not goal.participants or client.id in goal.participants) and effect.domain in {None, goal.domain}:
            yield from (
                _Taken(r.value, r.rated_at, r.session, timing if r.session else "unknown")
                for r in goal.ratings
                if r.rater.kind == respondent
            )


def _before(course: Course, one: _Taken) -> int | str:
    """Return the held session that a score lies before; a reason where that cannot be said."""
    if one.timing == "after":
        return OTHER_TIMING
    if one.session is not None and one.timing != "unknown":
        number = course.numbers[one.session] - (one.timing == "before")
        return 1 + sum(s.number <= number for s in course.held)
    place = course.place(one.at, None)
    if not place.known or place.low != place.high or _same_day(course, place.low, one.at):
        return UNPLACED
    return place.low + 1


def _same_day(course: Course, before: int, at: date | None) -> bool:
    """Say whether a score may have been taken on the day of the session before it, when nobody said which side."""
    started = course.held[before - 1].started_at if before else None
    return started is not None and at is not None and elapsed(started, at)[0] < timedelta(days=1)


def _after(course: Course, one: _Taken) -> int | str:
    if one.session is None or one.timing != "after":
        return OTHER_TIMING
    return next((i for i, s in enumerate(course.held, start=1) if s.id == one.session), NOT_HELD)


def _at(course: Course, one: _Taken, where: int) -> datetime | None:
    started = course.held[where - 1].started_at if where <= len(course.held) else None
    known = one.at or started
    return None if known is None else first_instant(known)
