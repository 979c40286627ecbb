"""Strategies for codes, the stretches of talk that were coded, and the passes in which that was done."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, Literal

from hypothesis import strategies as st

from therapeutic_process.records import Code, CodingPass, Referent, Session, Span
from therapeutic_process.testing.known import ALONE, Known, some
from therapeutic_process.testing.shared import reporters
from therapeutic_process.testing.values import START, built, choice, finite, ids, short_texts

if TYPE_CHECKING:
    from hypothesis.strategies import DrawFn, SearchStrategy

    from therapeutic_process.instruments import CodeDefinition, CodingLevel, CodingSystem

__all__ = ["codes", "codes_of_unit", "coding_passes", "referents", "spans"]

SpanUnit = Literal["session", "interaction", "second", "character"]


@st.composite
def spans(
    draw: DrawFn, *, session: Session | None = None, unit: SpanUnit | None = None, known: Known = ALONE
) -> Span:
    """Stretches of a session, inside it, in a unit that its record allows.

    Args:
        draw: Given by Hypothesis.
        session: The session; None: one of those known that were held.
        unit: The unit; None: any that the session's record allows.
        known: The case, and with it the sessions.
    """
    where = session or draw(st.sampled_from(known.held))
    indexes = [x.index for x in where.interactions]
    written = [x for x in where.interactions if x.text]
    units = ["session", *(["interaction"] if indexes else []), "second", *(["character"] if written else [])]
    counted_in = unit or draw(st.sampled_from(units))
    fields: dict[str, Any] = {"session": where.id, "unit": counted_in}
    if counted_in == "character":
        one = draw(st.sampled_from(written))
        fields["interaction"] = one.index
        places: SearchStrategy[Any] = st.integers(0, len(one.text or ""))
    else:
        last = 3_600.0 if where.duration_s is None else where.duration_s
        places = st.sampled_from(indexes) if counted_in == "interaction" else finite(0, last)
    if counted_in != "session":
        fields["start"], fields["end"] = sorted(draw(st.tuples(places, places)))
    return Span(**fields)


@st.composite
def coding_passes(
    draw: DrawFn,
    *,
    id: str | None = None,  # noqa: A002
    system: str | None = None,
    known: Known = ALONE,
) -> CodingPass:
    """Passes of a coder, human or software, over all of some sessions or over stretches of them.

    Args:
        draw: Given by Hypothesis.
        id: The id; None: any.
        system: The coding system's id; None: ``annomi``.
        known: The case, and with it the sessions.
    """
    extent = draw(choice("all", "minutes", "sample"))
    required: dict[str, SearchStrategy[Any]] = {
        "id": st.just(id) if id else ids("cp"),
        "system": st.just(system or "annomi"),
        "coder": reporters(known=known),
        "extent": st.just(extent),
    }
    optional: dict[str, SearchStrategy[Any]] = {
        "system_version": short_texts("2.5"),
        "unitiser": short_texts("turns"),
        "blind_to_outcome": st.booleans(),
        "procedure": choice("independent", "consensus"),
        **known.when(coded_at=START + timedelta(days=100)),
    }
    held = tuple(s.id for s in known.held)
    if held:
        covered = (
            some(held, least=1) if extent == "all" else st.lists(spans(known=known), min_size=1, max_size=2)
        )
        required["sessions" if extent == "all" else "spans"] = covered
    return draw(built(CodingPass, required, optional))


def referents(*, known: Known = ALONE) -> SearchStrategy[Referent]:
    """Who does what to whom in what was said.

    Args:
        known: The case, and with it the participants.
    """
    return built(Referent, {}, known.one_of(source=known.people, target=known.people))


@st.composite
def codes(
    draw: DrawFn,
    *,
    coding_pass: str = "cp1",  # noqa: S107
    system: str = "annomi",
    code: str = "question",
    known: Known = ALONE,
    length_s: float = 3_600.0,
) -> Code:
    """One code, with or without onset, strength and referents.

    Args:
        draw: Given by Hypothesis.
        coding_pass: The pass in which it was given.
        system: The pass's coding system.
        code: The code.
        known: The case, and with it the participants.
        length_s: How long the session lasted, in seconds.
    """
    fields = {"coding_pass": st.just(coding_pass), "system": st.just(system), "code": st.just(code)}
    start, end = (
        sorted(draw(st.tuples(finite(0, length_s), finite(0, length_s))))
        if draw(st.booleans())
        else (None, None)
    )
    timed = {} if start is None else {"start_s": st.just(start), "end_s": st.just(end)}
    optional: dict[str, SearchStrategy[Any]] = {
        "strength": finite(0, 5),
        "referents": st.lists(referents(known=known), min_size=1, max_size=2),
    }
    return draw(built(Code, fields | timed, optional))


@st.composite
def codes_of_unit(
    draw: DrawFn,
    *,
    level: CodingLevel,
    role: str | None,
    sessions: frozenset[str],
    known: Known,
    length_s: float = 3_600.0,
) -> list[Code]:
    """The codes of one interaction or segment: of each pass that covered it none, one, or several where that is legal.

    Args:
        draw: Given by Hypothesis.
        level: Which of the two it is.
        role: The speaker's role; None: not known, or a segment.
        sessions: Ids of the sessions that it lies in.
        known: The case, and with it passes and systems.
        length_s: How long the session lasted, in seconds.
    """
    systems = {s.id: s for s in known.systems}
    made = []
    for one in known.passes:
        covered = sessions <= {*one.sessions, *(s.session for s in one.spans)}
        if covered and level in systems[one.system].levels:
            for code in _choice(draw, systems[one.system], role):
                part = codes(coding_pass=one.id, system=one.system, code=code, known=known, length_s=length_s)
                made.append(draw(part))
    return made


def _choice(draw: DrawFn, system: CodingSystem, role: str | None) -> list[str]:
    """Draw codes that one unit may carry at once; none of them says: looked at, and none fits."""
    fitting = [c for c in system.codes if role is None or not c.speakers or role in c.speakers]
    if not fitting:
        return []
    if not system.mutually_exclusive:
        return draw(some(tuple(c.id for c in fitting)))
    by_dimension: dict[str | None, list[CodeDefinition]] = {}
    for one in fitting:
        by_dimension.setdefault(one.dimension, []).append(one)
    drawn = [draw(st.sampled_from([None, *several])) for several in by_dimension.values()]
    return [d.id for d in drawn if d is not None]
