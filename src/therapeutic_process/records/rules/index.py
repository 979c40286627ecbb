"""The parts of a case by id, built once for all its rules."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import attrs

from therapeutic_process.instruments import Catalogue, CodingSystem, Instrument, builtin_catalogue

if TYPE_CHECKING:
    from therapeutic_process.errors import Violation
    from therapeutic_process.records.case import Case

__all__ = ["COLLECTIONS", "CaseIndex"]

COLLECTIONS: Mapping[str, str] = {
    "participant": "participants",
    "problem": "problems",
    "plan": "plans",
    "goal": "goals",
    "session": "sessions",
    "segment": "segments",
    "coding_pass": "coding_passes",
    "rating": "ratings",
    "measurement": "measurements",
    "task": "tasks",
    "journal_entry": "journal",
    "change_event": "change_events",
    "context_event": "context_events",
}
"""Kind of part → the field of the case that holds such parts."""


@attrs.frozen(eq=False)
class CaseIndex:
    """A case, its parts by kind and id, and the instruments and coding systems it may use."""

    case: Case
    parts: Mapping[str, Mapping[str, Any]]
    catalogue: Catalogue
    gaps: list[Violation] | None

    @classmethod
    def of(cls, case: Case, context: Mapping[str, Any]) -> CaseIndex:
        """Build the index of a case."""
        parts = {kind: {p.id: p for p in getattr(case, field)} for kind, field in COLLECTIONS.items()}
        catalogue = context.get("catalogue") or builtin_catalogue()
        if case.instruments or case.coding_systems:
            catalogue = catalogue.with_(*case.instruments, *case.coding_systems)
        return cls(case=case, parts=parts, catalogue=catalogue, gaps=context.get("gaps"))

    def get(self, kind: str, part_id: str | None) -> Any:
        """Return the part of that kind and id, or None."""
        return None if part_id is None else self.parts[kind].get(part_id)

    def scale_range(self, instrument_id: str, scale_id: str | None) -> tuple[float, float] | str | None:
        """Return the range of a scale, None where none is stated, or what is not known: 'instrument' or 'scale'."""
        instrument = self.catalogue.instrument(instrument_id)
        if instrument is not None:
            return _range_of_instrument(instrument, scale_id)
        system = self.catalogue.coding_system(instrument_id)
        return "instrument" if system is None else _range_of_system(system, scale_id)


def _range_of_instrument(instrument: Instrument, scale_id: str | None) -> tuple[float, float] | str | None:
    scale = instrument if scale_id is None else instrument.subscale(scale_id)
    if scale is None:
        return "scale"
    return None if scale.minimum is None or scale.maximum is None else (scale.minimum, scale.maximum)


def _range_of_system(system: CodingSystem, scale_id: str | None) -> tuple[float, float] | str | None:
    scale = None if scale_id is None else system.scale(scale_id)
    if scale is None:
        return "scale"
    return None if scale.minimum is None or scale.maximum is None else (scale.minimum, scale.maximum)
