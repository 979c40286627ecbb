"""Where a table comes from: a frame of any engine, a CSV file or a Parquet file, seen as columns of cells."""

from __future__ import annotations

import csv
import io
import os
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs

from therapeutic_process.errors import DocumentError, MissingExtra, TableError
from therapeutic_process.exchange.transcripts.turns import read_text
from therapeutic_process.tables.door import collected, opened

if TYPE_CHECKING:
    from collections.abc import Sequence

    from narwhals.stable.v2.typing import IntoFrame

__all__ = ["FIRST_ROWS", "Source", "source_of"]

FIRST_ROWS = 5
_CSV = {".csv": ",", ".tsv": "\t"}


@attrs.frozen(eq=False, repr=False)
class Source:
    """A table as columns of cells.

    Attributes:
        columns: Its cells, by column.
        height: Its rows.
        lines: The line of the file in which each row begins, counted from 1; None for a frame.
    """

    columns: dict[str, list[Any]]
    height: int
    lines: list[int] | None = None

    def need(self, *names: str) -> None:
        """Check that the columns are there, and that no other column has such a name in other letters.

        Raises:
            TableError: ``column_missing`` or ``ambiguous_column``, naming the columns that were asked for.
        """
        missing = [n for n in names if n not in self.columns]
        if missing:
            needed = "columns " + ", ".join(map(repr, names))
            raise TableError("column_missing", needed=needed, found="no " + ", ".join(map(repr, missing)))
        spelled = Counter(name.casefold() for name in self.columns)
        twins = [n for n in dict.fromkeys(names) if spelled[n.casefold()] > 1]
        if twins:
            found = "others like " + ", ".join(map(repr, twins))
            raise TableError("ambiguous_column", needed="names that differ by more than case", found=found)

    def cells(self, name: str | None) -> list[Any] | None:
        """Return the cells of a column, or None where no column is named."""
        return None if name is None else self.columns[name]

    def places(self, rows: Sequence[int]) -> tuple[int, ...]:
        """Return where the first of these rows stand, counted from 1: lines of the file, or rows of the frame."""
        first = rows[:FIRST_ROWS]
        return tuple(r + 1 if self.lines is None else self.lines[r] for r in first)


def source_of(
    table: IntoFrame | str | os.PathLike[str], *, encoding: str | None = None, delimiter: str | None = None
) -> Source:
    """Open a frame or a file.

    A CSV is read as texts only, so that no id and no code changes on the way, and every row must have as many cells as
    the header: a file that was cut off is refused, not filled up.

    Args:
        table: Any frame Narwhals knows, or the path of a ``.csv``, ``.tsv`` or ``.parquet`` file.
        encoding: Of a CSV that is neither UTF-8 nor marked UTF-16.
        delimiter: Of a CSV; by its ending unless told.

    Raises:
        DocumentError: If the file cannot be read, or is not what its ending says.
        TableError: If it is no frame that Narwhals knows, or two columns have one name.
        MissingExtra: If a Parquet file is given and the ``analysis`` extra is not installed.
    """
    if not isinstance(table, (str, os.PathLike)):
        return _of_frame(table)
    path = Path(table)
    ending = path.suffix.lower()
    if ending in _CSV:
        return _of_csv(path, encoding, delimiter or _CSV[ending])
    if ending == ".parquet":
        return _of_frame(_parquet(path))
    needed = f"a file ending in {', '.join(_CSV)} or .parquet"
    raise DocumentError("unknown_ending", needed=needed, found="another ending", file=str(path))


def _of_frame(table: Any) -> Source:
    names = list(map(str, getattr(table, "columns", ())))
    _refuse_doubles(names, None)
    frame = collected(opened(table))
    return Source({str(name): _cells(frame, name) for name in frame.columns}, len(frame))


def _cells(frame: Any, name: str) -> list[Any]:
    try:
        cells: list[Any] = frame.get_column(name).to_list()
    except (OverflowError, ValueError):  # a time before the year 1, say
        readable = False
    else:
        readable = True
    if not readable:
        needed = f"cells that Python can hold in column {str(name)!r}"
        raise TableError("not_a_table", needed=needed, found="others")
    return cells


def _refuse_doubles(names: list[str], file: Path | None) -> None:
    doubles = [f"column {i + 1}" for i, n in enumerate(names) if n in names[:i]]
    if doubles:
        where = "" if file is None else f" of {file}"
        found = f"the name of an earlier column at {', '.join(doubles)}"
        raise TableError("ambiguous_column", needed=f"a name of its own for every column{where}", found=found)


def _of_csv(path: Path, encoding: str | None, delimiter: str) -> Source:
    text = io.StringIO(read_text(path, encoding=encoding, keep_line_ends=True), newline="")
    reader = csv.reader(text, delimiter=delimiter, strict=True)
    try:
        header = next(reader, [])
        rows: list[list[str]] = []
        lines: list[int] = []
        before = reader.line_num
        for cells in reader:
            if cells or len(header) == 1:
                _refuse_length(cells, header, path, before + 1)
                rows.append(cells or [""])
                lines.append(before + 1)
            before = reader.line_num
    except csv.Error:
        broken = True
    else:
        broken = False
    if broken or not header:
        found = "something else, or half of it" if broken else "an empty file"
        raise DocumentError("not_this_format", needed="a CSV table", found=found, file=str(path))
    _refuse_doubles(header, path)
    columns = zip(*rows, strict=True) if rows else ([] for _ in header)
    return Source(
        {n: list(column) for n, column in zip(header, columns, strict=True)}, len(rows), lines=lines
    )


def _refuse_length(cells: list[str], header: list[str], path: Path, line: int) -> None:
    if cells and len(cells) != len(header):
        needed = f"{len(header)} cells in a row"
        raise DocumentError("row_length", needed=needed, found=str(len(cells)), file=str(path), line=line)


def _parquet(path: Path) -> Any:
    try:
        import polars as pl
    except ImportError as error:
        raise MissingExtra("analysis", "polars") from error
    try:
        return pl.read_parquet(path)
    except FileNotFoundError:
        code, found = "no_such_file", "nothing there"
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError, ValueError, MemoryError):
        code, found = "not_this_format", "something else, or half of it"
    raise DocumentError(code, needed="a Parquet file", found=found, file=str(path))
