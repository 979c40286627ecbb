"""A questionnaire: its range, direction, scoring and published numbers, each with its source."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Literal

from pydantic import Field

from therapeutic_process.base import Many, NonNegative, PublicId, PublicText, Record, RuledRecord, broken
from therapeutic_process.errors import Violation

__all__ = [
    "Band",
    "ChangeThreshold",
    "Comparator",
    "Confidence",
    "Cutoff",
    "Direction",
    "Instrument",
    "MissingItemRule",
    "Norm",
    "Reliability",
    "Scoring",
    "Subscale",
]

Direction = Literal["higher_worse", "higher_better"]
Confidence = Literal["high", "medium", "low"]
Comparator = Literal[">=", ">", "<=", "<"]
Scoring = Literal["sum", "mean", "mean_x10", "other"]


class MissingItemRule(Record, frozen=True):
    """How a total is made when items are missing, as the manual says."""

    method: Literal["none_allowed", "prorate"]
    max_missing: int = Field(default=0, ge=0, description="Items that may be missing.")
    source: PublicText


class Subscale(RuledRecord, frozen=True):
    """A part of an instrument that is scored on its own."""

    id: PublicId
    name: PublicText
    items: Many[int] = Field(default=(), description="Item numbers, counted from 1.")
    minimum: float | None = None
    maximum: float | None = None
    scoring: Scoring = "sum"
    direction: Direction | None = Field(default=None, description="None: as the whole instrument.")
    missing_items: MissingItemRule | None = None
    source: PublicText | None = None

    def broken_rules(self, context: Mapping[str, Any]) -> Iterator[Violation]:
        yield from _range_rule(self.minimum, self.maximum)


class Band(Record, frozen=True):
    """A named range of severity, both ends included."""

    label: PublicText
    minimum: float
    maximum: float
    source: PublicText
    confidence: Confidence = "high"


class Cutoff(Record, frozen=True):
    """A published score that separates two populations, for a stated purpose."""

    value: float
    comparator: Comparator = Field(description="A score compared so is on the clinical side.")
    purpose: PublicText = Field(description="What the cutoff is for: caseness, screening for a diagnosis, remission.")
    clinical_population: PublicText | None = None
    comparison_population: PublicText | None = None
    source: PublicText
    confidence: Confidence = "high"
    verified: bool = True


class Reliability(Record, frozen=True):
    """A published reliability coefficient."""

    value: float = Field(ge=0, le=1)
    kind: Literal["internal_consistency", "test_retest", "inter_rater"]
    interval: PublicText | None = Field(default=None, description="Time between test and retest.")
    population: PublicText | None = None
    source: PublicText
    confidence: Confidence = "high"


class Norm(Record, frozen=True):
    """Mean and standard deviation of a population."""

    population: PublicText
    clinical: bool
    mean: float
    sd: NonNegative
    n: int | None = Field(default=None, ge=1)
    source: PublicText
    confidence: Confidence = "high"


class ChangeThreshold(Record, frozen=True):
    """A published amount of change with a published meaning."""

    value: NonNegative = Field(description="Points of the total score.")
    kind: Literal["reliable_change", "minimal_important_difference", "sudden_gain", "other"]
    comparator: Literal[">=", ">"] = Field(description="A change compared so counts.")
    method: PublicText
    source: PublicText
    confidence: Confidence = "high"
    verified: bool = True


class Instrument(RuledRecord, frozen=True):
    """A questionnaire or rating instrument: facts and scoring only, never the text of an item.

    >>> Instrument(id="ruler", name="Readiness ruler", minimum=0, maximum=10, direction="higher_better").maximum
    10.0
    """

    id: PublicId
    name: PublicText
    abbreviation: PublicText | None = None
    measures: PublicText | None = Field(default=None, description="The construct, in words.")
    domain: Literal["outcome", "process", "goal", "other"] = "outcome"
    item_count: int | None = Field(default=None, ge=1)
    item_minimum: float | None = None
    item_maximum: float | None = None
    reversed_items: Many[int] = ()
    minimum: float = Field(description="Lowest possible score.")
    maximum: float = Field(description="Highest possible score.")
    scoring: Scoring = "sum"
    missing_items: MissingItemRule | None = Field(default=None, description="None: no rule was found.")
    direction: Direction | None = None
    subscales: Many[Subscale] = ()
    bands: Many[Band] = ()
    cutoffs: Many[Cutoff] = ()
    reliabilities: Many[Reliability] = ()
    norms: Many[Norm] = ()
    change_thresholds: Many[ChangeThreshold] = ()
    recall_days: int | None = Field(default=None, ge=0, description="Days that the answers look back over.")
    loinc: PublicId | None = Field(default=None, description="LOINC code of the total score.")
    licence: PublicText | None = None
    references: Many[PublicText] = ()
    notes: PublicText | None = None

    def broken_rules(self, context: Mapping[str, Any]) -> Iterator[Violation]:
        yield from _range_rule(self.minimum, self.maximum)
        if len({s.id for s in self.subscales}) < len(self.subscales):
            yield broken("id_repeated", "subscales", needed="subscales with ids of their own", found="a repeated id")

    def subscale(self, scale_id: str) -> Subscale | None:
        """Return the subscale with that id, or None."""
        return next((s for s in self.subscales if s.id == scale_id), None)


def _range_rule(minimum: float | None, maximum: float | None) -> Iterator[Violation]:
    if minimum is not None and maximum is not None and maximum <= minimum:
        yield broken("range_order", "maximum", needed="a maximum above the minimum", found="a smaller or equal one")
