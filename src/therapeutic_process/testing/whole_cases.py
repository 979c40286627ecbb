"""Strategies for whole cases whose parts fit together by construction."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal

import attrs
from hypothesis import strategies as st

from therapeutic_process.records import (
    Case,
    CodingPass,
    Goal,
    Participant,
    Reference,
    ReferenceKind,
    Segment,
    Session,
)
from therapeutic_process.testing.aims import goals
from therapeutic_process.testing.between_sessions import between_session_tasks, journal_entries
from therapeutic_process.testing.changes import change_events, endings
from therapeutic_process.testing.coding import coding_passes, spans
from therapeutic_process.testing.known import Known, some
from therapeutic_process.testing.people import context_events, participants, problems
from therapeutic_process.testing.plans import plan_chains
from therapeutic_process.testing.questionnaires import instruments
from therapeutic_process.testing.scores import measurement_series, ratings, usual_instruments
from therapeutic_process.testing.systems import coding_systems, usual_systems
from therapeutic_process.testing.talk import coded, segments, sessions, stages
from therapeutic_process.testing.values import START, TimesKnown, a_few, built, choice, short_texts

if TYPE_CHECKING:
    from hypothesis.strategies import DrawFn, SearchStrategy

__all__ = ["cases"]

_TIMES: tuple[TimesKnown, ...] = ("none", "any", "days", "instants")
_FORMATS = {1: ("individual",), 2: ("couple", "family", "group")}
_PREFIXES = ("", "", "", "Ω ", "no 7/", "ünï-")


@st.composite
def cases(
    draw: DrawFn,
    *,
    min_clients: int = 1,
    max_clients: int = 3,
    min_sessions: int = 0,
    max_sessions: int = 3,
    max_interactions: int = 4,
    with_text: bool = True,
    times: TimesKnown | None = None,
    software_therapist: bool | None = None,
) -> Case:
    """Whole courses of therapy that keep every rule: individual, couple, family and group.

    A failing example shrinks towards one client ``c1`` and whatever the failure needs. Records print counts only;
    to see what was drawn, ``note(case.model_dump_json(exclude_none=True, indent=1))``.

    Args:
        draw: Given by Hypothesis.
        min_clients: The least number of clients.
        max_clients: The most.
        min_sessions: The least number of sessions, held or not.
        max_sessions: The most.
        max_interactions: The most interactions in one session.
        with_text: Whether there may be free texts.
        times: How times are known; None: in some cases not at all, in some as days, in some as instants.
        software_therapist: Whether the first therapist is software; None: now and then.
    """
    prefix = draw(st.sampled_from(_PREFIXES))
    most = max(min_clients, max_clients)
    fields: dict[str, Any] = {"id": f"{prefix}case1"}
    fields["participants"] = people = draw(_cast(min_clients, most, software_therapist, prefix))
    known = Known(
        clients=_those("client", people),
        therapists=_those("therapist", people),
        others=_those("other", people),
        times=draw(st.sampled_from(_TIMES)) if times is None else times,
        with_text=with_text,
        instruments=usual_instruments(),
        systems=usual_systems(),
    )
    known = _add_catalogue(draw, known, fields)
    known = _add_aims(draw, known, fields, prefix)
    known = _add_sessions(draw, known, fields, prefix, (min_sessions, max_sessions, max_interactions))
    known = _add_segments(draw, known, fields, prefix)
    known = _add_scores(draw, known, fields, prefix)
    _add_changes(draw, known, fields, prefix)
    fields["treatment_format"] = draw(st.sampled_from(_FORMATS.get(len(known.clients), ("family", "group"))))
    optional: dict[str, SearchStrategy[Any]] = {
        "setting": short_texts("outpatient clinic"),
        "ending": endings(known=known),
    }
    optional |= known.when(started_at=START - timedelta(days=1))
    present = {name: st.just(value) for name, value in fields.items() if value}
    return draw(built(Case, present, optional))


@st.composite
def _cast(
    draw: DrawFn,
    fewest: int,
    most: int,
    software: bool | None,  # noqa: FBT001  an inner step
    prefix: str,
) -> list[Participant]:
    clients = a_few(lambda n: participants(id=f"{prefix}c{n}", role="client"), least=fewest, most=most)
    sure = 0 if software is None and draw(st.integers(0, 9)) == 9 else 1
    helper = participants(id=f"{prefix}t1", role="therapist", software=software)
    second = participants(id=f"{prefix}t2", role="therapist")
    therapists = a_few(lambda n: helper if n == 1 else second, least=sure, most=2 * sure)
    others = a_few(lambda n: participants(id=f"{prefix}o{n}", role="other"), most=1)
    return [*draw(clients), *draw(therapists), *draw(others)]


def _those(role: str, people: list[Participant]) -> tuple[str, ...]:
    return tuple(p.id for p in people if p.role == role)


def _cite(kind: ReferenceKind, parts: list[Any]) -> tuple[Reference, ...]:
    return tuple(Reference(kind=kind, id=p.id) for p in parts)


def _add_catalogue(draw: DrawFn, known: Known, fields: dict[str, Any]) -> Known:
    """Add an instrument and a coding system of the case's own."""
    fields["instruments"] = scales = draw(a_few(lambda _: instruments(id="own_scale"), most=_seldom(draw)))
    fields["coding_systems"] = systems = draw(
        a_few(lambda _: coding_systems(id="own_codes"), most=_seldom(draw))
    )
    return attrs.evolve(known, instruments=(*scales, *known.instruments), systems=(*systems, *known.systems))


