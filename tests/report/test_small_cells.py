from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from therapeutic_process.report.small_cells import SMALLEST, without_small_cells

COUNTS = st.dictionaries(st.sampled_from("abcdefgh"), st.integers(0, 20))


@given(COUNTS)
def test_no_cell_that_is_shown_describes_fewer_than_allowed(counts: dict[str, int]) -> None:
    cells = without_small_cells(counts)
    assert all(n >= SMALLEST for _, n in cells.rows)
    assert cells.n_together == 0 or cells.together >= SMALLEST


@given(COUNTS)
def test_a_small_cell_cannot_be_worked_out_from_the_total(counts: dict[str, int]) -> None:
    cells = without_small_cells(counts)
    assert cells.n_together != 1


@given(COUNTS)
def test_unless_withheld_everybody_is_counted_once(counts: dict[str, int]) -> None:
    cells = without_small_cells(counts)
    if not cells.withheld:
        assert sum(n for _, n in cells.rows) + cells.together == sum(counts.values())
        assert dict(cells.rows).items() <= counts.items()


def test_large_cells_are_left_alone() -> None:
    assert without_small_cells({"a": 5, "b": 9}).rows == (("b", 9), ("a", 5))


def test_the_next_larger_cell_joins_a_single_small_one() -> None:
    cells = without_small_cells({"a": 30, "b": 10, "c": 1})
    assert (cells.rows, cells.n_together, cells.together) == ((("a", 30),), 2, 11)


def test_a_cohort_of_few_clients_is_not_broken_out() -> None:
    assert without_small_cells({"a": 4}).withheld
    assert without_small_cells({"a": 6, "b": 2}).withheld


def test_a_value_may_be_called_as_a_total_is_marked() -> None:
    cells = without_small_cells({"<total>": 12, "a": 30, "b": 1})
    assert (cells.rows, cells.together) == ((("a", 30),), 13)
    assert without_small_cells({"<total>": 12}).rows == (("<total>", 12),)
