"""Describe what happens in sessions, exactly and without a theory: order, share, talk, agreement."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from therapeutic_process.session_process.homogeneity import HomogeneityTest, homogeneity_test
    from therapeutic_process.session_process.pattern_kappa import (
        BidirectionalKappa,
        ParallelDominance,
        TwoCellTest,
        UnidirectionalKappa,
        bidirectional_kappa,
        parallel_dominance,
        two_cell_test,
        unidirectional_kappa,
    )
    from therapeutic_process.session_process.permutation import PermutationTest
    from therapeutic_process.session_process.sequential import SequentialStatistics, sequential_statistics
    from therapeutic_process.session_process.transition_table import TransitionTables, transition_tables
    from therapeutic_process.session_process.turns import CodedTurns, code_turns

# The statistics need the ``analysis`` extra; the room itself must open without it.
_HOME = {
    "BidirectionalKappa": "pattern_kappa",
    "CodedTurns": "turns",
    "HomogeneityTest": "homogeneity",
    "ParallelDominance": "pattern_kappa",
    "PermutationTest": "permutation",
    "SequentialStatistics": "sequential",
    "TransitionTables": "transition_table",
    "TwoCellTest": "pattern_kappa",
    "UnidirectionalKappa": "pattern_kappa",
    "bidirectional_kappa": "pattern_kappa",
    "code_turns": "turns",
    "homogeneity_test": "homogeneity",
    "parallel_dominance": "pattern_kappa",
    "sequential_statistics": "sequential",
    "transition_tables": "transition_table",
    "two_cell_test": "pattern_kappa",
    "unidirectional_kappa": "pattern_kappa",
}

__all__ = [
    "BidirectionalKappa",
    "CodedTurns",
    "HomogeneityTest",
    "ParallelDominance",
    "PermutationTest",
    "SequentialStatistics",
    "TransitionTables",
    "TwoCellTest",
    "UnidirectionalKappa",
    "bidirectional_kappa",
    "code_turns",
    "homogeneity_test",
    "parallel_dominance",
    "sequential_statistics",
    "transition_tables",
    "two_cell_test",
    "unidirectional_kappa",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"therapeutic_process.session_process.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
