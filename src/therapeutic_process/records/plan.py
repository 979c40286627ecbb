"""The treatment plan: what was agreed, by whom, and in which revision."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Literal

from pydantic import Field
from typing_extensions import override

from therapeutic_process.base import FreeText, Id, Many, PublicText, Record, RuledRecord, When, broken
from therapeutic_process.errors import Violation
from therapeutic_process.records.life_cycle import PLAN_STEPS, dated_in_order, legal_steps
from therapeutic_process.records.shared import Agreement, GoalId, ParticipantId, PlanId, ProblemId

__all__ = ["PlanStatus", "PlanStep", "PlannedIntervention", "TreatmentPlan"]

PlanStatus = Literal["draft", "active", "on_hold", "revoked", "completed", "entered_in_error"]


class PlanStep(Record, frozen=True):
    """One step in the life of a plan."""

    status: PlanStatus = Field(description="The status from then on.")
    at: When | None = Field(default=None, description="When the status changed.")
    reason: FreeText | None = Field(default=None, description="Why it changed.")


class PlannedIntervention(Record, frozen=True):
    """An intervention that the plan foresees."""

    name: PublicText = Field(description="What is to be done, in the words of its manual.")
    planned_sessions: int | None = Field(default=None, ge=1, description="In how many sessions.")
    goal: GoalId | None = Field(default=None, description="The goal that it serves.")


class TreatmentPlan(RuledRecord, frozen=True):
    """One revision of an agreed way of working.

    In force while its status is active, which needs the agreement of a therapist and of the client side: each client,
    or a guardian on behalf of the client.

    >>> TreatmentPlan(id="p1", revision=1, history=[{"status": "draft"}]).in_force
    False
    """

    id: Id = Field(description="Names this revision in this case.")
    revision: int = Field(ge=1, description="1 for the first, and so on.")
    replaces: PlanId | None = Field(default=None, description="The revision before this one.")
    clients: Many[ParticipantId] = Field(
        default=(), description="The clients it is for; empty: all clients of the case."
    )
    history: Many[PlanStep] = Field(min_length=1, description="Status after status, oldest first.")
    goals: Many[GoalId] = Field(default=(), description="The goals that the plan works towards.")
    problems: Many[ProblemId] = Field(default=(), description="The problems that it addresses.")
    planned_sessions: int | None = Field(default=None, ge=1, description="How many sessions are planned.")
    interventions: Many[PlannedIntervention] = Field(default=(), description="What is planned to be done.")
    agreements: Many[Agreement] = Field(
        default=(), description="Who agreed to it; a plan in force needs both sides."
    )
    review_due: When | None = Field(default=None, description="When it is to be looked at again.")

    @property
    def status(self) -> PlanStatus:
        """The latest status."""
        return self.history[-1].status

    @property
    def in_force(self) -> bool:
        """Whether the plan is the one that is being followed."""
        return self.status == "active"

    @override
    def broken_rules(self, context: Mapping[str, Any]) -> Iterator[Violation]:
        yield from legal_steps(self.history, PLAN_STEPS)
        yield from dated_in_order(self.history)
        if (self.replaces is None) != (self.revision == 1):
            needed = "the revision that it replaces, for every revision but the first"
            yield broken("revision_chain", "replaces", needed=needed, found="it the other way round")
        if self.status == "active":
            sides = {a.capacity for a in self.agreements}
            if "therapist" not in sides:
                needed = "a therapist's agreement to a plan in force"
                yield broken("plan_agreed", "agreements", needed=needed, found="none")
            if not sides & {"client", "guardian"}:
                needed = "a client's or guardian's agreement to a plan in force"
                yield broken("plan_agreed", "agreements", needed=needed, found="none")
