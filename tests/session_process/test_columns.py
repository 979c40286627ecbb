from __future__ import annotations

import datetime as dt
from typing import Any

import narwhals.stable.v2 as nw
import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from therapeutic_process.errors import TableError
from therapeutic_process.session_process.columns import as_floats, as_integers, number_array, read_columns


def series(values: list[Any], **kinds: Any) -> nw.Series[Any]:
    return nw.from_native(pl.Series("x", values, **kinds), series_only=True)


columns = st.one_of(
    st.lists(st.one_of(st.integers(-(10**9), 10**9), st.none())),
    st.lists(st.one_of(st.integers(0, 5), st.none())),
    st.lists(st.one_of(st.text("abc", max_size=2), st.none())),
    st.lists(st.one_of(st.booleans(), st.none())),
)


@given(columns)
def test_each_value_gets_back_its_label(values: list[Any]) -> None:
    codes, labels = as_integers(series(values, strict=False), "x")
    assert [None if c < 0 else labels[c] for c in codes] == values
    assert list(labels) == sorted(set(values) - {None})


@given(st.lists(st.one_of(st.integers(0, 5), st.none()), min_size=1))
def test_arrays_are_numbered_like_columns(values: list[int | None]) -> None:
    array = np.array([np.nan if v is None else v for v in values], dtype=float)
    codes, labels = as_integers(series(values, dtype=pl.Int64), "x")
    other, names = number_array(array, "x")
    assert codes.tolist() == other.tolist()
    assert labels == names


def test_every_kind_of_label_has_an_order() -> None:
    days = [dt.date(2026, 3, 1), None, dt.date(2026, 1, 1)]
    assert as_integers(series(days), "x")[0].tolist() == [1, -1, 0]
    category = series(["b", "a", "b"], dtype=pl.Categorical)
    assert as_integers(category, "x")[1] == ("a", "b")
    assert as_integers(series([0.5, float("nan"), 0.25]), "x")[0].tolist() == [1, -1, 0]
    assert as_integers(series([True, True]), "x")[1] == (True,)
    assert as_integers(series([], dtype=pl.String), "x")[1] == ()
    assert as_integers(series([], dtype=pl.Int64), "x")[1] == ()


def test_labels_that_are_given_decide_the_numbers() -> None:
    codes, labels = as_integers(series(["b", None]), "x", ["c", "b"])
    assert codes.tolist() == [1, -1]
    assert labels == ("c", "b")
    with pytest.raises(TableError, match="label_twice"):
        as_integers(series(["b"]), "x", ["b", "b"])


def test_nan_is_missing_in_every_engine() -> None:
    pandas = nw.from_native(pd.Series([1.0, np.nan, 2.0]), series_only=True)
    assert as_integers(pandas, "x")[0].tolist() == [0, -1, 1]
    assert np.isnan(as_floats(pandas, "x")[1])
    assert np.isnan(as_floats(series([1, None]), "x")[1])


def test_texts_are_no_numbers() -> None:
    with pytest.raises(TableError, match="not_numeric"):
        as_floats(series(["1"]), "x")


def test_only_the_columns_that_are_needed_are_read() -> None:
    frame = (
        pl.DataFrame({"a": [1], "b": [2]}).lazy().with_columns(c=pl.col("b").map_elements(_explode, pl.Int64))
    )
    assert list(read_columns(frame, ["a"])) == ["a"]


def _explode(_: object) -> int:
    raise AssertionError


@pytest.mark.parametrize("kind", ["category", "str", "object"])
def test_labels_are_numbered_alike_whatever_holds_them(kind: Any) -> None:
    labels = ["b", "c", "b", "a", None, "c"]
    plain = nw.from_native(pl.Series("code", labels), series_only=True)
    other = nw.from_native(pd.Series(labels, name="code").astype(kind), series_only=True)
    (codes, found), (mine, own) = as_integers(plain, "code"), as_integers(other, "code")
    assert (codes.tolist(), found) == (mine.tolist(), own)


def test_a_category_that_does_not_occur_is_no_label() -> None:
    held = pd.Series(["b", "a", "b"], dtype=pd.CategoricalDtype(["z", "b", "a"]))
    codes, labels = as_integers(nw.from_native(held, series_only=True), "code")
    assert (codes.tolist(), labels) == ([1, 0, 1], ("a", "b"))


def test_a_label_that_comes_late_is_found() -> None:
    late = pl.Series("code", ["b"] * 5000 + ["a"])
    codes, labels = as_integers(nw.from_native(late, series_only=True), "code")
    assert (codes.sum(), codes[-1], labels) == (5000, 0, ("a", "b"))


@pytest.mark.parametrize("high", [3, 31, 32, 400])
def test_numbers_that_do_not_occur_are_no_labels(high: int) -> None:
    codes, labels = as_integers(nw.from_native(pl.Series("code", [high, 1, high]), series_only=True), "code")
    assert (codes.tolist(), labels) == ([1, 0, 1], (1, high))


def test_labels_of_several_kinds_are_refused_without_showing_one() -> None:
    mixed = pd.Series(["secret", 4711], dtype=object, name="code")
    with pytest.raises(TableError, match="labels_mixed") as told:
        as_integers(nw.from_native(mixed, series_only=True), "code")
    assert "secret" not in str(told.value)
    assert "4711" not in str(told.value)
