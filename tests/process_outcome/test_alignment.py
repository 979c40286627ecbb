from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from therapeutic_process.errors import CannotEstimate, TableError
from therapeutic_process.process_outcome import align_sessions_to_outcomes, lagged_within_client_screen
from therapeutic_process.simulate import simulate_cohort

if TYPE_CHECKING:
    from typing import Any

TABLE = pl.DataFrame(
    {
        "client_id": ["a"] * 5 + ["b"] * 3,
        "session": [1, 2, 3, 5, 6, 1, 2, 3],
        "outcome_before": [20.0, 18.0, None, 15.0, 12.0, 9.0, 8.0, 7.0],
        "event": [0, 1, 1, 0, None, 1, None, None],
        "day": [0, 7, 14, 30, 37, 0, 10, 20],
    }
)


def test_scores_and_days_around_every_session_are_those_of_its_neighbours() -> None:
    found = align_sessions_to_outcomes(TABLE, timing="before", days="day")
    table = found.table
    assert table["score_earlier"].to_list() == [None, 20.0, 18.0, None, 15.0, None, 9.0, 8.0]
    assert table["score_before"].to_list() == TABLE["outcome_before"].to_list()
    assert table["score_after"].to_list() == [18.0, None, None, 12.0, None, 8.0, 7.0, None]
    assert table["elapsed_days"].to_list() == [7.0, 7.0, None, 7.0, None, 10.0, 10.0, None]
    reasons = [None, "no score after", "no score before", None, "process not coded"]
    assert table["absent_because"].to_list()[:5] == reasons
    assert found.n_usable == 3
    assert found.absent == {"process not coded": 3, "no score before": 1, "no score after": 1}
    assert "3 usable, 5 not" in str(found)


def test_a_score_after_its_session_is_the_score_after_and_the_last_one_the_score_before() -> None:
    found = align_sessions_to_outcomes(TABLE, timing="after", days="day").table
    assert found["score_after"].to_list() == TABLE["outcome_before"].to_list()
    assert found["score_before"].to_list() == [None, 20.0, 18.0, None, 15.0, None, 9.0, 8.0]
    assert found["score_earlier"].to_list()[2] == 20.0
    assert found["elapsed_days"].to_list()[:3] == [None, 7.0, 7.0]


def test_usable_sessions_are_those_the_screen_uses() -> None:
    rng = np.random.default_rng(6)
    cohort = simulate_cohort("dropout", n_clients=80, n_sessions=10, missing=0.1, rng=rng)
    table = align_sessions_to_outcomes(cohort.table, timing="before").table
    complete = table.filter(pl.col("absent_because").is_null() & pl.col("score_earlier").is_not_null())
    enough = complete.filter(pl.len().over("client_id") >= 4)
    assert lagged_within_client_screen(cohort.table, timing="before").n_rows == len(enough)


def test_every_kind_of_frame_comes_back_as_its_own_kind() -> None:
    expected = align_sessions_to_outcomes(TABLE, timing="before", days="day").table
    lazy = align_sessions_to_outcomes(TABLE.lazy(), timing="before", days="day").table
    assert isinstance(lazy, pl.LazyFrame)
    assert_frame_equal(lazy.collect(), expected)
    pandas: Any = pd.DataFrame(TABLE.to_dict(as_series=False))
    back = align_sessions_to_outcomes(pandas, timing="before", days="day")
    assert isinstance(back.table, pd.DataFrame)
    assert back.table["score_after"].to_numpy() == pytest.approx(
        expected["score_after"].cast(pl.Float64).fill_null(float("nan")).to_numpy(), nan_ok=True
    )
    assert back.absent == {"process not coded": 3, "no score before": 1, "no score after": 1}


def test_undeclared_timing_missing_columns_and_repeated_sessions_are_refused() -> None:
    with pytest.raises(CannotEstimate, match="timing_undeclared"):
        align_sessions_to_outcomes(TABLE)
    with pytest.raises(TableError, match="column_missing"):
        align_sessions_to_outcomes(TABLE.drop("event"), timing="before")
    with pytest.raises(TableError, match="duplicate_key"):
        align_sessions_to_outcomes(pl.concat([TABLE, TABLE.head(1)]), timing="before")
