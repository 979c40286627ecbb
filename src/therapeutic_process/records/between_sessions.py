"""What goes on between sessions: tasks that were agreed, and journals."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Literal

from pydantic import Field
from typing_extensions import override

from therapeutic_process.base import FreeText, Id, Many, PublicId, Record, RuledRecord, When, broken
from therapeutic_process.errors import Violation
from therapeutic_process.records.life_cycle import TASK_STEPS, dated_in_order, legal_steps
from therapeutic_process.records.rating import MissingReason, value_or_reason
from therapeutic_process.records.shared import GoalId, ParticipantId, Reporter, SessionId, TaskId

__all__ = ["AdherenceRating", "BetweenSessionTask", "JournalEntry", "JournalRating", "TaskStatus", "TaskStep"]

TaskStatus = Literal[
    "requested", "accepted", "rejected", "cancelled", "in_progress", "on_hold", "failed", "completed",
    "entered_in_error",
]  # fmt: skip


class TaskStep(Record, frozen=True):
    """One step in the life of a task."""

    status: TaskStatus = Field(description="The status from then on.")
    at: When | None = Field(default=None, description="When the status changed.")
    reason: FreeText | None = Field(default=None, description="Why it changed.")


class AdherenceRating(RuledRecord, frozen=True):
    """How far a task was done, rated at a known time: a time, or a session in which it was talked about."""

    degree: float = Field(ge=0, le=1, description="Share of the task that was done.")
    rater: Reporter = Field(description="Who rated.")
    rated_at: When | None = Field(default=None, description="When it was rated.")
    session: SessionId | None = Field(default=None, description="The session in which it was talked about.")

    @override
    def broken_rules(self, context: Mapping[str, Any]) -> Iterator[Violation]:
        if self.rated_at is None and self.session is None:
            yield broken(
                "adherence_time", "rated_at", needed="a time or a session of the rating", found="neither"
            )


class BetweenSessionTask(RuledRecord, frozen=True):
    """Something a client agreed to do between sessions.

    >>> task = BetweenSessionTask(id="k1", participant="c1", kind="journal", history=[{"status": "requested"}])
    >>> task.status
    'requested'
    """

    id: Id = Field(description="Names the task in this case.")
    participant: ParticipantId = Field(description="Whose task it is.")
    kind: Literal[
        "journal",
        "practice",
        "exposure",
        "thought_record",
        "monitoring",
        "activity",
        "reading",
        "relaxation",
        "other",
    ] = Field(description="What kind of task.")
    assigned_in: SessionId | None = Field(default=None, description="The session in which it was agreed.")
    goal: GoalId | None = Field(default=None, description="The goal that it serves.")
    description: FreeText | None = Field(default=None, description="What is to be done.")
    due: When | None = Field(default=None, description="Until when.")
    history: Many[TaskStep] = Field(min_length=1, description="Status after status, oldest first.")
    adherence: Many[AdherenceRating] = Field(default=(), description="How far it was done, as rated.")

    @property
    def status(self) -> TaskStatus:
        """The latest status."""
        return self.history[-1].status

    @override
    def broken_rules(self, context: Mapping[str, Any]) -> Iterator[Violation]:
        yield from legal_steps(self.history, TASK_STEPS)
        yield from dated_in_order(self.history)


class JournalRating(RuledRecord, frozen=True):
    """A value that the writer gave in a journal: a mood, an intensity."""

    scale: PublicId = Field(description="What was rated: mood, craving, hours of sleep.")
    value: float | None = Field(default=None, description="The value.")
    missing: MissingReason | None = Field(default=None, description="Why there is no value.")

    @override
    def broken_rules(self, context: Mapping[str, Any]) -> Iterator[Violation]:
        yield from value_or_reason(self.value, self.missing, "value")


class JournalEntry(Record, frozen=True):
    """What somebody wrote or rated outside sessions."""

    id: Id = Field(description="Names the entry in this case.")
    author: ParticipantId = Field(description="Who wrote it.")
    written_at: When | None = Field(default=None, description="When it was written.")
    after_session: SessionId | None = Field(
        default=None, description="The last session before it, where no time is known."
    )
    text: FreeText | None = Field(default=None, description="What was written.")
    ratings: Many[JournalRating] = Field(default=(), description="Values that were given in it.")
    task: TaskId | None = Field(default=None, description="The task that it answers.")
