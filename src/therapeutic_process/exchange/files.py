"""Files of cases: streamed in with file and line of whatever is wrong, written out whole or not at all."""

from __future__ import annotations

import gzip
import io
import logging
import os
import warnings
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Generic, Literal, TypeVar, overload

from therapeutic_process.errors import DocumentError, RecordError, TherapeuticProcessWarning
from therapeutic_process.exchange.documents import (
    MAX_DOCUMENT_BYTES,
    ReadResult,
    dump_case,
    load_case,
    load_case_lenient,
)
from therapeutic_process.exchange.whole_files import whole_file

if TYPE_CHECKING:
    from therapeutic_process.instruments import Catalogue
    from therapeutic_process.records import Case

__all__ = [
    "CaseReader",
    "DocumentsSkippedWarning",
    "case_reader",
    "documents_of",
    "placed",
    "read_cases",
    "write_cases",
]

_log = logging.getLogger("therapeutic_process")
_ENDINGS = (".json", ".jsonl", ".jsonl.gz")
_T = TypeVar("_T")
_BOM = b"\xef\xbb\xbf"


class DocumentsSkippedWarning(TherapeuticProcessWarning):
    """Some documents could not be read; the reader's ``errors`` hold them all."""


class CaseReader(Iterator[_T], Generic[_T]):
    """Reads case after case; never holds more than one document.

    Attributes:
        errors: With ``on_error="collect"``: what could not be read, so far.
        n_read: Cases read so far.
    """

    errors: list[DocumentError]
    n_read: int

    def __init__(
        self, files: list[Path], load: Callable[[bytes], _T], *, collect: bool, max_bytes: int
    ) -> None:
        self.errors = []
        self.n_read = 0
        self._collect = collect
        self._cases = self._read(files, load, max_bytes)

    def __repr__(self) -> str:
        return f"CaseReader({self.n_read} cases read, {len(self.errors)} documents not readable)"

    def __next__(self) -> _T:
        return next(self._cases)

    def _read(self, files: list[Path], load: Callable[[bytes], _T], max_bytes: int) -> Iterator[_T]:
        for file in files:
            for line, document in documents_of(file, whole=file.suffix == ".json", max_bytes=max_bytes):
                try:
                    if isinstance(document, DocumentError):
                        raise document
                    case = load(document)
                except DocumentError as error:
                    failure = placed(error, file, line)
                else:
                    self.n_read += 1
                    yield case
                    continue
                if not self._collect:
                    raise failure
                self.errors.append(failure)
        _log.info("%d cases read, %d documents not readable", self.n_read, len(self.errors))
        if self.errors:
            message = f"{len(self.errors)} of {self.n_read + len(self.errors)} documents could not be read: see errors"
            warnings.warn(message, DocumentsSkippedWarning, stacklevel=3)


def documents_of(
    file: Path, *, whole: bool, max_bytes: int = MAX_DOCUMENT_BYTES
) -> Iterator[tuple[int | None, bytes | DocumentError]]:
    """Yield line and bytes of every document of a file, or why it cannot be read; none of them raises.

    Args:
        file: The file.
        whole: Whether it holds one document, or one on each line.
        max_bytes: Largest document that is read.
    """
    try:
        yield from _whole(file, max_bytes) if whole else _lines(file, max_bytes)
    except (EOFError, zlib.error, gzip.BadGzipFile):
        needed, found = "a whole gzip file", "one that is damaged or stops early"
        yield None, DocumentError("truncated", needed=needed, found=found)
    except OSError as error:
        needed = "a file that can be read"
        yield None, DocumentError("unreadable_file", needed=needed, found=_why(error))


def placed(error: DocumentError, file: Path, line: int | None) -> DocumentError:
    """Return the same error with the place where it was met."""
    cause = RecordError("Case", error.violations, total=error.total) if error.violations else None
    return type(error)(
        error.code, needed=error.needed, found=error.found, file=str(file), line=line, cause=cause
    )


def _open(file: Path) -> gzip.GzipFile | IO[bytes]:
    return gzip.open(file, "rb") if file.suffix == ".gz" else file.open("rb")


