"""Goals, plans and tasks from Goal, CarePlan and Task."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

from therapeutic_process.exchange.fhir.codec import fields_in, in_vocabulary, our
from therapeutic_process.exchange.fhir.goals_plans import PCO_LEVELS
from therapeutic_process.exchange.fhir.names import HL7, LOINC, SID, SYSTEM, code_in
from therapeutic_process.exchange.fhir.read_people import WITHHELD
from therapeutic_process.exchange.fhir.values import number_in, text_in, when_in
from therapeutic_process.records import (
    AdherenceRating,
    AttainmentRating,
    BetweenSessionTask,
    Goal,
    GoalStep,
    PlannedIntervention,
    PlanStep,
    TaskStep,
    TreatmentPlan,
)

if TYPE_CHECKING:
    from therapeutic_process.exchange.fhir.reading import Course, Entry

__all__ = ["care_plan", "goal", "goal_rating", "level_in", "task"]

# LL6900-6, as the HL7 guide for person-centred outcomes uses it; read, never written.
_PCO_CODES = {"LA34479-8": 2, "LA34480-6": 1, "LA34481-4": 0, "LA34483-0": -1, "LA34484-8": -2}


def goal(course: Course, entry: Entry) -> str | None:
    """Read a Goal; without our history it has the one step that is known."""
    resource = entry.resource
    made: dict[str, Any] = {**course.told(Goal, resource, "goal"), "id": entry.id}
    status = in_vocabulary(GoalStep, "status", resource.get("lifecycleStatus"))
    if not _history(course, made, status, resource.get("statusDate")):
        return "its status is none of R4"
    made["participants"] = course.owners(resource)
    if (statement := text_in(resource.get("description", {}), "text")) is not None:
        made["statement"] = statement
    achieved = code_in(resource.get("achievementStatus"), f"{HL7}goal-achievement")
    if (known := in_vocabulary(Goal, "achievement", achieved)) is not None:
        made["achievement"] = known
    for category in resource.get("category", ())[:1]:
        if domain := text_in(category, "text"):
            made["domain"] = domain
    if (problem := next(iter(course.ids_of("problem", resource.get("addresses", ()))), None)) is not None:
        made["problem"] = problem
    if levels := _levels(resource):
        made["levels"] = levels
    course.add("goals", made)
    return None


def _history(course: Course, made: dict[str, Any], status: str | None, at: str | None) -> bool:
    """Complete a history: one step where none came along, a placeholder for a reason that was held back."""
    steps: list[dict[str, Any]] = made.get("history", [])
    if not steps or status is None:
        made["history"] = [{"status": status, "at": when_in(at)}]
        return status is not None
    if steps[-1].get("status") != status:
        steps.append({"status": status})
    for before, after in itertools.pairwise(steps):
        if (
            before.get("status") == "completed"
            and after.get("status") == "active"
            and not after.get("reason")
        ):
            after["reason"] = WITHHELD
            why = "the bundle holds it back; a placeholder stands for it"
            course.sources.note("guessed", "reason of reopening", why)
    return True


def level_in(coding: Any) -> int | None:
    """Return the level of goal attainment that a coding names, ours or that of the HL7 guide."""
    if coding.get("system") == f"{SYSTEM}attainment-level":
        return {f"{n:+d}": n for n in range(-2, 3)}.get(coding.get("code", ""))
    return _PCO_CODES.get(coding.get("code", "")) if coding.get("system") == LOINC else None


def _levels(resource: Any) -> list[dict[str, Any]]:
    made = []
    for one in resource.get("extension", ()):
        if one["url"] != PCO_LEVELS:
            continue
        parts = {p["url"]: p for p in one.get("extension", ())}
        level = level_in(parts.get("level", {}).get("valueCoding", {}))
        if level is not None:
            made.append({"level": level, "description": text_in(parts.get("text", {}), "valueString")})
    return made


def goal_rating(course: Course, entry: Entry, kind: str) -> str | None:
    """Read a rating of a goal and add it to the goal; the goals were read before."""
    resource = entry.resource
    target = next(iter(course.ids_of("goal", resource.get("focus", ()))), None)
    holder = next((g for g in course.parts.get("goals", ()) if g["id"] == target), None)
    if holder is None:
        return "a rating of a goal that is not in this bundle"
    made: dict[str, Any] = {"rater": course.reporter(resource) or {"kind": "other"}}
    if (at := course.when(resource.get("effectiveDateTime"), "Observation.effectiveDateTime")) is not None:
        made["rated_at"] = at
    if (session := course.session_of(resource)) is not None:
        made["session"] = session
    if kind == "goal-progress":
        made["value"] = number_in(resource)
        holder.setdefault("ratings", []).append(made)
        return None
    codings = resource.get("valueCodeableConcept", {}).get("coding", ())
    levels = [resource["valueInteger"]] if "valueInteger" in resource else map(level_in, codings)
    made["level"] = next((x for x in levels if x is not None), None)
    made |= course.told(AttainmentRating, resource, "goal_attainment")
    holder.setdefault("attainments", []).append(made)
    return None


def care_plan(course: Course, entry: Entry) -> str | None:
    """Read a CarePlan; one in force needs the agreements that only ours carry."""
    resource = entry.resource
    if resource.get("intent") not in {"plan", None}:
        return "it is no plan but a proposal, an order or an option"
    made: dict[str, Any] = {**course.told(TreatmentPlan, resource, "plan"), "id": entry.id}
    status = in_vocabulary(PlanStep, "status", resource.get("status"))
    if not _history(course, made, status, resource.get("created")):
        return "its status is none that a plan has"
    made["clients"] = course.owners(resource)
    before = next(iter(course.ids_of("plan", resource.get("replaces", ()))), None)
    if before is not None:
        made["replaces"] = before
    made["revision"] = _revision(resource, default=1 if before is None else 2)
    made["problems"] = course.ids_of("problem", resource.get("addresses", ()))
    made["goals"] = course.ids_of("goal", resource.get("goal", ()))
    activities = (_intervention(course, a.get("detail")) for a in resource.get("activity", ()))
    made["interventions"] = [a for a in activities if a is not None]
    course.add("plans", made)
    return None


def _revision(resource: Any, *, default: int) -> int:
    for one in resource.get("identifier", ()):
        text = one.get("value", "")
        if (
            one.get("system") == f"{SID}plan-revision"
            and text.isascii()
            and text.isdigit()
            and len(text) < 4000
        ):
            return int(text)
    return default


def _intervention(course: Course, detail: Any) -> dict[str, Any] | None:
    name = text_in((detail or {}).get("code", {}), "text")
    if not name:
        return None
    made = {"name": name, **course.told(PlannedIntervention, detail, "intervention")}
    if (aim := next(iter(course.ids_of("goal", detail.get("goal", ()))), None)) is not None:
        made["goal"] = aim
    return made


def task(course: Course, entry: Entry) -> str | None:
    """Read a Task for a client."""
    resource = entry.resource
    made: dict[str, Any] = {**course.told(BetweenSessionTask, resource, "task"), "id": entry.id}
    status = in_vocabulary(TaskStep, "status", resource.get("status"))
    if not _history(course, made, status, resource.get("authoredOn")):
        return "its status is none that a task between sessions has"
    who = course.person(resource.get("for"))
    if who is None:
        return "it does not say for whom"
    made["participant"] = who
    kind = in_vocabulary(BetweenSessionTask, "kind", code_in(resource.get("code"), f"{SYSTEM}task-kind"))
    made["kind"] = kind or "other"
    if (description := text_in(resource, "description")) is not None:
        made["description"] = description
    if (session := course.session_of(resource)) is not None:
        made["assigned_in"] = session
    if "focus" in resource and (aim := course.id_of("goal", resource["focus"])) is not None:
        made["goal"] = aim
    due = resource.get("restriction", {}).get("period", {}).get("end")
    if (at := course.when(due, "Task.restriction.period.end")) is not None:
        made["due"] = at
    made["adherence"] = [_adherence(course, o) for o in resource.get("output", ()) if _is_adherence(o)]
    course.add("tasks", made)
    return None


def _is_adherence(output: Any) -> bool:
    return code_in(output.get("type"), f"{SYSTEM}task-output") == "adherence"


def _adherence(course: Course, output: Any) -> dict[str, Any]:
    given = output.get("extension", ())
    made = fields_in(AdherenceRating, given, course, prefix=our("adherence"))
    return {**made, "degree": number_in(output)}
