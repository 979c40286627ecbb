"""Strategies for coding systems: codes, rating scales, ratios and sorts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from therapeutic_process.instruments import (
    CodeDefinition,
    CodingSystem,
    QSort,
    RatingScale,
    ScalePoint,
    SummaryRatio,
    UnverifiedCoding,
    builtin_catalogue,
)
from therapeutic_process.testing.known import facets, some
from therapeutic_process.testing.values import built, choice, finite, public_ids, short_texts

if TYPE_CHECKING:
    from hypothesis.strategies import DrawFn, SearchStrategy

__all__ = [
    "code_definitions",
    "coding_systems",
    "q_sorts",
    "rating_scales",
    "scale_points",
    "summary_ratios",
    "unverified_codings",
    "usual_systems",
]

_USUAL = ("annomi", "automisc", "imcs")
_ROLES = ("client", "therapist", "other")
_LEVELS = ("interaction", "segment", "session")


def usual_systems() -> tuple[CodingSystem, ...]:
    """Return a few coding systems of the built-in catalogue that drawn cases use."""
    found = (builtin_catalogue().coding_system(name) for name in _USUAL)
    return tuple(s for s in found if s is not None)


def scale_points(*, low: int = 1, high: int = 7) -> SearchStrategy[ScalePoint]:
    """Named points of a rating scale.

    Args:
        low: The lowest value.
        high: The highest value.
    """
    return built(ScalePoint, {"value": st.integers(low, high), "name": short_texts("neutral")})


@st.composite
def rating_scales(draw: DrawFn, *, id: str | None = None) -> RatingScale:  # noqa: A002
    """Scales on which a coder rates a session or a segment as a whole.

    Args:
        draw: Given by Hypothesis.
        id: The id; None: any.
    """
    required: dict[str, SearchStrategy[Any]] = {"id": st.just(id) if id else public_ids("d")}
    optional: dict[str, SearchStrategy[Any]] = {
        "name": short_texts("Depth"),
        "step": choice(1, 0.5),
        "readings": some(("overall", "mode", "peak"), least=1),
        "speakers": some(_ROLES),
        "level": st.sampled_from(_LEVELS),
        "item_count": st.integers(1, 5),
        "facets": facets(),
    }
    if draw(st.integers(0, 3)) < 3:
        high = draw(st.integers(2, 9))
        required |= {"minimum": st.just(1), "maximum": st.just(high)}
        optional["points"] = st.lists(scale_points(high=high), max_size=2)
    return draw(built(RatingScale, required, optional))


@st.composite
def q_sorts(draw: DrawFn) -> QSort:
    """Sorts of items into piles, forced or free."""
    piles = draw(st.lists(st.integers(0, 3), min_size=2, max_size=4).filter(any))
    low = draw(st.integers(-2, 1))
    required = {
        "items": st.just(sum(piles)),
        "minimum": st.just(low),
        "maximum": st.just(low + len(piles) - 1),
    }
    return draw(built(QSort, required, {"distribution": st.just(piles)}))


def code_definitions(
    *,
    id: str | None = None,  # noqa: A002
    broader: tuple[str, ...] = (),
) -> SearchStrategy[CodeDefinition]:
    """Codes of a system.

    Args:
        id: The id; None: any.
        broader: Ids of the codes that this one may be a kind of.
    """
    optional: dict[str, SearchStrategy[Any]] = {
        "name": short_texts("question"),
        "speakers": some(_ROLES),
        "dimension": choice("form", "intent"),
        "group": public_ids("group"),
        "facets": facets(),
    }
    if broader:
        optional["broader"] = st.sampled_from(broader)
    return built(CodeDefinition, {"id": st.just(id) if id else public_ids("q")}, optional)


def summary_ratios(*, codes: tuple[str, ...] = ("q1",)) -> SearchStrategy[SummaryRatio]:
    """Ratios of code counts that a system declares.

    Args:
        codes: Ids of the system's codes.
    """
    parts = some(codes, least=1)
    required: dict[str, SearchStrategy[Any]] = {
        "id": public_ids("ratio"),
        "name": short_texts("share of questions"),
    }
    return built(
        SummaryRatio,
        {**required, "numerator": parts, "denominator": parts, "source": st.just("made up for a test")},
    )


def unverified_codings() -> SearchStrategy[UnverifiedCoding]:
    """Parts of a system that were not checked against its manual."""
    optional: dict[str, SearchStrategy[Any]] = {
        "codes": st.lists(code_definitions(), max_size=1),
        "scales": st.lists(rating_scales(), max_size=1),
        "ratios": st.lists(summary_ratios(), max_size=1),
        "q_sort": q_sorts(),
    }
    return built(UnverifiedCoding, {}, optional)


@st.composite
def coding_systems(draw: DrawFn, *, id: str | None = None) -> CodingSystem:  # noqa: A002
    """Coding systems: with exclusive codes or labels, dimensions, scales and ratios.

    Args:
        draw: Given by Hypothesis.
        id: The id; None: any.
    """
    names = tuple(f"q{n}" for n in range(1, 1 + draw(st.integers(0, 3))))
    codes = [draw(code_definitions(id=name, broader=names[:n])) for n, name in enumerate(names)]
    scales = [draw(rating_scales(id=f"d{n}")) for n in range(1, 1 + draw(st.integers(0, 2)))]
    required: dict[str, SearchStrategy[Any]] = {
        "id": st.just(id) if id else public_ids("y"),
        "name": short_texts("Talk about change"),
    }
    required |= {"codes": st.just(codes)} if codes else {}
    required |= {"scales": st.just(scales)} if scales else {}
    optional: dict[str, SearchStrategy[Any]] = {
        "abbreviation": short_texts("TAC"),
        "version": short_texts("2"),
        "levels": some(_LEVELS, least=1),
        "unit": short_texts("turn"),
        "nested_units": st.lists(short_texts("turn"), max_size=1),
        "bin_s": finite(1, 600),
        "timed_events": st.booleans(),
        "mutually_exclusive": st.booleans(),
        "every_dimension": st.booleans(),
        "points_at": some(("actor", "target", "theme")),
        "raters": some(("observer", "client", "software")),
        "facets": facets(),
        "q_sort": q_sorts(),
        "verified": st.booleans(),
        "unverified": unverified_codings(),
        "licence": short_texts("free"),
        "references": st.lists(short_texts("a manual"), max_size=1),
        "notes": short_texts("a note"),
    }
    if names:
        optional["ratios"] = st.lists(summary_ratios(codes=names), max_size=1)
    return draw(built(CodingSystem, required, optional))
