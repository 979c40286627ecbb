"""What the scale of an outcome cannot carry."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from therapeutic_process.process_outcome import lagged_within_client_effect
from therapeutic_process.process_outcome.scale_limits import at_an_end, looks_back
from therapeutic_process.simulate import simulate_cohort


def cohort() -> pl.DataFrame:
    rng = np.random.default_rng(1)
    return simulate_cohort("pure", n_clients=40, n_sessions=8, irregular=True, rng=rng).table


def test_the_default_warns_of_floor_and_ceiling_and_estimates_the_same() -> None:
    table = cohort().with_columns(pl.col("outcome_before").clip(21, 30))
    plain = lagged_within_client_effect(table, timing="before")
    found = lagged_within_client_effect(table, timing="before", outcome_range=(21, 30))
    assert [w.partition(" lie at the ")[2].split()[0] for w in found.warnings if "lie at" in w] == [
        "floor",
        "ceiling",
    ]
    assert not [w for w in plain.warnings if "lie at" in w]
    assert found.interval == plain.interval


def test_the_default_warns_of_a_look_back_beyond_the_gap() -> None:
    def look(recall: float) -> list[str]:
        found = lagged_within_client_effect(cohort(), timing="before", days="days", recall_days=recall)
        return [w for w in found.warnings if "look back" in w]

    assert "over 14 days, longer than the median gap of 7 days" in look(14)[0]
    assert look(7) == []


@pytest.mark.parametrize(("n_at_floor", "warned"), [(15, False), (16, True)])
def test_fifteen_percent_are_borne_and_more_are_not(n_at_floor: int, warned: bool) -> None:
    scores = [0.0] * n_at_floor + [5.0] * (100 - n_at_floor)
    assert bool(at_an_end(scores, 0.0, 27.0)) == warned
    assert at_an_end(scores, None, None) == []


@given(st.lists(st.floats(0.5, 60), min_size=1), st.floats(0, 90))
def test_it_looks_back_too_far_only_beyond_the_median_gap(gaps: list[float], recall: float) -> None:
    assert bool(looks_back(recall, gaps)) == (recall > np.median(gaps))


def test_nothing_known_gives_no_warning() -> None:
    assert looks_back(None, [7.0]) == looks_back(14, []) == at_an_end([], 0.0, 1.0) == []
