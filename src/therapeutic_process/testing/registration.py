"""Which strategy goes with which record class."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from therapeutic_process import instruments as facts
from therapeutic_process import records
from therapeutic_process.testing import (
    aims,
    between_sessions,
    changes,
    coding,
    people,
    plans,
    questionnaires,
    scores,
    shared,
    systems,
    talk,
    whole_cases,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from hypothesis.strategies import SearchStrategy

    from therapeutic_process.base import Record

__all__ = ["strategy_of"]

_STRATEGIES: dict[type[Record], Callable[[], SearchStrategy[Any]]] = {
    facts.Band: questionnaires.bands,
    facts.ChangeThreshold: questionnaires.change_thresholds,
    facts.Citation: questionnaires.citations,
    facts.CodeDefinition: systems.code_definitions,
    facts.CodingSystem: systems.coding_systems,
    facts.Cutoff: questionnaires.cutoffs,
    facts.Instrument: questionnaires.instruments,
    facts.ItemValues: questionnaires.item_values,
    facts.MissingItemRule: questionnaires.missing_item_rules,
    facts.Norm: questionnaires.norms,
    facts.QSort: systems.q_sorts,
    facts.RatingScale: systems.rating_scales,
    facts.Reliability: questionnaires.reliabilities,
    facts.ScalePoint: systems.scale_points,
    facts.Subscale: questionnaires.subscales,
    facts.SummaryRatio: systems.summary_ratios,
    facts.UnverifiedCoding: systems.unverified_codings,
    facts.UnverifiedFacts: questionnaires.unverified_facts,
    records.AdherenceRating: between_sessions.adherence_ratings,
    records.Agreement: shared.agreements,
    records.AttainmentLevel: aims.attainment_levels,
    records.AttainmentRating: aims.attainment_ratings,
    records.BetweenSessionTask: between_sessions.between_session_tasks,
    records.Case: whole_cases.cases,
    records.ChangeEvent: changes.change_events,
    records.Code: coding.codes,
    records.Coding: people.codings,
    records.CodingPass: coding.coding_passes,
    records.ContextEvent: people.context_events,
    records.Ending: changes.endings,
    records.Goal: aims.goals,
    records.GoalRating: aims.goal_ratings,
    records.GoalStep: aims.goal_steps,
    records.Interaction: talk.interactions,
    records.Interval: shared.intervals,
    records.ItemAnswer: scores.item_answers,
    records.JournalEntry: between_sessions.journal_entries,
    records.JournalRating: between_sessions.journal_ratings,
    records.Measurement: scores.measurements,
    records.Parameter: shared.parameters,
    records.Participant: people.participants,
    records.PlannedIntervention: plans.planned_interventions,
    records.PlanStep: plans.plan_steps,
    records.Problem: people.problems,
    records.Provenance: shared.provenances,
    records.Rating: scores.ratings,
    records.Reference: shared.references,
    records.Referent: coding.referents,
    records.Reporter: shared.reporters,
    records.Segment: talk.segments,
    records.Session: talk.sessions,
    records.Span: coding.spans,
    records.TaskStep: between_sessions.task_steps,
    records.TreatmentPlan: plans.treatment_plans,
}


def strategy_of(record: type[Record]) -> SearchStrategy[Any]:
    """Return the strategy for a record class.

    Args:
        record: A class of the rooms ``records`` and ``instruments``.
    """
    return _STRATEGIES[record]()
