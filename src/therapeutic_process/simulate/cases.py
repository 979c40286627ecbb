"""A simulated cohort written as cases, with talk, codes or ratings, scores and endings."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np

from therapeutic_process.records import Case

if TYPE_CHECKING:
    from collections.abc import Iterator

    from therapeutic_process.simulate.cohort import SimulatedCohort

__all__ = ["simulated_cases"]

_START = datetime(2024, 1, 1, 10, tzinfo=UTC)
_BEFORE = timedelta(hours=1)
_CLIENT = {"kind": "client", "participant": "client"}
_OUTCOME = {"id": "simulated-outcome", "name": "Simulated outcome", "direction": "higher_worse"}
_PROCESS = {"id": "simulated-process", "name": "Simulated process", "domain": "process"}


def simulated_cases(cohort: SimulatedCohort) -> Iterator[Case]:
    """Yield the clients of a simulated cohort as cases, one after the other.

    An event is a client utterance coded ``C`` of the system ``automisc`` in a session that a pass covered; a session
    without one holds ``N``, and one that nobody coded holds talk and no pass. A process score is a client's rating with
    ``simulated-process``. Scores are those of ``simulated-outcome``, before their session. The hidden truth is not in
    the cases. Only the first process variable is written.

    >>> import numpy as np
    >>> from therapeutic_process.simulate import simulate_cohort
    >>> cohort = simulate_cohort("rtm", n_clients=2, n_sessions=6, rng=np.random.default_rng(1))
    >>> [len(case.sessions) for case in simulated_cases(cohort)]
    [6, 6]

    Args:
        cohort: The cohort.
    """
    for client in range(cohort.parameters.n_clients):
        yield _case(cohort, client)


def _case(cohort: SimulatedCohort, client: int) -> Case:
    series = cohort.series
    n = int(series.last_session[client])
    process = [float(v) for v in series.process[0, client, :n]]
    starts = [_START + timedelta(days=float(d)) for d in series.days[client, : n + 1]]
    scores = [float(v) for v in series.outcome[client, : n + 1]]
    coded = cohort.parameters.process_kind == "event"
    therapist = f"therapist{series.therapist[client] + 1}"
    dropout = n < series.outcome.shape[1] - 1
    ending: dict[str, Any] = {"kind": "client_dropout" if dropout else "completed"}
    parts: dict[str, Any] = {
        "id": f"client{client + 1}",
        "participants": [{"id": "client", "role": "client"}, {"id": therapist, "role": "therapist"}],
        "sessions": [_session(t, starts[t], therapist, process[t] if coded else None) for t in range(n)],
        "measurements": [_measurement(t, starts[t], scores[t], follows=t == n) for t in range(n + 1)],
        "ending": ending | ({"last_session": f"s{n}"} if n else {}),
        "instruments": [_OUTCOME, _PROCESS],
    }
    known = [t for t in range(n) if not np.isnan(process[t])]
    if coded:
        parts["coding_passes"] = [_coding_pass(known)] if known else []
    else:
        parts["ratings"] = [_rating(t, process[t]) for t in known]
    return Case(**parts)


def _session(t: int, start: datetime, therapist: str, event: float | None) -> dict[str, Any]:
    talk: list[dict[str, Any]] = [
        {"index": 0, "kind": "speech", "speaker": therapist, "text": "How was your week?"},
        {"index": 1, "kind": "speech", "speaker": "client", "text": "Let me tell you."},
    ]
    if event is not None and not np.isnan(event):
        talk[1]["codes"] = [{"coding_pass": "pass", "system": "automisc", "code": "C" if event else "N"}]
    return {
        "id": f"s{t + 1}", "number": t + 1, "status": "held", "started_at": start, "interactions": talk,
    }  # fmt: skip


def _measurement(t: int, start: datetime, score: float, *, follows: bool) -> dict[str, Any]:
    about = {"id": f"m{t + 1}", "instrument": "simulated-outcome", "subject": "client", "respondent": _CLIENT}
    place: dict[str, Any] = {"measured_at": start - _BEFORE}
    if not follows:
        place |= {"session": f"s{t + 1}", "timing": "before"}
    elif t:
        place |= {"session": f"s{t}", "timing": "between"}
    return about | place | ({"missing": "not_answered"} if np.isnan(score) else {"score": score})


def _coding_pass(known: list[int]) -> dict[str, Any]:
    sessions = [f"s{t + 1}" for t in known]
    coder = {"kind": "observer", "name": "simulation"}
    return {"id": "pass", "system": "automisc", "coder": coder, "extent": "all", "sessions": sessions}


def _rating(t: int, value: float) -> dict[str, Any]:
    of = {"kind": "session", "id": f"s{t + 1}"}
    return {"id": f"r{t + 1}", "instrument": "simulated-process", "of": of, "rater": _CLIENT, "value": value}
