"""The part of a case view that shows goals: attainment, ratings of progress, the focus, and how plans were followed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from therapeutic_process.change_process import next_focus
from therapeutic_process.report.goal_facts import (
    Attainment,
    Progress,
    attainments,
    latest,
    progress,
    sought,
    status_since,
)
from therapeutic_process.report.html import Column, Content, Html, table, tag
from therapeutic_process.report.view import View, note, notes
from therapeutic_process.report.words import count, listed, percent, plain, when
from therapeutic_process.session_process import PlanAdherence, plan_adherence

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

    from therapeutic_process.records import Goal, Reporter

__all__ = ["adherence_parts", "focus_parts", "goal_outcome_parts"]

_T = (
    "T is 50 where goals were attained as expected (level 0); goals count by their weights, with an assumed "
    "correlation of 0.3 (Kiresuk & Sherman 1968). Goals that a rater did not rate are left out and counted."
)
_INDEPENDENT = {
    True: "independent of the treatment",
    False: "not independent of the treatment",
    None: "independence not recorded",
}


def goal_outcome_parts(view: View, numbers: dict[str, str]) -> Iterator[Html | None]:
    """Yield attainment levels, T scores and goal-based outcome ratings, by rater.

    Args:
        view: The case and how to show it.
        numbers: What each goal is called.
    """
    goals = sought(view.case)
    if not goals:
        return
    yield view.subheading("Goal attainment and goal-based outcome")
    found = attainments(view.case)
    if found:
        yield _levels(view, numbers)
        yield _scores(view, found)
        yield notes([_T])
    else:
        yield note(f"Goal attainment: cannot say: of {count(len(goals), 'goal')} none has a rated level.")
    rated = progress(view.case)
    if rated:
        yield _progress_table(view, numbers, rated)
    else:
        yield note(
            f"Goal-based outcome: cannot say: of {count(len(goals), 'goal')} none has a rating from 0 to 10."
        )


def _levels(view: View, numbers: dict[str, str]) -> Html:
    columns: list[Column | str] = [
        "goal",
        "rated by",
        Column("level", "number"),
        "rated",
        Column("level at the start", "number"),
        Column("weight", "number"),
        "levels set",
    ]
    rows = [
        [numbers[g.id], view.names.reporter(rater), *_level_cells(g, rater)]
        for g in sought(view.case)
        for rater in dict.fromkeys(a.rater for a in g.attainments)
    ]
    return table("Latest level of attainment, from −2 to +2, by goal and rater", columns, rows)


def _level_cells(goal: Goal, rater: Reporter) -> list[Content]:
    one = latest(goal.attainments, rater)
    assert one is not None
    start = "not recorded" if goal.baseline_level is None else _signed(goal.baseline_level)
    return [_signed(one.level), when(one.rated_at), start, f"{goal.weight:g}", when(goal.levels_set_at)]


def _scores(view: View, found: tuple[Attainment, ...]) -> Html:
    columns: list[Column | str] = [
        "whose goals",
        "rated by",
        Column("goals rated", "number"),
        Column("not rated", "number"),
        Column("T now", "number"),
        Column("T at the start", "number"),
        Column("change in T", "number"),
        Column("remarks", "wide"),
    ]
    return table("Goal attainment T score", columns, [_score_row(view, one) for one in found])


def _score_row(view: View, one: Attainment) -> list[Content]:
    since = one.since
    return [
        listed([view.names.person(p) for p in one.whose]) or "all together",
        [view.names.reporter(one.rater), tag("div", _INDEPENDENT[one.independent], class_="muted")],
        str(one.now.n_rated),
        str(one.now.n_unrated),
        _points(one.now.t),
        _points(since.baseline.t if since else None),
        _points(since.change if since else None, signed=True),
        [tag("div", line) for line in _remarks(one)],
    ]


def _remarks(one: Attainment) -> Iterator[str]:
    yield "Equal weights." if one.now.equal_weights else "Weights as declared."
    if one.since is None:
        yield "Change: cannot say: no level at the start is recorded."
    elif one.since.now.n_rated < one.now.n_rated:
        yield f"Start and change: over {count(one.since.now.n_rated, 'goal')} with a level at the start."
    if one.n_levels_dated < one.now.n_rated:
        left = one.now.n_rated - one.n_levels_dated
        yield f"When levels were set is not known for {count(left, 'goal')}."


def _points(value: float | None, *, signed: bool = False) -> str:
    if value is None:
        return "cannot say"
    return (f"{value:+.1f}" if signed and value else f"{value:.1f}").replace("-", "−")


def _progress_table(view: View, numbers: dict[str, str], rated: tuple[Progress, ...]) -> Html:
    columns: list[Column | str] = [
        "goal",
        "rated by",
        Column("ratings", "number"),
        Column("first", "number"),
        Column("last", "number"),
        Column("difference", "number"),
        "from, to",
    ]
    caption = "Goal-based outcome: progress from 0 (not at all) to 10 (reached), by goal and rater"
    return table(caption, columns, [_progress_row(view, numbers, one) for one in rated])


def _progress_row(view: View, numbers: dict[str, str], one: Progress) -> list[Content]:
    difference = "–" if one.difference is None else _signed(one.difference)
    known = one.first_at is not None or one.last_at is not None
    return [
        numbers[one.goal],
        view.names.reporter(one.rater),
        str(one.n),
        f"{one.first:g}",
        "–" if one.last is None else f"{one.last:g}",
        difference,
        f"{when(one.first_at)}, {when(one.last_at)}" if known else "–",
    ]


def _signed(value: float) -> str:
    return f"{value:+g}".replace("-", "−") if value else "0"


def focus_parts(view: View, numbers: dict[str, str]) -> Iterator[Html | None]:
    """Yield which goals are achieved and since when, and which agreed ones remain; nothing of it is advice.

    Args:
        view: The case and how to show it.
        numbers: What each goal is called.
    """
    if not sought(view.case):
        return
    found = next_focus(view.case)
    goals = {g.id: g for g in view.case.goals}
    since = zip(found.achieved, found.achieved_since, strict=True)
    achieved = [f"{numbers[g]} ({_since(at)})" for g, at in since]
    remaining = [_remaining(goals[g], numbers, follows=g in found.follows) for g in found.remaining]
    yield view.subheading("Where the focus can move")
    yield notes([
        f"Achieved: {listed(achieved) or 'none'}.",
        f"Agreed and remaining: {'; '.join(remaining) or 'none'}.",
        f"Not agreed by client side and therapist: {listed([numbers[g] for g in found.not_agreed]) or 'none'}.",
        found.note,
    ])  # fmt: skip


def _since(at: date | None) -> str:
    return "since when is not recorded" if at is None else f"since {when(at)}"


def _remaining(goal: Goal, numbers: dict[str, str], *, follows: bool) -> str:
    told = f"{numbers[goal.id]} ({plain(goal.status)} {_since(status_since(goal))}"
    return f"{told}; recorded as following {numbers[goal.follows or '']})" if follows else f"{told})"


def adherence_parts(view: View) -> Iterator[Html | None]:
    """Yield how far the plans in force were followed: a description and no judgement.

    Args:
        view: The case and how to show it.
    """
    found = plan_adherence(view.case, at=view.at)
    if not found:
        return
    columns: list[Column | str] = [
        "plan",
        Column("sessions held", "number"),
        Column("planned", "number"),
        Column("cancelled or missed", "number"),
        "interventions delivered",
        "tasks completed",
        "review due",
    ]
    yield table("How the plans in force were followed", columns, [_plan_row(p) for p in found])
    yield notes(_plan_remarks(found))


def _plan_row(one: PlanAdherence) -> list[Content]:
    planned = "not stated" if one.planned_sessions is None else str(one.planned_sessions)
    share = None if one.share_held is None else tag("div", percent(one.share_held), class_="muted")
    return [
        f"revision {one.revision}",
        [str(one.held), share],
        planned,
        str(one.cancelled + one.missed),
        [tag("div", line) for line in _delivered(one)] or "none planned",
        [tag("div", line) for line in _tasks(one)],
        [
            tag("span", when(one.review_due), style="white-space:nowrap"),
            tag("div", "that day has passed", class_="muted") if one.review_overdue else None,
        ],
    ]


def _delivered(one: PlanAdherence) -> Iterator[str]:
    for intervention in one.interventions:
        foreseen = (
            "" if intervention.planned_sessions is None else f" of {intervention.planned_sessions} planned"
        )
        extra = "" if intervention.planned else " (not in the plan)"
        n = intervention.delivered_sessions
        yield f"{intervention.name}: in {count(n, 'session')}{foreseen}{extra}"


def _tasks(one: PlanAdherence) -> Iterator[str]:
    yield f"{one.tasks_completed} of {one.tasks}"
    if one.mean_task_adherence is not None:
        yield f"mean adherence {percent(one.mean_task_adherence)} ({one.tasks_rated} rated)"


def _plan_remarks(found: tuple[PlanAdherence, ...]) -> list[str]:
    told = ["A plan may rightly be left: this describes what was planned and what was recorded."]
    unnamed = sum(p.sessions_without_interventions for p in found)
    if unnamed:
        told.append(
            f"Held sessions that name no intervention: {unnamed}. What was done in them is not known."
        )
    if not all(p.since_known for p in found):
        told.append("When a plan came into force is not recorded: all held sessions are counted.")
    return told
