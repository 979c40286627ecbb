from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest

from therapeutic_process.errors import NotEnoughData, TableError
from therapeutic_process.session_process import as_ratings, read_ratings

LONG = pl.DataFrame(
    {
        "unit_id": [1, 1, 2, 2, 3],
        "rater_id": ["x", "y", "x", "y", "y"],
        "value": ["a", "b", None, "a", "b"],
        "client_id": ["k", "k", "k", "k", "m"],
    }
)


def test_a_long_table_becomes_units_by_raters() -> None:
    ratings = read_ratings(LONG, cluster="client_id")
    assert ratings.places.tolist() == [[0, 1], [-1, 0], [-1, 1]]
    assert ratings.categories == ("a", "b")
    assert ratings.cluster is not None
    assert ratings.cluster.tolist() == [0, 0, 1]
    assert ratings.counts().tolist() == [[1, 1], [1, 0], [0, 1]]
    assert ratings.complete().tolist() == [[0, 1]]


def test_rows_in_any_order_and_any_engine_give_the_same() -> None:
    want = read_ratings(LONG).places.tolist()
    assert read_ratings(LONG[::-1]).places.tolist() == want
    assert read_ratings(LONG.lazy()).places.tolist() == want
    assert read_ratings(pd.DataFrame(LONG.to_dict(as_series=False))).places.tolist() == want


def test_a_rater_twice_on_a_unit_is_refused() -> None:
    with pytest.raises(TableError, match="duplicate_key") as refusal:
        read_ratings(pl.concat([LONG, LONG[:1]]))
    assert refusal.value.rows == (0, 5)


def test_a_unit_in_two_clusters_is_refused() -> None:
    with pytest.raises(TableError, match="cluster_not_unique"):
        read_ratings(LONG.with_columns(client_id=pl.Series(list("kmkkk"))), cluster="client_id")


def test_an_empty_table_and_a_flat_list_are_refused() -> None:
    with pytest.raises(NotEnoughData):
        read_ratings(LONG[:0])
    with pytest.raises(TableError, match="wrong_shape"):
        as_ratings([1, 2, 3])


def test_arrays_of_every_kind_are_taken() -> None:
    want = [[0, 1], [1, -1]]
    tables: list[list[list[Any]]] = [[["a", "b"], ["b", None]], [[1.0, 2.0], [2.0, float("nan")]]]
    for table in tables:
        assert as_ratings(table).places.tolist() == want
    assert as_ratings(np.array([[4, 9], [9, 4]])).categories == (4, 9)
    assert as_ratings([["b", "a"]], categories=["b", "a"]).places.tolist() == [[0, 1]]


def test_labels_are_no_numbers() -> None:
    with pytest.raises(TableError, match="not_numeric"):
        as_ratings([["a", "b"]]).numbers()


def test_the_representation_shows_no_label() -> None:
    assert repr(as_ratings([["secret", None]])) == "<Ratings: 1 units x 2 raters, 1 categories, 1 missing>"
