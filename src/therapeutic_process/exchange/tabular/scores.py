"""Score cells against their scale: what reads as a number, what lies in the range, and what becomes of the rest."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from therapeutic_process.errors import TableError
from therapeutic_process.exchange.tabular.cells import ScoreReader, client_id, each, text
from therapeutic_process.exchange.tabular.courses import Scale

if TYPE_CHECKING:
    from collections.abc import Sequence

    from therapeutic_process.exchange.tabular.account import Tally

__all__ = ["NOT_SCORABLE", "client_ids", "groups_of", "in_range", "read_scores", "refuse"]

NOT_SCORABLE = "not_scorable"


def refuse(code: str, needed: str, found: str, rows: Sequence[int]) -> TableError:
    """Return the error that names the first rows concerned, counted from 0."""
    return TableError(code, needed=needed, found=f"{len(rows)} rows with {found}", rows=tuple(rows[:5]))


def read_scores(
    cells: Sequence[Any], read: ScoreReader, tally: Tally, column: str, *, rows: Sequence[int], strict: bool
) -> list[float | str]:
    """Read the cells of a score column; a lenient reader makes what is no number a missing score and says so.

    Raises:
        TableError: ``not_a_number``, if strict.
    """
    values = each(cells, read)
    wrong = [i for i, v in enumerate(values) if v is None]
    if wrong and strict:
        needed = f"numbers, or the codes for missing that `missing` states, in column {column!r}"
        raise refuse("not_a_number", needed, "something else", [rows[i] for i in wrong])
    for i in wrong:
        values[i] = NOT_SCORABLE
    why = "no number: kept as a missing score (not_scorable)"
    tally.note("dropped", f"cells of column {column!r}", why, rows=[rows[i] for i in wrong])
    _note_texts(cells, values, tally, column)
    _note_codes(cells, values, tally, column)
    return values


def _note_texts(cells: Sequence[Any], values: Sequence[Any], tally: Tally, column: str) -> None:
    if tally.source.lines is None and str in set(map(type, cells)):
        n = sum(type(c) is str and type(v) is float for c, v in zip(cells, values, strict=True))
        tally.note("converted", f"texts in column {column!r}", "read as numbers", count=n)


def _note_codes(cells: Sequence[Any], values: Sequence[Any], tally: Tally, column: str) -> None:
    n = sum(
        type(v) is str and v != NOT_SCORABLE and text(c) is not None
        for c, v in zip(cells, values, strict=True)
    )
    tally.note("converted", f"codes in column {column!r}", "missing, as the caller said", count=n)


def in_range(
    values: list[float | str],
    scales: Sequence[Scale] | Scale,
    tally: Tally,
    column: str,
    *,
    rows: Sequence[int],
    strict: bool,
) -> None:
    """Compare scores with the range of their scale; a lenient reader takes those outside as missing and says so.

    Raises:
        TableError: ``out_of_range``, if strict.
    """
    if not isinstance(scales, Scale):
        wrong = [
            i for i, (v, s) in enumerate(zip(values, scales, strict=True))
            if not isinstance(v, str) and not s.holds(v)
        ]  # fmt: skip
    else:
        one = scales
        outside = {v for v in set(values) if not isinstance(v, str) and not one.holds(v)}
        wrong = [i for i, v in enumerate(values) if v in outside] if outside else []
    if wrong and strict:
        needed = f"scores inside the range of their instrument in column {column!r}"
        raise refuse("out_of_range", needed, "scores outside it", [rows[i] for i in wrong])
    for i in wrong:
        values[i] = NOT_SCORABLE
    why = "outside the range of the instrument: kept as a missing score (not_scorable)"
    tally.note("dropped", f"scores of column {column!r}", why, rows=[rows[i] for i in wrong])


def client_ids(cells: Sequence[Any], tally: Tally, column: str, *, strict: bool) -> list[str | None]:
    """Read the ids of clients; a lenient reader drops rows without one, which is the caller's to count.

    Raises:
        TableError: ``key_missing``, if strict; ``id_length``.
    """
    ids = each(cells, client_id)
    nobody = [i for i, name in enumerate(ids) if name is None]
    if nobody and strict:
        needed = f"an id in every row of column {column!r}"
        raise refuse("key_missing", needed, "none", nobody)
    tally.note("dropped", "rows", f"no id in column {column!r}", rows=nobody)
    if float in set(map(type, cells)):
        n = sum(type(c) is float and name is not None for c, name in zip(cells, ids, strict=True))
        tally.note("converted", f"fractions in column {column!r}", "read as ids", count=n)
    return ids


def groups_of(cells: Sequence[Any] | None, height: int) -> list[str | None]:
    """Read the groups of clients, or nothing for each where no column is named."""
    return [None] * height if cells is None else each(cells, text)
