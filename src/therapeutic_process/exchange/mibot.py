"""Reads the MIBot data set: coded smoking-cessation conversations with a language-model counsellor.

Mahmood et al. (2025), Findings of ACL 2025, 25008-25043, https://aclanthology.org/2025.findings-acl.1283/.
"""

from __future__ import annotations

import codecs
import csv
import io
import math
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import attrs
from pydantic_core import from_json

from therapeutic_process.errors import DocumentError, RecordError
from therapeutic_process.exchange.imports import Imported, ImportNote, ImportReport
from therapeutic_process.instruments import Instrument
from therapeutic_process.records import (
    Case,
    ChangeEvent,
    Code,
    CodingPass,
    Interaction,
    ItemAnswer,
    Measurement,
    Participant,
    Reference,
    Reporter,
    Session,
)

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator, Mapping

__all__ = ["read_mibot"]

_SOURCE = "Mahmood et al. 2025, doi:10.18653/v1/2025.findings-acl.1283"
_CLIENT = Reporter(kind="client", participant="client")
_RULERS = {"Importance": "importance", "Confidence": "confidence", "Readiness": "readiness"}
_OCCASIONS: tuple[tuple[str, str, Literal["before", "after", "between"]], ...] = (
    ("PreRuler", "before", "before"),
    ("PostRuler", "after", "after"),
    ("WeekLaterRuler", "week_later", "between"),
)
_CARE = [f"CAREQ{i}" for i in range(1, 11)]
_LEFT = {
    "free text about the chatbot": ("FeedbackQ1", "FeedbackQ2", "FeedbackQ3"),
    "judgements made from that text": ("LikedBot", "FoundBotHelpful"),
    "parts of the heaviness index, which is taken": ("DailyNum", "FirstCig"),
    "counts that can be made from the interactions": ("NumWordsCounsellor", "NumWordsClient"),
}
_SPEAKERS = {"client": "client", "counsellor": "counsellor"}

INSTRUMENTS = (
    *(
        Instrument(id=f"{name}_ruler", name=f"{label} ruler", minimum=0, maximum=10, direction="higher_better",
                   item_count=1, domain="process" if name == "readiness" else "outcome", references=(_SOURCE,))
        for label, name in _RULERS.items()
    ),
    Instrument(id="heaviness_of_smoking", name="Heaviness of Smoking Index", abbreviation="HSI", minimum=0, maximum=6,
               direction="higher_worse", references=(_SOURCE,)),
    Instrument(id="quit_attempts_week", name="Quit attempts in the previous week", minimum=None, maximum=None,
               direction=None, recall_days=7, references=(_SOURCE,)),
    Instrument(id="care", name="Consultation and Relational Empathy measure", abbreviation="CARE", minimum=10,
               maximum=50, item_count=10, item_minimum=1, item_maximum=5, direction="higher_better", domain="process",
               references=(_SOURCE,)),
)  # fmt: skip


@attrs.define
class _Account:
    """Counts of what was done, kept while reading."""

    interactions: int = 0
    scores: int = 0
    done: Counter[tuple[str, str, str]] = attrs.field(factory=Counter)

    def note(self, action: str, what: str, why: str, count: int = 1) -> None:
        self.done[action, what, why] += count


def read_mibot(folder: str | os.PathLike[str]) -> Imported:
    """Read the MIBot folder: ``data.csv`` and ``transcripts/*.json``.

    Each conversation becomes a case: the client, the software counsellor, one held session with every utterance and its
    code, the rulers before, right after and one week after as measurements, and quit attempts of the following week as
    a change outside the session. Utterances are numbered by their order in the file; the numbers in the file count
    over all conversations.

    Args:
        folder: The folder with both.

    Returns:
        The cases, in the order of ``data.csv``, and the account of the import.

    Raises:
        DocumentError: If a file or column is missing, or a file is not what it should be; names file and line.
    """
    root = Path(folder)
    account = _Account()
    transcripts = _transcripts(root, account)
    cases = []
    for line, row in _rows(root / "data.csv"):
        name = row["ParticipantID"]
        utterances = transcripts.pop(name, None)
        if utterances is None:
            account.note("not_taken", "session of a participant without transcript", "there is no such file")
        cases.append(_placed_case(name, row, utterances, account, _Place(root / "data.csv", line)))
    for utterances in transcripts.values():
        account.note("dropped", "transcript of somebody who is not in data.csv", "nobody to assign it to")
        account.note("dropped", "utterances of such transcripts", "nobody to assign them to", len(utterances))
    _left(account, len(cases))
    return Imported(tuple(cases), _report(cases, account))


@attrs.frozen
class _Place:
    file: Path
    line: int | None

    def error(self, code: str, needed: str, found: str, cause: RecordError | None = None) -> DocumentError:
        return DocumentError(
            code, needed=needed, found=found, file=str(self.file), line=self.line, cause=cause
        )


