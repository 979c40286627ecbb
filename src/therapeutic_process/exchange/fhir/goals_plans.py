"""Goals, treatment plans and tasks between sessions as Goal, CarePlan and Task."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING

from therapeutic_process.exchange.fhir.codec import fields_out, our
from therapeutic_process.exchange.fhir.names import ABSENT, HL7, SID, SYSTEM, coded, hyphened
from therapeutic_process.exchange.fhir.values import put_text, quantity, when_out
from therapeutic_process.records import GoalRating

if TYPE_CHECKING:
    from therapeutic_process.exchange.fhir.writing import Json, Writing
    from therapeutic_process.records import (
        AttainmentRating,
        BetweenSessionTask,
        Goal,
        TreatmentPlan,
    )

__all__ = ["PCO_LEVELS", "care_plan", "goal", "goal_observations", "task"]

PCO_LEVELS = "http://hl7.org/fhir/us/pco/StructureDefinition/pco-goal-attainment-scaling"
_GOAL_EXTRA = (
    "history", "achieved_at", "agreements", "levels_set_at", "baseline_level", "weight", "follows",
)  # fmt: skip


def goal(w: Writing, one: Goal) -> Json:
    """Return the Goal: its latest status natively, the way there as an extension."""
    made = w.resource("goal", one.id, one)
    w.subject(made, one.participants)
    w.extend(made, one, "goal", *_GOAL_EXTRA)
    for level in one.levels:
        inner: list[Json] = [
            {
                "url": "level",
                "valueCoding": {"system": f"{SYSTEM}attainment-level", "code": f"{level.level:+d}"},
            }
        ]
        if level.description is not None and w.text:
            text: Json = {"url": "text"}
            put_text(text, "valueString", level.description)
            inner.append(text)
        made.setdefault("extension", []).append({"url": PCO_LEVELS, "extension": inner})
    made["lifecycleStatus"] = hyphened(one.status)
    if one.achievement is not None:
        made["achievementStatus"] = coded(f"{HL7}goal-achievement", hyphened(one.achievement))
    if one.domain is not None:
        made["category"] = [{}]
        put_text(made["category"][0], "text", one.domain)
    made["description"] = _statement(w, one.statement)
    if (at := one.history[-1].at) is not None:
        made["statusDate"] = _day(at)
    if one.problem is not None:
        made["addresses"] = [w.to("problem", one.problem)]
    return made


def _statement(w: Writing, text: str | None) -> Json:
    if text is None or not w.text:
        reason = "unknown" if text is None else "masked"
        return {"extension": [{"url": ABSENT, "valueCode": reason}]}
    made: Json = {}
    put_text(made, "text", text)
    return made


def _day(value: date) -> str:
    return (value.date() if isinstance(value, datetime) else value).isoformat()


def goal_observations(w: Writing, one: Goal) -> list[Json]:
    """Return an Observation for each rating of a goal, and for each level of attainment that was rated."""
    return [
        *(_rated(w, one, i, r, "goal-progress") for i, r in enumerate(one.ratings)),
        *(_rated(w, one, i, r, "goal-attainment") for i, r in enumerate(one.attainments)),
    ]


def _rated(w: Writing, one: Goal, i: int, rating: GoalRating | AttainmentRating, code: str) -> Json:
    reference = w.to("rating", f"{one.id}\0{code}\0{i}")
    made: Json = {"resourceType": "Observation", "id": reference["reference"][9:], "status": "final"}
    made["category"] = [coded(f"{HL7}observation-category", "survey")]
    made["code"] = coded(f"{SYSTEM}record-kind", code)
    w.subject(made, one.participants)
    made["focus"] = [w.to("goal", one.id)]
    w.performer(made, rating.rater)
    w.in_session(made, rating.session)
    if rating.rated_at is not None:
        made["effectiveDateTime"] = when_out(rating.rated_at)
    if isinstance(rating, GoalRating):
        made["valueQuantity"] = quantity(rating.value, "{score}")
    else:
        w.extend(made, rating, "goal_attainment", "independent")
        made["valueInteger"] = rating.level
    return made


def care_plan(w: Writing, one: TreatmentPlan) -> Json:
    """Return the CarePlan of one revision of the plan."""
    made = w.resource("plan", one.id, one)
    made["identifier"].append({"system": f"{SID}plan-revision", "value": str(one.revision)})
    w.subject(made, one.clients)
    w.extend(made, one, "plan", "history", "planned_sessions", "agreements", "review_due")
    made["status"], made["intent"] = hyphened(one.status), "plan"
    if one.replaces is not None:
        made["replaces"] = [w.to("plan", one.replaces)]
    if one.history[0].at is not None:
        made["created"] = when_out(one.history[0].at)
    agreed = dict.fromkeys(a.participant for a in one.agreements if a.participant is not None)
    if agreed:
        made["contributor"] = [w.to("participant", p) for p in agreed]
    if one.problems:
        made["addresses"] = [w.to("problem", p) for p in one.problems]
    if one.goals:
        made["goal"] = [w.to("goal", g) for g in one.goals]
    if one.interventions:
        made["activity"] = [_activity(w, one, i) for i in range(len(one.interventions))]
    return made


def _activity(w: Writing, plan: TreatmentPlan, i: int) -> Json:
    one = plan.interventions[i]
    detail: Json = {"code": {}, "status": "unknown"}
    put_text(detail["code"], "text", one.name)
    if one.planned_sessions is not None:
        detail["extension"] = fields_out(one, ("planned_sessions",), w, prefix=our("intervention"))
    if one.goal is not None:
        detail["goal"] = [w.to("goal", one.goal)]
    return {"detail": detail}


def task(w: Writing, one: BetweenSessionTask) -> Json:
    """Return the Task of something a client agreed to do between sessions."""
    made = w.resource("task", one.id, one)
    w.extend(made, one, "task", "history")
    w.in_session(made, one.assigned_in)
    made["status"], made["intent"] = hyphened(one.status), "order"
    made["code"] = coded(f"{SYSTEM}task-kind", hyphened(one.kind))
    if one.description is not None and w.text:
        put_text(made, "description", one.description)
    if one.goal is not None:
        made["focus"] = w.to("goal", one.goal)
    made["for"] = made["owner"] = w.to("participant", one.participant)
    if one.history[0].at is not None:
        made["authoredOn"] = when_out(one.history[0].at)
    if one.due is not None:
        made["restriction"] = {"period": {"end": when_out(one.due)}}
    if one.adherence:
        made["output"] = [
            {
                "extension": fields_out(a, ("rater", "rated_at", "session"), w, prefix=our("adherence")),
                "type": coded(f"{SYSTEM}task-output", "adherence"),
                "valueDecimal": a.degree,
            }
            for a in one.adherence
        ]
    return made
