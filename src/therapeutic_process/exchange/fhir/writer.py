"""A case as a FHIR R4 bundle, and what the bundle does not carry of it."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from therapeutic_process.base import SCHEMA_VERSION, Record, Sensitive, leaves
from therapeutic_process.exchange.fhir.changes import change_event
from therapeutic_process.exchange.fhir.codes import codes, coding_pass, segment
from therapeutic_process.exchange.fhir.goals_plans import care_plan, goal, goal_observations, task
from therapeutic_process.exchange.fhir.measurements import journal_entry, measurement, rating
from therapeutic_process.exchange.fhir.names import SYSTEM
from therapeutic_process.exchange.fhir.people import condition, context_event, episodes, group, person
from therapeutic_process.exchange.fhir.sessions import communication, session, summaries
from therapeutic_process.exchange.fhir.writing import Json, Writing
from therapeutic_process.exchange.imports import ImportNote
from therapeutic_process.instruments import builtin_catalogue

if TYPE_CHECKING:
    from collections.abc import Iterator

    from therapeutic_process.instruments import Catalogue
    from therapeutic_process.records import Case, Reference

__all__ = ["not_carried", "to_bundle"]

_OF_TALK = frozenset({"interaction", "segment"})


def to_bundle(
    case: Case, *, turns: bool = False, text: bool = False, catalogue: Catalogue | None = None
) -> dict[str, Any]:
    """Return a case as a FHIR R4 (4.0.1) bundle of the type *collection*; the same case gives the same bundle.

    By default no turns and no free text leave: a session is told by counts of its interactions and codes, and texts
    (statements, notes, journals, reasons) are held back. What a bundle leaves out, `not_carried` names.

    >>> from therapeutic_process.records import Case
    >>> case = Case(id="k1", participants=[{"id": "c1", "role": "client"}],
    ...             sessions=[{"id": "s1", "number": 1, "status": "no_show"}])
    >>> [entry["resource"]["resourceType"] for entry in to_bundle(case)["entry"]]
    ['Patient', 'EpisodeOfCare', 'Appointment']

    Args:
        case: The case.
        turns: Write each interaction, with the coding passes, segments and codes, instead of counts.
        text: Write free texts too; what holds one is labelled as restricted and as a psychotherapy note.
        catalogue: Where to look up instruments for their LOINC codes; by default the built-in catalogue.
    """
    known = builtin_catalogue() if catalogue is None else catalogue
    told = case if turns else _without_talk(case)
    w = Writing(case=told, catalogue=known.with_(*case.instruments), text=text)
    made = _resources(w, turns=turns)
    return {
        "resourceType": "Bundle",
        "meta": {"tag": [{"system": f"{SYSTEM}schema-version", "code": SCHEMA_VERSION}]},
        "type": "collection",
        "entry": [{"fullUrl": f"urn:uuid:{r['id']}", "resource": r} for r in made],
    }


def _resources(w: Writing, *, turns: bool) -> Iterator[Json]:
    case = w.case
    yield from (person(w, p) for p in case.participants)
    if len(case.clients) > 1:
        yield group(w)
    yield from (condition(w, p) for p in case.problems)
    yield from episodes(w)
    for aim in case.goals:
        yield goal(w, aim)
        yield from goal_observations(w, aim)
    yield from (care_plan(w, p) for p in case.plans)
    yield from (session(w, s) for s in case.sessions)
    yield from _talk(w) if turns else _counts(w)
    yield from (rating(w, r) for r in case.ratings)
    for score in case.measurements:
        yield from measurement(w, score)
    yield from (task(w, t) for t in case.tasks)
    yield from (journal_entry(w, j) for j in case.journal)
    yield from (context_event(w, e) for e in case.context_events)
    for event in case.change_events:
        yield from change_event(w, event)


def _without_talk(case: Case) -> Case:
    """Return the case without what would point at turns and segments; their counts are made from the sessions."""
    ratings = {r.id: r for r in case.ratings if r.of.kind not in _OF_TALK}

    def stays(cited: Reference) -> bool:
        return cited.kind not in _OF_TALK and (cited.kind != "rating" or cited.id in ratings)

    kept = {
        "ratings": tuple(r.model_copy(update={"coding_pass": None}) for r in ratings.values()),
        "change_events": tuple(
            e.model_copy(update={"evidence": tuple(filter(stays, e.evidence))}) for e in case.change_events
        ),
    }
    return case.model_copy(update=kept)


def _talk(w: Writing) -> Iterator[Json]:
    case = w.case
    yield from (coding_pass(w, p) for p in case.coding_passes)
    yield from (communication(w, s, x) for s in case.sessions for x in s.interactions)
    yield from (segment(w, s) for s in case.segments)
    yield from codes(w, case)


def _counts(w: Writing) -> Iterator[Json]:
    passes = {p.id: p for p in w.case.coding_passes}
    for one in w.case.sessions:
        yield from summaries(w, one, passes)


def not_carried(case: Case, *, turns: bool = False, text: bool = False) -> tuple[ImportNote, ...]:
    """Return what `to_bundle` leaves out of a bundle of that case, with the reason and how much it is.

    >>> from therapeutic_process.records import Case
    >>> case = Case(id="k1", participants=[{"id": "c1", "role": "client"}],
    ...             problems=[{"id": "p1", "label": "low mood"}])
    >>> print(not_carried(case)[0])
    not taken: Problem.label (1): free text leaves only with text=True

    Args:
        case: The case.
        turns: As for `to_bundle`.
        text: As for `to_bundle`.
    """
    found: Counter[tuple[str, str]] = Counter()
    for field in ("instruments", "coding_systems"):
        found[f"Case.{field}", "FHIR has no place for them: hand them over as a catalogue"] = len(
            getattr(case, field)
        )
    if not turns:
        why = "the talk leaves only with turns=True; sessions are told by counts"
        found["Interaction", why] = sum(len(s.interactions) for s in case.sessions)
        found["CodingPass", why] = len(case.coding_passes)
        found["Segment", why] = len(case.segments)
        found["Rating", why] = sum(r.of.kind in _OF_TALK for r in case.ratings)
        found["Rating.coding_pass", why] = sum(
            r.coding_pass is not None for r in case.ratings if r.of.kind not in _OF_TALK
        )
        told = _without_talk(case)
        found["ChangeEvent.evidence", why] = _cited(case) - _cited(told)
    if not text:
        for name in _texts(case, turns=turns):
            found[name, "free text leaves only with text=True"] += 1
    return tuple(ImportNote("not_taken", what, n, why) for (what, why), n in found.items() if n)


def _cited(case: Case) -> int:
    return sum(len(e.evidence) for e in case.change_events)


def _texts(record: Record, *, turns: bool) -> Iterator[str]:
    for leaf in leaves(type(record)):
        value = getattr(record, leaf.name)
        if leaf.name in {"interactions", "segments"} and not turns:
            continue
        for one in value if leaf.many and value is not None else (value,):
            if isinstance(one, Record):
                yield from _texts(one, turns=turns)
            elif one is not None and any(
                isinstance(m, Sensitive) and m.kind == "free_text" for m in leaf.marks
            ):
                yield f"{type(record).__name__}.{leaf.name}"
