from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from therapeutic_process.errors import CannotEstimate
from therapeutic_process.session_process import transition_tables

if TYPE_CHECKING:
    from therapeutic_process.session_process.extra import Ints

# Griffin & Gottman (1990), p. 137: a husband's and a wife's affect.
GRIFFIN = [
    [0, 0, 0, 0, 2, 2],
    [0, 10, 5, 5, 60, 20],
    [0, 9, 3, 1, 3, 0],
    [0, 3, 0, 4, 5, 0],
    [3, 54, 6, 2, 17, 8],
    [1, 24, 2, 1, 3, 16],
]


@given(hnp.arrays(np.int64, (3, 4, 4), elements=st.integers(0, 9)))
def test_one_table_of_many_is_what_it_is_alone(stack: Ints) -> None:
    many = transition_tables(stack)
    for i, table in enumerate(stack):
        alone = transition_tables(table)
        assert np.allclose(many.residual[i], alone.residual[0], equal_nan=True)
        assert np.allclose(many.unidirectional.kappa[i], alone.unidirectional.kappa[0], equal_nan=True)
        assert many.likelihood_ratio.df[i] == alone.likelihood_ratio.df[0]


def test_a_table_prints_how_much_it_holds() -> None:
    tables = transition_tables(GRIFFIN, codes=list("abcdef"), names=["couple"])
    assert repr(tables) == f"<TransitionTables: 1 of 6 x 6 codes, {np.sum(GRIFFIN)} transitions>"
    assert tables.to_frame()["table"].unique().to_list() == ["couple"]


def test_one_tail_is_half_of_two() -> None:
    one, two = (transition_tables(GRIFFIN, tails=t) for t in (1, 2))
    assert np.allclose(2 * one.p, two.p, equal_nan=True)


def test_every_cell_is_in_the_table_with_its_own_numbers() -> None:
    frame = transition_tables(GRIFFIN, codes=list("abcdef")).to_frame()
    assert frame.height == 36
    cell = frame.filter((pl.col("given") == "b") & (pl.col("target") == "e")).to_dicts()[0]
    assert cell["frequency"] == 60
    assert cell["probability"] == pytest.approx(0.6)
    assert cell["expected"] == pytest.approx(100 * 90 / np.sum(GRIFFIN))


def test_impossible_cells_are_marked_and_must_be_empty() -> None:
    table = np.array(GRIFFIN)
    with pytest.raises(CannotEstimate, match="structural_zero_observed"):
        transition_tables(table, structural_zeros="diagonal")
    np.fill_diagonal(table, 0)
    frame = transition_tables(table, structural_zeros="diagonal").to_frame()
    marked = frame.filter(pl.col("undefined_because") == "cannot_occur")
    assert marked.height == 6
    assert marked["yules_q"].null_count() == 6


def test_a_mask_of_nothing_is_no_mask() -> None:
    plain, masked = transition_tables(GRIFFIN), transition_tables(GRIFFIN, structural_zeros=np.zeros((6, 6)))
    assert np.array_equal(plain.residual, masked.residual, equal_nan=True)


def test_zeros_off_the_diagonal_leave_no_kappa_but_a_residual() -> None:
    zeros = np.zeros((6, 6), dtype=bool)
    zeros[0, :4] = True
    tables = transition_tables(GRIFFIN, structural_zeros=zeros)
    assert np.isnan(tables.unidirectional.kappa).all()
    assert not np.isnan(tables.residual[0, 1, 4])
    assert int(tables.likelihood_ratio.df[0]) == 25 - 4
