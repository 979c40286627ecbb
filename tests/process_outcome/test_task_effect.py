"""From assignment to adherence to the next score."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import numpy as np
import pytest

from therapeutic_process.change_process import ScorePattern
from therapeutic_process.errors import CannotEstimate, NotEnoughData
from therapeutic_process.process_outcome import Layout, between_session_task_effect
from therapeutic_process.records import Case

START = datetime(2024, 3, 4, 10, tzinfo=UTC)
CLIENT = {"kind": "client", "participant": "c"}
SCALE = {"id": "scale", "name": "Scale", "direction": "higher_worse", "minimum": -99, "maximum": 99}
SESSIONS = 9


def week(t: int, days: float = 0.0) -> datetime:
    return START + timedelta(days=7 * t + days)


def a_case(number: int, *, effect: float, late: bool = False) -> Case:
    """Write a course in which a full week of practice lowers the next score by `effect`; no task in the third."""
    rng = np.random.default_rng(number)
    done = rng.choice([0.0, 0.5, 1.0], SESSIONS)
    y = 20 + rng.normal(0, 3) + rng.normal(0, 1.5, SESSIONS)
    y[1:] -= effect * np.where(np.arange(SESSIONS - 1) == 2, 0.0, done[:-1])
    rated = 8 if late else 6
    tasks = [
        {"id": f"k{t}", "participant": "c", "kind": "practice", "assigned_in": f"s{t}",
         "history": [{"status": "requested"}],
         "adherence": [{"degree": done[t], "rater": CLIENT, "rated_at": week(t, rated)}]}
        for t in range(SESSIONS) if t != 2
    ]  # fmt: skip
    scores = [
        {"id": f"m{t}", "instrument": "scale", "subject": "c", "respondent": CLIENT, "score": y[t],
         "session": f"s{t}", "timing": "before", "measured_at": week(t, -0.1)}
        for t in range(SESSIONS)
    ]  # fmt: skip
    sessions = [
        {"id": f"s{t}", "number": t, "status": "held", "started_at": week(t)} for t in range(SESSIONS)
    ]
    parts: dict[str, Any] = {"participants": [{"id": "c", "role": "client"}], "sessions": sessions, "tasks": tasks,
                             "measurements": scores, "instruments": [SCALE]}  # fmt: skip
    return Case(id=f"case{number}", **parts)


@cache
def cohort(effect: float, n: int = 60, *, late: bool = False) -> tuple[Case, ...]:
    return tuple(a_case(i, effect=effect, late=late) for i in range(n))


def found(cases: tuple[Case, ...], **options: Any) -> Any:
    return between_session_task_effect(
        cases, effect=ScorePattern(instrument="scale"), timing="before", **options
    )


def test_more_practice_than_usual_goes_with_a_lower_next_score() -> None:
    result = found(cohort(3.0))
    low, high = result.effect.interval
    assert low < -3.0 < high < 0
    assert (result.n_without_task, result.n_unrated, result.n_rated) == (60, 0, 60 * (SESSIONS - 1))
    assert 0.4 < result.mean_adherence < 0.6
    assert "no such link shows that the task helped" in str(result)


def test_without_an_effect_nothing_is_claimed() -> None:
    assert not found(cohort(0.0)).effect.excludes_zero


def test_adherence_rated_after_the_outcome_is_refused_with_its_number() -> None:
    with pytest.raises(NotEnoughData, match="found 420 sessions whose tasks were rated after it"):
        found(cohort(0.0, late=True))


def test_other_kinds_of_task_and_too_few_clients_are_refused() -> None:
    with pytest.raises(CannotEstimate, match="too_few"):
        found(cohort(0.0), tasks=("exposure",))
    with pytest.raises(CannotEstimate, match="too_few_clients"):
        found(cohort(0.0)[:10])


def test_a_later_score_may_be_the_outcome_and_an_undeclared_timing_is_refused() -> None:
    cases = cohort(3.0)
    later = between_session_task_effect(
        cases, effect=ScorePattern(instrument="scale"), layout=Layout(timing="before", lag=2)
    )
    assert later.effect.layout.lag == 2
    low, high = later.effect.interval
    assert low < 0 < high
    with pytest.raises(CannotEstimate, match="timing_undeclared"):
        between_session_task_effect(cases, effect=ScorePattern(instrument="scale"))
