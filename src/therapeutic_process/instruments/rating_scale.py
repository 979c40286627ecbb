"""How a coder rates instead of labels: a scale with its points, or a sort of cards into piles."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal

from pydantic import Field
from typing_extensions import override

from therapeutic_process.base import Many, PublicId, PublicText, Record, RuledRecord, broken
from therapeutic_process.errors import Violation
from therapeutic_process.instruments.facts import Facet

__all__ = ["QSort", "RatingScale", "Reading", "ScalePoint", "SpeakerRole"]

SpeakerRole = Literal["client", "therapist", "other"]
Reading = Literal["overall", "mode", "peak"]
"""What one value of a unit stands for: the unit as a whole, its most frequent level, or its highest."""


class ScalePoint(Record, frozen=True):
    """A named point of a rating scale."""

    value: float = Field(description="The value.")
    name: PublicText = Field(description="What it stands for.")


class RatingScale(RuledRecord, frozen=True):
    """A scale on which a coder rates a session or segment as a whole.

    >>> depth = RatingScale(id="depth", minimum=1, maximum=7, readings=["mode", "peak"])
    >>> depth.contains(8)
    False
    """

    id: PublicId = Field(description="Names the scale in its system.")
    name: PublicText | None = Field(default=None, description="Its full name.")
    minimum: float | None = Field(default=None, description="Null: the range is not known.")
    maximum: float | None = Field(default=None, description="Null: the range is not known.")
    step: float | None = Field(default=None, gt=0, description="Smallest difference between two values.")
    points: Many[ScalePoint] = Field(default=(), description="The named points, from the lowest.")
    readings: Many[Reading] = Field(
        default=("overall",), min_length=1, description="The values that each unit has."
    )
    speakers: Many[SpeakerRole] = Field(
        default=(), description="Who is rated; empty: both, or their relation."
    )
    level: Literal["interaction", "segment", "session"] | None = Field(
        default=None, description="What is rated."
    )
    item_count: int | None = Field(default=None, ge=1, description="Items that the scale is made of.")
    facets: Many[Facet] = Field(default=(), description="What it speaks to; empty: what the system does.")

    @override
    def broken_rules(self, context: Mapping[str, Any]) -> Iterator[Violation]:
        if self.minimum is not None and self.maximum is not None and self.maximum <= self.minimum:
            yield broken(
                "range_order", "maximum", needed="a maximum above the minimum", found="a smaller or equal one"
            )
        if not all(self.contains(p.value) for p in self.points):
            yield broken("number_out_of_range", "points", needed="points within the scale", found="another")

    def contains(self, value: float) -> bool:
        """Return whether a value lies in the scale's range, as far as the range is known."""
        above = self.minimum is None or value >= self.minimum
        return above and (self.maximum is None or value <= self.maximum)


class QSort(RuledRecord, frozen=True):
    """A sort of every item into piles, from the least to the most characteristic.

    >>> QSort(items=4, minimum=1, maximum=3, distribution=[1, 2, 1]).is_forced
    True
    """

    items: int = Field(ge=1, description="Items that are sorted.")
    minimum: int = Field(description="Value of the lowest pile.")
    maximum: int = Field(description="Value of the highest pile.")
    distribution: Many[int] = Field(
        default=(), description="Items that each pile must hold; empty: not forced or unknown."
    )

    @override
    def broken_rules(self, context: Mapping[str, Any]) -> Iterator[Violation]:
        if self.maximum <= self.minimum:
            yield broken(
                "range_order", "maximum", needed="a maximum above the minimum", found="a smaller or equal one"
            )
        piles = self.maximum - self.minimum + 1
        if self.distribution and (len(self.distribution) != piles or sum(self.distribution) != self.items):
            needed, found = "a number for each pile, together all items", "another number of piles or items"
            yield broken("distribution_mismatch", "distribution", needed=needed, found=found)

    @property
    def is_forced(self) -> bool:
        """Whether each pile has a fixed number of items."""
        return bool(self.distribution)

    def follows(self, values: Sequence[int]) -> bool:
        """Return whether one value per item makes the piles that are asked for.

        >>> QSort(items=4, minimum=1, maximum=3, distribution=[1, 2, 1]).follows((2, 1, 3, 2))
        True
        """
        piles = tuple(list(values).count(v) for v in range(self.minimum, self.maximum + 1))
        return len(values) == sum(piles) == self.items and (not self.is_forced or piles == self.distribution)
