"""Where the focus can move when a goal is achieved: which agreed goals remain, described and never advised."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import attrs

from therapeutic_process.records import last_instant

if TYPE_CHECKING:
    from collections.abc import Iterator

    from therapeutic_process.records import Case, Goal

__all__ = ["NextFocus", "next_focus"]

_ENDED = frozenset({"completed", "cancelled", "rejected", "entered_in_error"})
_ACHIEVED = frozenset({"achieved", "sustaining"})
NOTE = "A description of what is recorded and agreed. What to work on next is for client and therapist to decide."


@attrs.frozen(repr=False)
class NextFocus:
    """Which goals are achieved, which agreed ones remain, and which of those follow.

    Attributes:
        achieved: Ids of achieved goals, latest first where times are known.
        achieved_since: When each of them was achieved; None where that is not known.
        follows: Ids of remaining agreed goals that are recorded as following an achieved one.
        remaining: Ids of all remaining agreed goals, in the order of the case.
        not_agreed: Ids of goals that remain but are not agreed by client side and therapist.
        note: What this is not.
    """

    achieved: tuple[str, ...]
    achieved_since: tuple[date | None, ...]
    follows: tuple[str, ...]
    remaining: tuple[str, ...]
    not_agreed: tuple[str, ...]
    note: str = NOTE

    def __repr__(self) -> str:
        return (
            f"NextFocus({len(self.achieved)} goals achieved, {len(self.remaining)} agreed goals remain, "
            f"{len(self.follows)} of them follow an achieved one, {len(self.not_agreed)} not agreed)"
        )


def next_focus(case: Case) -> NextFocus:
    """Say which agreed goals remain and which of them follow a goal that is achieved.

    A goal is agreed when a therapist and each client whose goal it is (or a guardian for them) agreed to it, or when a
    plan in force names it. Completed is not achieved: only a goal recorded as achieved (or sustaining) counts.

    >>> from therapeutic_process.exchange import example_cases
    >>> next_focus(example_cases()[0])
    NextFocus(1 goals achieved, 1 agreed goals remain, 1 of them follow an achieved one, 0 not agreed)

    Args:
        case: The case.

    Returns:
        The goals by their standing; nothing in it is advice.
    """
    achieved = [g for g in case.goals if g.achievement in _ACHIEVED and g.status != "entered_in_error"]
    achieved = _latest_first(achieved)
    done = {g.id for g in achieved}
    agreed = set(_agreed(case))
    open_goals = [g for g in case.goals if g.id not in done and g.status not in _ENDED]
    remaining = [g for g in open_goals if g.id in agreed]
    return NextFocus(
        achieved=tuple(g.id for g in achieved),
        achieved_since=tuple(g.achieved_at for g in achieved),
        follows=tuple(g.id for g in remaining if g.follows in done),
        remaining=tuple(g.id for g in remaining),
        not_agreed=tuple(g.id for g in open_goals if g.id not in agreed),
    )


def _latest_first(goals: list[Goal]) -> list[Goal]:
    dated = [(last_instant(g.achieved_at), g) for g in goals if g.achieved_at is not None]
    dated.sort(key=lambda one: one[0], reverse=True)
    return [*(g for _, g in dated), *(g for g in goals if g.achieved_at is None)]


def _agreed(case: Case) -> Iterator[str]:
    everybody = {c.id for c in case.clients}
    for goal in case.goals:
        whose = set(goal.participants) or everybody
        if any(a.capacity == "therapist" for a in goal.agreements) and whose <= _agreeing(goal, everybody):
            yield goal.id
    for plan in case.plans:
        if plan.in_force:  # a plan is in force only when both sides agreed to it
            yield from plan.goals


def _agreeing(goal: Goal, everybody: set[str]) -> set[str]:
    """Return the clients who agreed to a goal, or for whom somebody did."""
    agreeing: set[str] = set()
    for one in goal.agreements:
        if one.capacity == "guardian":
            agreeing |= everybody if one.on_behalf_of is None else {one.on_behalf_of}
        elif one.capacity == "client" and one.participant is not None:
            agreeing.add(one.participant)
        elif one.capacity == "client" and len(everybody) == 1:
            agreeing |= everybody
    return agreeing
