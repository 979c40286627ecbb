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
    role: Literal["client", "therapist", "other"]
    nature: Literal["human", "software"] = "human"
    discipline: QuasiText | None = Field(default=None, description="Counseling psychology, social work, …")
    orientation: QuasiText | None = Field(default=None, description="Theoretical orientation of a therapist.")
    site: QuasiText | None = None
    arm: QuasiText | None = Field(default=None, description="Arm of a trial.")
    group: QuasiText | None = None
    gender: Literal["female", "male", "other", "unknown"] | None = None
    birth_year: int | None = Field(default=None, ge=1850, le=2200)

    @override
    def broken_rules(self, context: Mapping[str, Any]) -> Iterator[Violation]:
        if self.nature == "software" and self.role == "client":
            yield broken("client_is_human", "nature", needed="a human client", found="software")


class Coding(Record, frozen=True):
    """A code of a public terminology (ICD-11, DSM-5-TR, SNOMED CT)."""

    system: PublicText
    code: PublicId
    display: PublicText | None = None


class Problem(RuledRecord, frozen=True):
    """What a client comes with: in words, as a code, or both."""

    id: Id
    participant: ParticipantId | None = Field(
        default=None, description="Whose problem; None: the couple's, family's or group's."
    )
    label: FreeText | None = None
    coding: Coding | None = None
    since: Occurrence | None = None
    status: Literal["active", "recurrence", "relapse", "inactive", "remission", "resolved"] | None = None
    principal: bool = Field(default=False, description="Whether it is the reason for this course of therapy.")

    @override
    def broken_rules(self, context: Mapping[str, Any]) -> Iterator[Violation]:
        if self.label is None and self.coding is None:
            yield broken("problem_named", needed="a label or a code", found="neither")


class ContextEvent(Record, frozen=True):
    """Something outside the therapy that may bear on change: a life event, a medication, another treatment."""

    id: Id
    participant: ParticipantId
    kind: Literal["life_event", "medication", "concurrent_treatment", "other"]
    occurred: Occurrence | None = None
    recorded_at: When | None = None
    after_session: SessionId | None = Field(
        default=None, description="The last session before it, where no time is known."
    )
    description: FreeText | None = None
