"""This room knows facts about questionnaires, rating scales and coding systems, each with its source."""

from therapeutic_process.instruments.catalogue import Catalogue, builtin_catalogue
from therapeutic_process.instruments.coding_system import (
    CodeDefinition,
    CodingLevel,
    CodingSystem,
    SummaryRatio,
    UnverifiedCoding,
)
from therapeutic_process.instruments.facts import (
    Band,
    ChangeThreshold,
    Citation,
    Comparator,
    Confidence,
    Cutoff,
    Facet,
    ItemValues,
    MissingItemRule,
    Norm,
    Rater,
    Reliability,
    UnverifiedFacts,
    UnverifiedFactWarning,
)
from therapeutic_process.instruments.instrument import Direction, Instrument, Scoring, Subscale
from therapeutic_process.instruments.rating_scale import QSort, RatingScale, Reading, ScalePoint, SpeakerRole
from therapeutic_process.instruments.scoring import Answers, ItemScore, items_agree, score_items

__all__ = [
    "Answers",
    "Band",
    "Catalogue",
    "ChangeThreshold",
    "Citation",
    "CodeDefinition",
    "CodingLevel",
    "CodingSystem",
    "Comparator",
    "Confidence",
    "Cutoff",
    "Direction",
    "Facet",
    "Instrument",
    "ItemScore",
    "ItemValues",
    "MissingItemRule",
    "Norm",
    "QSort",
    "Rater",
    "RatingScale",
    "Reading",
    "Reliability",
    "ScalePoint",
    "Scoring",
    "SpeakerRole",
    "Subscale",
    "SummaryRatio",
    "UnverifiedCoding",
    "UnverifiedFactWarning",
    "UnverifiedFacts",
    "builtin_catalogue",
    "items_agree",
    "score_items",
]
