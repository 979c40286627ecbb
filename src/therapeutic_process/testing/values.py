"""Strategies for the small values that records are made of: ids, texts, numbers, days and instants."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from functools import cache
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from hypothesis import strategies as st

from therapeutic_process.base import Record

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from hypothesis.strategies import DrawFn, SearchStrategy

__all__ = [
    "TimesKnown",
    "a_few",
    "built",
    "choice",
    "finite",
    "free_texts",
    "ids",
    "maybe",
    "public_ids",
    "short_texts",
    "whens",
]

TimesKnown = Literal["none", "days", "instants", "any"]
"""How a case knows its times: not at all, as days, as instants with their offset, or now one and now the other."""

START = datetime(2024, 3, 1, 9, tzinfo=UTC)
_OFFSETS = (0, 60, 120, -300, 330, 345, 840, -720)  # minutes; the last two are the widest on earth
_SAYINGS = (
    "I slept better.",
    "What would help you to quit?",
    "Ich weiß nicht … vielleicht.",
    "我不知道。",
    '<b>no</b> & "yes"',
    "👩‍👧 e\u0301 \u202eabc",
    "line one\nline two\t\x00",
)

_NOW_AND_THEN = st.booleans()

_R = TypeVar("_R", bound=Record)


@cache
def ids(kind: str) -> SearchStrategy[str]:
    """Ids of one kind of part: ``c1``, ``c2``, …, and now and then whatever else an id may be.

    Args:
        kind: The letters that the plain ids begin with.
    """
    plain = st.integers(1, 9).map(lambda n: f"{kind}{n}")
    return plain | st.text(min_size=1, max_size=8)


@cache
def public_ids(kind: str) -> SearchStrategy[str]:
    """Ids of a catalogue: of an instrument, a coding system, a code, a scale.

    Args:
        kind: The letters that the ids begin with.
    """
    return st.integers(1, 9).map(lambda n: f"{kind}{n}")


@cache
def free_texts() -> SearchStrategy[str]:
    """What somebody said or wrote, in any language and with any sign that Unicode allows."""
    return st.sampled_from(_SAYINGS) | st.text(max_size=20)


@cache
def choice(*options: Any) -> SearchStrategy[Any]:
    """One of some values, the plainest first; the strategy is made once, which drawing thousands of them needs."""
    return st.sampled_from(options)


@cache
def short_texts(*examples: str) -> SearchStrategy[str]:
    """Short texts that are never empty: labels, names, methods.

    Args:
        examples: The plain ones, the plainest first.
    """
    return st.sampled_from(examples) | st.text(min_size=1, max_size=12)


@st.composite
def maybe(draw: DrawFn, part: SearchStrategy[_R]) -> _R | None:
    """Draw a record or none; the choice and the record make one piece, so that shrinking drops them together.

    Args:
        draw: Given by Hypothesis.
        part: The strategy for the record.
    """
    return draw(part) if draw(_NOW_AND_THEN) else None


@st.composite
def a_few(draw: DrawFn, part: Callable[[int], SearchStrategy[_R]], *, most: int, least: int = 0) -> list[_R]:
    """Draw a few records, numbered from 1; each may fall away by itself when a failing example shrinks.

    Args:
        draw: Given by Hypothesis.
        part: Returns the strategy for the record of that number.
        most: The most records.
        least: The least.
    """
    made: list[_R] = []
    for n in range(most):
        strategy = part(len(made) + 1)
        one = draw(strategy if n < least else maybe(strategy))
        if one is not None:
            made.append(one)
    return made


@cache
def finite(low: float | None = None, high: float | None = None) -> SearchStrategy[float]:
    """Finite numbers from ``low`` to ``high``, both included."""
    return st.floats(low, high, allow_nan=False, allow_infinity=False)


def whens(moment: datetime | None = None, *, known: TimesKnown = "any") -> SearchStrategy[date | datetime]:
    """Times as records hold them: an instant with some offset, or the day that it was there.

    Args:
        moment: The true instant; None: any.
        known: Whether to give days, instants, or either.
    """
    moments = _moments() if moment is None else st.just(moment)
    local = st.tuples(moments, st.sampled_from(_OFFSETS)).map(lambda drawn: _seen_at(*drawn))
    days: SearchStrategy[date | datetime] = local.map(datetime.date)
    if known == "days":
        return days
    return local if known == "instants" else days | local


def _moments() -> SearchStrategy[datetime]:
    return st.integers(0, 3_000_000).map(lambda minutes: START + timedelta(minutes=minutes))


def _seen_at(moment: datetime, offset: int) -> datetime:
    return moment.astimezone(timezone(timedelta(minutes=offset)))


@st.composite
def built(
    draw: DrawFn,
    record: type[_R],
    required: Mapping[str, SearchStrategy[Any]],
    optional: Mapping[str, SearchStrategy[Any]] | None = None,
) -> _R:
    """Draw a record from strategies for its fields; the optional fields are now there, now not.

    Args:
        draw: Given by Hypothesis.
        record: The class.
        required: Strategies for the fields that are always there.
        optional: Strategies for those that may be left out.
    """
    fields = {name: draw(strategy) for name, strategy in required.items()}
    for name, strategy in (optional or {}).items():
        if name not in fields and draw(_NOW_AND_THEN):
            fields[name] = draw(strategy)
    return record(**fields)
