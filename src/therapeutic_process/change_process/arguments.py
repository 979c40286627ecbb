"""Refuse arguments that make no sense, with what was needed and what was found."""

from __future__ import annotations

import math
from numbers import Integral, Real
from typing import Any, Literal, TypeAlias

from therapeutic_process.errors import NotEnoughData, TherapeuticProcessError

__all__ = [
    "Better",
    "direction",
    "known_score",
    "need_between",
    "need_number",
    "need_positive",
    "need_share",
    "need_value",
    "need_whole",
    "why_unscored",
]

Better: TypeAlias = Literal["lower", "higher"]


def direction(better: str) -> int:
    """Return +1 where higher scores are better, -1 where lower are.

    >>> direction("lower")
    -1
    """
    if better not in {"lower", "higher"}:
        raise TherapeuticProcessError(f"better: needed 'lower' or 'higher', found {better!r}")
    return 1 if better == "higher" else -1


def _is_number(value: object) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool)


def _found(value: object) -> str:
    # what is no number may be anything, also a client's words
    return "none" if value is None else str(value) if _is_number(value) else f"type {type(value).__name__}"


def need_number(name: str, value: Any) -> float:
    """Return the number if it is finite."""
    if not (_is_number(value) and math.isfinite(value)):
        raise TherapeuticProcessError(f"{name}: needed a finite number, found {_found(value)}")
    number: float = value
    return number


def need_positive(name: str, value: Any) -> float:
    """Return the number if it is above zero."""
    if not (_is_number(value) and math.isfinite(value) and value > 0):
        raise TherapeuticProcessError(f"{name}: needed a number above 0, found {_found(value)}")
    number: float = value
    return number


def need_between(name: str, value: float, low: float, high: float) -> float:
    """Return the number if it lies strictly between the two."""
    if not (_is_number(value) and low < value < high):
        raise TherapeuticProcessError(
            f"{name}: needed a number above {low} and below {high}, found {_found(value)}"
        )
    return value


def need_share(name: str, value: Any, *, low: float = 0) -> float:
    """Return the number if it lies from ``low`` to 1, both included."""
    if not (_is_number(value) and low <= value <= 1):
        raise TherapeuticProcessError(f"{name}: needed a number from {low} to 1, found {_found(value)}")
    share: float = value
    return share


def need_whole(name: str, value: Any, *, least: int = 1) -> int:
    """Return the whole number if it is not below ``least``."""
    whole = isinstance(value, Integral) and not isinstance(value, bool)
    if not whole or int(value) < least:
        raise TherapeuticProcessError(
            f"{name}: needed a whole number of {least} or more, found {_found(value)}"
        )
    return int(value)


def need_value(function: str, name: str, value: float | None) -> float:
    """Return the value if it was given."""
    if value is None:
        raise NotEnoughData(function, needed=f"the argument {name!r}", found="none")
    return need_number(name, value)


def known_score(name: str, value: Any) -> float | None:
    """Return a client's score, None where it is missing (None or NaN); refuse what is no finite number.

    The refusal tells what kind of thing was found, never the thing.
    """
    if value is None:
        return None
    if not _is_number(value):
        raise TherapeuticProcessError(f"{name}: needed a score or None, found type {type(value).__name__}")
    if math.isnan(value):
        return None
    if math.isinf(value):
        raise TherapeuticProcessError(f"{name}: needed a finite score or None, found an infinite one")
    score: float = value
    return score


def why_unscored(**scores: Any) -> str:
    """Say which of some scores are missing or infinite; ``""`` where none is.

    >>> why_unscored(before=None, after=9), why_unscored(before=20, after=float("inf"))
    ('no score before', 'score after is not a number')

    Raises:
        TherapeuticProcessError: If one is no number at all.
    """
    missing, endless = [], []
    for name, value in scores.items():
        if _is_number(value) and math.isinf(value):
            endless.append(name)
        elif known_score(name, value) is None:
            missing.append(name)
    said = ["no score " + " and ".join(missing)] if missing else []
    said += ["score " + " and ".join(endless) + " is not a number"] if endless else []
    return "; ".join(said)
