"""A goal, whose it is, how it fared, and how far it was attained."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Literal

from pydantic import Field
from typing_extensions import override

from therapeutic_process.base import (
    FreeText,
    Id,
    Many,
    QuasiText,
    Record,
    RuledRecord,
    When,
    broken,
    earliest,
    latest,
)
from therapeutic_process.errors import Violation
from therapeutic_process.records.life_cycle import GOAL_STEPS, dated_in_order, legal_steps
from therapeutic_process.records.shared import (
    Agreement,
    GoalId,
    ParticipantId,
    ProblemId,
    Reporter,
    SessionId,
)

__all__ = [
    "Achievement",
    "AttainmentLevel",
    "AttainmentRating",
    "Goal",
    "GoalRating",
    "GoalStatus",
    "GoalStep",
]

GoalStatus = Literal[
    "proposed",
    "planned",
    "accepted",
    "active",
    "on_hold",
    "completed",
    "cancelled",
    "rejected",
    "entered_in_error",
]
Achievement = Literal[
    "in_progress", "improving", "worsening", "no_change", "achieved", "sustaining", "not_achieved", "no_progress",
    "not_attainable",
]  # fmt: skip
_IN_PROGRESS = frozenset({"in_progress", "improving", "worsening", "no_change"})
_ACHIEVED = frozenset({"achieved", "sustaining"})
_NOT_ACHIEVED = frozenset({"not_achieved", "no_progress", "not_attainable"})
# Which achievement goes with which status: completed means no longer sought, which is not the same as achieved.
_ACHIEVEMENTS: Mapping[str, frozenset[str]] = {
    "proposed": frozenset(),
    "planned": frozenset(),
    "rejected": frozenset(),
    "accepted": _IN_PROGRESS,
    "active": _IN_PROGRESS | _ACHIEVED,
    "on_hold": _IN_PROGRESS | _ACHIEVED,
    "completed": _ACHIEVED | _NOT_ACHIEVED,
    "cancelled": _IN_PROGRESS | _ACHIEVED | _NOT_ACHIEVED,
    "entered_in_error": _IN_PROGRESS | _ACHIEVED | _NOT_ACHIEVED,
}


class GoalStep(Record, frozen=True):
    """One step in the life of a goal."""

    status: GoalStatus = Field(description="The status from then on.")
    at: When | None = Field(default=None, description="When the status changed.")
    reason: FreeText | None = Field(default=None, description="Why it changed.")


class AttainmentLevel(Record, frozen=True):
    """What one level of goal attainment scaling stands for (Kiresuk & Sherman 1968)."""

    level: int = Field(ge=-2, le=2, description="0 is the expected outcome.")
    description: FreeText | None = Field(default=None, description="What reaching this level looks like.")


class AttainmentRating(Record, frozen=True):
    """A level of attainment, rated by somebody."""

    level: int = Field(ge=-2, le=2, description="The level that was reached; 0 is the expected outcome.")
    rater: Reporter = Field(description="Who rated.")
    independent: bool | None = Field(
        default=None, description="Whether the rater is independent of the treatment."
    )
    rated_at: When | None = Field(default=None, description="When it was rated.")
    session: SessionId | None = Field(default=None, description="The session in which it was rated.")


class GoalRating(Record, frozen=True):
    """Goal-based outcome: progress towards the goal from 0 (not at all) to 10 (reached)."""

    value: float = Field(ge=0, le=10, description="0: not at all; 10: reached.")
    rater: Reporter = Field(description="Who rated.")
    rated_at: When | None = Field(default=None, description="When it was rated.")
    session: SessionId | None = Field(default=None, description="The session in which it was rated.")


class Goal(RuledRecord, frozen=True):
    """What a client, couple, family or group wants to reach.

    >>> goal = Goal(id="g1", participants=["c1"], history=[{"status": "proposed"}, {"status": "active"}])
    >>> goal.status
    'active'
    """

    id: Id = Field(description="Names the goal in this case.")
    participants: Many[ParticipantId] = Field(
        default=(), description="Whose goal; empty: all clients together."
    )
    statement: FreeText | None = Field(default=None, description="The goal in words.")
    domain: QuasiText | None = Field(default=None, description="Area of life or of functioning.")
    problem: ProblemId | None = Field(default=None, description="The problem that it is about.")
    history: Many[GoalStep] = Field(min_length=1, description="Status after status, oldest first.")
    achievement: Achievement | None = Field(
        default=None,
        description="How far it was achieved; what is completed need not be achieved.",
    )
    achieved_at: When | None = Field(default=None, description="When it was achieved.")
    agreements: Many[Agreement] = Field(default=(), description="Who agreed to it.")
    levels: Many[AttainmentLevel] = Field(default=(), description="Attainment levels -2 … +2.")
    levels_set_at: When | None = Field(
        default=None, description="When the levels were set: before anybody rates them."
    )
    baseline_level: Literal[-1, -2] | None = Field(default=None, description="Level at the start of therapy.")
    weight: float = Field(default=1.0, gt=0, description="Weight in goal attainment scaling.")
    attainments: Many[AttainmentRating] = Field(
        default=(), description="Ratings on the levels of attainment."
    )
    ratings: Many[GoalRating] = Field(
        default=(), description="Ratings of progress, 0 to 10 (goal-based outcome)."
    )
    follows: GoalId | None = Field(
        default=None, description="The goal after which the focus moved to this one."
    )

    @property
    def status(self) -> GoalStatus:
        """The latest status."""
        return self.history[-1].status

    @override
    def broken_rules(self, context: Mapping[str, Any]) -> Iterator[Violation]:
        yield from legal_steps(self.history, GOAL_STEPS)
        yield from dated_in_order(self.history)
        yield from self._reopening_has_reason()
        if self.achievement is not None and self.achievement not in _ACHIEVEMENTS[self.status]:
            options = ", ".join(sorted(_ACHIEVEMENTS[self.status])) or "none"
            needed = f"for a goal that is {self.status!r}: {options}"
            yield broken("achievement_status", "achievement", needed=needed, found=repr(self.achievement))
        if self.achieved_at is not None and self.achievement not in _ACHIEVED:
            yield broken(
                "achieved_at", "achieved_at", needed="a goal that is achieved", found="one that is not"
            )
        if len({x.level for x in self.levels}) < len(self.levels):
            yield broken("level_repeated", "levels", needed="each level once", found="one twice")
        yield from self._levels_before_ratings()

    def _reopening_has_reason(self) -> Iterator[Violation]:
        for i in range(1, len(self.history)):
            if self.history[i - 1].status == "completed" and self.history[i].status == "active":
                if not self.history[i].reason:
                    needed = "the reason why a completed goal is active again"
                    yield broken("reopened_reason", "history", i, "reason", needed=needed, found="nothing")

    def _levels_before_ratings(self) -> Iterator[Violation]:
        if self.levels_set_at is None:
            return
        for i, rating in enumerate(self.attainments):
            if rating.rated_at is not None and latest(rating.rated_at) < earliest(self.levels_set_at):
                needed = "levels that were set before they are rated"
                yield broken(
                    "levels_first", "attainments", i, "rated_at", needed=needed, found="a rating before them"
                )
