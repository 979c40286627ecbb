"""Turns as a transcript has them, and the case that they make: speakers by role, given by the caller or guessed."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Literal

import attrs

from therapeutic_process.errors import DocumentError
from therapeutic_process.exchange.imports import Imported, ImportNote, ImportReport
from therapeutic_process.records import Case, Interaction, Participant, Session

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

__all__ = ["Role", "Turn", "TurnLog", "case_of_turns", "joined", "read_text"]

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


@attrs.frozen(repr=False)
class Turn:
    """One stretch of speech as a transcript has it.

    Attributes:
        label: The speaker as the transcript names them; None where it does not.
        text: What was said.
        start_s: Seconds from the start of the recording.
        end_s: Seconds from the start of the recording.
        line: Line of the file where it begins, counted from 1.
    """

    label: str | None
    text: str
    start_s: float | None = None
    end_s: float | None = None
    line: int | None = None


@attrs.define
class TurnLog:
    """What a reader did with what it read, kept while reading."""

    done: Counter[tuple[str, str, str]] = attrs.field(factory=Counter)
    lines: dict[tuple[str, str, str], list[int]] = attrs.field(factory=dict)

    def note(self, action: str, what: str, why: str, *, count: int = 1, line: int | None = None) -> None:
        """Count something that was dropped, converted, guessed or not taken."""
        key = (action, what, why)
        self.done[key] += count
        if line is not None and len(self.lines.setdefault(key, [])) < 10:
            self.lines[key].append(line)

    def notes(self) -> tuple[ImportNote, ...]:
        """Return the notes, with the first line numbers of each."""
        return tuple(
            ImportNote(action, what, n, why, lines=tuple(self.lines.get((action, what, why), ())))
            for (action, what, why), n in self.done.items()
        )


def read_text(path: Path, *, encoding: str | None) -> str:
    """Return the text of a file in UTF-8 (with or without a mark), in UTF-16 with a mark, or in a stated encoding.

    Raises:
        DocumentError: If the file cannot be read or is in another encoding.
    """
    try:
        raw = path.read_bytes()
    except OSError as error:
        found = "nothing there" if isinstance(error, FileNotFoundError) else "one that cannot be read"
        failure = DocumentError("no_such_file", needed="a file that can be read", found=found, file=str(path))
    else:
        known = encoding or ("utf-16" if raw[:2] in {b"\xff\xfe", b"\xfe\xff"} else "utf-8-sig")
        try:
            return raw.decode(known).replace("\r\n", "\n").replace("\r", "\n")
        except (UnicodeDecodeError, LookupError):
            needed = "text in UTF-8, or the encoding named by `encoding`"
            failure = DocumentError("wrong_encoding", needed=needed, found="other bytes", file=str(path))
    raise failure


def joined(turns: Iterable[Turn], log: TurnLog) -> list[Turn]:
    """Join neighbouring turns of one named speaker: subtitles cut what is said in pieces."""
    kept: list[Turn] = []
    for turn in turns:
        if kept and turn.label is not None and kept[-1].label == turn.label:
            before = kept[-1]
            log.note("converted", "cues of one speaker in a row", "joined to one turn", line=turn.line)
            kept[-1] = attrs.evolve(
                before, text=f"{before.text} {turn.text}".strip(), end_s=_later(before, turn)
            )
        else:
            kept.append(turn)
    return kept


def _later(before: Turn, turn: Turn) -> float | None:
    ends = [e for e in (before.end_s, turn.end_s) if e is not None]
    return max(ends) if len(ends) == 2 else None


def case_of_turns(
    turns: Sequence[Turn],
    log: TurnLog,
    *,
    source: str,
    case_id: str,
    roles: Mapping[str, Role] | None,
    nature: Mapping[Role, Literal["human", "software"]] | None = None,
) -> Imported:
    """Return the case of one transcript: its speakers, and one held session with its turns in order.

    Args:
        turns: The turns in the order of the file.
        log: What the reader noted so far.
        source: The kind of source, for the report.
        case_id: Id of the case.
        roles: Role by label; None to guess from the labels, which the report says.
        nature: Whether speakers of a role are software.

    Raises:
        DocumentError: If no speaker is known to be a client.
    """
    labels = list(dict.fromkeys(t.label for t in turns if t.label is not None))
    known = _roles(labels, roles, log)
    if "client" not in known.values():
        needed = "a client among the speakers: give `roles`, role by label"
        raise DocumentError(
            "no_client", needed=needed, found=f"{len(labels)} speakers, none known as a client"
        )
    people = tuple(
        Participant(id=label, role=known[label], nature=(nature or {}).get(known[label], "human"))
        for label in labels
    )
    unknown = sum(t.label is None for t in turns)
    if unknown:
        log.note("converted", "turns without a speaker", "kept, speaker unknown", count=unknown)
    interactions = tuple(_interaction(i, t, log) for i, t in enumerate(turns))
    session = Session(id="session-1", number=1, status="held", interactions=interactions)
    case = Case(id=case_id, participants=people, sessions=(session,))
    return Imported((case,), ImportReport(source, 1, len(turns), len(interactions), 0, 0, log.notes()))


def _roles(labels: Sequence[str], roles: Mapping[str, Role] | None, log: TurnLog) -> dict[str, Role]:
    if roles is not None:
        missing = [x for x in labels if x not in roles]
        if missing:
            log.note("guessed", "speakers that `roles` does not name", "taken as 'other'", count=len(missing))
        return {x: roles.get(x, "other") for x in labels}
    known: dict[str, Role] = {}
    for label in labels:
        guess = _KNOWN_LABELS.get(label.strip().lower())
        known[label] = guess or "other"
        why = "from the label" if guess else "the label says nothing"
        log.note("guessed", f"role of a speaker: {known[label]}", why)
    return known


def _interaction(index: int, turn: Turn, log: TurnLog) -> Interaction:
    start, end = turn.start_s, turn.end_s
    if start is not None and end is not None and end < start:
        log.note("dropped", "end of a turn", "it lies before the start", line=turn.line)
        end = None
    return Interaction(
        index=index, kind="speech", speaker=turn.label, text=turn.text, start_s=start, end_s=end
    )
