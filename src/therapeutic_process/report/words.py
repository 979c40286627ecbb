"""Says counts, shares and times in words: the same way everywhere, in no locale."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from therapeutic_process.records import Interval

__all__ = ["count", "listed", "percent", "plain", "when", "window_in_words"]

_PLURALS = {"entry": "entries", "journal entry": "journal entries", "series": "series", "talk": "talk"}


def count(n: int, noun: str) -> str:
    """Return a number with its noun.

    >>> count(1, "session"), count(1200, "session"), count(2, "journal entry")
    ('1 session', '1,200 sessions', '2 journal entries')
    """
    return f"{n:,} {noun if n == 1 else _plural(noun)}"


def _plural(noun: str) -> str:
    if noun in _PLURALS:
        return _PLURALS[noun]
    if noun.endswith("pass"):
        return f"{noun}es"
    head, _, rest = noun.partition(" ")
    if head in {"change", "session", "document", "measurement", "interaction", "event"} and rest:
        return f"{_plural(head)} {rest}"
    return f"{noun[:-1]}ies" if noun.endswith("y") else f"{noun}s"


def percent(share: float | None) -> str:
    """Return a share as whole per cent, or a dash where it is not known; a small share is never rounded to nothing.

    >>> percent(0.335), percent(0.001), percent(None)
    ('34 %', '< 1 %', '–')
    """
    if share is None:
        return "–"
    return "< 1 %" if 0 < share < 0.005 else f"{100 * share:.0f} %"


def plain(name: str) -> str:
    """Return a word of a vocabulary as people write it.

    >>> plain("no_show")
    'no show'
    """
    return name.replace("_", " ")


def listed(words: list[str] | tuple[str, ...]) -> str:
    """Return words as a list in a sentence.

    >>> listed(["a", "b", "c"])
    'a, b and c'
    """
    return " and ".join(filter(None, [", ".join(words[:-1]), *words[-1:]]))


def when(value: date | Interval | None) -> str:
    """Return a time as ISO 8601 writes it, to the minute; a dash where it is not known.

    >>> when(date(2024, 3, 5)), when(None)
    ('2024-03-05', '–')
    """
    if value is None:
        return "–"
    if isinstance(value, Interval):
        return f"{when(value.start)} to {when(value.end)}"
    return value.isoformat(sep=" ", timespec="minutes") if isinstance(value, datetime) else value.isoformat()


def window_in_words(window: timedelta | int) -> str:
    """Return a window of time or of held sessions in words.

    >>> window_in_words(2), window_in_words(timedelta(days=14))
    ('the last 2 held sessions', 'the last 14 days')
    """
    if isinstance(window, int):
        return "the last held session" if window == 1 else f"the last {window} held sessions"
    days = window / timedelta(days=1)
    return "the last day" if days == 1 else f"the last {days:g} days"
