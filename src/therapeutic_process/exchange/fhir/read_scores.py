"""Measurements, ratings, journals and changes from Observation and QuestionnaireResponse."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from therapeutic_process.exchange.fhir.codec import fields_in, in_vocabulary, our
from therapeutic_process.exchange.fhir.measurements import ABSENT_REASONS
from therapeutic_process.exchange.fhir.names import ABSENT, HL7, LOINC, SYSTEM, code_in
from therapeutic_process.exchange.fhir.reading import Course, Entry, extension
from therapeutic_process.exchange.fhir.values import number_in, occurrence_in, text_in
from therapeutic_process.records import ChangeEvent, ItemAnswer, JournalEntry, Measurement, Provenance, Rating

if TYPE_CHECKING:
    from therapeutic_process.exchange.fhir.likeness import Likeness

__all__ = ["change_event", "instrument_of", "journal_entry", "measurement", "measurement_like", "rating"]

_REASONS = {code: reason for reason, code in ABSENT_REASONS.items()} | {
    "not-performed": "not_asked", "asked-declined": "declined", "temp-unknown": "unknown", "masked": "unknown",
    "not-permitted": "unknown", "unsupported": "technical", "not-a-number": "not_scorable",
}  # fmt: skip


def instrument_of(course: Course, resource: Any) -> tuple[str, str | None] | None:
    """Return the instrument and scale that an Observation is coded as, or None if no instrument is known for it."""
    found: dict[str, str] = {}
    for coding in resource.get("code", {}).get("coding", ()):
        system = coding.get("system")
        if system in _CODED_AS and (code := text_in(coding, "code")) is not None:
            found[system] = code
    own = found.get(f"{SYSTEM}instrument")
    if own is None and LOINC in found:
        own = course.sources.catalogue.get(found[LOINC])
    return None if own is None else (own, found.get(f"{SYSTEM}instrument-scale"))


_CODED_AS = frozenset({f"{SYSTEM}instrument", f"{SYSTEM}instrument-scale", LOINC})


def measurement(course: Course, entry: Entry, instrument: tuple[str, str | None]) -> str | None:
    """Read a score, or the reason why there is none."""
    resource = entry.resource
    if resource.get("status") in {"entered-in-error", "cancelled"}:
        return "it was entered in error or cancelled"
    owners = course.owners(resource)
    made: dict[str, Any] = {"id": entry.id, "instrument": instrument[0], "scale": instrument[1]}
    if resource.get("extension"):
        made |= course.told(Measurement, resource, "measurement")
    made["subject"] = owners[0] if owners else None
    made["respondent"] = course.reporter(resource) or _nobody(course)
    if (at := resource.get("effectiveDateTime")) is not None:
        made["measured_at"] = course.when(at, "Observation.effectiveDateTime")
    if (session := course.session_of(resource)) is not None:
        made["session"] = session
    if (score := number_in(resource)) is not None:
        made["score"] = score
    else:
        made["missing"] = _reason(resource.get("dataAbsentReason"))
    if "derivedFrom" in resource:
        made["items"] = _items(course, resource)
    course.has_foreign_scores = course.has_foreign_scores or not entry.is_ours
    course.add("measurements", made)
    return None


def measurement_like(entry: Entry, like: Likeness, course: Course) -> None:
    """Read a score that differs from one read before by id, time, encounter and value only."""
    resource = entry.resource
    made: dict[str, Any] = {**like.made, "id": entry.id}
    if (at := resource.get("effectiveDateTime")) is not None:
        made["measured_at"] = course.when(at, "Observation.effectiveDateTime")
    if ("encounter" in resource or "extension" in resource) and (
        session := course.session_of(resource)
    ) is not None:
        made["session"] = session
    if "missing" not in made:
        made["score"] = number_in(resource)
    course.add("measurements", made)


def _nobody(course: Course) -> dict[str, Any]:
    course.sources.note("guessed", "respondent", "nobody is named as performer: 'other'")
    return {"kind": "other"}


def _reason(concept: Any) -> Any:
    own = in_vocabulary(Measurement, "missing", code_in(concept, f"{SYSTEM}missing-reason"))
    return own or _REASONS.get(code_in(concept, f"{HL7}data-absent-reason") or "", "unknown")


def _items(course: Course, resource: Any) -> list[dict[str, Any]]:
    """Return item answers whose links are item numbers; those of other questionnaires are left."""
    for reference in resource["derivedFrom"]:
        found = course.sources.find(reference)
        if found is None or found.resource["resourceType"] != "QuestionnaireResponse":
            continue
        items = found.resource.get("item", ())
        course.sources.used.add(found.number)
        if all(_is_number(i.get("linkId", "")) for i in items):
            return [{"item": int(i["linkId"]), **_answer(i)} for i in items]
        course.sources.note("not_taken", "item answers", "their links are no item numbers")
    return []


def _is_number(link: str) -> bool:
    return link.isascii() and link.isdigit() and 0 < len(link) < 4000


def _answer(item: Any) -> dict[str, Any]:
    for answer in item.get("answer", ())[:1]:
        if (value := number_in(answer)) is not None:
            return {"value": value}
    own = extension(item, f"{our('item')}missing") or {}
    plain = extension(item, ABSENT) or {}
    reason = in_vocabulary(ItemAnswer, "missing", own.get("valueCode"))
    return {"missing": reason or _REASONS.get(plain.get("valueCode", ""), "unknown")}


def rating(course: Course, entry: Entry, instrument: tuple[str, str | None]) -> str | None:
    """Read a rating; its focus is what was rated."""
    resource = entry.resource
    found = next((course.part(f) for f in resource.get("focus", ())), None)
    if found is None:
        return "a rating of something that is not in this bundle"
    of = {"kind": found[0], "id": found[1]} | ({} if found[2] is None else {"index": found[2]})
    made: dict[str, Any] = {**course.told(Rating, resource, "rating"), "id": entry.id, "of": of}
    made |= {"instrument": instrument[0], "scale": instrument[1], "value": number_in(resource)}
    made["rater"] = course.reporter(resource) or {"kind": "other"}
    if (at := course.when(resource.get("effectiveDateTime"), "Observation.effectiveDateTime")) is not None:
        made["rated_at"] = at
    course.add("ratings", made)
    return None


def journal_entry(course: Course, entry: Entry) -> str | None:
    """Read a journal entry."""
    resource = entry.resource
    made: dict[str, Any] = {**course.told(JournalEntry, resource, "journal_entry"), "id": entry.id}
    made["author"] = course.person(resource.get("author"))
    if (at := course.when(resource.get("authored"), "QuestionnaireResponse.authored")) is not None:
        made["written_at"] = at
    for item in resource.get("item", ()):
        if item.get("linkId") == "text":
            made["text"] = next((text_in(a, "valueString") for a in item.get("answer", ())), None)
        elif item.get("linkId") == "ratings":
            scales = item.get("item", ())
            made["ratings"] = [{"scale": text_in(i, "linkId"), **_answer(i)} for i in scales]
    course.add("journal", made)
    return None


def change_event(course: Course, entry: Entry, how: Entry | None) -> str | None:
    """Read a change and, where it was computed, how."""
    resource = entry.resource
    made: dict[str, Any] = {**course.told(ChangeEvent, resource, "change"), "id": entry.id}
    owners = course.owners(resource)
    made["participant"] = owners[0] if owners else None
    direction = code_in(resource.get("code"), f"{SYSTEM}change-event")
    made["direction"] = in_vocabulary(ChangeEvent, "direction", direction) or "unknown"
    if (aim := next(iter(course.ids_of("goal", resource.get("focus", ()))), None)) is not None:
        made["goal"] = aim
    if (session := course.session_of(resource)) is not None:
        made["session"] = session
    made["occurred"] = (
        course.interval(resource["effectivePeriod"])
        if "effectivePeriod" in resource
        else occurrence_in(resource.get("effectiveDateTime"))
    )
    made["reporter"] = course.reporter(resource)
    made["magnitude"] = number_in(resource)
    if "valueQuantity" in resource and (unit := text_in(resource["valueQuantity"], "unit")) is not None:
        made["unit"] = unit
    for note in resource.get("note", ())[:1]:
        made["description"] = text_in(note, "text")
    if how is not None:
        made["provenance"] = _provenance(course, how)
    course.add("change_events", made)
    return None


def _provenance(course: Course, how: Entry) -> dict[str, Any]:
    resource = how.resource
    made = fields_in(Provenance, resource.get("extension", ()), course, prefix=our("provenance"))
    if "computed_at" not in made:
        made["computed_at"] = course.when(resource.get("recorded"), "Provenance.recorded")
    agent: Any = next(iter(resource.get("agent", ())), {})
    device = course.sources.find(agent.get("who"))
    versions = () if device is None else device.resource.get("version", ())
    made["library_version"] = next((text_in(v, "value") for v in versions), None)
    return made
