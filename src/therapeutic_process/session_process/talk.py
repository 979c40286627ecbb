"""Who talks how much: by turns, by words where there is text, by time where there are offsets."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from therapeutic_process.tables import frame_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import polars as pl

    from therapeutic_process.records import Case, Interaction

__all__ = ["SpeakerTalk", "TalkShare", "talk_share"]


@attrs.frozen(repr=False)
class SpeakerTalk:
    """How much one speaker talked.

    Attributes:
        speaker: The participant; None for speech whose speaker is not known.
        role: The participant's role.
        turns: Spoken interactions.
        words: Words, None where the text of a spoken interaction, of anybody, is missing.
        seconds: Seconds, None where an offset of a spoken interaction, of anybody, is missing.
        share_of_turns: 0 to 1.
        share_of_words: 0 to 1, None where words are, or nobody has any.
        share_of_seconds: 0 to 1, None where seconds are, or nobody has any.
    """

    speaker: str | None
    role: str | None
    turns: int
    words: int | None
    seconds: float | None
    share_of_turns: float
    share_of_words: float | None
    share_of_seconds: float | None

    def __repr__(self) -> str:
        return f"SpeakerTalk({self.role or 'speaker not known'}, {self.turns} turns)"


@attrs.frozen(repr=False)
class TalkShare:
    """Talk of each speaker of a case.

    Attributes:
        rows: A row per speaker, in order of first speech.
        n_turns: Spoken interactions in held sessions.
        n_with_text: Those with text.
        n_with_offsets: Those with start and end.
        reasons: Why a measure is missing or shares may be too low, in words.
    """

    rows: tuple[SpeakerTalk, ...]
    n_turns: int
    n_with_text: int
    n_with_offsets: int
    reasons: tuple[str, ...]

    def __repr__(self) -> str:
        return f"TalkShare({len(self.rows)} speakers, {self.n_turns} turns)"

    def share(self, role: str) -> float | None:
        """Return the share of all turns that speakers of a role have; None without turns."""
        return sum((r.share_of_turns for r in self.rows if r.role == role), 0.0) if self.n_turns else None

    def to_frame(self) -> pl.DataFrame:
        """Return the rows as a table with the columns of `SpeakerTalk`."""
        return frame_of(self.rows, SpeakerTalk)


def talk_share(case: Case) -> TalkShare:
    """Describe who talks how much in the held sessions of a case.

    Words are what white space separates. People may talk over each other: seconds are added up per speaker, so
    shares of time are shares of all speech, not of the session.

    >>> from therapeutic_process.exchange import example_cases
    >>> talk_share(example_cases()[0])
    TalkShare(2 speakers, 24 turns)

    Args:
        case: The case.

    Returns:
        A row per speaker, and why a measure is missing where it is.
    """
    speech = [x for s in case.held_sessions for x in s.interactions if x.kind == "speech"]
    return talk_of(speech, {p.id: p.role for p in case.participants})


def talk_of(speech: Sequence[Interaction], roles: Mapping[str, str]) -> TalkShare:
    """Describe who talks how much in some spoken interactions.

    Args:
        speech: The spoken interactions.
        roles: The role of each participant.
    """
    with_text = sum(x.text is not None for x in speech)
    timed = sum(x.start_s is not None and x.end_s is not None for x in speech)
    words = _words(speech) if speech and with_text == len(speech) else None
    seconds = _seconds(speech) if speech and timed == len(speech) else None
    rows = []
    for speaker in dict.fromkeys(x.speaker for x in speech):
        own = [x for x in speech if x.speaker == speaker]
        own_words, own_seconds = (
            None if words is None else _words(own),
            None if seconds is None else _seconds(own),
        )
        rows.append(
            SpeakerTalk(
                speaker=speaker,
                role=roles.get(speaker or ""),
                turns=len(own),
                words=own_words,
                seconds=own_seconds,
                share_of_turns=len(own) / len(speech),
                share_of_words=_share(own_words, words),
                share_of_seconds=_share(own_seconds, seconds),
            )
        )
    found = {
        "text": with_text,
        "start_s and end_s": timed,
        "speaker": sum(x.speaker is not None for x in speech),
    }
    totals = {"words": words, "seconds": seconds}
    reasons = (*_reasons(len(speech), found), *(f"no {name} in all" for name, k in totals.items() if k == 0))
    return TalkShare(tuple(rows), len(speech), with_text, timed, reasons)


def _words(speech: Sequence[Interaction]) -> int:
    return sum(len((x.text or "").split()) for x in speech)


def _seconds(speech: Sequence[Interaction]) -> float:
    return sum(x.end_s - x.start_s for x in speech if x.end_s is not None and x.start_s is not None)


def _share(part: float | None, whole: float | None) -> float | None:
    return None if part is None or not whole else part / whole


def _reasons(n: int, found: dict[str, int]) -> Iterable[str]:
    return (f"needs {name} on all {n} spoken interactions, found {k}" for name, k in found.items() if k < n)
