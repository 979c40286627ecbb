"""Walks through every field of a record by its marks, and refuses a field that has none."""

from __future__ import annotations

from datetime import date, datetime
from functools import cache
from typing import TYPE_CHECKING, Any, Literal, get_origin

import attrs

from therapeutic_process.base import Record, Refers, Sensitive, leaves
from therapeutic_process.errors import DocumentError

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Field", "rebuilt"]

_PLAIN = (int, float, bool)


@attrs.frozen
class Field:
    """What is known about a text or time when it is met.

    Attributes:
        record: The kind of record that holds it.
        name: The field.
        sensitivity: Its sensitivity.
        refers: The kind of part that it points to; None for an own id and for anything else.
        owner: The record that holds it.
        top: The part of the case that it stands in: the outermost record below the case.
    """

    record: type[Record]
    name: str
    sensitivity: str
    refers: str | None
    owner: Record
    top: Record


def rebuilt(
    record: Record, change: Callable[[Field, Any], Any], *, top: Record | None = None
) -> dict[str, Any]:
    """Return the fields of a record, every text and time in it passed through `change`; None takes a field out.

    Args:
        record: The record.
        change: Returns what becomes of a text or time.
        top: The part of a case that the record stands in.

    Raises:
        DocumentError: If a field is neither a number, a word from a vocabulary, a record, nor a text or a time that is
            marked with its sensitivity.
    """
    made: dict[str, Any] = {}
    marks = _marks(type(record))
    for name in type(record).model_fields:
        value = getattr(record, name)
        if isinstance(value, tuple):
            several = [_one(record, name, v, marks, change, top) for v in value]
            made[name] = tuple(v for v in several if v is not None)
        else:
            made[name] = _one(record, name, value, marks, change, top)
    return {name: value for name, value in made.items() if value is not None}


def _one(
    record: Record,
    name: str,
    value: Any,
    marks: dict[str, tuple[str, str | None]],
    change: Any,
    top: Record | None,
) -> Any:
    if isinstance(value, Record):
        return rebuilt(value, change, top=top or value)
    if isinstance(value, (str, date)) and name in marks:
        sensitivity, refers = marks[name]
        return change(Field(type(record), name, sensitivity, refers, record, top or record), value)
    if value is None or isinstance(value, (*_PLAIN, str)):
        return value  # a text without a mark is a word from a vocabulary: everything else was refused
    raise _untagged(type(record), name, "something that holds several")


@cache
def _marks(cls: type[Record]) -> dict[str, tuple[str, str | None]]:
    """Return sensitivity and target of the fields of a class that hold texts or times."""
    found: dict[str, tuple[str, str | None]] = {}
    for leaf in leaves(cls):
        is_record = isinstance(leaf.type, type) and issubclass(leaf.type, Record)
        if leaf.type in _PLAIN or is_record or get_origin(leaf.type) is Literal:
            continue
        kinds = {m.kind for m in leaf.marks if isinstance(m, Sensitive)}
        if leaf.type not in {str, date, datetime} or len(kinds) != 1:
            raise _untagged(cls, leaf.name, f"{len(kinds)} marks")
        refers = next((m.kind for m in leaf.marks if isinstance(m, Refers)), None)
        found[leaf.name] = (kinds.pop(), refers)
    return found


def _untagged(cls: type[Record], name: str, what: str) -> DocumentError:
    needed = "numbers, vocabularies, records, and texts and times with one sensitivity"
    return DocumentError("untagged_field", needed=needed, found=f"{what} on {cls.__name__}.{name}")
