"""This room grades change: how far a client moved, and whether that exceeds measurement error."""

from therapeutic_process.change_process.change import (
    Change,
    ChangeRow,
    Changes,
    ChangeVerdict,
    Threshold,
    change_between,
    changes,
    published_threshold,
)
from therapeutic_process.change_process.focus import NextFocus, next_focus
from therapeutic_process.change_process.talking_therapies import (
    MeasureRule,
    ScorePair,
    TalkingTherapiesOutcome,
    talking_therapies_of,
    talking_therapies_outcome,
)

__all__ = [
    "Change",
    "ChangeRow",
    "ChangeVerdict",
    "Changes",
    "MeasureRule",
    "NextFocus",
    "ScorePair",
    "TalkingTherapiesOutcome",
    "Threshold",
    "change_between",
    "changes",
    "next_focus",
    "published_threshold",
    "talking_therapies_of",
    "talking_therapies_outcome",
]
