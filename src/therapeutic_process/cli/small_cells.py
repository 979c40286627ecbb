"""Takes small counts out of what a command prints about many cases, and what would let them be worked out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import typer

from therapeutic_process.cli.console import stop
from therapeutic_process.tables import SUPPRESSION_RULES, TOTAL, SuppressionRule, suppress_counts

__all__ = ["SmallCellsOption", "rule_called", "rule_wanted", "without_small_counts", "without_small_parts"]


SmallCellsOption = Annotated[
    str | None,
    typer.Option(
        "--small-cells",
        help="Show no number behind which too few cases stand, by the rule cms, uk_llc or five, and no single case.",
    ),
]


def rule_wanted(name: str | None) -> SuppressionRule | None:
    """Return the rule that an option names; None without one. Stop at another word."""
    if name is None:
        return None
    rule = rule_called(name)
    if rule is None:
        stop(f"--small-cells: needed one of {', '.join(SUPPRESSION_RULES)}, found another word")
    return rule


def rule_called(name: str) -> SuppressionRule | None:
    """Return a rule by its name; None if there is none of that name."""
    return SUPPRESSION_RULES.get(name)


def without_small_counts(
    rows: Sequence[Mapping[str, Any]],
    *,
    by: Sequence[str],
    count: str,
    derived: Sequence[str],
    behind: Mapping[tuple[Any, ...], int],
    rule: SuppressionRule,
    apart: str | None = None,
) -> list[dict[str, Any]]:
    """Return rows with None for counts that may not be shown, and for what is computed from them; those rows last.

    Args:
        rows: A row per cell.
        by: What is counted by.
        count: The count.
        derived: What is computed from it.
        behind: How many cases stand behind a cell, by `apart` and `by`.
        rule: When a count is too small.
        apart: What tells one table from another.
    """
    made: list[dict[str, Any]] = []
    for table in dict.fromkeys(row.get(apart) if apart else None for row in rows):
        own = {tuple(row[b] for b in by): row for row in rows if apart is None or row[apart] == table}
        head = {} if apart is None else {apart: table}
        # wrapped, because a code may be called anything, even as a total is marked
        found = suppress_counts(
            {_wrapped(key): row[count] for key, row in own.items()},
            rule=rule,
            contributors={_wrapped(key): behind.get((*head.values(), *key), 0) for key in own},
        )
        shown: list[dict[str, Any]] = []
        hidden: list[dict[str, Any]] = []
        for cell, n in found.cells.items():
            if TOTAL in cell:
                continue
            key = tuple(level[0] for level in cell if isinstance(level, tuple))
            if n == 0 and key not in own:
                continue
            row = dict(own.get(key, {})) or {**head, **dict(zip(by, key, strict=True))}
            row |= dict.fromkeys(derived) if n is None or not found.shows_all_above(*cell) else {}
            (hidden if n is None else shown).append({**row, count: n})
        # the order of counts that are not shown would tell of them
        order = {key: i for i, key in enumerate(own)}
        shown.sort(key=lambda row: order[tuple(row[b] for b in by)])
        made += [*shown, *sorted(hidden, key=lambda row: [str(row[b]) for b in by])]
    return made


def _wrapped(key: tuple[Any, ...]) -> tuple[tuple[Any], ...]:
    return tuple((level,) for level in key)


def without_small_parts(
    parts: Mapping[str, int], *, behind: int, rule: SuppressionRule
) -> dict[str, int | None]:
    """Return the parts of a whole, None where one may not be shown.

    Args:
        parts: Counts that add up to the whole.
        behind: How many cases stand behind all of them.
        rule: When a count is too small.
    """
    found = suppress_counts(
        {(name,): n for name, n in parts.items()}, rule=rule, contributors={(name,): behind for name in parts}
    )
    return {name: found.cells[name,] for name in parts}
