"""Where the first and the last known score of a client stands."""

from __future__ import annotations

import narwhals.stable.v2 as nw
import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from therapeutic_process.change_process import paired_scores
from therapeutic_process.change_process.score_series import ends_known, series_of

COURSES = st.lists(
    st.lists(st.none() | st.integers(0, 9).map(float), min_size=1, max_size=6), min_size=1, max_size=6
)


def table_of(courses: list[list[float | None]]) -> pl.DataFrame:
    rows = [(c, i, score) for c, course in enumerate(courses) for i, score in enumerate(course)]
    schema = {"client_id": pl.Int64, "session": pl.Int64, "score": pl.Float64}
    return pl.DataFrame(rows, schema=schema, orient="row")


@given(COURSES)
def test_the_ends_are_those_that_a_walk_through_each_course_finds(courses: list[list[float | None]]) -> None:
    table = nw.from_native(table_of(courses))
    series = series_of(table, client="client_id", order="session", score="score")
    first, last, n = ends_known(series)
    for i, course in enumerate(courses):
        known = [k for k, x in enumerate(course) if x is not None]
        start = int(series.starts[i])
        assert n[i] == len(known)
        if known:
            assert (first[i] - start, last[i] - start) == (known[0], known[-1])
        else:
            assert first[i] > last[i]


@given(COURSES)
def test_pairs_are_first_and_last_score_of_those_who_have_two(courses: list[list[float | None]]) -> None:
    pairs = paired_scores(table_of(courses))
    known = [[x for x in course if x is not None] for course in courses]
    wanted = [(i, x[0], x[-1], len(x)) for i, x in enumerate(known) if len(x) > 1]
    assert pairs.table.rows() == wanted
    assert pairs.dropped == {
        "no_score": sum(not x for x in known),
        "one_score_missing": sum(len(x) == 1 for x in known),
    }


@pytest.mark.parametrize("kind", ["float64", "Float64", "double[pyarrow]"])
def test_every_way_in_which_pandas_marks_a_gap_is_a_gap(kind: str) -> None:
    scores = pd.Series([None, 9.0, 4.0, None], dtype=kind)
    frame = pd.DataFrame({"client_id": [1, 1, 1, 1], "session": [1, 2, 3, 4], "score": scores})
    row = paired_scores(frame).table.iloc[0]
    assert (row["before"], row["after"], row["n_scores"]) == (9.0, 4.0, 2)


def test_the_table_of_the_caller_is_left_as_it_was() -> None:
    scores = np.array([20.0, 21.0, np.nan])
    paired_scores(pl.DataFrame({"client_id": [1, 1, 1], "session": [1, 2, 3], "score": scores}))
    assert np.isnan(scores[2])
