"""A simulated cohort as cases holds what its table holds, and nothing of the truth."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from therapeutic_process.change_process import CausePattern, CodePattern, RatingPattern, ScorePattern
from therapeutic_process.process_outcome import lagged_within_client_effect, process_table
from therapeutic_process.records import Case
from therapeutic_process.simulate import Scenario, SimulatedCohort, simulate_cohort, simulated_cases

EVENT = CodePattern(system="automisc", codes=("C",), role="client")
SCORE = ScorePattern(instrument="simulated-outcome")


def cohort(scenario: Scenario = "rtm", n: int = 8, seed: int = 1, **options: Any) -> SimulatedCohort:
    rng = np.random.default_rng(seed)
    return simulate_cohort(scenario, n_clients=n, n_sessions=8, rng=rng, **options)


def read_back(made: SimulatedCohort, cause: CausePattern = EVENT) -> pl.DataFrame:
    """Return the cases as the cohort's table has them, without rows that hold nothing."""
    table = process_table(simulated_cases(made), cause=cause, effect=SCORE, timing="before").table
    client = pl.col("client_id").str.strip_prefix("client").cast(pl.Int64)
    table = table.with_columns(client, session=pl.col("session") - 1)
    held = table.filter(pl.col("score").is_not_null() | pl.col("process").is_not_null())
    return held.select("client_id", "session", "score", "process").sort("client_id", "session")


def recorded(made: SimulatedCohort, process: str = "event") -> pl.DataFrame:
    table = made.table.rename({"outcome_before": "score", process: "process"})
    held = table.filter(pl.col("score").is_not_null() | pl.col("process").is_not_null())
    return held.select("client_id", "session", "score", "process").sort("client_id", "session")


@settings(max_examples=10)
@given(st.integers(0, 2**32), st.sampled_from(["rtm", "dropout", "mnar"]), st.sampled_from([0.0, 0.3]))
def test_cases_hold_what_the_table_holds(seed: int, scenario: Scenario, missing: float) -> None:
    made = cohort(scenario, seed=seed, missing=missing)
    assert read_back(made).equals(recorded(made))


def test_a_process_score_becomes_a_rating() -> None:
    made = cohort(process_kind="score")
    found = read_back(made, RatingPattern(instrument="simulated-process", rater="client"))
    assert found.equals(recorded(made, "process"))


def test_the_estimate_is_the_same_from_cases_and_from_the_table() -> None:
    made = cohort("pure", n=60, effect=2.0)
    table = process_table(simulated_cases(made), cause=EVENT, effect=SCORE, timing="before").table
    found = lagged_within_client_effect(table, timing="before", outcome="score", process="process")
    expected = lagged_within_client_effect(made.table, timing="before")
    assert found.interval == pytest.approx(expected.interval, rel=1e-6)


def test_days_and_endings_are_those_of_the_cohort() -> None:
    made = cohort("dropout", n=40, irregular=True)
    cases = list(simulated_cases(made))
    left = [c.ending is not None and c.ending.kind == "client_dropout" for c in cases]
    assert left == [bool(last < 8) for last in made.series.last_session]
    assert 0 < sum(left) < 40
    first = cases[0].sessions
    gaps = [(b.started_at - a.started_at).days for a, b in pairwise(first)]  # type: ignore[operator]  # all have times
    assert gaps == np.diff(made.series.days[0])[: len(gaps)].tolist()


def test_the_truth_is_not_in_the_cases_and_they_read_back() -> None:
    case = next(simulated_cases(cohort(effect=2.0)))
    text = case.model_dump_json()
    assert Case.model_validate_json(text) == case
    assert not any(word in text for word in ("log_odds", "state", "effect"))