# What may stand around a document without counting as a part of it: a byte order mark and the end of the line.
_MARGIN = len(_BOM) + len(b"\r\n")


def _whole(file: Path, max_bytes: int) -> Iterator[tuple[None, bytes | DocumentError]]:
    with file.open("rb") as stream:
        document = stream.read(max_bytes + _MARGIN + 1).removeprefix(_BOM)
    yield None, _too_large(max_bytes) if len(document) > max_bytes else document


def _lines(file: Path, max_bytes: int) -> Iterator[tuple[int, bytes | DocumentError]]:
    """Yield line after line, reading no line further than the limit into memory."""
    if file.suffix == ".gz" and not file.stat().st_size:
        raise EOFError  # gzip itself takes a file of no bytes, which an interrupted copy leaves, for one of no lines
    with _open(file) as stream:
        number = 0
        while line := stream.readline(max_bytes + _MARGIN):
            number += 1
            document = line.removesuffix(b"\n").removesuffix(b"\r")
            if number == 1:
                document = document.removeprefix(_BOM)
            if len(document) > max_bytes:
                yield number, _too_large(max_bytes)
                while not line.endswith(b"\n") and (line := stream.readline(io.DEFAULT_BUFFER_SIZE)):
                    pass
            elif document.strip():
                yield number, document


def _too_large(limit: int) -> DocumentError:
    return DocumentError("too_large", needed=f"a document of at most {limit:,} bytes", found="a larger one")


@overload
def read_cases(
    path: str | os.PathLike[str],
    *,
    mode: Literal["strict"] = ...,
    on_error: Literal["raise", "collect"] = ...,
    catalogue: Catalogue | None = ...,
    max_bytes: int = ...,
) -> CaseReader[Case]: ...


@overload
def read_cases(
    path: str | os.PathLike[str],
    *,
    mode: Literal["lenient"],
    on_error: Literal["raise", "collect"] = ...,
    catalogue: Catalogue | None = ...,
    max_bytes: int = ...,
) -> CaseReader[ReadResult]: ...


def read_cases(
    path: str | os.PathLike[str],
    *,
    mode: Literal["strict", "lenient"] = "strict",
    on_error: Literal["raise", "collect"] = "raise",
    catalogue: Catalogue | None = None,
    max_bytes: int = MAX_DOCUMENT_BYTES,
) -> CaseReader[Any]:
    """Read the cases of a file, or of all files of a folder, one after the other.

    A ``.json`` file holds one case, a ``.jsonl`` or ``.jsonl.gz`` file one on each line. A folder is read in the order
    of its files' names, with its subfolders but not those it only links to; files with other endings are passed over.

    >>> import tempfile, pathlib
    >>> from therapeutic_process.exchange import example_cases
    >>> folder = pathlib.Path(tempfile.mkdtemp())
    >>> write_cases(example_cases(), folder / "cases.jsonl")
    4
    >>> [len(case.clients) for case in read_cases(folder)]
    [1, 1, 2, 3]

    Args:
        path: The file or folder.
        mode: "strict" yields cases; "lenient" yields a `ReadResult` each, which keeps unknown fields.
        on_error: "raise" stops at the first bad document; "collect" passes over it, keeps its error in ``errors``, and
            warns at the end (`DocumentsSkippedWarning`).
        catalogue: Where to look up instruments and coding systems; by default the built-in catalogue.
        max_bytes: Largest document that is read.

    Returns:
        An iterator that reads as it goes.

    Raises:
        DocumentError: If there is no such file, no file of cases in the folder, a subfolder that cannot be read, or,
            while reading, a bad document; it names file and line.
    """
    load: Callable[..., Any] = load_case_lenient if mode == "lenient" else load_case
    load = partial(load, catalogue=catalogue, max_bytes=max_bytes)
    return case_reader(Path(path), load, on_error=on_error, max_bytes=max_bytes)


def case_reader(
    path: Path, load: Callable[[bytes], _T], *, on_error: Literal["raise", "collect"], max_bytes: int
) -> CaseReader[_T]:
    """Return a reader of the documents of a file or folder, with a function of one's own for each; see `read_cases`."""
    return CaseReader(_case_files(path), load, collect=on_error == "collect", max_bytes=max_bytes)


