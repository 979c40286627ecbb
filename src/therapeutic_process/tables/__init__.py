"""This room knows the records as flat tables: what columns mean, whether a table keeps its contract, row order."""

from therapeutic_process.tables.cases import CaseTables, from_cases
from therapeutic_process.tables.checks import (
    check_change_events,
    check_codes,
    check_goals,
    check_interactions,
    check_ratings,
    check_scores,
    check_sessions,
    check_table,
    check_tasks,
)
from therapeutic_process.tables.columns import (
    CHANGE_EVENTS,
    CODES,
    CONTRACTS,
    GOALS,
    INTERACTIONS,
    RATINGS,
    SCORES,
    SESSIONS,
    TASKS,
    Column,
    Contract,
)
from therapeutic_process.tables.frames import frame_of
from therapeutic_process.tables.primitives import (
    first_by_order,
    lag_within_client,
    last_by_order,
    match_as_of,
)
from therapeutic_process.tables.reports import TableIssue, TableReport
from therapeutic_process.tables.small_cells import SuppressedTable, suppress_small_cells
from therapeutic_process.tables.suppression import (
    SUPPRESSION_RULES,
    SuppressedCounts,
    SuppressionRule,
    suppress_counts,
)
from therapeutic_process.tables.suppression_audit import TOTAL, FeasibleRange, feasible_ranges

__all__ = [
    "CHANGE_EVENTS",
    "CODES",
    "CONTRACTS",
    "GOALS",
    "INTERACTIONS",
    "RATINGS",
    "SCORES",
    "SESSIONS",
    "SUPPRESSION_RULES",
    "TASKS",
    "TOTAL",
    "CaseTables",
    "Column",
    "Contract",
    "FeasibleRange",
    "SuppressedCounts",
    "SuppressedTable",
    "SuppressionRule",
    "TableIssue",
    "TableReport",
    "check_change_events",
    "check_codes",
    "check_goals",
    "check_interactions",
    "check_ratings",
    "check_scores",
    "check_sessions",
    "check_table",
    "check_tasks",
    "feasible_ranges",
    "first_by_order",
    "frame_of",
    "from_cases",
    "lag_within_client",
    "last_by_order",
    "match_as_of",
    "suppress_counts",
    "suppress_small_cells",
]
