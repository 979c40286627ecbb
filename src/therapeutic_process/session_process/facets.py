"""Which facet of the Generic Model of Psychotherapy a measure or a code is declared to speak to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeAlias

if TYPE_CHECKING:
    from therapeutic_process.instruments import Catalogue, Facet

__all__ = ["TOPICS", "Topic", "facets_of", "facets_of_code", "topics_of"]

Topic: TypeAlias = Literal["collaboration", "openness"]

TOPICS: dict[Topic, frozenset[Facet]] = {
    "collaboration": frozenset({"contract", "bond"}),
    "openness": frozenset({"self_relatedness"}),
}
"""Orlinsky, Rønnestad & Willutzki (2004): contract and bond; self-relatedness, from open to defensive."""


def facets_of(catalogue: Catalogue, instrument: str, scale: str | None) -> tuple[Facet, ...]:
    """Return the facets of a scale, or those of its instrument or coding system where it declares none.

    >>> from therapeutic_process.instruments import builtin_catalogue
    >>> facets_of(builtin_catalogue(), "wai_sr", "bond")
    ('bond',)
    """
    questionnaire, system = catalogue.instrument(instrument), catalogue.coding_system(instrument)
    own: tuple[Facet, ...] = ()
    if scale is not None and questionnaire is not None:
        part = questionnaire.subscale(scale)
        own = part.facets if part is not None else ()
    elif scale is not None and system is not None:
        rated = system.scale(scale)
        own = rated.facets if rated is not None else ()
    whole = questionnaire.facets if questionnaire is not None else system.facets if system is not None else ()
    return own or whole


def facets_of_code(catalogue: Catalogue, system: str, code: str) -> tuple[Facet, ...]:
    """Return the facets of a code, or those of its system where it declares none."""
    known = catalogue.coding_system(system)
    if known is None:
        return ()
    own = known.code(code)
    return own.facets if own is not None and own.facets else known.facets


def topics_of(facets: tuple[Facet, ...]) -> tuple[Topic, ...]:
    """Return the topics that some facets belong to.

    >>> topics_of(("contract", "bond"))
    ('collaboration',)
    """
    return tuple(topic for topic, own in TOPICS.items() if own.intersection(facets))
