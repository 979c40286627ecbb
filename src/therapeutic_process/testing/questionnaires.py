"""Strategies for instruments and the facts about them. The numbers are made up, and so are their sources."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from hypothesis import strategies as st

from therapeutic_process.base import Record
from therapeutic_process.instruments import (
    Band,
    ChangeThreshold,
    Citation,
    Cutoff,
    Instrument,
    ItemValues,
    MissingItemRule,
    Norm,
    Reliability,
    Subscale,
    UnverifiedFacts,
)
from therapeutic_process.testing.known import facets, some
from therapeutic_process.testing.values import built, choice, finite, public_ids, short_texts

if TYPE_CHECKING:
    from hypothesis.strategies import DrawFn, SearchStrategy

__all__ = [
    "bands",
    "change_thresholds",
    "citations",
    "cutoffs",
    "instruments",
    "item_values",
    "missing_item_rules",
    "norms",
    "reliabilities",
    "subscales",
    "unverified_facts",
]

_R = TypeVar("_R", bound=Record)
_DIRECTIONS = ("higher_worse", "higher_better")
_SCORINGS = ("sum", "mean", "mean_x10", "sum_x4", "none", "other")
_RATERS = ("client", "therapist", "observer", "parent", "teacher", "crowd", "software")


def _sources() -> SearchStrategy[str]:
    return st.just("made up for a test")


def _fact(
    record: type[_R], optional: dict[str, SearchStrategy[Any]], **required: SearchStrategy[Any]
) -> SearchStrategy[_R]:
    sure = {"confidence": choice("high", "medium", "low"), "verified": st.booleans()}
    return built(record, {**required, "source": _sources()}, optional | sure)


def _populations() -> SearchStrategy[str]:
    return short_texts("students", "outpatients")


def citations() -> SearchStrategy[Citation]:
    """Where the numbers in some fields were read."""
    fields = st.lists(choice("minimum", "maximum", "recall"), min_size=1, max_size=3, unique=True)
    return built(Citation, {"fields": fields, "source": _sources()}, {"confidence": choice("high", "low")})


def missing_item_rules() -> SearchStrategy[MissingItemRule]:
    """How a total is made when items are missing."""
    methods = choice("none_allowed", "prorate")
    return built(
        MissingItemRule,
        {"method": methods, "source": _sources()},
        {"max_missing": st.none() | st.integers(0, 3)},
    )


def item_values(*, items: int = 5) -> SearchStrategy[ItemValues]:
    """The only values that some items can take.

    Args:
        items: How many items there are.
    """
    numbers = some(tuple(range(1, items + 1)), least=1)
    values = st.lists(st.integers(0, 4), min_size=1, max_size=3, unique=True)
    return built(ItemValues, {"items": numbers, "values": values, "source": _sources()})


def bands() -> SearchStrategy[Band]:
    """Named ranges of severity."""
    limits = st.tuples(st.integers(0, 30), st.integers(0, 30)).map(sorted)
    optional = {"subscale": public_ids("a"), "scheme": public_ids("scheme")}
    label = short_texts("mild", "severe")
    return limits.flatmap(
        lambda x: _fact(Band, optional, label=label, minimum=st.just(x[0]), maximum=st.just(x[1]))
    )


def cutoffs() -> SearchStrategy[Cutoff]:
    """Scores that separate two populations."""
    optional = {
        "comparator": choice(">=", ">", "<=", "<"),
        "clinical_population": _populations(),
        "comparison_population": _populations(),
        "subscale": public_ids("a"),
        "metric": short_texts("T score"),
        "exact": finite(0, 30),
        "accuracy": short_texts("0.8/0.9"),
        "note": short_texts("rounded"),
    }
    return _fact(Cutoff, optional, value=finite(0, 30), purpose=short_texts("caseness", "screening"))


def reliabilities() -> SearchStrategy[Reliability]:
    """Reliability coefficients."""
    optional = {"upper": finite(0, 1), "interval": short_texts("two weeks"), "population": _populations()}
    kinds = choice("internal_consistency", "test_retest", "inter_rater")
    return _fact(Reliability, optional, value=finite(0, 1), kind=kinds)


def norms() -> SearchStrategy[Norm]:
    """Mean and standard deviation of a population."""
    optional = {"sd": finite(0, 10), "n": st.integers(1, 5_000)}
    return _fact(Norm, optional, population=_populations(), clinical=st.booleans(), mean=finite(0, 30))


def change_thresholds() -> SearchStrategy[ChangeThreshold]:
    """Amounts of change with a meaning."""
    kinds = choice("reliable_change", "minimal_important_difference", "sudden_gain", "other")
    optional = {"comparator": choice(">=", ">"), "population": _populations()}
    return _fact(ChangeThreshold, optional, value=finite(0, 30), kind=kinds, method=short_texts("anchor"))


def _facts() -> dict[str, SearchStrategy[Any]]:
    return {
        "bands": st.lists(bands(), max_size=2),
        "cutoffs": st.lists(cutoffs(), max_size=1),
        "reliabilities": st.lists(reliabilities(), max_size=1),
        "norms": st.lists(norms(), max_size=1),
        "change_thresholds": st.lists(change_thresholds(), max_size=1),
        "loinc": st.just("00000-0"),
    }


def unverified_facts() -> SearchStrategy[UnverifiedFacts]:
    """Numbers that nobody has checked."""
    return built(UnverifiedFacts, {}, _facts() | {"loinc_source": short_texts("a mirror")})


@st.composite
def subscales(draw: DrawFn, *, id: str | None = None, items: int = 5) -> Subscale:  # noqa: A002
    """Parts of an instrument that are scored on their own.

    Args:
        draw: Given by Hypothesis.
        id: The id; None: any.
        items: How many items the instrument has.
    """
    required: dict[str, SearchStrategy[Any]] = {
        "id": st.just(id) if id else public_ids("a"),
        "name": short_texts("Bond"),
    }
    if draw(st.booleans()):
        required |= {"minimum": st.just(0.0), "maximum": st.integers(1, 40)}
    optional: dict[str, SearchStrategy[Any]] = {
        "items": some(tuple(range(1, items + 1))),
        "scoring": st.sampled_from(_SCORINGS),
        "direction": st.sampled_from(_DIRECTIONS),
        "missing_items": missing_item_rules(),
        "facets": facets(),
        "source": _sources(),
    }
    return draw(built(Subscale, required, optional))


@st.composite
def instruments(draw: DrawFn, *, id: str | None = None) -> Instrument:  # noqa: A002
    """Questionnaires with made-up numbers: with and without a total, items, subscales and facts.

    Args:
        draw: Given by Hypothesis.
        id: The id; None: any.
    """
    required: dict[str, SearchStrategy[Any]] = {
        "id": st.just(id) if id else public_ids("i"),
        "name": short_texts("Mood today"),
    }
    if draw(st.booleans()):
        required |= {"minimum": st.just(0.0), "maximum": st.integers(1, 100)}
    optional: dict[str, SearchStrategy[Any]] = {
        "abbreviation": short_texts("MT"),
        "measures": short_texts("mood"),
        "domain": choice("outcome", "process", "goal", "other"),
        "raters": some(_RATERS),
        "direction": st.sampled_from(_DIRECTIONS),
        "recall": short_texts("two weeks"),
        "recall_days": st.integers(0, 30),
        "facets": facets(),
        "licence": short_texts("free"),
        "references": st.lists(short_texts("a paper"), max_size=1),
        "sources": st.lists(citations(), max_size=1),
        "notes": short_texts("a note"),
    }
    count = draw(st.integers(0, 5))
    if count:
        optional |= _of_items(count)
        optional |= {"item_count": st.just(count), "subscales": _subscales(count)}
    if draw(st.integers(0, 4)) == 4:
        optional |= _facts() | {"unverified": unverified_facts()}
    if "item_count" in optional:
        required["item_count"] = optional.pop("item_count")
    return draw(built(Instrument, required, optional))


def _of_items(count: int) -> dict[str, SearchStrategy[Any]]:
    return {
        "reversed_items": st.none() | some(tuple(range(1, count + 1))),
        "item_values": st.lists(item_values(items=count), max_size=1),
        "missing_items": missing_item_rules(),
    }


@st.composite
def _subscales(draw: DrawFn, count: int) -> list[Subscale]:
    return [draw(subscales(id=f"a{n}", items=count)) for n in range(1, 1 + draw(st.integers(0, 2)))]
