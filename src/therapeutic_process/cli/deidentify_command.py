"""The command ``deidentify``."""

from __future__ import annotations

import secrets
import warnings
from collections import Counter
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import attrs
import typer

from therapeutic_process.cli.console import EXIT_INVALID, refuse_to_replace, require_place, stop, watched
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
    force: Annotated[bool, typer.Option("--force", help="Replace an existing file.")] = False,
) -> None:
    """Take out of cases what tells who they are about, and report what was done.

    Identifiers become pseudonyms, free text goes, times move (limited) or become years (safe_harbor). With a key file
    the same id gets the same pseudonym in every run; without, pseudonyms are drawn at random and nobody can go back.
    The key is only ever read from its file. Exit status: 0, or 1 if some documents could not be read (the others are
    written), or 2 if nothing could be done.

    Example: therapeutic-process deidentify cases.jsonl -o shared.jsonl --profile safe_harbor
    """
    refuse_to_replace(output, force=force)
    require_place(output)
    total = _Total()
    try:
        names = RandomPseudonyms(secrets.token_bytes) if key_file is None else KeyedPseudonyms(_key(key_file))
        reader = read_cases(path, on_error="collect")
        write_cases(_changed(reader, total, profile, names, bound_days), output)
    except (TherapeuticProcessError, OSError) as error:
        stop(error)
    for failure in reader.errors:
        typer.echo(str(failure), err=True)
    typer.echo(str(total))
    typer.echo(f"written to {output}")
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
        return f"{self.cases} cases\n{whole}"


def _changed(
    reader: CaseReader[Case],
    total: _Total,
    profile: ProfileName,
    names: KeyedPseudonyms | RandomPseudonyms,
    bound_days: int,
) -> Iterator[Case]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DocumentsSkippedWarning)
        for case in watched(reader, "de-identifying"):
            done = deidentify(case, profile=profile.value, pseudonyms=names, bound_days=bound_days)
            total.add(done.report)
            yield done.case
    if not total.cases:
        for failure in reader.errors:
            typer.echo(str(failure), err=True)
        stop("no case could be read")


def _key(file: Path) -> bytes:
    """Return the key without the line end that editors add."""
    try:
        return file.read_bytes().rstrip(b"\r\n")
    except OSError as error:
        stop(f"the key file cannot be read: {error.strerror}")
