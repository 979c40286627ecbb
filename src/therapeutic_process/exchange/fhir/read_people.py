"""The course itself, problems and context from EpisodeOfCare, Condition and Basic."""

from __future__ import annotations

from typing import Any

from therapeutic_process.exchange.fhir.codec import in_vocabulary, our
from therapeutic_process.exchange.fhir.names import ABSENT, HL7, SYSTEM, code_in, system_in
from therapeutic_process.exchange.fhir.reading import Course, Entry, extension
from therapeutic_process.exchange.fhir.values import occurrence_in, period_in, text_in
from therapeutic_process.records import Case, ContextEvent, Ending, Problem

__all__ = ["WITHHELD", "context_event", "episode", "people_of", "problem"]

WITHHELD = "(withheld)"
"""Stands for a text that a bundle holds back, where a rule of the records needs one."""
_LEFT_OUT = frozenset({"entered-in-error", "refuted"})


def people_of(course: Course, entry: Entry) -> None:
    """Take in the participants that an EpisodeOfCare names, in their order."""
    for one in entry.resource.get("extension", ()):
        if one["url"] == f"{our('case')}participant":
            course.id_of("participant", one.get("valueReference"))


def episode(course: Course, entry: Entry) -> str | None:
    """Read when and how the course ran; of several episodes the first one counts."""
    resource, fields = entry.resource, course.fields
    for one in resource.get("diagnosis", ()):
        if one.get("rank") == 1 and (found := course.sources.find(one.get("condition"))) is not None:
            fields.setdefault("_principal", set()).add(found.id)
    if "_episode" in fields:
        return (
            None if entry.is_ours and fields["_episode"] else "another episode of the same client was taken"
        )
    fields["_episode"] = entry.is_ours
    fields |= course.told(Case, resource, "case")
    fields.pop("participants", None)
    form = next((code_in(t, f"{SYSTEM}case-format") for t in resource.get("type", ())), None)
    if (known := in_vocabulary(Case, "treatment_format", form)) is not None:
        fields["treatment_format"] = known
    start, end = period_in(resource.get("period"))
    if (at := course.when(start, "EpisodeOfCare.period.start")) is not None:
        fields["started_at"] = at
    ending = course.told(Ending, resource, "ending")
    if (at := course.when(end, "EpisodeOfCare.period.end")) is not None:
        ending["ended_at"] = at
    if ending or resource.get("status") == "finished":
        fields["ending"] = {"kind": "unknown", **ending}
    return None


def problem(course: Course, entry: Entry) -> str | None:
    """Read a Condition."""
    resource = entry.resource
    if code_in(resource.get("verificationStatus"), f"{HL7}condition-ver-status") in _LEFT_OUT:
        return "it was refuted or entered in error"
    made: dict[str, Any] = {"id": entry.id, **course.told(Problem, resource, "problem")}
    owners = course.owners(resource)
    if owners:
        made["participant"] = owners[0]
    code = resource.get("code", {})
    made |= _coding(code)
    if (label := text_in(code, "text")) is not None:
        made["label"] = label
    if "label" not in made and "coding" not in made:
        if extension(code, ABSENT) is None:
            return "it has neither a text nor a code"
        made["label"] = WITHHELD
        course.sources.note(
            "guessed", "Problem.label", "the bundle holds it back; a placeholder stands for it"
        )
    status = code_in(resource.get("clinicalStatus"), f"{HL7}condition-clinical")
    if (known := in_vocabulary(Problem, "status", status)) is not None:
        made["status"] = known
    if "onsetPeriod" in resource:
        since: Any = course.interval(resource["onsetPeriod"])
    else:
        since = occurrence_in(resource.get("onsetDateTime"))
    if since is not None:
        made["since"] = since
    if not made.get("principal") and not entry.is_ours:
        made["principal"] = entry.id in course.fields.get("_principal", ())
    course.add("problems", made)
    return None


def _coding(code: Any) -> dict[str, Any]:
    for one in code.get("coding", ()):
        system, value = one.get("system"), text_in(one, "code")
        if system and value:
            made = {"system": system_in(system), "code": value}
            if display := text_in(one, "display"):
                made["display"] = display
            return {"coding": made}
    return {}


def context_event(course: Course, entry: Entry) -> str | None:
    """Read a life event, a medication or another treatment."""
    owners = course.owners(entry.resource)
    made = course.told(ContextEvent, entry.resource, "context_event")
    course.add("context_events", {**made, "id": entry.id, "participant": owners[0] if owners else None})
    return None
