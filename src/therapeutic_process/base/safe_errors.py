"""Turns pydantic's errors into ours: place, rule, kind of thing needed and found, never the thing itself."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date, datetime
from typing import Any

import attrs
from pydantic import ValidationError
from pydantic_core import PydanticCustomError

from therapeutic_process.errors import MAX_LISTED, RecordError, Violation

__all__ = ["at", "broken", "declare", "record_error", "rules_broken", "safe_errors"]


def at(*steps: str | int) -> str:
    """Return a JSON path from field names and positions.

    >>> at("sessions", 3, "number")
    '$.sessions[3].number'
    """
    return "$" + "".join(f"[{s}]" if isinstance(s, int) else f".{s}" for s in steps)


def broken(code: str, *steps: str | int, needed: str, found: str) -> Violation:
    """Return the violation of a rule at a place seen from the record that checks it."""
    return Violation(at(*steps), code, needed, found)


# The kinds of input, in words: an error may say what kind of thing it met, never which.
_KINDS: tuple[tuple[type | tuple[type, ...], str], ...] = (
    (type(None), "null"),
    (bool, "a truth value"),
    (int, "a whole number"),
    (float, "a number"),
    (str, "a text"),
    ((bytes, bytearray), "bytes"),
    (Mapping, "an object"),
    ((list, tuple), "a list"),
    ((set, frozenset), "a set, which has no order"),
    ((datetime, date), "a time"),
    (Iterator, "an iterator, which can be read once only"),
)


def _kind_of(value: object) -> str:
    return next((words for kinds, words in _KINDS if isinstance(value, kinds)), "something else")


_Words = Callable[[Mapping[str, Any]], str]
_NEEDED: dict[str, str | _Words] = {
    "missing": "this field",
    "string_type": "a text",
    "string_too_short": lambda c: f"at least {c['min_length']} character(s)",
    "string_too_long": lambda c: f"at most {c['max_length']} characters",
    "string_unicode": "a text in valid Unicode",
    "string_pattern_mismatch": lambda c: f"a text of the form {c['pattern']}",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "int_parsing_size": "a whole number of ordinary size",
    "float_type": "a number",
    "finite_number": "a finite number",
    "bool_type": "true or false",
    "tuple_type": "a list",
    "too_long": lambda c: f"at most {c['max_length']} entries",
    "too_short": lambda c: f"at least {c['min_length']} entries",
    "literal_error": lambda c: f"one of {c['expected']}",
    "greater_than": lambda c: f"more than {c['gt']}",
    "greater_than_equal": lambda c: f"at least {c['ge']}",
    "less_than": lambda c: f"less than {c['lt']}",
    "less_than_equal": lambda c: f"at most {c['le']}",
    "model_type": "an object",
    "dict_type": "an object",
    "model_attributes_type": "an object",
    "is_instance_of": "an object",
    "json_invalid": "valid JSON",
    "recursion_loop": "no loop of references",
}
_FOUND: dict[str, str] = {
    "missing": "nothing",
    "string_too_short": "a shorter text",
    "string_too_long": "a longer text",
    "string_unicode": "broken Unicode",
    "string_pattern_mismatch": "another text",
    "int_from_float": "a number with a fraction",
    "int_parsing_size": "a number too large to hold",
    "finite_number": "an infinite number or NaN",
    "too_long": "more",
    "too_short": "fewer",
    "greater_than": "a smaller number",
    "greater_than_equal": "a smaller number",
    "less_than": "a larger number",
    "less_than_equal": "a larger number",
    "json_invalid": "text that is no JSON",
    "literal_error": "another value",
}
_CODES = {
    "missing": "field_missing",
    "extra_forbidden": "field_unknown",
    "unexpected_keyword_argument": "field_unknown",
    "invalid_key": "field_unknown",
    "literal_error": "not_in_vocabulary",
    "finite_number": "number_not_finite",
    "greater_than": "number_out_of_range",
    "greater_than_equal": "number_out_of_range",
    "less_than": "number_out_of_range",
    "less_than_equal": "number_out_of_range",
    "string_too_short": "text_length",
    "string_too_long": "text_length",
    "too_short": "list_length",
    "too_long": "list_length",
    "json_invalid": "not_json",
    "frozen_instance": "frozen",
}
_WRONG_TYPE = "wrong_type"
_RULES_BROKEN = "rules_broken"


_declared: set[str] = set()


def declare(names: Iterable[str]) -> None:
    """Note the field names of a record class: only declared names may stand in a path."""
    _declared.update(names)


def _safe_path(loc: Iterable[str | int]) -> str:
    return at(*(step for step in loc if isinstance(step, int) or step in _declared))


def _violations_of(error: Mapping[str, Any]) -> Iterator[Violation]:
    kind, loc, ctx = error["type"], error["loc"], error.get("ctx", {})
    if kind == _RULES_BROKEN:
        prefix = _safe_path(loc)
        for v in ctx["violations"]:
            yield Violation(**v).under(prefix)
    elif kind == "time_invalid":
        yield Violation(_safe_path(loc), kind, ctx["needed"], ctx["found"])
    elif _CODES.get(kind) == "field_unknown":
        yield Violation(_safe_path(loc[:-1]), "field_unknown", "only declared fields", "an unknown field")
    else:
        words = _NEEDED.get(kind, "a valid value")
        needed = words if isinstance(words, str) else words(ctx)
        found = _FOUND.get(kind) or _kind_of(error.get("input"))
        yield Violation(_safe_path(loc), _CODES.get(kind, _WRONG_TYPE), needed, found)


def safe_errors(error: Any) -> tuple[Violation, ...]:
    """Return what pydantic found wrong, without the values, texts and unknown names that its own errors carry.

    For frameworks that validate records themselves and hand over pydantic's own error
    (FastAPI's ``RequestValidationError``, ``TypeAdapter``).

    >>> from pydantic import TypeAdapter, ValidationError
    >>> from therapeutic_process.records import Participant
    >>> try:
    ...     _ = TypeAdapter(Participant).validate_python({"id": "c1", "role": "secret"})
    ... except ValidationError as exc:
    ...     print(safe_errors(exc)[0])
    $.role: not_in_vocabulary: needed one of 'client', 'therapist' or 'other', found another value

    Args:
        error: A pydantic ``ValidationError`` or anything else whose ``errors()`` has the same form.

    Returns:
        Every violation, in document order.
    """
    return tuple(v for e in _meant(error) for v in _violations_of(e))


def _meant(error: Any) -> Iterator[Mapping[str, Any]]:
    """Yield pydantic's errors, but not that a list is too short where its entries are there and merely wrong."""
    for one in error.errors():
        given = one.get("input")
        if (
            one["type"] == "too_short"
            and isinstance(given, (list, tuple))
            and len(given) >= one["ctx"]["min_length"]
        ):
            continue
        yield one


def record_error(record: str, error: ValidationError) -> RecordError:
    """Return our error for pydantic's."""
    found = safe_errors(error)
    total = sum(e["ctx"]["total"] if e["type"] == _RULES_BROKEN else 1 for e in _meant(error))
    return RecordError(record, found, total=total)


def rules_broken(record: str, violations: list[Violation]) -> PydanticCustomError:
    """Return the error by which a validator tells pydantic that rules of a record are broken."""
    listed = [attrs.asdict(v) for v in violations[:MAX_LISTED]]
    context = {"record": record, "total": len(violations), "violations": listed, "first": str(violations[0])}
    return PydanticCustomError(_RULES_BROKEN, "{record} breaks {total} rule(s), the first: {first}", context)
