"""The rules that only a whole case can check: references, order, and what the catalogue knows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from therapeutic_process.base import broken
from therapeutic_process.errors import Violation
from therapeutic_process.records.rules.codes import codes_fit_their_system
from therapeutic_process.records.rules.index import CaseIndex
from therapeutic_process.records.rules.plans import (
    agreements_fit_roles,
    goals_follow_one_another,
    plans_chain,
)
from therapeutic_process.records.rules.references import ids_are_unique, references_resolve
from therapeutic_process.records.rules.scores import (
    measurements_are_ordered,
    ratings_fit_their_scale,
    scores_fit_their_instrument,
)
from therapeutic_process.records.rules.segments import segments_lie_in_sessions, stages_are_ordered
from therapeutic_process.records.rules.sessions import (
    changes_where_they_belong,
    course_is_ordered,
    journal_lies_outside,
    nothing_after_the_end,
)

if TYPE_CHECKING:
    from therapeutic_process.records.case import Case

__all__ = ["broken_case_rules"]

_RULES = (
    ids_are_unique,
    references_resolve,
    course_is_ordered,
    nothing_after_the_end,
    codes_fit_their_system,
    segments_lie_in_sessions,
    stages_are_ordered,
    ratings_fit_their_scale,
    scores_fit_their_instrument,
    measurements_are_ordered,
    plans_chain,
    agreements_fit_roles,
    goals_follow_one_another,
    journal_lies_outside,
    changes_where_they_belong,
)


def broken_case_rules(case: Case, context: Mapping[str, Any]) -> Iterator[Violation]:
    """Yield every rule that the case as a whole breaks, in a stable order."""
    index = CaseIndex.of(case, context)
    if not case.clients:
        yield broken("one_client", "participants", needed="at least one client", found="none")
    for rule in _RULES:
        yield from rule(index)
