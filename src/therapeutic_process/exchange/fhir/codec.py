"""Fields of records as extensions: what R4 has no element for travels under our own address, field by field."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from functools import cache
from typing import Any, Literal, Protocol, get_args, get_origin

import attrs

from therapeutic_process.base import Record, Refers, Sensitive, leaves
from therapeutic_process.exchange.fhir.names import EXTENSION, kebab
from therapeutic_process.exchange.fhir.values import (
    occurrence_in,
    occurrence_out,
    period,
    period_in,
    put_text,
    text_in,
    when_in,
)
from therapeutic_process.records import Interval, Reference

__all__ = ["Resolver", "Targets", "fields_in", "fields_out", "in_vocabulary", "our", "slots", "speaks"]

_LARGEST = 2_147_483_647
_EMPTY = "empty"


class Targets(Protocol):
    """What the writer knows: where each part of the case lies in the bundle, and whether texts may go out."""

    text: bool

    def to(self, kind: str, part_id: str, index: int | None = None) -> dict[str, Any]:
        """Return the FHIR reference to a part."""


class Resolver(Protocol):
    """What the reader knows: which part a FHIR reference means."""

    def part(self, reference: Mapping[str, Any]) -> tuple[str, str, int | None] | None:
        """Return kind, id and index of the part, or None where it leads nowhere."""


@attrs.frozen
class Slot:
    """What one field of a record holds, as the codec needs it."""

    name: str
    many: bool
    refers: str | None = None
    vocabulary: Mapping[str, Any] | None = None
    record: type[Record] | None = None
    is_time: bool = False
    is_occurrence: bool = False
    is_free_text: bool = False


@cache
def slots(cls: type[Record]) -> Mapping[str, Slot]:
    """Return the slots of a record class by the field's name with hyphens."""
    return {kebab(name): _slot(cls, name) for name in cls.model_fields}


def _slot(cls: type[Record], name: str) -> Slot:
    mine = [leaf for leaf in leaves(cls) if leaf.name == name]
    first = mine[0]
    kinds = [leaf.type for leaf in mine]
    records = [t for t in kinds if isinstance(t, type) and issubclass(t, Record)]
    words = get_args(first.type) if get_origin(first.type) is Literal else ()
    return Slot(
        name=name,
        many=first.many,
        refers=next((m.kind for m in first.marks if isinstance(m, Refers)), None),
        vocabulary={kebab(str(w)): w for w in words} or None,
        record=records[0] if records and records != [Interval] else None,
        is_time=any(isinstance(t, type) and issubclass(t, date) for t in kinds),
        is_occurrence=Interval in kinds,
        is_free_text=any(isinstance(m, Sensitive) and m.kind == "free_text" for m in first.marks),
    )


def in_vocabulary(cls: type[Record], field: str, code: str | None) -> Any:
    """Return the word of ours for a FHIR code, or None where the field's vocabulary lacks it."""
    words = slots(cls)[kebab(field)].vocabulary or {}
    return None if code is None else words.get(code)


@cache
def _texts(cls: type[Record]) -> tuple[tuple[str, bool], ...]:
    """Return the fields that are free text (False) or hold records that may have some (True)."""
    return tuple(
        (s.name, s.record is not None)
        for s in slots(cls).values()
        if s.is_free_text or (s.record is not None and _texts(s.record))
    )


def speaks(record: Record) -> bool:
    """Return whether a record holds a free text anywhere."""
    for name, deeper in _texts(type(record)):
        value = getattr(record, name)
        if not deeper:
            if value is not None:
                return True
        elif any(map(speaks, value if isinstance(value, tuple) else () if value is None else (value,))):
            return True
    return False


