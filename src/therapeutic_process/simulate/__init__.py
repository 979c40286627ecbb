"""Cohorts with a known truth, in the designs where usual methods find effects that are not there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from therapeutic_process.lazy_room import lazy_room

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


__getattr__ = lazy_room(__name__, _HOME, extra="analysis", packages=("numpy", "scipy", "polars"))


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
