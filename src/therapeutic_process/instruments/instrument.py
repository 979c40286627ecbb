"""A questionnaire: its range, direction, scoring and published numbers, each with its source."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Literal

from pydantic import Field
from typing_extensions import override

from therapeutic_process.base import Many, PublicId, PublicText, RuledRecord, broken
from therapeutic_process.errors import Violation
from therapeutic_process.instruments.facts import (
    Band,
    ChangeThreshold,
    Citation,
    Cutoff,
    Facet,
    ItemValues,
    MissingItemRule,
    Norm,
    Rater,
    Reliability,
    UnverifiedFacts,
    chosen,
    is_checked,
    warn_of_unverified,
)

__all__ = ["Direction", "Instrument", "Scoring", "Subscale", "instrument_with_unverified"]

Direction = Literal["higher_worse", "higher_better"]
Scoring = Literal["sum", "mean", "mean_x10", "sum_x4", "none", "other"]
"""How items make a score: ``none``: the subscales only; ``other``: by more than that, or not known."""


class Subscale(RuledRecord, frozen=True):
    """A part of an instrument that is scored on its own."""

    id: PublicId = Field(description="Names the subscale in its instrument.")
    name: PublicText = Field(description="Its full name.")
    items: Many[int] = Field(default=(), description="Item numbers, counted from 1.")
    minimum: float | None = Field(default=None, description="Lowest score.")
    maximum: float | None = Field(default=None, description="Highest score.")
    scoring: Scoring = Field(default="sum", description="How items make the score.")
    direction: Direction | None = Field(default=None, description="None: as the whole instrument.")
    missing_items: MissingItemRule | None = Field(
        default=None, description="What is done about missing items."
    )
    facets: Many[Facet] = Field(default=(), description="What it speaks to; empty: what the instrument does.")
    source: PublicText | None = Field(default=None, description="Where the number comes from: a citation.")

    @override
    def broken_rules(self, context: Mapping[str, Any]) -> Iterator[Violation]:
        yield from _range_rule(self.minimum, self.maximum)


class Instrument(RuledRecord, frozen=True):
    """A questionnaire or rating instrument: facts and scoring only, never the text of an item.

    Numbers that nobody has checked stand apart in ``unverified``; ``with_unverified`` and the methods that
    end in ``_for`` bring them in, with a warning.

    >>> Instrument(id="ruler", name="Readiness ruler", minimum=0, maximum=10).maximum
    10.0
    """

    id: PublicId = Field(description="Names the instrument in the catalogue.")
    name: PublicText = Field(description="Its full name.")
    abbreviation: PublicText | None = Field(default=None, description="Its usual short name.")
    measures: PublicText | None = Field(default=None, description="The construct, in words.")
    domain: Literal["outcome", "process", "goal", "other"] = Field(
        default="outcome", description="What it measures."
    )
    raters: Many[Rater] = Field(default=(), description="Who fills it in; empty: not said.")
    item_count: int | None = Field(default=None, ge=1, description="How many items it has.")
    item_minimum: float | None = Field(default=None, description="Lowest value of an item.")
    item_maximum: float | None = Field(default=None, description="Highest value of an item.")
    item_values: Many[ItemValues] = Field(
        default=(), description="Items that take fewer values than the others."
    )
    reversed_items: Many[int] | None = Field(default=(), description="Item numbers from 1; null: not known.")
    minimum: float | None = Field(
        default=None, description="Lowest possible score; null: no total, or not known."
    )
    maximum: float | None = Field(
        default=None, description="Highest possible score; null: no total, or not known."
    )
    scoring: Scoring = Field(default="sum", description="How items make the total.")
    missing_items: MissingItemRule | None = Field(default=None, description="None: no rule was found.")
    direction: Direction | None = Field(
        default=None, description="Whether higher scores are better or worse."
    )
    subscales: Many[Subscale] = Field(default=(), description="Its subscales.")
    bands: Many[Band] = Field(default=(), description="Published bands of severity.")
    cutoffs: Many[Cutoff] = Field(default=(), description="Published cutoffs, by population and purpose.")
    reliabilities: Many[Reliability] = Field(default=(), description="Published reliabilities.")
    norms: Many[Norm] = Field(default=(), description="Published means and standard deviations.")
    change_thresholds: Many[ChangeThreshold] = Field(
        default=(), description="Published thresholds of change."
    )
    recall: PublicText | None = Field(
        default=None, description="The time that the answers look back over, in words."
    )
    recall_days: int | None = Field(
        default=None, ge=0, description="The same in days; a month is 30, this session 0."
    )
    facets: Many[Facet] = Field(
        default=(), description="Facets of the Generic Model of Psychotherapy that it speaks to."
    )
    loinc: PublicId | None = Field(default=None, description="LOINC code of the total score.")
    licence: PublicText | None = Field(default=None, description="Under which terms it may be used.")
    references: Many[PublicText] = Field(default=(), description="What to cite.")
    sources: Many[Citation] = Field(
        default=(), description="Where the numbers in the plain fields were read."
    )
    unverified: UnverifiedFacts | None = Field(default=None, description="Numbers that nobody has checked.")
    notes: PublicText | None = Field(default=None, description="What else is to be known.")

    @override
    def broken_rules(self, context: Mapping[str, Any]) -> Iterator[Violation]:
        yield from _range_rule(self.minimum, self.maximum)
        if (self.minimum is None) is not (self.maximum is None):
            yield broken(
                "range_order", "maximum", needed="both ends of the range or neither", found="one end"
            )
        yield from _range_rule(self.item_minimum, self.item_maximum, "item_maximum")
        if len({s.id for s in self.subscales}) < len(self.subscales):
            yield broken(
                "id_repeated", "subscales", needed="subscales with ids of their own", found="a repeated id"
            )
        yield from self._item_rules()

    def _item_rules(self) -> Iterator[Violation]:
        last = self.item_count
        if not _item_numbers(self.reversed_items or (), last):
            yield broken(
                "item_unknown", "reversed_items", needed="items of the instrument", found="another number"
            )
        for i, subscale in enumerate(self.subscales):
            if not _item_numbers(subscale.items, last):
                needed = "items of the instrument, each once"
                yield broken("item_unknown", "subscales", i, "items", needed=needed, found="another number")

    def subscale(self, scale_id: str) -> Subscale | None:
        """Return the subscale with that id, or None."""
        return next((s for s in self.subscales if s.id == scale_id), None)

    def source_of(self, field: str) -> str | None:
        """Return where the number in a plain field was read, or None.

        >>> from therapeutic_process.instruments import builtin_catalogue
        >>> print(builtin_catalogue().instrument("gad7").source_of("maximum")[:60])
        https://github.com/ucam-department-of-psychiatry/camcops (se
        """
        return next((c.source for c in self.sources if field in c.fields), None)

    def cutoffs_for(
        self, *, purpose: str | None = None, population: str | None = None, include_unverified: bool = False
    ) -> tuple[Cutoff, ...]:
        """Return the published cutoffs for a purpose and a population.

        >>> from therapeutic_process.instruments import builtin_catalogue
        >>> [c.value for c in builtin_catalogue().instrument("phq9").cutoffs_for(purpose="caseness")]
        [10.0]

        Args:
            purpose: ``caseness``, ``diagnosis``, ``screening``, ``end_state``, ``alert``; None: any.
            population: The clinical or the comparison population, in the cutoff's own words; None: any.
            include_unverified: Also numbers of low confidence and those whose source was not read.

        Warns:
            UnverifiedFactWarning: If unverified cutoffs are in the answer.
        """

        def wanted(cutoff: Cutoff) -> bool:
            populations = (cutoff.clinical_population, cutoff.comparison_population)
            return purpose in {None, cutoff.purpose} and population in {None, *populations}

        waiting = self.unverified.cutoffs if self.unverified else ()
        return chosen((*self.cutoffs, *waiting), wanted, include_unverified=include_unverified)

    def change_thresholds_for(
        self, *, kind: str | None = None, method: str | None = None, include_unverified: bool = False
    ) -> tuple[ChangeThreshold, ...]:
        """Return the published amounts of change of a kind.

        >>> from therapeutic_process.instruments import builtin_catalogue
        >>> phq9 = builtin_catalogue().instrument("phq9")
        >>> [t.value for t in phq9.change_thresholds_for(kind="reliable_change")]
        [6.0]

        Args:
            kind: As the threshold has it (``reliable_change``); None: any.
            method: The threshold's method, in its own words; None: any.
            include_unverified: Also numbers of low confidence and those whose source was not read.

        Warns:
            UnverifiedFactWarning: If unverified thresholds are in the answer.
        """

        def wanted(threshold: ChangeThreshold) -> bool:
            return kind in {None, threshold.kind} and method in {None, threshold.method}

        waiting = self.unverified.change_thresholds if self.unverified else ()
        return chosen((*self.change_thresholds, *waiting), wanted, include_unverified=include_unverified)

    def band_of(self, score: float, *, subscale: str | None = None, scheme: str | None = None) -> Band | None:
        """Return the published band that a score falls in; None if there is none, or it falls between two.

        >>> from therapeutic_process.instruments import builtin_catalogue
        >>> builtin_catalogue().instrument("phq9").band_of(12).label
        'moderate'

        Args:
            score: A total, or the score of the subscale.
            subscale: The subscale's id; None: the total.
            scheme: Which of several published sets of bands; None: the set that has no name.
        """
        mine = (b for b in self.bands if (b.subscale, b.scheme) == (subscale, scheme) and is_checked(b))
        return next((b for b in mine if b.minimum <= score <= b.maximum), None)

    def with_unverified(self) -> Instrument:
        """Return the instrument with its unverified numbers among the others, each still marked.

        Warns:
            UnverifiedFactWarning: If there are any.
        """
        if self.unverified is None:
            return self
        warn_of_unverified("an instrument's facts")
        return instrument_with_unverified(self)


def instrument_with_unverified(instrument: Instrument) -> Instrument:
    """Return the instrument with its unverified numbers among the others, without a warning."""
    waiting = instrument.unverified
    if waiting is None:
        return instrument
    kinds = ("bands", "cutoffs", "reliabilities", "norms", "change_thresholds")
    both = {kind: getattr(instrument, kind) + getattr(waiting, kind) for kind in kinds}
    loinc = instrument.loinc if waiting.loinc is None else waiting.loinc
    return instrument.with_changes(**both, loinc=loinc, unverified=None)


def _item_numbers(items: tuple[int, ...], last: int | None) -> bool:
    known = last is None or all(n <= last for n in items)
    return known and all(n >= 1 for n in items) and len(set(items)) == len(items)


def _range_rule(minimum: float | None, maximum: float | None, field: str = "maximum") -> Iterator[Violation]:
    if minimum is not None and maximum is not None and maximum <= minimum:
        yield broken(
            "range_order", field, needed="a maximum above the minimum", found="a smaller or equal one"
        )
