"""Collaboration and openness as they are recorded, with adherence to the plan beside them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from therapeutic_process.report.html import Column, Content, Html, table
from therapeutic_process.report.rating_parts import number, thirds
from therapeutic_process.report.view import View, notes
from therapeutic_process.report.words import count, percent
from therapeutic_process.session_process import (
    AgreedSide,
    CollaborationAndOpenness,
    PlanAdherence,
    SessionMeasure,
    collaboration_and_openness,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["collaboration_parts"]

_MISSING = {
    "no_measure_of_collaboration": "no rating or code declares the facets contract or bond",
    "no_measure_of_openness": "no rating or code declares the facet self-relatedness",
    "no_plan_or_goal": "no plan and no goal is recorded",
    "no_plan_in_force": "no plan is in force",
}


def collaboration_parts(view: View) -> Iterator[Html | None]:
    """Yield collaboration and openness by measure, agreements by side, and adherence beside them.

    Args:
        view: The case and how to show it.
    """
    found = collaboration_and_openness(view.case, catalogue=view.names.catalogue, at=view.at)
    if len(found.missing) == len(_MISSING) and not found.tasks.n:
        return
    yield view.subheading("Collaboration and openness, with adherence beside them")
    rows = [*_measures(view, found), *_agreements(view, found), *_adherence(found)]
    columns: list[Column | str] = [
        "speaks to",
        Column("measure", "name"),
        "by",
        Column("known", "number"),
        Column("mean or count", "number"),
        Column("thirds", "number"),
    ]
    caption = (
        "What is recorded, each by itself: ratings and codes that are declared to speak to collaboration or openness, "
        "who agreed, and how the plan was followed"
    )
    yield table(caption, columns, rows)
    yield notes(_remarks(found))


def _measures(view: View, found: CollaborationAndOpenness) -> Iterator[list[Content]]:
    for topic, courses in (("collaboration", found.collaboration), ("openness", found.openness)):
        for one in courses:
            yield [
                topic,
                view.names.measure(one.instrument, one.scale),
                view.names.rater(one.role, one.rater),
                f"{one.n} of {one.n_sessions} sessions",
                number(one.mean),
                thirds(one.first_third, one.middle_third, one.last_third),
            ]
    yield from _codes(view, found)


def _codes(view: View, found: CollaborationAndOpenness) -> Iterator[list[Content]]:
    several: dict[tuple[str, str, str, str], list[SessionMeasure]] = {}
    for one in found.sessions:
        if one.kind == "code":
            several.setdefault((one.topic, one.instrument, one.scale or "", one.rater), []).append(one)
    for (topic, system, code, _), rows in several.items():
        shares = [m.value for m in rows if m.value is not None]
        mean = sum(shares) / len(shares) if shares else None
        told = f"{view.names.system(system)}: {view.names.code(system, code)}"
        known = f"{len(shares)} of {len(rows)} sessions"
        yield [topic, told, rows[0].role, known, f"{percent(mean)} of interactions", "–"]


def _agreements(view: View, found: CollaborationAndOpenness) -> Iterator[list[Content]]:
    plans = {p.id: f"plan, revision {p.revision}" for p in view.case.plans}
    goals = {g.id: f"goal {i}" for i, g in enumerate(view.case.goals, start=1)}
    for one in found.agreements:
        name = plans[one.id] if one.what == "plan" else goals[one.id]
        yield ["collaboration", f"agreed to {name}", f"{one.side} side", *_agreed(one)]
    if found.tasks.n:
        told = (
            f"{found.tasks.n_rejected} rejected, {found.tasks.n_cancelled} cancelled, "
            f"{found.tasks.n_unanswered} without an answer"
        )
        yield [
            "collaboration",
            "tasks taken up",
            "client side",
            count(found.tasks.n, "task"),
            str(found.tasks.n_taken_up),
            told,
        ]


def _agreed(one: AgreedSide) -> list[Content]:
    if one.missing == "no_agreement_recorded":
        return [f"0 of {one.n_asked}", "not recorded", "–"]
    extent = "extent not recorded" if one.extent is None else f"extent {percent(one.extent)}"
    return [f"{one.n_agreed} of {one.n_asked}", extent, "–"]


def _adherence(found: CollaborationAndOpenness) -> Iterator[list[Content]]:
    for one in found.adherence:
        name = f"plan, revision {one.revision}"
        planned = (
            "no number planned" if one.planned_sessions is None else f"of {one.planned_sessions} planned"
        )
        tasks = f"of {one.tasks} assigned"
        yield ["adherence", f"sessions held, {name}", "record", planned, str(one.held), "–"]
        yield ["adherence", f"tasks completed, {name}", "record", tasks, str(one.tasks_completed), "–"]
        yield _rated_adherence(one, name)


def _rated_adherence(one: PlanAdherence, name: str) -> list[Content]:
    rated = f"{one.tasks_rated} of {one.tasks} rated"
    return [
        "adherence",
        f"task adherence, {name}",
        "last rating",
        rated,
        percent(one.mean_task_adherence),
        "–",
    ]


def _remarks(found: CollaborationAndOpenness) -> list[str]:
    told = [
        "A measure speaks to a topic because its instrument or coding system declares so (facets of the Generic Model)."
        " No number here is made of several, and none says whether it is good."
    ]
    if found.missing:
        told.append(f"Missing: {'; '.join(_MISSING[reason] for reason in found.missing)}.")
    if found.n_undeclared:
        told.append(f"{count(found.n_undeclared, 'rated scale')} declare neither topic.")
    return told
