"""Rules on ids: each is used once, and every reference resolves."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

from therapeutic_process.base import Record, Refers, broken, leaves
from therapeutic_process.errors import Violation
from therapeutic_process.records.coding import Code
from therapeutic_process.records.rating import Measurement
from therapeutic_process.records.rules.index import COLLECTIONS, CaseIndex
from therapeutic_process.records.session import Interaction
from therapeutic_process.records.shared import Reference, Reporter

__all__ = ["ids_are_unique", "references_resolve", "referents_resolve"]


def ids_are_unique(index: CaseIndex) -> Iterator[Violation]:
    """Every part of one kind has an id of its own."""
    for kind, field in [
        *COLLECTIONS.items(),
        ("instrument", "instruments"),
        ("coding_system", "coding_systems"),
    ]:
        parts = getattr(index.case, field)
        if len(parts) > 1 and len({p.id for p in parts}) < len(parts):
            seen: set[str] = set()
            for i, part in enumerate(parts):
                if part.id in seen:
                    yield broken(
                        "id_repeated", field, i, "id", needed=f"one {kind} per id", found="an id used before"
                    )
                seen.add(part.id)


def references_resolve(index: CaseIndex) -> Iterator[Violation]:
    """Every reference in the case points to a part of the case."""
    for name in type(index.case).model_fields:
        value = getattr(index.case, name)
        if isinstance(value, Record):
            yield from _in_record(value, index, (name,))
        elif isinstance(value, tuple) and not (name == "measurements" and _all_known(value, index)):
            for i, part in enumerate(value):
                yield from _in_record(part, index, (name, i))


def _all_known(measurements: tuple[Measurement, ...], index: CaseIndex) -> bool:
    """Whether everybody and every session that measurements name is known: thousands are looked at at once."""
    people, sessions = index.parts["participant"], index.parts["session"]
    if not {m.subject for m in measurements} <= people.keys():
        return False
    if not {m.session for m in measurements} <= {None, *sessions}:
        return False
    by = [m.respondent for m in measurements]
    return all(
        who is None or (who in people and (kind not in {"client", "therapist"} or people[who].role == kind))
        for kind, who in {(r.kind, r.participant) for r in by}
    )


@cache
def _plan(cls: type[Record]) -> tuple[tuple[tuple[str, str], ...], tuple[str, ...]]:
    """Return which fields of a record class are references, with their kind, and which hold records."""
    found = leaves(cls)
    references = tuple((x.name, m.kind) for x in found for m in x.marks if isinstance(m, Refers))
    records = tuple(x.name for x in found if isinstance(x.type, type) and issubclass(x.type, Record))
    return references, records


def _in_record(record: Record, index: CaseIndex, place: tuple[str | int, ...]) -> Iterator[Violation]:
    references, records = _plan(type(record))
    for name, kind in references:
        yield from _resolves(getattr(record, name), kind, index, (*place, name))
    for name in records:
        value = getattr(record, name)
        if isinstance(value, Record):
            yield from _in_record(value, index, (*place, name))
        elif isinstance(value, tuple) and value and isinstance(value[0], Interaction):
            yield from _in_interactions(value, index, (*place, name))
        elif isinstance(value, tuple):  # not a record and no tuple: an occurrence may be a plain time
            for i, part in enumerate(value):
                yield from _in_record(part, index, (*place, name, i))
    if isinstance(record, Reference):
        yield from _reference(record, index, place)
    elif isinstance(record, Reporter):
        yield from _reporter(record, index, place)


def _resolves(
    value: object, kind: str, index: CaseIndex, place: tuple[str | int, ...]
) -> Iterator[Violation]:
    known = index.parts[kind]
    if isinstance(value, tuple):
        yield from (_unresolved(kind, *place, i) for i, one in enumerate(value) if one not in known)
    elif value is not None and value not in known:
        yield _unresolved(kind, *place)


def referents_resolve(code: Code, index: CaseIndex) -> Iterator[Violation]:
    """Who is spoken of in a code takes part in the case."""
    return _in_record(code, index, ())


def _unresolved(kind: str, *place: str | int) -> Violation:
    return broken("reference_resolves", *place, needed=f"the id of a {kind} of this case", found="another id")


def _in_interactions(
    interactions: tuple[Interaction, ...], index: CaseIndex, place: tuple[str | int, ...]
) -> Iterator[Violation]:
    people = {*index.parts["participant"], None}
    if {x.speaker for x in interactions} <= people and not any(x.addressees for x in interactions):
        return  # there are thousands of these: look closer only where something may be amiss
    for i, one in enumerate(interactions):
        if one.speaker not in people or one.addressees:
            yield from _people(one, people, (*place, i))


def _people(one: Interaction, people: set[str | None], place: tuple[str | int, ...]) -> Iterator[Violation]:
    if one.speaker not in people:
        yield _unresolved("participant", *place, "speaker")
    for i, who in enumerate(one.addressees):
        if who not in people:
            yield _unresolved("participant", *place, "addressees", i)


def _reference(reference: Reference, index: CaseIndex, place: tuple[str | int, ...]) -> Iterator[Violation]:
    kind = "session" if reference.kind == "interaction" else reference.kind
    part: Any = index.parts[kind].get(reference.id)
    if part is None:
        yield _unresolved(kind, *place, "id")
    elif reference.kind == "interaction" and all(x.index != reference.index for x in part.interactions):
        needed = "the index of an interaction of that session"
        yield broken("reference_resolves", *place, "index", needed=needed, found="another index")


def _reporter(reporter: Reporter, index: CaseIndex, place: tuple[str | int, ...]) -> Iterator[Violation]:
    person = index.get("participant", reporter.participant)
    if person is None or reporter.kind not in {"client", "therapist"} or person.role == reporter.kind:
        return
    needed = f"a participant whose role is {reporter.kind!r}"
    yield broken("reporter_role", *place, "participant", needed=needed, found=f"role {person.role!r}")
