"""What a simulated client does between sessions: tasks with their adherence, and a journal."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from therapeutic_process.simulate.aims import achieved_in
from therapeutic_process.simulate.course import CLIENT

if TYPE_CHECKING:
    import numpy as np

    from therapeutic_process.simulate.course import Course

__all__ = ["journal", "tasks"]

KINDS = ("journal", "practice", "activity", "monitoring")
_ASSIGNED, _UNRATED = 0.7, 0.1
_IN_SESSION, _BEFORE_SCORE = timedelta(minutes=45), timedelta(hours=2)
_EVENING, _DAYS = timedelta(hours=9), 3
_WRITTEN = (
    "I did what we had said.",
    "I wrote down how the day went.",
    "Some of it went well today.",
    "There was little time today.",
)


def tasks(course: Course, rng: np.random.Generator) -> list[dict[str, Any]]:
    """Return the tasks, rated by the client before the next score; their adherence goes with no score and no event.

    Args:
        course: The client.
        rng: Draws which tasks there are, and how far they were done.
    """
    reached = achieved_in(course)
    usual = rng.normal(0.0, 0.3)
    draws = rng.random((course.n, 4)).tolist()
    made = []
    for t, (whether, kind, degree, rated) in enumerate(draws):
        if whether >= _ASSIGNED:
            continue
        goal = "g1" if reached is None or t < reached else "g2"
        done = min(max(round(4 * (degree + usual)), 0), 4) / 4
        unrated = rated < _UNRATED or (course.left and t == course.n - 1)
        about = {"goal": goal, "kind": KINDS[int(kind * len(KINDS))]}
        made.append(_task(course, t, None if unrated else done) | about)
    return made


def _task(course: Course, t: int, done: float | None) -> dict[str, Any]:
    agreed, known = course.starts[t] + _IN_SESSION, course.starts[t + 1] - _BEFORE_SCORE
    history = [{"status": "requested", "at": agreed}, {"status": "accepted", "at": agreed}]
    task: dict[str, Any] = {
        "id": f"k{t + 1}",
        "participant": "client",
        "assigned_in": f"s{t + 1}",
        "due": known,
    }
    if done is None:
        return task | {"history": history}
    history += [{"status": "completed" if done else "failed", "at": known}]
    return task | {"history": history, "adherence": [{"degree": done, "rater": CLIENT, "rated_at": known}]}


def journal(course: Course, given: list[dict[str, Any]], rng: np.random.Generator) -> list[dict[str, Any]]:
    """Return what was written on evenings, where a journal was the task and it was done.

    Args:
        course: The client.
        given: The tasks.
        rng: Draws on how many evenings, what, and in which mood.
    """
    entries: list[dict[str, Any]] = []
    for task in given:
        if task["kind"] != "journal" or not any(a["degree"] for a in task.get("adherence", ())):
            continue
        t = int(task["assigned_in"][1:]) - 1
        for day, (phrase, mood) in enumerate(rng.random((int(rng.integers(1, _DAYS + 1)), 2)).tolist()):
            entries.append(
                {
                    "id": f"j{len(entries) + 1}", "author": "client", "task": task["id"],
                    "written_at": course.starts[t] + timedelta(days=day) + _EVENING,
                    "text": _WRITTEN[int(phrase * len(_WRITTEN))],
                    "ratings": [{"scale": "mood", "value": round(10 * mood)}],
                }
            )  # fmt: skip
    return entries
