"""What instruments, codes and people are called in a report."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

import attrs

from therapeutic_process.instruments import Catalogue, CodingSystem, Direction, Instrument, builtin_catalogue
from therapeutic_process.report.html import clean

if TYPE_CHECKING:
    from therapeutic_process.records import Case, Measurement, Participant, Reporter

__all__ = ["Names"]

_SHORT: Final = 32


@attrs.frozen(eq=False, repr=False)
class Names:
    """Names from a catalogue and the roles of one case.

    Attributes:
        catalogue: Instruments and coding systems.
        people: What each participant is called: the role, and the id only where several have that role.
    """

    catalogue: Catalogue
    people: Mapping[str, str]

    @classmethod
    def of(cls, case: Case, catalogue: Catalogue | None = None) -> Names:
        """Return the names for a case, whose own instruments and systems come before the catalogue's."""
        known = catalogue or builtin_catalogue()
        roles = Counter(p.role for p in case.participants)
        people = {p.id: p.role if roles[p.role] == 1 else _told_apart(p) for p in case.participants}
        return cls(known.with_(*case.instruments, *case.coding_systems) if _own(case) else known, people)

    def person(self, participant: str | None) -> str:
        """Return what a participant is called."""
        return "speaker not known" if participant is None else self.people.get(participant, "somebody else")

    def reporter(self, reporter: Reporter) -> str:
        """Return what somebody who reported, rated or answered is called."""
        if reporter.participant is not None:
            return self.person(reporter.participant)
        return reporter.kind if reporter.name is None else f"{reporter.kind} {clean(reporter.name)}"

    def instrument(self, instrument: str, scale: str | None = None) -> str:
        """Return the short name of an instrument and of its scale."""
        known = self.catalogue.instrument(instrument)
        name = _short_name(known) or instrument.replace("_", " ")
        if scale is None:
            return clean(name)
        part = known.subscale(scale) if known else None
        return clean(f"{name}: {part.name if part else scale}")

    def measure(self, instrument: str, scale: str | None = None) -> str:
        """Return the short name of a questionnaire's or a coding system's scale."""
        system = self.catalogue.coding_system(instrument)
        if self.catalogue.instrument(instrument) is not None or system is None:
            return self.instrument(instrument, scale)
        rated = None if scale is None else system.scale(scale)
        name = scale if rated is None else rated.name or rated.id
        return self.system(instrument) if name is None else clean(f"{self.system(instrument)}: {name}")

    def range_of(self, instrument: str, scale: str | None = None) -> tuple[float, float] | None:
        """Return the range of a questionnaire's or a coding system's scale, where it is known."""
        known, system = self.catalogue.instrument(instrument), self.catalogue.coding_system(instrument)
        if scale is None:
            return _range(known)
        return _range(known.subscale(scale)) if known else _range(system.scale(scale)) if system else None

    def rater(self, role: str, rater: str) -> str:
        """Return what somebody who rated is called: as a participant, or by role and name."""
        named = self.people.get(rater)
        return named if named is not None else role if rater == role else f"{role} {clean(rater)}"

    def limits(self, one: Measurement) -> tuple[float, float] | None:
        """Return the range of a measurement's scale, where it is known."""
        known = self.catalogue.instrument(one.instrument)
        part = known.subscale(one.scale) if known and one.scale is not None else None
        whole = known if one.scale is None else None
        low, high = _range(part) or _range(whole) or (None, None)
        return None if low is None or high is None else (low, high)

    def better(self, instrument: str, scale: str | None = None) -> str:
        """Return which direction of a score is better, in words; empty where it is not known."""
        known = self.catalogue.instrument(instrument)
        part = known.subscale(scale) if known and scale is not None else None
        direction: Direction | None = (part.direction if part else None) or (
            known.direction if known else None
        )
        words: dict[Direction | None, str] = {
            "higher_better": "higher is better",
            "higher_worse": "lower is better",
        }
        return words.get(direction, "")

    def system(self, system: str) -> str:
        """Return the short name of a coding system."""
        known = self.catalogue.coding_system(system)
        return clean(_short_name(known) or system)

    def code(self, system: str, code: str) -> str:
        """Return a code with its meaning, where the catalogue knows one that says more than the code."""
        known = self.catalogue.coding_system(system)
        definition = known.code(code) if known else None
        name = definition.name if definition else None
        told = name is None or name.replace(" ", "_").lower() == code.lower()
        return clean(code if told else f"{code} – {name}")

    def in_order(self, system: str, codes: tuple[str, ...]) -> tuple[str, ...]:
        """Return codes in the order of their system, unknown ones last in the order given."""
        known: CodingSystem | None = self.catalogue.coding_system(system)
        order = {c.id: i for i, c in enumerate(known.codes)} if known else {}
        return tuple(sorted(codes, key=lambda c: order.get(c, len(order))))


def _short_name(one: Instrument | CodingSystem | None) -> str | None:
    """Return the abbreviation, or the name where it is short; None where neither is known."""
    if one is None:
        return None
    return one.abbreviation or (one.name if len(one.name) <= _SHORT else None)


def _told_apart(one: Participant) -> str:
    name = clean(one.id)
    return name if name.lower().startswith(one.role) else f"{one.role} {name}"


def _own(case: Case) -> bool:
    return bool(case.instruments or case.coding_systems)


def _range(one: object) -> tuple[float, float] | None:
    low, high = getattr(one, "minimum", None), getattr(one, "maximum", None)
    return None if low is None or high is None else (low, high)
