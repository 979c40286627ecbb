"""Sessions as Encounter or Appointment, what was said in them as Communication, or as a count."""

from __future__ import annotations

from collections import Counter
from contextlib import suppress
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from therapeutic_process.exchange.fhir.codec import our
from therapeutic_process.exchange.fhir.names import ABSENT, HL7, LABELS, SYSTEM, coded
from therapeutic_process.exchange.fhir.values import put_text, quantity, when_out
from therapeutic_process.exchange.fhir.writing import Json, Writing, code_of

if TYPE_CHECKING:
    from therapeutic_process.records import CodingPass, Interaction, Session

__all__ = ["appointment", "communication", "encounter", "session", "summaries"]

_CLASS = {
    "in_person": ("v3-ActCode", "AMB"),
    "video": ("v3-ActCode", "VR"),
    "phone": ("v3-ActCode", "VR"),
    "chat": ("v3-ActCode", "VR"),
    "other": ("v3-NullFlavor", "OTH"),
    None: ("v3-NullFlavor", "UNK"),
}
_LARGEST = 2_147_483_647


def session(w: Writing, one: Session) -> Json:
    """Return the Encounter of a session that was held, or the Appointment of one that was not."""
    made = w.resource("session", one.id, one)
    numbered = "valuePositiveInt" if 0 < one.number <= _LARGEST else "valueDecimal"
    made["extension"] = [{"url": f"{our('session')}number", numbered: one.number}]
    w.extend(made, one, "session", "modality", "interventions", "goals", "notes")
    if one.attended is not None:
        made["extension"].append({"url": f"{our('session')}attendance-recorded", "valueBoolean": True})
        w.extend(made, one, "session", "attended")
    return encounter(w, one, made) if one.status == "held" else appointment(w, one, made)


def encounter(w: Writing, one: Session, made: Json) -> Json:
    """Complete the Encounter of a session that was held."""
    made["status"] = "finished"
    system, code = _CLASS[one.modality]
    made["class"] = {"system": HL7 + system, "code": code}
    made["subject"] = w.everybody
    made["episodeOfCare"] = [w.to("episode", c.id) for c in w.case.clients]
    there = [w.to("participant", p) for p in one.attended or ()]
    staff = [{"individual": r} for r in there if r["type"] in {"Practitioner", "RelatedPerson"}]
    if staff:
        made["participant"] = staff
    if one.started_at is not None:
        made["period"] = {"start": when_out(one.started_at)}
    if one.duration_s is not None:
        made["length"] = quantity(one.duration_s, "s")
    return made


def appointment(w: Writing, one: Session, made: Json) -> Json:
    """Complete the Appointment of a session that was planned, cancelled or missed.

    R4 wants both ends of the time or neither, and both for a missed one: what is not known is said to be unknown.
    """
    w.extend(made, one, "session", "started_at", "duration_s", "status")
    end = _end(one)
    known = isinstance(one.started_at, datetime) and end is not None
    made["status"] = {"cancelled": "cancelled", "no_show": "noshow"}.get(
        one.status, "booked" if known else "proposed"
    )
    if known:
        assert one.started_at is not None
        assert end is not None
        made["start"], made["end"] = when_out(one.started_at), when_out(end)
    elif one.status == "no_show":
        unknown = {"extension": [{"url": ABSENT, "valueCode": "unknown"}]}
        made["_start"], made["_end"] = unknown, unknown
    expected = [p for p in w.case.participants if p.role != "other"]
    made["participant"] = [{"actor": w.to("participant", p.id), "status": "accepted"} for p in expected]
    return made


def _end(one: Session) -> datetime | None:
    if (
        not isinstance(one.started_at, datetime)
        or one.duration_s is None
        or "T" not in when_out(one.started_at)
    ):
        return None
    try:
        end = one.started_at + timedelta(seconds=one.duration_s)
    except OverflowError:
        return None
    return end if "T" in when_out(end) else None


def communication(w: Writing, where: Session, one: Interaction) -> Json:
    """Return the Communication of one thing said or done; labelled, with text only where asked for."""
    made = w.resource("interaction", where.id, index=one.index)
    made["meta"] = {"security": list(LABELS)}
    numbered = "valueInteger" if one.index <= _LARGEST else "valueDecimal"
    made["extension"] = [{"url": f"{our('turn')}index", numbered: one.index}]
    if offsets := offset_range(one.start_s, one.end_s):
        made["extension"].append({"url": f"{our('turn')}offset", "valueRange": offsets})
    made["status"] = "completed"
    made["category"] = [coded(f"{SYSTEM}interaction-kind", one.kind)]
    made["subject"], made["encounter"] = w.everybody, w.to("session", where.id)
    if isinstance(where.started_at, datetime) and one.start_s is not None:
        with suppress(OverflowError):
            made["sent"] = when_out(where.started_at + timedelta(seconds=one.start_s))
    if one.addressees:
        made["recipient"] = [w.to("participant", p) for p in one.addressees]
    if one.speaker is not None:
        made["sender"] = w.to("participant", one.speaker)
    if one.text is not None and w.text:
        payload: Json = {}
        put_text(payload, "contentString", one.text)
        made["payload"] = [payload]
    return made


def offset_range(start_s: float | None, end_s: float | None) -> Json:
    """Return seconds from the start of a session as a Range."""
    return {
        name: quantity(value, "s") for name, value in (("low", start_s), ("high", end_s)) if value is not None
    }


def summaries(w: Writing, where: Session, passes: dict[str, CodingPass]) -> list[Json]:
    """Return what a session's interactions come to: counts by kind, and counts by code for each coding pass."""
    if not where.interactions:
        return []
    kinds = Counter(x.kind for x in where.interactions)
    made = [_summary(w, where, "interaction-counts", [("interaction-kind", k, n) for k, n in kinds.items()])]
    codes = Counter((c.coding_pass, c.system, c.code) for x in where.interactions for c in x.codes)
    for name in dict.fromkeys(p for p, _, _ in codes):
        counts = [(s, c, n) for (p, s, c), n in codes.items() if p == name]
        one = _summary(w, where, "code-counts", counts, of=name)
        w.performer(one, passes[name].coder)
        made.append(one)
    return made


def _summary(
    w: Writing, where: Session, code: str, counts: list[tuple[str, str, int]], *, of: str = ""
) -> Json:
    reference = w.to("rating", f"{where.id}\0{code}\0{of}")
    made: Json = {"resourceType": "Observation", "id": reference["reference"][9:], "status": "final"}
    made["category"] = [coded(f"{HL7}observation-category", "therapy")]
    made["code"] = coded(f"{SYSTEM}session-process", code)
    made["subject"], made["encounter"] = w.everybody, w.to("session", where.id)
    if where.started_at is not None:
        made["effectiveDateTime"] = when_out(where.started_at)
    made["component"] = [{"code": {"coding": [code_of(s, c)]}, "valueInteger": n} for s, c, n in counts]
    return made
