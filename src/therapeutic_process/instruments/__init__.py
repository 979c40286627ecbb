"""This room knows facts about questionnaires, rating scales and coding systems, each number with its source."""

from therapeutic_process.instruments.catalogue import Catalogue, builtin_catalogue
from therapeutic_process.instruments.coding_system import (
    CodeDefinition,
    CodingLevel,
    CodingSystem,
    Facet,
    RatingScale,
    SpeakerRole,
    SummaryRatio,
)
from therapeutic_process.instruments.instrument import (
    Band,
    ChangeThreshold,
    Comparator,
    Confidence,
    Cutoff,
    Direction,
    Instrument,
    MissingItemRule,
    Norm,
    Reliability,
    Scoring,
    Subscale,
)

__all__ = [
    "Band",
    "Catalogue",
    "ChangeThreshold",
    "CodeDefinition",
    "CodingLevel",
    "CodingSystem",
    "Comparator",
    "Confidence",
    "Cutoff",
    "Direction",
    "Facet",
    "Instrument",
    "MissingItemRule",
    "Norm",
    "RatingScale",
    "Reliability",
    "Scoring",
    "SpeakerRole",
    "Subscale",
    "SummaryRatio",
    "builtin_catalogue",
]
