"""AnnoMI: conversations of motivational interviewing, coded turn by turn, in its simple or full layout.

Wu et al. (2022), ICASSP, https://doi.org/10.1109/ICASSP43922.2022.9746035.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from therapeutic_process.errors import DocumentError
from therapeutic_process.exchange.imports import Imported, ImportReport
from therapeutic_process.exchange.transcripts.tables import CsvTable, csv_table
from therapeutic_process.exchange.transcripts.turns import TurnLog, in_file
from therapeutic_process.records import (
    Case,
    Code,
    CodingPass,
    Interaction,
    Participant,
    Problem,
    Reporter,
    Session,
)

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator, Mapping

__all__ = ["read_annomi"]

_ANNOMI = ("transcript_id", "utterance_id", "interlocutor", "main_therapist_behaviour", "client_talk_type")
_ANNOMI_TAKEN = {
    *_ANNOMI, "utterance_text", "topic", "mi_quality", "annotator_id", "reflection_exists", "reflection_subtype",
    "question_exists", "question_subtype", "therapist_input_exists", "therapist_input_subtype",
}  # fmt: skip
_ABSENT = {"", "n/a", "na", "nan"}
_SUBTYPES = ("reflection", "question", "therapist_input")


def read_annomi(path: str | os.PathLike[str], *, encoding: str | None = None) -> Imported:
    """Read AnnoMI, the simple or the full layout: conversations of motivational interviewing, coded turn by turn.

    The order is ``utterance_id``, never ``timestamp``: stamps of one second tie and sometimes decrease. A label of
    "n/a" is no code. In the full layout every annotator is a coding pass of its own; the behaviours that are present
    and their subtypes become codes of the system ``annomi_full``, the main behaviour and talk type codes of ``annomi``.
    The quality of the demonstration becomes the therapist's group, its topic the client's problem.

    Args:
        path: The file.
        encoding: The file's encoding, where it is neither UTF-8 nor UTF-16 with a mark.

    Returns:
        A case per transcript, in the order of the file, and the account of the import.

    Raises:
        DocumentError: If a column is missing, an utterance stands twice, or its number is none; names the line.
    """
    file, log = Path(path), TurnLog()
    table = csv_table(file, encoding)
    table.need(_ANNOMI)
    return in_file(file, lambda: _annomi(table, log))


def _annomi(table: CsvTable, log: TurnLog) -> Imported:
    transcripts: dict[str, list[tuple[int, dict[str, str]]]] = {}
    for line, row in table.rows:
        transcripts.setdefault(row["transcript_id"].strip(), []).append((line, row))
    cases = tuple(_annomi_case(name, rows, table, log) for name, rows in transcripts.items())
    if not cases:
        raise DocumentError("no_turns", needed="at least one utterance", found="none")
    left = [c for c in table.columns if c not in _ANNOMI_TAKEN]
    if "timestamp" in left:
        why = "stamps of one second tie and sometimes decrease"
        log.note("not_taken", "timestamp", why, count=len(table.rows))
    others = len(left) - ("timestamp" in left)
    if others:
        why = "they name a public video, or are none of AnnoMI's"
        log.note("not_taken", f"{others} other columns", why, count=len(table.rows))
    kept = sum(len(s.interactions) for c in cases for s in c.sessions)
    utterances = len({(r["transcript_id"].strip(), int(r["utterance_id"])) for _, r in table.rows})
    return Imported(cases, ImportReport("annomi", len(cases), utterances, kept, 0, 0, log.notes()))


def _annomi_case(name: str, rows: list[tuple[int, dict[str, str]]], table: CsvTable, log: TurnLog) -> Case:
    full = "annotator_id" in table.columns
    annotators = list(dict.fromkeys(r["annotator_id"].strip() for _, r in rows)) if full else [""]
    utterances: dict[int, list[tuple[int, dict[str, str]]]] = {}
    for line, row in rows:
        utterances.setdefault(_utterance_number(table, line, row), []).append((line, row))
    interactions = [_annomi_turn(i, utterances[i], table, log, full=full) for i in sorted(utterances)]
    systems = ("annomi", "annomi_full") if full else ("annomi",)
    passes = tuple(
        CodingPass(id=_pass_id(system, a), system=system, coder=Reporter(kind="observer", name=a or "AnnoMI"),
                   extent="all", sessions=("session-1",), procedure="independent" if full else None)
        for a in annotators for system in systems
    )  # fmt: skip
    session = Session(id="session-1", number=1, status="held", interactions=tuple(interactions))
    topic, quality = (rows[0][1].get(c, "").strip() for c in ("topic", "mi_quality"))
    people = (
        Participant(id="client", role="client"),
        Participant(id="therapist", role="therapist", group=f"{quality} quality" if quality else None),
    )
    problems = (Problem(id="topic", participant="client", label=topic),) if topic else ()
    return Case(
        id=f"annomi-{name}", participants=people, problems=problems, sessions=(session,), coding_passes=passes
    )


def _pass_id(system: str, annotator: str) -> str:
    return f"{system}-{annotator}" if annotator else system


def _utterance_number(table: CsvTable, line: int, row: Mapping[str, str]) -> int:
    try:
        number = int(row["utterance_id"])
    except ValueError:
        number = -1
    if number < 0:
        raise table.error("not_a_number", line, "a whole number in utterance_id", "something else")
    return number


def _annomi_turn(
    index: int, rows: list[tuple[int, dict[str, str]]], table: CsvTable, log: TurnLog, *, full: bool
) -> Interaction:
    annotators = [r.get("annotator_id", "").strip() for _, r in rows]
    if len(set(annotators)) < len(rows):
        needed = "each utterance once per transcript and annotator"
        raise table.error("id_repeated", rows[-1][0], needed, "one twice")
    line, first = rows[0]
    speaker = first["interlocutor"].strip().lower()
    if speaker not in {"client", "therapist"}:
        log.note(
            "converted", "utterances of another speaker", "neither client nor therapist: unknown", line=line
        )
    codes = tuple(
        c for (_, row), a in zip(rows, annotators, strict=True) for c in _annomi_codes(row, a, full=full)
    )
    text = first.get("utterance_text", "")
    for other_line, other in rows[1:]:
        if any(other.get(c) != first.get(c) for c in ("interlocutor", "utterance_text")):
            what, why = "speaker or text of an utterance", "an annotator has others: those of the first stay"
            log.note("dropped", what, why, line=other_line)
    return Interaction(index=index, kind="speech", speaker=speaker if speaker in {"client", "therapist"} else None,
                       text=text or None, codes=codes)  # fmt: skip


def _annomi_codes(row: Mapping[str, str], annotator: str, *, full: bool) -> Iterator[Code]:
    for column in ("main_therapist_behaviour", "client_talk_type"):
        label = row[column].strip()
        if label.lower() not in _ABSENT:
            yield Code(coding_pass=_pass_id("annomi", annotator), system="annomi", code=label)
    for kind in _SUBTYPES if full else ():
        if row.get(f"{kind}_exists", "").strip().lower() in {"true", "1"}:
            subtype = row.get(f"{kind}_subtype", "").strip()
            label = kind if subtype.lower() in _ABSENT else f"{kind}.{subtype}"
            yield Code(coding_pass=_pass_id("annomi_full", annotator), system="annomi_full", code=label)
