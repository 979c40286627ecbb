"""Link what happens in sessions to change outside them, without manufacturing findings."""

from therapeutic_process.process_outcome.diagnostics import BetweenClients, PlaceboLead
from therapeutic_process.process_outcome.joint_model import lagged_within_client_effect
from therapeutic_process.process_outcome.joint_result import ReadingEstimate, WithinClientEffect

__all__ = [
    "BetweenClients",
    "PlaceboLead",
    "ReadingEstimate",
    "WithinClientEffect",
    "lagged_within_client_effect",
]
