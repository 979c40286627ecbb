"""The commands, gathered."""

from __future__ import annotations

from typing import Annotated

import typer

from therapeutic_process.cli.change_command import change
from therapeutic_process.cli.convert_command import convert_command
from therapeutic_process.cli.deidentify_command import deidentify_command
from therapeutic_process.cli.describe_command import describe
from therapeutic_process.cli.import_command import import_command
from therapeutic_process.cli.link_command import link
from therapeutic_process.cli.migrate_command import migrate
from therapeutic_process.cli.report_command import report
from therapeutic_process.cli.schema_command import schema
from therapeutic_process.cli.theory_command import theory
from therapeutic_process.cli.validate_command import validate

__all__ = ["app"]

app = typer.Typer(
    name="therapeutic-process",
    help="Records and research of psychotherapy process: validate, import, describe and report cases.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_show_locals=False,
    rich_markup_mode=None,
)
app.command()(validate)
app.command()(schema)
app.command("import")(import_command)
app.command("convert")(convert_command)
app.command()(describe)
app.command("deidentify")(deidentify_command)
app.command()(change)
app.command()(link)
app.command()(migrate)
app.command()(report)
app.add_typer(theory)


def _version(asked: bool) -> None:
    if asked:
        from importlib.metadata import version

        typer.echo(version("therapeutic-process"))
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    """Take the options that stand before a command."""
