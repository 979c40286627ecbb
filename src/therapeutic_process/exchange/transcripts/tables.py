"""Transcripts as tables: a row per utterance, columns named by the caller."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import TYPE_CHECKING

import attrs

from therapeutic_process.errors import DocumentError
from therapeutic_process.exchange.transcripts.turns import (
    Role,
    Turn,
    TurnLog,
    case_of_turns,
    in_file,
    read_text,
)
from therapeutic_process.exchange.whole_files import whole_file

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping, Sequence

    from therapeutic_process.exchange.imports import Imported
    from therapeutic_process.records import Case

__all__ = ["CsvTable", "csv_table", "read_transcript_csv", "write_transcript_csv"]


@attrs.frozen(repr=False)
class CsvTable:
    """The rows of a CSV file.

    Attributes:
        file: The file.
        columns: The names in its head.
        rows: Line, counted from 1, and cells by column of every row.
    """

    file: Path
    columns: tuple[str, ...]
    rows: tuple[tuple[int, dict[str, str]], ...]

    def need(self, names: Sequence[str]) -> None:
        """Refuse a table that lacks one of some columns, or has it twice.

        Raises:
            DocumentError: Names the columns.
        """
        missing = [n for n in names if n not in self.columns]
        if missing:
            needed, found = f"the columns {', '.join(missing)}", "a table without them"
            raise DocumentError("column_missing", needed=needed, found=found, file=str(self.file))
        twice = [n for n in names if self.columns.count(n) > 1]
        if twice:
            needed, found = f"the columns {', '.join(twice)} once", "one twice"
            raise DocumentError("ambiguous_column", needed=needed, found=found, file=str(self.file))

    def error(self, code: str, line: int, needed: str, found: str) -> DocumentError:
        """Return an error that names the file and a line."""
        return DocumentError(code, needed=needed, found=found, file=str(self.file), line=line)


def csv_table(file: Path, encoding: str | None, delimiter: str = ",") -> CsvTable:
    """Return the rows of a CSV file; a row that does not fit its head is refused.

    Args:
        file: The file.
        encoding: Its encoding, where it is neither UTF-8 nor UTF-16 with a mark.
        delimiter: What separates the cells.

    Raises:
        DocumentError: If it is no such table; names the line.
    """
    if len(delimiter) != 1 or delimiter in '\n"':
        needed, found = "a delimiter of one character that is no quote", "something else"
        raise DocumentError("not_this_format", needed=needed, found=found, file=str(file))
    stream = io.StringIO(read_text(file, encoding=encoding), newline="")
    reader = csv.reader(stream, delimiter=delimiter, strict=True)
    rows: list[tuple[int, dict[str, str]]] = []
    line = 1
    try:
        header = tuple(next(reader, ()))
        line = reader.line_num + 1
        for cells in reader:
            if cells:
                rows.append((line, _row(header, cells, file, line)))
            line = reader.line_num + 1
    except csv.Error:  # a quote left open would swallow the rows after it
        needed, found = "a CSV table", "a row that cannot be read"
        failure = DocumentError("not_this_format", needed=needed, found=found, file=str(file), line=line)
    else:
        return CsvTable(file, header, tuple(rows))
    raise failure


def _row(header: tuple[str, ...], cells: list[str], file: Path, line: int) -> dict[str, str]:
    if len(cells) != len(header):
        needed, found = f"{len(header)} cells in a row", str(len(cells))
        raise DocumentError("row_length", needed=needed, found=found, file=str(file), line=line)
    return dict(zip(header, cells, strict=True))


def read_transcript_csv(
    path: str | os.PathLike[str],
    *,
    speaker: str,
    text: str | None = None,
    start_s: str | None = None,
    end_s: str | None = None,
    roles: Mapping[str, Role] | None = None,
    case_id: str | None = None,
    encoding: str | None = None,
    delimiter: str = ",",
) -> Imported:
    """Read a transcript from a CSV table, a row per utterance, in the order of the rows.

    Args:
        path: The file.
        speaker: The column that names the speaker.
        text: The column with what was said; None where there is none.
        start_s: The column with the start, in seconds.
        end_s: The column with the end, in seconds.
        roles: Role by speaker label; None to guess from the labels, which the report says.
        case_id: Id of the case; by default the file's name without its ending.
        encoding: The file's encoding, where it is neither UTF-8 nor UTF-16 with a mark.
        delimiter: What separates the cells.

    Returns:
        One case with one held session, and the account of the import.

    Raises:
        DocumentError: If a column is missing or a time is no number; names the line.
    """
    file, log = Path(path), TurnLog()
    table = csv_table(file, encoding, delimiter)
    table.need([c for c in (speaker, text, start_s, end_s) if c is not None])
    turns = [
        Turn(row[speaker].strip() or None, row[text] if text else None, _time(table, line, row, start_s),
             _time(table, line, row, end_s), line)
        for line, row in table.rows
    ]  # fmt: skip
    left = [c for c in table.columns if c not in {speaker, text, start_s, end_s}]
    if left:
        log.note(
            "not_taken", f"{len(left)} other columns", "the caller did not name them", count=len(table.rows)
        )
    name = case_id or file.stem
    return in_file(file, lambda: case_of_turns(turns, log, source="csv", case_id=name, roles=roles))


def _time(table: CsvTable, line: int, row: Mapping[str, str], column: str | None) -> float | None:
    if column is None or not row[column].strip():
        return None
    try:
        seconds = float(row[column])
    except ValueError:
        seconds = float("nan")
    if not 0 <= seconds < float("inf"):
        raise table.error("not_a_number", line, "seconds, a number not below 0", "something else") from None
    return seconds


def write_transcript_csv(case: Case, path: str | os.PathLike[str]) -> int:
    """Write the interactions of all held sessions as a CSV table, a row each; None becomes an empty cell.

    Args:
        case: The case.
        path: The file; replaced if it exists, when the new one is complete.

    Returns:
        How many rows were written.
    """
    n = 0
    with whole_file(Path(path)) as raw:
        stream = io.TextIOWrapper(raw, encoding="utf-8", newline="")
        writer = csv.writer(stream)
        writer.writerow(["session", "index", "kind", "speaker", "start_s", "end_s", "text", "codes"])
        for session in case.held_sessions:
            for x in session.interactions:
                codes = ";".join(f"{c.coding_pass}:{c.code}" for c in x.codes)
                writer.writerow(
                    [session.number, x.index, x.kind, x.speaker, x.start_s, x.end_s, x.text, codes]
                )
                n += 1
        stream.detach()  # flushes, and leaves the file open for whoever opened it
    return n
