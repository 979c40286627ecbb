"""The command ``import``."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from therapeutic_process.cli.console import refuse_to_replace, stop, watched
from therapeutic_process.errors import TherapeuticProcessError
from therapeutic_process.exchange import read_mibot, write_cases

__all__ = ["import_command"]


class Format(StrEnum):
    """A format that can be imported."""

    mibot = "mibot"


_READERS = {Format.mibot: read_mibot}


def import_command(
    source_format: Annotated[Format, typer.Argument(metavar="FORMAT", help="The format: mibot.")],
    source: Annotated[Path, typer.Argument(metavar="PATH", help="The file or folder to read.")],
    output: Annotated[
        Path, typer.Option("--output", "-o", help="The .jsonl, .jsonl.gz or .json file to write.")
    ],
    force: Annotated[bool, typer.Option("--force", help="Replace an existing file.")] = False,
) -> None:
    """Make cases from data in another format, and account for everything that was read.

    Example: therapeutic-process import mibot MIBot/ -o cases.jsonl
    """
    refuse_to_replace(output, force=force)
    try:
        imported = _READERS[source_format](source)
        write_cases(watched(imported.cases, "writing"), output)
    except (TherapeuticProcessError, OSError) as error:
        stop(error)
    typer.echo(str(imported.report))
    typer.echo(f"written to {output}")
