"""How commands that describe cases read them: one after the other, and say last what cannot be read."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NoReturn, TypeVar

import typer

from therapeutic_process.cli.console import EXIT_INVALID, stop, watched
from therapeutic_process.errors import DocumentError
from therapeutic_process.exchange import DocumentsSkippedWarning, read_cases
from therapeutic_process.records import Case

__all__ = ["described", "finish", "told_unreadable"]

_T = TypeVar("_T")


def described(path: Path, describe: Callable[[Case], _T]) -> tuple[list[_T], list[DocumentError]]:
    """Describe every case that can be read; stop if there is none.

    Args:
        path: A file or a folder.
        describe: What to make of a case.

    Returns:
        The descriptions in order, and why the other documents could not be read.
    """
    try:
        reader = read_cases(path, on_error="collect")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DocumentsSkippedWarning)
            rows = [describe(case) for case in watched(reader, "reading")]
    except DocumentError as error:
        stop(error)
    if not rows:
        told_unreadable(reader.errors)
        stop("no case could be read")
    return rows, reader.errors


def finish(unreadable: Sequence[DocumentError]) -> NoReturn:
    """Say which documents could not be read, and exit: with 0 if all could, else with 1."""
    told_unreadable(unreadable)
    raise typer.Exit(EXIT_INVALID if unreadable else 0)


def told_unreadable(unreadable: Sequence[DocumentError]) -> None:
    """Say on standard error which documents could not be read."""
    for failure in unreadable:
        typer.echo(str(failure), err=True)
