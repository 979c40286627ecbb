"""Ratings of simulated sessions: process scores, and alliance and openness as client and therapist see them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from therapeutic_process.instruments import Instrument
from therapeutic_process.simulate.course import CLIENT, reference

if TYPE_CHECKING:
    import numpy as np

    from therapeutic_process.records import Reporter
    from therapeutic_process.simulate.course import Course

__all__ = ["instruments", "process_ratings", "relationship_ratings"]

_SEEN = ("simulated-alliance", "simulated-openness")
_LOW, _HIGH = 1, 7


def instruments(n_processes: int) -> list[Instrument]:
    """Return what the scores and ratings of a simulated case are given on.

    Args:
        n_processes: How many process variables there are.
    """
    return [
        Instrument(id="simulated-outcome", name="Simulated outcome", direction="higher_worse"),
        *(Instrument(id=_process(k), name="Simulated process", domain="process") for k in range(n_processes)),
        *(
            Instrument(id=name, name=name.replace("-", " ").capitalize(), domain="process", minimum=_LOW,
                       maximum=_HIGH, direction="higher_better")
            for name in _SEEN
        ),
    ]  # fmt: skip


def process_ratings(course: Course) -> list[dict[str, Any]]:
    """Return the process scores as the client's ratings of the sessions.

    Args:
        course: The client.
    """
    if course.coded:
        return []
    return [
        _rating(f"r{k + 1}-{t + 1}", _process(k), t, CLIENT, values[t])
        for k, values in enumerate(course.processes)
        for t in course.known(k)
    ]


def relationship_ratings(course: Course, rng: np.random.Generator) -> list[dict[str, Any]]:
    """Return alliance and openness of each session by two raters, who see partly the same; no score follows them.

    Args:
        course: The client.
        rng: Draws what both see, and what each sees beyond it.
    """
    raters = (CLIENT, course.sees)
    level = rng.normal(5.0, 0.8, (len(_SEEN), 1, 1))
    shared = level + rng.normal(0.0, 0.5, (len(_SEEN), course.n, 1))
    seen = (shared + rng.normal(0.0, 0.6, (len(_SEEN), course.n, len(raters)))).round().clip(_LOW, _HIGH)
    return [
        _rating(f"{name[10]}{rater.kind[0]}{t + 1}", name, t, rater, value)
        for name, of_one in zip(_SEEN, seen.tolist(), strict=True)
        for t, both in enumerate(of_one)
        for rater, value in zip(raters, both, strict=True)
    ]


def _process(k: int) -> str:
    return "simulated-process" if k == 0 else f"simulated-process-{k + 1}"


def _rating(name: str, instrument: str, t: int, rater: Reporter, value: float | None) -> dict[str, Any]:
    of = reference("session", f"s{t + 1}")
    return {"id": name, "instrument": instrument, "of": of, "rater": rater, "value": value}