def _case_files(path: Path) -> list[Path]:
    endings = ", ".join(_ENDINGS)
    if path.is_dir():
        found = _files_under(path)
        if not found:
            raise DocumentError(
                "no_documents", needed=f"files ending in {endings}", found="none", file=str(path)
            )
        return found
    if not path.exists():
        raise DocumentError(
            "no_such_file", needed="a file or a folder", found="nothing there", file=str(path)
        )
    if not path.name.endswith(_ENDINGS):
        raise DocumentError(
            "unknown_ending", needed=f"a file ending in {endings}", found="another ending", file=str(path)
        )
    return [path]


def _files_under(folder: Path) -> list[Path]:
    """Return what is named like a file of cases, sorted."""
    failed: list[OSError] = []
    inside = [
        Path(where, name)
        for where, _, names in os.walk(folder, onerror=failed.append)
        for name in names
        if name.endswith(_ENDINGS)
    ]
    if failed:
        needed = "folders that can be read"
        raise DocumentError("unreadable_file", needed=needed, found=_why(failed[0]), file=failed[0].filename)
    return sorted(filter(_is_to_be_opened, inside))


def _is_to_be_opened(path: Path) -> bool:
    """Whether it is a file, or a link to nothing or one out of reach, of which opening it will tell; no pipe."""
    try:
        return path.is_file() or not path.exists()
    except OSError:
        return True


def _why(error: OSError) -> str:
    return os.strerror(error.errno) if error.errno else "an error of the file system"


def write_cases(
    cases: Iterable[Case | ReadResult], path: str | os.PathLike[str], *, force: bool = True
) -> int:
    """Write cases to a ``.json`` (one case), ``.jsonl`` or ``.jsonl.gz`` file; the same cases give the same bytes.

    The file appears only when it is complete; until then, and if anything goes wrong, what was there stays. It gets the
    permissions that the process gives to new files (the umask), whoever could read what was there before.

    Args:
        cases: The cases; a `ReadResult` gets its unknown values back.
        path: The file.
        force: Whether an existing file may be replaced.

    Returns:
        How many cases were written.

    Raises:
        DocumentError: If the ending is unknown, or more than one case goes to a ``.json`` file.
        FileExistsError: If the file exists and `force` is off.
    """
    target = Path(path)
    if not target.name.endswith(_ENDINGS):
        needed = f"a file ending in {', '.join(_ENDINGS)}"
        raise DocumentError("unknown_ending", needed=needed, found="another ending", file=str(target))
    if not force and target.exists():
        raise FileExistsError(f"{target} exists")
    with whole_file(target) as raw:
        n = _write_all(cases, raw, target)
    _log.info("%d cases written", n)
    return n


def _write_all(cases: Iterable[Case | ReadResult], raw: IO[bytes], target: Path) -> int:
    if target.suffix == ".gz":
        with gzip.GzipFile(filename="", mode="wb", fileobj=raw, mtime=0) as packed:
            return _write_lines(cases, packed)
    return _write_one(cases, raw, target) if target.suffix == ".json" else _write_lines(cases, raw)


def _write_lines(cases: Iterable[Case | ReadResult], stream: Any) -> int:
    n = 0
    for case in cases:
        stream.write(f"{_text(case, None)}\n".encode())
        n += 1
    return n


def _write_one(cases: Iterable[Case | ReadResult], stream: IO[bytes], target: Path) -> int:
    several = list(cases)
    if len(several) != 1:
        needed, found = "one case for a .json file (.jsonl holds several)", f"{len(several)} cases"
        raise DocumentError("one_case_only", needed=needed, found=found, file=str(target))
    stream.write(f"{_text(several[0], 2)}\n".encode())
    return 1


def _text(case: Case | ReadResult, indent: int | None) -> str:
    if isinstance(case, ReadResult):
        unknown: Mapping[Any, Any] = case.unknown
        return dump_case(case.case, unknown=unknown, indent=indent)
    return dump_case(case, indent=indent)
