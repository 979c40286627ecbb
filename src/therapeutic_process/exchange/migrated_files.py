"""Files of documents brought to the present version of the schema, whole or not at all."""

from __future__ import annotations

import warnings
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import attrs

from therapeutic_process.errors import DocumentError
from therapeutic_process.exchange.documents import ReadResult, load_case, load_case_lenient
from therapeutic_process.exchange.files import (
    CaseReader,
    DocumentsSkippedWarning,
    case_reader,
    write_cases,
)
from therapeutic_process.exchange.json_text import MAX_DOCUMENT_BYTES, parsed_document

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator

    from therapeutic_process.instruments import Catalogue
    from therapeutic_process.records import Case

__all__ = ["MigrationReport", "migrate_file"]


@attrs.frozen
class MigrationReport:
    """What a migration of a file did.

    Attributes:
        n_written: Documents written; 0 if any could not be read.
        versions: How many documents had which schema version before, oldest first.
        errors: Why documents could not be read; if there is one, nothing was written.
    """

    n_written: int
    versions: tuple[tuple[str, int], ...]
    errors: tuple[DocumentError, ...] = ()

    def __str__(self) -> str:
        had = ", ".join(f"{n} of {version}" for version, n in self.versions) or "none"
        bad = f"; {len(self.errors)} could not be read, so nothing was written" if self.errors else ""
        return f"{self.n_written} documents written (read: {had}{bad})"


def migrate_file(
    source: str | os.PathLike[str],
    target: str | os.PathLike[str],
    *,
    mode: Literal["strict", "lenient"] = "strict",
    catalogue: Catalogue | None = None,
    max_bytes: int = MAX_DOCUMENT_BYTES,
    force: bool = False,
) -> MigrationReport:
    """Bring a file of cases, or a folder of them, to the present version of the schema.

    All or nothing: where one document cannot be read, no file is written and what was there stays.

    >>> import tempfile, pathlib
    >>> from therapeutic_process.exchange import example_cases
    >>> folder = pathlib.Path(tempfile.mkdtemp())
    >>> write_cases(example_cases(), folder / "old.jsonl")
    4
    >>> print(migrate_file(folder / "old.jsonl", folder / "new.jsonl"))
    4 documents written (read: 4 of 1.0)

    Args:
        source: The file or folder.
        target: The ``.json``, ``.jsonl`` or ``.jsonl.gz`` file to write.
        mode: "lenient" keeps unknown fields and documents of a newer minor version as they are.
        catalogue: Where to look up instruments and coding systems; by default the built-in catalogue.
        max_bytes: Largest document that is read.
        force: Whether an existing file may be replaced.

    Returns:
        How many documents were written, and which versions they had.

    Raises:
        DocumentError: If there is nothing to read, or the target's ending is unknown.
        FileExistsError: If the target exists and `force` is off.
    """
    versions: Counter[str] = Counter()

    def load(document: bytes) -> Case | ReadResult:
        read = load_case if mode == "strict" else load_case_lenient
        made = read(document, catalogue=catalogue, max_bytes=max_bytes)
        versions[str(parsed_document(document)["schema_version"])] += 1
        return made

    reader = case_reader(Path(source), load, on_error="collect", max_bytes=max_bytes)
    try:
        n = write_cases(_all_or_none(reader), target, force=force)
    except _UnreadableError:
        n = 0
    had = tuple(sorted(versions.items(), key=lambda v: tuple(map(int, v[0].split(".")))))
    return MigrationReport(n, had, tuple(reader.errors))


class _UnreadableError(Exception):
    """Some document could not be read: stops the writing."""


def _all_or_none(reader: CaseReader[Case | ReadResult]) -> Iterator[Case | ReadResult]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DocumentsSkippedWarning)
        yield from reader
    if reader.errors:
        raise _UnreadableError
