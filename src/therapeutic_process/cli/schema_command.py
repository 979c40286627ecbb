"""The command ``schema``."""

from __future__ import annotations

import json
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import attrs
import typer

from therapeutic_process.base import SCHEMA_VERSION
from therapeutic_process.cli.console import refuse_to_replace, require_place, stop, write_text
from therapeutic_process.errors import DocumentError
from therapeutic_process.exchange import schema_changes, schema_versions, shipped_schema

__all__ = ["schema"]

_MAX_BYTES = 16 * 1024 * 1024


class Kind(StrEnum):
    """A kind of document."""

    case = "case"
    theory_of_change = "theory_of_change"


def schema(
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="File to write; default: standard output.")
    ] = None,
    kind: Annotated[Kind, typer.Option(help="The kind of document.")] = Kind.case,
    version: Annotated[
        str, typer.Option("--schema-version", help="The version of the schema.")
    ] = SCHEMA_VERSION,
    diff: Annotated[
        str | None,
        typer.Option(metavar="VERSION|FILE", help="Show what changed since that schema instead."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="With --diff: machine-readable.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Replace an existing file.")] = False,
) -> None:
    """Print the JSON Schema (2020-12) of a document, or what changed from one version to another.

    Exit status: 0, or 2 if nothing could be done.

    Example: therapeutic-process schema -o case.schema.json
    """
    if output is not None:
        refuse_to_replace(output, force=force)
        require_place(output)
    wanted = _shipped(version, kind)
    text = (
        json.dumps(wanted, indent=2, ensure_ascii=False)
        if diff is None
        else _changes(diff, wanted, kind, as_json)
    )
    if output is None:
        typer.echo(text)
    else:
        write_text(output, f"{text}\n")


def _shipped(version: str, kind: Kind) -> dict[str, Any]:
    try:
        return shipped_schema(version, kind=kind.value)
    except FileNotFoundError as error:
        stop(error)


def _changes(before: str, after: dict[str, Any], kind: Kind, as_json: bool) -> str:
    file = Path(before)
    if not file.is_file() and before not in schema_versions(kind.value):
        there = ", ".join(schema_versions(kind.value))
        stop(f"--diff: needed a file, or a version of the schema ({there}), found neither")
    older = _read(file) if file.is_file() else _shipped(before, kind)
    try:
        found = schema_changes(older, after)
    except DocumentError as error:
        stop(error)
    if as_json:
        return json.dumps([attrs.asdict(c) for c in found], indent=2, ensure_ascii=False)
    return "\n".join(map(str, found)) if found else "no change"


def _read(file: Path) -> dict[str, Any]:
    try:
        if file.stat().st_size > _MAX_BYTES:
            stop(f"{file} is too large for a schema")
        tree = json.loads(file.read_bytes())
    except OSError as error:
        stop(f"{file} cannot be read: {error.strerror}")
    except (ValueError, RecursionError):
        stop(f"{file} is no JSON")
    if not isinstance(tree, dict):
        stop(f"{file} is no schema: it holds no object")
    return tree
