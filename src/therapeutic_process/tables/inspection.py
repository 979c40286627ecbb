"""What is asked of every row of a table, and how many rows answer yes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs
import narwhals.stable.v2 as nw

from therapeutic_process.errors import TableError
from therapeutic_process.tables.door import (
    Frame,
    collected,
    height,
    infinite,
    need_columns,
    numbers,
    text_cells,
)
from therapeutic_process.tables.keys import repeated, unknown
from therapeutic_process.tables.reports import TableIssue, TableReport

if TYPE_CHECKING:
    from collections.abc import Iterator

    from therapeutic_process.tables.columns import Contract

__all__ = ["inspected"]

FIRST_ROWS = 5


def inspected(
    table: Frame,
    contract: Contract,
    names: dict[str, str],
    *,
    value: str | None,
    minimum: float | None,
    maximum: float | None,
) -> TableReport:
    """Ask every row of a table what its contract says, and report what was found.

    Args:
        table: The table.
        contract: What to check against.
        names: The caller's name for a column of the contract, where it differs.
        value: The number to check for missing cells and range, by its name in the contract.
        minimum: Smallest possible value.
        maximum: Largest possible value.
    """
    here = {c.name: names.get(c.name, c.name) for c in contract.columns}
    have = set(table.collect_schema().names())
    required = tuple(here[c] for c in contract.required)
    try:
        need_columns(table, *required)
    except TableError as error:
        missing = tuple(c for c in required if c not in have) or required
        return TableReport(contract.name, height(table), (TableIssue(error.code, missing, 0),))
    columns = [here[c.name] for c in contract.columns if c.family == "number" and here[c.name] in have]
    table, unreadable, endless = _numbers(table, columns)
    typed = value is not None and here[value] in have and here[value] not in unreadable
    questions: list[tuple[TableIssue, nw.Expr | None]] = [
        (TableIssue("not_a_number", (name,), 0), nw.col(flag)) for name, flag in endless.items()
    ]
    questions += _questions(
        table, contract, here, have, value=value if typed else None, minimum=minimum, maximum=maximum,
        endless=endless,
    )  # fmt: skip
    n_rows, answers = _answers(table, questions)
    texts = [
        TableIssue("not_a_number", (name,), count or n_rows, rows)
        for name, (count, rows) in unreadable.items()
    ]
    return TableReport(contract.name, n_rows, (*texts, *answers))


def _numbers(
    table: Frame, columns: list[str]
) -> tuple[Frame, dict[str, tuple[int, tuple[int, ...]]], dict[str, str]]:
    """Open the columns of numbers: which cannot be read, and in which column it is marked what is infinite."""
    unreadable: dict[str, tuple[int, tuple[int, ...]]] = {}
    endless: dict[str, str] = {}
    for name in columns:
        if table.collect_schema()[name].is_float():
            endless[name] = f"_endless_{name}"
            table = table.with_columns(infinite(name).alias(endless[name]))
        try:
            table = numbers(table, name)
        except TableError as error:
            unreadable[name] = text_cells(table, name)[0], error.rows
    return table, unreadable, endless


def _questions(
    table: Frame,
    contract: Contract,
    here: dict[str, str],
    have: set[str],
    *,
    value: str | None,
    minimum: float | None,
    maximum: float | None,
    endless: dict[str, str],
) -> Iterator[tuple[TableIssue, nw.Expr | None]]:
    """Yield what is to be asked of every row; how often a key repeats is no such question."""
    key = tuple(here[k] for k in contract.key if here[k] in have)
    order = here[contract.order] if contract.order else None
    for name in key:
        if name == order:
            yield TableIssue("order_unknown", (name,), 0), unknown(table, name)
        elif name in {here[c] for c in contract.required} and name != here.get("code"):
            yield TableIssue("key_missing", (name,), 0), nw.col(name).is_null()
    yield TableIssue("duplicate_key", key, 0), None
    if value is not None:
        name = here[value]
        cell = nw.col(name)
        gap = cell.is_null() & ~nw.col(endless[name]) if name in endless else cell.is_null()
        yield TableIssue("missing", (name,), 0, breaks=False), gap
        bounds = [e for e, b in ((cell < minimum, minimum), (cell > maximum, maximum)) if b is not None]
        if bounds:
            yield TableIssue("out_of_range", (name,), 0), nw.any_horizontal(*bounds, ignore_nulls=True)


def _answers(
    table: Frame, questions: list[tuple[TableIssue, nw.Expr | None]]
) -> tuple[int, list[TableIssue]]:
    """Count the rows, and those of each issue: one query over all rows, and one over the keys."""
    asked = {
        f"_{i}": (_shared_key(issue.columns) if expr is None else expr).fill_null(value=False)
        for i, (issue, expr) in enumerate(questions)
        if expr is not None or isinstance(table, nw.DataFrame)
    }
    flags = table.select(*(expr.alias(name) for name, expr in asked.items()))
    cells = (nw.col(name).cast(nw.Int64).sum() for name in asked)
    n_rows, *sums = collected(flags.select(nw.len().alias("_rows"), *cells)).row(0)
    counts = dict(zip(asked, sums, strict=True))
    found = []
    for i, (issue, _) in enumerate(questions):
        name = f"_{i}"
        count = int(counts[name] or 0) if name in counts else repeated(table, *issue.columns)
        if count:
            rows = _first_rows(flags, name) if name in counts else ()
            found.append(attrs.evolve(issue, count=count, rows=rows))
    return int(n_rows), found


def _shared_key(key: tuple[str, ...]) -> nw.Expr:
    known = ~nw.any_horizontal(*(nw.col(k).is_null() for k in key), ignore_nulls=True)
    return (nw.len().over(*key) > 1) & known


def _first_rows(flags: Any, name: str) -> tuple[int, ...]:
    if isinstance(flags, nw.LazyFrame):
        return ()
    rows = flags.select(name).with_row_index("row").filter(nw.col(name))
    return tuple(int(r) for r in rows["row"].head(FIRST_ROWS).to_list())
