"""How far tasks between sessions were done, as far as that was known before the next outcome."""

from __future__ import annotations

from typing import TYPE_CHECKING

from therapeutic_process.process_outcome.cause_values import ABSENT, NO_TASK, tasks_assigned
from therapeutic_process.records import last_instant

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Mapping

    from therapeutic_process.change_process import TaskPattern
    from therapeutic_process.process_outcome.effect_values import PlacedScore
    from therapeutic_process.process_outcome.panel import Timing
    from therapeutic_process.records import AdherenceRating, BetweenSessionTask, Case, Participant

__all__ = ["task_results"]

NOT_RATED = "task without a rating or result"
RATED_LATE = "task rated after the next outcome, or in an unknown order to it"

_DONE = {"completed": 1.0, "failed": 0.0, "cancelled": 0.0}


def task_results(
    case: Case,
    client: Participant,
    cause: TaskPattern,
    scores: Mapping[int, PlacedScore],
    *,
    timing: Timing,
    dropped: Counter[str],
) -> dict[int, float]:
    """Return how far the tasks of each held session were done, by the row of the session that it belongs to.

    Args:
        case: The case.
        client: Whose tasks.
        cause: The pattern; `completed` or `adherence`.
        scores: The client's scores, by held session.
        timing: When the scores were taken; after sessions, a task belongs to the session that follows it.
        dropped: Counts what is left out, by reason.
    """
    found = {}
    held = case.held_sessions
    for number, session in enumerate(held, start=1):
        if session.attended is not None and client.id not in session.attended:
            dropped[ABSENT] += 1
            continue
        tasks = [case.tasks[i] for i in tasks_assigned(case, client, session, cause)]
        if not tasks:
            dropped[NO_TASK] += 1
            continue
        row = number + (timing == "after")
        values = [_result(case, t, cause, scores.get(number + 1), number + 1, timing) for t in tasks]
        numbers = [v for v in values if isinstance(v, float)]
        if len(numbers) == len(values) and row <= len(held):
            found[row] = sum(numbers) / len(numbers)
        else:
            reasons = [v for v in values if isinstance(v, str)]
            dropped[reasons[0] if reasons else "task after the last session"] += 1
    return found


def _result(
    case: Case,
    task: BetweenSessionTask,
    cause: TaskPattern,
    outcome: PlacedScore | None,
    number: int,
    timing: Timing,
) -> float | str:
    """Return how far a task was done; a reason where that is not known, or not known early enough."""
    if cause.amount == "completed":
        return _completed(task, outcome)
    if not task.adherence:
        return NOT_RATED
    known = (r.degree for r in reversed(task.adherence) if _early(case, r, outcome, number, timing))
    return next(known, RATED_LATE)


def _completed(task: BetweenSessionTask, outcome: PlacedScore | None) -> float | str:
    step = task.history[-1]
    if step.status not in _DONE:
        return NOT_RATED
    if outcome is None:
        return _DONE[step.status]
    early = step.at is not None and outcome.at is not None and last_instant(step.at) <= outcome.at
    return _DONE[step.status] if early else RATED_LATE


def _early(
    case: Case, rating: AdherenceRating, outcome: PlacedScore | None, number: int, timing: Timing
) -> bool:
    if outcome is None:
        return True
    if rating.rated_at is not None and outcome.at is not None:
        return last_instant(rating.rated_at) <= outcome.at
    return rating.session is not None and _session_before(case, rating.session, number, timing)


def _session_before(case: Case, session: str, number: int, timing: Timing) -> bool:
    """Say whether a session lies before the score of a held session."""
    held = [s.id for s in case.held_sessions]
    place = held.index(session) + 1 if session in held else number + 1
    return place < number or (place == number and timing == "after")
