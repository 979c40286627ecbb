"""The command ``report``."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer

from therapeutic_process.cli.console import EXIT_INVALID, require_place, stop, watched, write_text
from therapeutic_process.cli.small_cells import SmallCellsOption, rule_wanted
from therapeutic_process.cli.tally import Tally
from therapeutic_process.errors import DocumentError, MissingExtra
from therapeutic_process.exchange import CaseReader, DocumentsSkippedWarning, example_cases, read_cases
from therapeutic_process.records import Case

__all__ = ["report"]

_HEAD = b"<!DOCTYPE HTML>"


def report(
    path: Annotated[
        Path | None, typer.Argument(help="A .json, .jsonl or .jsonl.gz file, or a folder of them.")
    ] = None,
    output: Annotated[Path, typer.Option("--output", "-o", help="The HTML file to write.")] = Path(
        "report.html"
    ),
    example: Annotated[
        bool, typer.Option("--example", help="Report on the synthetic cases of the package.")
    ] = False,
    sessions: Annotated[
        int | None,
        typer.Option(
            "--window-sessions", min=1, help="Window before a change, in held sessions. [default: 2]"
        ),
    ] = None,
    days: Annotated[
        float | None,
        typer.Option("--window-days", min=0.01, help="Window before a change, in days, instead."),
    ] = None,
    include_text: Annotated[
        bool, typer.Option("--include-text", help="Show what clients and therapists said and wrote.")
    ] = False,
    small_cells: SmallCellsOption = None,
) -> None:
    """Describe cases: sessions, change, and what was recorded before each change outside sessions.

    Writes one HTML file that opens without a network, and prints a short summary; under a small-cell rule the file is
    an aggregate to pass on, and there is no summary. Exit status: 0, or 1 if some
    documents could not be read (the report lists them), or 2 if nothing could be done.

    Example: therapeutic-process report cases.jsonl -o report.html
    """
    if (path is None) != example:
        stop("give either a PATH or --example")
    if sessions is not None and days is not None:
        stop("give --window-sessions or --window-days, not both")
    rule = rule_wanted(small_cells)
    if rule is not None and include_text:
        stop("--include-text is for single cases, which a report under --small-cells leaves out")
    require_place(output)
    _refuse_other_files(output)
    window = timedelta(days=days) if days is not None else (sessions or 2)
    tally = Tally(window=window)
    try:
        from therapeutic_process.report import cohort_report

        reader = None if path is None else read_cases(path, on_error="collect")
        unreadable: list[DocumentError] = [] if reader is None else reader.errors
        html = cohort_report(
            _counted(reader, tally),
            unreadable=unreadable,
            include_text=include_text,
            window=window,
            small_cells=rule,
        )
    except (DocumentError, MissingExtra) as error:
        stop(error)
    if not tally.cases:
        for failure in unreadable:
            typer.echo(str(failure), err=True)
        stop("no case could be read")
    write_text(output, html)
    if rule is None:
        typer.echo(str(tally))
    for failure in unreadable:
        typer.echo(str(failure), err=True)
    typer.echo(f"written to {output}")
    raise typer.Exit(EXIT_INVALID if unreadable else 0)


def _refuse_other_files(output: Path) -> None:
    """Stop before anything but an earlier report is replaced: it may be the cases that are read."""
    try:
        with output.open("rb") as stream:
            head = stream.read(len(_HEAD))
    except FileNotFoundError:
        return
    except OSError as error:
        stop(f"{output} cannot be written: {error.strerror}")
    if head and head.upper() != _HEAD:
        stop(f"{output} is there and is no report: needed another place, or an earlier report to replace")


def _counted(reader: CaseReader[Case] | None, tally: Tally) -> Iterator[Case]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DocumentsSkippedWarning)
        for case in watched(example_cases() if reader is None else reader, "reading"):
            tally.add(case)
            yield case
