"""What every writer of resources shares: the case, where its parts lie in the bundle, and how a resource begins."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote
from uuid import NAMESPACE_URL, uuid5

import attrs

from therapeutic_process.base import SCHEMA_ROOT, Record
from therapeutic_process.exchange.fhir.codec import fields_out, our, speaks
from therapeutic_process.exchange.fhir.names import LABELS, SID, SYSTEM, kebab
from therapeutic_process.exchange.fhir.values import put_text
from therapeutic_process.instruments import Catalogue
from therapeutic_process.records import Case, Participant, Session

if TYPE_CHECKING:
    from therapeutic_process.records import Reporter

__all__ = ["RESOURCE_OF", "Json", "Writing", "code_of", "reporter_kind"]

Json = dict[str, Any]

RESOURCE_OF = {
    "problem": "Condition",
    "plan": "CarePlan",
    "goal": "Goal",
    "segment": "Basic",
    "coding_pass": "Basic",
    "context_event": "Basic",
    "rating": "Observation",
    "measurement": "Observation",
    "change_event": "Observation",
    "task": "Task",
    "journal_entry": "QuestionnaireResponse",
    "interaction": "Communication",
    "episode": "EpisodeOfCare",
    "group": "Group",
}
_ONE_IDENTIFIER = frozenset({"QuestionnaireResponse"})
_REPORTER_OF = {"client": "client", "therapist": "therapist", "other": "other"}


def _person_type(person: Participant) -> str:
    if person.nature == "software":
        return "Device"
    return {"client": "Patient", "therapist": "Practitioner", "other": "RelatedPerson"}[person.role]


def reporter_kind(role: str, *, is_device: bool) -> str:
    """Return the kind of reporter that a participant is, unless it says otherwise."""
    return "software" if is_device else _REPORTER_OF[role]


def code_of(system: str, code: str) -> Json:
    """Return the coding of a code of a coding system, each system with an address of its own."""
    made: Json = {"system": SYSTEM + quote(kebab(system), safe="")}
    put_text(made, "code", code, is_code=True)
    return made


@attrs.define(eq=False)
class Writing:
    """The case that is written, and where its parts lie."""

    case: Case
    catalogue: Catalogue
    text: bool
    _types: dict[tuple[str, str], str] = attrs.field(factory=dict)
    _references: dict[tuple[str, str, int | None], Json] = attrs.field(factory=dict)
    _sessions: dict[str, Session] = attrs.field(factory=dict)
    _people: dict[str, Participant] = attrs.field(factory=dict)

    def __attrs_post_init__(self) -> None:
        self._people = {p.id: p for p in self.case.participants}
        self._sessions = {s.id: s for s in self.case.sessions}
        self._types = {("participant", p.id): _person_type(p) for p in self.case.participants}
        for one in self.case.sessions:
            self._types["session", one.id] = "Encounter" if one.status == "held" else "Appointment"

    def to(self, kind: str, part_id: str, index: int | None = None) -> Json:
        """Return the FHIR reference to a part of the case."""
        key = (kind, part_id, index)
        made = self._references.get(key)
        if made is None:
            resource = self._types.get((kind, part_id)) or RESOURCE_OF[kind]
            name = f"{SCHEMA_ROOT}\0{self.case.id}\0{kind}\0{part_id}\0{'' if index is None else index}"
            made = {"reference": f"urn:uuid:{uuid5(NAMESPACE_URL, name)}", "type": resource}
            self._references[key] = made
        return made

    def resource(
        self, kind: str, part_id: str, record: Record | None = None, *, index: int | None = None
    ) -> Json:
        """Return the beginning of a resource: type, id, label where it holds text, identifier."""
        target = self.to(kind, part_id, index)
        made: Json = {"resourceType": target["type"], "id": target["reference"][9:]}
        if self.text and record is not None and speaks(record):
            made["meta"] = {"security": list(LABELS)}
        if index is None:
            identifier: Json = {"system": SID + kebab(kind)}
            put_text(identifier, "value", part_id)
            made["identifier"] = identifier if target["type"] in _ONE_IDENTIFIER else [identifier]
        return made

    def extend(self, resource: Json, record: Record, kind: str, *names: str) -> None:
        """Add extensions for the fields of a record that R4 has no element for."""
        found = fields_out(record, names, self, prefix=our(kind))
        if found:
            resource.setdefault("extension", []).extend(found)

    @property
    def everybody(self) -> Json:
        """The reference to all clients: a Group where there are several."""
        clients = self.case.clients
        return self.to("group", "") if len(clients) > 1 else self.to("participant", clients[0].id)

    def subject(self, resource: Json, owners: tuple[str, ...] = (), *, name: str = "subject") -> None:
        """Say whose a part is; that it is everybody's needs saying where there is one client only.

        Args:
            resource: What is written.
            owners: Participants; empty: all clients.
            name: The element.
        """
        known = [self._people.get(o) for o in owners]
        if len(known) == 1 and known[0] is not None and known[0].role == "client":
            resource[name] = self.to("participant", owners[0])
            return
        resource[name] = self.everybody
        flags: list[Json] = [
            {"url": f"{our('part')}owner", "valueReference": self.to("participant", o)} for o in owners
        ]
        if not owners and len(self.case.clients) == 1:
            flags = [{"url": f"{our('part')}of-everybody", "valueBoolean": True}]
        if flags:
            resource.setdefault("extension", []).extend(flags)

    def performer(self, resource: Json, reporter: Reporter | None) -> None:
        """Say who observed: a participant as performer or device, anybody else by an extension."""
        if reporter is None:
            return
        person = self._people.get(reporter.participant or "")
        if person is not None:
            is_device = person.nature == "software"
            target = self.to("participant", person.id)
            resource.update({"device": target} if is_device else {"performer": [target]})
            plain = reporter.name is None and reporter.version is None
            if plain and reporter.kind == reporter_kind(person.role, is_device=is_device):
                return
        inner = fields_out(reporter, type(reporter).model_fields, self)
        resource.setdefault("extension", []).append({"url": f"{our('part')}reporter", "extension": inner})

    def in_session(self, resource: Json, session: str | None) -> None:
        """Say in which session: an Encounter by its element, an Appointment by an extension."""
        if session is None:
            return
        target = self.to("session", session)
        if target["type"] == "Encounter":
            resource["encounter"] = target
        else:
            flag = {"url": f"{our('part')}session", "valueReference": target}
            resource.setdefault("extension", []).append(flag)

    def began(self, session: str) -> Any:
        """Return when a session started, or None."""
        return self._sessions[session].started_at
