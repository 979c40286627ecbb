"""Which resources belong to one course of therapy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from therapeutic_process.base import MAX_ID_LENGTH
from therapeutic_process.exchange.fhir.names import SID
from therapeutic_process.exchange.fhir.values import text_in

if TYPE_CHECKING:
    from therapeutic_process.exchange.fhir.reading import Entry, Sources

__all__ = ["Keys"]

_PATIENT = {"EpisodeOfCare": "patient", "RelatedPerson": "patient", "Task": "for"}


class Keys:
    """To which course a resource belongs: to the case that our episode names, else to its patient."""

    def __init__(self, sources: Sources) -> None:
        self.sources = sources
        self._case: dict[object, str] = {}
        self.names: dict[object, str] = {}
        self._ids = {e.number: e.id for e in sources.entries}
        for entry in sources.entries:
            if entry.resource["resourceType"] == "EpisodeOfCare":
                name = self._case_id(entry)
                patient = self._patient(entry.resource.get("patient"))
                if name is not None and patient is not None:
                    self._case.setdefault(patient, name)

    def _case_id(self, entry: Entry) -> str | None:
        given = entry.resource.get("identifier", ())
        return next((text_in(i, "value") for i in given if i.get("system") == f"{SID}case"), None)

    def _patient(self, reference: Any) -> object | None:
        found = self.sources.find(reference)
        if found is None:
            text = (reference or {}).get("reference", "")
            is_patient = text.startswith("Patient/") or (reference or {}).get("type") == "Patient"
            return text if is_patient and text else None
        if found.resource["resourceType"] == "Group":
            members = found.resource.get("member", ())
            several = map(self.sources.find, (m.get("entity") for m in members))
            return next((e.number for e in several if e is not None and _is_patient(e)), None)
        return found.number if _is_patient(found) else None

    def of(self, entry: Entry) -> object | None:
        """Return the key of the course that a resource belongs to, or None where it does not say whose it is."""
        resource = entry.resource
        kind = resource["resourceType"]
        if kind == "Patient":
            patient: object | None = entry.number
        elif kind == "Appointment":
            actors = (self._patient(p.get("actor")) for p in resource.get("participant", ()))
            patient = next((a for a in actors if a is not None), None)
        else:
            patient = self._patient(resource.get(_PATIENT.get(kind, "subject")))
        if patient is None:
            return None
        key = ("case", self._case[patient]) if patient in self._case else patient
        if key not in self.names:
            self.names[key] = self._case.get(patient) or self._name(patient)
        return key

    def _name(self, patient: object) -> str:
        if isinstance(patient, int):
            return self._ids[patient]
        return str(patient).rsplit("/", 1)[-1][:MAX_ID_LENGTH] or "patient"


def _is_patient(entry: Entry) -> bool:
    of_type: str = entry.resource["resourceType"]
    return of_type == "Patient"
