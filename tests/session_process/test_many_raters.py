from __future__ import annotations

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared_data import SHARED, needs_shared
from therapeutic_process.session_process import (
    brennan_prediger,
    cohen_kappa,
    conger_kappa,
    fleiss_kappa,
    gwet_ac1,
    light_kappa,
    percent_agreement,
    unanimous_share,
)

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


def test_fleiss_1971() -> None:
    found = fleiss_kappa(unfold(FLEISS))
    assert found.value == pytest.approx(0.430, abs=5e-4)
    assert found.observed == pytest.approx(0.5556, abs=5e-5)
    assert found.expected == pytest.approx(0.2199, abs=5e-5)


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


@needs_shared
@pytest.mark.parametrize(("side", "kappa"), [("therapist", 0.741031349461568), ("client", 0.401362380176335)])
def test_ten_annotators_of_annomi(side: str, kappa: float) -> None:
    """The transcripts of the shared half that ten annotators coded; irr::kappam.fleiss on the same matrix."""
    folder = SHARED / "reference" / "session_process"
    told = json.loads((folder / f"agree_annomi_10annotators_{side}.json").read_text("utf-8"))
    assert fleiss_kappa(told["input"]["matrix"]).value == pytest.approx(kappa, rel=1e-12)
