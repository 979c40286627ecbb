"""From any format to any other: whole or not at all, and with an account of what was lost on the way."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import attrs

from therapeutic_process.errors import DocumentError
from therapeutic_process.exchange.conversion.formats import Format, format_called
from therapeutic_process.exchange.conversion.sniffing import format_of_source, format_of_target
from therapeutic_process.exchange.conversion.targets import Writing
from therapeutic_process.exchange.files import placed
from therapeutic_process.exchange.imports import ImportNote, cases_counted

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from therapeutic_process.records import Case

__all__ = ["Conversion", "convert"]


@attrs.frozen
class Conversion:
    """What a conversion did.

    Attributes:
        source_format: What the source was read as.
        target_format: What was written.
        n_cases: Cases that passed.
        notes: What was dropped, converted, guessed or left while reading.
        losses: What the target cannot hold: kinds of fields and how often, never their content.
        account: What the reader of the source says of it; empty where that is nothing beyond the notes.
    """

    source_format: str
    target_format: str
    n_cases: int
    notes: tuple[ImportNote, ...] = ()
    losses: tuple[ImportNote, ...] = ()
    account: str = attrs.field(default="", repr=False)

    def __str__(self) -> str:
        read = [self.account] if self.account else list(map(str, self.notes))
        lost = [f"lost in {self.target_format}: {note}" for note in self.losses]
        head = f"{cases_counted(self.n_cases)} from {self.source_format} to {self.target_format}"
        return "\n".join([head, *read, *(lost or [f"{self.target_format} holds all of it"])])


def convert(
    source: str | os.PathLike[str],
    target: str | os.PathLike[str],
    *,
    source_format: str | None = None,
    target_format: str | None = None,
    options: Mapping[str, Any] | None = None,
    text: bool = False,
    turns: bool = False,
    refuse_loss: bool = False,
    force: bool = False,
    watch: Callable[[Iterator[Case]], Iterable[Case]] | None = None,
) -> Conversion:
    """Convert a file or folder from any format to any other.

    The target appears only when it is complete; until then, and if anything goes wrong, what was there stays. Cases
    pass one by one where both formats allow it (``jsonl`` and ``fhir-ndjson``), so that memory stays flat.

    >>> import pathlib, tempfile
    >>> from therapeutic_process.exchange import example_cases, write_cases
    >>> folder = pathlib.Path(tempfile.mkdtemp())
    >>> write_cases(example_cases(), folder / "cases.jsonl")
    4
    >>> done = convert(folder / "cases.jsonl", folder / "cases.ndjson", turns=True, text=True)
    >>> done.source_format, done.target_format, done.n_cases, len(done.losses)
    ('jsonl', 'fhir-ndjson', 4, 1)

    Args:
        source: The file or folder to read.
        target: The file or folder to write.
        source_format: One of `FORMATS`; by default what the source declares of itself.
        target_format: One of `FORMATS`; by default what the target's name ends in: ``.json`` is a case, a name without
            an ending a folder of tables.
        options: What the reader of the source is told, by the name of its argument (``{"roles": {"A": "client"}}``).
        text: Whether free texts go to ``fhir`` and ``tables``; transcripts are text, and cases hold all.
        turns: Whether turns go to ``fhir``.
        refuse_loss: Whether it is an error if the source is not wholly taken or the target cannot hold all.
        force: Whether a target that exists may be replaced.
        watch: Given the cases, yields them on; to show progress.

    Returns:
        What was done, dropped and lost.

    Raises:
        DocumentError: If the source cannot be read, a format is unclear or does not suit, or something would be lost
            that may not be; the target is not touched.
        TableError: If the source is a table that does not keep its form.
        FileExistsError: If the target exists and `force` is off.
    """
    came, goes = Path(source), Path(target)
    to = format_of_target(goes) if target_format is None else format_called(target_format, to_write=True)
    _refuse_place(came, goes, to, force=force)
    origin = format_of_source(came) if source_format is None else format_called(source_format, to_write=False)
    assert origin.reads is not None
    assert to.writes is not None
    opened = origin.reads(came, _understood(origin, options or {}))
    how = Writing(text=text, turns=turns)
    count = _Count()
    beside = goes.with_name(f".{uuid4().hex}.{goes.name}")
    try:
        passing = count.passing(opened.cases)
        to.writes(iter(passing if watch is None else watch(passing)), beside, how)
        notes, losses = _notes(opened.notes), _notes(how.notes)
        if refuse_loss:
            _refuse_loss(notes, losses, to)
        _put_in_place(beside, goes)
    except DocumentError as error:
        failure = placed(error, goes, error.line) if error.file == str(beside) else error
    except BaseException:
        _take_away(beside)
        raise
    else:
        return Conversion(origin.name, to.name, count.n, notes, losses, opened.account)
    _take_away(beside)
    raise failure


@attrs.define
class _Count:
    n: int = 0

    def passing(self, cases: Iterable[Case]) -> Iterator[Case]:
        for case in cases:
            self.n += 1
            yield case


def _understood(origin: Format, options: Mapping[str, Any]) -> Mapping[str, Any]:
    unknown = sum(name not in origin.takes for name in options)
    lacking = sorted(origin.needs - options.keys())
    if unknown or lacking:
        takes = ", ".join(sorted(origin.takes)) or "none"
        needed = f"for {origin.name}, options out of {takes}"
        found = f"{unknown} others" if unknown else f"no {', '.join(lacking)}"
        raise DocumentError("option_unknown" if unknown else "option_missing", needed=needed, found=found)
    return options


def _notes(counted: Counter[tuple[str, str, str]]) -> tuple[ImportNote, ...]:
    return tuple(ImportNote(action, what, n, why) for (action, what, why), n in sorted(counted.items()) if n)


def _refuse_loss(notes: tuple[ImportNote, ...], losses: tuple[ImportNote, ...], to: Format) -> None:
    lost = [*(n for n in notes if n.action in {"dropped", "not_taken"}), *losses]
    if lost:
        shown = "; ".join(f"{n.what} ({n.count})" for n in lost[:5])
        more = f" and {len(lost) - 5} kinds more" if len(lost) > 5 else ""
        raise DocumentError(
            "loss_refused", needed=f"{to.name} to hold all of the source", found=f"lost: {shown}{more}"
        )


def _refuse_place(came: Path, goes: Path, to: Format, *, force: bool) -> None:
    """Refuse a target that lies in the source, holds it, or may not be replaced: before anything is read."""
    inside, outside = came.resolve(), goes.resolve()
    if (
        inside == outside
        or (came.is_dir() and outside.is_relative_to(inside))
        or inside.is_relative_to(outside)
    ):
        raise DocumentError(
            "target_in_source", needed="a target apart from the source", found="one within the other"
        )
    if not goes.parent.is_dir():
        raise DocumentError(
            "no_such_file", needed="a folder to write to", found="nothing there", file=str(goes.parent)
        )
    if goes.is_symlink() or goes.exists():
        if not force:
            raise FileExistsError(f"{goes} exists already")
        _refuse_to_destroy(goes, to)


def _refuse_to_destroy(goes: Path, to: Format) -> None:
    """Replace a folder only by a folder, and only one that holds tables and nothing else."""
    if goes.is_dir() != to.is_folder:
        kind = "folder" if to.is_folder else "file"
        raise DocumentError(
            "target_kind", needed=f"a {kind} to replace", found="something else", file=str(goes)
        )
    if goes.is_dir() and not goes.is_symlink():
        stray = {p.name for p in goes.iterdir()} - _files_of_package(goes)
        if stray:
            needed = "a folder of nothing but tables and their data package to replace"
            raise DocumentError(
                "target_kind", needed=needed, found=f"{len(stray)} other files", file=str(goes)
            )
    elif goes.is_symlink() and to.is_folder:
        raise DocumentError(
            "target_kind", needed="a folder to replace", found="a link to one", file=str(goes)
        )


def _files_of_package(folder: Path) -> set[str]:
    try:
        package = json.loads((folder / "datapackage.json").read_bytes())
        return {"datapackage.json", *(one["path"] for one in package["resources"])}
    except (OSError, ValueError, LookupError, TypeError, RecursionError):
        return set()


def _put_in_place(beside: Path, goes: Path) -> None:
    """Let the finished file or folder appear under its name; a folder that was there goes last."""
    if beside.is_file():
        with beside.open("rb+") as stream:
            os.fsync(stream.fileno())
    if not goes.is_dir() or not beside.is_dir():
        beside.replace(goes)
        return
    old = goes.with_name(f".{uuid4().hex}.{goes.name}.old")
    goes.rename(old)
    try:
        beside.rename(goes)
    except BaseException:
        old.rename(goes)
        raise
    shutil.rmtree(old)


def _take_away(beside: Path) -> None:
    if beside.is_dir():
        shutil.rmtree(beside, ignore_errors=True)
    else:
        beside.unlink(missing_ok=True)
