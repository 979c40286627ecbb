"""A coding system: the codes an observer may give, to whom and at which level, and the ratios it declares."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Literal

from pydantic import Field

from therapeutic_process.base import Many, PublicId, PublicText, Record, RuledRecord, broken
from therapeutic_process.errors import Violation

__all__ = ["CodeDefinition", "CodingLevel", "CodingSystem", "Facet", "RatingScale", "SpeakerRole", "SummaryRatio"]

SpeakerRole = Literal["client", "therapist", "other"]
CodingLevel = Literal["interaction", "segment", "session"]
Facet = Literal[
    "contract", "operations", "bond", "self_relatedness", "in_session_impacts", "temporal_patterns"
]  # fmt: skip
"""A facet of the Generic Model of Psychotherapy (Orlinsky & Howard 1987)."""


class CodeDefinition(Record, frozen=True):
    """One code of a system."""

    id: PublicId
    name: PublicText | None = None
    speakers: Many[SpeakerRole] = Field(default=(), description="Whose speech it may be given to; empty: anybody's.")
    dimension: PublicId | None = Field(default=None, description="Codes of one dimension may exclude each other.")
    broader: PublicId | None = Field(default=None, description="The code that this one is a kind of.")


class RatingScale(RuledRecord, frozen=True):
    """A scale on which a coder rates a session or segment as a whole."""

    id: PublicId
    name: PublicText | None = None
    minimum: float
    maximum: float
    step: float | None = Field(default=None, gt=0, description="Smallest difference between two values.")

    def broken_rules(self, context: Mapping[str, Any]) -> Iterator[Violation]:
        if self.maximum <= self.minimum:
            yield broken("range_order", "maximum", needed="a maximum above the minimum", found="a smaller or equal one")


class SummaryRatio(Record, frozen=True):
    """A ratio of code counts that the system declares: a proportion where the denominator holds the numerator."""

    id: PublicId
    name: PublicText
    numerator: Many[PublicId] = Field(min_length=1)
    denominator: Many[PublicId] = Field(min_length=1)
    source: PublicText


class CodingSystem(RuledRecord, frozen=True):
    """A system of codes and rating scales for what happens in sessions.

    >>> words = CodingSystem(id="stance", name="Stance", codes=[CodeDefinition(id="for"), CodeDefinition(id="against")])
    >>> words.code("for") is not None
    True
    """

    id: PublicId
    name: PublicText
    abbreviation: PublicText | None = None
    version: PublicText | None = None
    levels: Many[CodingLevel] = Field(default=("interaction",), min_length=1)
    unit: PublicText | None = Field(default=None, description="What is coded: a thought unit, a turn, five minutes.")
    mutually_exclusive: bool = Field(default=True, description="One code per unit and dimension.")
    codes: Many[CodeDefinition] = ()
    scales: Many[RatingScale] = ()
    ratios: Many[SummaryRatio] = ()
    facets: Many[Facet] = ()
    verified: bool = Field(default=True, description="Whether the entry was checked against the manual.")
    licence: PublicText | None = None
    references: Many[PublicText] = ()
    notes: PublicText | None = None

    def broken_rules(self, context: Mapping[str, Any]) -> Iterator[Violation]:
        codes = {c.id for c in self.codes}
        if len(codes) < len(self.codes):
            yield broken("id_repeated", "codes", needed="codes with ids of their own", found="a repeated id")
        if len({s.id for s in self.scales}) < len(self.scales):
            yield broken("id_repeated", "scales", needed="scales with ids of their own", found="a repeated id")
        for i, code in enumerate(self.codes):
            if code.broader is not None and code.broader not in codes:
                yield broken("code_unknown", "codes", i, "broader", needed="a code of the system", found="another")
        for i, ratio in enumerate(self.ratios):
            if not codes.issuperset(ratio.numerator + ratio.denominator):
                yield broken("code_unknown", "ratios", i, needed="codes of the system", found="another")

    def code(self, code_id: str) -> CodeDefinition | None:
        """Return the code with that id, or None."""
        return next((c for c in self.codes if c.id == code_id), None)

    def scale(self, scale_id: str) -> RatingScale | None:
        """Return the rating scale with that id, or None."""
        return next((s for s in self.scales if s.id == scale_id), None)
