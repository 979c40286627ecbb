"""Refuse arguments that make no sense, with what was needed and what was found."""

from __future__ import annotations

import math
from typing import Literal, TypeAlias

from therapeutic_process.errors import NotEnoughData, TherapeuticProcessError

__all__ = ["Better", "direction", "need_between", "need_number", "need_positive", "need_value"]

Better: TypeAlias = Literal["lower", "higher"]


def direction(better: str) -> int:
    """Return +1 where higher scores are better, -1 where lower are.

    >>> direction("lower")
    -1
    """
    if better not in {"lower", "higher"}:
        raise TherapeuticProcessError(f"better: needed 'lower' or 'higher', found {better!r}")
    return 1 if better == "higher" else -1


def need_number(name: str, value: float) -> float:
    """Return the number if it is finite."""
    if not math.isfinite(value):
        raise TherapeuticProcessError(f"{name}: needed a finite number, found {value}")
    return value


def need_positive(name: str, value: float) -> float:
    """Return the number if it is above zero."""
    if not (math.isfinite(value) and value > 0):
        raise TherapeuticProcessError(f"{name}: needed a number above 0, found {value}")
    return value


def need_between(name: str, value: float, low: float, high: float) -> float:
    """Return the number if it lies strictly between the two."""
    if not low < value < high:
        raise TherapeuticProcessError(f"{name}: needed a number above {low} and below {high}, found {value}")
    return value


def need_value(function: str, name: str, value: float | None) -> float:
    """Return the value if it was given."""
    if value is None:
        raise NotEnoughData(function, needed=f"the argument {name!r}", found="none")
    return need_number(name, value)
