from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from therapeutic_process.simulate import SCENARIOS, Scenario, SimulatedCohort, simulate_cohort


def cohort(
    scenario: Scenario, n: int = 4000, sessions: int = 12, seed: int = 1, effect: float = 0.0
) -> SimulatedCohort:
    return simulate_cohort(
        scenario, n_clients=n, n_sessions=sessions, effect=effect, rng=np.random.default_rng(seed)
    )


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_the_same_seed_gives_the_same_cohort_and_another_seed_another(scenario: Scenario) -> None:
    one, again, other = (cohort(scenario, 30, seed=s).table for s in (1, 1, 2))
    assert one.equals(again)
    assert not one.equals(other)


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_a_clients_last_row_holds_only_the_outcome(scenario: Scenario) -> None:
    table = cohort(scenario, 200).table
    last = table.group_by("client_id", maintain_order=True).last()
    assert last["event"].null_count() == len(last)
    assert table["event"].null_count() == len(last)
    assert table["outcome_before"].null_count() == 0


@given(st.sampled_from(SCENARIOS), st.integers(1, 20), st.integers(1, 9), st.integers(0, 9))
@settings(max_examples=40, deadline=None)
def test_rows_are_unique_and_consecutive_from_session_zero(
    scenario: Scenario, n: int, sessions: int, seed: int
) -> None:
    table = cohort(scenario, n, sessions, seed).table
    for _, rows in table.group_by("client_id"):
        assert rows["session"].to_list() == list(range(len(rows)))
    assert set(table["event"].drop_nulls()) <= {0.0, 1.0}


def test_the_outcome_is_the_sum_of_its_hidden_parts() -> None:
    drawn = cohort("combined", 50)
    both = drawn.table.join(drawn.truth, on=["client_id", "session"])
    rest = both["outcome_before"] - both["expected"] - both["state"] - both["noise"]
    assert rest.abs().max() == pytest.approx(0, abs=1e-9)


def test_the_state_keeps_its_spread_and_its_carry_over() -> None:
    state = cohort("rtm", 20_000).series.state
    assert state.std(axis=0) == pytest.approx(np.full(13, 3.0), rel=0.03)
    assert np.corrcoef(state[:, 5], state[:, 6])[0, 1] == pytest.approx(0.4, abs=0.02)


def test_an_event_lowers_the_next_state_by_the_effect_and_nothing_else_does() -> None:
    drawn = cohort("pure", 20_000, effect=0.6).series
    innovation = drawn.state[:, 1:] - 0.4 * drawn.state[:, :-1]
    event = drawn.process[0] == 1
    assert innovation[event].mean() - innovation[~event].mean() == pytest.approx(-0.6, abs=0.04)


@pytest.mark.parametrize(
    ("scenario", "first", "last"), [("pure", 0.29, 0.29), ("trend", 0.65, 0.08), ("combined", 0.63, 0.12)]
)
def test_events_fade_only_where_the_scenario_says_so(scenario: Scenario, first: float, last: float) -> None:
    rate = cohort(scenario, 20_000).series.process[0].mean(axis=0)
    assert [rate[0], rate[-1]] == pytest.approx([first, last], abs=0.02)


def test_the_event_follows_what_the_scenario_says() -> None:
    def association(scenario: Scenario, what: str) -> float:
        s = cohort(scenario, 5000).series
        parts = {"state": s.state, "noise": s.noise}[what][:, 1:-1]
        return float(np.corrcoef(parts.ravel(), s.process[0][:, 1:].ravel())[0, 1])

    assert association("rtm", "noise") > 0.05
    assert association("state", "noise") == pytest.approx(0, abs=0.015)
    assert association("state", "state") > 0.1
    assert association("reverse", "noise") < -0.05
    assert association("pure", "state") == pytest.approx(0, abs=0.015)


def test_clients_leave_in_a_bad_state_or_after_an_unrecorded_gain() -> None:
    left = cohort("dropout", 8000).series
    gone = left.last_session == 5
    present = left.last_session > 5
    assert left.outcome[gone, 5].mean() > left.outcome[present, 5].mean() + 1
    silent = cohort("mnar", 8000).series
    gone, present = silent.last_session == 5, silent.last_session > 5
    gain = silent.state + silent.noise
    assert (gain[gone, 5] - gain[gone, 6]).mean() > (gain[present, 5] - gain[present, 6]).mean() + 1
    assert np.isnan(silent.outcome[gone, 6]).all()


