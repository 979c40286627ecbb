"""What a simulated client comes with and works on: a problem, a plan, and goals that follow one another."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from therapeutic_process.simulate.course import CLIENT

if TYPE_CHECKING:
    from datetime import datetime

    from therapeutic_process.simulate.course import Course

__all__ = ["achieved_in", "goals", "plan", "problem"]

POINTS = 8.0
"""By how many points the score must have fallen for the first goal to be achieved: the size of the mean recovery."""


def achieved_in(course: Course) -> int | None:
    """Return the session before which the score had fallen far enough for the first goal.

    Args:
        course: The client.
    """
    gains = _gains(course)
    return next((t for t in range(1, course.n) if (g := gains[t]) is not None and g >= POINTS), None)


def problem() -> dict[str, Any]:
    """Return the client's problem, in words that say nothing."""
    return {
        "id": "p1",
        "participant": "client",
        "label": "the simulated problem",
        "status": "active",
        "principal": True,
    }


def goals(course: Course) -> list[dict[str, Any]]:
    """Return two goals; the second is taken up when the first is achieved.

    Args:
        course: The client.
    """
    reached = achieved_in(course)
    first = _goal(course, "g1", "symptoms", 0, course.n if reached is None else reached)
    second = _goal(course, "g2", "relationships", reached, course.n) | {"follows": "g1"}
    if reached is not None:
        first["history"][-1] = {"status": "completed", "at": course.starts[reached]}
        first |= {"achievement": "achieved", "achieved_at": course.starts[reached]}
    return [first, second]


def plan(course: Course, planned: int) -> dict[str, Any]:
    """Return the plan that client and therapist agreed on in the first session.

    Args:
        course: The client.
        planned: How many sessions were planned.
    """
    start = course.starts[0]
    end = {"status": "revoked" if course.left else "completed", "at": course.starts[-1]}
    return {
        "id": "plan1", "revision": 1, "goals": ["g1", "g2"], "problems": ["p1"], "planned_sessions": planned,
        "history": [{"status": "draft", "at": start}, {"status": "active", "at": start}, end],
        "agreements": _agreements(course),
    }  # fmt: skip


def _gains(course: Course) -> list[float | None]:
    first = course.scores[0]
    return [None if s is None or first is None else first - s for s in course.scores]


def _goal(course: Course, name: str, domain: str, since: int | None, until: int) -> dict[str, Any]:
    start, end = course.starts[0], course.starts[-1]
    history = [{"status": "proposed", "at": start}]
    goal: dict[str, Any] = {
        "id": name, "participants": ["client"], "statement": f"the goal about {domain}", "domain": domain,
        "problem": "p1", "levels": [{"level": level} for level in range(-2, 3)], "levels_set_at": start,
        "baseline_level": -1,
    }  # fmt: skip
    if since is None:
        return goal | {"history": [*history, {"status": "cancelled", "at": end}]}
    history += [{"status": "active", "at": course.starts[since]}]
    history += [{"status": "cancelled" if course.left else "completed", "at": end}]
    goal |= {"history": history, "achievement": "in_progress" if course.left else "not_achieved"}
    return goal | {"agreements": _agreements(course)} | _rated(course, since, until)


def _rated(course: Course, since: int, until: int) -> dict[str, Any]:
    """Return progress as the client sees it before each session, and attainment as two see it at the end."""
    gains = _gains(course)
    base = gains[since] or 0.0
    seen = [(course.starts[t], g - base) for t in range(since, until + 1) if (g := gains[t]) is not None]
    ratings = [
        {"value": min(max(round(10 * gain / POINTS), 0), 10), "rater": CLIENT, "rated_at": at}
        for at, gain in seen
    ]
    return {"ratings": ratings, "attainments": _attainments(course, *seen[-1]) if seen else []}


def _attainments(course: Course, at: datetime, gain: float) -> list[dict[str, Any]]:
    level = min(max(round(gain / (POINTS / 2)) - 1, -2), 2)
    of_both = [(CLIENT, level), (course.sees, max(level - 1, -2) if gain < 0 else level)]
    return [{"level": found, "rater": rater, "rated_at": at} for rater, found in of_both]


def _agreements(course: Course) -> list[dict[str, Any]]:
    both = (("client", "client"), ("therapist", course.therapist))
    return [{"participant": who, "capacity": side, "agreed_at": course.starts[0]} for side, who in both]
