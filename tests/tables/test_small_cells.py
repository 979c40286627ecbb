"""Small cells: what is shown is true, what is small is not shown, and what is not shown cannot be worked out."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from engines import BUILDERS, every_engine, rows_of
from therapeutic_process.errors import NotEnoughData, TableError
from therapeutic_process.tables import (
    SUPPRESSION_RULES,
    TOTAL,
    SuppressionRule,
    feasible_ranges,
    suppress_counts,
    suppress_small_cells,
)
from therapeutic_process.tables.suppression_audit import all_cells

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping

    Key = tuple[Hashable, ...]

FIVE = SUPPRESSION_RULES["five"]
THREE = SuppressionRule(3, source="a rule for tests")
THREE_AND_ZERO = SuppressionRule(3, zeros_shown=False, source="a rule for tests")
SHAPES: tuple[tuple[int, ...], ...] = ((4,), (2, 2), (2, 3), (2, 2, 2))
# how far the brute search counts in a cell: further where cells are few
_REACH = {(4,): 14, (2, 2): 14, (2, 3): 8, (2, 2, 2): 5}
_EVERY: dict[tuple[int, ...], dict[Key, Any]] = {}


def keys(shape: tuple[int, ...]) -> list[Key]:
    return list(product(*(range(n) for n in shape)))


def every_table(shape: tuple[int, ...]) -> dict[Key, Any]:
    """Every table of a shape whose cells are not beyond reach: the column of each cell and total."""
    if shape not in _EVERY:
        cells = keys(shape)
        grid = np.indices([_REACH[shape] + 1] * len(cells), dtype=np.int16).reshape(len(cells), -1)
        sums: dict[Key, Any] = dict(zip(cells, grid, strict=True))
        for axis in range(len(shape)):
            above: dict[Key, Any] = {}
            for key, column in sums.items():
                total = (*key[:axis], TOTAL, *key[axis + 1 :])
                above[total] = above.get(total, 0) + column
            sums |= above
        _EVERY[shape] = sums
    return _EVERY[shape]


def possible(shape: tuple[int, ...], shown: Mapping[Key, int | None], *, least: int) -> dict[Key, set[int]]:
    """What each hidden cell can hold, by looking at every table."""
    every = every_table(shape)
    fits = np.ones(len(next(iter(every.values()))), dtype=bool)
    for key, n in shown.items():
        fits &= every[key] >= least if n is None else every[key] == n
    return {key: set(every[key][fits].tolist()) for key, n in shown.items() if n is None}


@st.composite
def small_tables(draw: st.DrawFn, highest: int = 4) -> tuple[tuple[int, ...], dict[Key, int]]:
    shape = draw(st.sampled_from(SHAPES))
    # values, with zeros and ones often
    counts = {key: draw(st.sampled_from((0, 0, 0, 1, 1, 2, highest))) for key in keys(shape)}
    return shape, counts


@settings(suppress_health_check=[HealthCheck.filter_too_much])
@given(small_tables(), st.sampled_from((THREE, THREE_AND_ZERO)))
def test_no_hidden_cell_can_be_worked_out(
    drawn: tuple[tuple[int, ...], dict[Key, int]], rule: SuppressionRule
) -> None:
    shape, counts = drawn
    assume(sum(counts.values()) <= _REACH[shape])  # else a cell may hold more than the search looks at
    found = suppress_counts(counts, rule=rule)
    open_to = possible(shape, found.cells, least=int(rule.zeros_shown))
    for values in open_to.values():
        assert len(values) > 1
        assert max(values) >= rule.smallest


@given(small_tables(), st.sampled_from((THREE, THREE_AND_ZERO, FIVE)))
def test_what_is_shown_is_true_and_large_enough(
    drawn: tuple[tuple[int, ...], dict[Key, int]], rule: SuppressionRule
) -> None:
    truth = all_cells(drawn[1])
    found = suppress_counts(drawn[1], rule=rule).cells
    assert found.keys() == truth.keys()
    for key, n in found.items():
        assert n is None or (n == truth[key] and not rule.is_small(n))


@given(small_tables(), st.data())
def test_the_audit_finds_what_looking_at_every_table_finds(
    drawn: tuple[tuple[int, ...], dict[Key, int]], data: st.DataObject
) -> None:
    shape, counts = drawn
    cells = all_cells(counts)
    # totals stay, so that no cell can hold more than the search looks at
    hidden = data.draw(st.sets(st.sampled_from([k for k in cells if TOTAL not in k]), min_size=1))
    shown = {key: None if key in hidden else n for key, n in cells.items()}
    by_looking = possible(shape, shown, least=0)
    for found in feasible_ranges(cells, hidden, least=0):
        values = by_looking[found.cell]
        if found.highest is None or found.highest > _REACH[shape]:
            continue
        assert (found.lowest, found.highest) == (min(values), max(values))


def test_suppressing_small_cells_alone_is_found_out() -> None:
    cells = all_cells({("a", "x"): 2, ("a", "y"): 20, ("b", "x"): 30, ("b", "y"): 40})
    (found,) = feasible_ranges(cells, [("a", "x")], least=1)
    assert (found.lowest, found.highest) == (2, 2)
    assert not found.hides(5)


def test_a_square_is_hidden_around_a_small_cell() -> None:
    counts = {("a", "x"): 2, ("a", "y"): 20, ("b", "x"): 30, ("b", "y"): 40, ("c", "x"): 9, ("c", "y"): 9}
    found = suppress_counts(counts, rule=FIVE)
    hidden = {key for key, n in found.cells.items() if n is None}
    # the smallest partners: the other cell of its row, and the two of the row with the least
    assert hidden == {("a", "x"), ("a", "y"), ("c", "x"), ("c", "y")}


def test_two_small_cells_that_are_few_together_need_a_third() -> None:
    found = suppress_counts({("a",): 1, ("b",): 2, ("c",): 30, ("d",): 40}, rule=FIVE)
    assert [found.shown(x) for x in "abcd"] == [None, None, None, 40]
    assert found.shown(TOTAL) == 73


def test_a_whole_table_of_few_shows_nothing() -> None:
    found = suppress_counts({("a",): 1, ("b",): 2}, rule=FIVE)
    assert found.n_withheld == len(found.cells) == 3


def test_zeros_are_shown_or_not_as_the_rule_says() -> None:
    counts = {("a", "x"): 30, ("a", "y"): 20, ("b", "x"): 0, ("b", "y"): 25}
    assert suppress_counts(counts, rule=FIVE).n_withheld == 0
    strict = suppress_counts(counts, rule=SUPPRESSION_RULES["uk_llc"])
    assert strict.shown("b", "x") is None
    assert strict.shown("a", "x") is None
    # a combination that is left out is a zero as well
    del counts["b", "x"]
    assert suppress_counts(counts, rule=SUPPRESSION_RULES["uk_llc"]).shown("b", "x") is None


def test_three_dimensions_are_audited_over_whole_numbers() -> None:
    counts = dict.fromkeys(keys((3, 3, 3)), 20) | {(0, 0, 0): 1}
    found = suppress_counts(counts, rule=FIVE)
    hidden = [key for key, n in found.cells.items() if n is None]
    # a cube of eight is the least that hides one cell of a cube
    assert len(hidden) >= 8
    assert all(r.hides(5) for r in feasible_ranges(all_cells(counts), hidden, least=1))


def test_many_events_of_few_clients_are_small() -> None:
    counts = {("crying",): 50, ("silence",): 60, ("laughter",): 70}
    few = {("crying",): 2, ("silence",): 9, ("laughter",): 9}
    found = suppress_counts(counts, rule=FIVE, contributors=few)
    assert [found.shown(x[0]) for x in counts] == [None, None, 70]
    assert suppress_counts(counts, rule=FIVE).n_withheld == 0


def test_the_text_form_tells_no_cell() -> None:
    found = suppress_counts({("Anna",): 1, ("b",): 70, ("c",): 80}, rule=FIVE)
    assert repr(found) == "SuppressedCounts(2 of 4 cells and totals not shown: smallest 5)"
    assert "Anna" not in repr(list(feasible_ranges(all_cells({("Anna",): 1}), [("Anna",)], least=1)))


@pytest.mark.parametrize("rule", SUPPRESSION_RULES.values())
def test_every_rule_names_its_source(rule: SuppressionRule) -> None:
    assert len(rule.source) > 40


def test_a_rule_needs_a_source_and_a_threshold() -> None:
    with pytest.raises(NotEnoughData):
        SuppressionRule(5, source=" ")
    with pytest.raises(NotEnoughData):
        SuppressionRule(1, source="x")


@pytest.mark.parametrize(
    ("counts", "error"),
    [
        ({("a",): -1}, TableError),
        ({("a",): 1, ("a", "b"): 1}, TableError),
        ({(): 1}, TableError),
        ({(TOTAL,): 9}, NotEnoughData),
    ],
)
def test_what_is_no_table_of_counts_is_refused(counts: Any, error: type[Exception]) -> None:
    with pytest.raises(error):
        suppress_counts(counts, rule=FIVE)


def test_nothing_gives_nothing() -> None:
    assert dict(suppress_counts({}, rule=FIVE).cells) == {}


def test_every_cell_needs_its_contributors() -> None:
    with pytest.raises(NotEnoughData, match="1 cells"):
        suppress_counts({("a",): 7, ("b",): 7}, rule=FIVE, contributors={("a",): 7})


FRAME: dict[str, list[Any]] = {
    "site": ["a", "a", "b", "b", None, None],
    "arm": ["x", "y", "x", "y", "x", "y"],
    "count": [2, 20, 30, 40, 9, 9],
    "mean": [1.0, 2.0, 3.0, 4.0, 5.0, 6.0],
    "names": ["p", "q", "r", "s", "t", "u"],
}


@every_engine
def test_a_table_comes_back_of_its_kind_without_small_cells(engine: str) -> None:
    found = suppress_small_cells(BUILDERS[engine](FRAME), by=["site", "arm"], rule=FIVE, derived=["mean"])
    rows = rows_of(found.table, "site", "arm")
    assert [(r["site"], r["arm"], r["count"], r["mean"]) for r in rows] == [
        ("a", "x", None, None), ("a", "y", None, None), ("b", "x", 30, 3.0), ("b", "y", 40, 4.0),
        (None, "x", None, None), (None, "y", None, None),
    ]  # fmt: skip
    assert "names" not in rows[0]
    by_site = rows_of(found.totals["site",], "site")
    assert [(r["site"], r["count"]) for r in by_site] == [("a", 22), ("b", 70), (None, 18)]
    assert [r["count"] for r in rows_of(found.totals[()])] == [110]
    assert found.totals.keys() == {(), ("site",), ("arm",)}


def test_what_is_derived_goes_where_a_total_goes() -> None:
    # all of site a is small, so that its total is not shown; a share of it would tell the total
    table = pl.DataFrame(
        {"site": ["a", "b", "c"], "arm": ["x"] * 3, "count": [3, 40, 50], "share": [1.0] * 3}
    )
    found = suppress_small_cells(table, by=["site", "arm"], rule=FIVE, derived=["share"])
    assert found.table["share"].to_list()[0] is None
    for site, share in zip(found.table["site"], found.table["share"], strict=True):
        hidden = found.counts.shown(site, TOTAL) is None
        assert (share is None) or not hidden


def test_combinations_left_out_come_in_where_zeros_are_not_shown() -> None:
    table = pl.DataFrame({"site": ["a", "b"], "arm": ["x", "y"], "count": [40, 50]})
    found = suppress_small_cells(table, by=["site", "arm"], rule=THREE_AND_ZERO)
    assert found.table.height == 4
    assert found.table["count"].null_count() == 4


@pytest.mark.parametrize(
    ("columns", "code"),
    [
        ({"site": ["a", "a"], "count": [1, 2]}, "duplicate_key"),
        ({"site": ["a", "b"], "count": [1, None]}, "not_whole"),
        ({"site": ["a", "b"], "count": [1, 1.5]}, "not_whole"),
        ({"site": ["a", "b"], "count": [1, -1]}, "negative_amount"),
        ({"site": ["a", "b"], "count": ["x", "y"]}, "not_a_number"),
        ({"place": ["a", "b"], "count": [1, 2]}, "column_missing"),
    ],
)
def test_tables_that_are_no_counts_are_refused(columns: dict[str, list[Any]], code: str) -> None:
    with pytest.raises(TableError) as caught:
        suppress_small_cells(pl.DataFrame(columns, strict=False), by=["site"], rule=FIVE)
    assert caught.value.code == code


@pytest.mark.parametrize("by", [[], ["site", "site"], ["count"]])
def test_something_must_be_counted_by(by: list[str]) -> None:
    with pytest.raises(NotEnoughData):
        suppress_small_cells(pl.DataFrame({"site": ["a"], "count": [1]}), by=by, rule=FIVE)


def test_an_empty_table_stays_empty() -> None:
    table = pl.DataFrame(schema={"site": pl.String, "count": pl.Int64})
    found = suppress_small_cells(table, by=["site"], rule=FIVE)
    assert found.table.height == 0
