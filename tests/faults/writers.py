"""Every writer of the library, for tests that stop it in the middle: `python writers.py NAME FOLDER full|killed`."""

from __future__ import annotations

import os
import resource
import secrets
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from therapeutic_process.exchange import (
    RandomPseudonyms,
    convert,
    deidentify,
    example_cases,
    migrate_file,
    write_cases,
    write_redcap,
    write_tables,
    write_transcript_csv,
    write_webvtt,
)

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["WRITERS", "limited", "prepared", "stopped_each"]

BYTES = 400
"""How much of a file can be written before the disk is full, or the writer killed."""


def _command(*words: object) -> None:
    from typer.testing import CliRunner

    from therapeutic_process.cli.app import app

    done = CliRunner().invoke(app, [*map(str, words)])
    if isinstance(done.exception, OSError):
        raise done.exception
    if done.exit_code:
        raise OSError(f"exit {done.exit_code}")


def _deidentified(folder: Path) -> None:
    table = RandomPseudonyms(secrets.token_bytes)
    several = (deidentify(c, profile="limited", pseudonyms=table).case for c in example_cases())
    write_cases(several, folder / "x.jsonl")


def _spoken(folder: Path) -> None:
    case = example_cases()[0]
    spoken = [s.id for s in case.held_sessions if any(x.text for x in s.interactions)]
    write_webvtt(case, folder / "x.vtt", session=spoken[0])


def _to(ending: str, **choices: Any) -> Callable[[Path], object]:
    return lambda folder: convert(
        folder.parent / "source.jsonl", folder / f"x{ending}", force=True, **choices
    )


WRITERS: dict[str, Callable[[Path], object]] = {
    "write_cases .jsonl": lambda folder: write_cases(example_cases(), folder / "x.jsonl"),
    "write_cases .jsonl.gz": lambda folder: write_cases(example_cases(), folder / "x.jsonl.gz"),
    "write_cases .json": lambda folder: write_cases(example_cases()[:1], folder / "x.json"),
    "deidentify": _deidentified,
    "migrate_file": lambda folder: migrate_file(
        folder.parent / "source.jsonl", folder / "x.jsonl", force=True
    ),
    "write_tables csv": lambda folder: write_tables(example_cases(), folder / "x", force=True),
    "write_tables parquet": lambda folder: write_tables(
        example_cases(), folder / "x", format="parquet", force=True
    ),
    "write_redcap": lambda folder: write_redcap(example_cases(), folder / "x.csv", force=True),
    "write_transcript_csv": lambda folder: write_transcript_csv(example_cases()[0], folder / "x.csv"),
    "write_webvtt": _spoken,
    "convert to cases": _to(".jsonl"),
    "convert to fhir": _to(".json", target_format="fhir"),
    "convert to fhir-ndjson": _to(".ndjson"),
    "convert to tables": _to("", target_format="tables"),
    "command deidentify": lambda folder: _command(
        "deidentify", folder.parent / "source.jsonl", "-o", folder / "x.jsonl", "--profile", "limited", "--force"
    ),
    "command report": lambda folder: _command("report", "--example", "-o", folder / "x.html"),
    "command schema": lambda folder: _command("schema", "-o", folder / "x.json", "--force"),
}  # fmt: skip


def prepared(folder: Path) -> None:
    """Lay out what the writers read, and a folder for each with what it would write."""
    write_cases(example_cases(), folder / "source.jsonl")
    for name, write in WRITERS.items():
        place = folder / name
        place.mkdir()
        write(place)


def limited(*, killed: bool) -> None:
    """Let no file of this process grow beyond a few bytes: an error as on a full disk, or a kill in the middle."""
    signal.signal(signal.SIGXFSZ, signal.SIG_DFL if killed else signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (BYTES, BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def stopped_each(folder: Path, *, killed: bool) -> dict[str, str]:
    """Run every writer in a process of its own that is stopped in the middle; return how each ended."""
    ended = {}
    for name, write in WRITERS.items():
        child = os.fork()
        if not child:
            os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
            os.dup2(1, 2)
            limited(killed=killed)
            code = 0
            try:
                write(folder / name)
            except OSError:
                code = 3
            except BaseException:
                code = 4
            os._exit(code)
        _, status = os.waitpid(child, 0)
        ended[name] = (
            signal.Signals(os.WTERMSIG(status)).name
            if os.WIFSIGNALED(status)
            else {0: "written", 3: "OSError", 4: "another error"}[os.WEXITSTATUS(status)]
        )
    return ended


if __name__ == "__main__":
    # only imports until here: a fork after the engines started their threads might stand still
    for writer, how in stopped_each(Path(sys.argv[1]), killed=sys.argv[2] == "killed").items():
        print(f"{writer}\t{how}")
