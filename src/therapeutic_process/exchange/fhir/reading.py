"""What every reader of resources shares: the resources by reference, whose they are, and what was noted on the way."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import attrs

from therapeutic_process.base import MAX_ID_LENGTH, Record
from therapeutic_process.exchange.fhir.codec import fields_in, our
from therapeutic_process.exchange.fhir.names import SID, underscored
from therapeutic_process.exchange.fhir.values import period_in, text_in, when_in
from therapeutic_process.exchange.fhir.writing import reporter_kind
from therapeutic_process.records import Interval, Participant, Reporter

if TYPE_CHECKING:
    from datetime import date

    from therapeutic_process.exchange.fhir.likeness import Likeness  # noqa: TC004  attrs does not evaluate annotations

__all__ = ["Course", "Entry", "Sources", "extension", "extensions"]

Json = Mapping[str, Any]
_KIND_OF = {
    "Patient": "participant", "Practitioner": "participant", "RelatedPerson": "participant",
    "Device": "participant", "Encounter": "session", "Appointment": "session", "Condition": "problem",
    "CarePlan": "plan", "Goal": "goal", "Task": "task", "QuestionnaireResponse": "journal_entry",
    "Observation": "measurement",
}  # fmt: skip
_SEVERAL = {
    "Observation": frozenset({"measurement", "rating", "change_event"}),
    "Basic": frozenset({"coding_pass", "segment", "context_event"}),
    "EpisodeOfCare": frozenset({"case"}),
}
_ROLE = {
    "Patient": "client",
    "Practitioner": "therapist",
    "PractitionerRole": "therapist",
    "RelatedPerson": "other",
}
_GENDERS = frozenset({"female", "male", "other", "unknown"})
_OWNER = f"{our('part')}owner"
_EVERYBODY = f"{our('part')}of-everybody"
_SESSION = f"{our('part')}session"
_REPORTER = f"{our('part')}reporter"


def extension(resource: Json, url: str) -> Json | None:
    """Return the first extension of that address, or None."""
    return next((e for e in resource.get("extension", ()) if e["url"] == url), None)


def extensions(resource: Json, url: str) -> list[Json]:
    """Return all extensions of that address."""
    return [e for e in resource.get("extension", ()) if e["url"] == url]


@attrs.frozen(eq=False)
class Entry:
    """One resource of the bundle, with what it is in our terms.

    Attributes:
        number: Position among the resources.
        resource: Its elements.
        kind: The kind of part (``session``); empty where we have none.
        id: The id of the part.
        is_ours: Whether it carries an identifier under our address.
        like: The score that it is like, where it is one of many.
    """

    number: int
    resource: Json
    kind: str
    id: str
    is_ours: bool
    like: Likeness | None = None


def entry_of(number: int, address: str | None, resource: Json) -> Entry:
    """Return an entry with kind and id, from our identifier where there is one that suits the type of resource."""
    of_type = resource["resourceType"]
    kinds = _SEVERAL.get(of_type) or {_KIND_OF.get(of_type, "")}
    given = resource.get("identifier", ())
    for one in (given,) if isinstance(given, Mapping) else given:
        system = one.get("system", "")
        kind = underscored(system.removeprefix(SID)) if system.startswith(SID) else None
        if kind in kinds and kind is not None:
            return Entry(number, resource, kind, text_in(one, "value") or f"{number}", is_ours=True)
    kind = _KIND_OF.get(of_type, "")
    name = resource.get("id") or address or f"{number}"
    return Entry(number, resource, kind, name[:MAX_ID_LENGTH], is_ours=False)


@attrs.define(eq=False)
class Sources:
    """The resources of a bundle by reference, and the notes of the import."""

    entries: list[Entry]
    catalogue: Any
    addresses: dict[str, Entry] = attrs.field(factory=dict)
    notes: Counter[tuple[str, str, str]] = attrs.field(factory=Counter)
    taken: Counter[str] = attrs.field(factory=Counter)
    used: set[int] = attrs.field(factory=set)

    def note(self, action: str, what: str, why: str, n: int = 1) -> None:
        """Note something that was not simply taken over."""
        self.notes[action, what, why] += n

    def find(self, reference: Json | None) -> Entry | None:
        """Return the entry that a reference leads to, or None."""
        text = (reference or {}).get("reference")
        if text is None:
            return None
        return self.addresses.get(text) or self.addresses.get(text.split("/_history/")[0])

    def part(self, reference: Json) -> tuple[str, str, int | None] | None:
        """Return kind, id and index of what a reference means."""
        found = self.find(reference)
        if found is None:
            if reference:
                self.note("dropped", "reference", "it leads nowhere in this bundle")
            return None
        if found.resource["resourceType"] != "Communication":
            return found.kind, found.id, None
        where = self.find(found.resource.get("encounter"))
        index = fields_index(found.resource)
        return None if where is None or index is None else ("interaction", where.id, index)


def fields_index(resource: Json) -> int | None:
    """Return the index of a turn, or None."""
    one = extension(resource, f"{our('turn')}index") or {}
    value = one.get("valueInteger", one.get("valueDecimal"))
    return value if isinstance(value, int) and value >= 0 else None


@attrs.define(eq=False)
class Course:
    """One case in the making."""

    sources: Sources
    id: str
    parts: dict[str, list[dict[str, Any]]] = attrs.field(factory=dict)
    fields: dict[str, Any] = attrs.field(factory=dict)
    people: dict[str, dict[str, Any]] = attrs.field(factory=dict)
    names: dict[object, str] = attrs.field(factory=dict)
    turns: dict[tuple[str, int], dict[str, Any]] = attrs.field(factory=dict)
    has_foreign_scores: bool = False

    def part(self, reference: Json) -> tuple[str, str, int | None] | None:
        """Return what a reference means; who is met here takes part in the course."""
        found = self.sources.find(reference)
        if found is not None and found.kind == "participant":
            return "participant", self.join(found), None
        return self.sources.part(reference)

    def add(self, field: str, part: dict[str, Any]) -> None:
        """Add a part to the case."""
        self.parts.setdefault(field, []).append(part)

    def told(self, cls: type[Record], resource: Json, kind: str) -> dict[str, Any]:
        """Return the fields that our extensions of a resource hold."""
        given = resource.get("extension")
        return fields_in(cls, given, self, prefix=our(kind)) if given else {}

    def id_of(self, kind: str, reference: Json | None) -> str | None:
        """Return the id of the part of that kind that a reference means."""
        found = None if not reference else self.part(reference)
        return found[1] if found is not None and found[0] == kind else None

    def ids_of(self, kind: str, references: Iterable[Json]) -> list[str]:
        """Return the ids of those parts that can be found."""
        found = (self.id_of(kind, r) for r in references)
        return [one for one in found if one is not None]

    def join(self, entry: Entry) -> str:
        """Take somebody into the course, and return the id."""
        if entry.number not in self.names:
            self.names[entry.number] = name = self._free(entry.id, entry.resource["resourceType"])
            self.people[name] = {**self._participant(entry), "id": name}
        return self.names[entry.number]

    def _free(self, name: str, kind: str) -> str:
        """Return an id that nobody has: in other people's bundles a patient and a practitioner may share one."""
        while name in self.people:
            name = f"{kind}/{name}"[:MAX_ID_LENGTH]
            kind += "+"
        return name

    def _participant(self, entry: Entry) -> dict[str, Any]:
        """Return the fields of a participant; names and addresses are never read."""
        resource = entry.resource
        made = self.told(Participant, resource, "participant")
        if resource["resourceType"] == "Device":
            return {"role": "other", **made, "nature": "software"}
        made["role"] = _ROLE[resource["resourceType"]]
        if (gender := resource.get("gender")) in _GENDERS:
            made["gender"] = gender
        year = resource.get("birthDate", "")[:4]
        if year.isascii() and year.isdigit() and 1850 <= int(year) <= 2200:
            made["birth_year"] = int(year)
        return made

    def person(self, reference: Json | None) -> str | None:
        """Return the participant whom a reference means; of somebody not in the bundle the reference must do."""
        found = self.sources.find(reference)
        if found is not None:
            return self.join(found) if found.kind == "participant" else None
        text: str = (reference or {}).get("reference", "")
        kind = (reference or {}).get("type") or text.partition("/")[0].partition("?")[0]
        if kind not in _ROLE or not text.rpartition("/")[2]:
            return None
        if text not in self.names:
            self.names[text] = name = self._free(text.rpartition("/")[2][:MAX_ID_LENGTH], kind)
            self.people[name] = {"id": name, "role": _ROLE[kind]}
            self.sources.note("guessed", "participant", "known by a reference only")
        return self.names[text]

    def owners(self, resource: Json, *, name: str = "subject") -> list[str]:
        """Return whose a part is; empty: all clients."""
        if resource.get("extension"):
            if extension(resource, _EVERYBODY) is not None:
                return []
            if named := extensions(resource, _OWNER):
                return self.ids_of("participant", (e.get("valueReference", {}) for e in named))
        reference = resource.get(name)
        found = self.sources.find(reference)
        if found is not None and found.resource["resourceType"] == "Group":
            return []
        who = self.person(reference)
        return [] if who is None else [who]

    def session_of(self, resource: Json) -> str | None:
        """Return the session in which something was, or None."""
        if (encounter := resource.get("encounter")) is not None:
            return self.id_of("session", encounter)
        flag = extension(resource, _SESSION)
        return None if flag is None else self.id_of("session", flag.get("valueReference"))

    def reporter(self, resource: Json) -> dict[str, Any] | None:
        """Return who observed or answered, or None."""
        if (exact := extension(resource, _REPORTER)) is not None:
            return fields_in(Reporter, exact.get("extension", ()), self)
        device = resource.get("device")
        references = [device] if device is not None else resource.get("performer", ())
        who = next((p for p in map(self.person, references) if p is not None), None)
        if who is None:
            return {"kind": "software"} if device is not None else None
        kind = reporter_kind(self.people[who]["role"], is_device=self.people[who].get("nature") == "software")
        return {"kind": kind, "participant": who}

    def when(self, text: str | None, what: str) -> date | None:
        """Return a day or an instant; a year or a month alone is noted, for it is neither."""
        found = when_in(text)
        if text is not None and found is None:
            self.sources.note("dropped", what, "a partial date, or none, where a day or a time is needed")
        return found

    def interval(self, value: Json) -> Interval | None:
        """Return a closed interval, or None where an end is open or they contradict each other."""
        start, end = (when_in(text) for text in period_in(value))
        if start is None or end is None:
            return None
        made = {"start": start, "end": end}
        try:
            return Interval.model_validate(made)
        except ValueError:
            return None
