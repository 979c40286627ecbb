"""Strategies for change, inside and outside sessions, and for how a course of therapy ends."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, Literal

from hypothesis import strategies as st

from therapeutic_process.records import ChangeEvent, Ending, Session
from therapeutic_process.testing.known import ALONE, Known
from therapeutic_process.testing.shared import occurrences, provenances, references, reporters
from therapeutic_process.testing.values import START, built, choice, finite, ids, short_texts, whens

if TYPE_CHECKING:
    from hypothesis.strategies import DrawFn, SearchStrategy

__all__ = ["change_events", "endings"]

_ENDINGS = (
    "completed", "mutual", "client_dropout", "therapist_initiated", "referred_on", "external", "died", "other",
    "unknown",
)  # fmt: skip


@st.composite
def change_events(
    draw: DrawFn,
    *,
    id: str | None = None,  # noqa: A002
    locus: Literal["in_session", "out_of_session"] | None = None,
    known: Known = ALONE,
) -> ChangeEvent:
    """Changes of a client, in or out of session, with what speaks for them; times known or only the order.

    Args:
        draw: Given by Hypothesis.
        id: The id; None: any.
        locus: Where; None: either, as far as a session was held.
        known: The case, and with it clients, sessions, goals and what may be cited.
    """
    where = locus or draw(st.sampled_from(["out_of_session", *(["in_session"] if known.held else [])]))
    required: dict[str, SearchStrategy[Any]] = {
        "id": st.just(id) if id else ids("h"),
        "participant": st.sampled_from(known.clients),
        "locus": st.just(where),
    }
    optional: dict[str, SearchStrategy[Any]] = {
        **known.one_of(goal=known.goals),
        **known.text("description"),
        "reporter": reporters(known=known),
        "domain": short_texts("smoking", "sleep"),
        "direction": choice("improvement", "deterioration", "neither", "unknown"),
        "magnitude": finite(-100, 100),
        "unit": short_texts("cigarettes a day"),
        "provenance": provenances(known=known, moment=START + timedelta(days=200)),
    }
    inside = where == "in_session"
    session = draw(st.sampled_from(known.held)) if inside else draw(st.sampled_from([None, *known.held]))
    if session is not None:
        required["session" if inside else "after_session"] = st.just(session.id)
    optional |= _evidence(known, session if inside else None)
    optional |= _times(draw, known, session, inside=inside)
    return draw(built(ChangeEvent, required, optional))


def _evidence(known: Known, session: Session | None) -> dict[str, SearchStrategy[Any]]:
    citable = tuple(
        r for r in known.references if session is None or r.kind != "interaction" or r.id == session.id
    )
    if not citable:
        return {}
    return {"evidence": st.lists(references(known=_only(known, citable)), max_size=2)}


def _only(known: Known, citable: tuple[Any, ...]) -> Known:
    return Known(references=citable, times=known.times)


def _times(
    draw: DrawFn, known: Known, session: Session | None, *, inside: bool
) -> dict[str, SearchStrategy[Any]]:
    if known.times == "none":
        return {}
    if not inside or session is None:
        occurred = known.after(session, hours=draw(st.integers(24, 40)))
        return {
            "occurred": occurrences(occurred, known=known),
            "reported": occurrences(occurred + timedelta(days=5), known=known),
        }
    share = draw(choice(0.0, 0.5, 1.0))
    length = 600.0 if session.duration_s is None else session.duration_s
    occurred = known.start_of(session.id) + timedelta(seconds=share * length)
    return {
        "occurred": whens(occurred, known=known.times),
        "reported": occurrences(occurred + timedelta(days=draw(st.integers(0, 9))), known=known),
    }


@st.composite
def endings(draw: DrawFn, *, known: Known = ALONE) -> Ending:
    """Endings of a course of therapy, not before its last held session.

    Args:
        draw: Given by Hypothesis.
        known: The case, and with it the sessions.
    """
    last = known.held[-1] if known.held else None
    optional: dict[str, SearchStrategy[Any]] = {
        **known.one_of(last_session=() if last is None else (last.id,)),
        **known.when(ended_at=known.after(last, hours=3)),
        **known.text("reason"),
    }
    return draw(built(Ending, {"kind": st.sampled_from(_ENDINGS)}, optional))
