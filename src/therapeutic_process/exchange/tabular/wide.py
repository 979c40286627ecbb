"""Wide tables: a row per client, a column per session, whatever the columns are called."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

import attrs

from therapeutic_process.errors import TableError
from therapeutic_process.exchange.tabular.account import Tally
from therapeutic_process.exchange.tabular.cells import ScoreReader
from therapeutic_process.exchange.tabular.courses import Courses, Occasion, RespondentKind, Scale, Scales
from therapeutic_process.exchange.tabular.scores import client_ids, groups_of, in_range, read_scores, refuse
from therapeutic_process.exchange.tabular.sources import Source, source_of

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable, Sequence

    from narwhals.stable.v2.typing import IntoFrame

    from therapeutic_process.exchange.imports import Imported
    from therapeutic_process.instruments import Catalogue, Instrument
    from therapeutic_process.records import Case, MissingReason, Timing

__all__ = ["read_wide"]


@attrs.frozen
class _Column:
    name: str
    session: int | None


def read_wide(
    table: IntoFrame | str | os.PathLike[str],
    *,
    client: str,
    scores: str | Mapping[str, int | None] | Sequence[str],
    instrument: Instrument | str,
    follow_ups: str | Sequence[str] = (),
    timing: Timing = "unknown",
    respondent: RespondentKind = "client",
    missing: Iterable[str] | Mapping[str, MissingReason] = ("", "NA"),
    group: str | None = None,
    catalogue: Catalogue | None = None,
    strict: bool = True,
    encoding: str | None = None,
    delimiter: str | None = None,
) -> Imported:
    r"""Read a table with a row per client and a column per session.

    A case per client: a session for each column up to the client's last score, and a measurement for each cell. An
    empty cell before that is a missing score; empty cells after it are not taken, for nothing says that there was a
    session. Follow-ups belong to no session and come after all of them, their empty cells too.

    >>> import polars as pl
    >>> table = pl.DataFrame({"who": ["a", "b"], "phq_s1": [19, 14], "phq_s2": [None, 12], "phq_s3": [11, None]})
    >>> imported = read_wide(table, client="who", scores=r"phq_s(\d+)", instrument="phq9")
    >>> print(imported.report)
    wide table: 2 cases
    rows: 2 read, 2 taken, 0 dropped
    score cells: 6 read, 4 scores, 1 missing, 1 left
    guessed: sessions (5): held, for a table of scores does not say
    not taken: empty cells after the client's last score (1): nothing says that there was a session (first lines 2)
    >>> [m.score for m in imported.cases[0].measurements]
    [19.0, None, 11.0]

    Args:
        table: Any frame Narwhals knows, or the path of a ``.csv``, ``.tsv`` or ``.parquet`` file.
        client: The column with the client's id.
        scores: The score columns: a regular expression for whole names, whose one group is the session's number; a
            mapping from column to number (None: a follow-up); or columns in order, counted from 1.
        instrument: What all scores are scores of: an `Instrument`, or an id in the catalogue.
        follow_ups: Further columns in order, or a regular expression for their names.
        timing: When the scores of sessions were taken, seen from the session.
        respondent: Who answered.
        missing: Texts and numbers that stand for a missing score, or a mapping from them to the reason. What is empty
            is always missing.
        group: The column with the client's arm, site or discipline.
        catalogue: Where to look the instrument up; by default the built-in catalogue.
        strict: Whether a cell that is no number, a score out of range or a row without id is an error; otherwise it is
            taken as missing, or dropped, and reported.
        encoding: Of a CSV that is neither UTF-8 nor marked UTF-16.
        delimiter: Of a CSV; by its ending unless told.

    Returns:
        The cases in the order of the rows, and a `TableImportReport`.

    Raises:
        TableError: If the table does not keep this form; names columns, counts and rows (from 0).
        DocumentError: If the file cannot be read.
    """
    source = source_of(table, encoding=encoding, delimiter=delimiter)
    columns = _columns(source, scores, follow_ups)
    source.need(client, *(c.name for c in columns), *([group] if group else []))
    tally = Tally(source)
    scales = Scales(catalogue, None, strict=strict)
    scale = scales.one(instrument)
    ids = client_ids(source.columns[client], tally, client, strict=strict)
    _one_row_each(ids, client)
    occasions = [_occasion(c, scale, timing, respondent) for c in columns]
    rows = range(source.height)
    read = ScoreReader(missing)
    values = []
    for column in columns:
        cells = read_scores(source.columns[column.name], read, tally, column.name, rows=rows, strict=strict)
        in_range(cells, scale, tally, column.name, rows=rows, strict=strict)
        values.append(cells)
    groups = groups_of(source.cells(group), source.height)
    cases = _cases(ids, groups, occasions, values, tally, Courses(scales))
    _say_what_was_guessed(tally, cases, columns, scales)
    return tally.settle("wide table", cases, cells_read=source.height * len(columns))


def _columns(
    source: Source, scores: str | Mapping[str, int | None] | Sequence[str], follow_ups: str | Sequence[str]
) -> list[_Column]:
    if isinstance(scores, str):
        found = [_Column(n, int(m[1])) for n in source.columns if (m := _pattern(scores, 1).fullmatch(n))]
    elif isinstance(scores, Mapping):
        found = [_Column(name, number) for name, number in scores.items()]
    else:
        found = [_Column(name, i) for i, name in enumerate(scores, start=1)]
    if not found:
        needed = "score columns: a pattern that matches whole names, or names"
        raise TableError("column_missing", needed=needed, found="none")
    later = _pattern(follow_ups, 0) if isinstance(follow_ups, str) else None
    names = [n for n in source.columns if later.fullmatch(n)] if later else list(follow_ups)
    if later and not names:
        needed = "follow-up columns that the pattern matches as whole names"
        raise TableError("column_missing", needed=needed, found="none")
    several = [*found, *(_Column(n, None) for n in names)]
    _refuse_twice(several)
    return sorted(several, key=lambda c: (c.session is None, c.session or 0))


def _pattern(pattern: str, groups: int) -> re.Pattern[str]:
    try:
        compiled = re.compile(pattern, re.ASCII)
    except re.error:
        compiled = None
    if compiled is None or (groups and compiled.groups != groups):
        found = "another number of groups" if compiled else "something else"
        raise TableError(
            "pattern_invalid", needed="a regular expression with one group, the number", found=found
        )
    return compiled


def _refuse_twice(columns: list[_Column]) -> None:
    names = [c.name for c in columns]
    numbers = [c.session for c in columns if c.session is not None]
    twice = [
        c.name
        for c in columns
        if names.count(c.name) > 1 or (c.session is not None and numbers.count(c.session) > 1)
    ]
    if twice or any(n < 0 for n in numbers):
        found = ", ".join(map(repr, dict.fromkeys(twice))) or "a number below 0"
        raise TableError(
            "duplicate_key", needed="one column per session, numbered from 0 upwards", found=found
        )


def _one_row_each(ids: list[str | None], column: str) -> None:
    first: dict[str, int] = {}
    again = [i for i, name in enumerate(ids) if name is not None and first.setdefault(name, i) != i]
    if again:
        raise refuse(
            "duplicate_key", f"one row per client in column {column!r}", "a client seen before", again
        )


def _occasion(column: _Column, scale: Scale, timing: Timing, respondent: RespondentKind) -> Occasion:
    seen_from = "unknown" if column.session is None else timing
    return Occasion(scale, column.session, seen_from, respondent)


def _cases(
    ids: list[str | None],
    groups: list[str | None],
    occasions: list[Occasion],
    values: list[list[float | str]],
    tally: Tally,
    courses: Courses,
) -> list[Case]:
    cases: list[Case] = []
    short: list[int] = []
    n_sessions = sum(o.session is not None for o in occasions)
    sittings, left = tuple(occasions), 0
    by_length = [sittings[:k] + sittings[n_sessions:] for k in range(n_sessions + 1)]
    for row, (name, group, *cells) in enumerate(zip(ids, groups, *values, strict=True)):
        if name is None:
            tally.rows_dropped += 1
            tally.cells_left += len(cells)
            continue
        last = n_sessions
        while last and cells[last - 1] == "unknown":
            last -= 1
        if last < n_sessions:
            short.append(row)
            left += n_sessions - last
            del cells[last:n_sessions]
        tally.take(cells)
        cases.append(courses.case(name, by_length[last], cells, group=group, row=row))
    tally.cells_left += left
    if left:
        why = "nothing says that there was a session"
        tally.note("not_taken", "empty cells after the client's last score", why, rows=short[:5])
        tally.note("not_taken", "empty cells after the client's last score", why, count=left - len(short[:5]))
    return cases


def _say_what_was_guessed(
    tally: Tally, cases: list[Case], columns: Sequence[_Column], scales: Scales
) -> None:
    sessions = sum(len(c.sessions) for c in cases)
    # read by people: what was guessed stands before what was left
    notes, tally.notes = tally.notes, {}
    tally.note("guessed", "sessions", "held, for a table of scores does not say", count=sessions)
    later = sum(c.session is None for c in columns)
    tally.note("not_taken", "names of follow-up columns", "a measurement has no place for them", count=later)
    why = "nobody knows them: taken without a range"
    tally.note("guessed", "instruments", why, count=len(scales.unknown))
    tally.notes |= notes
