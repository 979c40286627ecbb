"""This room links what happens in sessions with change outside them, and says how far the link carries."""

from __future__ import annotations

from typing import TYPE_CHECKING

from therapeutic_process.lazy_room import lazy_room
from therapeutic_process.process_outcome.links import (
    Link,
    LinkedSession,
    LinkRow,
    Links,
    Unplaced,
    link_events,
)
from therapeutic_process.process_outcome.perspectives import Perspectives, perspectives

if TYPE_CHECKING:
    from therapeutic_process.process_outcome.aligned_course import CoursePoint, EventCourse, event_course
    from therapeutic_process.process_outcome.alignment import AlignedSessions, align_sessions_to_outcomes
    from therapeutic_process.process_outcome.change_rates import (
        ChangeEventRate,
        change_event_rate_after_session,
    )
    from therapeutic_process.process_outcome.critical_session import (
        CriticalSessionContrast,
        critical_session_contrast,
    )
    from therapeutic_process.process_outcome.crossover import CrossoverEffect, event_crossover_effect
    from therapeutic_process.process_outcome.diagnostics import BetweenClients, PlaceboLead
    from therapeutic_process.process_outcome.disaggregation import (
        Detrended,
        Disaggregated,
        detrend_within_client,
        disaggregate_within_between,
    )
    from therapeutic_process.process_outcome.dropout import dropout_sensitivity
    from therapeutic_process.process_outcome.dropout_result import DropoutEstimate, DropoutSensitivity
    from therapeutic_process.process_outcome.endings import EndingRow, EndingsTable, endings_table
    from therapeutic_process.process_outcome.equivalence import InertVerdict, inert_process
    from therapeutic_process.process_outcome.events import PermutationTest
    from therapeutic_process.process_outcome.evidence import (
        Criterion,
        CriterionVerdict,
        MechanismEvidence,
        mechanism_evidence,
    )
    from therapeutic_process.process_outcome.gradient import ProcessGradient, process_gradient
    from therapeutic_process.process_outcome.joint_model import lagged_within_client_effect
    from therapeutic_process.process_outcome.joint_result import ReadingEstimate, WithinClientEffect
    from therapeutic_process.process_outcome.layout import Layout
    from therapeutic_process.process_outcome.mediation import within_client_mediation
    from therapeutic_process.process_outcome.mediation_result import MediationReading, WithinClientMediation
    from therapeutic_process.process_outcome.model_syntax import (
        ModelSyntax,
        UnequalSpacingWarning,
        to_dpm,
        to_lavaan_riclpm,
    )
    from therapeutic_process.process_outcome.permutation import within_client_permutation_test
    from therapeutic_process.process_outcome.process_row import ProcessRow
    from therapeutic_process.process_outcome.process_tables import ProcessTable, process_table
    from therapeutic_process.process_outcome.screen import lagged_within_client_screen
    from therapeutic_process.process_outcome.screen_result import WithinClientScreen
    from therapeutic_process.process_outcome.self_controlled import (
        SelfControlledEffect,
        self_controlled_event_effect,
    )
    from therapeutic_process.process_outcome.specification_result import (
        SpecificationEstimate,
        SpecificationSensitivity,
    )
    from therapeutic_process.process_outcome.specifications import specification_sensitivity
    from therapeutic_process.process_outcome.task_effect import (
        BetweenSessionTaskEffect,
        between_session_task_effect,
    )
    from therapeutic_process.process_outcome.theory_mechanisms import (
        LagRow,
        LagTest,
        MechanismTest,
        MechanismVerdict,
    )
    from therapeutic_process.process_outcome.theory_standings import (
        PerspectivesTally,
        ProcessStanding,
        Standing,
        TheoryPerspectives,
        theory_perspectives,
    )
    from therapeutic_process.process_outcome.theory_tests import test_theory
    from therapeutic_process.process_outcome.theory_verdicts import MechanismRow, TheoryTest

