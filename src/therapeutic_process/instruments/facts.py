"""A published fact about an instrument: a number, what it is for, where it was read and how sure that is."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable
from typing import Literal, Protocol, TypeVar

from pydantic import Field

from therapeutic_process.base import Many, NonNegative, PublicId, PublicText, Record
from therapeutic_process.errors import TherapeuticProcessWarning

__all__ = [
    "Band",
    "ChangeThreshold",
    "Citation",
    "Comparator",
    "Confidence",
    "Cutoff",
    "Facet",
    "ItemValues",
    "MissingItemRule",
    "Norm",
    "Rater",
    "Reliability",
    "UnverifiedFactWarning",
    "UnverifiedFacts",
    "chosen",
    "is_checked",
    "warn_of_unverified",
]

Confidence = Literal["high", "medium", "low"]
Comparator = Literal[">=", ">", "<=", "<"]
Rater = Literal["client", "therapist", "observer", "parent", "teacher", "crowd", "software"]
Facet = Literal[
    "contract", "operations", "bond", "self_relatedness", "in_session_impacts", "temporal_patterns"
]  # fmt: skip
"""A facet of the Generic Model of Psychotherapy (Orlinsky & Howard 1987)."""


class UnverifiedFactWarning(TherapeuticProcessWarning):
    """Facts were asked for that nobody has checked against their source; check them before you publish."""


class Citation(Record, frozen=True):
    """Where the numbers in some fields of a record were read."""

    fields: Many[PublicId] = Field(min_length=1, description="Names of the fields that the source is for.")
    source: PublicText = Field(description="The reference.")
    confidence: Confidence = Field(default="high", description="How sure the entry is: high, medium or low.")


class MissingItemRule(Record, frozen=True):
    """How a total is made when items are missing, as the manual says."""

    method: Literal["none_allowed", "prorate"] = Field(description="What is done about missing items.")
    max_missing: int | None = Field(
        default=0, ge=0, description="Items that may be missing; null: no limit is published."
    )
    source: PublicText = Field(description="Where the number comes from: a citation.")
    confidence: Confidence = Field(default="high", description="How sure the entry is: high, medium or low.")


class ItemValues(Record, frozen=True):
    """The only values that some items can take, where that is less than the whole item range."""

    items: Many[int] = Field(min_length=1, description="Item numbers, counted from 1.")
    values: Many[float] = Field(min_length=1, description="The values, one to an item.")
    source: PublicText = Field(description="Where the number comes from: a citation.")


class Band(Record, frozen=True):
    """A named range of severity, both ends included."""

    label: PublicText = Field(description="What the band is called.")
    minimum: float = Field(description="Lowest score of it.")
    maximum: float = Field(description="Highest score of it.")
    subscale: PublicId | None = Field(default=None, description="None: the total.")
    scheme: PublicId | None = Field(
        default=None, description="Which of several published sets the band is from."
    )
    source: PublicText = Field(description="Where the number comes from: a citation.")
    confidence: Confidence = Field(default="high", description="How sure the entry is: high, medium or low.")
    verified: bool = Field(default=True, description="Whether it was checked against the source.")


class Cutoff(Record, frozen=True):
    """A published score that separates two populations, for a stated purpose."""

    value: float = Field(description="The score.")
    comparator: Comparator | None = Field(
        default=None,
        description="A score compared so is on the clinical side; null: the source does not say which.",
    )
    purpose: PublicText = Field(
        description="What the cutoff is for: caseness, diagnosis, screening, end_state, alert."
    )
    clinical_population: PublicText | None = Field(
        default=None, description="The population on its clinical side."
    )
    comparison_population: PublicText | None = Field(
        default=None, description="The population on its other side."
    )
    subscale: PublicId | None = Field(default=None, description="None: the total.")
    metric: PublicText | None = Field(
        default=None, description="What the value counts, where not the score: T score."
    )
    exact: float | None = Field(default=None, description="The value before it was rounded for use.")
    accuracy: PublicText | None = Field(default=None, description="Sensitivity/specificity as published.")
    note: PublicText | None = Field(default=None, description="What else is to be known.")
    source: PublicText = Field(description="Where the number comes from: a citation.")
    confidence: Confidence = Field(default="high", description="How sure the entry is: high, medium or low.")
    verified: bool = Field(default=True, description="Whether it was checked against the source.")


class Reliability(Record, frozen=True):
    """A published reliability coefficient."""

    value: float = Field(ge=0, le=1, description="The coefficient.")
    upper: float | None = Field(
        default=None, ge=0, le=1, description="Upper end where a range was published."
    )
    kind: Literal["internal_consistency", "test_retest", "inter_rater"] = Field(
        description="Which coefficient."
    )
    interval: PublicText | None = Field(default=None, description="Time between test and retest.")
    population: PublicText | None = Field(default=None, description="In whom it was found.")
    source: PublicText = Field(description="Where the number comes from: a citation.")
    confidence: Confidence = Field(default="high", description="How sure the entry is: high, medium or low.")
    verified: bool = Field(default=True, description="Whether it was checked against the source.")


class Norm(Record, frozen=True):
    """Mean and standard deviation of a population."""

    population: PublicText = Field(description="In whom it was found.")
    clinical: bool = Field(description="Whether they were patients.")
    mean: float = Field(description="Mean score.")
    sd: NonNegative | None = Field(default=None, description="None: the source read gives the mean only.")
    n: int | None = Field(default=None, ge=1, description="How many they were.")
    source: PublicText = Field(description="Where the number comes from: a citation.")
    confidence: Confidence = Field(default="high", description="How sure the entry is: high, medium or low.")
    verified: bool = Field(default=True, description="Whether it was checked against the source.")


class ChangeThreshold(Record, frozen=True):
    """A published amount of change with a published meaning."""

    value: NonNegative = Field(description="Points of the total score.")
    kind: Literal["reliable_change", "minimal_important_difference", "sudden_gain", "other"] = Field(
        description="What the threshold tells."
    )
    comparator: Literal[">=", ">"] | None = Field(
        default=None,
        description="A change compared so counts; null: the source does not say.",
    )
    method: PublicText = Field(description="How it was found.")
    population: PublicText | None = Field(default=None, description="In whom it was found.")
    source: PublicText = Field(description="Where the number comes from: a citation.")
    confidence: Confidence = Field(default="high", description="How sure the entry is: high, medium or low.")
    verified: bool = Field(default=True, description="Whether it was checked against the source.")


class UnverifiedFacts(Record, frozen=True):
    """Numbers that are quoted but not checked, or of low confidence: never an answer unless asked for."""

    bands: Many[Band] = Field(default=(), description="Bands that were not verified.")
    cutoffs: Many[Cutoff] = Field(default=(), description="Cutoffs that were not verified.")
    reliabilities: Many[Reliability] = Field(default=(), description="Reliabilities that were not verified.")
    norms: Many[Norm] = Field(default=(), description="Norms that were not verified.")
    change_thresholds: Many[ChangeThreshold] = Field(
        default=(), description="Thresholds that were not verified."
    )
    loinc: PublicId | None = Field(
        default=None, description="LOINC code of the total score, seen in a mirror only."
    )
    loinc_source: PublicText | None = Field(default=None, description="Where the LOINC code comes from.")


class _Marked(Protocol):
    @property
    def confidence(self) -> Confidence: ...
    @property
    def verified(self) -> bool: ...


_Fact = TypeVar("_Fact", Band, Cutoff, Reliability, Norm, ChangeThreshold)


def is_checked(fact: _Marked) -> bool:
    """Return whether a fact may be used without being asked for: verified, and not of low confidence.

    >>> is_checked(Norm(population="students", clinical=False, mean=3.0, source="a blog", confidence="low"))
    False
    """
    return fact.verified and fact.confidence != "low"


def chosen(
    facts: Iterable[_Fact], wanted: Callable[[_Fact], bool], *, include_unverified: bool
) -> tuple[_Fact, ...]:
    """Return the wanted facts, without the unchecked ones unless they are asked for; then warn."""
    found = tuple(f for f in facts if wanted(f) and (include_unverified or is_checked(f)))
    unchecked = sum(not is_checked(f) for f in found)
    if unchecked:
        warn_of_unverified(f"{unchecked} of {len(found)} numbers in the answer", stacklevel=4)
    return found


def warn_of_unverified(what: str, *, stacklevel: int = 3) -> None:
    """Warn that what is handed out includes facts that nobody has checked."""
    message = f"{what}: quoted, but not checked against the source; check it there before you rely on it"
    warnings.warn(message, UnverifiedFactWarning, stacklevel=stacklevel)
