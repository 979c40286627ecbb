"""Check a table against its contract: one report with counts and, where rows have an order, row numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs
import narwhals.stable.v2 as nw

from therapeutic_process.errors import TableError
from therapeutic_process.tables.columns import (
    CHANGE_EVENTS,
    CODES,
    GOALS,
    INTERACTIONS,
    RATINGS,
    SCORES,
    SESSIONS,
    TASKS,
    Contract,
)
from therapeutic_process.tables.door import (
    Frame,
    collected,
    height,
    need_columns,
    numbers,
    opened,
    text_cells,
)
from therapeutic_process.tables.reports import TableIssue, TableReport

if TYPE_CHECKING:
    from collections.abc import Iterator

    from narwhals.stable.v2.typing import IntoFrame

__all__ = [
    "check_change_events",
    "check_codes",
    "check_goals",
    "check_interactions",
    "check_ratings",
    "check_scores",
    "check_sessions",
    "check_table",
    "check_tasks",
]

FIRST_ROWS = 5


def check_table(
    frame: IntoFrame,
    contract: Contract,
    *,
    names: dict[str, str] | None = None,
    value: str | None = None,
    minimum: float | None = None,
    maximum: float | None = None,
    strict: bool = False,
) -> TableReport:
    """Check any table against a contract; `check_scores` and its siblings name the columns for you.

    Args:
        frame: Any frame Narwhals knows.
        contract: What to check against.
        names: The caller's name for a column of the contract, where it differs.
        value: The number to check for missing cells and range; the contract's own unless told.
        minimum: Smallest possible value.
        maximum: Largest possible value.
        strict: Whether to raise instead of reporting.

    Raises:
        TableError: If ``strict`` and the contract is broken.
    """
    report = _check(
        opened(frame), contract, names or {}, value=value or contract.value, minimum=minimum, maximum=maximum
    )
    if strict:
        report.raise_if_broken()
    return report


def _check(
    table: Frame,
    contract: Contract,
    names: dict[str, str],
    *,
    value: str | None,
    minimum: float | None,
    maximum: float | None,
) -> TableReport:
    here = {c.name: names.get(c.name, c.name) for c in contract.columns}
    have = set(table.collect_schema().names())
    n_rows = height(table)
    required = tuple(here[c] for c in contract.required)
    try:
        need_columns(table, *required)
    except TableError as error:
        missing = tuple(c for c in required if c not in have) or required
        return TableReport(contract.name, n_rows, (TableIssue(error.code, missing, 0),))
    issues: list[TableIssue] = []
    for column in contract.columns:
        name = here[column.name]
        if column.family == "number" and name in have:
            try:
                table = numbers(table, name)
            except TableError as error:
                unreadable = text_cells(table, name)[0]
                issues.append(TableIssue("not_a_number", (name,), unreadable or n_rows, error.rows))
    typed = value is not None and here[value] in have and not any(here[value] in i.columns for i in issues)
    questions = list(
        _questions(
            table, contract, here, have, value=value if typed else None, minimum=minimum, maximum=maximum
        )
    )
    return TableReport(contract.name, n_rows, (*issues, *_answers(table, questions)))


def _questions(
    table: Frame,
    contract: Contract,
    here: dict[str, str],
    have: set[str],
    *,
    value: str | None,
    minimum: float | None,
    maximum: float | None,
) -> Iterator[tuple[TableIssue, nw.Expr]]:
    key = tuple(here[k] for k in contract.key if here[k] in have)
    order = here[contract.order] if contract.order else None
    for name in key:
        gap = nw.col(name).is_null()
        if name == order:
            if table.collect_schema()[name].is_float():
                gap = nw.col(name).fill_nan(None).is_null()
            yield TableIssue("order_unknown", (name,), 0), gap
        elif name in {here[c] for c in contract.required} and name != here.get("code"):
            yield TableIssue("key_missing", (name,), 0), gap
    known = ~nw.any_horizontal(*(nw.col(k).is_null() for k in key), ignore_nulls=True)
    yield TableIssue("duplicate_key", key, 0), (nw.len().over(*key) > 1) & known
    if value is not None:
        cell = nw.col(here[value])
        yield TableIssue("missing", (here[value],), 0, breaks=False), cell.is_null()
        bounds = [e for e, b in ((cell < minimum, minimum), (cell > maximum, maximum)) if b is not None]
        if bounds:
            yield TableIssue("out_of_range", (here[value],), 0), nw.any_horizontal(*bounds, ignore_nulls=True)


def _answers(table: Frame, questions: list[tuple[TableIssue, nw.Expr]]) -> Iterator[TableIssue]:
    flags = table.select(*(e.fill_null(value=False).alias(f"_{i}") for i, (_, e) in enumerate(questions)))
    counts = collected(flags.select(*(nw.col(f"_{i}").cast(nw.Int64).sum() for i in range(len(questions)))))
    for i, (issue, _) in enumerate(questions):
        count = int(counts[0, i] or 0)
        if count:
            yield attrs.evolve(issue, count=count, rows=_first_rows(flags, f"_{i}"))


def _first_rows(flags: Any, name: str) -> tuple[int, ...]:
    if isinstance(flags, nw.LazyFrame):
        return ()
    rows = flags.select(name).with_row_index("row").filter(nw.col(name))
    return tuple(int(r) for r in rows["row"].head(FIRST_ROWS).to_list())


def check_scores(
    frame: IntoFrame,
    *,
    client: str = "client_id",
    order: str = "session",
    score: str = "score",
    minimum: float | None = None,
    maximum: float | None = None,
    strict: bool = False,
) -> TableReport:
    """Check a table of scores: missing, duplicate client × order, not a number, out of range, order unknown.

    >>> import polars as pl
    >>> print(check_scores(pl.DataFrame({"client_id": [1, 1], "session": [1, 1], "score": [5.0, None]})))
    scores: 2 rows, breaks its contract
      duplicate_key: 2 rows, client_id × session (first rows 0, 1)
      missing: 1 rows, score (first rows 1)

    Args:
        frame: Any frame Narwhals knows; lazy frames run one query.
        client: Column of the client.
        order: Column of the order within client: session number, date or time.
        score: Column of the score.
        minimum: Smallest score the instrument allows.
        maximum: Largest score the instrument allows.
        strict: Whether to raise instead of reporting.

    Raises:
        TableError: If ``strict`` and the contract is broken.
    """
    names = {"client_id": client, "session": order, "score": score}
    return check_table(frame, SCORES, names=names, minimum=minimum, maximum=maximum, strict=strict)


def check_sessions(
    frame: IntoFrame, *, client: str = "client_id", order: str = "session", strict: bool = False
) -> TableReport:
    """Check a table of sessions; see `check_scores`."""
    return check_table(frame, SESSIONS, names={"client_id": client, "session": order}, strict=strict)


def check_interactions(
    frame: IntoFrame, *, names: dict[str, str] | None = None, strict: bool = False
) -> TableReport:
    """Check a table of interactions; the order is the index, never a time."""
    return check_table(frame, INTERACTIONS, names=names, strict=strict)


def check_codes(
    frame: IntoFrame, *, names: dict[str, str] | None = None, strict: bool = False
) -> TableReport:
    """Check a table of codes: one row per client, session, interaction, pass and code."""
    return check_table(frame, CODES, names=names, strict=strict)


def check_ratings(
    frame: IntoFrame,
    *,
    names: dict[str, str] | None = None,
    minimum: float | None = None,
    maximum: float | None = None,
    strict: bool = False,
) -> TableReport:
    """Check a table of ratings; see `check_scores`."""
    return check_table(frame, RATINGS, names=names, minimum=minimum, maximum=maximum, strict=strict)


def check_tasks(
    frame: IntoFrame, *, names: dict[str, str] | None = None, strict: bool = False
) -> TableReport:
    """Check a table of between-session tasks."""
    return check_table(frame, TASKS, names=names, strict=strict)


def check_goals(
    frame: IntoFrame, *, names: dict[str, str] | None = None, strict: bool = False
) -> TableReport:
    """Check a table of goals; attainment lies between -2 and +2."""
    return check_table(frame, GOALS, names=names, minimum=-2, maximum=2, strict=strict)


def check_change_events(
    frame: IntoFrame, *, names: dict[str, str] | None = None, strict: bool = False
) -> TableReport:
    """Check a table of change events."""
    return check_table(frame, CHANGE_EVENTS, names=names, strict=strict)
