"""Write the golden file of the present schema version: few cases that together hold every field of every record.

Usage: python tests/exchange/golden/make.py

Only for a new version or for a draft: the file of a released version never changes.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from hypothesis import HealthCheck, Phase, given, seed, settings

from therapeutic_process.base import SCHEMA_VERSION, Record
from therapeutic_process.exchange import dump_case, example_cases, write_cases
from therapeutic_process.records import Case, Participant
from therapeutic_process.testing import cases, coding_systems, instruments

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hypothesis.strategies import SearchStrategy

TARGET = Path(__file__).parent / f"case-{SCHEMA_VERSION}.jsonl"


def held(record: Record) -> Iterator[str]:
    """Yield the fields that a record and its parts hold."""
    for name in type(record).model_fields:
        value = getattr(record, name)
        if value not in (None, ()):
            yield f"{type(record).__name__}.{name}"
        for one in value if isinstance(value, tuple) else (value,):
            if isinstance(one, Record):
                yield from held(one)


def drawn(n: int, strategy: SearchStrategy[Any]) -> list[Any]:
    """Draw from a strategy, the same in every run."""
    found: list[Any] = []

    @seed(1)
    @settings(
        max_examples=n, phases=[Phase.generate], database=None, deadline=None,
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(strategy)
    def collect(value: Any) -> None:
        found.append(value)

    collect()
    return found


def candidates() -> list[Case]:
    """Return many cases, and some small ones for the sake of the instruments and systems that they carry."""
    small = Case(id="carrier", participants=(Participant(id="c1", role="client"),))
    return [
        *drawn(400, cases()),
        *(small.with_changes(instruments=(one,)) for one in drawn(300, instruments())),
        *(small.with_changes(coding_systems=(one,)) for one in drawn(200, coding_systems())),
    ]


def by_hand() -> Case:
    """Return a case with what is hardly ever drawn."""
    fact = {"value": 0.85, "kind": "internal_consistency", "source": "nobody"}
    norm = {"population": "nobody", "clinical": False, "mean": 5, "sd": 2, "source": "nobody"}
    return Case.model_validate({
        "id": "by-hand",
        "participants": [{"id": "c1", "role": "client"}, {"id": "t1", "role": "therapist"}],
        "sessions": [{"id": "s1", "number": 1, "status": "held"}],
        "instruments": [{
            "id": "made-up", "name": "Made up", "minimum": 0, "maximum": 20, "direction": "higher_worse",
            "item_count": 5, "item_minimum": 0, "item_maximum": 4, "reliabilities": [fact],
            "unverified": {"reliabilities": [fact], "norms": [norm]},
        }],
        "coding_systems": [{"id": "made-up-ratings", "name": "Made up", "levels": ["session"],
                            "scales": [{"id": "depth", "minimum": 1, "maximum": 7}]}],
        "coding_passes": [{"id": "p1", "system": "made-up-ratings", "coder": {"kind": "observer", "name": "A"},
                           "extent": "all", "sessions": ["s1"]}],
        "ratings": [{"id": "r1", "instrument": "made-up-ratings", "scale": "depth",
                     "of": {"kind": "session", "id": "s1"}, "rater": {"kind": "observer", "name": "A"}, "value": 5,
                     "coding_pass": "p1"}],
    })  # fmt: skip


def main() -> None:
    """Take the examples and what is made by hand, then again and again the case that adds most for its length."""
    chosen = [*example_cases(), by_hand()]
    have = {field for case in chosen for field in held(case)}
    others = [(case, set(held(case)), len(dump_case(case))) for case in candidates()]
    while others:
        case, fields, _ = max(others, key=lambda o: len(o[1] - have) / o[2])
        if not fields - have:
            break
        chosen.append(case)
        have |= fields
    write_cases(chosen, TARGET)
    print(f"{len(chosen)} cases, {TARGET.stat().st_size} bytes, {len(have)} fields")


if __name__ == "__main__":
    main()