def fields_out(
    record: Record, names: Iterable[str], targets: Targets, *, prefix: str = ""
) -> list[dict[str, Any]]:
    """Return extensions for some fields of a record; fields without a value give none.

    Args:
        record: The record.
        names: Its fields, in order.
        targets: Where references lead.
        prefix: What the address begins with; empty inside another extension, where addresses are relative.
    """
    made: list[dict[str, Any]] = []
    cls = type(record)
    for name in names:
        value = getattr(record, name)
        if value is None or value == ():
            continue
        slot = slots(cls)[kebab(name)]
        if slot.is_free_text and not targets.text:
            continue
        url = prefix + kebab(name)
        made += [_out(url, one, slot, targets) for one in (value if slot.many else (value,))]
    return made


def _out(url: str, value: Any, slot: Slot, targets: Targets) -> dict[str, Any]:
    made: dict[str, Any] = {"url": url}
    if isinstance(value, Reference):
        made["valueReference"] = targets.to(value.kind, value.id, value.index)
    elif isinstance(value, Interval):
        made["valuePeriod"] = period(value.start, value.end)
    elif isinstance(value, Record):
        inner = fields_out(value, type(value).model_fields, targets)
        made["extension"] = inner or [{"url": _EMPTY, "valueBoolean": True}]
    elif slot.refers is not None:
        made["valueReference"] = targets.to(slot.refers, value)
    elif isinstance(value, bool):
        made["valueBoolean"] = value
    elif isinstance(value, int):
        made["valueInteger" if abs(value) <= _LARGEST else "valueDecimal"] = value
    elif isinstance(value, float):
        made["valueDecimal"] = value
    elif isinstance(value, date):
        occurrence_out(made, "value", value)
    elif slot.vocabulary is not None:
        made["valueCode"] = kebab(value)
    else:
        put_text(made, "valueString", value)
    return made


def fields_in(
    cls: type[Record], extensions: Iterable[Mapping[str, Any]], resolver: Resolver, *, prefix: str = ""
) -> dict[str, Any]:
    """Return the fields that extensions hold, ready for the record; what leads nowhere is left out."""
    known = slots(cls)
    made: dict[str, Any] = {}
    for one in extensions:
        url = one["url"]
        slot = known.get(url.removeprefix(prefix)) if url.startswith(prefix) else None
        value = None if slot is None else _in(one, slot, resolver)
        if slot is None or value is None:
            continue
        if slot.many:
            made.setdefault(slot.name, []).append(value)
        else:
            made[slot.name] = value
    return made


def _in(one: Mapping[str, Any], slot: Slot, resolver: Resolver) -> Any:
    if slot.record is Reference or slot.refers is not None:
        return _reference_in(one, slot, resolver)
    if slot.record is not None:
        return fields_in(slot.record, one.get("extension", ()), resolver)
    if slot.is_time:
        return _time_in(one, slot)
    if slot.vocabulary is not None and "valueCode" in one:
        return slot.vocabulary.get(one["valueCode"])
    for name in ("valueBoolean", "valueInteger", "valueDecimal", "valuePositiveInt", "valueUnsignedInt"):
        if name in one:
            return one[name]
    return text_in(one, "valueString")


def _reference_in(one: Mapping[str, Any], slot: Slot, resolver: Resolver) -> Any:
    part = resolver.part(one.get("valueReference", {}))
    if part is None:
        return None
    kind, part_id, index = part
    if slot.record is Reference:
        made = {"kind": kind, "id": part_id, "index": index}
        return {name: value for name, value in made.items() if value is not None}
    return part_id if kind == slot.refers else None


def _time_in(one: Mapping[str, Any], slot: Slot) -> Any:
    if not slot.is_occurrence:
        return when_in(one.get("valueDateTime"))
    if "valuePeriod" not in one:
        return occurrence_in(one.get("valueDateTime"))
    start, end = (when_in(text) for text in period_in(one["valuePeriod"]))
    return None if start is None or end is None else {"start": start, "end": end}


def our(record: str) -> str:
    """Return what the addresses of the extensions for one kind of record begin with."""
    return f"{EXTENSION}{kebab(record)}-"