def _transcripts(root: Path, account: _Account) -> dict[str, list[dict[str, Any]]]:
    files = sorted((root / "transcripts").glob("*.json"))
    if not files:
        raise _Place(root / "transcripts", None).error("no_documents", "transcripts as JSON files", "none")
    transcripts: dict[str, list[dict[str, Any]]] = {}
    for file in files:
        name, utterances = _transcript(file, account)
        if name in transcripts:
            needed = "one transcript per participant"
            raise _Place(file, None).error("id_repeated", needed, "an id used before")
        transcripts[name] = utterances
    return transcripts


def _transcript(file: Path, account: _Account) -> tuple[str, list[dict[str, Any]]]:
    try:
        tree = from_json(file.read_bytes().removeprefix(codecs.BOM_UTF8))
        name, utterances = tree["participant_id"], tree["utterances"]
        complete = (
            isinstance(name, str) and isinstance(utterances, list) and all(map(_is_utterance, utterances))
        )
    except (ValueError, KeyError, TypeError):
        complete = False
    if not complete:
        needed = "participant_id, and utterances with speaker, text and auto_misc_label"
        raise _Place(file, None).error("not_this_format", needed, "a file without them")
    account.interactions += len(utterances)
    return name, utterances


def _is_utterance(one: dict[str, Any]) -> bool:
    """Whether all is there, as texts; the label may be null."""
    return all(isinstance(one[k], str) for k in ("speaker", "text")) and isinstance(
        one["auto_misc_label"], str | None
    )


def _rows(file: Path) -> Iterator[tuple[int, dict[str, str]]]:
    place = _Place(file, None)
    if not file.is_file():
        raise place.error("no_such_file", "the file data.csv", "nothing there")
    reader = csv.DictReader(io.StringIO(_text_of(file), newline=""))
    needed = {"ParticipantID", "WeekLaterNumQuitAttempts", *_CARE} | {
        f"{o}{r}" for o, _, _ in _OCCASIONS for r in _RULERS
    }
    missing = sorted(needed - set(reader.fieldnames or ()))
    if missing:
        raise place.error("column_missing", f"the columns {', '.join(missing)}", "a table without them")
    seen: set[str] = set()
    while (row := _next_row(reader, file)) is not None:
        if row["ParticipantID"] in seen:
            needed_id, found = "one row per participant", "an id used before"
            raise _Place(file, reader.line_num).error("id_repeated", needed_id, found)
        seen.add(row["ParticipantID"])
        yield reader.line_num, row


def _text_of(file: Path) -> str:
    try:
        return file.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError:
        failure = _Place(file, None).error("not_this_format", "a table in UTF-8", "other bytes")
    raise failure


def _next_row(reader: csv.DictReader[str], file: Path) -> dict[str, str] | None:
    """Return the next row; one whose cells do not fit the columns (a quote left open) would be misread in silence."""
    try:
        row = next(reader, None)
        whole = row is None or (None not in row and None not in row.values())
    except csv.Error:
        whole = False
    if not whole:
        needed = "rows with as many cells as there are columns"
        raise _Place(file, reader.line_num).error("not_this_format", needed, "another row")
    return row


def _placed_case(
    name: str,
    row: Mapping[str, str],
    utterances: list[dict[str, Any]] | None,
    account: _Account,
    place: _Place,
) -> Case:
    try:
        return _case(name, row, utterances, account, place)
    except RecordError as error:
        broken = error
    found = f"{broken.total} violation{'s' * (broken.total != 1)}"
    raise place.error("invalid_record", "a case that keeps the rules", found, broken)


def _case(
    name: str,
    row: Mapping[str, str],
    utterances: list[dict[str, Any]] | None,
    account: _Account,
    place: _Place,
) -> Case:
    measurements = list(_measurements(row, account, place))
    return Case(
        id=name,
        setting="online study",
        participants=(
            Participant(id="client", role="client"),
            Participant(id="counsellor", role="therapist", nature="software", orientation="motivational interviewing"),
        ),
        sessions=(_session(utterances, account),),
        coding_passes=(
            CodingPass(id="automisc", system="automisc", coder=Reporter(kind="software", name="AutoMISC"),
                       unitiser="AutoMISC", extent="all", sessions=("session-1",) if utterances is not None else (),
                       procedure="independent"),
        ),
        measurements=tuple(measurements),
        change_events=tuple(_quit_attempts(measurements)),
        instruments=INSTRUMENTS,
    )  # fmt: skip


