"""The command ``convert``."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, get_args

import typer

from therapeutic_process.cli.console import stop, stop_at, watched
from therapeutic_process.errors import TherapeuticProcessError
from therapeutic_process.exchange import FORMATS, convert
from therapeutic_process.records import MissingReason, Timing

__all__ = ["convert_command"]

SourceFormat = StrEnum("SourceFormat", {n: n for n, f in FORMATS.items() if f.reads})  # type: ignore[misc]  # made from the table of formats
TargetFormat = StrEnum("TargetFormat", {n: n for n, f in FORMATS.items() if f.writes})  # type: ignore[misc]  # as above

# Options of readers that are no plain text: mappings, of which a name may stand once for each key; and vocabularies.
_SAID = {
    "`text` is off": "free text leaves only with --text", "text=True": "--text", "turns=True": "--turns",
    "`roles`": "--option roles=LABEL:ROLE", "`encoding`": "--option encoding=NAME", "`missing`": "--option missing",
}  # fmt: skip
_MAPPINGS = {"roles", "instruments", "events", "scores", "missing"}
_WORDS: dict[str, tuple[str, ...]] = {
    "roles": ("client", "therapist", "other"),
    "missing": get_args(MissingReason),
    "timing": get_args(Timing),
    "respondent": ("client", "therapist", "observer", "software", "other"),
    "strict": ("true", "false"),
}


def convert_command(
    source: Annotated[Path, typer.Argument(help="The file or folder to read.")],
    target: Annotated[Path, typer.Argument(help="The file or folder to write.")],
    source_format: Annotated[
        SourceFormat | None, typer.Option("--from", help="The source's format; default: what it declares.")
    ] = None,
    target_format: Annotated[
        TargetFormat | None, typer.Option("--to", help="The target's format; default: by its ending.")
    ] = None,
    option: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=VALUE", help="What the source's reader has to know; repeatable."),
    ] = None,
    text: Annotated[bool, typer.Option("--text", help="Write free texts to fhir and tables too.")] = False,
    turns: Annotated[bool, typer.Option("--turns", help="Write turns to fhir too.")] = False,
    refuse_loss: Annotated[
        bool, typer.Option("--refuse-loss", help="Write nothing if anything would be lost.")
    ] = False,
    force: Annotated[bool, typer.Option("--force", help="Replace an existing target.")] = False,
) -> None:
    """Convert cases from any format to any other, and name what was dropped or cannot be held.

    A source in JSON says itself what it is; a table does not, and needs --from. A target without an ending is a folder
    of tables. Mappings are options of the form NAME=KEY:VALUE, given once for each key.

    Example: therapeutic-process convert cases.jsonl tables
    """
    try:
        done = convert(
            source, target, source_format=source_format, target_format=target_format,
            options=_options(option or [], source_format), text=text, turns=turns, refuse_loss=refuse_loss, force=force,
            watch=lambda cases: watched(cases, "converting"),
        )  # fmt: skip
    except FileExistsError:
        stop(f"{target} exists already; --force replaces it")
    except TherapeuticProcessError as error:
        stop(_as_options(str(error)))
    except OSError as error:
        stop_at(error, target)
    typer.echo(_as_options(str(done)))
    typer.echo(f"written to {target}")


def _as_options(said: str) -> str:
    """Name options as the shell does, not as Python does."""
    for python, shell in _SAID.items():
        said = said.replace(python, shell)
    return said


def _options(given: list[str], source_format: str | None) -> dict[str, Any]:
    """Return options by name: texts, mappings, and for ``strict`` a truth value."""
    found: dict[str, Any] = {}
    for one in given:
        name, equals, value = one.partition("=")
        if not equals:
            stop("--option needs NAME=VALUE")
        may_be_pattern = name == "scores" and source_format == "wide"
        numbered = name == "events" or may_be_pattern
        if name in _MAPPINGS and not (may_be_pattern and "(" in value):
            key, colon, meaning = value.rpartition(":")
            if not colon and name == "missing":
                key, meaning = value, "unknown"
            elif not colon:
                stop(f"--option {name} needs KEY:VALUE, once for each key")
            holder = found.setdefault(name, {})
            _put(holder, key, _number(name, meaning) if numbered else _word(name, meaning))
        else:
            _put(found, name, "\t" if (name, value) == ("delimiter", r"\t") else _word(name, value))
    return found


def _put(holder: Any, key: str, value: Any) -> None:
    if not isinstance(holder, dict) or key in holder:
        stop("--option gives one name twice")
    holder[key] = value


def _number(name: str, text: str) -> int | None:
    if text and not (text.isascii() and text.isdigit() and len(text) < 10):
        stop(f"--option {name} needs KEY:NUMBER, or KEY: for a follow-up")
    return int(text) if text else None


def _word(name: str, value: str) -> str | bool:
    words = _WORDS.get(name)
    if words is not None and value not in words:
        stop(f"--option {name} needs one of {', '.join(words)}")
    return value == "true" if name == "strict" else value
