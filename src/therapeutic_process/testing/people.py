"""Strategies for who takes part, what they come with, and what else goes on in their lives."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from hypothesis import strategies as st

from therapeutic_process.records import Coding, ContextEvent, Participant, Problem
from therapeutic_process.testing.known import ALONE, Known
from therapeutic_process.testing.shared import occurrences
from therapeutic_process.testing.values import START, built, choice, ids, short_texts

if TYPE_CHECKING:
    from hypothesis.strategies import DrawFn, SearchStrategy

__all__ = ["codings", "context_events", "participants", "problems"]

Role = Literal["client", "therapist", "other"]
_ROLES: tuple[Role, ...] = ("client", "therapist", "other")


@st.composite
def participants(
    draw: DrawFn,
    *,
    id: str | None = None,  # noqa: A002
    role: Role | None = None,
    software: bool | None = None,
) -> Participant:
    """Clients, therapists and others; a therapist may be software.

    Args:
        draw: Given by Hypothesis.
        id: The id; None: any.
        role: The role; None: any.
        software: Whether a therapist is software; None: now and then.
    """
    part: Role = draw(st.sampled_from(_ROLES)) if role is None else role
    optional: dict[str, SearchStrategy[Any]] = {
        "site": short_texts("north clinic", "Zürich"),
        "arm": short_texts("MI", "TAU"),
        "group": short_texts("A", "B"),
        "gender": choice("female", "male", "other", "unknown"),
        "birth_year": st.integers(1930, 2015),
    }
    required: dict[str, SearchStrategy[Any]] = {
        "id": st.just(id) if id else ids(part[0]),
        "role": st.just(part),
    }
    if part == "therapist":
        optional["discipline"] = short_texts("counseling psychology", "social work")
        optional["orientation"] = short_texts("CBT", "psychodynamic")
    if part != "client" and software is not False:
        machine = {"nature": st.just("software")}
        required, optional = (required | machine, optional) if software else (required, optional | machine)
    return draw(built(Participant, required, optional))


def codings() -> SearchStrategy[Coding]:
    """Codes of a public terminology."""
    required = {"system": short_texts("ICD-11"), "code": choice("6A70", "6B00", "6C4A")}
    return built(Coding, required, {"display": short_texts("depressive episode")})


@st.composite
def problems(draw: DrawFn, *, id: str | None = None, known: Known = ALONE) -> Problem:  # noqa: A002
    """Problems that clients come with, in words, as a code, or both.

    Args:
        draw: Given by Hypothesis.
        id: The id; None: any.
        known: The case, and with it the clients.
    """
    required: dict[str, SearchStrategy[Any]] = {"id": st.just(id) if id else ids("p")}
    label: dict[str, SearchStrategy[Any]] = {**known.text("label")}
    coding: dict[str, SearchStrategy[Any]] = {"coding": codings()}
    named = draw(st.sampled_from([label, coding, label | coding])) if label else coding
    optional: dict[str, SearchStrategy[Any]] = {
        **known.one_of(participant=known.clients),
        "status": choice("active", "recurrence", "relapse", "inactive", "remission", "resolved"),
        "principal": st.just(True),  # noqa: FBT003  a strategy takes its value by position
    }
    if known.times != "none":
        optional["since"] = occurrences(known=known)
    return draw(built(Problem, required | named, optional))


@st.composite
def context_events(draw: DrawFn, *, id: str | None = None, known: Known = ALONE) -> ContextEvent:  # noqa: A002
    """Life events, medication and other treatment.

    Args:
        draw: Given by Hypothesis.
        id: The id; None: any.
        known: The case, and with it clients and sessions.
    """
    required: dict[str, SearchStrategy[Any]] = {
        "id": st.just(id) if id else ids("x"),
        "participant": st.sampled_from(known.clients),
        "kind": choice("life_event", "medication", "concurrent_treatment", "other"),
    }
    after = draw(st.sampled_from([None, *known.sessions]))
    if after is not None:
        required["after_session"] = st.just(after.id)
    optional: dict[str, SearchStrategy[Any]] = {**known.text("description"), **known.when(recorded_at=START)}
    if known.times != "none":
        optional["occurred"] = occurrences(known.after(after), known=known)
    return draw(built(ContextEvent, required, optional))
