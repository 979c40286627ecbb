"""This room knows the command line: validate, describe, convert and report, from a shell."""

from __future__ import annotations

import sys

from therapeutic_process.errors import MissingExtra

__all__ = ["main"]


def main() -> None:
    """Run the command line; without the `cli` extra, say which extra is missing."""
    try:
        from therapeutic_process.cli.app import app
    except ImportError as error:
        package = (error.name or "").partition(".")[0]
        if package not in {"typer", "rich", "click"}:
            raise
        sys.stderr.write(f"therapeutic-process: {MissingExtra('cli', package)}\n")
        sys.exit(2)
    app()
