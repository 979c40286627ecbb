"""The formats, as one table: name, endings, reader, writer, and what a file of that format cannot hold."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import attrs

from therapeutic_process.errors import DocumentError
from therapeutic_process.exchange.conversion import sources, targets
from therapeutic_process.exchange.conversion.sources import Opened
from therapeutic_process.exchange.conversion.targets import Writing
from therapeutic_process.exchange.transcripts import (
    read_annomi,
    read_chat,
    read_diarised,
    read_elan,
    read_srt,
    read_transcript_csv,
    read_webvtt,
)
from therapeutic_process.records import Case

__all__ = ["FORMATS", "Format", "format_called", "readable", "writable"]


@attrs.frozen(eq=False)
class Format:
    """One format.

    Attributes:
        name: What it is called.
        endings: What files of it end in; none where files do not tell.
        what: What it is.
        cannot_hold: What of a case a file of it cannot hold; a conversion counts it.
        reads: Opens a source of it; None where it is written only.
        writes: Writes it; None where it is read only.
        needs: Options that its reader cannot do without.
        takes: Options that its reader understands.
        is_folder: Whether a target of it is a folder.
    """

    name: str
    endings: tuple[str, ...]
    what: str
    cannot_hold: str
    reads: Callable[[Path, Mapping[str, Any]], Opened] | None = None
    writes: Callable[[Iterator[Case], Path, Writing], None] | None = None
    needs: frozenset[str] = frozenset()
    takes: frozenset[str] = frozenset()
    is_folder: bool = False


_NOTHING = "nothing"
_SCORES_ONLY = "anything but scores"
_ENCODING = frozenset({"encoding"})
_TALK = frozenset({"roles", "case_id"})
_TABLE = frozenset({
    "client", "missing", "group", "strict", "encoding", "delimiter", "timing", "respondent",
})  # fmt: skip
_WHEN = frozenset({"session", "measured_at", "order"})
_LONG = frozenset({"score", "instrument", "instrument_column", "instruments", "scale_column", "timing_column",
                   "respondent_column", "reason_column"})  # fmt: skip
_IMPORTED = sources.imported

FORMATS: Mapping[str, Format] = {
    one.name: one
    for one in (
        Format("case", (".json",), "one case", _NOTHING, sources.cases, targets.cases),
        Format("jsonl", (".jsonl", ".jsonl.gz"), "a case on each line", _NOTHING, sources.cases, targets.cases),
        Format("fhir", (".json", ".fhir.json"), "a FHIR R4 bundle",
               "own instruments and coding systems; talk and texts unless asked for",
               sources.fhir, targets.fhir),
        Format("fhir-ndjson", (".ndjson",), "a FHIR R4 bundle on each line",
               "own instruments and coding systems; talk and texts unless asked for",
               sources.fhir_lines, targets.fhir_lines),
        Format("tables", (), "a folder of CSV tables with a data package",
               "what is no row: plans, journals, histories, references", sources.tables, targets.csv_tables,
               is_folder=True),
        Format("tables-parquet", (), "a folder of Parquet tables with a data package",
               "what is no row: plans, journals, histories, references", sources.tables, targets.parquet_tables,
               is_folder=True),
        Format("csv", (), "a transcript as a table, a row per utterance", "anything but the talk of one case",
               _IMPORTED(read_transcript_csv), targets.transcript_csv, needs=frozenset({"speaker"}),
               takes=frozenset({*_TALK, "encoding", "speaker", "text", "start_s", "end_s", "delimiter"})),
        Format("webvtt", (".vtt",), "subtitles", "anything but the speech of one session",
               _IMPORTED(read_webvtt), targets.webvtt, takes=_TALK | _ENCODING),
        Format("srt", (".srt",), "subtitles", "", _IMPORTED(read_srt), takes=_TALK | _ENCODING),
        Format("elan", (".eaf",), "an ELAN annotation file", "", _IMPORTED(read_elan), takes=_TALK),
        Format("diarised", (".json",), "a JSON list of pieces with speaker and text", "",
               _IMPORTED(read_diarised), takes=_TALK | _ENCODING),
        Format("chat", (".json",), "a JSON list of messages with role and content", "",
               _IMPORTED(read_chat), takes=_TALK | _ENCODING),
        Format("annomi", (), "the CSV file of AnnoMI", "", _IMPORTED(read_annomi), takes=_ENCODING),
        Format("mibot", (), "the folder of the MIBot data set", "", sources.mibot),
        Format("wide", (), "a table with a row per client", "", sources.wide,
               needs=frozenset({"client", "scores", "instrument"}),
               takes=_TABLE | {"scores", "instrument", "follow_ups"}),
        Format("long", (), "a table with a row per score", "", sources.long,
               needs=frozenset({"client", "score"}), takes=_TABLE | _WHEN | _LONG),
        Format("redcap", (), "a REDCap export", "talk, its codes and segments; times of day, ids",
               sources.redcap, targets.redcap,
               takes=(_TABLE - {"client"}) | {"scores", "record", "form", "events", "session", "measured_at"}),
        Format("nhs", (), "coded scored assessments, as NHS services submit them", "", sources.nhs,
               needs=frozenset({"instruments"}),
               takes=(_TABLE - {"timing", "respondent"}) | _WHEN | {"instruments", "code", "score"}),
    )
}  # fmt: skip
"""All formats by name."""


def readable() -> list[str]:
    """Return the names of the formats that can be read."""
    return [name for name, one in FORMATS.items() if one.reads is not None]


def writable() -> list[str]:
    """Return the names of the formats that can be written."""
    return [name for name, one in FORMATS.items() if one.writes is not None]


def format_called(name: str, *, to_write: bool) -> Format:
    """Return the format of that name.

    Raises:
        DocumentError: ``unknown_format``, or ``read_only_format`` where it cannot be written.
    """
    one = FORMATS.get(name)
    if one is None:
        raise DocumentError("unknown_format", needed=f"one of {', '.join(FORMATS)}", found="another format")
    if to_write and one.writes is None:
        needed = f"a format that is written: {', '.join(writable())}"
        raise DocumentError("read_only_format", needed=needed, found=f"{name}, which is only read")
    return one