def _seldom(draw: DrawFn) -> int:
    return 1 if draw(st.integers(0, 2)) == 2 else 0


def _add_aims(draw: DrawFn, known: Known, fields: dict[str, Any], prefix: str) -> Known:
    """Add problems and goals."""
    fields["problems"] = ails = draw(a_few(lambda n: problems(id=f"{prefix}p{n}", known=known), most=2))
    known = attrs.evolve(known, problems=tuple(p.id for p in ails))

    def goal(n: int) -> SearchStrategy[Goal]:
        return goals(id=f"{prefix}g{n}", known=known, follows=(f"{prefix}g{n - 1}",) if n > 1 else ())

    fields["goals"] = aims = draw(a_few(goal, most=2))
    return attrs.evolve(known, goals=tuple(g.id for g in aims), references=_cite("goal", aims))


def _add_sessions(
    draw: DrawFn, known: Known, fields: dict[str, Any], prefix: str, limits: tuple[int, int, int]
) -> Known:
    """Add sessions, coding passes over them, and the codes that those gave."""
    fewest, most, talk = limits
    first, step, days = draw(st.tuples(choice(1, 0), st.integers(1, 2), choice(7, 3, 14)))

    def start(n: int) -> datetime:
        return START + timedelta(days=days * (n - 1))

    def session(n: int) -> SearchStrategy[Session]:
        number = first + step * (n - 1)
        return sessions(id=f"{prefix}s{n}", number=number, start=start(n), max_interactions=talk, known=known)

    made = draw(a_few(session, least=fewest, most=max(fewest, most)))
    starts = tuple(start(n) for n in range(1, 1 + len(made)))
    known = attrs.evolve(known, sessions=tuple(made), starts=starts)
    fields["coding_passes"] = passes = draw(_passes(known, prefix))
    known = attrs.evolve(known, passes=tuple(passes))
    if passes:
        made = [draw(coded(s, known=known)) if s.interactions else s for s in made]
    fields["sessions"] = made
    spoken = ((s.id, x.index) for s in made for x in s.interactions)
    talked = tuple(Reference(kind="interaction", id=s, index=i) for s, i in spoken)
    references = (*_cite("session", made), *talked, *known.references)
    return attrs.evolve(known, sessions=tuple(made), references=references)


def _passes(known: Known, prefix: str) -> SearchStrategy[list[CodingPass]]:
    systems = st.sampled_from([s.id for s in known.systems])
    return a_few(
        lambda n: systems.flatmap(lambda s: coding_passes(id=f"{prefix}cp{n}", system=s, known=known)),
        most=2 if known.held else 0,
    )


@st.composite
def _episode(draw: DrawFn, known: Known, name: str) -> list[Segment]:
    where = [draw(spans(session=s, known=known)) for s in draw(some(known.held, least=1))]
    episode: Segment = draw(segments(id=name, kind="episode", known=known, fixed={"spans": where}))
    return [episode, *draw(stages(episode=episode, known=known))]


def _add_segments(draw: DrawFn, known: Known, fields: dict[str, Any], prefix: str) -> Known:
    """Add an episode with its stages, and another segment."""
    fields["segments"] = made = []
    if known.held:
        kinds: list[Literal["unit", "time_bin", "significant_event"]] = [
            "significant_event",
            "unit",
            "time_bin",
        ]
        kind = draw(st.sampled_from(kinds))
        made += draw(st.just([]) | _episode(known, f"{prefix}e1"))
        made += draw(a_few(lambda _: segments(id=f"{prefix}e2", kind=kind, known=known), most=1))
    return attrs.evolve(known, references=(*known.references, *_cite("segment", made)))


def _add_scores(draw: DrawFn, known: Known, fields: dict[str, Any], prefix: str) -> Known:
    """Add measurements, ratings, plans, tasks and the journal."""
    fields["measurements"] = measured = draw(measurement_series(known=known, prefix=prefix))
    rated = a_few(lambda n: ratings(id=f"{prefix}r{n}", known=known), most=2 if known.references else 0)
    tasks = a_few(lambda n: between_session_tasks(id=f"{prefix}k{n}", known=known), most=1)
    fields["ratings"], fields["plans"] = draw(rated), draw(plan_chains(known=known, prefix=prefix))
    fields["tasks"] = draw(tasks)
    known = attrs.evolve(known, tasks=tuple(t.id for t in fields["tasks"]))
    fields["journal"] = draw(a_few(lambda n: journal_entries(id=f"{prefix}j{n}", known=known), most=2))
    kinds: tuple[tuple[ReferenceKind, list[Any]], ...] = (
        ("measurement", measured),
        ("rating", fields["ratings"]),
        ("task", fields["tasks"]),
        ("journal_entry", fields["journal"]),
    )
    more = [reference for kind, parts in kinds for reference in _cite(kind, parts)]
    return attrs.evolve(known, references=(*known.references, *more))


def _add_changes(draw: DrawFn, known: Known, fields: dict[str, Any], prefix: str) -> None:
    """Add change events and what else happened."""
    context = draw(a_few(lambda n: context_events(id=f"{prefix}x{n}", known=known), most=1))
    known = attrs.evolve(known, references=(*known.references, *_cite("context_event", context)))
    fields["context_events"] = context
    fields["change_events"] = draw(a_few(lambda n: change_events(id=f"{prefix}h{n}", known=known), most=2))
