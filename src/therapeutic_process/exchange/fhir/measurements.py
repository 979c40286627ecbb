"""Measurements and ratings as Observation, their items and the journal as QuestionnaireResponse."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from therapeutic_process.exchange.fhir.codec import our
from therapeutic_process.exchange.fhir.names import ABSENT, HL7, LOINC, ROOT, SYSTEM, coded, hyphened
from therapeutic_process.exchange.fhir.values import put_text, quantity, when_out

if TYPE_CHECKING:
    from therapeutic_process.exchange.fhir.writing import Json, Writing
    from therapeutic_process.records import ItemAnswer, JournalEntry, JournalRating, Measurement, Rating

__all__ = ["ABSENT_REASONS", "journal_entry", "measurement", "rating"]

ABSENT_REASONS = {
    "not_asked": "not-asked",
    "declined": "asked-declined",
    "not_answered": "asked-unknown",
    "not_scorable": "not-applicable",
    "technical": "error",
    "unknown": "unknown",
}
"""Our reasons and the nearest code of HL7; where that is not quite the same, ours stands beside it."""


def measurement(w: Writing, one: Measurement) -> list[Json]:
    """Return the Observation of a measurement and, where there are item answers, their QuestionnaireResponse."""
    made = w.resource("measurement", one.id)
    w.subject(made, (one.subject,))
    made["status"] = "final"
    made["category"] = [coded(f"{HL7}observation-category", "survey")]
    made["code"] = {"coding": _instrument(w, one.instrument, one.scale)}
    if one.timing != "unknown":
        w.extend(made, one, "measurement", "timing")
    w.performer(made, one.respondent)
    w.in_session(made, one.session)
    if one.measured_at is not None:
        made["effectiveDateTime"] = when_out(one.measured_at)
    if one.score is not None:
        made["valueQuantity"] = quantity(one.score, "{score}")
    else:
        assert one.missing is not None
        made["dataAbsentReason"] = _absent(one.missing)
    if not one.items:
        return [made]
    answers = _answers(w, one)
    made["derivedFrom"] = [{"reference": f"urn:uuid:{answers['id']}", "type": "QuestionnaireResponse"}]
    return [made, answers]


def _instrument(w: Writing, instrument: str, scale: str | None) -> list[Json]:
    known = w.catalogue.instrument(instrument)
    made: list[Json] = []
    if known is not None and known.loinc is not None and scale is None:
        made.append({"system": LOINC, "code": known.loinc})
    for name, code in (("instrument", instrument), ("instrument-scale", scale)):
        if code is not None:
            coding: Json = {"system": SYSTEM + name}
            put_text(coding, "code", code, is_code=True)
            made.append(coding)
    return made


def _absent(reason: str) -> Json:
    return {
        "coding": [
            {"system": f"{HL7}data-absent-reason", "code": ABSENT_REASONS[reason]},
            {"system": f"{SYSTEM}missing-reason", "code": hyphened(reason)},
        ]
    }


def _answers(w: Writing, one: Measurement) -> Json:
    reference = w.to("journal_entry", f"\0items\0{one.id}")
    made: Json = {"resourceType": "QuestionnaireResponse", "id": reference["reference"][9:]}
    made["questionnaire"] = f"{ROOT}Questionnaire/items"
    made["status"] = "completed"
    w.subject(made, (one.subject,))
    if one.measured_at is not None:
        made["authored"] = when_out(one.measured_at)
    made["item"] = [_item(str(a.item), a) for a in one.items]
    return made


def _item(link: str, answer: ItemAnswer | JournalRating) -> Json:
    made: Json = {}
    put_text(made, "linkId", link)
    if answer.value is not None:
        made["answer"] = [{"valueDecimal": answer.value}]
    else:
        assert answer.missing is not None
        made["extension"] = [
            {"url": ABSENT, "valueCode": ABSENT_REASONS[answer.missing]},
            {"url": f"{our('item')}missing", "valueCode": hyphened(answer.missing)},
        ]
    return made


def rating(w: Writing, one: Rating) -> Json:
    """Return the Observation of a rating; its focus is what was rated."""
    made = w.resource("rating", one.id)
    made["status"] = "final"
    made["category"] = [coded(f"{HL7}observation-category", "therapy")]
    made["code"] = {"coding": _instrument(w, one.instrument, one.scale)}
    made["subject"] = w.everybody
    made["focus"] = [w.to(one.of.kind, one.of.id, one.of.index)]
    w.extend(made, one, "rating", "coding_pass")
    w.performer(made, one.rater)
    if one.rated_at is not None:
        made["effectiveDateTime"] = when_out(one.rated_at)
    made["valueQuantity"] = quantity(one.value, "{score}")
    return made


def journal_entry(w: Writing, one: JournalEntry) -> Json:
    """Return the QuestionnaireResponse of a journal entry; its text only where asked for."""
    made = w.resource("journal_entry", one.id, one)
    w.extend(made, one, "journal_entry", "after_session", "task")
    made["questionnaire"] = f"{ROOT}Questionnaire/journal"
    made["status"] = "completed"
    made["subject"] = w.everybody
    if one.written_at is not None:
        made["authored"] = when_out(one.written_at)
    made["author"] = w.to("participant", one.author)
    items: list[dict[str, Any]] = []
    if one.text is not None and w.text:
        answer: Json = {}
        put_text(answer, "valueString", one.text)
        items.append({"linkId": "text", "answer": [answer]})
    if one.ratings:
        items.append({"linkId": "ratings", "item": [_item(r.scale, r) for r in one.ratings]})
    if items:
        made["item"] = items
    return made
