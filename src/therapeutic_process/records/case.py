"""The case: one course of therapy, with all that was recorded of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Literal

from pydantic import Field
from typing_extensions import override

from therapeutic_process.base import SCHEMA_ROOT, SCHEMA_VERSION, Id, Many, QuasiText, RuledRecord, When
from therapeutic_process.errors import Violation
from therapeutic_process.instruments import CodingSystem, Instrument
from therapeutic_process.records.between_sessions import BetweenSessionTask, JournalEntry
from therapeutic_process.records.change_event import ChangeEvent, Ending
from therapeutic_process.records.coding import CodingPass
from therapeutic_process.records.goal import Goal
from therapeutic_process.records.participant import ContextEvent, Participant, Problem
from therapeutic_process.records.plan import TreatmentPlan
from therapeutic_process.records.rating import Measurement, Rating
from therapeutic_process.records.rules import broken_case_rules
from therapeutic_process.records.session import Segment, Session

__all__ = ["Case"]


class Case(
    RuledRecord, frozen=True, json_schema_extra={"$id": f"{SCHEMA_ROOT}schema/{SCHEMA_VERSION}/case.json"}
):
    """One course of therapy: individual, couple, family or group.

    Parts refer to each other by id, and every reference resolves inside the case. The lists keep the order in which
    things happened; times are optional everywhere and, where known, do not contradict the order.

    >>> case = Case(id="k1", participants=[{"id": "c1", "role": "client"}, {"id": "t1", "role": "therapist"}],
    ...             sessions=[{"id": "s1", "number": 1, "status": "held"}])
    >>> case
    Case(participants=2, sessions=1)
    """

    kind: Literal["case"] = Field(default="case", description="What kind of document it is.")
    schema_version: Literal["1.0"] = Field(
        default=SCHEMA_VERSION, description="The version of the schema that it keeps."
    )
    id: Id = Field(description="Names the course of therapy; without it, nothing outside can refer to it.")
    treatment_format: Literal["individual", "couple", "family", "group"] = Field(
        default="individual", description="Who is treated together."
    )
    setting: QuasiText | None = Field(
        default=None, description="Outpatient clinic, school, career service, …"
    )
    started_at: When | None = Field(default=None, description="When the course began.")
    participants: Many[Participant] = Field(
        min_length=1, description="Everybody who takes part: at least one client."
    )
    problems: Many[Problem] = Field(default=(), description="What the clients come with.")
    plans: Many[TreatmentPlan] = Field(
        default=(), description="The treatment plans, each revision by itself."
    )
    goals: Many[Goal] = Field(default=(), description="What the clients want to reach.")
    sessions: Many[Session] = Field(default=(), description="In order of their numbers.")
    segments: Many[Segment] = Field(
        default=(),
        description="Stretches of talk seen as one thing: units, episodes, significant events, stages.",
    )
    coding_passes: Many[CodingPass] = Field(default=(), description="Who coded what, with which system.")
    ratings: Many[Rating] = Field(
        default=(), description="Ratings of sessions, segments, goals and interactions."
    )
    measurements: Many[Measurement] = Field(
        default=(),
        description="Those of one instrument, subject and respondent in the order in which they were taken.",
    )
    tasks: Many[BetweenSessionTask] = Field(
        default=(), description="What the clients agreed to do between sessions."
    )
    journal: Many[JournalEntry] = Field(default=(), description="What was written or rated outside sessions.")
    change_events: Many[ChangeEvent] = Field(default=(), description="Changes, inside and outside sessions.")
    context_events: Many[ContextEvent] = Field(
        default=(), description="What else went on: life events, medication, concurrent treatment."
    )
    ending: Ending | None = Field(
        default=None, description="How the course ended; None: it goes on, or that is not known."
    )
    instruments: Many[Instrument] = Field(
        default=(), description="Instruments that the built-in catalogue lacks."
    )
    coding_systems: Many[CodingSystem] = Field(
        default=(), description="Systems that the built-in catalogue lacks."
    )

    @override
    def broken_rules(self, context: Mapping[str, Any]) -> Iterator[Violation]:
        yield from broken_case_rules(self, context)

    @property
    def clients(self) -> tuple[Participant, ...]:
        """The participants who are clients."""
        return tuple(p for p in self.participants if p.role == "client")

    @property
    def held_sessions(self) -> tuple[Session, ...]:
        """The sessions that were held, in order; lags between sessions count these."""
        return tuple(s for s in self.sessions if s.status == "held")
