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

    status: TaskStatus
    at: When | None = None
    reason: FreeText | None = None


class AdherenceRating(RuledRecord, frozen=True):
    """How far a task was done, rated at a known time: a time, or a session in which it was talked about."""

    degree: float = Field(ge=0, le=1, description="Share of the task that was done.")
    rater: Reporter
    rated_at: When | None = None
    session: SessionId | None = None

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

    id: Id
    participant: ParticipantId
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
    ]
    assigned_in: SessionId | None = Field(default=None, description="The session in which it was agreed.")
    goal: GoalId | None = None
    description: FreeText | None = None
    due: When | None = None
    history: Many[TaskStep] = Field(min_length=1, description="Status after status, oldest first.")
    adherence: Many[AdherenceRating] = ()

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

    scale: PublicId
    value: float | None = None
    missing: MissingReason | None = None

    @override
    def broken_rules(self, context: Mapping[str, Any]) -> Iterator[Violation]:
        yield from value_or_reason(self.value, self.missing, "value")


class JournalEntry(Record, frozen=True):
    """What somebody wrote or rated outside sessions."""

    id: Id
    author: ParticipantId
    written_at: When | None = None
    after_session: SessionId | None = Field(
        default=None, description="The last session before it, where no time is known."
    )
    text: FreeText | None = None
    ratings: Many[JournalRating] = ()
    task: TaskId | None = Field(default=None, description="The task that it answers.")
