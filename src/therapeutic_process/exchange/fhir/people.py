"""Participants as Patient, Practitioner, RelatedPerson or Device; the course itself as EpisodeOfCare."""

from __future__ import annotations

from typing import TYPE_CHECKING

from therapeutic_process.exchange.fhir.codec import our
from therapeutic_process.exchange.fhir.names import ABSENT, HL7, PSEUDONYMISED, SID, SYSTEM, coded, system_uri
from therapeutic_process.exchange.fhir.values import occurrence_out, period, put_text

if TYPE_CHECKING:
    from therapeutic_process.exchange.fhir.writing import Json, Writing
    from therapeutic_process.records import ContextEvent, Participant, Problem

__all__ = ["condition", "context_event", "episodes", "group", "person"]

_PLAIN = ("discipline", "orientation", "site", "arm", "group")


def person(w: Writing, one: Participant) -> Json:
    """Return the resource of a participant: pseudonym, gender, year of birth; never a name."""
    made = w.resource("participant", one.id, one)
    w.extend(made, one, "participant", *_PLAIN)
    if made["resourceType"] == "Device":
        w.extend(made, one, "participant", "role", "gender", "birth_year")
        return made
    if made["resourceType"] == "Patient":
        made["meta"] = {"security": [PSEUDONYMISED]}
    if made["resourceType"] == "RelatedPerson":
        made["patient"] = w.to("participant", w.case.clients[0].id)
    if one.gender is not None:
        made["gender"] = one.gender
    if one.birth_year is not None:
        made["birthDate"] = f"{one.birth_year:04}"
    return made


def group(w: Writing) -> Json:
    """Return the Group of all clients."""
    made = w.resource("group", "")
    del made["identifier"]
    members = [{"entity": w.to("participant", p.id)} for p in w.case.clients]
    return made | {"type": "person", "actual": True, "member": members}


def episodes(w: Writing) -> list[Json]:
    """Return an EpisodeOfCare for each client; all of them tell the same course."""
    return [_episode(w, client) for client in w.case.clients]


def _episode(w: Writing, client: Participant) -> Json:
    case = w.case
    made = w.resource("episode", client.id, case.ending)
    identifier: Json = {"system": f"{SID}case"}
    put_text(identifier, "value", case.id)
    made["identifier"] = [identifier]
    w.extend(made, case, "case", "setting")
    people = [w.to("participant", p.id) for p in case.participants]
    made.setdefault("extension", []).extend(
        {"url": f"{our('case')}participant", "valueReference": p} for p in people
    )
    if case.ending is not None:
        w.extend(made, case.ending, "ending", "kind", "last_session", "reason")
    made["status"] = "active" if case.ending is None else "finished"
    made["type"] = [coded(f"{SYSTEM}case-format", case.treatment_format)]
    mine = [p for p in case.problems if p.participant in {None, client.id}]
    if mine:
        made["diagnosis"] = [
            {"condition": w.to("problem", p.id), **({"rank": 1} if p.principal else {})} for p in mine
        ]
    made["patient"] = w.to("participant", client.id)
    span = period(case.started_at, case.ending.ended_at if case.ending else None)
    if span:
        made["period"] = span
    manager = next((p for p in case.participants if p.role == "therapist" and p.nature == "human"), None)
    if manager is not None:
        made["careManager"] = w.to("participant", manager.id)
    return made


def condition(w: Writing, one: Problem) -> Json:
    """Return the Condition of a problem."""
    made = w.resource("problem", one.id, one)
    owner = () if one.participant is None else (one.participant,)
    w.subject(made, owner)
    if one.principal:
        w.extend(made, one, "problem", "principal")
    if one.status is not None:
        made["clinicalStatus"] = coded(f"{HL7}condition-clinical", one.status)
    code: Json = {}
    if one.coding is not None:
        coding: Json = {"system": system_uri(one.coding.system)}
        put_text(coding, "code", one.coding.code, is_code=True)
        if one.coding.display is not None:
            put_text(coding, "display", one.coding.display)
        code["coding"] = [coding]
    if one.label is not None and w.text:
        put_text(code, "text", one.label)
    if not code:
        code["extension"] = [{"url": ABSENT, "valueCode": "masked"}]
    made["code"] = code
    if one.since is not None:
        occurrence_out(made, "onset", one.since)
    return made


def context_event(w: Writing, one: ContextEvent) -> Json:
    """Return the Basic of a life event, a medication or another treatment; R4 has no one resource for them."""
    made = w.resource("context_event", one.id, one)
    w.subject(made, (one.participant,))
    w.extend(made, one, "context_event", "kind", "occurred", "recorded_at", "after_session", "description")
    made["code"] = coded(f"{SYSTEM}record-kind", "context-event")
    return made
