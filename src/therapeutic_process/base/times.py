"""Times: an instant and a day are two different values; neither is ever guessed from the other."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Annotated, Any

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from therapeutic_process.base.values import Sensitive

__all__ = ["When", "earliest", "later", "latest"]

_DATE = "[0-9]{4}-[0-9]{2}-[0-9]{2}"
_WHEN_PATTERN = (
    rf"^{_DATE}(T[0-9]{{2}}:[0-9]{{2}}(:[0-9]{{2}}(\.[0-9]{{1,6}})?)?(Z|[+-][0-9]{{2}}:[0-9]{{2}}))?$"
)
_WHEN = re.compile(_WHEN_PATTERN.removesuffix("$") + r"\Z", re.ASCII)


def _when_error(found: str) -> PydanticCustomError:
    needed = "a date (YYYY-MM-DD) or a time with its offset from UTC (YYYY-MM-DDTHH:MM:SS+HH:MM)"
    return PydanticCustomError(
        "time_invalid", "needed {needed}, found {found}", {"needed": needed, "found": found}
    )


def _parse_when(value: object) -> date:
    if isinstance(value, str):
        if not _WHEN.match(value):
            raise _when_error("a text of another form")
        try:  # what is made here is plain already, with the whole minutes of offset that the pattern demands
            return datetime.fromisoformat(value) if "T" in value else date.fromisoformat(value)
        except ValueError:
            raise _when_error("a day or time that does not exist") from None
    if isinstance(value, datetime):
        return _plain_datetime(value)
    if type(value) is date:
        return value
    raise _when_error("something else")


def _is_plain(value: datetime) -> bool:
    """Whether it is what would be made of it: no subclass, no fold, an offset of whole minutes without a name."""
    zone = value.tzinfo
    if type(value) is not datetime or type(zone) is not timezone or value.fold:
        return False
    if zone is UTC:
        return True
    name = zone.tzname(None)
    return name[:3] == "UTC" and len(name) == len("UTC+01:00")


def _plain_datetime(value: datetime) -> datetime:
    """Return a plain datetime with a fixed offset, so that records pickle and compare the same everywhere."""
    if _is_plain(value):
        return value
    try:
        offset = value.utcoffset()
        plain = datetime(value.year, value.month, value.day, value.hour, value.minute, value.second,
                         value.microsecond, tzinfo=None if offset is None else timezone(offset))  # fmt: skip
    except (TypeError, ValueError):  # pandas.NaT looks like a datetime
        raise _when_error("a time that does not exist") from None
    if offset is None:
        raise _when_error("a time without its offset")
    if offset % timedelta(minutes=1):
        raise _when_error("an offset that is no whole number of minutes")
    return plain


def _dump_when(value: date) -> str:
    return value.isoformat().replace("+00:00", "Z")


class _WhenSchema:
    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        dump = core_schema.plain_serializer_function_ser_schema(_dump_when, when_used="json")
        return core_schema.no_info_plain_validator_function(_parse_when, serialization=dump)

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        return {
            "type": "string",
            "pattern": _WHEN_PATTERN,
            "anyOf": [{"format": "date"}, {"format": "date-time"}],
        }


When = Annotated[datetime | date, _WhenSchema(), Sensitive("quasi")]
"""An instant (an aware datetime) or a day (a date without a time): two different values, both legal."""

_WIDEST_OFFSET = timedelta(hours=14)


def earliest(value: date) -> datetime:
    """Return the earliest instant that a time can mean; a day may have begun 14 hours before UTC did.

    >>> earliest(date(2024, 3, 5)).isoformat()
    '2024-03-04T10:00:00+00:00'
    """
    if isinstance(value, datetime):
        return value
    midnight = datetime(value.year, value.month, value.day, tzinfo=UTC)
    return midnight - _WIDEST_OFFSET if value > date.min else midnight


def latest(value: date) -> datetime:
    """Return the latest instant that a time can mean.

    >>> latest(date(2024, 3, 5)).isoformat()
    '2024-03-06T11:59:59.999999+00:00'
    """
    if isinstance(value, datetime):
        return value
    last = datetime(value.year, value.month, value.day, 23, 59, 59, 999_999, tzinfo=UTC)
    return last + timedelta(hours=12) if value < date.max else last


def later(value: datetime, *, seconds: float) -> datetime:
    """Return the instant that many seconds later, or the last one there is where the calendar ends before.

    >>> later(datetime(9999, 12, 31, tzinfo=UTC), seconds=1e300).year
    9999
    """
    try:
        return value + timedelta(seconds=seconds)
    except OverflowError:
        return datetime.max.replace(tzinfo=UTC)
