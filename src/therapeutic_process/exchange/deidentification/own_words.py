"""Instruments and coding systems that a case brought along: marked as public, but perhaps somebody's own words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from therapeutic_process.instruments import CodingSystem, Instrument, builtin_catalogue
from therapeutic_process.records import Code, CodingPass, Measurement, Rating

if TYPE_CHECKING:
    from therapeutic_process.exchange.deidentification.walk import Field
    from therapeutic_process.instruments import Catalogue
    from therapeutic_process.records import Case

__all__ = ["is_own_text", "names_own", "own_ids"]

# Fields that hold the id of an instrument or a coding system.
_NAMING = {
    (Instrument, "id"), (CodingSystem, "id"), (Measurement, "instrument"), (Rating, "instrument"),
    (CodingPass, "system"), (Code, "system"),
}  # fmt: skip
# The ids of their parts: codes and scales that other parts of a case name. They are kept as they are.
_PART_IDS = frozenset({"id", "subscale", "scale", "code", "fields", "dimension", "broader", "group", "numerator",
                       "denominator", "loinc", "scheme"})  # fmt: skip


def own_ids(case: Case, catalogue: Catalogue | None) -> frozenset[str]:
    """Return the ids of a case's own instruments and systems, as far as the catalogue does not have the very same.

    Args:
        case: The case.
        catalogue: What counts as public; by default the built-in catalogue.
    """
    known = builtin_catalogue() if catalogue is None else catalogue
    instruments = {one.id for one in case.instruments if known.instruments.get(one.id) != one}
    systems = {one.id for one in case.coding_systems if known.coding_systems.get(one.id) != one}
    return frozenset(instruments | systems)


def names_own(field: Field, value: str, own: frozenset[str]) -> bool:
    """Return whether a text is the id of one of them.

    Args:
        field: The field that holds it.
        value: The text.
        own: Their ids.
    """
    kinds = {(cls, field.name) for cls in field.record.__mro__}
    return value in own and bool(kinds & _NAMING)


def is_own_text(field: Field, own: frozenset[str]) -> bool:
    """Return whether a field holds words of one of them, and no id by which its parts are named.

    Args:
        field: The field.
        own: Their ids.
    """
    top = field.top
    return isinstance(top, (Instrument, CodingSystem)) and top.id in own and field.name not in _PART_IDS
