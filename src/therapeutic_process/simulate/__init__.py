"""Cohorts with a known truth, in the designs where usual methods find effects that are not there."""

from therapeutic_process.simulate.cases import simulated_cases
from therapeutic_process.simulate.cohort import SimulatedCohort, simulate_cohort
from therapeutic_process.simulate.scenarios import SCENARIOS, Scenario, ScenarioDesign, scenario_design

__all__ = [
    "SCENARIOS",
    "Scenario",
    "ScenarioDesign",
    "SimulatedCohort",
    "scenario_design",
    "simulate_cohort",
    "simulated_cases",
]
