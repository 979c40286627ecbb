from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from therapeutic_process.errors import TableError
from therapeutic_process.session_process import Level, cohen_kappa, krippendorff_alpha

# Krippendorff (2011), example C: four observers, twelve units, ratings missing.
EXAMPLE_C: list[list[int | None]] = [
    [1, 1, None, 1],
    [2, 2, 3, 2],
    [3, 3, 3, 3],
    [3, 3, 3, 3],
    [2, 2, 2, 2],
    [1, 2, 3, 4],
    [4, 4, 4, 4],
    [1, 1, 2, 1],
    [2, 2, 2, 2],
    [None, 5, 5, 5],
    [None, None, 1, 1],
    [None, 3, None, None],
]

LEVELS: tuple[Level, ...] = ("nominal", "ordinal", "interval", "ratio")

numbers = st.one_of(st.integers(1, 4), st.none())
ratings = st.integers(2, 4).flatmap(
    lambda m: st.lists(st.lists(numbers, min_size=m, max_size=m), min_size=1, max_size=10)
)


@pytest.mark.parametrize(
    ("level", "alpha"), [("nominal", 0.743), ("ordinal", 0.815), ("interval", 0.849), ("ratio", 0.797)]
)
def test_krippendorff_2011_example_c(level: Level, alpha: float) -> None:
    found = krippendorff_alpha(EXAMPLE_C, level=level)
    assert found.value == pytest.approx(alpha, abs=5e-4)
    assert found.n_units == 11
    assert found.n_dropped == 1


def by_definition(units: list[list[int | None]], level: Level) -> float:
    """Coincidences pair by pair, and the metric as Krippendorff writes it."""
    paired = [[x for x in unit if x is not None] for unit in units]
    paired = [unit for unit in paired if len(unit) > 1]
    n = {v: sum(unit.count(v) for unit in paired) for v in range(1, 5)}
    total = sum(n.values())

    def metric(c: int, k: int) -> float:
        if level == "nominal":
            return float(c != k)
        if level == "interval":
            return float((c - k) ** 2)
        if level == "ratio":
            return ((c - k) / (c + k)) ** 2
        lo, hi = min(c, k), max(c, k)
        return (sum(n[g] for g in range(lo, hi + 1)) - (n[c] + n[k]) / 2) ** 2

    observed = sum(
        metric(a, b) / (len(unit) - 1)
        for unit in paired
        for i, a in enumerate(unit)
        for j, b in enumerate(unit)
        if i != j
    )
    expected = sum(n[c] * n[k] * metric(c, k) for c in n for k in n) / max(total - 1, 1)
    return 1 - observed / expected if expected > 0 else math.nan


@given(ratings, st.sampled_from(LEVELS))
def test_alpha_is_what_its_definition_says(units: list[list[int | None]], level: Level) -> None:
    found = krippendorff_alpha(np.array(units, dtype=float), level=level)
    assert found.value == pytest.approx(by_definition(units, level), abs=1e-9, nan_ok=True)
    assert (found.reason is None) == (not math.isnan(found.value))


@given(ratings, st.integers(2, 9), st.integers(-20, 20))
def test_interval_alpha_knows_no_unit_and_no_zero(units: list[list[int | None]], by: int, plus: int) -> None:
    table = np.array(units, dtype=float)
    one = krippendorff_alpha(table, level="interval").value
    other = krippendorff_alpha(by * table + plus, level="interval").value
    assert one == pytest.approx(other, abs=1e-9, nan_ok=True)


@given(ratings)
def test_ordinal_alpha_knows_only_the_order(units: list[list[int | None]]) -> None:
    table = np.array(units, dtype=float)
    one, other = (krippendorff_alpha(x, level="ordinal").value for x in (table, np.exp(table)))
    assert one == pytest.approx(other, abs=1e-9, nan_ok=True)


def test_full_agreement_with_variation_is_one_and_without_it_undefined() -> None:
    for level in LEVELS:
        assert krippendorff_alpha([[1, 1], [2, 2]], level=level).value == pytest.approx(1)
        flat = krippendorff_alpha([[2, 2], [2, 2]], level=level)
        assert math.isnan(flat.value)
        assert flat.reason == "no_variation"
        assert flat.observed == 1


def test_units_of_one_rating_cannot_be_paired() -> None:
    found = krippendorff_alpha([[1, None], [None, 2]])
    assert found.reason == "no_units"
    assert found.n_dropped == 2


def test_two_raters_by_the_short_way_are_as_by_the_long_one() -> None:
    rng = np.random.default_rng(1)
    table = np.where(rng.random((60, 2)) < 0.2, np.nan, rng.integers(1, 5, (60, 2)).astype(float))
    third = np.full((60, 1), np.nan)
    short, long = krippendorff_alpha(table), krippendorff_alpha(np.hstack([table, third]))
    assert short.value == pytest.approx(long.value)
    assert short.n_units == long.n_units
    assert short.value == pytest.approx(cohen_kappa(table).value, abs=0.02)


def test_labels_have_no_intervals() -> None:
    with pytest.raises(TableError, match="not_numeric"):
        krippendorff_alpha([["a", "b"], ["a", "a"]], level="interval")
