"""The catalogue: instruments and coding systems by id, the built-in ones and whatever a user adds."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import TypeVar

import attrs
from pydantic import TypeAdapter

from therapeutic_process.instruments.coding_system import CodingSystem
from therapeutic_process.instruments.instrument import Instrument

__all__ = ["Catalogue", "builtin_catalogue"]

_Entry = TypeVar("_Entry", Instrument, CodingSystem)


@attrs.frozen(eq=False, repr=False)
class Catalogue:
    """Instruments and coding systems by id. Never changes: ``with_`` returns a new one.

    >>> mine = builtin_catalogue().with_(Instrument(id="mood", name="Mood today", minimum=0, maximum=10))
    >>> mine.instrument("mood").maximum
    10.0
    >>> builtin_catalogue().instrument("mood") is None
    True
    """

    instruments: Mapping[str, Instrument]
    coding_systems: Mapping[str, CodingSystem]

    def __repr__(self) -> str:
        return f"Catalogue(instruments={len(self.instruments)}, coding_systems={len(self.coding_systems)})"

    @classmethod
    def of(cls, entries: Iterable[Instrument | CodingSystem]) -> Catalogue:
        """Return a catalogue of just these entries; a later one replaces an earlier one of the same id."""
        kept = list(entries)
        return cls(
            instruments=MappingProxyType({e.id: e for e in kept if isinstance(e, Instrument)}),
            coding_systems=MappingProxyType({e.id: e for e in kept if isinstance(e, CodingSystem)}),
        )

    def with_(self, *entries: Instrument | CodingSystem) -> Catalogue:
        """Return a catalogue that also holds these entries; an entry of the same id is replaced."""
        return Catalogue.of([*self, *entries])

    def __iter__(self) -> Iterator[Instrument | CodingSystem]:
        yield from self.instruments.values()
        yield from self.coding_systems.values()

    def instrument(self, instrument_id: str) -> Instrument | None:
        """Return the instrument with that id, or None."""
        return self.instruments.get(instrument_id)

    def coding_system(self, system_id: str) -> CodingSystem | None:
        """Return the coding system with that id, or None."""
        return self.coding_systems.get(system_id)


@cache
def builtin_catalogue() -> Catalogue:
    """Return the catalogue that ships with the library; read once, never changed.

    >>> builtin_catalogue().instrument("phq9").maximum
    27.0
    """
    return Catalogue.of([*_shipped("instruments", Instrument), *_shipped("coding_systems", CodingSystem)])


def _shipped(name: str, kind: type[_Entry]) -> tuple[_Entry, ...]:
    text = files("therapeutic_process.instruments").joinpath("data", f"{name}.json").read_bytes()
    return TypeAdapter(tuple[kind, ...]).validate_json(text)
