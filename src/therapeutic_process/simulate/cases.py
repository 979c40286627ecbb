"""A simulated cohort written as cases: all that a record holds, and nothing of the hidden truth."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from therapeutic_process.records import Case
from therapeutic_process.simulate.aims import goals, plan, problem
from therapeutic_process.simulate.between import journal, tasks
from therapeutic_process.simulate.changes import change_events
from therapeutic_process.simulate.course import BEFORE, CLIENT, Course, course_of
from therapeutic_process.simulate.ratings import instruments, process_ratings, relationship_ratings
from therapeutic_process.simulate.talk import coding_passes, further_events, sessions

if TYPE_CHECKING:
    from collections.abc import Iterator

    from therapeutic_process.simulate.cohort import SimulatedCohort

__all__ = ["simulated_cases"]


def simulated_cases(cohort: SimulatedCohort, *, rng: np.random.Generator | None = None) -> Iterator[Case]:
    """Yield the clients of a simulated cohort as cases, one after the other.

    An event is a client utterance coded ``C`` of the system ``automisc`` in a session that a pass covered; a session
    without one holds none, and one that nobody coded holds talk and no pass. Further events are coded ``event_2``, …
    of ``simulated-events``. Process scores are a client's ratings with ``simulated-process``, ``simulated-process-2``,
    …; the outcome is ``simulated-outcome``, before sessions.

    With `rng` the cases are full. Talk, alliance, openness, tasks and journal are then drawn apart from scores and
    events: who looks for an effect of these looks for one that is not there. Goals and changes outside sessions follow
    the recorded scores, changes in session the first event. A client who left did not come to one more session.

    >>> import numpy as np
    >>> from therapeutic_process.simulate import simulate_cohort
    >>> rng = np.random.default_rng(1)
    >>> cohort = simulate_cohort("rtm", n_clients=2, n_sessions=6, rng=rng)
    >>> [len(case.sessions) for case in simulated_cases(cohort)]
    [6, 6]
    >>> [(len(case.goals), len(case.tasks), len(case.ratings)) for case in simulated_cases(cohort, rng=rng)]
    [(2, 4, 24), (2, 4, 24)]

    Args:
        cohort: The cohort.
        rng: Draws what the cohort does not hold; without it there are talk, codes or process ratings, scores
            and the ending.

    Returns:
        The cases, each made when it is asked for; the same cohort and generator state give the same cases.
    """
    known: dict[str, Any] = {"instruments": instruments(cohort.parameters.n_processes)}
    if cohort.parameters.n_processes > 1 and cohort.parameters.process_kind == "event":
        known["coding_systems"] = [further_events(cohort.parameters.n_processes)]
    seed = None if rng is None else int(rng.integers(2**63))
    return (_case(cohort, client, seed, known) for client in range(cohort.parameters.n_clients))


def _case(cohort: SimulatedCohort, client: int, seed: int | None, known: dict[str, Any]) -> Case:
    course = course_of(cohort, client)
    rng = None if seed is None else np.random.default_rng([seed, client])
    held = sessions(course, rng)
    parts = known | {
        "id": f"client{client + 1}",
        "participants": [{"id": "client", "role": "client"}, {"id": course.therapist, "role": "therapist"}],
        "sessions": held,
        "coding_passes": coding_passes(course),
        "measurements": [_measurement(course, t) for t in range(course.n + 1)],
        "ratings": process_ratings(course),
        "ending": {
            "kind": "client_dropout" if course.left else "completed",
            "last_session": f"s{course.n}",
        },
    }
    if rng is not None:
        _add(parts, course, held, rng, planned=cohort.parameters.n_sessions)
    return Case(**parts)


def _add(
    parts: dict[str, Any],
    course: Course,
    held: list[dict[str, Any]],
    rng: np.random.Generator,
    *,
    planned: int,
) -> None:
    given = tasks(course, rng)
    parts["ratings"] += relationship_ratings(course, rng)
    parts["ending"]["ended_at"] = course.starts[-1]
    parts |= {
        "problems": [problem()],
        "plans": [plan(course, planned)],
        "goals": goals(course),
        "tasks": given,
        "journal": journal(course, given, rng),
        "change_events": change_events(course, held, rng),
    }


def _measurement(course: Course, t: int) -> dict[str, Any]:
    score = course.scores[t]
    about = {"id": f"m{t + 1}", "instrument": "simulated-outcome", "subject": "client", "respondent": CLIENT}
    place: dict[str, Any] = {"measured_at": course.starts[t] - BEFORE}
    if t < course.n:
        place |= {"session": f"s{t + 1}", "timing": "before"}
    elif t:
        place |= {"session": f"s{t}", "timing": "between"}
    return about | place | ({"missing": "not_answered"} if score is None else {"score": score})
