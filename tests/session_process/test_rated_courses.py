from __future__ import annotations

import math
import statistics

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from therapeutic_process.session_process import RatingCourse, rating_courses, read_session_ratings

values = st.lists(st.none() | st.integers(0, 10).map(float), min_size=1, max_size=12)


def course(ratings: list[float | None], **columns: object) -> RatingCourse:
    n = len(ratings)
    table = {
        "client_id": "a",
        "session": list(range(1, n + 1)),
        "scale": "bond",
        "role": "client",
        "rater": "c",
    }
    frame = pl.DataFrame({**table, **columns, "value": pl.Series(ratings, dtype=pl.Float64)})
    (found,) = rating_courses(read_session_ratings(frame)).rows
    return found


def test_a_course_by_hand() -> None:
    found = course([2, 4, None, 4, 6, 8, None])
    assert (found.n, found.n_sessions, found.gaps) == (5, 7, "3, 7")
    assert (found.first, found.last, found.mean) == (2, 8, 4.8)
    # x = 1, 2, 4, 5, 6: mean 3.6; sums of squares and products 17.2 and 17.6
    assert found.slope == pytest.approx(17.6 / 17.2)
    assert found.sd == pytest.approx(statistics.stdev([2, 4, 4, 6, 8]))
    # sessions 1-3, 4-5, 6-7
    assert (found.first_third, found.middle_third, found.last_third) == (3, 5, 8)


@given(values)
def test_rated_and_unrated_sessions_make_all_sessions(ratings: list[float | None]) -> None:
    found = course(ratings)
    gaps = [
        n
        for part in found.gaps.split(", ")
        if part
        for n in range(int(part.split("-")[0]), int(part.split("-")[-1]) + 1)
    ]
    assert gaps == [i for i, v in enumerate(ratings, start=1) if v is None]
    assert found.n + len(gaps) == found.n_sessions


@given(values, st.integers(-5, 5), st.sampled_from([-2.0, 0.5, 3.0]))
def test_a_linear_change_of_the_scale_changes_slopes_by_its_factor(
    ratings: list[float | None], shift: int, factor: float
) -> None:
    one, other = course(ratings), course([None if v is None else shift + factor * v for v in ratings])
    assert (one.slope is None) == (other.slope is None)
    if one.slope is not None and other.slope is not None:
        assert other.slope == pytest.approx(factor * one.slope, abs=1e-9)
    if one.mean is not None and other.mean is not None:
        assert other.mean == pytest.approx(shift + factor * one.mean, abs=1e-9)


@given(st.lists(st.integers(0, 10).map(float), min_size=3, max_size=12))
def test_a_course_told_backwards_has_the_opposite_slope(ratings: list[float]) -> None:
    there, back = course([*ratings]), course([*reversed(ratings)])
    assert there.slope is not None
    assert back.slope == pytest.approx(-there.slope, abs=1e-9)


@given(values.filter(lambda v: any(x is not None for x in v)))
def test_thirds_hold_the_sessions_in_order(ratings: list[float | None]) -> None:
    found, n = course(ratings), len(ratings)
    for part, mean in enumerate((found.first_third, found.middle_third, found.last_third)):
        own = [v for i, v in enumerate(ratings) if v is not None and math.floor(3 * i / n) == part]
        assert mean == (pytest.approx(statistics.fmean(own)) if own else None)


def test_gaps_in_a_row_are_told_as_a_stretch() -> None:
    assert course([1, None, None, None, 2, None]).gaps == "2-4, 6"


def test_what_is_not_known_has_a_reason() -> None:
    assert (course([1, 2]).slope, course([1, 2]).undefined_because) == (None, "fewer_than_3_values")
    assert course([1]).sd is None
    none = course([None, None])
    assert (none.mean, none.undefined_because, none.gaps) == (None, "no_value", "1-2")


def test_raters_and_scales_have_courses_of_their_own() -> None:
    rows = [
        ("a", s, scale, role, role, float(s))
        for s in (1, 2)
        for scale in "xy"
        for role in ("client", "observer")
    ]
    frame = pl.DataFrame(
        rows, schema=["client_id", "session", "scale", "role", "rater", "value"], orient="row"
    )
    found = rating_courses(read_session_ratings(frame))
    assert len(found.rows) == 4
    assert found.to_frame().height == 4
    assert repr(found) == "RatingCourses(4 courses of 1 clients, 8 ratings)"
