"""What a reader can work out about cells that are not shown, from the cells and totals that are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Literal

import attrs

from therapeutic_process.errors import MissingExtra

if TYPE_CHECKING:
    from collections.abc import Collection, Hashable, Iterator, Mapping, Sequence

__all__ = ["TOTAL", "FeasibleRange", "Key", "Line", "all_cells", "feasible_ranges", "lines_of"]

TOTAL: Final = "<total>"
"""Stands in a cell's key in place of a level where all levels are counted together."""

Key = tuple["Hashable", ...]
_TOLERANCE = 1e-6


@attrs.frozen
class Line:
    """Cells that add up to another cell.

    Attributes:
        parts: The cells that are added.
        total: The cell that holds their sum.
    """

    parts: tuple[Key, ...]
    total: Key


@attrs.frozen
class FeasibleRange:
    """What the shown cells leave open about a cell that is not shown.

    Attributes:
        cell: The cell.
        lowest: The least that it can hold.
        highest: The most that it can hold; None where nothing bounds it.
    """

    cell: Key = attrs.field(repr=False)
    lowest: int
    highest: int | None

    def hides(self, smallest: int) -> bool:
        """Return whether the cell may hold another number, and may hold so many that it would be shown.

        >>> FeasibleRange(("a",), 1, 4).hides(5), FeasibleRange(("a",), 1, 9).hides(5)
        (False, True)

        Args:
            smallest: The fewest that a cell may show.
        """
        return self.highest is None or (self.lowest < self.highest and self.highest >= smallest)


def all_cells(counts: Mapping[Key, int]) -> dict[Key, int]:
    """Return every cell with its totals over every set of dimensions.

    >>> all_cells({("a",): 2, ("b",): 3})
    {('a',): 2, ('b',): 3, ('<total>',): 5}

    Args:
        counts: Count by cell; a combination that is not there counts 0.
    """
    made = dict(counts)
    for axis in range(len(next(iter(counts), ()))):
        sums: dict[Key, int] = {}
        for key, n in made.items():
            above = (*key[:axis], TOTAL, *key[axis + 1 :])
            sums[above] = sums.get(above, 0) + n
        made |= sums
    return made


def lines_of(cells: Collection[Key]) -> Iterator[Line]:
    """Yield every set of cells that adds up to a total.

    >>> [len(line.parts) for line in lines_of([("a",), ("b",), ("<total>",)])]
    [2]

    Args:
        cells: All cells, with the totals.
    """
    parts: dict[tuple[int, Key], list[Key]] = {}
    for key in cells:
        for axis, level in enumerate(key):
            if level != TOTAL:
                parts.setdefault((axis, (*key[:axis], TOTAL, *key[axis + 1 :])), []).append(key)
    yield from (Line(tuple(several), total) for (_, total), several in parts.items())


def feasible_ranges(
    cells: Mapping[Key, int], hidden: Collection[Key], *, least: int, wanted: Sequence[Key] | None = None
) -> Iterator[FeasibleRange]:
    """Yield what each hidden cell can hold, given everything that is shown.

    The shown cells and totals are linear equations in the hidden ones; the least and the most that a cell can hold are
    found by linear programming, over whole numbers where the table has three or more dimensions (with fewer the two are
    the same). This is how a table is audited (Fischetti & Salazar 2000, doi:10.1287/mnsc.47.7.1008.9768).

    >>> list(feasible_ranges({("a",): 2, ("b",): 3, ("<total>",): 5}, [("a",), ("b",)], least=1))
    [FeasibleRange(lowest=1, highest=4), FeasibleRange(lowest=1, highest=4)]

    Args:
        cells: All cells with their totals, as they truly are.
        hidden: Those that are not shown.
        least: The least that a reader knows a hidden cell to hold: 1 where zeros are shown, else 0.
        wanted: The hidden cells that are asked about; default: all.

    Raises:
        MissingExtra: If there are two or more dimensions and the ``analysis`` extra is not installed.
    """
    shown_not = set(hidden)
    asked = [key for key in cells if key in shown_not] if wanted is None else wanted
    open_lines = [
        line for line in lines_of(cells) if line.total in shown_not or shown_not.intersection(line.parts)
    ]
    if asked and len(asked[0]) == 1:
        yield from _one_way(cells, shown_not, open_lines, least, asked)
        return
    for key in asked:
        yield _by_programming(cells, shown_not, _reached(key, open_lines, shown_not), least, key)


def _one_way(
    cells: Mapping[Key, int], hidden: set[Key], lines: list[Line], least: int, asked: Sequence[Key]
) -> Iterator[FeasibleRange]:
    (line,) = lines
    parts = [p for p in line.parts if p in hidden]
    others = sum(cells[p] for p in line.parts if p not in hidden)
    for key in asked:
        if line.total in hidden:
            low = others + least * len(parts) if key == line.total else least
            yield FeasibleRange(key, low, None if parts else low)
        else:
            left = cells[line.total] - others
            most = left - least * (len(parts) - 1)
            yield FeasibleRange(key, least if len(parts) > 1 else most, most)


def _reached(key: Key, lines: list[Line], hidden: set[Key]) -> list[Line]:
    """Return the lines that bear on a cell, by way of other hidden cells: only they can tell of it."""
    reached: list[Line] = []
    seen, left = {key}, list(lines)
    while True:
        near = [line for line in left if line.total in seen or seen.intersection(line.parts)]
        if not near:
            return reached
        left = [line for line in left if line not in near]
        reached += near
        seen.update(k for line in near for k in (*line.parts, line.total) if k in hidden)


def _by_programming(
    cells: Mapping[Key, int], hidden: set[Key], lines: list[Line], least: int, key: Key
) -> FeasibleRange:
    try:
        import numpy as np
        from scipy.optimize import Bounds, LinearConstraint
    except ImportError as error:
        raise MissingExtra("analysis", "scipy") from error
    unknown = [k for k in cells if k in hidden and any(k == x.total or k in x.parts for x in lines)]
    place = {k: i for i, k in enumerate(unknown)}
    matrix, right = np.zeros((len(lines), len(unknown))), np.zeros(len(lines))
    for row, line in enumerate(lines):
        for sign, k in [*((1, p) for p in line.parts), (-1, line.total)]:
            if k in place:
                matrix[row, place[k]] += sign
            else:
                right[row] -= sign * cells[k]
    limits = LinearConstraint(matrix, right, right), Bounds(least, np.inf)
    whole = len(key) > 2
    lowest = _extreme(place[key], 1, len(unknown), limits, whole=whole)
    return FeasibleRange(
        key, least if lowest is None else lowest, _extreme(place[key], -1, len(unknown), limits, whole=whole)
    )


def _extreme(place: int, sign: Literal[1, -1], n: int, limits: tuple[Any, Any], *, whole: bool) -> int | None:
    """Return the least (sign 1) or the most (-1) of one unknown; None where nothing bounds it."""
    import numpy as np
    from scipy.optimize import milp

    goal = np.zeros(n)
    goal[place] = sign
    found = milp(goal, constraints=limits[0], bounds=limits[1], integrality=np.full(n, int(whole)))
    if found.x is None:  # the true table solves the equations, so that it can only be without a bound
        return None
    value = sign * found.fun
    return int(np.ceil(value - _TOLERANCE) if sign == 1 else np.floor(value + _TOLERANCE))
