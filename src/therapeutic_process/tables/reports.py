"""What a check of a table found: codes, columns, counts and row numbers, never a cell."""

from __future__ import annotations

import attrs

from therapeutic_process.errors import TableError

__all__ = ["TableIssue", "TableReport"]


@attrs.frozen
class TableIssue:
    """One thing that a check found, and how often; never a cell.

    Attributes:
        code: ``missing``, ``key_missing``, ``order_unknown``, ``duplicate_key``, ``not_a_number``,
            ``out_of_range``, ``column_missing`` or ``ambiguous_column``.
        columns: The columns concerned.
        count: How many rows.
        rows: The first row numbers (from 0), where the engine has a row order.
        breaks: Whether it breaks the contract; a missing value does not, it is only counted.
    """

    code: str
    columns: tuple[str, ...]
    count: int
    rows: tuple[int, ...] = ()
    breaks: bool = True

    def __str__(self) -> str:
        where = f" (first rows {', '.join(map(str, self.rows))})" if self.rows else ""
        return f"{self.code}: {self.count} rows, {' × '.join(self.columns)}{where}"


@attrs.frozen
class TableReport:
    """What a check of a table found.

    Attributes:
        table: The kind of table.
        n_rows: Its rows.
        issues: What was found; only what was found.
    """

    table: str
    n_rows: int
    issues: tuple[TableIssue, ...]

    @property
    def keeps_contract(self) -> bool:
        """Whether nothing was found that breaks the contract."""
        return not any(i.breaks for i in self.issues)

    def count(self, code: str) -> int:
        """Return how many rows have this issue.

        >>> TableReport("scores", 3, (TableIssue("missing", ("score",), 2, breaks=False),)).count("missing")
        2
        """
        return sum(i.count for i in self.issues if i.code == code)

    def raise_if_broken(self) -> None:
        """Raise the first issue that breaks the contract.

        Raises:
            TableError: With the issue's code, columns, count and first rows.
        """
        for issue in self.issues:
            if issue.breaks:
                found = f"{issue.count} rows with {issue.code}" if issue.count else issue.code
                needed = f"{_NEEDED[issue.code]} in {' × '.join(map(repr, issue.columns))} of {self.table}"
                raise TableError(issue.code, needed=needed, found=found, rows=issue.rows)

    def __str__(self) -> str:
        verdict = "keeps its contract" if self.keeps_contract else "breaks its contract"
        return "\n".join([f"{self.table}: {self.n_rows} rows, {verdict}", *(f"  {i}" for i in self.issues)])


_NEEDED = {
    "key_missing": "a key in every row",
    "order_unknown": "a known order",
    "duplicate_key": "one row per key",
    "not_a_number": "numbers",
    "out_of_range": "values inside the range",
    "column_missing": "the columns",
    "ambiguous_column": "names that differ by more than case",
}
