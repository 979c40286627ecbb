"""Link what happens in sessions to change outside them, without manufacturing findings."""

from therapeutic_process.process_outcome.alignment import AlignedSessions, align_sessions_to_outcomes
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
from therapeutic_process.process_outcome.equivalence import InertVerdict, inert_process
from therapeutic_process.process_outcome.events import PermutationTest
from therapeutic_process.process_outcome.gradient import ProcessGradient, process_gradient
from therapeutic_process.process_outcome.joint_model import lagged_within_client_effect
from therapeutic_process.process_outcome.joint_result import ReadingEstimate, WithinClientEffect
from therapeutic_process.process_outcome.permutation import within_client_permutation_test
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

__all__ = [
    "AlignedSessions",
    "BetweenClients",
    "CriticalSessionContrast",
    "CrossoverEffect",
    "Detrended",
    "Disaggregated",
    "InertVerdict",
    "PermutationTest",
    "PlaceboLead",
    "ProcessGradient",
    "ReadingEstimate",
    "SelfControlledEffect",
    "SpecificationEstimate",
    "SpecificationSensitivity",
    "WithinClientEffect",
    "WithinClientScreen",
    "align_sessions_to_outcomes",
    "critical_session_contrast",
    "detrend_within_client",
    "disaggregate_within_between",
    "event_crossover_effect",
    "inert_process",
    "lagged_within_client_effect",
    "lagged_within_client_screen",
    "process_gradient",
    "self_controlled_event_effect",
    "specification_sensitivity",
    "within_client_permutation_test",
]
