"""How often each code was given, to whom, and what share of the coded talk that is."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import attrs

from therapeutic_process.errors import NotEnoughData
from therapeutic_process.session_process.coverage import covers
from therapeutic_process.tables import frame_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    import polars as pl

    from therapeutic_process.records import Case, CodingPass, Interaction, Session

__all__ = ["CodeCount", "CodeProfile", "code_profile"]


@attrs.frozen(repr=False)
class CodeCount:
    """How often one speaker's interactions were given one code in one pass.

    Attributes:
        coding_pass: The pass.
        system: Its coding system.
        speaker: The participant; None where the speaker is not known.
        role: The participant's role; None where the speaker is not known.
        code: The code.
        count: Codes given.
        share: `count` divided by all codes that this pass gave to this speaker, 0 to 1.
    """

    coding_pass: str
    system: str
    speaker: str | None
    role: str | None
    code: str
    count: int
    share: float

    def __repr__(self) -> str:
        return f"CodeCount({self.system}, {self.code}, {self.role or 'speaker not known'}: {self.count})"


@attrs.frozen(repr=False)
class CodeProfile:
    """Code counts of a case, and how much of its talk was looked at.

    Attributes:
        rows: A count per pass, speaker and code, most frequent first within a pass and speaker.
        n_interactions: Interactions in held sessions.
        n_covered: Interactions that at least one pass is known to have looked at.
        n_coded: Interactions with at least one code.
        n_unknown: Interactions of which it cannot be said whether a pass looked at them.
        n_on_segments: Codes that were given to segments; they have no one speaker and are not among the counts.
    """

    rows: tuple[CodeCount, ...]
    n_interactions: int
    n_covered: int
    n_coded: int
    n_unknown: int
    n_on_segments: int = 0

    def __repr__(self) -> str:
        return (
            f"CodeProfile({self.n_coded} of {self.n_interactions} interactions coded, "
            f"{self.n_covered} covered by a pass, {len(self.rows)} counts)"
        )

    def count(self, code: str, *, role: str | None = None) -> int:
        """Return how often a code was given, in all passes together; only to one role if asked.

        Where several coders coded the same talk, that counts each of them.
        """
        return sum(r.count for r in self.rows if r.code == code and role in (None, r.role))

    def to_frame(self) -> pl.DataFrame:
        """Return the counts as a table with the columns of `CodeCount`."""
        return frame_of(self.rows, CodeCount)


def code_profile(case: Case, *, coding_pass: str | None = None) -> CodeProfile:
    """Count the codes of a case by pass and speaker.

    A code that does not appear was not found where a pass looked, and is unknown elsewhere: `n_covered` says how much
    was looked at. Shares are shares of codes, not of time.

    >>> from therapeutic_process.exchange import example_cases
    >>> code_profile(example_cases()[0])
    CodeProfile(24 of 24 interactions coded, 24 covered by a pass, 8 counts)

    Args:
        case: The case.
        coding_pass: The id of one pass; None for all, each counted on its own.

    Returns:
        The counts and how much of the talk they cover.

    Raises:
        NotEnoughData: If the case has no such pass.
    """
    passes = {p.id: p for p in case.coding_passes if coding_pass in (None, p.id)}
    if coding_pass is not None and not passes:
        raise NotEnoughData("code_profile", needed="a coding pass of the case", found="no such pass")
    roles = {p.id: p.role for p in case.participants}
    counts: Counter[tuple[str, str, str | None, str]] = Counter()
    n = covered = coded = unknown = 0
    for session, one in _interactions(case):
        n += 1
        given = [c for c in one.codes if c.coding_pass in passes]
        counts.update((c.coding_pass, c.system, one.speaker, c.code) for c in given)
        coded += bool(given)
        looked_at = _looked_at(passes, session, one)
        covered += looked_at is True
        unknown += looked_at is None
    totals: Counter[tuple[str, str | None]] = Counter()
    for (pass_id, _, speaker, _), k in counts.items():
        totals[pass_id, speaker] += k
    rows = [
        CodeCount(pass_id, system, speaker, roles.get(speaker or ""), code, k, k / totals[pass_id, speaker])
        for (pass_id, system, speaker, code), k in counts.items()
    ]
    rows.sort(key=lambda r: (r.coding_pass, r.speaker or "", -r.count, r.code))
    on_segments = sum(c.coding_pass in passes for s in case.segments for c in s.codes)
    return CodeProfile(tuple(rows), n, covered, coded, unknown, on_segments)


def _interactions(case: Case) -> Iterator[tuple[Session, Interaction]]:
    return ((session, one) for session in case.held_sessions for one in session.interactions)


def _looked_at(passes: dict[str, CodingPass], session: Session, one: Interaction) -> bool | None:
    answers = {covers(p, session, one) for p in passes.values()}
    return True if True in answers else None if None in answers else False
