"""What commands tell of all cases under a small-cell rule, as lines and as JSON."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NoReturn

import typer

from therapeutic_process.cli.reading import described, finish
from therapeutic_process.instruments import builtin_catalogue
from therapeutic_process.report.shared_counts import SharedCounts
from therapeutic_process.report.shared_tables import LEFT_OUT_OF_IT, SharedTable, said, shared_tables
from therapeutic_process.report.small_cells import SmallCells

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import timedelta
    from pathlib import Path

    from therapeutic_process.tables import SuppressionRule

__all__ = ["shared_lines", "tell_shared"]


def tell_shared(
    path: Path, rule: SuppressionRule, *, part: str, window: timedelta | int = 2, as_json: bool
) -> NoReturn:
    """Count all cases, print what may be shown of a part, and exit.

    Args:
        path: A file or a folder.
        rule: When a count is too small.
        part: The part of a report's tables that the command is about.
        window: The window of the links.
        as_json: Whether to print one JSON object instead of lines.
    """
    counts, gate = SharedCounts(window, builtin_catalogue()), SmallCells(rule)
    _, unreadable = described(path, counts.add)
    tables = [one for one in shared_tables(counts, gate, counts.names()) if one.part == part]
    n = counts.n_cases if gate.enough(counts.n_cases) else None
    if as_json:
        lost = len(unreadable) if gate.enough(len(unreadable)) else None
        told = {"rule": rule.source, "smallest": rule.smallest, "cases": n,
                "tables": [_table_json(one) for one in tables], "unreadable": lost}  # fmt: skip
        typer.echo(json.dumps(told, ensure_ascii=False))
    else:
        few = f"fewer than {rule.smallest} cases: nothing can be shown"
        typer.echo(few if n is None else f"{n} cases; no number rests on fewer than {rule.smallest}")
        for line in shared_lines(tables):
            typer.echo(line)
    finish(unreadable)


def shared_lines(tables: list[SharedTable]) -> Iterator[str]:
    """Yield tables as lines.

    Args:
        tables: Tables that may be shown.
    """
    for one in tables:
        yield _printable(one.title if one.rows else f"{one.title}: not shown: too few cases stand behind it")
        for row in one.rows:
            named = zip(one.numbers.items(), row.numbers, strict=True)
            numbers = [
                f"{head} {said(n, kind)}" if kind == "value" else f"{said(n, kind)} {head}"
                for (head, kind), n in named
            ]
            yield _printable(f"  {', '.join(row.levels)}: {', '.join(numbers)}")
        if one.rows and one.left_out and "of all" not in one.numbers:
            yield f"  {LEFT_OUT_OF_IT}"


def _table_json(one: SharedTable) -> dict[str, Any]:
    rows = [dict(zip((*one.by, *one.numbers), (*r.levels, *r.numbers), strict=True)) for r in one.rows]
    return {"title": one.title, "by": list(one.by), "rows": rows, "left_out": one.left_out}


def _printable(text: str) -> str:
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)
