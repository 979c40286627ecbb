"""Strategies for goals and treatment plans, with life cycles that are legal."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, TypeVar

from hypothesis import strategies as st

from therapeutic_process.records import (
    AttainmentLevel,
    AttainmentRating,
    Goal,
    GoalRating,
    GoalStep,
    PlanStep,
    Record,
    TaskStep,
)
from therapeutic_process.testing.known import ALONE, Known
from therapeutic_process.testing.shared import agreements, reporters
from therapeutic_process.testing.values import START, built, choice, finite, ids, short_texts

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hypothesis.strategies import DrawFn, SearchStrategy

__all__ = ["attainment_levels", "attainment_ratings", "goal_ratings", "goal_steps", "goals", "histories"]

_HISTORIES: Sequence[Sequence[str]] = (
    ("proposed",),
    ("active",),
    ("proposed", "active"),
    ("proposed", "rejected"),
    ("proposed", "planned", "accepted", "active", "completed"),
    ("proposed", "accepted", "cancelled"),
    ("active", "on_hold", "active", "completed"),
    ("active", "completed", "active"),
    ("planned", "cancelled"),
    ("active", "entered_in_error"),
)
_GOING = ("in_progress", "improving", "worsening", "no_change")
_REACHED = ("achieved", "sustaining")
_MISSED = ("not_achieved", "no_progress", "not_attainable")
# "completed" means no longer sought, which is not the same as achieved
_ACHIEVEMENTS: Mapping[str, tuple[str, ...]] = {
    "accepted": _GOING,
    "active": (*_GOING, *_REACHED),
    "on_hold": (*_GOING, *_REACHED),
    "completed": (*_REACHED, *_MISSED),
    "cancelled": (*_GOING, *_REACHED, *_MISSED),
    "entered_in_error": (*_GOING, *_REACHED, *_MISSED),
}

_Step = TypeVar("_Step", GoalStep, PlanStep, TaskStep)


def goal_steps() -> SearchStrategy[GoalStep]:
    """Steps in the life of a goal."""
    states = sorted({status for history in _HISTORIES for status in history})
    return _steps(GoalStep, states)


def _steps(step: type[_Step], states: Sequence[str]) -> SearchStrategy[_Step]:
    return built(step, {"status": st.sampled_from(states)}, {**ALONE.when(at=START), **ALONE.text("reason")})


@st.composite
def histories(
    draw: DrawFn, step: type[Record], courses: Sequence[Sequence[str]], *, known: Known = ALONE
) -> list[Any]:
    """Status after status, legal and dated in order.

    Args:
        draw: Given by Hypothesis.
        step: The class of the steps.
        courses: The legal courses to choose from, the plainest first.
        known: The case that it belongs to.
    """
    course = draw(st.sampled_from(courses))
    made = []
    for i, status in enumerate(course):
        required: dict[str, SearchStrategy[Any]] = {"status": st.just(status)}
        optional: dict[str, SearchStrategy[Any]] = {
            **known.when(at=START + timedelta(days=2 * i)),
            **known.text("reason"),
        }
        if i and (course[i - 1], status) == ("completed", "active"):
            required["reason"] = short_texts("it came back")
        made.append(draw(built(step, required, optional)))
    return made


def attainment_levels(*, level: int | None = None, known: Known = ALONE) -> SearchStrategy[AttainmentLevel]:
    """Levels of goal attainment scaling, from -2 to +2.

    Args:
        level: The level; None: any.
        known: The case that it belongs to.
    """
    levels = st.integers(-2, 2) if level is None else st.just(level)
    return built(AttainmentLevel, {"level": levels}, known.text("description"))


def attainment_ratings(*, known: Known = ALONE) -> SearchStrategy[AttainmentRating]:
    """Ratings of attainment, some by an independent rater.

    Args:
        known: The case, and with it participants and sessions.
    """
    required: dict[str, SearchStrategy[Any]] = {"level": st.integers(-2, 2), "rater": reporters(known=known)}
    return built(AttainmentRating, required, {"independent": st.booleans(), **_rated(known)})


def goal_ratings(*, known: Known = ALONE) -> SearchStrategy[GoalRating]:
    """Ratings of progress towards a goal, from 0 to 10.

    Args:
        known: The case, and with it participants and sessions.
    """
    required: dict[str, SearchStrategy[Any]] = {"value": finite(0, 10), "rater": reporters(known=known)}
    return built(GoalRating, required, _rated(known))


def _rated(known: Known) -> dict[str, SearchStrategy[Any]]:
    return {
        **known.when(rated_at=START + timedelta(days=1)),
        **known.one_of(session=tuple(s.id for s in known.sessions)),
    }


@st.composite
def goals(
    draw: DrawFn,
    *,
    id: str | None = None,  # noqa: A002
    known: Known = ALONE,
    follows: tuple[str, ...] = (),
) -> Goal:
    """Goals with a legal history, an achievement that goes with it, levels and ratings.

    Args:
        draw: Given by Hypothesis.
        id: The id; None: any.
        known: The case, and with it participants, problems and sessions.
        follows: Ids of the goals after which this one may have come.
    """
    history = draw(histories(GoalStep, _HISTORIES, known=known))
    required: dict[str, SearchStrategy[Any]] = {
        "id": st.just(id) if id else ids("g"),
        "history": st.just(history),
    }
    optional: dict[str, SearchStrategy[Any]] = {
        **known.some_of(participants=known.clients),
        **known.text("statement"),
        **known.one_of(problem=known.problems, follows=follows),
        **known.when(levels_set_at=START),
        "domain": short_texts("work", "sleep"),
        "agreements": st.lists(agreements(known=known), max_size=2),
        "levels": _levels(known),
        "baseline_level": choice(-1, -2),
        "weight": finite(0.25, 20),
        "attainments": st.lists(attainment_ratings(known=known), max_size=2),
        "ratings": st.lists(goal_ratings(known=known), max_size=2),
    }
    achievement = draw(st.sampled_from([None, *_ACHIEVEMENTS.get(history[-1].status, ())]))
    if achievement is not None:
        required["achievement"] = st.just(achievement)
    if achievement in _REACHED:
        optional |= known.when(achieved_at=START + timedelta(days=3))
    return draw(built(Goal, required, optional))


@st.composite
def _levels(draw: DrawFn, known: Known) -> list[AttainmentLevel]:
    several = draw(st.lists(st.integers(-2, 2), max_size=5, unique=True).map(sorted))
    return [draw(attainment_levels(level=level, known=known)) for level in several]