# The estimators need the ``analysis`` extra; links and perspectives of one case do not.
_HOME = {
    "AlignedSessions": "alignment",
    "BetweenClients": "diagnostics",
    "BetweenSessionTaskEffect": "task_effect",
    "ChangeEventRate": "change_rates",
    "CoursePoint": "aligned_course",
    "Criterion": "evidence",
    "CriterionVerdict": "evidence",
    "CriticalSessionContrast": "critical_session",
    "CrossoverEffect": "crossover",
    "Detrended": "disaggregation",
    "Disaggregated": "disaggregation",
    "DropoutEstimate": "dropout_result",
    "DropoutSensitivity": "dropout_result",
    "EndingRow": "endings",
    "EndingsTable": "endings",
    "EventCourse": "aligned_course",
    "InertVerdict": "equivalence",
    "LagRow": "theory_mechanisms",
    "LagTest": "theory_mechanisms",
    "Layout": "layout",
    "MechanismEvidence": "evidence",
    "MechanismRow": "theory_verdicts",
    "MechanismTest": "theory_mechanisms",
    "MechanismVerdict": "theory_mechanisms",
    "MediationReading": "mediation_result",
    "ModelSyntax": "model_syntax",
    "PermutationTest": "events",
    "PerspectivesTally": "theory_standings",
    "PlaceboLead": "diagnostics",
    "ProcessGradient": "gradient",
    "ProcessRow": "process_row",
    "ProcessStanding": "theory_standings",
    "ProcessTable": "process_tables",
    "ReadingEstimate": "joint_result",
    "SelfControlledEffect": "self_controlled",
    "SpecificationEstimate": "specification_result",
    "SpecificationSensitivity": "specification_result",
    "Standing": "theory_standings",
    "TheoryPerspectives": "theory_standings",
    "TheoryTest": "theory_verdicts",
    "UnequalSpacingWarning": "model_syntax",
    "WithinClientEffect": "joint_result",
    "WithinClientMediation": "mediation_result",
    "WithinClientScreen": "screen_result",
    "align_sessions_to_outcomes": "alignment",
    "between_session_task_effect": "task_effect",
    "change_event_rate_after_session": "change_rates",
    "critical_session_contrast": "critical_session",
    "detrend_within_client": "disaggregation",
    "disaggregate_within_between": "disaggregation",
    "dropout_sensitivity": "dropout",
    "endings_table": "endings",
    "event_course": "aligned_course",
    "event_crossover_effect": "crossover",
    "inert_process": "equivalence",
    "lagged_within_client_effect": "joint_model",
    "lagged_within_client_screen": "screen",
    "mechanism_evidence": "evidence",
    "process_gradient": "gradient",
    "process_table": "process_tables",
    "self_controlled_event_effect": "self_controlled",
    "specification_sensitivity": "specifications",
    "test_theory": "theory_tests",
    "theory_perspectives": "theory_standings",
    "to_dpm": "model_syntax",
    "to_lavaan_riclpm": "model_syntax",
    "within_client_mediation": "mediation",
    "within_client_permutation_test": "permutation",
}

__all__ = [
    "AlignedSessions",
    "BetweenClients",
    "BetweenSessionTaskEffect",
    "ChangeEventRate",
    "CoursePoint",
    "Criterion",
    "CriterionVerdict",
    "CriticalSessionContrast",
    "CrossoverEffect",
    "Detrended",
    "Disaggregated",
    "DropoutEstimate",
    "DropoutSensitivity",
    "EndingRow",
    "EndingsTable",
    "EventCourse",
    "InertVerdict",
    "LagRow",
    "LagTest",
    "Layout",
    "Link",
    "LinkRow",
    "LinkedSession",
    "Links",
    "MechanismEvidence",
    "MechanismRow",
    "MechanismTest",
    "MechanismVerdict",
    "MediationReading",
    "ModelSyntax",
    "PermutationTest",
    "Perspectives",
    "PerspectivesTally",
    "PlaceboLead",
    "ProcessGradient",
    "ProcessRow",
    "ProcessStanding",
    "ProcessTable",
    "ReadingEstimate",
    "SelfControlledEffect",
    "SpecificationEstimate",
    "SpecificationSensitivity",
    "Standing",
    "TheoryPerspectives",
    "TheoryTest",
    "UnequalSpacingWarning",
    "Unplaced",
    "WithinClientEffect",
    "WithinClientMediation",
    "WithinClientScreen",
    "align_sessions_to_outcomes",
    "between_session_task_effect",
    "change_event_rate_after_session",
    "critical_session_contrast",
    "detrend_within_client",
    "disaggregate_within_between",
    "dropout_sensitivity",
    "endings_table",
    "event_course",
    "event_crossover_effect",
    "inert_process",
    "lagged_within_client_effect",
    "lagged_within_client_screen",
    "link_events",
    "mechanism_evidence",
    "perspectives",
    "process_gradient",
    "process_table",
    "self_controlled_event_effect",
    "specification_sensitivity",
    "test_theory",
    "theory_perspectives",
    "to_dpm",
    "to_lavaan_riclpm",
    "within_client_mediation",
    "within_client_permutation_test",
]


__getattr__ = lazy_room(__name__, _HOME, extra="analysis", packages=("numpy", "scipy", "polars"))


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
