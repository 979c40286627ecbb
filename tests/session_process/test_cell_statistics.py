from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import stats

from therapeutic_process.session_process.cell_statistics import (
    adjusted_residual,
    expected_frequency,
    likelihood_ratio,
    normal_p,
    odds_ratio,
    pearson_chi_square,
    transition_probability,
    yules_q,
)

if TYPE_CHECKING:
    from therapeutic_process.session_process.extra import Ints

tables = hnp.arrays(np.int64, st.tuples(st.integers(2, 5), st.integers(2, 5)), elements=st.integers(0, 30))

# Bakeman & Quera (2011) use fourfold tables like this one; the values are worked by hand.
FOURFOLD = np.array([[12, 8], [5, 25]])


def test_a_fourfold_table_by_hand() -> None:
    assert expected_frequency(FOURFOLD)[0, 0] == pytest.approx(20 * 17 / 50)
    z = (12 - 6.8) / math.sqrt(6.8 * (1 - 17 / 50) * (1 - 20 / 50))
    assert adjusted_residual(FOURFOLD)[0, 0] == pytest.approx(z)
    assert yules_q(FOURFOLD)[0, 0] == pytest.approx((12 * 25 - 8 * 5) / (12 * 25 + 8 * 5))
    ratio, log, se = odds_ratio(FOURFOLD)
    assert ratio[0, 0] == pytest.approx(7.5)
    assert log[0, 0] == pytest.approx(math.log(7.5))
    assert se[0, 0] == pytest.approx(math.sqrt(1 / 12 + 1 / 8 + 1 / 5 + 1 / 25))


@given(tables)
def test_observed_and_expected_share_their_margins(table: Ints) -> None:
    expected = expected_frequency(table)
    if table.sum() == 0:
        assert np.isnan(expected).all()
        return
    assert np.allclose(expected.sum(0), table.sum(0))
    assert np.allclose(expected.sum(1), table.sum(1))


@given(tables)
def test_probabilities_of_a_row_that_occurs_sum_to_one(table: Ints) -> None:
    total = transition_probability(table).sum(1)
    occurs = table.sum(1) > 0
    assert np.allclose(total[occurs], 1)
    assert np.isnan(total[~occurs]).all()


@given(tables, st.randoms(use_true_random=False))
def test_relabelling_codes_permutes_every_statistic(table: Ints, random: object) -> None:
    order = list(range(len(table)))
    random.shuffle(order)  # type: ignore[attr-defined]
    for statistic in (transition_probability, expected_frequency, adjusted_residual, yules_q):
        assert np.allclose(statistic(table[order]), statistic(table)[order], equal_nan=True)


@given(tables)
def test_reversing_time_transposes_what_does_not_prefer_a_direction(table: Ints) -> None:
    for statistic in (expected_frequency, adjusted_residual, yules_q):
        assert np.allclose(statistic(table.T), statistic(table).T, equal_nan=True)
    for one, other in zip(odds_ratio(table.T), odds_ratio(table), strict=True):
        assert np.allclose(one, other.T, equal_nan=True)


@given(tables)
def test_whole_table_tests_agree_with_scipy(table: Ints) -> None:
    live = table[table.sum(1) > 0][:, table.sum(0) > 0]
    g = likelihood_ratio(table, expected_frequency(table))
    x = pearson_chi_square(table, expected_frequency(table))
    if min(live.shape) < 2:
        assert int(g.df) == 0
        assert math.isnan(float(g.p))
        return
    for ours, power in ((g, 0), (x, 1)):
        theirs = stats.chi2_contingency(live, correction=False, lambda_=power)
        assert float(ours.statistic) == pytest.approx(float(theirs.statistic), abs=1e-9)
        assert int(ours.df) == theirs.dof
        assert float(ours.p) == pytest.approx(float(theirs.pvalue))


def test_statistics_of_many_tables_are_those_of_each() -> None:
    rng = np.random.default_rng(3)
    many = rng.integers(0, 9, (5, 4, 4))
    for statistic in (transition_probability, expected_frequency, adjusted_residual, yules_q):
        one_by_one = np.stack([statistic(table) for table in many])
        assert np.array_equal(statistic(many), one_by_one, equal_nan=True)


def test_a_margin_that_holds_everything_leaves_no_residual() -> None:
    assert np.isnan(adjusted_residual(np.array([[3, 4], [0, 0]]))).all()


def test_an_empty_fourfold_product_is_undefined_and_never_zero() -> None:
    table = np.array([[0, 4], [0, 0]])
    assert np.isnan(yules_q(table)).all()
    ratio, log, se = odds_ratio(np.array([[4, 0], [2, 3]]))
    assert math.isnan(ratio[0, 0])
    assert math.isnan(log[0, 0])
    assert math.isnan(se[0, 0])


def test_a_half_added_defines_the_log_odds_of_an_informative_table_only() -> None:
    _, log, se = odds_ratio(np.array([[4, 0], [2, 3]]), correction=0.5)
    assert log[0, 0] == pytest.approx(math.log(4.5 * 3.5 / (0.5 * 2.5)))
    assert se[0, 0] == pytest.approx(math.sqrt(1 / 4.5 + 1 / 0.5 + 1 / 2.5 + 1 / 3.5))
    _, log, _ = odds_ratio(np.array([[4, 0], [0, 0]]), correction=0.5)
    assert np.isnan(log).all()


def test_p_of_an_extreme_residual_is_not_lost() -> None:
    assert 0 < normal_p(np.array(-37.0)) < 1e-290
    assert normal_p(np.array(1.5), tails=1) == pytest.approx(normal_p(np.array(1.5)) / 2)
