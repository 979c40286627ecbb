"""What the record says about goals: attainment, ratings of progress, and since when; facts without any markup."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, TypeVar

import attrs

from therapeutic_process.change_process import (
    AttainmentChange,
    GoalAttainment,
    goal_attainment,
    goal_attainment_change,
)
from therapeutic_process.records import AttainmentRating, Goal, GoalRating, Reporter, last_instant

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from therapeutic_process.records import Case

__all__ = ["Attainment", "Progress", "attainments", "latest", "progress", "sought", "status_since"]

_NEVER_SOUGHT = frozenset({"rejected", "entered_in_error"})
_Rated = TypeVar("_Rated", AttainmentRating, GoalRating)


@attrs.frozen(repr=False)
class Attainment:
    """The attainment of the goals of the same people, as one rater sees it.

    Attributes:
        whose: The participants; empty: all together.
        rater: Who rated.
        independent: Whether the rater is independent of the treatment; None where that is not said of all ratings.
        now: The T score of the latest levels; goals that this rater did not rate are left out and counted.
        since: The change since the beginning, over goals with a recorded level at the start; None without any.
        n_levels_dated: Goals rated whose levels were set at a recorded time, which comes before the rating.
    """

    whose: tuple[str, ...]
    rater: Reporter
    independent: bool | None
    now: GoalAttainment
    since: AttainmentChange | None
    n_levels_dated: int


@attrs.frozen(repr=False)
class Progress:
    """Goal-based outcome: the ratings of one goal by one rater, from 0 to 10.

    Attributes:
        goal: Id of the goal.
        rater: Who rated.
        n: How many ratings.
        first: The first rating.
        last: The last rating, of another time than the first; None where there is one rating only.
        first_at: When the first was given.
        last_at: When the last was given.
    """

    goal: str
    rater: Reporter
    n: int
    first: float
    last: float | None
    first_at: date | None
    last_at: date | None

    @property
    def difference(self) -> float | None:
        """Last minus first rating; None where there is one rating only."""
        return None if self.last is None else self.last - self.first


def sought(case: Case) -> list[Goal]:
    """Return the goals of a case but those that were rejected or entered in error.

    Args:
        case: The case.
    """
    return [g for g in case.goals if g.status not in _NEVER_SOUGHT]


def in_order(ratings: Iterable[_Rated]) -> list[_Rated]:
    """Return ratings by time where all times are known, else in the order of the record."""
    several = list(ratings)
    times = [last_instant(r.rated_at) for r in several if r.rated_at is not None]
    if len(times) < len(several):
        return several
    return [r for _, r in sorted(zip(times, several, strict=True), key=lambda tr: tr[0])]


def latest(ratings: Iterable[_Rated], rater: Reporter) -> _Rated | None:
    """Return the latest rating by somebody; None where there is none.

    Args:
        ratings: Ratings by anybody.
        rater: Who rated.
    """
    several = in_order(r for r in ratings if r.rater == rater)
    return several[-1] if several else None


def attainments(case: Case) -> tuple[Attainment, ...]:
    """Return the attainment of goals, by whose they are and who rated them.

    Args:
        case: The case.
    """
    by_people: dict[tuple[str, ...], list[Goal]] = {}
    for goal in sought(case):
        by_people.setdefault(tuple(goal.participants), []).append(goal)
    return tuple(
        _attainment(whose, goals, rater)
        for whose, goals in by_people.items()
        for rater in dict.fromkeys(a.rater for g in goals for a in g.attainments)
    )


def _attainment(whose: tuple[str, ...], goals: Sequence[Goal], rater: Reporter) -> Attainment:
    ratings = [latest(g.attainments, rater) for g in goals]
    levels = [None if r is None else float(r.level) for r in ratings]
    weights = [g.weight for g in goals]
    starts = [None if g.baseline_level is None else float(g.baseline_level) for g in goals]
    since = goal_attainment_change(levels, baseline=starts, weights=weights)
    independent = {r.independent for r in ratings if r is not None}
    return Attainment(
        whose=whose,
        rater=rater,
        independent=independent.pop() if len(independent) == 1 else None,
        now=goal_attainment(levels, weights=weights),
        since=since if since.now.n_rated else None,
        n_levels_dated=sum(
            r is not None and g.levels_set_at is not None for g, r in zip(goals, ratings, strict=True)
        ),
    )


def progress(case: Case) -> tuple[Progress, ...]:
    """Return the goal-based outcome ratings by goal and rater, in the order of the record.

    Args:
        case: The case.
    """
    return tuple(
        _progress(goal, rater)
        for goal in sought(case)
        for rater in dict.fromkeys(r.rater for r in goal.ratings)
    )


def _progress(goal: Goal, rater: Reporter) -> Progress:
    several = in_order(r for r in goal.ratings if r.rater == rater)
    first, last = several[0], several[-1] if len(several) > 1 else None
    return Progress(
        goal=goal.id,
        rater=rater,
        n=len(several),
        first=first.value,
        last=None if last is None else last.value,
        first_at=first.rated_at,
        last_at=None if last is None else last.rated_at,
    )


def status_since(goal: Goal) -> date | None:
    """Return since when a goal has had its latest status; None where that is not recorded.

    Args:
        goal: The goal.
    """
    return goal.history[-1].at
