"""The course over the therapy of one case: codes, declared ratios and talk, session by session."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from therapeutic_process.errors import NotEnoughData
from therapeutic_process.instruments import Catalogue, builtin_catalogue
from therapeutic_process.session_process.talk import talk_of
from therapeutic_process.session_process.therapy import (
    SessionMeasured,
    TherapyCourse,
    therapy_of,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from therapeutic_process.records import Case, CodingPass, Session

__all__ = ["therapy_course"]


def therapy_course(
    case: Case, *, coding_pass: str | None = None, catalogue: Catalogue | None = None
) -> TherapyCourse:
    """Describe how codes, declared ratios and talk change over the held sessions of a case.

    A code's share is its share of all codes that a pass gave to interactions of the session; where the pass gave none,
    it is not known. Talk is put together by role, and counted in turns, words and seconds.

    >>> from therapeutic_process.exchange import example_cases
    >>> therapy_course(example_cases()[0])
    TherapyCourse(18 courses of 1 clients, 36 of 108 values known)

    Args:
        case: The case.
        coding_pass: The id of one pass; None for all, each by itself.
        catalogue: Where to look up declared ratios; by default the built-in catalogue.

    Returns:
        Courses, and the single sessions.

    Raises:
        NotEnoughData: If the case has no such pass.
    """
    if coding_pass is not None and all(p.id != coding_pass for p in case.coding_passes):
        raise NotEnoughData("therapy_course", needed="a coding pass of the case", found="no such pass")
    known = (catalogue or builtin_catalogue()).with_(*case.coding_systems)
    passes = [p for p in case.coding_passes if coding_pass in (None, p.id)]
    values = [*_talk(case), *(value for one in passes for value in _coded(case, one, known))]
    return therapy_of(values, {case.id: [s.number for s in case.held_sessions]})


def _talk(case: Case) -> Iterator[SessionMeasured]:
    roles = {p.id: p.role for p in case.participants}
    told = [
        talk_of([x for x in s.interactions if x.kind == "speech"], roles).rows for s in case.held_sessions
    ]
    speaking = dict.fromkeys(row.role for rows in told for row in rows if row.role)
    for at, (session, rows) in enumerate(zip(case.held_sessions, told, strict=True), start=1):
        for unit in ("turns", "words", "seconds") if speaking else ():
            shares = [(row.role, getattr(row, f"share_of_{unit}")) for row in rows]
            known = bool(rows) and all(share is not None for _, share in shares)
            missing = None if known else "not_known" if rows else "no_talk"
            for role in speaking:
                value = sum((share for r, share in shares if r == role), 0.0) if known else None
                yield SessionMeasured(
                    case.id, str(session.number), at, "talk_share", unit, role, value, missing
                )


def _coded(case: Case, one: CodingPass, catalogue: Catalogue) -> Iterator[SessionMeasured]:
    counts = [_counts(one, session) for session in case.held_sessions]
    found = dict.fromkeys(code for c in counts for code in c)
    system = catalogue.coding_system(one.system)
    for at, (session, own) in enumerate(zip(case.held_sessions, counts, strict=True), start=1):
        name, total = str(session.number), own.total()
        for code in found:
            value, missing = (own[code] / total, None) if total else (None, "not_coded")
            yield SessionMeasured(case.id, name, at, "code_share", one.id, code, value, missing)
        for ratio in system.ratios if system is not None and found else ():
            below = sum(own[code] for code in ratio.denominator)
            value = sum(own[code] for code in ratio.numerator) / below if below else None
            missing = None if below else "denominator_is_0" if total else "not_coded"
            yield SessionMeasured(case.id, name, at, "ratio", one.id, ratio.id, value, missing)


def _counts(one: CodingPass, session: Session) -> Counter[str]:
    return Counter(c.code for x in session.interactions for c in x.codes if c.coding_pass == one.id)
