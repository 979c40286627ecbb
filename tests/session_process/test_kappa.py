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
    brennan_prediger,
    cohen_kappa,
    conger_kappa,
    fleiss_kappa,
    gwet_ac1,
    kappa_of_table,
    light_kappa,
    percent_agreement,
    unanimous_share,
)

# Cohen (1960), table 1, as counts of 200; Cohen (1968) weights disagreements 1, 3, 6.
COHEN = [[88, 10, 2], [14, 40, 6], [18, 10, 12]]
COHEN_WEIGHTS = [[0, 1, 3], [1, 0, 6], [3, 6, 0]]

# Fleiss (1971), table 1: 30 patients, six psychiatrists, five diagnoses; counts per patient.
FLEISS = """
00060 03003 01401 00006 03030 20400 00402 20310 20040 00006 10050 11040 03300 10050 02031
00501 30012 51000 02040 10203 00006 01050 02013 20040 10041 05010 40002 02040 10500 00006
"""

COEFFICIENTS = (
    fleiss_kappa,
    conger_kappa,
    light_kappa,
    gwet_ac1,
    brennan_prediger,
    percent_agreement,
    unanimous_share,
)

ratings = st.integers(2, 4).flatmap(
    lambda m: st.lists(st.lists(st.sampled_from("abc"), min_size=m, max_size=m), min_size=2, max_size=12)
)


def unfold(text: str) -> list[list[int]]:
    return [[k for k, n in enumerate(unit) for _ in range(int(n))] for unit in text.split()]


def test_cohen_1960_and_1968() -> None:
    assert kappa_of_table(COHEN).value == pytest.approx(0.492, abs=5e-4)
    assert kappa_of_table(COHEN, weights=COHEN_WEIGHTS).value == pytest.approx(0.348, abs=5e-4)


def test_fleiss_1971() -> None:
    found = fleiss_kappa(unfold(FLEISS))
    assert found.value == pytest.approx(0.430, abs=5e-4)
    assert found.observed == pytest.approx(0.5556, abs=5e-5)
    assert found.expected == pytest.approx(0.2199, abs=5e-5)


def test_fleiss_cohen_and_everitt_1969_errors_of_kappa() -> None:
    """Their example: kappa .429, its standard error .054 (weights aside)."""
    table = [[106, 10, 4], [22, 28, 10], [2, 12, 6]]
    found = kappa_of_table(table)
    assert found.value == pytest.approx(0.429, abs=5e-4)
    assert found.se**2 == pytest.approx(0.002885, abs=5e-6)
    assert (found.value / found.z) ** 2 == pytest.approx(0.003082, abs=5e-6)


@given(ratings)
def test_full_agreement_with_variation_is_one(units: list[list[str]]) -> None:
    agreeing = [[unit[0]] * len(unit) for unit in units]
    varied = len({unit[0] for unit in agreeing}) > 1
    for coefficient in (fleiss_kappa, conger_kappa, light_kappa):
        found = coefficient(agreeing)
        if varied:
            assert found.value == pytest.approx(1)
            assert found.reason is None
        else:
            assert math.isnan(found.value)
            assert found.reason == "no_variation"
        assert found.observed == 1


@given(ratings, st.permutations("abc"), st.randoms(use_true_random=False))
def test_names_of_categories_and_order_of_raters_do_not_matter(
    units: list[list[str]], names: list[str], random: object
) -> None:
    order = list(range(len(units[0])))
    random.shuffle(order)  # type: ignore[attr-defined]
    renamed = [[names["abc".index(unit[i])] for i in order] for unit in units]
    for coefficient in COEFFICIENTS:
        one, other = coefficient(units), coefficient(renamed)
        assert one.value == pytest.approx(other.value, nan_ok=True)
        assert one.reason == other.reason


@given(ratings)
def test_observed_agreement_is_the_share_of_agreeing_pairs(units: list[list[str]]) -> None:
    pairs = [(a, b) for unit in units for i, a in enumerate(unit) for b in unit[i + 1 :]]
    share = sum(a == b for a, b in pairs) / len(pairs)
    assert percent_agreement(units).value == pytest.approx(share)
    assert fleiss_kappa(units).observed == pytest.approx(share)


@given(st.lists(st.lists(st.sampled_from("abc"), min_size=2, max_size=2), min_size=2, max_size=20))
def test_with_two_raters_light_and_conger_are_cohen(units: list[list[str]]) -> None:
    cohen = cohen_kappa(units).value
    assert light_kappa(units).value == pytest.approx(cohen, nan_ok=True)
    assert conger_kappa(units).value == pytest.approx(cohen, nan_ok=True)


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
