"""Link what happens in sessions to change outside them, without manufacturing findings."""

from therapeutic_process.process_outcome.diagnostics import BetweenClients, PlaceboLead
from therapeutic_process.process_outcome.joint_model import lagged_within_client_effect
from therapeutic_process.process_outcome.joint_result import ReadingEstimate, WithinClientEffect
from therapeutic_process.process_outcome.screen import WithinClientScreen, lagged_within_client_screen

__all__ = [
    "BetweenClients",
    "PlaceboLead",
    "ReadingEstimate",
    "WithinClientEffect",
    "WithinClientScreen",
    "lagged_within_client_effect",
    "lagged_within_client_screen",
]
