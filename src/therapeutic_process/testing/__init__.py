"""This room knows how to draw records: Hypothesis strategies for every record and for whole consistent cases.

Hypothesis finds ``register`` through its entry point, so ``st.from_type(Case)`` works without an import of this room.
Nothing but this file is loaded until a strategy is used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from therapeutic_process.lazy_room import lazy_room

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

    from therapeutic_process.base import Record
    from therapeutic_process.testing.aims import (
        attainment_levels,
        attainment_ratings,
        goal_ratings,
        goal_steps,
        goals,
    )
    from therapeutic_process.testing.between_sessions import (
        adherence_ratings,
        between_session_tasks,
        journal_entries,
        journal_ratings,
        task_steps,
    )
    from therapeutic_process.testing.changes import change_events, endings
    from therapeutic_process.testing.coding import codes, coding_passes, referents, spans
    from therapeutic_process.testing.known import Known
    from therapeutic_process.testing.laws import round_trip
    from therapeutic_process.testing.people import codings, context_events, participants, problems
    from therapeutic_process.testing.plans import plan_steps, planned_interventions, treatment_plans
    from therapeutic_process.testing.questionnaires import (
        bands,
        change_thresholds,
        citations,
        cutoffs,
        instruments,
        item_values,
        missing_item_rules,
        norms,
        reliabilities,
        subscales,
        unverified_facts,
    )
    from therapeutic_process.testing.scores import item_answers, measurements, ratings
    from therapeutic_process.testing.shared import (
        agreements,
        intervals,
        parameters,
        provenances,
        references,
        reporters,
    )
    from therapeutic_process.testing.systems import (
        code_definitions,
        coding_systems,
        q_sorts,
        rating_scales,
        scale_points,
        summary_ratios,
        unverified_codings,
    )
    from therapeutic_process.testing.talk import interactions, segments, sessions
    from therapeutic_process.testing.whole_cases import cases

_MODULES = {
    "between_sessions": (
        "adherence_ratings", "between_session_tasks", "journal_entries", "journal_ratings", "task_steps",
    ),
    "whole_cases": ("cases",),
    "changes": ("change_events", "endings"),
    "coding": ("codes", "coding_passes", "referents", "spans"),
    "systems": (
        "code_definitions", "coding_systems", "q_sorts", "rating_scales", "scale_points", "summary_ratios",
        "unverified_codings",
    ),
    "aims": ("attainment_levels", "attainment_ratings", "goal_ratings", "goal_steps", "goals"),
    "questionnaires": (
        "bands", "change_thresholds", "citations", "cutoffs", "instruments", "item_values", "missing_item_rules",
        "norms", "reliabilities", "subscales", "unverified_facts",
    ),
    "known": ("Known",),
    "people": ("codings", "context_events", "participants", "problems"),
    "plans": ("plan_steps", "planned_interventions", "treatment_plans"),
    "laws": ("round_trip",),
    "scores": ("item_answers", "measurements", "ratings"),
    "talk": ("interactions", "segments", "sessions"),
    "shared": ("agreements", "intervals", "parameters", "provenances", "references", "reporters"),
}  # fmt: skip
_HOME = {name: module for module, names in _MODULES.items() for name in names}

__all__ = [
    "Known",
    "adherence_ratings",
    "agreements",
    "attainment_levels",
    "attainment_ratings",
    "bands",
    "between_session_tasks",
    "cases",
    "change_events",
    "change_thresholds",
    "citations",
    "code_definitions",
    "codes",
    "coding_passes",
    "coding_systems",
    "codings",
    "context_events",
    "cutoffs",
    "endings",
    "goal_ratings",
    "goal_steps",
    "goals",
    "instruments",
    "interactions",
    "intervals",
    "item_answers",
    "item_values",
    "journal_entries",
    "journal_ratings",
    "measurements",
    "missing_item_rules",
    "norms",
    "parameters",
    "participants",
    "plan_steps",
    "planned_interventions",
    "problems",
    "provenances",
    "q_sorts",
    "rating_scales",
    "ratings",
    "references",
    "referents",
    "register",
    "reliabilities",
    "reporters",
    "round_trip",
    "scale_points",
    "segments",
    "sessions",
    "spans",
    "subscales",
    "summary_ratios",
    "task_steps",
    "treatment_plans",
    "unverified_codings",
    "unverified_facts",
]


__getattr__ = lazy_room(__name__, _HOME, extra="testing", packages=("hypothesis",))


def __dir__() -> list[str]:
    return sorted(__all__)


def register() -> None:
    """Tell Hypothesis which strategy goes with each record class; called through its entry point.

    The classes have to be loaded for that; the strategies are not loaded before the first one is used.
    """
    from hypothesis import strategies as st

    from therapeutic_process import instruments as facts
    from therapeutic_process import records
    from therapeutic_process.base import Record

    named = [getattr(room, name) for room in (facts, records) for name in room.__all__]
    for record in named:
        if isinstance(record, type) and issubclass(record, Record) and record is not Record:
            st.register_type_strategy(record, _strategy_of)


def _strategy_of(kind: type[Record]) -> SearchStrategy[Any]:
    from therapeutic_process.testing.registration import strategy_of

    return strategy_of(kind)
