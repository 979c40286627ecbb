"""The small things that several records share: intervals, references, reporters, agreements, provenance."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime
from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag
from typing_extensions import override

from therapeutic_process.base import (
    Id,
    Many,
    PublicText,
    QuasiText,
    Record,
    Refers,
    RuledRecord,
    Sensitive,
    When,
    broken,
    earliest,
    latest,
)
from therapeutic_process.errors import Violation

__all__ = [
    "Agreement",
    "GoalId",
    "Interval",
    "Occurrence",
    "Parameter",
    "ParticipantId",
    "PassId",
    "PlanId",
    "ProblemId",
    "Provenance",
    "Reference",
    "ReferenceKind",
    "Reporter",
    "SegmentId",
    "SessionId",
    "TaskId",
    "first_instant",
    "last_instant",
]


# A reference needs no bounds of its own: it must equal an id, which has them.
ParticipantId = Annotated[str, Sensitive("direct"), Refers("participant")]
SessionId = Annotated[str, Sensitive("direct"), Refers("session")]
SegmentId = Annotated[str, Sensitive("direct"), Refers("segment")]
ProblemId = Annotated[str, Sensitive("direct"), Refers("problem")]
PlanId = Annotated[str, Sensitive("direct"), Refers("plan")]
GoalId = Annotated[str, Sensitive("direct"), Refers("goal")]
TaskId = Annotated[str, Sensitive("direct"), Refers("task")]
PassId = Annotated[str, Sensitive("direct"), Refers("coding_pass")]


class Interval(RuledRecord, frozen=True):
    """A stretch of time, both ends included; it stays an interval wherever it goes.

    >>> Interval(start="2024-03-01", end="2024-03-07").start
    datetime.date(2024, 3, 1)
    """

    start: When = Field(description="The first moment or day of it.")
    end: When = Field(description="The last moment or day of it.")

    @override
    def broken_rules(self, context: Mapping[str, Any]) -> Iterator[Violation]:
        if latest(self.end) < earliest(self.start):
            yield broken(
                "interval_order", "end", needed="an end not before the start", found="an earlier end"
            )


def _which_occurrence(value: object) -> str:
    return "<interval>" if isinstance(value, (Interval, dict)) else "<when>"


Occurrence = Annotated[
    Annotated[When, Tag("<when>")] | Annotated[Interval, Tag("<interval>")], Discriminator(_which_occurrence)
]
"""When something happened: an instant, a day, or an interval."""


def first_instant(value: date | datetime | Interval) -> datetime:
    """Return the earliest instant that an occurrence can mean."""
    return earliest(value.start if isinstance(value, Interval) else value)


def last_instant(value: date | datetime | Interval) -> datetime:
    """Return the latest instant that an occurrence can mean."""
    return latest(value.end if isinstance(value, Interval) else value)


ReferenceKind = Literal[
    "session", "interaction", "segment", "measurement", "rating", "goal", "task", "journal_entry", "change_event",
    "context_event",
]  # fmt: skip


class Reference(RuledRecord, frozen=True):
    """Points to a part of the same case.

    An interaction is named by its session's id and its index there; everything else by its own id.

    >>> Reference(kind="interaction", id="s1", index=12).index
    12
    """

    kind: ReferenceKind = Field(description="What kind of part it points to.")
    id: Id = Field(description="The part's id; for an interaction, that of its session.")
    index: int | None = Field(
        default=None, ge=0, description="Only for an interaction: its index in the session."
    )

    @override
    def broken_rules(self, context: Mapping[str, Any]) -> Iterator[Violation]:
        if (self.kind == "interaction") != (self.index is not None):
            needed = "an index for an interaction, and for nothing else"
            yield broken("reference_index", "index", needed=needed, found="it the other way round")


class Reporter(RuledRecord, frozen=True):
    """Who observed, rated, coded or reported: a participant, an observer, or software.

    >>> Reporter(kind="observer", name="rater A").kind
    'observer'
    """

    kind: Literal["client", "therapist", "observer", "software", "other"] = Field(
        description="On which side of the talk, or outside it, the reporter stands."
    )
    participant: ParticipantId | None = Field(default=None, description="The participant, where it is one.")
    name: QuasiText | None = Field(
        default=None, description="A label for somebody outside the case, or a program."
    )
    version: PublicText | None = Field(default=None, description="Version of a program.")

    @override
    def broken_rules(self, context: Mapping[str, Any]) -> Iterator[Violation]:
        if self.kind == "observer" and self.participant is not None:
            needed = "no participant: an observer stands outside the case"
            yield broken("observer_outside", "participant", needed=needed, found="a participant")


class Agreement(Record, frozen=True):
    """Somebody agreed to a plan or a goal."""

    participant: ParticipantId | None = Field(
        default=None, description="Who agreed; None for a guardian outside the case."
    )
    capacity: Literal["client", "guardian", "therapist"] = Field(description="On whose side.")
    on_behalf_of: ParticipantId | None = Field(
        default=None, description="The client for whom a guardian agreed."
    )
    agreed_at: When | None = Field(default=None, description="When it was agreed.")
    extent: float | None = Field(
        default=None, ge=0, le=1, description="How far, from 0 (not at all) to 1 (fully)."
    )


class Parameter(Record, frozen=True):
    """One parameter of a computation."""

    name: PublicText = Field(description="Its name.")
    value: PublicText = Field(description="Its value, as text.")


class Provenance(Record, frozen=True):
    """What computed a record, and how."""

    method: PublicText = Field(description="The method, by its name in the library.")
    parameters: Many[Parameter] = Field(default=(), description="Its parameters.")
    library_version: PublicText = Field(description="Version of the library that computed it.")
    computed_at: When = Field(description="When it was computed, as the caller said.")
