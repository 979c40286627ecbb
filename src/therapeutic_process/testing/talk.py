"""Strategies for sessions, what is said and done in them, and their segments."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal

from hypothesis import strategies as st

from therapeutic_process.records import Interaction, Segment, Session, Span
from therapeutic_process.testing.coding import codes_of_unit, spans
from therapeutic_process.testing.known import ALONE, Known, some
from therapeutic_process.testing.shared import reporters
from therapeutic_process.testing.values import START, a_few, built, choice, finite, ids, short_texts

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from hypothesis.strategies import DrawFn, SearchStrategy

__all__ = ["coded", "interactions", "segments", "sessions", "stages"]

SegmentKind = Literal["unit", "time_bin", "episode", "significant_event", "stage"]
_STAGES = ("marker", "task", "resolution")


@st.composite
def interactions(
    draw: DrawFn,
    *,
    index: int | None = None,
    speakers: tuple[str, ...] | None = None,
    length_s: float = 3_600.0,
    known: Known = ALONE,
) -> Interaction:
    """Things said or done in a session, with and without speaker, text and offsets; without codes.

    Args:
        draw: Given by Hypothesis.
        index: Its index; None: any.
        speakers: Who may have spoken; None: anybody in the case.
        length_s: How long the session lasted, in seconds.
        known: The case, and with it the participants.
    """
    start, end = (
        sorted(draw(st.tuples(finite(0, length_s), finite(0, length_s))))
        if draw(st.booleans())
        else (None, None)
    )
    required: dict[str, SearchStrategy[Any]] = {
        "index": st.integers(0, 500) if index is None else st.just(index),
        "kind": choice("speech", "silence", "nonverbal", "activity"),
    }
    optional: dict[str, SearchStrategy[Any]] = {
        **known.one_of(speaker=known.people if speakers is None else speakers),
        **known.some_of(addressees=known.people),
        **known.text("text"),
    }
    if start is not None:
        required["start_s"] = st.just(start)
        optional["end_s"] = st.just(end)
    return draw(built(Interaction, required, optional))


@st.composite
def sessions(
    draw: DrawFn,
    *,
    id: str | None = None,  # noqa: A002
    number: int | None = None,
    start: datetime = START,
    max_interactions: int = 4,
    known: Known = ALONE,
) -> Session:
    """Sessions planned, held, cancelled or missed; what was said is there or not; without codes.

    Args:
        draw: Given by Hypothesis.
        id: The id; None: any.
        number: Its number; None: any.
        start: The true instant at which it starts.
        max_interactions: The most interactions in it.
        known: The case, and with it participants and goals.
    """
    status = draw(choice("held", "held", "held", "planned", "cancelled", "no_show"))
    required: dict[str, SearchStrategy[Any]] = {
        "id": st.just(id) if id else ids("s"),
        "number": st.integers(0, 60) if number is None else st.just(number),
        "status": st.just(status),
    }
    optional: dict[str, SearchStrategy[Any]] = {
        **known.when(started_at=start),
        **known.some_of(goals=known.goals),
        **known.text("notes"),
        "modality": choice("in_person", "video", "phone", "chat", "other"),
        "interventions": st.lists(short_texts("exposure", "change talk"), max_size=2),
    }
    if status == "held":
        length = draw(st.sampled_from([None, 3_000.0, 5_400.0, 0.5]))
        there = draw(st.sampled_from([None, known.people]) | some(known.people, least=1))
        speakers = None if there is None else tuple(there)
        if length is not None:
            required["duration_s"] = st.just(length)
        if there is not None:
            required["attended"] = st.just(list(there))
        required["interactions"] = _talk(
            max_interactions, speakers, 3_600.0 if length is None else length, known
        )
    return draw(built(Session, required, optional))


@st.composite
def _talk(
    draw: DrawFn, most: int, speakers: tuple[str, ...] | None, length_s: float, known: Known
) -> list[Interaction]:
    step = draw(choice(1, 3))

    def said(n: int) -> SearchStrategy[Interaction]:
        return interactions(index=step * (n - 1), speakers=speakers, length_s=length_s, known=known)

    return draw(a_few(said, most=most))


@st.composite
def coded(draw: DrawFn, session: Session, *, known: Known) -> Session:
    """Return a session with codes on its interactions, from every pass that covered it.

    Args:
        draw: Given by Hypothesis.
        session: The session, without codes.
        known: The case, and with it passes and systems.
    """
    roles = dict.fromkeys(known.clients, "client") | dict.fromkeys(known.therapists, "therapist")
    length = 3_600.0 if session.duration_s is None else session.duration_s
    several = []
    for one in session.interactions:
        role = None if one.speaker is None else roles.get(one.speaker, "other")
        unit = codes_of_unit(
            level="interaction", role=role, sessions=frozenset({session.id}), known=known, length_s=length
        )
        several.append(draw(built(Interaction, _same(one) | {"codes": unit})))
    return draw(built(Session, _same(session) | {"interactions": st.just(several)}))


def _same(record: Interaction | Session) -> dict[str, SearchStrategy[Any]]:
    return {
        name: st.just(getattr(record, name))
        for name in type(record).model_fields
        if name in record.model_fields_set
    }


@st.composite
def segments(
    draw: DrawFn,
    *,
    id: str | None = None,  # noqa: A002
    kind: SegmentKind | None = None,
    known: Known = ALONE,
    fixed: Mapping[str, Any] = MappingProxyType({}),
) -> Segment:
    """Stretches of talk: units, time bins, episodes over one or several sessions, significant events, stages.

    Args:
        draw: Given by Hypothesis.
        id: The id; None: any.
        kind: The kind; None: any.
        known: The case, and with it sessions, problems, passes and systems.
        fixed: Fields whose values are given.
    """
    what = kind or draw(choice("episode", "unit", "time_bin", "significant_event", "stage"))
    where = fixed.get("spans") or draw(
        st.lists(spans(known=known), min_size=1, max_size=2 if what == "episode" else 1)
    )
    required: dict[str, SearchStrategy[Any]] = {
        "id": st.just(id) if id else ids("e"),
        "kind": st.just(what),
        "spans": st.just(where),
    }
    if what == "stage":
        required |= {"stage": st.sampled_from(_STAGES), "parent": st.just("e0")}
    if known.passes:
        inside = frozenset(span.session for span in where)
        required["codes"] = codes_of_unit(level="segment", role=None, sessions=inside, known=known)
    optional: dict[str, SearchStrategy[Any]] = {
        **known.one_of(problem=known.problems),
        **known.text("description"),
        "theme": short_texts("work", "mother"),
        "valence": choice("helpful", "hindering", "mixed"),
        "reporter": reporters(known=known),
    }
    return draw(built(Segment, required | {name: st.just(value) for name, value in fixed.items()}, optional))


@st.composite
def stages(draw: DrawFn, *, episode: Segment, known: Known) -> list[Segment]:
    """The stages of an episode, in their order: from the marker over the task to the resolution.

    Args:
        draw: Given by Hypothesis.
        episode: The episode, which has a span in each of its sessions.
        known: The case, and with it the sessions.
    """
    session = next(s for s in known.sessions if s.id == episode.spans[0].session)
    named = sorted(draw(some(_STAGES)), key=_STAGES.index)
    indexes = [x.index for x in session.interactions]
    unit: Literal["interaction", "session"] = "interaction" if indexes else "session"
    places = sorted((draw(spans(session=session, unit=unit)) for _ in named), key=_begins)
    return [
        draw(
            segments(
                id=f"{episode.id}.{stage}",
                kind="stage",
                known=known,
                fixed={"spans": [span], "stage": stage, "parent": episode.id},
            )
        )
        for stage, span in zip(named, places, strict=True)
    ]


def _begins(span: Span) -> float:
    return span.start or 0.0
