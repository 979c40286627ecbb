"""The law that every writer and reader of records keeps."""

from __future__ import annotations

from typing import TypeVar

from therapeutic_process.base import Record

__all__ = ["round_trip"]

_R = TypeVar("_R", bound=Record)


def round_trip(record: _R) -> _R:
    """Write a record as JSON, read it back, assert that it is the same, and return what was read.

    Both forms are tried: with every field, and without those that hold their default. (Leaving out every null would
    not do: a few facts of the catalogue tell null, "not known", from absent.)

    >>> from therapeutic_process.records import Participant
    >>> round_trip(Participant(id="c1", role="client")).role
    'client'

    Args:
        record: Any record, a whole case too.

    Raises:
        AssertionError: If what was read differs; the message says in which fields, never what they hold.
    """
    read = record
    for leave_out in (False, True):
        read = type(record).model_validate_json(record.model_dump_json(exclude_defaults=leave_out))
        if read != record:
            names = [n for n in type(record).model_fields if getattr(read, n) != getattr(record, n)]
            raise AssertionError(
                f"{type(record).__name__} does not survive JSON: differs in {', '.join(names)}"
            )
    return read
