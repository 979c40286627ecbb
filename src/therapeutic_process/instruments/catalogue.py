"""The catalogue: instruments and coding systems by id, the built-in ones and whatever a user adds."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import TypeVar

import attrs
from pydantic import TypeAdapter

from therapeutic_process.instruments.coding_system import CodingSystem, system_with_unverified
from therapeutic_process.instruments.facts import warn_of_unverified
from therapeutic_process.instruments.instrument import Instrument, instrument_with_unverified

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


def builtin_catalogue(*, include_unverified: bool = False) -> Catalogue:
    """Return the catalogue that ships with the library; read once, never changed.

    >>> builtin_catalogue().instrument("phq9").maximum
    27.0

    Args:
        include_unverified: Also coding systems, codes and numbers that were not checked against their source.
            Without it they are not in any answer.

    Warns:
        UnverifiedFactWarning: If unverified facts are asked for.
    """
    if not include_unverified:
        return _checked()
    warn_of_unverified("the built-in catalogue with its unverified facts")
    return _everything()


@cache
def _checked() -> Catalogue:
    systems = (s for s in _shipped("coding_systems", CodingSystem) if s.verified)
    return Catalogue.of([*_shipped("instruments", Instrument), *systems])


@cache
def _everything() -> Catalogue:
    instruments = (instrument_with_unverified(i) for i in _shipped("instruments", Instrument))
    systems = map(system_with_unverified, _shipped("coding_systems", CodingSystem))
    return Catalogue.of([*instruments, *systems])


def _shipped(name: str, kind: type[_Entry]) -> tuple[_Entry, ...]:
    text = files("therapeutic_process.instruments").joinpath("data", f"{name}.json").read_bytes()
    entries: tuple[_Entry, ...] = TypeAdapter(tuple[kind, ...]).validate_json(text)  # type: ignore[valid-type]  # a class is known at run time only
    return entries
