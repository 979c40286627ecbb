"""Codes given to interactions and segments, and the passes in which they were given."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal, Protocol

from pydantic import Field
from typing_extensions import override

from therapeutic_process.base import (
    Id,
    LightRecord,
    Many,
    NonNegative,
    PublicId,
    PublicText,
    Record,
    RuledRecord,
    Sensitive,
    When,
    broken,
)
from therapeutic_process.errors import Violation
from therapeutic_process.records.shared import ParticipantId, PassId, Reporter, SessionId

__all__ = ["Code", "CodingPass", "Referent", "Span"]


CatalogueId = Annotated[str, Sensitive("none")]
"""An id that must stand in a catalogue, where it has its bounds."""


class Span(RuledRecord, frozen=True):
    """A stretch of one session, in a stated unit.

    ``session``: all of it. ``interaction``: from index ``start`` to index ``end``, both included. ``second``: offsets
    from the start of the session. ``character``: from ``start`` up to, not including, ``end`` in the text of one
    interaction.

    >>> Span(session="s1", unit="interaction", start=3, end=9).end
    9.0
    """

    session: SessionId = Field(description="The session in which it lies.")
    unit: Literal["session", "interaction", "second", "character"] = Field(
        description="What start and end count."
    )
    interaction: int | None = Field(
        default=None, ge=0, description="Index of the interaction that characters count in."
    )
    start: NonNegative | None = Field(default=None, description="Where it starts, in the stated unit.")
    end: NonNegative | None = Field(default=None, description="Where it ends, in the stated unit.")

    @override
    def broken_rules(self, context: Mapping[str, Any]) -> Iterator[Violation]:
        if self.unit == "session":
            if self.start is not None or self.end is not None:
                yield broken("span_bounds", needed="no bounds for a whole session", found="bounds")
        elif self.start is None or self.end is None:
            yield broken("span_bounds", needed="a start and an end", found="only one or neither")
        else:
            yield from self._bounds(self.start, self.end)
        if (self.unit == "character") != (self.interaction is not None):
            needed = "an interaction for a span of characters, and for nothing else"
            yield broken("span_interaction", "interaction", needed=needed, found="it the other way round")

    def _bounds(self, start: float, end: float) -> Iterator[Violation]:
        if end < start:
            yield broken("span_order", "end", needed="an end not before the start", found="an earlier end")
        if self.unit != "second" and not (start.is_integer() and end.is_integer()):
            yield broken("span_whole", needed=f"whole numbers of the unit {self.unit!r}", found="a fraction")


class CodingPass(RuledRecord, frozen=True):
    """One coder's way through some sessions with one system: says what was looked at.

    Not coded is not "coded and absent": that an event did not happen is known only where a pass covered the unit.
    """

    id: Id = Field(description="Names the pass in this case.")
    system: PublicId = Field(description="The coding system that was used.")
    system_version: PublicText | None = Field(
        default=None, description="Its version, where there are several."
    )
    coder: Reporter = Field(description="Who coded, a person or a program.")
    unitiser: PublicText | None = Field(default=None, description="Who or what cut the talk into units.")
    extent: Literal["all", "minutes", "sample"] = Field(description="What of the sessions was coded.")
    sessions: Many[SessionId] = Field(
        default=(), description="For 'all': the sessions coded from beginning to end."
    )
    spans: Many[Span] = Field(
        default=(), description="For 'minutes' and 'sample': the stretches that were coded."
    )
    blind_to_outcome: bool | None = Field(
        default=None, description="Whether the coder knew nothing of the outcome."
    )
    procedure: Literal["independent", "consensus"] | None = Field(
        default=None, description="Whether the codes are one coder's own, or agreed on by several."
    )
    coded_at: When | None = Field(default=None, description="When it was coded.")

    @override
    def broken_rules(self, context: Mapping[str, Any]) -> Iterator[Violation]:
        if self.extent == "all" and self.spans:
            yield broken(
                "pass_coverage", "spans", needed="sessions, not spans, for the extent 'all'", found="spans"
            )
        if self.extent != "all" and self.sessions:
            needed = f"spans, not sessions, for the extent {self.extent!r}"
            yield broken("pass_coverage", "sessions", needed=needed, found="sessions")


class Referent(Record, frozen=True):
    """Who does what to whom in what was said: often people of whom the client tells."""

    source: ParticipantId | None = Field(default=None, description="The participant who acts.")
    target: ParticipantId | None = Field(default=None, description="The participant acted upon.")


class Code(LightRecord, frozen=True):
    """One code of a system, given in a pass to the interaction or segment that holds it."""

    coding_pass: PassId = Field(description="The pass in which it was given: who coded, with which system.")
    system: CatalogueId = Field(description="The coding system; that of the pass.")
    code: CatalogueId = Field(description="The code, as the system names it.")
    start_s: NonNegative | None = Field(
        default=None, description="Onset, seconds from the start of the session."
    )
    end_s: NonNegative | None = Field(
        default=None, description="Offset, seconds from the start of the session."
    )
    strength: float | None = Field(
        default=None, description="Strength or confidence, on the system's own scale."
    )
    referents: Many[Referent] = Field(default=(), description="Who does what to whom in what was said.")

    @override
    def broken_rules(self) -> Iterator[Violation]:
        yield from ends_after_start(self)


class _Timed(Protocol):
    @property
    def start_s(self) -> float | None: ...

    @property
    def end_s(self) -> float | None: ...


def ends_after_start(one: _Timed) -> Iterator[Violation]:
    """Yield a violation where something ends before it starts."""
    if one.start_s is not None and one.end_s is not None and one.end_s < one.start_s:
        yield broken("offset_order", "end_s", needed="an end not before the start", found="an earlier one")
