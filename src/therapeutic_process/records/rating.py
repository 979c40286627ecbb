"""What was measured and rated: questionnaires with subject and respondent, and ratings of what happened."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Literal

from pydantic import Field
from typing_extensions import override

from therapeutic_process.base import Id, Many, PublicId, RuledRecord, When, broken
from therapeutic_process.errors import Violation
from therapeutic_process.records.shared import ParticipantId, PassId, Reference, Reporter, SessionId

__all__ = ["ItemAnswer", "Measurement", "MissingReason", "Rating", "Timing"]

Timing = Literal["before", "after", "between", "unknown"]
"""When a measurement was taken, seen from its session; 'between': after it and before the next."""
MissingReason = Literal["not_asked", "declined", "not_answered", "not_scorable", "technical", "unknown"]


class Rating(RuledRecord, frozen=True):
    """A value on a scale, given by somebody to a session, segment, goal or interaction."""

    id: Id = Field(description="Names the rating in this case.")
    instrument: PublicId = Field(description="An instrument, or a coding system with rating scales.")
    scale: PublicId | None = Field(
        default=None, description="The subscale or scale, where there are several."
    )
    of: Reference = Field(description="What was rated.")
    rater: Reporter = Field(description="Who rated.")
    value: float = Field(description="The value, on the scale's own range.")
    coding_pass: PassId | None = Field(
        default=None, description="The pass in which it was rated, for ratings of a coding system."
    )
    rated_at: When | None = Field(default=None, description="When it was rated.")

    @override
    def broken_rules(self, context: Mapping[str, Any]) -> Iterator[Violation]:
        if self.of.kind not in {"session", "segment", "goal", "interaction"}:
            needed = "a session, segment, goal or interaction"
            yield broken("rating_target", "of", "kind", needed=needed, found="something else")


class ItemAnswer(RuledRecord, frozen=True):
    """The answer to one item, or why there is none."""

    item: int = Field(ge=1, description="Item number, counted from 1.")
    value: float | None = Field(default=None, description="The answer, as a number.")
    missing: MissingReason | None = Field(default=None, description="Why there is no answer.")

    @override
    def broken_rules(self, context: Mapping[str, Any]) -> Iterator[Violation]:
        yield from value_or_reason(self.value, self.missing, "value")


class Measurement(RuledRecord, frozen=True):
    """A score of an instrument, or the reason why it is missing; who it is about and who answered.

    >>> bdi = Measurement(id="m1", instrument="bdi2", subject="c1", score=21, timing="before", session="s1",
    ...                   respondent={"kind": "client", "participant": "c1"})
    >>> bdi.score
    21.0
    """

    id: Id = Field(description="Names the measurement in this case.")
    instrument: PublicId = Field(description="The questionnaire or scale.")
    scale: PublicId | None = Field(default=None, description="The subscale; None: the total.")
    subject: ParticipantId = Field(description="The participant whom it is about.")
    respondent: Reporter = Field(description="Who answered.")
    score: float | None = Field(default=None, description="The score, on the instrument's own range.")
    missing: MissingReason | None = Field(default=None, description="Why there is no score.")
    measured_at: When | None = Field(default=None, description="When it was taken.")
    session: SessionId | None = Field(default=None, description="The session that it belongs to.")
    timing: Timing = Field(default="unknown", description="Seen from the session.")
    items: Many[ItemAnswer] = Field(default=(), description="Answers to single items.")

    @override
    def broken_rules(self, context: Mapping[str, Any]) -> Iterator[Violation]:
        yield from value_or_reason(self.score, self.missing, "score")
        if self.items and len({a.item for a in self.items}) < len(self.items):
            yield broken("item_repeated", "items", needed="each item once", found="one twice")
        if self.session is None and self.timing != "unknown":
            needed = "the session that the timing is seen from"
            yield broken("timing_session", "session", needed=needed, found="nothing")


def value_or_reason(value: float | None, missing: str | None, name: str) -> Iterator[Violation]:
    """Yield a violation unless there is either a value or a reason for its absence."""
    if (value is None) == (missing is None):
        found = "both" if missing is not None else "neither"
        yield broken("score_or_reason", name, needed="a value or the reason why it is missing", found=found)
