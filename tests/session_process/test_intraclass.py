from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from therapeutic_process.errors import NotEnoughData
from therapeutic_process.session_process import Form, intraclass_correlation

if TYPE_CHECKING:
    from therapeutic_process.session_process.extra import Floats

# Shrout & Fleiss (1979), table 2: six targets, four judges; coefficients from table 4.
SHROUT_FLEISS: list[list[float]] = [
    [9, 2, 5, 8],
    [6, 1, 3, 2],
    [8, 4, 6, 8],
    [7, 1, 2, 6],
    [10, 5, 6, 9],
    [6, 2, 4, 7],
]
FORMS: tuple[Form, ...] = ("1,1", "A,1", "C,1", "1,k", "A,k", "C,k")

scores = hnp.arrays(
    np.float64, st.tuples(st.integers(3, 7), st.integers(2, 4)), elements=st.integers(0, 20).map(float)
)


@pytest.mark.parametrize(
    ("form", "value"), list(zip(FORMS, (0.17, 0.29, 0.71, 0.44, 0.62, 0.91), strict=True))
)
def test_the_six_forms_of_shrout_and_fleiss(form: Form, value: float) -> None:
    found = intraclass_correlation(SHROUT_FLEISS, form=form)
    assert found.value == pytest.approx(value, abs=5e-3)
    assert found.low < found.value < found.high
    assert (found.n_units, found.n_raters) == (6, 4)


def test_forms_have_both_of_their_names() -> None:
    names = [intraclass_correlation(SHROUT_FLEISS, form=form).shrout_fleiss for form in FORMS]
    assert names == ["1,1", "2,1", "3,1", "1,k", "2,k", "3,k"]


@given(scores)
def test_the_mean_of_raters_is_one_rater_stepped_up(table: Floats) -> None:
    k = table.shape[1]
    for kind in ("1", "A", "C"):
        one = intraclass_correlation(table, form=f"{kind},1")  # type: ignore[arg-type]
        mean = intraclass_correlation(table, form=f"{kind},k")  # type: ignore[arg-type]
        if one.reason is None and one.value > -0.9 / (k - 1):
            assert mean.value == pytest.approx(k * one.value / (1 + (k - 1) * one.value))


@given(scores, st.floats(-5, 5), st.floats(0.5, 4))
def test_a_common_shift_and_unit_change_nothing(table: Floats, plus: float, by: float) -> None:
    for form in FORMS:
        one = intraclass_correlation(table, form=form)
        other = intraclass_correlation(by * table + plus, form=form)
        assume(one.reason == other.reason)
        if one.reason is None and abs(one.value) < 1e3:
            assert one.value == pytest.approx(other.value, rel=1e-6, abs=1e-6)


@given(scores, st.lists(st.integers(-9, 9), min_size=4, max_size=4))
def test_consistency_forgives_raters_their_level_and_agreement_does_not(
    table: Floats, level: list[int]
) -> None:
    moved = table + np.array(level[: table.shape[1]])
    one, other = (intraclass_correlation(x, form="C,1") for x in (table, moved))
    assert one.value == pytest.approx(other.value, rel=1e-6, abs=1e-9, nan_ok=True)


def test_absolute_agreement_counts_the_level() -> None:
    table = np.array([[1.0, 1.5], [2.0, 2.2], [3.0, 3.3], [4.0, 4.1]])
    moved = table + np.array([0.0, 5.0])
    assert (
        intraclass_correlation(moved, form="A,1").value < intraclass_correlation(table, form="A,1").value / 2
    )


def test_full_agreement_with_variation_is_one_and_without_it_undefined() -> None:
    for form in FORMS:
        full = intraclass_correlation([[1, 1], [2, 2], [5, 5]], form=form)
        assert (full.value, full.low, full.high) == (1, 1, 1)
        flat = intraclass_correlation([[3, 3], [3, 3]], form=form)
        assert math.isnan(flat.value)
        assert flat.reason == "no_variation"


def test_units_without_every_rating_are_dropped_and_counted() -> None:
    table: list[list[float]] = [*SHROUT_FLEISS, [1, 2, float("nan"), 3]]
    found = intraclass_correlation(table, form="C,1")
    assert found.n_dropped == 1
    assert found.value == intraclass_correlation(SHROUT_FLEISS, form="C,1").value


def test_the_interval_holds_the_truth_as_often_as_it_says() -> None:
    """Two-way random effects with ICC(A,1) = 4 / (4 + 1 + 2)."""
    rng = np.random.default_rng(12)
    hits = 0
    for _ in range(400):
        table = rng.normal(0, 2, (25, 1)) + rng.normal(0, 1, (1, 8)) + rng.normal(0, 2**0.5, (25, 8))
        found = intraclass_correlation(table, form="A,1")
        hits += found.low <= 4 / 7 <= found.high
    assert 0.92 <= hits / 400 <= 0.98


def test_too_little_is_refused() -> None:
    with pytest.raises(NotEnoughData):
        intraclass_correlation([[1, 2]], form="C,1")
    with pytest.raises(NotEnoughData):
        intraclass_correlation([[1], [2]], form="C,1")
