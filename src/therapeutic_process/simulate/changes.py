"""Changes that a simulated client reports: in sessions where the event occurred, and between scores far apart."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from therapeutic_process.simulate.course import BEFORE, CLIENT, reference
from therapeutic_process.simulate.talk import DURATION_S, event_interaction

if TYPE_CHECKING:
    import numpy as np

    from therapeutic_process.simulate.course import Course

__all__ = ["change_events"]

POINTS = 6.0
"""By how many points neighbouring scores differ where a change outside sessions is reported."""

_NOTICED = 0.3
_DURATION = timedelta(seconds=DURATION_S)


def change_events(
    course: Course, held: list[dict[str, Any]], rng: np.random.Generator
) -> list[dict[str, Any]]:
    """Return the changes of a client, those in session first.

    Args:
        course: The client.
        held: The client's sessions with their talk.
        rng: Draws in which sessions with the event a change is noticed.
    """
    noticed = rng.random(course.n) < _NOTICED
    inside = [_inside(course, t, at) for t in range(course.n)
              if noticed[t] and (at := event_interaction(held[t])) is not None]  # fmt: skip
    scores = enumerate(pairwise(course.scores))
    steps = [(t, b - a) for t, (a, b) in scores if a is not None and b is not None]
    outside = [_outside(course, t, step) for t, step in steps if abs(step) >= POINTS]
    return [event | {"id": f"e{k}"} for k, event in enumerate([*inside, *outside], start=1)]


def _inside(course: Course, t: int, interaction: int) -> dict[str, Any]:
    ended = course.starts[t] + _DURATION
    return {
        "participant": "client", "locus": "in_session", "session": f"s{t + 1}", "domain": "understanding",
        "direction": "improvement", "reporter": course.sees,
        "occurred": {"start": course.starts[t], "end": ended}, "reported": ended,
        "evidence": [reference("interaction", f"s{t + 1}") | {"index": interaction}],
    }  # fmt: skip


def _outside(course: Course, t: int, step: float) -> dict[str, Any]:
    """Return a change between a session and the next score, whose time is known no better."""
    asked = course.starts[t + 1] - BEFORE
    return {
        "participant": "client", "locus": "out_of_session", "after_session": f"s{t + 1}", "domain": "symptoms",
        "direction": "improvement" if step < 0 else "deterioration", "magnitude": step, "unit": "points",
        "occurred": {"start": course.starts[t] + _DURATION, "end": asked}, "reported": asked,
        "reporter": CLIENT, "evidence": [reference("measurement", f"m{t + k}") for k in (1, 2)],
    }  # fmt: skip
