"""The scores of an effect for one client, each at its held session, counted from 1."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Literal

import attrs

from therapeutic_process.change_process import GoalPattern, ScorePattern, goal_attainment
from therapeutic_process.process_outcome.placing import Course, elapsed
from therapeutic_process.records import AttainmentRating, GoalRating, first_instant

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Iterable, Iterator, Mapping

    from therapeutic_process.process_outcome.panel import Timing
    from therapeutic_process.records import Case, Participant

__all__ = ["MISSING", "OTHER_TIMING", "PlacedScore", "Respondent", "effect_scores", "goals_exchanged"]

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
        goals: Places in the case of the goals it is about; none for an instrument.
    """

    session: int
    score: float
    at: datetime | None
    goals: frozenset[int] = frozenset()


@attrs.frozen
class _Taken:
    score: float
    at: date | None
    session: str | None
    timing: str
    goal: int = 0


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
    weights = [goal.weight for goal in case.goals]
    if isinstance(effect, ScorePattern):
        taken = _scores(case, client, effect, respondent, dropped)
    else:
        taken = _ratings(case, client, effect, respondent, timing)
    for one in taken:
        where = _before(course, one) if timing == "before" else _after(course, one)
        if isinstance(where, str):
            dropped[where] += 1
        else:
            of = frozenset({one.goal}) if isinstance(effect, GoalPattern) else frozenset[int]()
            placed.setdefault(where, []).append(PlacedScore(where, one.score, _at(course, one, where), of))
    if isinstance(effect, GoalPattern):
        return {where: _over_goals(several, effect, weights) for where, several in placed.items()}
    dropped[FURTHER] += sum(len(several) - 1 for several in placed.values())
    first = timing == "after"
    return {
        where: several[0 if first or where > len(course.held) else -1] for where, several in placed.items()
    }


def goals_exchanged(scores: Mapping[int, PlacedScore]) -> int:
    """Count the scores that are about other goals than the last one of the client.

    Args:
        scores: By held session.
    """
    about = [scores[where].goals for where in sorted(scores)]
    return sum(a != b for a, b in pairwise(about))


def _over_goals(several: list[PlacedScore], effect: GoalPattern, weights: list[float]) -> PlacedScore:
    """Return one score over all goals rated in a place: of ratings the mean, of attainment levels the T score."""
    by_goal: dict[int, list[float]] = {}
    for one in several:
        by_goal.setdefault(min(one.goals), []).append(one.score)
    means = {goal: sum(values) / len(values) for goal, values in by_goal.items()}
    score: float | None = sum(means.values()) / len(means)
    if effect.measure == "attainment":
        score = goal_attainment(list(means.values()), weights=[weights[goal] for goal in means]).t
    assert score is not None
    return attrs.evolve(several[0], score=score, goals=frozenset(means))


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
    for i, goal in enumerate(case.goals):
        if (not goal.participants or client.id in goal.participants) and effect.domain in {None, goal.domain}:
            rated: Iterable[AttainmentRating | GoalRating]
            rated = goal.attainments if effect.measure == "attainment" else goal.ratings
            yield from (
                _Taken(_value(r), r.rated_at, r.session, timing if r.session else "unknown", i)
                for r in rated
                if r.rater.kind == respondent
            )


def _value(one: AttainmentRating | GoalRating) -> float:
    return float(one.level) if isinstance(one, AttainmentRating) else one.value


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
