"""Turns as a transcript has them, and the case that they make: speakers by role, given by the caller or guessed."""

from __future__ import annotations

import codecs
from collections import Counter
from typing import TYPE_CHECKING, Any, Literal

import attrs

from therapeutic_process.errors import DocumentError, RecordError
from therapeutic_process.exchange.imports import Imported, ImportNote, ImportReport
from therapeutic_process.records import Case, Interaction, Participant, Session

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from pathlib import Path

__all__ = ["Role", "Turn", "TurnLog", "case_of_turns", "in_file", "joined", "n_words", "read_text", "role_of"]

Role = Literal["client", "therapist", "other"]

# Labels that transcripts use for a role, in lower case. A guess from them is always reported.
_KNOWN_LABELS: Mapping[str, Role] = {
    **dict.fromkeys(("client", "patient", "participant", "user", "seeker", "c", "cl", "p", "pt"), "client"),
    **dict.fromkeys(
        (
            "therapist", "counsellor", "counselor", "clinician", "psychologist", "supporter", "assistant",
            "interviewer", "t", "th",
        ),
        "therapist",
    ),
}  # fmt: skip


_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"), (codecs.BOM_UTF32_BE, "utf-32"), (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)  # fmt: skip
_MOST_LINES = 10


def role_of(label: str) -> Role | None:
    """Return the role that a label names; None if it names none."""
    return _KNOWN_LABELS.get(label.strip().lower())


@attrs.frozen(repr=False)
class Turn:
    """One stretch of speech as a transcript has it.

    Attributes:
        label: The speaker as the transcript names them; None where it does not.
        text: What was said; None where the transcript has no words.
        start_s: Seconds from the start of the recording.
        end_s: Seconds from the start of the recording.
        line: Line of the file where it begins, counted from 1.
    """

    label: str | None
    text: str | None
    start_s: float | None = None
    end_s: float | None = None
    line: int | None = None


@attrs.define(repr=False)
class TurnLog:
    """What a reader did with what it read, kept while reading."""

    done: Counter[tuple[str, str, str]] = attrs.field(factory=Counter)
    words: Counter[tuple[str, str, str]] = attrs.field(factory=Counter)
    lines: dict[tuple[str, str, str], list[int]] = attrs.field(factory=dict)

    def note(
        self, action: str, what: str, why: str, *, count: int = 1, line: int | None = None, left: str = ""
    ) -> None:
        """Count something that was dropped, converted, guessed or not taken, and the words of `left`."""
        key = (action, what, why)
        self.done[key] += count
        self.words[key] += n_words(left)
        if line is not None and len(self.lines.setdefault(key, [])) < _MOST_LINES:
            self.lines[key].append(line)

    def notes(self) -> tuple[ImportNote, ...]:
        """Return the notes, with the words that were left out and the first line numbers of each."""
        return tuple(
            ImportNote(
                action,
                f"{what}, {self.words[key]} words" if self.words[key] else what,
                n,
                why,
                lines=tuple(self.lines.get(key, ())),
            )
            for key, n in self.done.items()
            for action, what, why in [key]
        )


def n_words(text: str) -> int:
    """Return how many words a text has: what white space separates."""
    return len(text.split())


def read_text(path: Path, *, encoding: str | None, keep_line_ends: bool = False) -> str:
    """Return the text of a file in UTF-8, in UTF-16 or UTF-32 with a mark, or in a stated encoding.

    A mark at the beginning is taken off, and lines end as in Unix, unless cells of a table may hold them.

    Raises:
        DocumentError: If the file cannot be read or is in another encoding.
    """
    try:
        raw = path.read_bytes()
    except OSError as error:
        found = "nothing there" if isinstance(error, FileNotFoundError) else "one that cannot be read"
        failure = DocumentError("no_such_file", needed="a file that can be read", found=found, file=str(path))
    else:
        known = encoding or next((name for mark, name in _MARKS if raw.startswith(mark)), "utf-8")
        needed, found = "text in UTF-8, or the encoding named by `encoding`", "other bytes"
        try:
            text = raw.decode(known).removeprefix("\ufeff")
        except LookupError:
            text, needed, found = "\0", "an encoding that Python knows by this name", "no such encoding"
        except UnicodeError:
            text = "\0"
        if "\0" not in text:  # no text has it, but UTF-16 read as something else does
            return text if keep_line_ends else text.replace("\r\n", "\n").replace("\r", "\n")
        failure = DocumentError("wrong_encoding", needed=needed, found=found, file=str(path))
    raise failure


def joined(turns: Iterable[Turn], log: TurnLog) -> list[Turn]:
    """Join neighbouring turns of one named speaker: subtitles cut what is said in pieces."""
    kept: list[Turn] = []
    pieces: list[str] = []
    for turn in turns:
        if kept and turn.label is not None and kept[-1].label == turn.label:
            log.note("converted", "cues of one speaker in a row", "joined to one turn", line=turn.line)
            kept[-1] = _spanning(kept[-1], turn)
        else:
            _close(kept, pieces)
            kept.append(turn)
        pieces.append(turn.text or "")
    _close(kept, pieces)
    return kept


