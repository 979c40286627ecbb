"""Cohorts with a known truth, in the designs where usual methods find effects that are not there."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from therapeutic_process.errors import MissingExtra

if TYPE_CHECKING:
    from therapeutic_process.simulate.cases import simulated_cases
    from therapeutic_process.simulate.cohort import SimulatedCohort, simulate_cohort
    from therapeutic_process.simulate.scenarios import SCENARIOS, Scenario, ScenarioDesign, scenario_design

# Everything here draws random numbers with NumPy: it is loaded when it is asked for.
_HOME = {
    "SCENARIOS": "scenarios",
    "Scenario": "scenarios",
    "ScenarioDesign": "scenarios",
    "SimulatedCohort": "cohort",
    "scenario_design": "scenarios",
    "simulate_cohort": "cohort",
    "simulated_cases": "cases",
}

__all__ = [
    "SCENARIOS",
    "Scenario",
    "ScenarioDesign",
    "SimulatedCohort",
    "scenario_design",
    "simulate_cohort",
    "simulated_cases",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        return getattr(import_module(f"therapeutic_process.simulate.{_HOME[name]}"), name)
    except ModuleNotFoundError as error:
        if error.name not in {"numpy", "scipy", "polars"}:
            raise
        raise MissingExtra("analysis", error.name) from error


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
