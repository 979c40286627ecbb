"""The command ``deidentify``."""

from __future__ import annotations

import secrets
import warnings
from collections import Counter
from collections.abc import Iterator
from enum import StrEnum
from operator import attrgetter
from pathlib import Path
from typing import Annotated

import attrs
import typer

from therapeutic_process.cli.console import (
    EXIT_INVALID,
    refuse_source,
    refuse_to_replace,
    require_place,
    stop,
    stop_at,
    watched,
)
from therapeutic_process.errors import TherapeuticProcessError
from therapeutic_process.exchange import (
    CaseReader,
    DeidentificationReport,
    DocumentsSkippedWarning,
    KeyedPseudonyms,
    RandomPseudonyms,
    deidentify,
    read_cases,
    write_cases,
)
from therapeutic_process.exchange.imports import cases_counted
from therapeutic_process.records import Case

__all__ = ["deidentify_command"]


class ProfileName(StrEnum):
    """A profile of de-identification."""

    limited = "limited"
    safe_harbor = "safe_harbor"


def deidentify_command(
    path: Annotated[Path, typer.Argument(help="A .json, .jsonl or .jsonl.gz file, or a folder of them.")],
    output: Annotated[
        Path, typer.Option("--output", "-o", help="The .jsonl, .jsonl.gz or .json file to write.")
    ],
    profile: Annotated[ProfileName, typer.Option(help="How much goes.")],
    key_file: Annotated[
        Path | None,
        typer.Option(help="File with a secret key of 16 or more bytes, for limited; default: at random."),
    ] = None,
    bound_days: Annotated[
        int, typer.Option(min=1, help="For limited: most days that the times of a case move.")
    ] = 365,
    save_table: Annotated[
        Path | None,
        typer.Option(help="Save the random pseudonyms, the only way back, in a file that only you may read."),
    ] = None,
    whole_days: Annotated[
        bool, typer.Option("--whole-days", help="For limited: times become days, without a time of day.")
    ] = False,
    keep_order: Annotated[
        bool, typer.Option("--keep-order", help="Write cases in the order they are read, one by one.")
    ] = False,
    force: Annotated[bool, typer.Option("--force", help="Replace existing files.")] = False,
) -> None:
    """Take out of cases what tells who they are about, and report what was done.

    Identifiers become pseudonyms, free text goes, times move (limited) or become years (safe_harbor). With a key file
    the same id gets the same pseudonym in every run; without, they are drawn at random and nobody can go back,
    unless their table is saved. The key is only ever read from its file. Cases are written in the order of their new
    ids, for the old order may tell who they are. Exit status: 0, or 1 if some documents could not be read (the others
    are written), or 2 if nothing could be done.

    Example: therapeutic-process deidentify cases.jsonl -o shared.jsonl --profile safe_harbor
    """
    for target in (output, save_table):
        for source in (path, key_file):
            if target is not None and source is not None:
                refuse_source(target, source)
    refuse_to_replace(output, force=force)
    require_place(output)
    if save_table is not None:
        _refuse_table(save_table, output, key_file, force=force)
    total = _Total()
    try:
        names = RandomPseudonyms(secrets.token_bytes) if key_file is None else KeyedPseudonyms(_key(key_file))
        reader = read_cases(path, on_error="collect")
        changed = _changed(reader, total, profile, names, bound_days, whole_days)
        ordered = changed if keep_order else iter(sorted(changed, key=attrgetter("id")))
        write_cases(_then_saved(ordered, names, save_table, force), output)
    except TherapeuticProcessError as error:
        stop(error)
    except OSError as error:
        stop_at(error, output, save_table)
    for failure in reader.errors:
        typer.echo(str(failure), err=True)
    typer.echo(str(total))
    typer.echo(f"written to {output}")
    if save_table is not None:
        typer.echo(f"the table, which leads back, to {save_table}: keep it apart")
    raise typer.Exit(EXIT_INVALID if reader.errors else 0)


@attrs.define
class _Total:
    """What was done to all cases."""

    cases: int = 0
    removed: Counter[str] = attrs.field(factory=Counter)
    done: Counter[str] = attrs.field(factory=Counter)
    last: DeidentificationReport | None = None

    def add(self, report: DeidentificationReport) -> None:
        self.cases += 1
        self.removed.update(dict(report.removed))
        for name in ("pseudonymised", "replaced", "moved", "coarsened"):
            self.done[name] += getattr(report, name)
        self.last = report

    def __str__(self) -> str:
        if self.last is None:
            return "0 cases"
        whole = attrs.evolve(
            self.last,
            removed=tuple(sorted(self.removed.items())),
            pseudonymised=self.done["pseudonymised"],
            replaced=self.done["replaced"],
            moved=self.done["moved"],
            coarsened=self.done["coarsened"],
        )
        return f"{cases_counted(self.cases)}\n{whole}"


def _changed(
    reader: CaseReader[Case],
    total: _Total,
    profile: ProfileName,
    names: KeyedPseudonyms | RandomPseudonyms,
    bound_days: int,
    whole_days: bool,
) -> Iterator[Case]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DocumentsSkippedWarning)
        for case in watched(reader, "de-identifying"):
            done = deidentify(
                case, profile=profile.value, pseudonyms=names, bound_days=bound_days, whole_days=whole_days
            )
            total.add(done.report)
            yield done.case
    if not total.cases:
        for failure in reader.errors:
            typer.echo(str(failure), err=True)
        stop("no case could be read")


def _refuse_table(table: Path, output: Path, key_file: Path | None, *, force: bool) -> None:
    if key_file is not None:
        stop("--save-table is for pseudonyms at random: with --key-file there is no table")
    if table.resolve() == output.resolve():
        stop("--save-table and --output name the same file")
    refuse_to_replace(table, force=force)
    require_place(table)


def _then_saved(
    cases: Iterator[Case], names: KeyedPseudonyms | RandomPseudonyms, table: Path | None, force: bool
) -> Iterator[Case]:
    """Yield the cases, and save the table before they take their place: without it they would lead nowhere."""
    yield from cases
    if table is not None and isinstance(names, RandomPseudonyms):
        names.save(table, force=force)


def _key(file: Path) -> bytes:
    """Return the key without the line end that editors add."""
    try:
        return file.read_bytes().rstrip(b"\r\n")
    except OSError as error:
        stop(f"the key file cannot be read: {error.strerror}")
