"""How far a plan was followed: counts of what is recorded."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given

from therapeutic_process.errors import NotEnoughData
from therapeutic_process.records import Case
from therapeutic_process.session_process import InterventionDelivery, plan_adherence
from therapeutic_process.testing import cases

BOTH = ({"capacity": "client", "participant": "c1"}, {"capacity": "therapist", "participant": "t"})
PEOPLE = ({"id": "c1", "role": "client"}, {"id": "t", "role": "therapist"})


def plan(*steps: tuple[str, date | None], **fields: Any) -> dict[str, Any]:
    history = [{"status": s, "at": at} for s, at in steps or (("active", None),)]
    return {"id": "p", "revision": 1, "history": history, "agreements": BOTH, **fields}


def session(number: int, status: str = "held", **fields: Any) -> dict[str, Any]:
    return {"id": f"s{number}", "number": number, "status": status, **fields}


def task(name: str, status: str = "requested", **fields: Any) -> dict[str, Any]:
    whole = {"id": name, "participant": "c1", "kind": "practice", "assigned_in": "s1"}
    return {**whole, "history": [{"status": status}], **fields}


def rated(*degrees: float) -> list[dict[str, Any]]:
    return [{"degree": d, "rater": {"kind": "client"}, "session": "s1"} for d in degrees]


IN_FORCE = (plan(),)


def case_of(*sessions: dict[str, Any], plans: Any = IN_FORCE, people: Any = PEOPLE, **fields: Any) -> Case:
    whole = {"id": "k", "participants": people, "plans": plans, "sessions": sessions}
    return Case.model_validate({**whole, **fields})


def described(case: Case, **choices: Any) -> Any:
    (found,) = plan_adherence(case, **choices)
    return found


def test_sessions_are_counted_by_what_became_of_them() -> None:
    case = case_of(
        session(1), session(2, "no_show"), session(3, "cancelled"), session(4), session(5, "planned"),
        plans=[plan(planned_sessions=8)],
    )  # fmt: skip
    found = described(case)
    assert (found.held, found.cancelled, found.missed, found.planned_sessions) == (2, 1, 1, 8)
    assert found.share_held == 0.25


def test_without_a_planned_number_there_is_no_share() -> None:
    found = described(case_of(session(1)))
    assert (found.planned_sessions, found.share_held) == (None, None)
    assert "1 sessions held of an unstated number of planned" in repr(found)


def test_only_sessions_while_the_plan_was_in_force_count() -> None:
    days = [date(2024, 1, d) for d in (1, 8, 15, 22)]
    sessions = [session(i, started_at=day) for i, day in enumerate(days, start=1)]
    ended = plan(("draft", None), ("active", days[1]), ("completed", days[2]))
    found = described(case_of(*sessions, plans=[ended]), plan="p")
    assert (found.held, found.since_known, found.status) == (2, True, "completed")
    open_end = plan(("active", days[1]))
    assert described(case_of(*sessions, plans=[open_end])).held == 3
    assert described(case_of(*sessions)).held == 4
    assert not described(case_of(*sessions)).since_known


def test_a_pause_does_not_restart_a_plan() -> None:
    days = [date(2024, 1, d) for d in (1, 8, 15)]
    paused = plan(("active", days[0]), ("on_hold", days[1]), ("active", days[2]))
    case = case_of(session(1, started_at=days[0]), session(2, started_at=days[2]), plans=[paused])
    assert described(case).held == 2


def test_a_session_without_a_time_counts() -> None:
    late = plan(("active", date(2024, 1, 8)))
    case = case_of(session(1, started_at=date(2024, 1, 1)), session(2), plans=[late])
    assert described(case).held == 1


def test_interventions_planned_come_first_then_those_that_nobody_planned() -> None:
    foreseen = [{"name": "exposure", "planned_sessions": 4}, {"name": "journal"}]
    sessions = [
        session(1, interventions=["exposure", "zen"]),
        session(2, interventions=["exposure", "art"]),
        session(3),
        session(4, "cancelled", interventions=["exposure"]),
    ]
    found = described(case_of(*sessions, plans=[plan(interventions=foreseen)]))
    assert found.interventions == (
        InterventionDelivery("exposure", 4, 2, planned=True),
        InterventionDelivery("journal", None, 0, planned=True),
        InterventionDelivery("art", None, 1, planned=False),
        InterventionDelivery("zen", None, 1, planned=False),
    )
    assert found.sessions_without_interventions == 1
    assert found.to_frame().columns == ["name", "planned_sessions", "delivered_sessions", "planned"]
    assert found.to_frame().height == 4


def test_an_intervention_planned_for_two_goals_is_planned_for_the_sessions_of_both() -> None:
    goals = [{"id": g, "history": [{"status": "active"}]} for g in ("g1", "g2")]
    numbers: list[tuple[Any, Any, Any]] = [(3, 4, 7), (3, None, None), (None, 4, None)]
    for one, other, together in numbers:
        foreseen = [
            {"name": "exposure", "planned_sessions": one, "goal": "g1"},
            {"name": "exposure", "planned_sessions": other, "goal": "g2"},
        ]
        found = described(case_of(plans=[plan(interventions=foreseen)], goals=goals))
        assert found.interventions == (InterventionDelivery("exposure", together, 0, planned=True),)


def test_tasks_are_counted_by_status_and_adherence_is_the_mean_of_the_last_ratings() -> None:
    tasks = [
        task("a", "completed", adherence=rated(0.0, 1.0)),
        task("b", "in_progress", adherence=rated(0.5)),
        task("c", "failed"),
        task("d", "on_hold"),
        task("e", "entered_in_error", adherence=rated(0.0)),
        task("f", "completed", assigned_in=None),
    ]
    found = described(case_of(session(1), tasks=tasks))
    assert (found.tasks, found.tasks_completed, found.tasks_open) == (4, 1, 2)
    assert (found.mean_task_adherence, found.tasks_rated) == (0.75, 2)


def test_no_rating_is_no_adherence_of_zero() -> None:
    found = described(case_of(session(1), tasks=[task("a")]))
    assert (found.mean_task_adherence, found.tasks_rated) == (None, 0)


def test_tasks_of_other_clients_are_not_those_of_the_plan() -> None:
    people = (*PEOPLE, {"id": "c2", "role": "client"})
    tasks = [task("a"), task("b", participant="c2")]
    hers = plan(clients=["c1"])
    assert described(case_of(session(1), tasks=tasks, people=people, plans=[hers])).tasks == 1
    also = {"capacity": "client", "participant": "c2"}
    joint = plan(agreements=(*BOTH, also))
    assert described(case_of(session(1), tasks=tasks, people=people, plans=[joint])).tasks == 2


@pytest.mark.parametrize(
    ("due", "at", "overdue"),
    [
        (date(2024, 5, 1), date(2024, 6, 1), True),
        (date(2024, 5, 1), date(2024, 4, 1), False),
        (date(2024, 5, 1), date(2024, 5, 1), False),
        (date(2024, 5, 1), datetime(2024, 5, 3, tzinfo=UTC), True),
        (None, date(2024, 6, 1), None),
        (date(2024, 5, 1), None, None),
    ],
)
def test_a_review_is_overdue_only_when_it_surely_is(
    due: date | None, at: date | None, overdue: bool | None
) -> None:
    assert described(case_of(plans=[plan(review_due=due)]), at=at).review_overdue is overdue


def test_plans_in_force_are_described_unless_one_is_named() -> None:
    draft = plan(("draft", None), id="q")
    case = case_of(plans=[plan(), draft])
    assert [a.plan for a in plan_adherence(case)] == ["p"]
    assert [a.plan for a in plan_adherence(case, plan="q")] == ["q"]
    assert plan_adherence(case_of(plans=[])) == ()
    with pytest.raises(NotEnoughData, match="a plan of the case"):
        plan_adherence(case, plan="nobody's")


@given(cases())
def test_no_count_exceeds_what_the_case_holds(case: Case) -> None:
    for one in (a for p in case.plans for a in plan_adherence(case, plan=p.id)):
        assert one.held + one.cancelled + one.missed <= len(case.sessions)
        assert one.tasks_completed + one.tasks_open <= one.tasks <= len(case.tasks)
        assert one.sessions_without_interventions <= one.held
        assert all(d.delivered_sessions <= one.held for d in one.interventions)
        assert one.tasks_rated <= one.tasks
        assert (one.mean_task_adherence is None) == (one.tasks_rated == 0)
