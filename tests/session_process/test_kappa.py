from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from therapeutic_process.errors import NotEnoughData, TableError
from therapeutic_process.session_process import (
    Agreement,
    as_ratings,
    cohen_kappa,
    fleiss_kappa,
    kappa_of_table,
    percent_agreement,
)

# Cohen (1960), table 1, as counts of 200; Cohen (1968) weights disagreements 1, 3, 6.
COHEN = [[88, 10, 2], [14, 40, 6], [18, 10, 12]]
COHEN_WEIGHTS = [[0, 1, 3], [1, 0, 6], [3, 6, 0]]


def test_cohen_1960_and_1968() -> None:
    assert kappa_of_table(COHEN).value == pytest.approx(0.492, abs=5e-4)
    assert kappa_of_table(COHEN, weights=COHEN_WEIGHTS).value == pytest.approx(0.348, abs=5e-4)


def test_fleiss_cohen_and_everitt_1969_errors_of_kappa() -> None:
    """Their example: kappa .429, its standard error .054 (weights aside)."""
    table = [[106, 10, 4], [22, 28, 10], [2, 12, 6]]
    found = kappa_of_table(table)
    assert found.value == pytest.approx(0.429, abs=5e-4)
    assert found.se**2 == pytest.approx(0.002885, abs=5e-6)
    assert (found.value / found.z) ** 2 == pytest.approx(0.003082, abs=5e-6)


@given(st.lists(st.lists(st.sampled_from("ab"), min_size=2, max_size=2), min_size=2, max_size=20))
def test_with_two_categories_weights_do_not_matter(units: list[list[str]]) -> None:
    plain = cohen_kappa(units).value
    for weights in ("linear", "quadratic"):
        assert cohen_kappa(units, weights=weights).value == pytest.approx(plain, nan_ok=True)


def test_quadratic_weights_forgive_neighbours_more_than_strangers() -> None:
    near, far = [[1, 2]] * 3 + [[1, 1], [2, 2], [3, 3]] * 4, [[1, 3]] * 3 + [[1, 1], [2, 2], [3, 3]] * 4
    assert cohen_kappa(near, weights="quadratic").value > cohen_kappa(far, weights="quadratic").value
    assert cohen_kappa(near).value == pytest.approx(cohen_kappa(far).value, abs=0.05)


def test_a_unit_that_a_rater_left_out_is_dropped_and_counted() -> None:
    pairs: list[list[str | None]] = [["a", "a"], ["b", "b"], ["a", None]]
    found = cohen_kappa(pairs)
    assert (found.n_units, found.n_dropped, found.value) == (2, 1, 1.0)
    triples: list[list[str | None]] = [["a", "a", "a"], ["b", "b", "b"], [None, "a", "b"]]
    assert fleiss_kappa(triples).n_dropped == 1


def test_nobody_rated_anything() -> None:
    nothing = as_ratings([[None, "a"], ["b", None]])
    for coefficient in (cohen_kappa, fleiss_kappa, percent_agreement):
        found: Agreement = coefficient(nothing)
        assert found.reason == "no_units"
        assert math.isnan(found.value)


def test_cohen_is_for_two_raters_and_weights_are_disagreements() -> None:
    with pytest.raises(NotEnoughData, match="found 3"):
        cohen_kappa([["a", "b", "a"]])
    with pytest.raises(TableError, match="wrong_weights"):
        kappa_of_table(COHEN, weights=np.eye(3))


def test_it_prints_its_verdict_and_n() -> None:
    assert str(kappa_of_table(COHEN)) == "Cohen's kappa: 0.492 [0.392, 0.591], n = 200 units, 2 raters"
    assert "undefined (no_variation), observed agreement 1.000" in str(cohen_kappa([["a", "a"]] * 3))
