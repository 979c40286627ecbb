"""The fast look: a score that differs from one read before by id, time, encounter and value only is read like it.

A bundle holds thousands of scores, and few of them differ in anything else. What is compared and found equal to
elements that were checked needs no check of its own; what varies is checked here. Anything unusual gets the close look.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import attrs

from therapeutic_process.base import MAX_ID_LENGTH
from therapeutic_process.errors import RecordError
from therapeutic_process.exchange.fhir.elements import NAMES
from therapeutic_process.exchange.fhir.reading import Course, Entry
from therapeutic_process.records import Reporter

if TYPE_CHECKING:
    from collections.abc import Mapping  # noqa: TC004  attrs does not evaluate annotations

__all__ = ["Likeness", "Patterns"]

_READ = NAMES["Observation"]
_VARY = frozenset(
    {"id", "identifier", "effectiveDateTime", "encounter", "valueQuantity", "valueInteger", "valueDecimal"}
)
# With one of these an Observation may be more than a plain score.
_UNUSUAL = frozenset({
    "derivedFrom", "effectivePeriod", "focus", "component", "note", "valueCodeableConcept",
})  # fmt: skip
_LARGEST = sys.float_info.max
_IDENTIFIER = {"system", "value"}
_QUANTITY = frozenset({"value", "unit", "system", "code"})


@attrs.define(eq=False)
class Likeness:
    """A score that was read closely, as the pattern for those like it.

    Attributes:
        names: The elements that are read and that it has.
        same: Those that must be equal.
        system: The address of its identifier, where it has one.
        quantity: Its quantity without the value.
        is_ours: Whether the identifier is ours.
        only_texts: Whether its extensions hold texts alone, so that what equals them is of the same types.
        course: Where it belongs, once it was read and there was nothing to note.
        made: What came of it then, without what varies.
    """

    names: frozenset[str]
    same: Mapping[str, Any]
    system: str | None
    quantity: Mapping[str, Any] | None
    is_ours: bool
    only_texts: bool = False
    course: Course | None = None
    made: Mapping[str, Any] = attrs.field(factory=dict)

    def fits(self, given: Mapping[str, Any]) -> bool:
        """Whether a resource is like this one: what was checked is equal, and what varies has its type."""
        if given.keys() & _READ != self.names:
            return False
        for name, value in self.same.items():
            if given[name] != value:
                return False
        if "extension" in self.same and not (
            self.only_texts or _same_types(given["extension"], self.same["extension"])
        ):
            return False
        return self._varies_well(given)

    def _varies_well(self, given: Mapping[str, Any]) -> bool:
        if "identifier" in given and not self._is_identifier(given["identifier"]):
            return False
        if not isinstance(given.get("id", ""), str) or not isinstance(
            given.get("effectiveDateTime", ""), str
        ):
            return False
        if "encounter" in given and not _is_reference(given["encounter"]):
            return False
        if self.quantity is not None and not self._is_quantity(given["valueQuantity"]):
            return False
        whole = type(given.get("valueInteger", 0)) is int
        return whole and _is_score(given.get("valueInteger", 0)) and _is_score(given.get("valueDecimal", 0))

    def _is_identifier(self, given: Any) -> bool:
        if type(given) is not list or len(given) != 1:
            return False
        one = given[0]
        if type(one) is not dict or one.keys() != _IDENTIFIER:
            return False
        return bool(
            one["system"] == self.system and type(one["value"]) is str and (one["value"] or not self.is_ours)
        )

    def _is_quantity(self, given: Any) -> bool:
        if type(given) is not dict or not _is_score(given.get("value")):
            return False
        if self.quantity is None or len(given) != len(self.quantity) + 1:
            return False
        return all(given.get(name) == value for name, value in self.quantity.items())

    def entry(self, number: int, address: str | None, given: Mapping[str, Any]) -> Entry:
        """Return the entry of a resource that fits."""
        if self.is_ours:
            name = given["identifier"][0]["value"]
        else:
            name = (given.get("id") or address or f"{number}")[:MAX_ID_LENGTH]
        return Entry(number, given, "measurement", name, is_ours=self.is_ours, like=self)

    def learn(self, course: Course, made: Mapping[str, Any]) -> None:
        """Keep what came of a resource that fits; who answered is checked once and shared."""
        plain = {
            name: value
            for name, value in made.items()
            if name not in {"id", "measured_at", "session", "score"}
        }
        try:
            self.made = plain | {"respondent": Reporter.model_validate(made["respondent"])}
        except RecordError:
            return
        self.course = course


def _same_types(one: Any, other: Any) -> bool:
    """Whether equal trees are of equal types throughout: to Python, true is 1."""
    if type(one) is not type(other):
        return False
    if isinstance(one, dict):
        return all(_same_types(value, other[name]) for name, value in one.items())
    return not isinstance(one, list) or all(map(_same_types, one, other))


def _holds_only_texts(tree: Any) -> bool:
    """Whether all leaves of a tree are texts, which equal nothing but texts."""
    if isinstance(tree, dict):
        return all(map(_holds_only_texts, tree.values()))
    return all(map(_holds_only_texts, tree)) if isinstance(tree, list) else isinstance(tree, str)


def _is_score(given: Any) -> bool:
    """Whether it is a number that a float can hold: no truth value, no NaN, nothing endless."""
    return type(given) in {int, float} and -_LARGEST <= given <= _LARGEST


def _is_reference(given: Any) -> bool:
    return type(given) is dict and type(given.get("reference")) is str and type(given.get("type", "")) is str


class Patterns:
    """The scores read closely so far, by what they most often differ in."""

    def __init__(self) -> None:
        self.known: dict[object, Likeness] = {}

    def find(self, given: Mapping[str, Any]) -> Likeness | None:
        """Return the likeness that a resource fits, or None."""
        try:
            found = self.known.get(_key(given))
        except (LookupError, TypeError):
            return None
        return found if found is not None and found.fits(given) else None

    def learn(self, given: Mapping[str, Any], entry: Entry) -> Entry:
        """Make a pattern of a resource whose elements were checked, if it is a plain score."""
        names = frozenset(given.keys() & _READ)
        if entry.kind != "measurement" or names & _UNUSUAL:
            return entry
        identifier = given.get("identifier", ())
        quantity = given.get("valueQuantity")
        if len(identifier) > 1 or any(one.keys() != _IDENTIFIER for one in identifier):
            return entry
        if quantity is not None and not quantity.keys() <= _QUANTITY:
            return entry
        like = Likeness(
            names=names, same={name: given[name] for name in names - _VARY},
            system=identifier[0]["system"] if identifier else None, is_ours=entry.is_ours,
            quantity=None if quantity is None else {k: v for k, v in quantity.items() if k != "value"},
            only_texts=_holds_only_texts(given.get("extension")),
        )  # fmt: skip
        if not like.fits(given):  # a number that no score can be is no pattern for those that can
            return entry
        try:
            self.known[_key(given)] = like
        except (LookupError, TypeError):
            return entry
        return Entry(entry.number, entry.resource, entry.kind, entry.id, entry.is_ours, like)


def _key(given: Mapping[str, Any]) -> object:
    return given["subject"]["reference"], given["code"]["coding"][0]["code"], "dataAbsentReason" in given
