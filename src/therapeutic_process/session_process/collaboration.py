"""Collaboration and openness as they were rated and coded, with adherence to the plan beside them: no verdict."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import attrs

from therapeutic_process.instruments import Catalogue, builtin_catalogue
from therapeutic_process.session_process.adherence import PlanAdherence, plan_adherence
from therapeutic_process.session_process.agreed import (
    AgreedSide,
    TaskAnswers,
    agreed_sides,
    task_answers,
)
from therapeutic_process.session_process.congruence import RatingCongruence, rating_congruence
from therapeutic_process.session_process.coverage import covers
from therapeutic_process.session_process.facets import Topic, facets_of, facets_of_code, topics_of
from therapeutic_process.session_process.rated_courses import RatingCourse, rating_courses
from therapeutic_process.session_process.rated_sessions import (
    RaterRole,
    SessionRatings,
    session_ratings,
)
from therapeutic_process.tables import frame_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

    import polars as pl

    from therapeutic_process.records import Case, CodingPass, Session

__all__ = ["CollaborationAndOpenness", "SessionMeasure", "collaboration_and_openness"]


@attrs.frozen(repr=False)
class SessionMeasure:
    """One declared measure in one session held.

    Attributes:
        session: Number of the session.
        topic: ``collaboration`` or ``openness``.
        kind: ``rating`` or ``code``.
        instrument: The instrument or coding system.
        scale: The scale or the code; None for the whole instrument.
        role: In which role the rater or coder judged.
        rater: The rater, or the coding pass.
        value: The rating, or the share of the interactions looked at that were given the code; None where missing.
        missing: Why there is no value: the reason recorded, ``not_rated`` or ``not_coded``; None where there is one.
    """

    session: int
    topic: Topic
    kind: str
    instrument: str
    scale: str | None
    role: RaterRole
    rater: str
    value: float | None
    missing: str | None

    def __repr__(self) -> str:
        return f"SessionMeasure({self.topic}, {self.kind}, {'missing' if self.value is None else 'known'})"


@attrs.frozen(repr=False)
class CollaborationAndOpenness:
    """What is recorded of collaboration and openness, session by session and over the therapy.

    Attributes:
        sessions: A row per session held and declared measure, by topic.
        collaboration: The course of each rating of contract and bond.
        openness: The course of each rating of self-relatedness.
        congruence: How far therapist and client rated the same sessions alike on these scales.
        agreements: How far each side agreed to each plan and goal.
        tasks: What became of the tasks that were proposed.
        adherence: How far the plans in force were followed.
        n_undeclared: Rated scales that declare neither topic.
        missing: What is not recorded, or not declared.
    """

    sessions: tuple[SessionMeasure, ...]
    collaboration: tuple[RatingCourse, ...]
    openness: tuple[RatingCourse, ...]
    congruence: tuple[RatingCongruence, ...]
    agreements: tuple[AgreedSide, ...]
    tasks: TaskAnswers
    adherence: tuple[PlanAdherence, ...]
    n_undeclared: int
    missing: tuple[str, ...]

    def to_frame(self) -> pl.DataFrame:
        """Return the measures session by session, with the columns of `SessionMeasure`."""
        return frame_of(self.sessions, SessionMeasure)

    def __repr__(self) -> str:
        n = len({r.session for r in self.sessions})
        return (
            f"CollaborationAndOpenness({len(self.collaboration)} courses of collaboration, {len(self.openness)} of "
            f"openness over {n} sessions, {len(self.adherence)} plans in force)"
        )


def collaboration_and_openness(
    case: Case, *, catalogue: Catalogue | None = None, at: date | None = None
) -> CollaborationAndOpenness:
    """Bring together what a case says of collaboration and openness, with adherence to the plan beside it.

    A measure belongs to a topic because its instrument or coding system declares so: collaboration is what speaks to
    the contract or the bond, openness what speaks to self-relatedness, facets of the Generic Model (Orlinsky,
    Rønnestad & Willutzki 2004). Numbers stand beside each other; none is made of several, and none is called good.

    >>> from therapeutic_process.exchange import example_cases
    >>> collaboration_and_openness(example_cases()[0])
    CollaborationAndOpenness(0 courses of collaboration, 0 of openness over 0 sessions, 1 plans in force)

    Args:
        case: The case.
        catalogue: Where to look up what a measure declares; by default the built-in catalogue.
        at: The time asked about, for whether a review of a plan is overdue.

    Returns:
        Measures by session, their courses, agreements and adherence, and what is missing.
    """
    known = (catalogue or builtin_catalogue()).with_(*case.instruments, *case.coding_systems)
    ratings = session_ratings(case, catalogue=known)
    topics = {
        (r.instrument, r.scale): topics_of(facets_of(known, r.instrument, r.scale)) for r in ratings.rows
    }
    declared = attrs.evolve(ratings, rows=tuple(r for r in ratings.rows if topics[r.instrument, r.scale]))
    rated = rating_courses(declared).rows
    sessions = [*_rated(case, declared, topics), *_coded(case, known)]
    sessions.sort(key=lambda m: (m.topic, m.kind, m.instrument, m.scale or "", m.rater, m.session))
    courses = {
        topic: tuple(c for c in rated if topic in topics[c.instrument, c.scale])
        for topic in ("collaboration", "openness")
    }
    agreements, adherence = agreed_sides(case), plan_adherence(case, at=at)
    return CollaborationAndOpenness(
        sessions=tuple(sessions),
        collaboration=courses["collaboration"],
        openness=courses["openness"],
        congruence=rating_congruence(declared).rows,
        agreements=agreements,
        tasks=task_answers(case),
        adherence=adherence,
        n_undeclared=sum(not t for t in topics.values()),
        missing=tuple(_missing(sessions, adherence, agreements)),
    )


def _missing(
    sessions: list[SessionMeasure],
    adherence: tuple[PlanAdherence, ...],
    agreements: tuple[AgreedSide, ...],
) -> Iterator[str]:
    known = {m.topic for m in sessions if m.value is not None}
    yield from (f"no_measure_of_{topic}" for topic in ("collaboration", "openness") if topic not in known)
    if not agreements:
        yield "no_plan_or_goal"
    if not adherence:
        yield "no_plan_in_force"


def _rated(
    case: Case, ratings: SessionRatings, topics: dict[tuple[str, str | None], tuple[Topic, ...]]
) -> Iterator[SessionMeasure]:
    for rows in ratings.by_series().values():
        one, own = rows[0], {r.session: r for r in rows}
        for topic in topics[one.instrument, one.scale]:
            for session in case.held_sessions:
                row = own.get(session.number)
                value, why = (None, "not_rated") if row is None else (row.value, row.missing)
                yield SessionMeasure(
                    session.number,
                    topic,
                    "rating",
                    one.instrument,
                    one.scale,
                    one.role,
                    one.rater,
                    value,
                    why,
                )


def _coded(case: Case, catalogue: Catalogue) -> Iterator[SessionMeasure]:
    for one in case.coding_passes:
        system = catalogue.coding_system(one.system)
        codes = {} if system is None else {
            c.id: topics for c in system.codes if (topics := topics_of(facets_of_code(catalogue, one.system, c.id)))
        }  # fmt: skip
        for session in case.held_sessions if codes else ():
            counts, n = _counts(one, session)
            for code, topics in codes.items():
                value, why = (counts[code] / n, None) if n else (None, "not_coded")
                for topic in topics:
                    yield SessionMeasure(
                        session.number, topic, "code", one.system, code, one.coder.kind, one.id, value, why
                    )


def _counts(coding_pass: CodingPass, session: Session) -> tuple[Counter[str], int]:
    """Count the codes of a pass, once per interaction, and the interactions that it looked at."""
    seen = [x for x in session.interactions if covers(coding_pass, session, x)]
    given = ({c.code for c in x.codes if c.coding_pass == coding_pass.id} for x in seen)
    return Counter(code for several in given for code in several), len(seen)
