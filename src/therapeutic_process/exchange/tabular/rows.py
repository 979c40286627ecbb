"""Long tables of any origin: entries grouped by client, put in order, made into cases."""

from __future__ import annotations

from typing import TYPE_CHECKING

from therapeutic_process.errors import TableError
from therapeutic_process.exchange.tabular.account import Tally
from therapeutic_process.exchange.tabular.cells import ScoreReader
from therapeutic_process.exchange.tabular.courses import Courses, Scales
from therapeutic_process.exchange.tabular.entries import Entry, EntryReader, LongCells
from therapeutic_process.exchange.tabular.scores import refuse

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from therapeutic_process.exchange.imports import Imported
    from therapeutic_process.exchange.tabular.sources import Source
    from therapeutic_process.records import Case, MissingReason

__all__ = ["check_order", "import_long"]


def import_long(
    cells: LongCells,
    source: Source,
    kind: str,
    *,
    scales: Scales,
    missing: Iterable[str] | Mapping[str, MissingReason],
    strict: bool,
    repeated_rows: bool = False,
    cells_read: int | None = None,
    tally: Tally | None = None,
) -> Imported:
    """Make cases from the cells of a long table.

    Args:
        cells: The cells.
        source: Where they come from.
        kind: The kind of source, for the report.
        scales: Where instruments are looked up.
        missing: What stands for a missing score.
        strict: Whether what cannot be used is an error, or dropped and reported.
        repeated_rows: Whether a row that says again what another said is dropped, and not an error.
        cells_read: Score cells of the source, where that is more than there are entries.
        tally: What was counted so far.

    Raises:
        TableError: If the table does not keep its form.
    """
    tally = tally or Tally(source)
    reader = EntryReader(cells, tally, scales, strict=strict)
    entries = reader.entries(ScoreReader(missing))
    grouped: dict[str, list[Entry]] = {}
    for entry in entries:
        grouped.setdefault(entry.client, []).append(entry)
    _one_each(grouped, cells, tally, drop=repeated_rows)
    courses = Courses(scales)
    cases = [_case(name, mine, courses, tally, cells) for name, mine in grouped.items()]
    sessions = sum(len(c.sessions) for c in cases)
    tally.note("guessed", "sessions", "held, for a table of scores does not say", count=sessions)
    tally.note(
        "guessed", "instruments", "nobody knows them: taken without a range", count=len(scales.unknown)
    )
    return tally.settle(kind, cases, cells_read=len(cells.score) if cells_read is None else cells_read)


def _case(name: str, entries: list[Entry], courses: Courses, tally: Tally, cells: LongCells) -> Case:
    entries.sort(key=lambda e: e.place)
    groups = {e.group for e in entries if e.group is not None}
    if len(groups) > 1:
        needed = f"one group per client in column {cells.names['group']!r}"
        raise refuse("group_changes", needed, "several groups of one client", [e.row for e in entries])
    values = [e.value for e in entries]
    tally.take(values)
    occasions = tuple(e.occasion for e in entries)
    group = next(iter(groups), None)
    return courses.case(name, occasions, values, group=group, row=entries[0].row)


def _one_each(grouped: dict[str, list[Entry]], cells: LongCells, tally: Tally, *, drop: bool) -> None:
    """Refuse, or drop where they say the same, entries of one client and occasion."""
    again: list[int] = []
    for name, entries in grouped.items():
        seen: dict[object, Entry] = {}
        for entry in entries:
            key = (entry.place, entry.occasion) if cells.order is not None else _key(entry)
            first = seen.setdefault(key, entry)
            if first is not entry and not (drop and first.value == entry.value):
                again.append(entry.row)
        if drop and len(seen) < len(entries):
            known = set(map(id, seen.values()))
            rows = [e.row for e in entries if id(e) not in known]
            tally.note("dropped", "rows", "they say again what an earlier row says", rows=rows)
            tally.cells_left += len(rows)
            tally.rows_dropped += len(rows)
            grouped[name] = list(seen.values())
    if again:
        parts = [n for n in ("client", "order", "session", "measured_at", "instrument", "scale", "timing", "respondent")
                 if n in cells.names]  # fmt: skip
        columns = " × ".join(cells.names[n] for n in parts)
        raise refuse("duplicate_key", f"one row per {columns}", "a combination seen before", sorted(again))


def _key(entry: Entry) -> object:
    when_known = entry.occasion.session is not None or entry.occasion.measured_at is not None
    return entry.occasion if when_known else entry.row


def check_order(*columns: str | None) -> None:
    """Check that the caller named something that orders the scores of a client.

    Raises:
        TableError: ``order_unknown``.
    """
    if not any(columns):
        needed = "a column with the session, the time or the order"
        raise TableError("order_unknown", needed=needed, found="none of them named")