def _session(utterances: list[dict[str, Any]] | None, account: _Account) -> Session:
    interactions = []
    for index, one in enumerate(utterances or ()):
        speaker = _SPEAKERS.get(one["speaker"])
        if speaker is None:
            account.note(
                "converted", "utterances of another speaker", "neither client nor counsellor: speaker unknown"
            )
        codes = (
            (Code(coding_pass="automisc", system="automisc", code=one["auto_misc_label"]),)
            if one["auto_misc_label"]
            else ()
        )
        interactions.append(
            Interaction(index=index, kind="speech", speaker=speaker, text=one["text"], codes=codes)
        )
    account.note(
        "converted",
        "utterance numbers",
        "they count over all conversations: order in the file is kept",
        len(interactions),
    )
    return Session(
        id="session-1", number=1, status="held", attended=("client", "counsellor"), modality="chat",
        interactions=tuple(interactions),
    )  # fmt: skip


def _measurements(row: Mapping[str, str], account: _Account, place: _Place) -> Iterator[Measurement]:
    for ruler, name in _RULERS.items():
        for prefix, occasion, timing in _OCCASIONS:
            yield _score(f"{name}-{occasion}", f"{name}_ruler", row[prefix + ruler], timing, account, place)
    if row.get("HeavinessOfSmokingIndex") is not None:
        value = row["HeavinessOfSmokingIndex"]
        yield _score("heaviness-before", "heaviness_of_smoking", value, "before", account, place)
    if row.get("PreConvoNumQuitAttempts") is not None:
        value = row["PreConvoNumQuitAttempts"]
        yield _score("quit-attempts-before", "quit_attempts_week", value, "before", account, place)
    later = row["WeekLaterNumQuitAttempts"]
    yield _score("quit-attempts-week_later", "quit_attempts_week", later, "between", account, place)
    yield _care(row, account, place)


def _score(
    name: str,
    instrument: str,
    cell: str,
    timing: Literal["before", "after", "between"],
    account: _Account,
    place: _Place,
) -> Measurement:
    account.scores += 1
    score = _number(cell, place)
    missing: Literal["unknown"] | None = "unknown" if score is None else None
    return Measurement(id=name, instrument=instrument, subject="client", respondent=_CLIENT, score=score,
                       missing=missing, session="session-1", timing=timing)  # fmt: skip


def _care(row: Mapping[str, str], account: _Account, place: _Place) -> Measurement:
    account.scores += 1
    values = [_number(row[column], place) for column in _CARE]
    outside = sum(v is not None and not 1 <= v <= 5 for v in values)
    if outside:
        account.note(
            "converted", "CARE answers of 0", "outside the item's range of 1 to 5: taken as missing", outside
        )
    kept = [v if v is not None and 1 <= v <= 5 else None for v in values]
    items = tuple(
        ItemAnswer(item=i, value=v, missing="unknown" if v is None else None) for i, v in enumerate(kept, start=1)
    )  # fmt: skip
    complete = [v for v in kept if v is not None]
    score = sum(complete) if len(complete) == len(kept) else None
    return Measurement(id="care-after", instrument="care", subject="client", respondent=_CLIENT, score=score,
                       missing="not_scorable" if score is None else None, session="session-1", timing="after",
                       items=items)  # fmt: skip


def _number(cell: str, place: _Place) -> float | None:
    if not cell.strip():
        return None
    try:
        number = float(cell)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise place.error("not_a_number", "a number in a score column", "something else")
    return number


def _quit_attempts(measurements: list[Measurement]) -> Iterator[ChangeEvent]:
    """One change where the client reported quit attempts in the week after the session."""
    later = next(m for m in measurements if m.id == "quit-attempts-week_later")
    if later.score:
        yield ChangeEvent(id="quit-attempts", participant="client", locus="out_of_session", after_session="session-1",
                          reporter=_CLIENT, domain="smoking", direction="improvement", magnitude=later.score,
                          unit="quit attempts in one week",
                          evidence=(Reference(kind="measurement", id=later.id),))  # fmt: skip


def _left(account: _Account, n: int) -> None:
    for why, columns in _LEFT.items():
        account.note("not_taken", ", ".join(columns), why, n)
    account.note(
        "not_taken",
        "AutoMISC_*",
        "summaries that can be made from the codes (C:S is 0 there where S is 0)",
        n,
    )
    account.note(
        "not_taken", "auto_misc_explanation", "the coding model's reasons for each code", account.interactions
    )


def _report(cases: list[Case], account: _Account) -> ImportReport:
    return ImportReport(
        source="mibot",
        n_cases=len(cases),
        interactions_in=account.interactions,
        interactions_out=sum(len(s.interactions) for c in cases for s in c.sessions),
        scores_in=account.scores,
        scores_out=sum(len(c.measurements) for c in cases),
        notes=tuple(ImportNote(action, what, n, why) for (action, what, why), n in account.done.items()),
    )
