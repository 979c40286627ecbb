"""How far an agreed plan was followed: sessions, interventions, tasks and review, described and not judged."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import attrs

from therapeutic_process.errors import NotEnoughData
from therapeutic_process.records import (
    BetweenSessionTask,
    Case,
    Session,
    TreatmentPlan,
    first_instant,
    last_instant,
)
from therapeutic_process.tables import frame_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    import polars as pl

__all__ = ["InterventionDelivery", "PlanAdherence", "plan_adherence"]


@attrs.frozen
class InterventionDelivery:
    """How often an intervention was delivered.

    Attributes:
        name: The intervention, as the plan or the sessions name it.
        planned_sessions: Sessions for which the plan foresees it, added up where it is named several times; None where
            the plan gives no number.
        delivered_sessions: Held sessions that name it.
        planned: Whether the plan names it.
    """

    name: str
    planned_sessions: int | None
    delivered_sessions: int
    planned: bool


@attrs.frozen(repr=False)
class PlanAdherence:
    """How far one plan was followed.

    Attributes:
        plan: Id of the plan.
        revision: Its revision.
        status: Its latest status.
        planned_sessions: Sessions that the plan foresees; None where it gives no number.
        held: Sessions held since the plan was in force (all held sessions where that time is not known).
        cancelled: Sessions cancelled, likewise.
        missed: Sessions at which the client did not show up, likewise.
        share_held: `held` divided by `planned_sessions`; None without a planned number.
        interventions: What was delivered of what was planned, then what was delivered without being planned.
        sessions_without_interventions: Held sessions that name no intervention: what was done in them is not known.
        tasks: Between-session tasks assigned in those sessions to the clients of the plan.
        tasks_completed: Those that were completed.
        tasks_open: Those not yet completed, failed, rejected or cancelled.
        mean_task_adherence: Mean of the last adherence rating of each task, 0 to 1; None where none was rated.
        tasks_rated: Tasks with an adherence rating.
        review_due: When a review is due.
        review_overdue: Whether that lies before the time asked about; None without either.
        since_known: Whether it is known when the plan came into force.
    """

    plan: str
    revision: int
    status: str
    planned_sessions: int | None
    held: int
    cancelled: int
    missed: int
    share_held: float | None
    interventions: tuple[InterventionDelivery, ...]
    sessions_without_interventions: int
    tasks: int
    tasks_completed: int
    tasks_open: int
    mean_task_adherence: float | None
    tasks_rated: int
    review_due: date | None
    review_overdue: bool | None
    since_known: bool

    def __repr__(self) -> str:
        planned = "an unstated number of" if self.planned_sessions is None else str(self.planned_sessions)
        return (
            f"PlanAdherence(revision {self.revision}, {self.status}: {self.held} sessions held of {planned} planned, "
            f"{self.tasks_completed} of {self.tasks} tasks completed)"
        )

    def to_frame(self) -> pl.DataFrame:
        """Return the interventions as a table with the columns of `InterventionDelivery`."""
        return frame_of(self.interventions, InterventionDelivery)


def plan_adherence(
    case: Case, *, plan: str | None = None, at: date | None = None
) -> tuple[PlanAdherence, ...]:
    """Describe how far the plans in force were followed.

    Says what was planned and what was recorded, and draws no conclusion: a plan may rightly be left.

    >>> from therapeutic_process.exchange import example_cases
    >>> plan_adherence(example_cases()[0])
    (PlanAdherence(revision 2, active: 2 sessions held of 12 planned, 0 of 0 tasks completed),)

    Args:
        case: The case.
        plan: The id of one plan; None for those in force.
        at: The time asked about, for whether a review is overdue.

    Returns:
        A description per plan, in the order of the case.

    Raises:
        NotEnoughData: If a plan is named that the case does not hold.
    """
    if plan is not None and all(p.id != plan for p in case.plans):
        raise NotEnoughData("plan_adherence", needed="the id of a plan of the case", found="another id")
    chosen = [p for p in case.plans if (p.in_force if plan is None else p.id == plan)]
    return tuple(_adherence(case, p, at) for p in chosen)


def _adherence(case: Case, plan: TreatmentPlan, at: date | None) -> PlanAdherence:
    since = next((step.at for step in plan.history if step.status == "active"), None)
    until = next((step.at for step in plan.history if step.status in {"revoked", "completed"}), None)
    sessions = [s for s in case.sessions if _within(s, since, until)]
    held = [s for s in sessions if s.status == "held"]
    ids = {s.id for s in sessions}
    tasks = [k for k in case.tasks if k.assigned_in in ids and _counts(k, plan)]
    rated = [k.adherence[-1].degree for k in tasks if k.adherence]
    overdue = (
        None if at is None or plan.review_due is None else last_instant(plan.review_due) < first_instant(at)
    )
    return PlanAdherence(
        plan=plan.id,
        revision=plan.revision,
        status=plan.status,
        planned_sessions=plan.planned_sessions,
        held=len(held),
        cancelled=sum(s.status == "cancelled" for s in sessions),
        missed=sum(s.status == "no_show" for s in sessions),
        share_held=None if plan.planned_sessions is None else len(held) / plan.planned_sessions,
        interventions=tuple(_deliveries(plan, held)),
        sessions_without_interventions=sum(not s.interventions for s in held),
        tasks=len(tasks),
        tasks_completed=sum(k.status == "completed" for k in tasks),
        tasks_open=sum(k.status in {"requested", "accepted", "in_progress", "on_hold"} for k in tasks),
        mean_task_adherence=sum(rated) / len(rated) if rated else None,
        tasks_rated=len(rated),
        review_due=plan.review_due,
        review_overdue=overdue,
        since_known=since is not None,
    )


def _counts(task: BetweenSessionTask, plan: TreatmentPlan) -> bool:
    """Whether a task is one of the plan's clients, and was not entered in error."""
    return task.status != "entered_in_error" and (not plan.clients or task.participant in plan.clients)


def _within(session: Session, since: date | None, until: date | None) -> bool:
    """Whether a session may lie in the time of a plan; where a time is not known, it does."""
    if session.started_at is None:
        return True
    after = since is None or last_instant(session.started_at) >= first_instant(since)
    return after and (until is None or first_instant(session.started_at) <= last_instant(until))


def _deliveries(plan: TreatmentPlan, held: list[Session]) -> Iterator[InterventionDelivery]:
    delivered = [set(s.interventions) for s in held]
    planned: dict[str, int | None] = {}
    for one in plan.interventions:
        before = planned.get(one.name, 0)
        foreseen = one.planned_sessions
        planned[one.name] = None if before is None or foreseen is None else before + foreseen
    for name, sessions in planned.items():
        yield InterventionDelivery(name, sessions, sum(name in d for d in delivered), planned=True)
    for name in sorted(set().union(*delivered) - planned.keys()):
        yield InterventionDelivery(name, None, sum(name in d for d in delivered), planned=False)
