"""Validates the JSON of a case in memory that the size of the document bounds, and takes out what is not known.

Pydantic collects every error before it tells of one, and an error takes a thousand times the bytes that may cause it.
A large document is therefore looked at by a validator that leaves a list at its first wrong entry.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError
from pydantic_core import SchemaValidator

from therapeutic_process.base import Record, leaves
from therapeutic_process.base.safe_errors import record_error
from therapeutic_process.errors import RecordError, Violation
from therapeutic_process.records import Case

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["LARGE", "UnknownPath", "take_out_unknown", "validated_case"]

LARGE = 256 * 1024
"""Above so many bytes, the errors of a list are looked for up to its first wrong entry."""
_MOST_TOLD = 10_000

UnknownPath = tuple[str | int, ...]


def validated_case(data: bytes, context: dict[str, Any] | None) -> Case:
    """Validate a case.

    Args:
        data: The JSON document.
        context: The catalogue, and where gaps are noted.

    Raises:
        RecordError: If it is no JSON or no valid case.
    """
    if len(data) <= LARGE:
        return Case.model_validate_json(data, context=context)
    try:
        case: Case = _first_only().validate_json(data, context=context)
    except ValidationError as error:
        failure = _failure(error)
    else:
        return case
    raise failure


def _failure(error: ValidationError) -> RecordError:
    n = error.error_count()
    if n <= _MOST_TOLD:
        return record_error("Case", error)
    # with one wrong entry to a list, so many can only be names that no record has; to list them takes as much again
    named = Violation("$", "field_unknown", "only declared fields", "unknown fields")
    return RecordError("Case", (named,), total=n)


@cache
def _first_only() -> SchemaValidator:
    """Return the validator of cases that leaves a list at its first wrong entry."""
    schema = _leaving(Case.__pydantic_core_schema__)
    try:  # else a record without rules of its own would be looked at by the validator that it has already
        return SchemaValidator(schema, _use_prebuilt=False)
    except TypeError:
        return SchemaValidator(schema)


def _leaving(schema: Any) -> Any:
    if isinstance(schema, list):
        return [_leaving(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    made = {k: v if k == "metadata" else _leaving(v) for k, v in schema.items()}
    return {**made, "fail_fast": True} if made.get("type") == "tuple" else made


def take_out_unknown(tree: dict[str, Any]) -> dict[UnknownPath, Any]:
    """Take the fields that records do not have out of the JSON of a case.

    Args:
        tree: The JSON; changed in place.

    Returns:
        What was taken out: path and value.
    """
    return dict(_unknown(Case, tree, ()))


def _unknown(cls: type[Record], tree: dict[str, Any], path: UnknownPath) -> Iterator[tuple[UnknownPath, Any]]:
    parts = _parts(cls)
    for name in [name for name in tree if name not in parts]:
        yield (*path, name), tree.pop(name)
    for name, value in tree.items():
        part = parts[name]
        if part is None:
            continue
        if isinstance(value, dict):
            yield from _unknown(part, value, (*path, name))
        elif isinstance(value, list):
            for i, one in enumerate(value):
                if isinstance(one, dict):
                    yield from _unknown(part, one, (*path, name, i))


@cache
def _parts(cls: type[Record]) -> dict[str, type[Record] | None]:
    """Return the record that each field of a class may hold; None where it holds none."""
    found: dict[str, type[Record] | None] = dict.fromkeys(cls.model_fields)
    for leaf in leaves(cls):
        if isinstance(leaf.type, type) and issubclass(leaf.type, Record):
            assert found[leaf.name] is None, f"{cls.__name__}.{leaf.name} may hold one kind of record"
            found[leaf.name] = leaf.type
    return found
