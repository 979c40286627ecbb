"""Turn a number into a class, in one form for a single number and for a column of a table."""

from __future__ import annotations

from typing import Any, Literal, TypeVar

import narwhals.stable.v2 as nw

__all__ = [
    "CANNOT_SAY",
    "DETERIORATED",
    "DETERIORATED_INTO_CLINICAL_RANGE",
    "HARMED",
    "IMPROVED",
    "NON_RELIABLY_RECOVERED",
    "RECOVERED",
    "UNCHANGED",
    "AtCutoff",
    "Number",
    "either",
    "grade",
    "is_clinical",
    "is_functional",
    "negated",
]

Number = TypeVar("Number", float, nw.Expr)
AtCutoff = Literal["clinical", "functional", "neither"]

IMPROVED = "improved"
UNCHANGED = "unchanged"
DETERIORATED = "deteriorated"
RECOVERED = "recovered"
NON_RELIABLY_RECOVERED = "non_reliably_recovered"
DETERIORATED_INTO_CLINICAL_RANGE = "deteriorated_into_clinical_range"
HARMED = DETERIORATED_INTO_CLINICAL_RANGE
CANNOT_SAY = None


def either(condition: Any, then: Any, otherwise: Any) -> Any:
    """Choose, for one truth value or for a column of them.

    >>> either(2 > 1, "yes", "no")
    'yes'
    """
    if isinstance(condition, nw.Expr):
        yes, no = (nw.lit(x) if isinstance(x, str) else x for x in (then, otherwise))
        return nw.when(condition).then(yes).otherwise(no)
    return then if condition else otherwise


def negated(condition: Any) -> Any:
    """Turn a truth value, or a column of them, into its opposite."""
    return ~condition if isinstance(condition, nw.Expr) else not condition


def grade(signed: Any, *, improved: float, deteriorated: float, inclusive: bool) -> Any:
    """Grade a number that is positive for improvement.

    >>> grade(2.1, improved=1.96, deteriorated=1.96, inclusive=False)
    'improved'

    Args:
        signed: The number or column, positive for improvement.
        improved: Beyond this it is an improvement.
        deteriorated: Beyond minus this it is a deterioration.
        inclusive: Whether exactly this is enough.
    """
    up = signed >= improved if inclusive else signed > improved
    down = signed <= -deteriorated if inclusive else signed < -deteriorated
    return either(up, IMPROVED, either(down, DETERIORATED, UNCHANGED))


def is_clinical(score: Any, cutoff: float, *, sign: int, at_cutoff: AtCutoff) -> Any:
    """Tell whether a score lies in the clinical range; ``sign`` is +1 where higher is better."""
    beyond = (score - cutoff) * sign
    return beyond <= 0 if at_cutoff == "clinical" else beyond < 0


def is_functional(score: Any, cutoff: float, *, sign: int, at_cutoff: AtCutoff) -> Any:
    """Tell whether a score lies in the functional range; ``sign`` is +1 where higher is better."""
    beyond = (score - cutoff) * sign
    return beyond >= 0 if at_cutoff == "functional" else beyond > 0
