"""Who takes part, what they come with, and what else goes on in their lives."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Literal

from pydantic import Field
from typing_extensions import override

from therapeutic_process.base import (
    FreeText,
    Id,
    PublicId,
    PublicText,
    QuasiText,
    Record,
    RuledRecord,
    When,
    broken,
)
from therapeutic_process.errors import Violation
from therapeutic_process.records.shared import Occurrence, ParticipantId, SessionId

__all__ = ["Coding", "ContextEvent", "Participant", "Problem"]


class Participant(RuledRecord, frozen=True):
    """A client, a therapist or somebody else in the room; there is no field for a name or an address.

    >>> Participant(id="t1", role="therapist", nature="software").nature
    'software'
    """

    id: Id = Field(description="A therapist's id stays the same across cases.")
    role: Literal["client", "therapist", "other"] = Field(description="What the participant is in this case.")
    nature: Literal["human", "software"] = Field(default="human", description="A human being, or a program.")
    discipline: QuasiText | None = Field(default=None, description="Counseling psychology, social work, …")
    orientation: QuasiText | None = Field(default=None, description="Theoretical orientation of a therapist.")
    site: QuasiText | None = Field(default=None, description="Clinic, school or practice.")
    arm: QuasiText | None = Field(default=None, description="Arm of a trial.")
    group: QuasiText | None = Field(default=None, description="Group of a group therapy, or of a study.")
    gender: Literal["female", "male", "other", "unknown"] | None = Field(
        default=None, description="Gender as recorded."
    )
    birth_year: int | None = Field(
        default=None, ge=1850, le=2200, description="Year of birth; there is no field for the day."
    )

    @override
    def broken_rules(self, context: Mapping[str, Any]) -> Iterator[Violation]:
        if self.nature == "software" and self.role == "client":
            yield broken("client_is_human", "nature", needed="a human client", found="software")


class Coding(Record, frozen=True):
    """A code of a public terminology (ICD-11, DSM-5-TR, SNOMED CT)."""

    system: PublicText = Field(description="The terminology, by its canonical address.")
    code: PublicId = Field(description="The code in that terminology.")
    display: PublicText | None = Field(default=None, description="What the code stands for.")


class Problem(RuledRecord, frozen=True):
    """What a client comes with: in words, as a code, or both."""

    id: Id = Field(description="Names the problem in this case.")
    participant: ParticipantId | None = Field(
        default=None, description="Whose problem; None: the couple's, family's or group's."
    )
    label: FreeText | None = Field(default=None, description="The problem in words.")
    coding: Coding | None = Field(default=None, description="The problem in a public terminology.")
    since: Occurrence | None = Field(default=None, description="When it began.")
    status: Literal["active", "recurrence", "relapse", "inactive", "remission", "resolved"] | None = Field(
        default=None, description="How it stands now."
    )
    principal: bool = Field(default=False, description="Whether it is the reason for this course of therapy.")

    @override
    def broken_rules(self, context: Mapping[str, Any]) -> Iterator[Violation]:
        if self.label is None and self.coding is None:
            yield broken("problem_named", needed="a label or a code", found="neither")


class ContextEvent(Record, frozen=True):
    """Something outside the therapy that may bear on change: a life event, a medication, another treatment."""

    id: Id = Field(description="Names the event in this case.")
    participant: ParticipantId = Field(description="In whose life.")
    kind: Literal["life_event", "medication", "concurrent_treatment", "other"] = Field(
        description="What kind of event."
    )
    occurred: Occurrence | None = Field(default=None, description="When it occurred.")
    recorded_at: When | None = Field(default=None, description="When it was recorded.")
    after_session: SessionId | None = Field(
        default=None, description="The last session before it, where no time is known."
    )
    description: FreeText | None = Field(default=None, description="The event in words.")
