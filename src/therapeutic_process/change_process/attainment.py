"""Goal attainment scaling on numbers: the T score of several goals, and its change."""

from __future__ import annotations

import math
from collections.abc import Sequence

import attrs

from therapeutic_process.change_process.arguments import (
    known_score,
    need_number,
    need_positive,
    need_share,
)
from therapeutic_process.errors import TherapeuticProcessError

__all__ = ["AttainmentChange", "GoalAttainment", "goal_attainment", "goal_attainment_change"]


@attrs.frozen
class GoalAttainment:
    """The attainment of a set of goals.

    Attributes:
        t: The T score; 50 means that the goals were attained as expected. None: no goal was rated.
        n_rated: Goals that count.
        n_unrated: Goals left out because they were not rated.
        equal_weights: Whether every goal counts the same.
        correlation: The assumed correlation of the goals.
    """

    t: float | None = attrs.field(repr=False)
    n_rated: int
    n_unrated: int
    equal_weights: bool
    correlation: float


def goal_attainment(
    levels: Sequence[float | None], *, weights: Sequence[float] | None = None, correlation: float = 0.3
) -> GoalAttainment:
    """Compute the T score T = 50 + 10·Σwx / √((1−ρ)Σw² + ρ(Σw)²) (Kiresuk & Sherman 1968).

    >>> goal_attainment([-2, 0, -1, 2, 0, 1], weights=[3, 5, 1, 4, 2, 6]).t
    55.0

    Args:
        levels: Attainment of each goal, −2 … +2; None: not rated, left out and counted.
        weights: Importance of each goal; equal unless declared.
        correlation: Assumed correlation of the goals, ρ.

    Raises:
        TherapeuticProcessError: If a level lies outside −2 … +2, a weight is not above 0, the numbers of
            levels and weights differ, or the correlation lies outside 0 to 1.
    """
    levels = [known_score("levels", x) for x in levels]
    given = [1.0] * len(levels) if weights is None else list(weights)
    _refuse(levels, given, correlation)
    rated = [(w, x) for w, x in zip(given, levels, strict=True) if x is not None]
    t = None
    if rated:
        squares, total = sum(w * w for w, _ in rated), sum(w for w, _ in rated)
        t = 50 + 10 * sum(w * x for w, x in rated) / math.sqrt(
            (1 - correlation) * squares + correlation * total**2
        )
    return GoalAttainment(t, len(rated), len(levels) - len(rated), len(set(given)) <= 1, correlation)


def _refuse(levels: Sequence[float | None], weights: Sequence[float], correlation: float) -> None:
    if len(weights) != len(levels):
        raise TherapeuticProcessError(f"weights: needed {len(levels)}, one per goal, found {len(weights)}")
    outside = sum(1 for x in levels if x is not None and abs(x) > 2)
    if outside:
        raise TherapeuticProcessError(f"levels: needed -2 to +2, found {outside} outside")
    for weight in weights:
        need_positive("weights", weight)
    need_share("correlation", correlation)


@attrs.frozen
class AttainmentChange:
    """The change in goal attainment since the beginning, over the goals that were rated then and now.

    Attributes:
        baseline: T at the beginning.
        now: T now.
        change: Their difference, or None if no goal was rated both times.
    """

    baseline: GoalAttainment
    now: GoalAttainment
    change: float | None = attrs.field(repr=False)


def goal_attainment_change(
    levels: Sequence[float | None],
    *,
    baseline: Sequence[float | None] | float = -1,
    weights: Sequence[float] | None = None,
    correlation: float = 0.3,
) -> AttainmentChange:
    """Compute the change in T since the beginning; only goals rated now and then count, in both.

    >>> goal_attainment_change([0, 1], baseline=-1).change > 0
    True

    Args:
        levels: Attainment of each goal now, −2 … +2, or None.
        baseline: Attainment at the beginning, per goal or one for all (−1, or −2 where no worse is possible).
        weights: Importance of each goal; equal unless declared.
        correlation: Assumed correlation of the goals.

    Raises:
        TherapeuticProcessError: As `goal_attainment`.
    """
    if not isinstance(baseline, Sequence):
        baseline = [need_number("baseline", baseline)] * len(levels)
    levels, first = (
        [known_score(n, x) for x in xs] for n, xs in (("levels", levels), ("baseline", baseline))
    )
    if len(first) != len(levels):
        raise TherapeuticProcessError(f"baseline: needed {len(levels)}, one per goal, found {len(first)}")
    both = [a is not None and b is not None for a, b in zip(first, levels, strict=True)]
    then, now = (
        goal_attainment(
            [x if ok else None for x, ok in zip(xs, both, strict=True)],
            weights=weights,
            correlation=correlation,
        )
        for xs in (first, levels)
    )
    change = None if then.t is None or now.t is None else now.t - then.t
    return AttainmentChange(then, now, change)
