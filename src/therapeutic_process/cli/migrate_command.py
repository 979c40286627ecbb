"""The command ``migrate``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from therapeutic_process.cli.console import EXIT_INVALID, refuse_to_replace, require_place, stop, stop_at
from therapeutic_process.errors import TherapeuticProcessError
from therapeutic_process.exchange import migrate_file

__all__ = ["migrate"]


def migrate(
    path: Annotated[Path, typer.Argument(help="A .json, .jsonl or .jsonl.gz file, or a folder of them.")],
    output: Annotated[
        Path, typer.Option("--output", "-o", help="The .jsonl, .jsonl.gz or .json file to write.")
    ],
    lenient: Annotated[
        bool, typer.Option("--lenient", help="Keep fields that this version does not know.")
    ] = False,
    force: Annotated[bool, typer.Option("--force", help="Replace an existing file.")] = False,
) -> None:
    """Bring documents of an older version of the schema to the present one, all or none.

    Exit status: 0, or 1 if some document could not be read (then nothing is written), or 2 if nothing could be done.

    Example: therapeutic-process migrate cases.jsonl -o migrated.jsonl
    """
    refuse_to_replace(output, force=force)
    require_place(output)
    try:
        done = migrate_file(path, output, mode="lenient" if lenient else "strict", force=force)
    except TherapeuticProcessError as error:
        stop(error)
    except OSError as error:
        stop_at(error, output)
    for failure in done.errors:
        typer.echo(str(failure), err=True)
    typer.echo(str(done))
    if done.errors:
        raise typer.Exit(EXIT_INVALID)
    typer.echo(f"written to {output}")
