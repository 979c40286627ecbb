"""Strategies for what goes on between sessions: tasks and journals."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from therapeutic_process.records import (
    AdherenceRating,
    BetweenSessionTask,
    JournalEntry,
    JournalRating,
    TaskStep,
)
from therapeutic_process.testing.aims import histories
from therapeutic_process.testing.known import ALONE, Known
from therapeutic_process.testing.shared import reporters
from therapeutic_process.testing.values import START, built, choice, finite, ids, public_ids

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hypothesis.strategies import DrawFn, SearchStrategy

__all__ = [
    "adherence_ratings",
    "between_session_tasks",
    "journal_entries",
    "journal_ratings",
    "missing_reasons",
    "task_steps",
]

_HISTORIES: Sequence[Sequence[str]] = (
    ("requested",),
    ("requested", "completed"),
    ("requested", "accepted", "in_progress", "on_hold", "in_progress", "completed"),
    ("requested", "rejected"),
    ("accepted", "cancelled"),
    ("requested", "in_progress", "failed"),
    ("requested", "entered_in_error"),
)
_KINDS = (
    "journal", "practice", "exposure", "thought_record", "monitoring", "activity", "reading", "relaxation", "other",
)  # fmt: skip


def missing_reasons() -> SearchStrategy[str]:
    """Reasons why a value is missing."""
    return choice("not_asked", "declined", "not_answered", "not_scorable", "technical", "unknown")


def task_steps() -> SearchStrategy[TaskStep]:
    """Steps in the life of a task."""
    states = sorted({status for history in _HISTORIES for status in history})
    return built(
        TaskStep, {"status": st.sampled_from(states)}, {**ALONE.when(at=START), **ALONE.text("reason")}
    )


@st.composite
def adherence_ratings(draw: DrawFn, *, known: Known = ALONE) -> AdherenceRating:
    """Ratings of how far a task was done, each with a time or a session.

    There has to be one of the two: known without both, a time is given nevertheless.

    Args:
        draw: Given by Hypothesis.
        known: The case, and with it participants and sessions.
    """
    session = known.one_of(session=tuple(s.id for s in known.sessions))
    time = known.when(rated_at=START + timedelta(days=4))
    if not session and not time:
        time = ALONE.when(rated_at=START)
    placed = draw(st.sampled_from([x for x in (session, time, session | time) if x]))
    required = {"degree": finite(0, 1), "rater": reporters(known=known)}
    return draw(built(AdherenceRating, required | placed))


def between_session_tasks(
    *,
    id: str | None = None,  # noqa: A002
    known: Known = ALONE,
) -> SearchStrategy[BetweenSessionTask]:
    """Tasks that a client agreed to do, with a legal history.

    Args:
        id: The id; None: any.
        known: The case, and with it clients, sessions and goals.
    """
    required: dict[str, SearchStrategy[Any]] = {
        "id": st.just(id) if id else ids("k"),
        "participant": st.sampled_from(known.clients),
        "kind": st.sampled_from(_KINDS),
        "history": histories(TaskStep, _HISTORIES, known=known),
    }
    optional: dict[str, SearchStrategy[Any]] = {
        **known.one_of(assigned_in=tuple(s.id for s in known.held), goal=known.goals),
        **known.text("description"),
        **known.when(due=START + timedelta(days=9)),
    }
    if known.times != "none" or known.sessions:
        optional["adherence"] = st.lists(adherence_ratings(known=known), max_size=2)
    return built(BetweenSessionTask, required, optional)


def journal_ratings() -> SearchStrategy[JournalRating]:
    """Values given in a journal, or the reason why there is none."""
    scale: dict[str, SearchStrategy[Any]] = {"scale": public_ids("mood")}
    given = built(JournalRating, scale | {"value": finite(-1_000, 1_000)})
    return given | built(JournalRating, scale | {"missing": missing_reasons()})


@st.composite
def journal_entries(draw: DrawFn, *, id: str | None = None, known: Known = ALONE) -> JournalEntry:  # noqa: A002
    """Journal entries, written outside sessions.

    Args:
        draw: Given by Hypothesis.
        id: The id; None: any.
        known: The case, and with it participants, sessions and tasks.
    """
    after = draw(st.sampled_from([None, *known.held]))
    required: dict[str, SearchStrategy[Any]] = {
        "id": st.just(id) if id else ids("j"),
        "author": st.sampled_from(known.clients),
    }
    if after is not None:
        required["after_session"] = st.just(after.id)
    written = known.after(after, hours=draw(st.integers(24, 40)) if after else -48)
    optional = {
        **known.when(written_at=written),
        **known.text("text"),
        **known.one_of(task=known.tasks),
        "ratings": st.lists(journal_ratings(), max_size=2),
    }
    return draw(built(JournalEntry, required, optional))
