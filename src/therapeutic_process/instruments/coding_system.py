"""A coding system: the codes an observer may give, to whom and at which level, and the ratios it declares."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Literal

from pydantic import Field
from typing_extensions import override

from therapeutic_process.base import Many, PublicId, PublicText, Record, RuledRecord, broken
from therapeutic_process.errors import Violation
from therapeutic_process.instruments.facts import Facet, Rater, warn_of_unverified
from therapeutic_process.instruments.rating_scale import QSort, RatingScale, SpeakerRole

__all__ = [
    "CodeDefinition",
    "CodingLevel",
    "CodingSystem",
    "SummaryRatio",
    "UnverifiedCoding",
    "system_with_unverified",
]

CodingLevel = Literal["interaction", "segment", "session"]


class CodeDefinition(Record, frozen=True):
    """One code of a system."""

    id: PublicId = Field(description="The code, as the manual has it.")
    name: PublicText | None = Field(default=None, description="What it stands for.")
    speakers: Many[SpeakerRole] = Field(
        default=(), description="Whose speech it may be given to; empty: anybody's."
    )
    dimension: PublicId | None = Field(
        default=None, description="Codes of one dimension may exclude each other."
    )
    broader: PublicId | None = Field(default=None, description="The code that this one is a kind of.")
    group: PublicId | None = Field(
        default=None, description="The manual's heading over the code; no code itself."
    )
    facets: Many[Facet] = Field(default=(), description="What it speaks to; empty: what the system does.")


class SummaryRatio(Record, frozen=True):
    """A ratio of code counts that the system declares; a share where the denominator holds the numerator."""

    id: PublicId = Field(description="Names the ratio in its system.")
    name: PublicText = Field(description="Its full name.")
    numerator: Many[PublicId] = Field(min_length=1, description="Codes counted above the line.")
    denominator: Many[PublicId] = Field(min_length=1, description="Codes counted below the line.")
    source: PublicText = Field(description="Where the number comes from: a citation.")


class UnverifiedCoding(Record, frozen=True):
    """Parts of a system that were not checked against its manual: never an answer unless asked for."""

    codes: Many[CodeDefinition] = Field(default=(), description="Codes that were not verified.")
    scales: Many[RatingScale] = Field(
        default=(), description="One of a checked scale's id says more about that scale."
    )
    ratios: Many[SummaryRatio] = Field(default=(), description="Ratios that were not verified.")
    q_sort: QSort | None = Field(default=None, description="A Q-sort that was not verified.")


class CodingSystem(RuledRecord, frozen=True):
    """A system of codes and rating scales for what happens in sessions.

    >>> codes = [CodeDefinition(id="for"), CodeDefinition(id="against")]
    >>> words = CodingSystem(id="stance", name="Stance", codes=codes)
    >>> words.code("for") is not None
    True
    """

    id: PublicId = Field(description="Names the system in the catalogue.")
    name: PublicText = Field(description="Its full name.")
    abbreviation: PublicText | None = Field(default=None, description="Its usual short name.")
    version: PublicText | None = Field(default=None, description="Version of the manual.")
    levels: Many[CodingLevel] = Field(
        default=("interaction",), min_length=1, description="What it is given to."
    )
    unit: PublicText | None = Field(
        default=None, description="What is coded: a thought unit, a turn, five minutes."
    )
    nested_units: Many[PublicText] = Field(
        default=(), description="Units inside units, from the outermost inwards."
    )
    bin_s: float | None = Field(
        default=None, gt=0, description="Length in seconds of the time bins that are coded."
    )
    timed_events: bool = Field(default=False, description="A code is an event with an onset and an offset.")
    mutually_exclusive: bool = Field(
        default=True, description="One code per unit and dimension; false: several labels."
    )
    every_dimension: bool = Field(default=False, description="Each unit carries one code of every dimension.")
    points_at: Many[Literal["actor", "target", "theme"]] = Field(
        default=(), description="What a code says besides its unit: who acts, toward whom, about which theme."
    )
    raters: Many[Rater] = Field(
        default=(), description="Who codes; software where the labels are machine-made."
    )
    codes: Many[CodeDefinition] = Field(default=(), description="Its codes.")
    scales: Many[RatingScale] = Field(default=(), description="Its rating scales.")
    q_sort: QSort | None = Field(default=None, description="Its Q-sort, where it is one.")
    ratios: Many[SummaryRatio] = Field(default=(), description="Its summary ratios.")
    facets: Many[Facet] = Field(
        default=(), description="Facets of the Generic Model of Psychotherapy that it speaks to."
    )
    verified: bool = Field(default=True, description="Whether the entry was checked against the manual.")
    unverified: UnverifiedCoding | None = Field(default=None, description="The parts that were not checked.")
    licence: PublicText | None = Field(default=None, description="Under which terms it may be used.")
    references: Many[PublicText] = Field(default=(), description="What to cite.")
    notes: PublicText | None = Field(default=None, description="What else is to be known.")

    @override
    def broken_rules(self, context: Mapping[str, Any]) -> Iterator[Violation]:
        codes = {c.id for c in self.codes}
        if len(codes) < len(self.codes):
            yield broken("id_repeated", "codes", needed="codes with ids of their own", found="a repeated id")
        if len({s.id for s in self.scales}) < len(self.scales):
            yield broken(
                "id_repeated", "scales", needed="scales with ids of their own", found="a repeated id"
            )
        for i, code in enumerate(self.codes):
            if code.broader is not None and code.broader not in codes:
                yield broken(
                    "code_unknown", "codes", i, "broader", needed="a code of the system", found="another"
                )
        for i, ratio in enumerate(self.ratios):
            if not codes.issuperset(ratio.numerator + ratio.denominator):
                yield broken("code_unknown", "ratios", i, needed="codes of the system", found="another")

    def code(self, code_id: str) -> CodeDefinition | None:
        """Return the code with that id, or None."""
        return next((c for c in self.codes if c.id == code_id), None)

    def scale(self, scale_id: str) -> RatingScale | None:
        """Return the rating scale with that id, or None."""
        return next((s for s in self.scales if s.id == scale_id), None)

    def ratio(self, ratio_id: str) -> SummaryRatio | None:
        """Return the summary ratio with that id, or None."""
        return next((r for r in self.ratios if r.id == ratio_id), None)

    def dimensions(self) -> tuple[str, ...]:
        """Return the dimensions of the codes, in the order in which they first appear.

        >>> codes = [CodeDefinition(id="f1", dimension="form"), CodeDefinition(id="i1", dimension="intent")]
        >>> CodingSystem(id="two", name="Two", codes=codes, every_dimension=True).dimensions()
        ('form', 'intent')
        """
        return tuple(dict.fromkeys(c.dimension for c in self.codes if c.dimension is not None))

    def with_unverified(self) -> CodingSystem:
        """Return the system with the parts that were not checked against its manual.

        Warns:
            UnverifiedFactWarning: If there are any.
        """
        if self.unverified is None:
            return self
        warn_of_unverified("a coding system's parts")
        return system_with_unverified(self)


def system_with_unverified(system: CodingSystem) -> CodingSystem:
    """Return the system with its unverified parts, without a warning."""
    waiting = system.unverified
    if waiting is None:
        return system
    scales = {s.id: s for s in (*system.scales, *waiting.scales)}
    return system.with_changes(
        codes=system.codes + waiting.codes,
        scales=tuple(scales.values()),
        ratios=system.ratios + waiting.ratios,
        q_sort=waiting.q_sort or system.q_sort,
        verified=False,
        unverified=None,
    )
