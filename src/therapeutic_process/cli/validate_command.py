"""The command ``validate``."""

from __future__ import annotations

import json
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from therapeutic_process.cli.console import EXIT_BAD_INPUT, EXIT_INVALID, watched
from therapeutic_process.errors import DocumentError
from therapeutic_process.exchange import DocumentsSkippedWarning, read_cases

__all__ = ["validate"]

_UNREADABLE = {"no_such_file", "no_documents", "unknown_ending", "unreadable_file"}


def validate(
    paths: Annotated[list[Path], typer.Argument(help="Files (.json, .jsonl, .jsonl.gz) or folders of them.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object instead of lines.")] = False,
    lenient: Annotated[
        bool,
        typer.Option("--lenient", help="Allow unknown fields, and unknown instruments and coding systems."),
    ] = False,
) -> None:
    """Check whether documents are valid cases.

    Exit status: 0 if all are, 1 if some break rules, 2 if a file cannot be read. What is printed names place and rule,
    never a value.

    Example: therapeutic-process validate cases.jsonl more/
    """
    valid = 0
    errors: list[DocumentError] = []
    for result in watched(_results(paths, "lenient" if lenient else "strict"), "validating"):
        if isinstance(result, DocumentError):
            errors.append(result)
            if not as_json:
                typer.echo(str(result))
        else:
            valid += 1
    unreadable = sum(e.code in _UNREADABLE for e in errors)
    if as_json:
        typer.echo(
            json.dumps({"valid": valid, "invalid": len(errors), "errors": [_as_json(e) for e in errors]})
        )
    else:
        unread = f", {unreadable} not readable" if unreadable else ""
        typer.echo(f"{valid} valid, {len(errors) - unreadable} not valid{unread}")
    if unreadable:
        raise typer.Exit(EXIT_BAD_INPUT)
    raise typer.Exit(EXIT_INVALID if errors else 0)


def _results(paths: list[Path], mode: Literal["strict", "lenient"]) -> Iterator[object]:
    """Yield something for each valid document, and the error of each other one, in order."""
    for path in paths:
        try:
            reader: Any = read_cases(path, mode=mode, on_error="collect")
        except DocumentError as error:
            yield error
            continue
        reported = 0
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DocumentsSkippedWarning)
            while True:
                case = next(reader, None)
                yield from reader.errors[reported:]
                reported = len(reader.errors)
                if case is None:
                    break
                yield case


def _as_json(error: DocumentError) -> dict[str, Any]:
    violations = [
        {"path": v.path, "code": v.code, "needed": v.needed, "found": v.found} for v in error.violations
    ]  # fmt: skip
    return {
        "file": error.file,
        "line": error.line,
        "code": error.code,
        "needed": error.needed,
        "found": error.found,
        "total": error.total,
        "violations": violations,
    }
