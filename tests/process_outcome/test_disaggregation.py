from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from therapeutic_process.errors import CannotEstimate, TableError
from therapeutic_process.process_outcome import detrend_within_client, disaggregate_within_between

if TYPE_CHECKING:
    from typing import Any


def ratings(n: int = 12, seed: int = 1) -> pl.DataFrame:
    rng = np.random.default_rng(seed)
    client = np.repeat(np.arange(n), 6)
    values = rng.normal(size=n)[client] * 2 + rng.normal(size=6 * n) + 0.5 * np.tile(np.arange(6), n)
    return pl.DataFrame({"client_id": client, "session": np.tile(np.arange(6), n), "alliance": values})


@settings(max_examples=20, deadline=None)
@given(st.integers(2, 20), st.integers(0, 999))
def test_mean_and_deviation_add_up_and_deviations_of_a_client_sum_to_zero(n: int, seed: int) -> None:
    table = ratings(n, seed)
    done = disaggregate_within_between(table, value="alliance").table
    total = done["alliance_between"] + done["alliance_within"]
    assert total.to_numpy() == pytest.approx(table["alliance"].to_numpy())
    sums = done.group_by("client_id").agg(pl.col("alliance_within").sum())
    assert sums["alliance_within"].to_numpy() == pytest.approx(np.zeros(n), abs=1e-9)


def test_share_and_reliability_are_those_of_the_analysis_of_variance() -> None:
    """Shrout & Fleiss (1979), tables 2 and 4: ICC(1,1) = .17, ICC(1,4) = .44."""
    judges = [[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]]
    table = pl.DataFrame({"client_id": np.repeat(range(6), 4), "score": np.ravel(judges)})
    found = disaggregate_within_between(table, value="score")
    assert (round(found.between_share, 2), round(found.reliability, 2)) == (0.17, 0.44)


def test_every_kind_of_frame_comes_back_as_its_own_kind() -> None:
    table = ratings().with_columns(alliance=pl.when(pl.col("session") != 2).then("alliance"))
    expected = disaggregate_within_between(table, value="alliance")
    lazy = disaggregate_within_between(table.lazy(), value="alliance")
    assert isinstance(lazy.table, pl.LazyFrame)
    assert_frame_equal(lazy.table.collect(), expected.table)
    pandas = disaggregate_within_between(pd.DataFrame(table.to_dict(as_series=False)), value="alliance")
    assert isinstance(pandas.table, pd.DataFrame)
    assert pandas.table["alliance_within"].to_numpy() == pytest.approx(
        expected.table["alliance_within"].to_numpy(), nan_ok=True
    )
    arrow: Any = table.to_arrow()
    assert isinstance(disaggregate_within_between(arrow, value="alliance").table, pa.Table)
    assert lazy.between_share == pytest.approx(expected.between_share)
    assert pandas.between_share == pytest.approx(expected.between_share)
    assert (expected.n_values, expected.n_missing, pandas.n_missing) == (60, 12, 12)


def test_a_process_that_varies_only_between_clients_is_refused() -> None:
    table = ratings().with_columns(alliance=pl.col("client_id").cast(pl.Float64))
    with pytest.raises(CannotEstimate, match="no_within_variance"):
        disaggregate_within_between(table, value="alliance")
    with pytest.raises(CannotEstimate, match="too_few_clients"):
        disaggregate_within_between(ratings().filter(pl.col("client_id") == 1), value="alliance")


def test_lines_are_those_of_least_squares() -> None:
    table = ratings()
    done = detrend_within_client(table, value="alliance").table
    for (client,), rows in done.group_by("client_id"):
        slope, level = np.polyfit(rows["session"].to_numpy(), rows["alliance"].to_numpy(), 1)
        assert rows["alliance_trend"].to_numpy() == pytest.approx(np.full(6, slope)), client
        expected = rows["alliance"].to_numpy() - level - slope * rows["session"].to_numpy()
        assert rows["alliance_residual"].to_numpy() == pytest.approx(expected)


def test_clients_with_fewer_than_four_values_get_no_line_and_are_counted() -> None:
    table = ratings().with_columns(
        alliance=pl.when((pl.col("client_id") > 2) | (pl.col("session") < 3)).then("alliance")
    )
    found = detrend_within_client(table, value="alliance")
    assert (found.n_clients, found.n_too_short, found.n_values) == (9, 3, 54)
    short = found.table.filter(pl.col("client_id") <= 2)
    assert short["alliance_residual"].null_count() == 18
    lazy = detrend_within_client(table.lazy(), value="alliance").table
    assert isinstance(lazy, pl.LazyFrame)
    assert_frame_equal(lazy.collect(), found.table)
    with pytest.raises(CannotEstimate, match="too_few_rows"):
        detrend_within_client(table.filter(pl.col("client_id") <= 2), value="alliance")


def test_a_missing_taken_or_wordy_column_is_refused() -> None:
    with pytest.raises(TableError, match="column_missing"):
        disaggregate_within_between(ratings(), value="empathy")
    with pytest.raises(TableError, match="column_taken"):
        detrend_within_client(ratings().with_columns(alliance_trend=1), value="alliance")
    with pytest.raises(TableError, match="not_numeric"):
        disaggregate_within_between(ratings().with_columns(alliance=pl.lit("good")), value="alliance")
    assert "12 clients" in repr(disaggregate_within_between(ratings(), value="alliance"))
    assert "0 too short" in repr(detrend_within_client(ratings(), value="alliance"))
