"""Values as FHIR writes them: texts, times, periods, quantities; each with its way back."""

from __future__ import annotations

import json
import math
import re
from calendar import monthrange
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from therapeutic_process.exchange.fhir.names import EXTENSION, UCUM
from therapeutic_process.records import Interval

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = [
    "number_in",
    "occurrence_in",
    "occurrence_out",
    "period",
    "period_in",
    "put_text",
    "quantity",
    "seconds_in",
    "text_in",
    "when_in",
    "when_out",
]

_EXACT = f"{EXTENSION}exact-text"
_INTERVAL = f"{EXTENSION}interval"
# R4 asks [ \r\n\t\S]+ of a string; what JavaScript and Python call a space differs, so both are avoided.
_UNSAFE = re.compile(r"[^\S \r\n\t]|[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufeff]")
_CODE = re.compile(r"[^\s\x00-\x1f\x7f-\x9f\ufeff]+( [^\s\x00-\x1f\x7f-\x9f\ufeff]+)*")
_PARTIAL = re.compile(r"(\d{4})(?:-(\d{2}))?", re.ASCII)
_FULL = re.compile(r"\d{4}-\d{2}-\d{2}(?:T\d{2}:\d{2}:\d{2}(?:\.\d+)?(?:Z|[+-]\d{2}:\d{2}))?", re.ASCII)
_WIDEST = timedelta(hours=14)
_SECONDS = {"s": 1.0, "min": 60.0, "h": 3600.0, "ms": 0.001}


def put_text(element: dict[str, Any], name: str, text: str, *, is_code: bool = False) -> None:
    """Put a text into a primitive element; what R4 allows no string to hold goes into an extension of it.

    >>> element = {}
    >>> put_text(element, "text", "plain")
    >>> element
    {'text': 'plain'}
    """
    if is_code:
        fits = _CODE.fullmatch(text) is not None
    else:
        fits = (text.isascii() and text.isprintable()) or not _UNSAFE.search(text)
        fits = fits and text != "" and text == text.strip()
    if fits:
        element[name] = text
        return
    shown = " ".join(_UNSAFE.sub(" ", text).split())
    element[name] = shown or "?"
    element[f"_{name}"] = {"extension": [{"url": _EXACT, "valueString": json.dumps(text)}]}


def text_in(element: Mapping[str, Any], name: str) -> str | None:
    """Return the text of a primitive element, exactly as `put_text` was given it."""
    if beside := element.get(f"_{name}"):
        for one in beside.get("extension", ()):
            if one["url"] == _EXACT:
                exact = _unescaped(one.get("valueString", ""))
                return exact if exact is not None else element.get(name)
    text: str | None = element.get(name)
    return text


def _unescaped(literal: str) -> str | None:
    try:
        text = json.loads(literal)
        return text if isinstance(text, str) and text.encode() is not None else None
    except (ValueError, RecursionError):
        return None


def when_out(value: date) -> str:
    """Return a day or an instant as FHIR writes it; offsets beyond 14 hours become UTC.

    >>> when_out(date(2024, 3, 5))
    '2024-03-05'
    """
    if isinstance(value, datetime):
        offset = value.utcoffset() or timedelta(0)
        if abs(offset) > _WIDEST:
            try:
                value = value.astimezone(UTC)
            except OverflowError:
                return value.date().isoformat()
    return value.isoformat()


def when_in(text: str | None) -> date | None:
    """Return the day or instant that a FHIR date or time names; None for a part of a date and for no date at all."""
    if text is None or not _FULL.fullmatch(text):
        return None
    try:
        return datetime.fromisoformat(text) if "T" in text else date.fromisoformat(text)
    except ValueError:
        return None


def occurrence_in(text: str | None) -> date | Interval | None:
    """Return what a FHIR date names; a year or a month is an interval.

    >>> occurrence_in("2024-02").end
    datetime.date(2024, 2, 29)
    """
    if text is None or (part := _PARTIAL.fullmatch(text)) is None:
        return when_in(text)
    year, month = int(part[1]), int(part[2] or 0)
    if not 1 <= year <= 9999 or month > 12:
        return None
    first, last = (month, month) if month else (1, 12)
    return Interval(start=date(year, first, 1), end=date(year, last, monthrange(year, last)[1]))


def occurrence_out(element: dict[str, Any], name: str, value: date | Interval) -> None:
    """Put an occurrence into an element as ``…DateTime`` or ``…Period``; a whole month or year as a partial date."""
    if not isinstance(value, Interval):
        element[f"{name}DateTime"] = when_out(value)
    elif (part := _part_of_date(value)) is not None:
        element[f"{name}DateTime"] = part
    else:
        element[f"{name}Period"] = period(value.start, value.end)


def _part_of_date(value: Interval) -> str | None:
    start = value.start
    for text in (f"{start.year:04}", f"{start.year:04}-{start.month:02}"):
        if occurrence_in(text) == value:
            return text
    return None


def period(start: date | None, end: date | None) -> dict[str, Any]:
    """Return a Period; where the ends cannot be told apart as R4 compares them, an extension holds them."""
    if start is not None and end is not None:
        if not _plainly_ordered(start, end):
            ends = [{"url": n, "valueDateTime": when_out(v)} for n, v in (("start", start), ("end", end))]
            return {"extension": [{"url": _INTERVAL, "extension": ends}]}
        if isinstance(start, datetime) and isinstance(end, datetime) and start.tzinfo != end.tzinfo:
            start, end = _in_utc(start), _in_utc(end)
    return {n: when_out(v) for n, v in (("start", start), ("end", end)) if v is not None}


def _plainly_ordered(start: date, end: date) -> bool:
    if isinstance(start, datetime) and isinstance(end, datetime):
        return start <= end
    if isinstance(start, datetime) or isinstance(end, datetime):
        first = start.date() if isinstance(start, datetime) else start
        last = end.date() if isinstance(end, datetime) else end
        return last - first > timedelta(days=2)  # R4 leaves open how a day compares with an instant of it
    return start <= end


def _in_utc(value: datetime) -> datetime:
    try:
        return value.astimezone(UTC)
    except OverflowError:
        return value


def period_in(value: Mapping[str, Any] | None) -> tuple[str | None, str | None]:
    """Return the texts of both ends of a Period."""
    value = value or {}
    for one in value.get("extension", ()):
        if one["url"] == _INTERVAL:
            ends = {x["url"]: x.get("valueDateTime") for x in one.get("extension", ())}
            return ends.get("start"), ends.get("end")
    return value.get("start"), value.get("end")


def quantity(value: float, unit: str) -> dict[str, Any]:
    """Return a Quantity in a UCUM unit."""
    return {"value": value, "unit": unit, "system": UCUM, "code": unit}


def number_in(element: Mapping[str, Any], prefix: str = "value") -> float | None:
    """Return the number of a ``value[x]``: a Quantity, an integer or a decimal."""
    whole = element.get(f"{prefix}Integer")
    found: float | None = element.get(f"{prefix}Decimal") if whole is None else whole
    if found is None:
        found = element.get(f"{prefix}Quantity", {}).get("value")
    return None if found is None else _finite(found)


def _finite(number: float) -> float | None:
    try:
        made = float(number)
    except OverflowError:
        return None
    return made if math.isfinite(made) else None


def seconds_in(duration: Mapping[str, Any] | None) -> float | None:
    """Return a Duration in seconds; None for months and for units that are no time."""
    value = (duration or {}).get("value")
    factor = _SECONDS.get((duration or {}).get("code") or (duration or {}).get("unit") or "")
    number = None if value is None or factor is None else _finite(value)
    return None if number is None or factor is None else number * factor
