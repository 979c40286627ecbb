"""The command ``import``."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from therapeutic_process.cli.console import refuse_to_replace, require_place, stop, watched
from therapeutic_process.errors import TherapeuticProcessError
from therapeutic_process.exchange import (
    Imported,
    read_annomi,
    read_chat,
    read_diarised,
    read_elan,
    read_mibot,
    read_srt,
    read_transcript_csv,
    read_webvtt,
    write_cases,
)

__all__ = ["import_command"]


class Format(StrEnum):
    """A format that can be imported."""

    mibot = "mibot"
    annomi = "annomi"
    webvtt = "webvtt"
    srt = "srt"
    elan = "elan"
    diarised = "diarised"
    chat = "chat"
    csv = "csv"


_TRANSCRIPT = {"roles", "case_id"}
_COLUMNS = {"speaker", "text", "start_s", "end_s", "delimiter"}
# Reader and the options that it understands.
_READERS: dict[Format, tuple[Callable[..., Imported], set[str]]] = {
    Format.mibot: (read_mibot, set()),
    Format.annomi: (read_annomi, {"encoding"}),
    Format.webvtt: (read_webvtt, {*_TRANSCRIPT, "encoding"}),
    Format.srt: (read_srt, {*_TRANSCRIPT, "encoding"}),
    Format.elan: (read_elan, _TRANSCRIPT),
    Format.diarised: (read_diarised, {*_TRANSCRIPT, "encoding"}),
    Format.chat: (read_chat, {*_TRANSCRIPT, "encoding"}),
    Format.csv: (read_transcript_csv, {*_TRANSCRIPT, "encoding", *_COLUMNS}),
}
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
        str | None, typer.Option(help="For csv: what separates cells.  [default: ,]")
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
        "text": text_column, "start_s": start_column, "end_s": end_column, "delimiter": delimiter,
    }  # fmt: skip
    options = _understood(source_format, {name: value for name, value in given.items() if value is not None})
    try:
        imported = _READERS[source_format][0](source, **options)
        write_cases(watched(imported.cases, "writing"), output)
    except (TherapeuticProcessError, OSError) as error:
        stop(error)
    typer.echo(str(imported.report))
    typer.echo(f"written to {output}")


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
    unknown = [_OPTIONS[name] for name in options if name not in _READERS[source_format][1]]
    if unknown:
        stop(f"the format {source_format} does not take {', '.join(unknown)}")
    if source_format is Format.csv and "speaker" not in options:
        stop("the format csv needs --speaker-column")
    return options
