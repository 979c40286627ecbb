from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from therapeutic_process.session_process.cell_statistics import adjusted_residual, expected_frequency
from therapeutic_process.session_process.quasi_independence import fit_quasi_independence

if TYPE_CHECKING:
    from therapeutic_process.session_process.extra import Ints

square = hnp.arrays(np.int64, st.integers(3, 5).map(lambda k: (k, k)), elements=st.integers(1, 30))


@given(square)
def test_without_impossible_cells_it_is_ordinary_independence(table: Ints) -> None:
    fit = fit_quasi_independence(table, np.ones(table.shape, dtype=bool))
    assert np.allclose(fit.expected, expected_frequency(table))
    assert np.allclose(fit.residual, adjusted_residual(table))
    assert int(fit.df) == (len(table) - 1) ** 2


@given(square)
def test_the_fit_keeps_the_margins_and_has_odds_ratios_of_one(table: Ints) -> None:
    off = ~np.eye(len(table), dtype=bool)
    counts = np.where(off, table, 0)
    fit = fit_quasi_independence(counts, off)
    expected = np.where(off, fit.expected, 0)
    assert bool(fit.converged)
    assert np.allclose(expected.sum(0), counts.sum(0), rtol=1e-8)
    assert np.allclose(expected.sum(1), counts.sum(1), rtol=1e-8)
    if len(table) >= 4:
        # Any four cells off the diagonal that form a rectangle multiply out.
        assert expected[0, 2] * expected[1, 3] == pytest.approx(expected[0, 3] * expected[1, 2], rel=1e-6)
    assert int(fit.df) == (len(table) - 1) ** 2 - len(table)


@given(square)
def test_residuals_are_those_of_weighted_least_squares(table: Ints) -> None:
    """The partner of the law: leverage from an explicit design matrix."""
    off = ~np.eye(len(table), dtype=bool)
    counts = np.where(off, table, 0)
    fit = fit_quasi_independence(counts, off)
    rows, columns = np.nonzero(off)
    k = len(table)
    design = np.zeros((len(rows), 2 * k - 1))
    design[np.arange(len(rows)), rows] = 1
    design[np.arange(len(rows))[columns > 0], k + columns[columns > 0] - 1] = 1
    m = fit.expected[off]
    half = np.sqrt(m)[:, None] * design
    hat = np.diag(half @ np.linalg.pinv(half.T @ half) @ half.T)
    spread = m * (1 - hat)
    usable = spread > 1e-6 * m
    z = (counts[off] - m)[usable] / np.sqrt(spread[usable])
    assert np.allclose(fit.residual[off][usable], z, rtol=1e-5, atol=1e-7)


def test_a_cell_that_the_margins_leave_no_room_for_is_estimated_as_zero_at_once() -> None:
    counts = np.array([[0, 1, 0], [0, 0, 1], [0, 0, 0]])
    fit = fit_quasi_independence(counts, ~np.eye(3, dtype=bool))
    assert bool(fit.converged)
    assert fit.expected[0, 2] == 0
    assert fit.expected[0, 1] == pytest.approx(1)
    assert int(fit.df) == 0


def test_a_stack_of_tables_is_fitted_as_each_alone() -> None:
    rng = np.random.default_rng(5)
    off = ~np.eye(4, dtype=bool)
    stack = np.where(off, rng.integers(0, 12, (3, 4, 4)), 0)
    together = fit_quasi_independence(stack, off)
    for i, table in enumerate(stack):
        alone = fit_quasi_independence(table, off)
        assert np.allclose(together.expected[i], alone.expected, equal_nan=True)
        assert np.allclose(together.residual[i], alone.residual, equal_nan=True)
        assert int(together.df[i]) == int(alone.df)
