"""What the commands share: where they write, how they show progress, how they stop."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NoReturn, TypeVar

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from therapeutic_process.exchange.whole_files import whole_file

__all__ = [
    "EXIT_BAD_INPUT",
    "EXIT_INVALID",
    "refuse_source",
    "refuse_to_replace",
    "require_place",
    "stop",
    "stop_at",
    "watched",
    "write_text",
]

EXIT_INVALID = 1
"""Some documents break rules."""
EXIT_BAD_INPUT = 2
"""Nothing could be done: no such file, a wrong option, a file that is already there."""

_T = TypeVar("_T")


def watched(items: Iterable[_T], what: str) -> Iterator[_T]:
    """Yield the items; on a terminal, show on standard error how many have passed. Quiet when piped."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield from items
        return
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn()
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task(what, total=None)
        for item in items:
            yield item
            progress.advance(task)


def stop(message: object, code: int = EXIT_BAD_INPUT) -> NoReturn:
    """Say why on standard error, and stop."""
    typer.echo(f"therapeutic-process: {message}", err=True)
    raise typer.Exit(code)


def stop_at(error: OSError, *targets: Path | None) -> NoReturn:
    """Say which file could not be read or written, and stop.

    A file is written under another name beside its place; what is said names the place.
    """
    wanted = [target for target in targets if target is not None]
    named = Path(os.fsdecode(error.filename)) if isinstance(error.filename, str | bytes) else wanted[0]
    hidden = named.name.startswith(".")
    place = next((t for t in wanted if hidden and t.parent == named.parent), named)
    stop(f"{place} cannot be read or written: {error.strerror or 'an error of the file system'}")


def refuse_source(target: Path, source: Path, *, inside: bool = True) -> None:
    """Stop if the file to write is what is read, or lies in a folder that is read: it would be lost, or read again.

    Args:
        target: The file to write.
        source: The file or folder that is read.
        inside: Whether a file in a folder that is read is refused, too.
    """
    goes, came = target.resolve(), source.resolve()
    if goes == came or (inside and came.is_dir() and goes.is_relative_to(came)):
        stop(f"{target} is what is read, or lies in it: needed a place apart from it")


def refuse_to_replace(target: Path, *, force: bool) -> None:
    """Stop if the file exists and may not be replaced."""
    if target.exists() and not force:
        stop(f"{target} exists already; --force replaces it")


def require_place(target: Path) -> None:
    """Stop if there is no folder to write the file to: better now than after long work."""
    if not target.parent.is_dir():
        stop(f"{target} cannot be written: its folder is not there")
    if target.is_dir():
        stop(f"{target} cannot be written: it is a folder")


def write_text(target: Path, text: str) -> None:
    """Write a file that appears when it is complete, or say why that is not possible, and stop."""
    try:
        if target.is_symlink() or (
            target.exists() and not target.is_file()
        ):  # a pipe or terminal is written as it is
            target.write_text(text, encoding="utf-8")
        else:
            with whole_file(target) as stream:
                stream.write(text.encode())
    except OSError as error:
        stop(f"{target} cannot be written: {error.strerror}")
