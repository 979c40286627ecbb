"""Sessions from Encounter and Appointment, what was said in them from Communication, and the codes given to it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from therapeutic_process.exchange.fhir.codec import in_vocabulary, our
from therapeutic_process.exchange.fhir.names import SYSTEM, code_in
from therapeutic_process.exchange.fhir.reading import Course, Entry, extension, fields_index
from therapeutic_process.exchange.fhir.values import period_in, seconds_in, text_in
from therapeutic_process.records import Code, CodingPass, Interaction, Segment, Session

__all__ = ["appointment", "code", "coding_pass", "encounter", "segment", "turn"]

_HELD = frozenset({"finished", "in-progress", "arrived", "triaged", "onleave"})
_NOT_HELD = {
    "noshow": "no_show", "cancelled": "cancelled", "proposed": "planned", "pending": "planned",
    "booked": "planned", "arrived": "planned", "checked-in": "planned", "waitlist": "planned",
}  # fmt: skip
_IN_PERSON = frozenset({"AMB", "HH", "FLD", "IMP"})


def _session(course: Course, entry: Entry, status: str) -> dict[str, Any]:
    resource = entry.resource
    made: dict[str, Any] = {**course.told(Session, resource, "session"), "id": entry.id, "status": status}
    if extension(resource, f"{our('session')}attendance-recorded") is not None:
        made.setdefault("attended", [])
    return made


def encounter(course: Course, entry: Entry) -> str | None:
    """Read an Encounter; one that is planned or cancelled is a session too."""
    resource = entry.resource
    status = resource.get("status", "")
    if status not in _HELD and status not in {"planned", "cancelled"}:
        return "its status says nothing of a session"
    made = _session(course, entry, "held" if status in _HELD else status)
    if not entry.is_ours and resource.get("class", {}).get("code") in _IN_PERSON:
        made["modality"] = "in_person"
    start, end = period_in(resource.get("period"))
    if (at := course.when(start, "Encounter.period.start")) is not None:
        made["started_at"] = at
    duration = seconds_in(resource.get("length"))
    if duration is None and not entry.is_ours:
        duration = _seconds_between(made.get("started_at"), course.when(end, "Encounter.period.end"))
    if duration is not None and duration >= 0:
        made["duration_s"] = duration
    for one in resource.get("participant", ()):
        course.person(one.get("individual"))
    course.add("sessions", made)
    return None


def _seconds_between(start: Any, end: Any) -> float | None:
    known = isinstance(start, datetime) and isinstance(end, datetime)
    return (end - start).total_seconds() if known else None


def appointment(course: Course, entry: Entry) -> str | None:
    """Read an Appointment that did not become a session, or not yet."""
    resource = entry.resource
    status = _NOT_HELD.get(resource.get("status", ""))
    if status is None:
        return "an appointment that was kept is told by its encounter"
    made = _session(course, entry, status)
    if not entry.is_ours:
        start = course.when(resource.get("start"), "Appointment.start")
        duration = _seconds_between(start, course.when(resource.get("end"), "Appointment.end"))
        made |= {} if start is None else {"started_at": start}
        made |= {} if duration is None or duration < 0 else {"duration_s": duration}
    course.add("sessions", made)
    return None


def turn(course: Course, entry: Entry) -> str | None:
    """Read a Communication that is a turn of a session; messages of other kinds are not."""
    resource = entry.resource
    where = course.sources.find(resource.get("encounter"))
    index = fields_index(resource)
    if where is None or index is None or where.kind != "session":
        return "no turn of a session of this bundle"
    kind = next((code_in(c, f"{SYSTEM}interaction-kind") for c in resource.get("category", ())), None)
    made: dict[str, Any] = {"index": index, "kind": in_vocabulary(Interaction, "kind", kind)}
    if (speaker := course.person(resource.get("sender"))) is not None:
        made["speaker"] = speaker
    made["addressees"] = course.ids_of("participant", resource.get("recipient", ()))
    made |= _offsets(resource)
    for payload in resource.get("payload", ())[:1]:
        made["text"] = text_in(payload, "contentString")
    course.turns[where.id, index] = made
    return None


def _offsets(resource: Any) -> dict[str, Any]:
    given = (extension(resource, f"{our('turn')}offset") or {}).get("valueRange", {})
    return {
        name: given[end]["value"]
        for name, end in (("start_s", "low"), ("end_s", "high"))
        if "value" in given.get(end, {})
    }


def coding_pass(course: Course, entry: Entry) -> str | None:
    """Read a coding pass."""
    course.add("coding_passes", {**course.told(CodingPass, entry.resource, "coding_pass"), "id": entry.id})
    return None


def segment(course: Course, entry: Entry) -> str | None:
    """Read a segment."""
    course.add("segments", {**course.told(Segment, entry.resource, "segment"), "id": entry.id})
    return None


def code(course: Course, entry: Entry) -> str | None:
    """Read a code and add it to the turn or segment that it was given to."""
    resource = entry.resource
    unit = _unit(course, resource)
    if unit is None:
        return "a code whose unit is not in this bundle"
    scheme: Any = next(iter(resource.get("code", {}).get("coding", ())), {})
    value: Any = next(iter(resource.get("valueCodeableConcept", {}).get("coding", ())), {})
    made: dict[str, Any] = {
        **course.told(Code, resource, "code"),
        **_offsets(resource),
        "system": text_in(scheme, "code"),
        "code": text_in(value, "code"),
    }
    for part in resource.get("component", ()):
        if code_in(part.get("code"), f"{SYSTEM}rating") == "strength" and "valueQuantity" in part:
            made["strength"] = part["valueQuantity"].get("value")
    unit.setdefault("codes", []).append(made)
    return None


def _unit(course: Course, resource: Any) -> dict[str, Any] | None:
    found = next((course.part(f) for f in resource.get("focus", ())), None)
    if found is None:
        return None
    kind, part_id, index = found
    if kind == "interaction" and index is not None:
        return course.turns.get((part_id, index))
    return next(
        (s for s in course.parts.get("segments", ()) if kind == "segment" and s["id"] == part_id), None
    )
