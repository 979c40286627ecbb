from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from session_process.builders import sessions_of, table_of
from therapeutic_process.session_process import (
    bidirectional_kappa,
    parallel_dominance,
    sequential_statistics,
    two_cell_test,
    unidirectional_kappa,
)

if TYPE_CHECKING:
    from therapeutic_process.session_process.extra import Ints

square = hnp.arrays(np.int64, st.integers(2, 5).map(lambda k: (k, k)), elements=st.integers(0, 20))

# Built to mimic the table of Wampold & Margolin (1982): events 60, 40, 20, 50, 20, 10 of 200.
WAMPOLD = np.array(
    [
        [10, 14, 7, 20, 6, 3],
        [12, 6, 3, 13, 4, 2],
        [9, 4, 3, 1, 2, 1],
        [20, 11, 4, 6, 6, 3],
        [6, 4, 2, 5, 2, 0],
        [3, 1, 1, 5, 0, 0],
    ]
)
ENDS = np.array([60, 40, 20, 50, 20, 10]) - WAMPOLD.sum(1)


def test_the_table_of_wampold_and_margolin() -> None:
    both = bidirectional_kappa(WAMPOLD, ends=ENDS)
    assert both.observed[0, 3] == 40
    assert both.expected[0, 3] == pytest.approx(30)
    assert both.kappa[0, 3] == pytest.approx(10 / 70)
    assert both.z[0, 3] == pytest.approx(2.36098066317299)
    lead = parallel_dominance(WAMPOLD, ends=ENDS)
    assert lead.observed[0, 1] == 2
    assert lead.kappa[2, 3] == pytest.approx(0.6)
    assert abs(lead.z[2, 3]) == pytest.approx(1.16926283295035)


@given(square)
def test_two_codes_lead_to_each_other_equally_whichever_is_named_first(table: Ints) -> None:
    ends = np.zeros(len(table), dtype=np.int64)
    ends[0] = 1
    both = bidirectional_kappa(table, ends=ends)
    assert np.array_equal(both.observed, both.observed.T)
    assert np.allclose(both.z, both.z.T, equal_nan=True)


@given(square)
def test_dominance_changes_sign_with_the_direction_where_both_depart_alike(table: Ints) -> None:
    lead = parallel_dominance(table)
    alike = np.isin(lead.case, (1, 2)) & np.isin(lead.case.T, (1, 2)) & ~np.isnan(lead.z)
    assert np.allclose(lead.z[alike], -lead.z.T[alike])


@given(sessions_of())
def test_kappa_lies_between_never_and_always(sessions: list[list[str | None]]) -> None:
    kappa = sequential_statistics(table_of(sessions)).unidirectional.kappa
    defined = kappa[~np.isnan(kappa)]
    assert ((defined >= -1 - 1e-12) & (defined <= 1 + 1e-12)).all()


def test_kappa_is_one_where_a_code_always_follows_and_minus_one_where_never() -> None:
    found = unidirectional_kappa(np.array([[0, 5], [4, 0]]), ends=np.array([0, 1]))
    assert found.kappa[0, 1] == pytest.approx(1)
    assert found.kappa[0, 0] == pytest.approx(-1)


def test_the_last_event_counts_once_in_a_two_cell_test() -> None:
    n = [60, 40, 20, 50, 20, 10]
    test = two_cell_test(WAMPOLD, (0, 3), (1, 2), ends=ENDS)
    assert test.observed == 23
    assert test.expected == pytest.approx((60 * 50 + 40 * 20) / 200)
    i, j, k, l = n[0], n[3], n[1], n[2]
    variance = i * j * (200 - i) * (200 - j) + k * l * (200 - k) * (200 - l) + 2 * i * j * k * l
    assert test.z == pytest.approx((23 - 19) / math.sqrt(variance / (200**2 * 199)))
    assert test.kappa == pytest.approx(4 / (50 + 20 - 19))


def test_two_cells_compete_if_they_share_a_row() -> None:
    apart = two_cell_test(WAMPOLD, (0, 1), (0, 3), ends=ENDS)
    draws = _shuffled_counts(lambda f: f[0, 1] + f[0, 3])
    assert apart.expected == pytest.approx(draws.mean(), rel=0.02)
    spread = (apart.observed - apart.expected) / apart.z
    assert spread == pytest.approx(draws.std(), rel=0.05)


def test_the_variance_of_bidirectional_dependence_is_that_of_shuffles() -> None:
    both = bidirectional_kappa(WAMPOLD, ends=ENDS)
    draws = _shuffled_counts(lambda f: f[0, 3] + f[3, 0])
    spread = (both.observed[0, 3] - both.expected[0, 3]) / both.z[0, 3]
    assert spread == pytest.approx(draws.std(), rel=0.05)


def _shuffled_counts(of: object) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    rng = np.random.default_rng(7)
    events = np.repeat(np.arange(6), [60, 40, 20, 50, 20, 10])
    counts = []
    for _ in range(3000):
        s = rng.permutation(events)
        f = np.bincount(s[:-1] * 6 + s[1:], minlength=36).reshape(6, 6)
        counts.append(float(of(f)))  # type: ignore[operator]
    return np.array(counts)


def test_codes_that_never_occur_have_no_kappa() -> None:
    table = np.array([[2, 0, 1], [0, 0, 0], [1, 0, 3]])
    assert np.isnan(unidirectional_kappa(table).kappa[1]).all()
    assert np.isnan(bidirectional_kappa(table).kappa[:, 1]).all()
    assert np.isnan(parallel_dominance(table).z[1]).all()
    assert math.isnan(two_cell_test(table, (1, 1), (1, 1)).kappa)
