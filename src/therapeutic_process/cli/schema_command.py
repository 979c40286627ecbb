"""The command ``schema``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from therapeutic_process.cli.console import refuse_to_replace, write_text
from therapeutic_process.exchange import json_schema

__all__ = ["schema"]


def schema(
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="File to write; default: standard output.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace an existing file.")] = False,
) -> None:
    """Print the JSON Schema (2020-12) of a case document.

    Example: therapeutic-process schema -o case.schema.json
    """
    text = json.dumps(json_schema(), indent=2, ensure_ascii=False)
    if output is None:
        typer.echo(text)
    else:
        refuse_to_replace(output, force=force)
        write_text(output, f"{text}\n")
