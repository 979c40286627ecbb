"""Life cycles: which status may follow which, for goals, plans and tasks."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Protocol

from therapeutic_process.base import broken, earliest, latest
from therapeutic_process.errors import Violation

__all__ = ["GOAL_STEPS", "PLAN_STEPS", "TASK_STEPS", "dated_in_order", "legal_steps"]

ENTERED_IN_ERROR = "entered_in_error"


class _Step(Protocol):
    @property
    def status(self) -> str: ...

    @property
    def at(self) -> date | None: ...


# FHIR R4 publishes the codes of Goal, CarePlan and Task but no transitions for Goal; this is the proposed table.
GOAL_STEPS: Mapping[str, frozenset[str]] = {
    "proposed": frozenset({"planned", "accepted", "active", "rejected", "cancelled"}),
    "planned": frozenset({"accepted", "active", "cancelled"}),
    "accepted": frozenset({"active", "cancelled"}),
    "active": frozenset({"on_hold", "completed", "cancelled"}),
    "on_hold": frozenset({"active", "completed", "cancelled"}),
    "completed": frozenset({"active"}),
    "cancelled": frozenset(),
    "rejected": frozenset(),
}
PLAN_STEPS: Mapping[str, frozenset[str]] = {
    "draft": frozenset({"active", "revoked"}),
    "active": frozenset({"on_hold", "completed", "revoked"}),
    "on_hold": frozenset({"active", "completed", "revoked"}),
    "completed": frozenset(),
    "revoked": frozenset(),
}
TASK_STEPS: Mapping[str, frozenset[str]] = {
    "requested": frozenset({"accepted", "rejected", "cancelled", "in_progress", "completed", "failed"}),
    "accepted": frozenset({"in_progress", "completed", "failed", "cancelled"}),
    "in_progress": frozenset({"on_hold", "completed", "failed", "cancelled"}),
    "on_hold": frozenset({"in_progress", "completed", "failed", "cancelled"}),
    "completed": frozenset(),
    "failed": frozenset(),
    "rejected": frozenset(),
    "cancelled": frozenset(),
}


def legal_steps(history: Sequence[_Step], steps: Mapping[str, frozenset[str]]) -> Iterator[Violation]:
    """Yield a violation for every step of a history that its life cycle does not allow."""
    for i in range(1, len(history)):
        before, after = history[i - 1].status, history[i].status
        if after == ENTERED_IN_ERROR and before != ENTERED_IN_ERROR:
            continue
        allowed = steps.get(before, frozenset())
        if after not in allowed:
            options = (
                ", ".join(sorted(allowed | {ENTERED_IN_ERROR})) if before != ENTERED_IN_ERROR else "nothing"
            )
            yield broken(
                "status_step",
                "history",
                i,
                "status",
                needed=f"after {before!r}: {options}",
                found=repr(after),
            )


def dated_in_order(history: Sequence[_Step]) -> Iterator[Violation]:
    """Yield a violation for every step that is dated before an earlier step."""
    known = [(i, step.at) for i, step in enumerate(history) if step.at is not None]
    for (_, before), (i, after) in itertools.pairwise(known):
        if latest(after) < earliest(before):
            yield broken(
                "status_order",
                "history",
                i,
                "at",
                needed="times that do not decrease",
                found="an earlier one",
            )