def test_missing_sessions_are_null_in_score_and_event() -> None:
    drawn = simulate_cohort("pure", n_clients=800, n_sessions=12, missing=0.2, rng=np.random.default_rng(3))
    inner = drawn.table.filter(pl.col("session").is_between(1, 11))
    assert inner["outcome_before"].null_count() / len(inner) == pytest.approx(0.2, abs=0.02)
    assert (inner["outcome_before"].is_null() == inner["event"].is_null()).all()


def test_options_add_their_columns() -> None:
    drawn = simulate_cohort(
        "rtm",
        n_clients=40,
        n_sessions=5,
        n_processes=3,
        process_kind="score",
        irregular=True,
        therapists=4,
        therapist_sd=1.0,
        therapist_process_sd=0.5,
        rng=np.random.default_rng(4),
    )
    table = drawn.table
    assert table.columns[3:] == ["process", "process_2", "process_3", "days", "therapist_id"]
    assert table["therapist_id"].n_unique() == 4
    gaps = table.sort("client_id", "session").select(pl.col("days").diff().over("client_id")).drop_nulls()
    assert set(gaps.to_series()) == {7.0, 14.0, 21.0}


def test_impossible_numbers_are_refused() -> None:
    rng = np.random.default_rng(0)
    with pytest.raises(ValueError, match="scenario must be one of"):
        simulate_cohort("nothing", n_clients=3, n_sessions=3, rng=rng)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="at least 1"):
        simulate_cohort("pure", n_clients=0, n_sessions=3, rng=rng)
    with pytest.raises(ValueError, match="phi"):
        simulate_cohort("pure", n_clients=3, n_sessions=3, phi=1.0, rng=rng)
    with pytest.raises(ValueError, match="irregular"):
        simulate_cohort("pure", n_clients=3, n_sessions=3, phi=-0.2, irregular=True, rng=rng)
    assert cohort("pure", 3, effect=0.6).true_effect == -0.6


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"noise_sd": -1.0}, "standard deviations"),
        ({"state_sd": 0.0}, "standard deviations"),
        ({"therapist_sd": float("inf")}, "standard deviations"),
        ({"recovery_sd": float("nan")}, "standard deviations"),
        ({"effect": float("nan")}, "effect"),
        ({"process_kind": "other"}, "process_kind"),
        ({"second_lag": 0.7}, "second_lag"),
        ({"therapists": -3}, "therapists"),
        ({"missing": float("nan")}, "missing"),
        ({"dropout": "holiday"}, "dropout"),
    ],
)
def test_numbers_that_no_cohort_can_have_are_refused_by_name(options: dict[str, Any], named: str) -> None:
    with pytest.raises(ValueError, match=named):
        simulate_cohort("rtm", n_clients=3, n_sessions=3, rng=np.random.default_rng(0), **options)


@pytest.mark.parametrize("scenario", ["pure", "rtm", "state"])
def test_dropout_is_an_option_of_every_scenario(scenario: Scenario) -> None:
    stay, leave = (
        simulate_cohort(scenario, n_clients=4000, n_sessions=8, rng=np.random.default_rng(5), dropout=kind)
        for kind in (None, "score")
    )
    assert (stay.series.last_session == 8).all()
    assert 0.1 < (leave.series.last_session < 8).mean() < 0.6
    both = leave.table.join(stay.table, on=["client_id", "session"])
    assert both["outcome_before"].equals(both["outcome_before_right"])
    gone = leave.series.last_session == 4
    at_leaving = stay.series.outcome[:, 4]
    assert at_leaving[gone].mean() > at_leaving[leave.series.last_session > 4].mean() + 1


def test_a_huge_effect_still_gives_a_finite_cohort() -> None:
    made = cohort("combined", 50, effect=1e9)
    assert np.isfinite(made.series.outcome).all()
