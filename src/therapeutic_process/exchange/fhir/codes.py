"""Coding passes and segments as Basic, the codes that were given as Observation."""

from __future__ import annotations

from typing import TYPE_CHECKING

from therapeutic_process.exchange.fhir.codec import our
from therapeutic_process.exchange.fhir.names import HL7, LABELS, SYSTEM, coded
from therapeutic_process.exchange.fhir.sessions import offset_range
from therapeutic_process.exchange.fhir.values import put_text, quantity
from therapeutic_process.exchange.fhir.writing import Json, Writing, code_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from therapeutic_process.records import Case, Code, CodingPass, Segment

__all__ = ["codes", "coding_pass", "segment"]

_PASS = (
    "system", "system_version", "coder", "unitiser", "extent", "sessions", "spans", "blind_to_outcome",
    "procedure", "coded_at",
)  # fmt: skip
_SEGMENT = (
    "kind", "spans", "parent", "stage", "theme", "problem", "valence", "description", "reporter",
)  # fmt: skip


def coding_pass(w: Writing, one: CodingPass) -> Json:
    """Return the Basic of a coding pass: without it, not coded would read as coded and absent."""
    made = w.resource("coding_pass", one.id)
    w.extend(made, one, "coding_pass", *_PASS)
    return made | {"code": coded(f"{SYSTEM}record-kind", "coding-pass"), "subject": w.everybody}


def segment(w: Writing, one: Segment) -> Json:
    """Return the Basic of a segment."""
    made = w.resource("segment", one.id)
    made["meta"] = {"security": list(LABELS)}
    w.extend(made, one, "segment", *_SEGMENT)
    return made | {"code": coded(f"{SYSTEM}record-kind", "segment"), "subject": w.everybody}


def codes(w: Writing, case: Case) -> Iterator[Json]:
    """Yield an Observation for each code of an interaction or a segment."""
    coders = {p.id: p for p in case.coding_passes}
    for where in case.sessions:
        for turn in where.interactions:
            focus = w.to("interaction", where.id, turn.index)
            for i, one in enumerate(turn.codes):
                made = _code(w, one, focus, f"{where.id}\0{turn.index}\0{i}", coders)
                made["encounter"] = w.to("session", where.id)
                yield made
    for part in case.segments:
        for i, one in enumerate(part.codes):
            yield _code(w, one, w.to("segment", part.id), f"\0segment\0{part.id}\0{i}", coders)


def _code(w: Writing, one: Code, focus: Json, name: str, coders: dict[str, CodingPass]) -> Json:
    made: Json = {"resourceType": "Observation", "id": w.to("rating", f"\0code\0{name}")["reference"][9:]}
    made["meta"] = {"security": list(LABELS)}
    w.extend(made, one, "code", "coding_pass", "referents")
    if offsets := offset_range(one.start_s, one.end_s):
        made["extension"].append({"url": f"{our('turn')}offset", "valueRange": offsets})
    made["status"] = "final"
    made["category"] = [coded(f"{HL7}observation-category", "therapy")]
    scheme: Json = {"system": f"{SYSTEM}coding-scheme"}
    put_text(scheme, "code", one.system, is_code=True)
    made["code"], made["subject"], made["focus"] = {"coding": [scheme]}, w.everybody, [focus]
    coder = coders[one.coding_pass].coder
    if coder.participant is not None:
        target = w.to("participant", coder.participant)
        made.update({"device": target} if target["type"] == "Device" else {"performer": [target]})
    made["valueCodeableConcept"] = {"coding": [code_of(one.system, one.code)]}
    if one.strength is not None:
        strength = {
            "code": coded(f"{SYSTEM}rating", "strength"),
            "valueQuantity": quantity(one.strength, "1"),
        }
        made["component"] = [strength]
    return made
