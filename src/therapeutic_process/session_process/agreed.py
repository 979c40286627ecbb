"""Who agreed to plans, goals and tasks: the sides apart, as far as it is recorded."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Literal

import attrs

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from therapeutic_process.records import Agreement, Case

__all__ = ["AgreedSide", "TaskAnswers", "agreed_sides", "task_answers"]

_TAKEN_UP = frozenset({"accepted", "in_progress", "on_hold", "completed", "failed"})


@attrs.frozen(repr=False)
class AgreedSide:
    """How far one side agreed to a plan or a goal.

    Attributes:
        what: ``plan`` or ``goal``.
        id: Its id.
        status: Its latest status.
        side: ``client`` (a guardian agrees on behalf of a client) or ``therapist``.
        n_asked: People on that side.
        n_agreed: Those with a recorded agreement.
        extent: Mean extent of their agreement, 0 to 1; None where none is recorded.
        n_extent: Agreements with an extent.
        missing: ``no_agreement_recorded`` or ``no_extent_recorded``; None where there is an extent. Not recorded is
            not disagreed.
    """

    what: Literal["plan", "goal"]
    id: str
    status: str
    side: Literal["client", "therapist"]
    n_asked: int
    n_agreed: int
    extent: float | None
    n_extent: int
    missing: str | None

    def __repr__(self) -> str:
        return f"AgreedSide({self.what}, {self.side} side: {self.n_agreed} of {self.n_asked} agreed)"


@attrs.frozen
class TaskAnswers:
    """What became of the tasks that were proposed for the time between sessions.

    Attributes:
        n: Tasks, without those entered in error.
        n_taken_up: Accepted, begun, finished or tried without success.
        n_rejected: Rejected.
        n_cancelled: Cancelled before they were taken up.
        n_unanswered: Requested, and nothing further is recorded.
    """

    n: int
    n_taken_up: int
    n_rejected: int
    n_cancelled: int
    n_unanswered: int


def agreed_sides(case: Case) -> tuple[AgreedSide, ...]:
    """Return, for each plan and goal that was not entered in error, how far each side agreed."""
    everybody = tuple(c.id for c in case.clients)
    therapists = tuple(p.id for p in case.participants if p.role == "therapist")
    found: list[AgreedSide] = []
    for plan in case.plans:
        if plan.status != "entered_in_error":
            asked = plan.clients or everybody
            found += _sides("plan", plan.id, plan.status, plan.agreements, asked, therapists)
    for goal in case.goals:
        if goal.status != "entered_in_error":
            asked = goal.participants or everybody
            found += _sides("goal", goal.id, goal.status, goal.agreements, asked, therapists)
    return tuple(found)


def _sides(
    what: Literal["plan", "goal"],
    name: str,
    status: str,
    agreements: Sequence[Agreement],
    clients: tuple[str, ...],
    therapists: tuple[str, ...],
) -> Iterator[AgreedSide]:
    for side, asked in (("client", clients), ("therapist", therapists)):
        own = [a for a in agreements if (a.capacity == "therapist") == (side == "therapist")]
        agreed = set[str]().union(*(_agreeing(a, asked) for a in own))
        extents = [a.extent for a in own if a.extent is not None]
        yield AgreedSide(
            what=what,
            id=name,
            status=status,
            side="client" if side == "client" else "therapist",
            n_asked=len(asked),
            n_agreed=len(agreed),
            extent=math.fsum(extents) / len(extents) if extents else None,
            n_extent=len(extents),
            missing=None if extents else "no_extent_recorded" if own else "no_agreement_recorded",
        )


def _agreeing(agreement: Agreement, asked: tuple[str, ...]) -> frozenset[str]:
    """Return for whom of a side an agreement stands; a guardian who names nobody stands for all."""
    who = agreement.on_behalf_of if agreement.capacity == "guardian" else agreement.participant
    if who is None:
        return frozenset(asked if agreement.capacity == "guardian" or len(asked) == 1 else ())
    return frozenset({who}).intersection(asked)


def task_answers(case: Case) -> TaskAnswers:
    """Count what became of the tasks that were proposed."""
    tasks = [{step.status for step in t.history} for t in case.tasks if t.status != "entered_in_error"]
    taken_up = sum(bool(t & _TAKEN_UP) for t in tasks)
    rejected = sum("rejected" in t for t in tasks)
    cancelled = sum("cancelled" in t and not t & _TAKEN_UP for t in tasks)
    return TaskAnswers(
        len(tasks), taken_up, rejected, cancelled, len(tasks) - taken_up - rejected - cancelled
    )
