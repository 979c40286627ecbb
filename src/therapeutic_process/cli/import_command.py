"""The command ``import``."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from therapeutic_process.cli.console import refuse_to_replace, require_place, stop, stop_at, watched
from therapeutic_process.errors import TherapeuticProcessError
from therapeutic_process.exchange import FORMATS, convert

__all__ = ["import_command"]


_NAMES = ("mibot", "annomi", "webvtt", "srt", "elan", "diarised", "chat", "csv")
Format = StrEnum("Format", {name: name for name in _NAMES})  # type: ignore[misc]  # of the table of formats
_OPTIONS = {
    "roles": "--role", "case_id": "--case-id", "encoding": "--encoding", "speaker": "--speaker-column",
    "text": "--text-column", "start_s": "--start-column", "end_s": "--end-column", "delimiter": "--delimiter",
}  # fmt: skip
_ROLES = ("client", "therapist", "other")


def import_command(
    source_format: Annotated[
        Format, typer.Argument(metavar="FORMAT", help=f"The format: {', '.join(Format)}.")
    ],
    source: Annotated[Path, typer.Argument(metavar="PATH", help="The file or folder to read.")],
    output: Annotated[
        Path, typer.Option("--output", "-o", help="The .jsonl, .jsonl.gz or .json file to write.")
    ],
    role: Annotated[
        list[str] | None,
        typer.Option(metavar="LABEL=ROLE", help="Who a speaker is: client, therapist or other; repeatable."),
    ] = None,
    case_id: Annotated[
        str | None, typer.Option(help="Id of the case; by default the file's name without its ending.")
    ] = None,
    encoding: Annotated[
        str | None,
        typer.Option(help="The file's encoding, where it is neither UTF-8 nor UTF-16 with a mark."),
    ] = None,
    speaker_column: Annotated[str | None, typer.Option(help="For csv: the column of the speaker.")] = None,
    text_column: Annotated[str | None, typer.Option(help="For csv: the column of what was said.")] = None,
    start_column: Annotated[
        str | None, typer.Option(help="For csv: the column of the start, in seconds.")
    ] = None,
    end_column: Annotated[
        str | None, typer.Option(help="For csv: the column of the end, in seconds.")
    ] = None,
    delimiter: Annotated[
        str | None, typer.Option(help="For csv: what separates cells; \\t is a tab.  [default: ,]")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace an existing file.")] = False,
) -> None:
    """Make cases from data in another format, and account for everything that was read.

    Without --role, roles of speakers are guessed from their labels, and the account says so.

    Example: therapeutic-process import mibot MIBot/ -o cases.jsonl
    """
    refuse_to_replace(output, force=force)
    require_place(output)
    given = {
        "roles": _roles(role), "case_id": case_id, "encoding": encoding, "speaker": speaker_column,
        "text": text_column, "start_s": start_column, "end_s": end_column,
        "delimiter": "\t" if delimiter == r"\t" else delimiter,
    }  # fmt: skip
    options = _understood(source_format, {name: value for name, value in given.items() if value is not None})
    try:
        done = convert(
            source, output, source_format=source_format, target_format="jsonl", options=options, force=force,
            watch=lambda cases: watched(cases, "writing"),
        )  # fmt: skip
    except TherapeuticProcessError as error:
        stop(_as_options(str(error)))
    except OSError as error:
        stop_at(error, output)
    typer.echo(done.account)
    typer.echo(f"written to {output}")


def _as_options(said: str) -> str:
    """Name options as the shell does, not as Python does."""
    for name, option in _OPTIONS.items():
        said = said.replace(f"`{name}`", option)
    return said


def _roles(given: list[str] | None) -> dict[str, str] | None:
    """Return the role by label; the label may itself hold an equals sign."""
    if not given:
        return None
    pairs = [text.rpartition("=") for text in given]
    wrong = sum(not label or role not in _ROLES for label, _, role in pairs)
    if wrong:
        stop(f"--role needs LABEL=ROLE with a role of {', '.join(_ROLES)}: {wrong} of {len(pairs)} are not")
    roles = {label: role for label, _, role in pairs}
    if len(roles) < len(pairs):
        stop("--role gives a label two roles")
    return roles


def _understood(source_format: Format, options: dict[str, Any]) -> dict[str, Any]:
    unknown = [_OPTIONS[name] for name in options if name not in FORMATS[source_format].takes]
    if unknown:
        stop(f"the format {source_format} does not take {', '.join(unknown)}")
    if source_format == "csv" and "speaker" not in options:
        stop("the format csv needs --speaker-column")
    return options
