"""This room knows what was recorded of a course of therapy: strict, frozen records and the rules they keep."""

from therapeutic_process.base import Record
from therapeutic_process.records.between_sessions import (
    AdherenceRating,
    BetweenSessionTask,
    JournalEntry,
    JournalRating,
    TaskStatus,
    TaskStep,
)
from therapeutic_process.records.case import Case
from therapeutic_process.records.change_event import ChangeEvent, Ending
from therapeutic_process.records.coding import Code, CodingPass, Referent, Span
from therapeutic_process.records.goal import (
    Achievement,
    AttainmentLevel,
    AttainmentRating,
    Goal,
    GoalRating,
    GoalStatus,
    GoalStep,
)
from therapeutic_process.records.participant import Coding, ContextEvent, Participant, Problem
from therapeutic_process.records.plan import PlannedIntervention, PlanStatus, PlanStep, TreatmentPlan
from therapeutic_process.records.rating import ItemAnswer, Measurement, MissingReason, Rating, Timing
from therapeutic_process.records.session import Interaction, Segment, Session
from therapeutic_process.records.shared import (
    Agreement,
    Interval,
    Occurrence,
    Parameter,
    Provenance,
    Reference,
    ReferenceKind,
    Reporter,
    first_instant,
    last_instant,
)

__all__ = [
    "Achievement",
    "AdherenceRating",
    "Agreement",
    "AttainmentLevel",
    "AttainmentRating",
    "BetweenSessionTask",
    "Case",
    "ChangeEvent",
    "Code",
    "Coding",
    "CodingPass",
    "ContextEvent",
    "Ending",
    "Goal",
    "GoalRating",
    "GoalStatus",
    "GoalStep",
    "Interaction",
    "Interval",
    "ItemAnswer",
    "JournalEntry",
    "JournalRating",
    "Measurement",
    "MissingReason",
    "Occurrence",
    "Parameter",
    "Participant",
    "PlanStatus",
    "PlanStep",
    "PlannedIntervention",
    "Problem",
    "Provenance",
    "Rating",
    "Record",
    "Reference",
    "ReferenceKind",
    "Referent",
    "Reporter",
    "Segment",
    "Session",
    "Span",
    "TaskStatus",
    "TaskStep",
    "Timing",
    "TreatmentPlan",
    "first_instant",
    "last_instant",
]
