"""Where cases go: each format's writer, which counts what it cannot hold while the cases pass by."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Any

import attrs

from therapeutic_process.base import Record
from therapeutic_process.errors import DocumentError
from therapeutic_process.exchange.fhir import not_carried, to_bundle
from therapeutic_process.exchange.files import write_cases
from therapeutic_process.exchange.tabular import write_redcap, write_tables
from therapeutic_process.exchange.transcripts import write_transcript_csv, write_webvtt
from therapeutic_process.records import Case, Code, Interaction, Session

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from therapeutic_process.exchange.imports import ImportNote

__all__ = [
    "Writing",
    "cases",
    "csv_tables",
    "fhir",
    "fhir_lines",
    "parquet_tables",
    "redcap",
    "transcript_csv",
    "webvtt",
]


@attrs.define(eq=False, repr=False)
class Writing:
    """How to write, and what could not be written.

    Attributes:
        text: Whether free texts go out, where the format leaves that open.
        turns: Whether turns go out, where the format leaves that open.
        notes: What the target cannot hold, by action, thing and reason.
    """

    text: bool = False
    turns: bool = False
    notes: Counter[tuple[str, str, str]] = attrs.field(factory=Counter)

    def lose(self, several: Iterable[ImportNote]) -> None:
        """Add up what stays behind."""
        for one in several:
            self.notes[one.action, one.what, one.why] += one.count


def cases(several: Iterator[Case], path: Path, _how: Writing) -> None:
    """Write documents; they hold everything."""
    write_cases(several, path)


def _bundles(several: Iterable[Case], how: Writing) -> Iterator[dict[str, Any]]:
    for case in several:
        how.lose(not_carried(case, turns=how.turns, text=how.text))
        yield to_bundle(case, turns=how.turns, text=how.text)


def fhir(several: Iterator[Case], path: Path, how: Writing) -> None:
    """Write one bundle, entry by entry, with the resources of all cases."""
    with path.open("x", encoding="utf-8", newline="\n") as stream:
        head: dict[str, Any] = {"resourceType": "Bundle", "type": "collection"}
        n = 0
        for bundle in _bundles(several, how):
            if not n:
                head = {key: value for key, value in bundle.items() if key != "entry"}
                stream.write(f'{json.dumps(head)[:-1]}, "entry": [')
            for entry in bundle["entry"]:
                stream.write(",\n" if n else "\n")
                stream.write(json.dumps(entry, ensure_ascii=False, allow_nan=False))
                n += 1
        stream.write("\n]}\n" if n else f"{json.dumps(head)}\n")


def fhir_lines(several: Iterator[Case], path: Path, how: Writing) -> None:
    """Write a bundle on each line."""
    with path.open("x", encoding="utf-8", newline="\n") as stream:
        for bundle in _bundles(several, how):
            stream.write(f"{json.dumps(bundle, ensure_ascii=False, allow_nan=False)}\n")


def csv_tables(several: Iterator[Case], path: Path, how: Writing) -> None:
    """Write a folder of CSV tables."""
    how.lose(write_tables(several, path, format="csv", text=how.text).losses)


def parquet_tables(several: Iterator[Case], path: Path, how: Writing) -> None:
    """Write a folder of Parquet tables."""
    how.lose(write_tables(several, path, format="parquet", text=how.text).losses)


def redcap(several: Iterator[Case], path: Path, how: Writing) -> None:
    """Write rows that a REDCap project imports."""
    how.lose(write_redcap(several, path).losses)


def _only(several: Iterator[Case], path: Path) -> Case:
    found = next(several, None)
    more = sum(1 for _ in several)
    if found is None or more:
        n = 0 if found is None else 1 + more
        raise DocumentError(
            "one_case_only",
            needed="one case, for a transcript has no more",
            found=f"{n} cases",
            file=str(path),
        )
    return found


_HELD_BY_CSV: Mapping[type[Record], frozenset[str]] = {
    Case: frozenset({"kind", "schema_version", "sessions"}),
    Session: frozenset({"number", "status", "interactions"}),
    Interaction: frozenset({"index", "kind", "speaker", "start_s", "end_s", "text", "codes"}),
    Code: frozenset({"coding_pass", "code"}),
}
_HELD_BY_CUES: Mapping[type[Record], frozenset[str]] = {
    Case: frozenset({"kind", "schema_version", "sessions"}),
    Session: frozenset({"status", "interactions"}),
    Interaction: frozenset({"index", "kind", "speaker", "start_s", "end_s", "text"}),
}


def transcript_csv(several: Iterator[Case], path: Path, how: Writing) -> None:
    """Write the talk of one case as a table."""
    case = _only(several, path)
    _count_lost(case, _HELD_BY_CSV, how)
    _lose_sessions(case, how, kept=case.held_sessions)
    write_transcript_csv(case, path)


def webvtt(several: Iterator[Case], path: Path, how: Writing) -> None:
    """Write the speech of the one session that has any as subtitles."""
    case = _only(several, path)
    spoken = [s for s in case.held_sessions if any(x.kind == "speech" for x in s.interactions)]
    if len(spoken) != 1:
        needed, found = (
            "one session with speech, for subtitles have no more",
            f"{len(spoken)} sessions with speech",
        )
        raise DocumentError("one_session_only", needed=needed, found=found, file=str(path))
    _count_lost(case, _HELD_BY_CUES, how)
    _lose_sessions(case, how, kept=spoken)
    silent = sum(x.kind != "speech" for x in spoken[0].interactions)
    if silent:
        how.notes["not_taken", "Interaction", "a cue is speech"] += silent
    write_webvtt(case, path, session=spoken[0].id)


def _lose_sessions(case: Case, how: Writing, *, kept: Iterable[Session]) -> None:
    telling = {s.id for s in kept if s.interactions}
    lost = sum(s.id not in telling for s in case.sessions)
    if lost:
        how.notes["not_taken", "Session", "a transcript has rows for what was said only"] += lost


def _count_lost(record: Record, held: Mapping[type[Record], frozenset[str]], how: Writing) -> None:
    """Count every field that says something and is not among those held."""
    kind = type(record)
    for name, field in kind.model_fields.items():
        value = getattr(record, name)
        if value is None or (not field.is_required() and value == field.get_default()):
            continue
        several = value if isinstance(value, tuple) else (value,)
        if name not in held[kind]:
            how.notes["not_taken", f"{kind.__name__}.{name}", "a transcript has no place for it"] += len(
                several
            )
            continue
        for part in several:
            if isinstance(part, Record):
                _count_lost(part, held, how)
