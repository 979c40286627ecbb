"""Check a table against its contract: one report with counts and, where rows have an order, row numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

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
from therapeutic_process.tables.door import opened
from therapeutic_process.tables.inspection import inspected

if TYPE_CHECKING:
    from narwhals.stable.v2.typing import IntoFrame

    from therapeutic_process.tables.reports import TableReport

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
    report = inspected(
        opened(frame), contract, names or {}, value=value or contract.value, minimum=minimum, maximum=maximum
    )
    if strict:
        report.raise_if_broken()
    return report


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
        frame: Any frame Narwhals knows; lazy frames run one query over the rows and one over the keys.
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
    """Check a table of sessions; see `check_scores`.

    Args:
        frame: Any frame Narwhals knows.
        client: Column of the client.
        order: Column of the order within client.
        strict: Whether to raise instead of reporting.

    Returns:
        What was looked at, and every kind of issue with counts and, where the engine has an order, first rows.

    Raises:
        TableError: If columns are missing or columns differ only by case; if strict, for any issue.
    """
    return check_table(frame, SESSIONS, names={"client_id": client, "session": order}, strict=strict)


def check_interactions(
    frame: IntoFrame, *, names: dict[str, str] | None = None, strict: bool = False
) -> TableReport:
    """Check a table of interactions; the order is the index, never a time.

    Args:
        frame: Any frame Narwhals knows.
        names: Name in the contract → name in the table, where they differ.
        strict: Whether to raise instead of reporting.

    Returns:
        What was looked at, and every kind of issue with counts and, where the engine has an order, first rows.

    Raises:
        TableError: If columns are missing or columns differ only by case; if strict, for any issue.
    """
    return check_table(frame, INTERACTIONS, names=names, strict=strict)


def check_codes(
    frame: IntoFrame, *, names: dict[str, str] | None = None, strict: bool = False
) -> TableReport:
    """Check a table of codes: one row per client, session, interaction, pass and code.

    Args:
        frame: Any frame Narwhals knows.
        names: Name in the contract → name in the table, where they differ.
        strict: Whether to raise instead of reporting.

    Returns:
        What was looked at, and every kind of issue with counts and, where the engine has an order, first rows.

    Raises:
        TableError: If columns are missing or columns differ only by case; if strict, for any issue.
    """
    return check_table(frame, CODES, names=names, strict=strict)


def check_ratings(
    frame: IntoFrame,
    *,
    names: dict[str, str] | None = None,
    minimum: float | None = None,
    maximum: float | None = None,
    strict: bool = False,
) -> TableReport:
    """Check a table of ratings; see `check_scores`.

    Args:
        frame: Any frame Narwhals knows.
        names: Name in the contract → name in the table, where they differ.
        minimum: Lowest value of the scale.
        maximum: Highest value of the scale.
        strict: Whether to raise instead of reporting.

    Returns:
        What was looked at, and every kind of issue with counts and, where the engine has an order, first rows.

    Raises:
        TableError: If columns are missing or columns differ only by case; if strict, for any issue.
    """
    return check_table(frame, RATINGS, names=names, minimum=minimum, maximum=maximum, strict=strict)


def check_tasks(
    frame: IntoFrame, *, names: dict[str, str] | None = None, strict: bool = False
) -> TableReport:
    """Check a table of between-session tasks.

    Args:
        frame: Any frame Narwhals knows.
        names: Name in the contract → name in the table, where they differ.
        strict: Whether to raise instead of reporting.

    Returns:
        What was looked at, and every kind of issue with counts and, where the engine has an order, first rows.

    Raises:
        TableError: If columns are missing or columns differ only by case; if strict, for any issue.
    """
    return check_table(frame, TASKS, names=names, strict=strict)


def check_goals(
    frame: IntoFrame, *, names: dict[str, str] | None = None, strict: bool = False
) -> TableReport:
    """Check a table of goals; attainment lies between -2 and +2.

    Args:
        frame: Any frame Narwhals knows.
        names: Name in the contract → name in the table, where they differ.
        strict: Whether to raise instead of reporting.

    Returns:
        What was looked at, and every kind of issue with counts and, where the engine has an order, first rows.

    Raises:
        TableError: If columns are missing or columns differ only by case; if strict, for any issue.
    """
    return check_table(frame, GOALS, names=names, minimum=-2, maximum=2, strict=strict)


def check_change_events(
    frame: IntoFrame, *, names: dict[str, str] | None = None, strict: bool = False
) -> TableReport:
    """Check a table of change events.

    Args:
        frame: Any frame Narwhals knows.
        names: Name in the contract → name in the table, where they differ.
        strict: Whether to raise instead of reporting.

    Returns:
        What was looked at, and every kind of issue with counts and, where the engine has an order, first rows.

    Raises:
        TableError: If columns are missing or columns differ only by case; if strict, for any issue.
    """
    return check_table(frame, CHANGE_EVENTS, names=names, strict=strict)
