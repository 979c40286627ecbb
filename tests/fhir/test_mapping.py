"""The page of FHIR elements is held against what the exporter writes: a field changes, and so does its element."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from therapeutic_process.base import Record, leaves
from therapeutic_process.exchange import example_cases, read_cases
from therapeutic_process.exchange.fhir import FHIR_ELEMENTS, to_bundle
from therapeutic_process.instruments import CodingSystem, Instrument
from therapeutic_process.records import Case

if TYPE_CHECKING:
    from collections.abc import Iterator

GOLDEN = Path(__file__).parents[1] / "exchange" / "golden" / "case-1.0.jsonl"
AT_MOST = 3
# Required fields whose change alone would leave a reference without a target, or a value without its reason: they are
# told by the round trip of test_round_trip, which would lose them.
TIED = {
    "Case.kind", "Case.schema_version", "Participant.id", "Session.id", "CodingPass.id", "Code.coding_pass",
    "Span.session",
    "Measurement.subject", "Measurement.score", "Measurement.missing", "BetweenSessionTask.participant",
    "JournalEntry.author", "JournalRating.value", "JournalRating.missing", "ChangeEvent.participant", "Reference.kind",
    "ContextEvent.participant", "ItemAnswer.value", "ItemAnswer.missing", "Participant.role", "Participant.nature",
    "Coding.display", "Case.sessions", "Case.coding_passes", "Case.participants", "Rating.of",
}  # fmt: skip


def fields_of(cls: type[Record], seen: set[type]) -> set[str]:
    """Return every field that a case reaches, but for what instruments and coding systems hold."""
    if cls in seen or issubclass(cls, (Instrument, CodingSystem)):
        return set()
    seen.add(cls)
    inner = {k.type for k in leaves(cls) if isinstance(k.type, type) and issubclass(k.type, Record)}
    return {f"{cls.__name__}.{name}" for name in cls.model_fields}.union(*(fields_of(k, seen) for k in inner))


def elements(bundle: dict[str, Any]) -> Counter[tuple[str, str]]:
    """Count every element with its value; extensions by name, all below a resource's type."""
    found: Counter[tuple[str, str]] = Counter()

    def walk(node: Any, path: str) -> None:
        if isinstance(node, dict):
            for key, value in node.items():
                if key == "extension":
                    for one in value:
                        walk(
                            {k: v for k, v in one.items() if k != "url"},
                            f"{path}.extension({one['url'].rpartition('/')[2]})",
                        )
                elif key != "resourceType":
                    walk(value, f"{path}.{key}")
        elif isinstance(node, list):
            for one in node:
                walk(one, path)
        else:
            found[path, repr(node)] += 1

    for entry in bundle["entry"]:
        walk(entry["resource"], entry["resource"]["resourceType"])
    return found


def variants(record: Record) -> Iterator[tuple[str, Record]]:
    """Yield copies of a record in which one field, here or deep inside, holds something else; no rule is checked."""
    for name, field in type(record).model_fields.items():
        value = getattr(record, name)
        if value in (None, ()) or value == field.default:
            continue
        several = value if isinstance(value, tuple) else (value,)
        for i, one in enumerate(several):
            if isinstance(one, Record) and not isinstance(one, (Instrument, CodingSystem)):
                for label, other in variants(one):
                    made = (*several[:i], other, *several[i + 1 :]) if isinstance(value, tuple) else other
                    yield label, record.model_copy(update={name: made})
        other_value = altered(value) if field.is_required() else field.default
        if other_value is not None or not field.is_required():
            yield f"{type(record).__name__}.{name}", record.model_copy(update={name: other_value})


def altered(value: Any) -> Any:
    """Return another value of the same type, None where there is none to be had."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, (int, float)):
        return value + 1
    if isinstance(value, str):
        return f"{value}x"
    return value + timedelta(days=1) if isinstance(value, date) else None


@cache
def changed_elements() -> dict[str, set[str]]:
    """Return field → the elements that changed when it changed."""
    found: dict[str, set[str]] = {}
    tried: dict[str, int] = defaultdict(int)
    for case in (*example_cases(), *read_cases(GOLDEN)):
        before = elements(to_bundle(case, turns=True, text=True))
        for label, other in variants(case):
            if label in TIED or tried[label] >= AT_MOST:
                continue
            tried[label] += 1
            assert isinstance(other, Case)
            after = elements(to_bundle(other, turns=True, text=True))
            found.setdefault(label, set()).update(path for path, _ in (before - after) + (after - before))
    return found


def named(told: str) -> list[str]:
    """Return the elements that an entry names."""
    return [one.strip() for one in re.split("[,;]", re.sub(r" \(.*?\)", "", told))]


def test_every_field_has_an_entry_and_no_other() -> None:
    assert set(FHIR_ELEMENTS) == fields_of(Case, set())


def test_a_field_changes_with_one_of_its_elements() -> None:
    checked = 0
    for label, changed in changed_elements().items():
        if not FHIR_ELEMENTS[label]:
            continue
        assert any(path.startswith(one) for one in named(FHIR_ELEMENTS[label]) for path in changed), label
        checked += 1
    assert checked > 150


def test_every_field_that_is_carried_is_written_somewhere() -> None:
    written = {"Bundle.meta.tag"}
    for case in (*example_cases(), *read_cases(GOLDEN)):
        written |= {path for path, _ in elements(to_bundle(case, turns=True, text=True))}
    for label, told in FHIR_ELEMENTS.items():
        assert not told or any(path.startswith(one) for one in named(told) for path in written), label


@pytest.mark.parametrize("label", ["Case.kind", "Case.instruments", "Case.coding_systems"])
def test_what_is_not_carried_is_said_to_be(label: str) -> None:
    assert FHIR_ELEMENTS[label] == ""
