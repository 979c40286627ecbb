"""Change events as Observation, and how they were computed as Provenance."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from therapeutic_process.exchange.fhir.codec import fields_out, our
from therapeutic_process.exchange.fhir.names import HL7, SYSTEM, coded
from therapeutic_process.exchange.fhir.values import occurrence_out, put_text, when_out

if TYPE_CHECKING:
    from therapeutic_process.exchange.fhir.writing import Json, Writing
    from therapeutic_process.records import ChangeEvent, Provenance

__all__ = ["change_event"]

_SOURCES = frozenset({"Observation", "QuestionnaireResponse"})


def change_event(w: Writing, one: ChangeEvent) -> list[Json]:
    """Return the Observation of a change and, where it was computed, the Provenance and the software's Device."""
    made = w.resource("change_event", one.id, one)
    w.subject(made, (one.participant,))
    w.extend(made, one, "change", "locus", "after_session", "reported", "domain", "evidence")
    made["status"] = "final"
    made["category"] = [coded(f"{HL7}observation-category", "therapy")]
    made["code"] = coded(f"{SYSTEM}change-event", one.direction)
    if one.goal is not None:
        made["focus"] = [w.to("goal", one.goal)]
    if one.session is not None:
        w.in_session(made, one.session)
    if one.occurred is not None:
        occurrence_out(made, "effective", one.occurred)
    w.performer(made, one.reporter)
    if one.magnitude is not None:
        made["valueQuantity"] = {"value": one.magnitude}
        if one.unit is not None:
            put_text(made["valueQuantity"], "unit", one.unit)
    else:
        w.extend(made, one, "change", "unit")
    if one.description is not None and w.text:
        note: Json = {}
        put_text(note, "text", one.description)
        made["note"] = [note]
    sources = [w.to(e.kind, e.id, e.index) for e in one.evidence]
    if derived := [s for s in sources if s["type"] in _SOURCES]:
        made["derivedFrom"] = derived
    return [made] if one.provenance is None else [made, *_provenance(w, one, one.provenance)]


def _provenance(w: Writing, event: ChangeEvent, one: Provenance) -> list[Json]:
    device_id = w.to("rating", f"\0software\0{event.id}")["reference"][9:]
    device: Json = {
        "resourceType": "Device",
        "id": device_id,
        "deviceName": [{"name": "therapeutic-process", "type": "model-name"}],
        "version": [{}],
    }
    put_text(device["version"][0], "value", one.library_version)
    made: Json = {
        "resourceType": "Provenance",
        "id": w.to("rating", f"\0provenance\0{event.id}")["reference"][9:],
        "extension": fields_out(one, ("method", "parameters", "computed_at"), w, prefix=our("provenance")),
        "target": [w.to("change_event", event.id)],
        "recorded": _instant(one),
        "activity": coded(f"{HL7}v3-DataOperation", "CREATE"),
        "agent": [{"who": {"reference": f"urn:uuid:{device_id}", "type": "Device"}}],
    }
    return [device, made]


def _instant(one: Provenance) -> str:
    """R4 wants an instant; of a day known only as such, its first moment in UTC stands for it."""
    at = one.computed_at
    text = when_out(at)
    return text if "T" in text else datetime(at.year, at.month, at.day, tzinfo=UTC).isoformat()