def _close(kept: list[Turn], pieces: list[str]) -> None:
    """Give the last turn the words of all its pieces; one string at a time would be quadratic in a monologue."""
    if len(pieces) > 1:
        kept[-1] = attrs.evolve(kept[-1], text=" ".join(p for p in pieces if p))
    pieces.clear()


def _spanning(before: Turn, turn: Turn) -> Turn:
    starts = [t.start_s for t in (before, turn) if t.start_s is not None]
    ends = [t.end_s for t in (before, turn) if t.end_s is not None]
    return attrs.evolve(
        before,
        start_s=min(starts) if len(starts) == 2 else None,
        end_s=max(ends) if len(ends) == 2 else None,
    )


def in_file(file: Path, make: Callable[[], Imported]) -> Imported:
    """Return what is made of a file; an error on the way names the file.

    Raises:
        DocumentError: If nothing can be made of it.
    """
    try:
        return make()
    except DocumentError as error:
        failure = DocumentError(
            error.code, needed=error.needed, found=error.found, file=str(file), line=error.line
        )
    except RecordError as error:
        needed, found = "a case that keeps the rules", f"{error.total} violations"
        failure = DocumentError("invalid_record", needed=needed, found=found, file=str(file), cause=error)
    raise failure


def case_of_turns(
    turns: Sequence[Turn],
    log: TurnLog,
    *,
    source: str,
    case_id: str,
    roles: Mapping[str, Role] | None,
    stated: Mapping[str, Role] | None = None,
    nature: Mapping[Role, Literal["human", "software"]] | None = None,
) -> Imported:
    """Return the case of one transcript: its speakers, and one held session with its turns in order.

    Args:
        turns: The turns in the order of the file.
        log: What the reader noted so far.
        source: The kind of source, for the report.
        case_id: Id of the case.
        roles: Role by label; None to guess from the labels, which the report says.
        stated: Role by label as the file itself states it; taken where `roles` is not given.
        nature: Whether speakers of a role are software.

    Returns:
        The case and the account of the import.

    Raises:
        DocumentError: If there are no turns, or no speaker is known to be a client.
        RecordError: If the case breaks a rule, for example by a label too long for an id.
    """
    if not turns:
        raise DocumentError("no_turns", needed="at least one turn", found="none")
    first = {t.label: t.line for t in reversed(turns) if t.label is not None}
    labels = list(dict.fromkeys(t.label for t in turns if t.label is not None))
    known = _given(labels, first, roles, log) if roles is not None else _guessed(first, labels, stated, log)
    if "client" not in known.values():
        needed = "a client among the speakers: give `roles`, role by label"
        found = f"{len(labels)} speakers, none known as a client"
        raise DocumentError("no_client", needed=needed, found=found)
    people = tuple(
        Participant(id=label, role=known[label], nature=(nature or {}).get(known[label], "human"))
        for label in labels
    )
    interactions = tuple(_interaction(i, t, log) for i, t in enumerate(turns))
    _note_order(turns, log)
    session = Session(id="session-1", number=1, status="held", interactions=interactions)
    case = Case(id=case_id, participants=people, sessions=(session,))
    return Imported((case,), ImportReport(source, 1, len(turns), len(interactions), 0, 0, log.notes()))


def _given(
    labels: Sequence[str], first: Mapping[Any, int | None], roles: Mapping[str, Role], log: TurnLog
) -> dict[str, Role]:
    for label in labels:
        if label not in roles:
            log.note("guessed", "speakers that `roles` does not name", "taken as 'other'", line=first[label])
    absent = sum(label not in first for label in roles)
    if absent:
        log.note("not_taken", "roles of speakers", "nobody of that name speaks", count=absent)
    return {label: roles.get(label, "other") for label in labels}


def _guessed(
    first: Mapping[Any, int | None], labels: Sequence[str], stated: Mapping[str, Role] | None, log: TurnLog
) -> dict[str, Role]:
    known: dict[str, Role] = {}
    for label in labels:
        said, guess = (stated or {}).get(label), role_of(label)
        known[label] = said or guess or "other"
        if said is None:
            why = "from the label" if guess else "the label says nothing"
            log.note("guessed", f"role of a speaker: {known[label]}", why, line=first[label])
    return known


def _note_order(turns: Sequence[Turn], log: TurnLog) -> None:
    latest = -1.0
    for turn in turns:
        if turn.start_s is not None and turn.start_s < latest:
            what, why = "place of turns that begin before an earlier one", "the order of the file counts"
            log.note("guessed", what, why, line=turn.line)
        latest = max(latest, turn.start_s if turn.start_s is not None else latest)


def _interaction(index: int, turn: Turn, log: TurnLog) -> Interaction:
    start, end = turn.start_s, turn.end_s
    if turn.label is None:
        log.note("converted", "turns without a speaker", "kept, speaker unknown", line=turn.line)
    if start is not None and end is not None and end < start:
        log.note("dropped", "end of a turn", "it lies before the start", line=turn.line)
        end = None
    return Interaction(
        index=index, kind="speech", speaker=turn.label, text=turn.text, start_s=start, end_s=end
    )
