"""Tables of counts without small cells: what a reader gets, and nothing from which the rest could be worked out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import TYPE_CHECKING, Any

import attrs
import narwhals.stable.v2 as nw

from therapeutic_process.errors import NotEnoughData, TableError
from therapeutic_process.tables.door import collected, need_columns, numbers, opened
from therapeutic_process.tables.suppression import SuppressedCounts, SuppressionRule, suppress_counts
from therapeutic_process.tables.suppression_audit import TOTAL, Key

if TYPE_CHECKING:
    from narwhals.stable.v2.typing import IntoFrame

__all__ = ["SuppressedTable", "suppress_small_cells"]


@attrs.frozen(eq=False, repr=False)
class SuppressedTable:
    """A table of counts that may be shown, with its totals.

    Attributes:
        table: A row per cell: the columns it is counted by, the count, and what is derived from it; null where it is
            not shown. Of the caller's kind; what was lazy is computed.
        totals: Tables of the same form with the totals, by the columns that they are still counted by; ``()`` is the
            grand total.
        counts: The same cells and totals, as `suppress_counts` gives them.
        rule: The rule.
    """

    table: Any
    totals: Mapping[tuple[str, ...], Any]
    counts: SuppressedCounts
    rule: SuppressionRule

    def __repr__(self) -> str:
        return (
            f"SuppressedTable({self.counts.n_withheld} of {len(self.counts.cells)} cells and totals not shown: "
            f"smallest {self.rule.smallest})"
        )


def suppress_small_cells(
    table: IntoFrame,
    *,
    by: Sequence[str],
    rule: SuppressionRule,
    count: str = "count",
    contributors: str | None = None,
    derived: Sequence[str] = (),
) -> SuppressedTable:
    """Take small counts out of a table, and what would let them be worked out from its totals.

    Takes a table with a row per cell: one-way, two-way, or by more columns. See `suppress_counts` for what is taken out
    and how that is audited. What is computed from counts tells of them: a derived column (a share, a mean) is shown
    only where the cell and all totals above it are. Columns that are not named do not pass.

    >>> import polars as pl
    >>> from therapeutic_process.tables import SUPPRESSION_RULES
    >>> by_site = pl.DataFrame({"site": ["a", "b", "c"], "count": [40, 12, 2], "share": [0.74, 0.22, 0.04]})
    >>> found = suppress_small_cells(by_site, by=["site"], rule=SUPPRESSION_RULES["five"], derived=["share"])
    >>> found.table.rows()
    [('a', 40, 0.74), ('b', None, None), ('c', None, None)]
    >>> found.totals[()]["count"].to_list()
    [54]

    Args:
        table: A row per cell. A null in a column of `by` is a group of its own: not recorded.
        by: The columns that are counted by.
        rule: When a count is too small, with its source.
        count: The column of counts.
        contributors: A column with the number of clients behind each count, where counts are not of clients.
        derived: Columns computed from the counts.

    Returns:
        The table and its totals; ``table`` has the rows in their order and, where the rule does not show zeros, the
        combinations that were left out.

    Raises:
        TableError: If a column is missing, two rows are of one cell, or a count is no whole number of at least 0.
        NotEnoughData: If there is nothing to count by.
        MissingExtra: If there are two or more columns to count by and the ``analysis`` extra is not installed.
    """
    amounts = [count] if contributors is None else [count, contributors]
    named = [*by, *amounts, *derived]
    if not by or len(set(named)) < len(named):
        found = "none" if not by else "a column named twice"
        raise NotEnoughData(
            "suppress_small_cells", needed="columns to count by, each named once", found=found
        )
    opened_table = opened(table)
    need_columns(opened_table, *named)
    frame = collected(numbers(opened_table.select(*named), *amounts))
    keys = _keys(frame, by)
    behind = None if contributors is None else dict(zip(keys, _whole(frame, contributors), strict=True))
    values = dict(zip(keys, _whole(frame, count), strict=True))
    counts = suppress_counts(values, rule=rule, contributors=behind)
    return _Laid(frame, tuple(by), count, tuple(derived), keys, counts).result()


def _keys(frame: nw.DataFrame[Any], by: Sequence[str]) -> list[Key]:
    keys = [tuple(None if level != level else level for level in row) for row in frame.select(*by).rows()]  # noqa: PLR0124
    if len(set(keys)) < len(keys):
        needed = f"one row per cell of {' × '.join(map(repr, by))}"
        raise TableError("duplicate_key", needed=needed, found=f"{len(keys) - len(set(keys))} rows more")
    return keys


def _whole(frame: nw.DataFrame[Any], column: str) -> list[int]:
    values = frame[column].to_list()
    wrong = tuple(i for i, n in enumerate(values) if n is None or n != n // 1)
    if wrong:
        needed = f"a whole number in every row of column {column!r}"
        raise TableError("not_whole", needed=needed, found=f"{len(wrong)} rows without one", rows=wrong[:5])
    return [int(n) for n in values]


@attrs.frozen(eq=False)
class _Laid:
    """Lays suppressed counts out as tables of the kind that came in."""

    frame: nw.DataFrame[Any]
    by: tuple[str, ...]
    count: str
    derived: tuple[str, ...]
    keys: list[Key]
    counts: SuppressedCounts

    def result(self) -> SuppressedTable:
        cells = self.counts.cells
        known = set(self.keys)
        keys = [*self.keys, *(k for k in cells if TOTAL not in k and k not in known)]
        totals = {
            kept: self._table([k for k in cells if self._kept(k) == kept], kept)
            for n in range(len(self.by))
            for kept in combinations(self.by, n)
        }
        return SuppressedTable(
            self._table(keys, self.by, self._shown_derived()), totals, self.counts, self.counts.rule
        )

    def _kept(self, key: Key) -> tuple[str, ...]:
        return tuple(name for name, level in zip(self.by, key, strict=True) if level != TOTAL)

    def _shown_derived(self) -> dict[str, list[Any]]:
        shown = [self.counts.shows_all_above(*key) for key in self.keys]
        extra = sum(TOTAL not in key for key in self.counts.cells) - len(self.keys)
        return {
            name: [v if s else None for v, s in zip(self.frame[name].to_list(), shown, strict=True)]
            + [None] * extra
            for name in self.derived
        }

    def _table(
        self, keys: list[Key], kept: tuple[str, ...], derived: Mapping[str, list[Any]] | None = None
    ) -> Any:
        places = [self.by.index(name) for name in kept]
        columns: dict[str, list[Any]] = {
            name: [k[i] for k in keys] for name, i in zip(kept, places, strict=True)
        }
        columns[self.count] = [self.counts.cells[k] for k in keys]
        columns |= derived or {}
        types = {**self.frame.schema, self.count: nw.Int64()}
        schema = {name: self._holding(types[name], values) for name, values in columns.items()}
        return nw.from_dict(columns, schema=schema, backend=self.frame.implementation).to_native()

    def _holding(self, kind: Any, values: list[Any]) -> Any:
        """Return a type that holds what is missing: whole numbers of pandas do not."""
        plain = self.frame.implementation.is_pandas_like() and None in values and kind.is_integer()
        return nw.Float64() if plain else kind
