"""What verdicts do under a known truth: simulated cohorts, few but real; the gate runs more of them."""

from __future__ import annotations

from collections import Counter

import numpy as np
import polars as pl
import pytest

from therapeutic_process import process_outcome
from therapeutic_process.change_process import (
    CodePattern,
    InertBounds,
    LagWindow,
    Mechanism,
    ScorePattern,
    TheoryOfChange,
)
from therapeutic_process.errors import CannotEstimate
from therapeutic_process.process_outcome import TheoryTest, lagged_within_client_effect
from therapeutic_process.simulate import Scenario, simulate_cohort

COHORTS = 8


def a_theory(longest: int = 1) -> TheoryOfChange:
    mechanism = Mechanism(
        id="m", cause=CodePattern(system="automisc", codes=("C",)), effect=ScorePattern(instrument="phq9"),
        lag=LagWindow(unit="sessions", shortest=1, longest=longest), direction="improvement", smallest_effect=0.3,
    )  # fmt: skip
    return TheoryOfChange(id="t", name="T", mechanisms=(mechanism,))


def judged(scenario: Scenario, seed: int, *, effect: float = 0.0, longest: int = 1) -> TheoryTest:
    rng = np.random.default_rng(1000 + seed)
    made = simulate_cohort(scenario, n_clients=120, n_sessions=12, effect=effect, rng=rng).table
    table = made.rename({"outcome_before": "score", "event": "process"})
    return process_outcome.test_theory(a_theory(longest), {"m": table}, timing="before")


def verdicts(scenario: Scenario, *, effect: float = 0.0, longest: int = 1) -> Counter[str]:
    several = (judged(scenario, k, effect=effect, longest=longest) for k in range(COHORTS))
    return Counter(found.mechanism("m").verdict for found in several)


@pytest.mark.parametrize("scenario", ["rtm", "state"])
def test_where_nothing_is_next_to_nothing_is_supported(scenario: Scenario) -> None:
    found = verdicts(scenario)
    assert found["supported"] <= 1
    assert found["inconclusive"] + found["contradicted"] >= COHORTS - 1


@pytest.mark.parametrize("longest", [1, 2])
def test_a_strong_effect_is_supported(longest: int) -> None:
    assert verdicts("pure", effect=2.5, longest=longest)["supported"] >= COHORTS - 1


def test_an_effect_the_other_way_is_contradicted_and_not_where_the_event_follows_the_state() -> None:
    assert verdicts("pure", effect=-2.5)["contradicted"] >= COHORTS - 1
    assert verdicts("rtm", effect=-2.5)["contradicted"] <= 1


def test_a_true_null_is_inert_only_with_bounds_that_the_design_can_tell() -> None:
    rng = np.random.default_rng(7)
    made = simulate_cohort("pure", n_clients=300, n_sessions=12, rng=rng).table
    table = made.rename({"outcome_before": "score", "event": "process"})
    for width, expected in ((2.0, "inert"), (0.05, "undecided")):
        (bare,) = a_theory().mechanisms
        mechanism = bare.with_changes(inert_bounds=InertBounds(lower=-width, upper=width))
        theory = a_theory().with_changes(mechanisms=(mechanism,))
        found = process_outcome.test_theory(
            theory, {"m": table}, timing="before", coder_reliability={"m": 1.0}, rng=rng, replications=2
        )  # fmt: skip
        assert found.mechanism("m").standing == expected


def changes_between_sessions(rng: np.random.Generator) -> pl.DataFrame:
    """Count improvements between sessions of clients who come back from bad weeks, as they do without the event."""
    n, sessions, carry = 200, 12, 0.4
    state = np.zeros((n, sessions + 1))
    state[:, 0] = rng.normal(size=n)
    for t in range(sessions):
        state[:, t + 1] = carry * state[:, t] + np.sqrt(1 - carry**2) * rng.normal(size=n)
    changes = rng.poisson(np.exp(rng.normal(-1, 0.5, size=(n, 1)) - 0.6 * np.diff(state, axis=1)))
    events = rng.random((n, sessions)) < 1 / (1 + np.exp(0.9 - 0.8 * state[:, :-1]))
    who, number = np.indices((n, sessions + 1))
    counts = np.column_stack([np.full(n, np.nan), changes.astype(float)])
    held = np.column_stack([events.astype(float), np.full(n, np.nan)])
    columns = {"client_id": who, "session": number + 1, "outcome_before": counts, "event": held}
    return pl.DataFrame({name: values.ravel() for name, values in columns.items()}).fill_nan(None)


def test_changes_between_sessions_reject_a_true_null_and_so_have_no_verdict() -> None:
    rejected = fitted = unnoticed = 0
    for seed in range(12):
        try:
            found = lagged_within_client_effect(
                changes_between_sessions(np.random.default_rng(seed)), timing="before"
            )
        except CannotEstimate:
            continue
        fitted += 1
        rejected += found.excludes_zero
        unnoticed += found.excludes_zero and not found.placebo.rejects
    assert fitted >= 8
    assert rejected >= fitted / 3
    assert unnoticed >= fitted / 4
