"""A session and what was said and done in it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from operator import lt
from typing import Any, Literal

from pydantic import Field
from typing_extensions import override

from therapeutic_process.base import (
    FreeText,
    Id,
    LightRecord,
    Many,
    NonNegative,
    PublicText,
    QuasiText,
    RuledRecord,
    When,
    broken,
)
from therapeutic_process.errors import Violation
from therapeutic_process.records.coding import Code, Span, ends_after_start
from therapeutic_process.records.shared import GoalId, ParticipantId, ProblemId, Reporter, SegmentId

__all__ = ["Interaction", "Segment", "Session"]


class Interaction(LightRecord, frozen=True):
    """One thing said or done in a session: speech, silence, a gesture, an activity.

    The index is the order; offsets never are, for people talk over each other and stamps tie.
    """

    index: int = Field(ge=0, description="Position in the session; grows from one interaction to the next.")
    kind: Literal["speech", "silence", "nonverbal", "activity"] = Field(description="What was observed.")
    speaker: ParticipantId | None = Field(default=None, description="Who spoke or acted; None: not known.")
    addressees: Many[ParticipantId] = Field(
        default=(), description="To whom it was said or done; empty: not recorded."
    )
    text: FreeText | None = Field(default=None, description="The words, or what was seen.")
    start_s: NonNegative | None = Field(default=None, description="Seconds from the start of the session.")
    end_s: NonNegative | None = Field(default=None, description="Seconds from the start of the session.")
    codes: Many[Code] = Field(default=(), description="The codes that were given to it.")

    @override
    def broken_rules(self) -> Iterator[Violation]:
        yield from ends_after_start(self)
        for i, code in enumerate(self.codes):
            yield from (v.under(f"$.codes[{i}]") for v in code.broken_rules())


class Session(RuledRecord, frozen=True):
    """A session, planned, held, cancelled or missed.

    >>> Session(id="s1", number=1, status="held")
    Session()
    """

    id: Id = Field(description="Names the session in this case.")
    number: int = Field(ge=0, description="Strictly increasing in a case; 0 for an intake.")
    status: Literal["planned", "held", "cancelled", "no_show"] = Field(description="Whether it took place.")
    started_at: When | None = Field(default=None, description="When it started, or was to start.")
    duration_s: NonNegative | None = Field(default=None, description="How long it took.")
    attended: Many[ParticipantId] | None = Field(
        default=None, description="The participants who were there; None: not recorded."
    )
    modality: Literal["in_person", "video", "phone", "chat", "other"] | None = Field(
        default=None, description="Over which channel."
    )
    interventions: Many[PublicText] = Field(
        default=(), description="Interventions delivered, as the plan names them."
    )
    goals: Many[GoalId] = Field(default=(), description="Goals that were worked on.")
    notes: FreeText | None = Field(default=None, description="Notes on the session.")
    interactions: Many[Interaction] = Field(default=(), description="What was said and done, in order.")

    @override
    def broken_rules(self, context: Mapping[str, Any]) -> Iterator[Violation]:
        if self.status != "held" and self.interactions:
            needed = "interactions only in a session that was held"
            yield broken("held_only", "interactions", needed=needed, found=f"status {self.status!r}")
        if self.status != "held" and self.attended:
            yield broken(
                "held_only", "attended", needed="nobody where none was held", found=f"status {self.status!r}"
            )
        yield from self._interactions_in_order()

    def _interactions_in_order(self) -> Iterator[Violation]:
        """Look at all interactions at once, and closer only where something is amiss: there are thousands of them."""
        several = self.interactions
        indexes = [x.index for x in several]
        if not all(map(lt, indexes, indexes[1:])):
            yield from _growing(indexes)
        if self.attended is not None and not {x.speaker for x in several} <= {*self.attended, None}:
            yield from self._absent_speakers(self.attended)
        length = self.duration_s
        for i, one in enumerate(several):
            start, end = one.start_s, one.end_s
            if start is not None and end is not None and end < start:
                yield from (v.under(f"$.interactions[{i}]") for v in ends_after_start(one))
            if length is not None and (end or start or 0.0) > length:
                needed = "offsets inside the session"
                yield broken("offset_inside", "interactions", i, needed=needed, found="one after its end")
            for code in one.codes:
                if code.start_s is not None:
                    place = f"$.interactions[{i}].codes[{one.codes.index(code)}]"
                    yield from (v.under(place) for v in code.broken_rules())

    def _absent_speakers(self, attended: tuple[str, ...]) -> Iterator[Violation]:
        for i, one in enumerate(self.interactions):
            if one.speaker is not None and one.speaker not in attended:
                needed = "a speaker who attended"
                yield broken(
                    "speaker_attended", "interactions", i, "speaker", needed=needed, found="somebody else"
                )


def _growing(indexes: list[int]) -> Iterator[Violation]:
    for i in range(1, len(indexes)):
        if indexes[i] <= indexes[i - 1]:
            found = "one not above the one before"
            yield broken("index_order", "interactions", i, "index", needed="growing indexes", found=found)


class Segment(RuledRecord, frozen=True):
    """A stretch of talk seen as one thing: a unit, an episode, a significant event, a stage of a task.

    An episode may reach over sessions: it has a span in each. A significant event that a client reports
    (helpful or hindering) is described here; it is not by itself a change.
    """

    id: Id = Field(description="Names the segment in this case.")
    kind: Literal["unit", "time_bin", "episode", "significant_event", "stage"] = Field(
        description="What kind of stretch it is."
    )
    spans: Many[Span] = Field(
        min_length=1, description="Where it lies; in several sessions where it reaches over them."
    )
    parent: SegmentId | None = Field(default=None, description="The segment that this one is a part of.")
    stage: Literal["marker", "task", "resolution"] | None = Field(
        default=None, description="For a stage: which."
    )
    theme: QuasiText | None = Field(default=None, description="What it is about.")
    problem: ProblemId | None = Field(default=None, description="The problem that it is about.")
    valence: Literal["helpful", "hindering", "mixed"] | None = Field(
        default=None, description="For an event: how it was felt."
    )
    description: FreeText | None = Field(default=None, description="What happens in it.")
    reporter: Reporter | None = Field(default=None, description="Who marked or reported it.")
    codes: Many[Code] = Field(default=(), description="The codes that were given to it.")

    @override
    def broken_rules(self, context: Mapping[str, Any]) -> Iterator[Violation]:
        if (self.kind == "stage") != (self.stage is not None):
            needed = "the stage of a segment of kind 'stage', and of no other"
            yield broken("stage_named", "stage", needed=needed, found="it the other way round")
        if self.kind == "stage" and self.parent is None:
            yield broken("stage_parent", "parent", needed="the episode of the stage", found="nothing")
        for i, code in enumerate(self.codes):
            yield from (v.under(f"$.codes[{i}]") for v in code.broken_rules())
