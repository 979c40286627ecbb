"""The part of a case view that shows problems, plans, goals, and what goes on between sessions."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from therapeutic_process.report.case_goals import adherence_parts, focus_parts, goal_outcome_parts
from therapeutic_process.report.goal_facts import status_since
from therapeutic_process.report.html import Column, Content, Html, table, tag
from therapeutic_process.report.view import View, note
from therapeutic_process.report.words import count, listed, plain, when

if TYPE_CHECKING:
    from therapeutic_process.records import BetweenSessionTask, Goal, Problem, TreatmentPlan

__all__ = ["plans_section"]


def plans_section(view: View) -> Html | None:
    """Return problems, plans, goals, tasks and journal; None where none of them is recorded.

    Args:
        view: The case and how to show it.
    """
    numbers = {g.id: f"goal {i}" for i, g in enumerate(view.case.goals, start=1)}
    parts = [
        _problems(view),
        _goals(view, numbers),
        *goal_outcome_parts(view, numbers),
        *focus_parts(view, numbers),
        _plans(view),
        *adherence_parts(view),
        _tasks(view),
        _journal(view),
    ]
    if not any(parts):
        return None
    text = None if view.include_text else note("Statements, descriptions and journal texts are left out.")
    return view.section("plans", "Goals and what was agreed", parts, text)


def _problems(view: View) -> Html | None:
    columns: list[Column | str] = ["problem", "whose", "code", "status", "since"]
    rows = [_problem(view, i, p) for i, p in enumerate(view.case.problems, start=1)]
    return _maybe(view, "Problems", columns, rows)


def _problem(view: View, number: int, one: Problem) -> list[Content]:
    code = one.coding and f"{one.coding.code}{f' – {one.coding.display}' if one.coding.display else ''}"
    whose = "all together" if one.participant is None else view.names.person(one.participant)
    title = f"problem {number}{' (principal)' if one.principal else ''}"
    return [title, whose, code or "–", plain(one.status or "–"), when(one.since), view.text(one.label)]


def _plans(view: View) -> Html | None:
    columns: list[Column | str] = [
        "plan",
        "status",
        Column("planned sessions", "number"),
        Column("goals", "number"),
        Column("interventions", "number"),
        "agreed by",
    ]
    return _maybe(view, "Treatment plans", columns, [_plan(p) for p in view.case.plans])


def _plan(one: TreatmentPlan) -> list[Content]:
    agreed = listed([a.capacity for a in one.agreements]) or "–"
    planned = "–" if one.planned_sessions is None else str(one.planned_sessions)
    status = f"{plain(one.status)}{', in force' if one.in_force else ''}"
    return [
        f"revision {one.revision}",
        status,
        planned,
        str(len(one.goals)),
        str(len(one.interventions)),
        agreed,
        None,
    ]


def _goals(view: View, numbers: dict[str, str]) -> Html | None:
    columns: list[Column | str] = [
        "goal",
        "whose",
        "status",
        "since",
        "achievement",
        "follows",
    ]
    return _maybe(view, "Goals", columns, [_goal(view, numbers, g) for g in view.case.goals])


def _goal(view: View, numbers: dict[str, str], one: Goal) -> list[Content]:
    whose = listed([view.names.person(p) for p in one.participants]) or "all together"
    domain = tag("div", one.domain, class_="muted") if one.domain else None
    achieved = f" ({when(one.achieved_at)})" if one.achieved_at else ""
    return [
        [numbers[one.id], domain],
        whose,
        plain(one.status),
        when(status_since(one)),
        f"{plain(one.achievement or '–')}{achieved}",
        numbers.get(one.follows or "", "–"),
        view.text(one.statement),
    ]


def _tasks(view: View) -> Html | None:
    columns: list[Column | str] = [
        "task",
        "whose",
        "kind",
        "assigned in",
        "due",
        "status",
        Column("adherence", "number"),
    ]
    rows = [_task(view, i, t) for i, t in enumerate(view.case.tasks, start=1)]
    return _maybe(view, "Tasks between sessions", columns, rows)


def _task(view: View, number: int, one: BetweenSessionTask) -> list[Content]:
    rated = (
        f"{100 * one.adherence[-1].degree:.0f} % by {view.names.reporter(one.adherence[-1].rater)}"
        if one.adherence
        else "not rated"
    )
    return [
        f"task {number}",
        view.names.person(one.participant),
        plain(one.kind),
        view.session(one.assigned_in),
        when(one.due),
        plain(one.status),
        rated,
        view.text(one.description),
    ]


def _journal(view: View) -> Html | None:
    entries = view.case.journal
    if not entries:
        return None
    authors = Counter(view.names.person(e.author) for e in entries)
    by = listed([f"{n} by {who}" for who, n in authors.items()])
    answering = sum(e.task is not None for e in entries)
    told = f"{count(len(entries), 'journal entry')}: {by}; {answering} answer a task."
    return tag("div", view.subheading("Journal"), tag("p", told))


def _maybe(view: View, title: str, columns: list[Column | str], rows: list[list[Content]]) -> Html | None:
    """Return a table, with a last column for texts where texts are shown; None without rows."""
    if not rows:
        return None
    shown = [*columns, Column("in words", "wide")] if view.include_text else columns
    return table(title, shown, (row[: len(shown)] for row in rows))
