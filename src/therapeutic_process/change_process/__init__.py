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

__all__ = [
    "Change",
    "ChangeRow",
    "ChangeVerdict",
    "Changes",
    "Threshold",
    "change_between",
    "changes",
    "published_threshold",
]
