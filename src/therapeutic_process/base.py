"""What every record has in common: strictness, freezing, silence about its contents, and its few value types."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date, datetime, timedelta, timezone
from functools import cache
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, NoReturn, Self, TypeVar

import attrs
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    StringConstraints,
    ValidationError,
    ValidationInfo,
    model_validator,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from therapeutic_process.errors import MAX_LISTED, RecordError, Violation

__all__ = [
    "MAX_ID_LENGTH",
    "SCHEMA_ROOT",
    "SCHEMA_VERSION",
    "FreeText",
    "Id",
    "Many",
    "NonNegative",
    "PublicId",
    "PublicText",
    "QuasiText",
    "Record",
    "RuledRecord",
    "Sensitive",
    "Sensitivity",
    "When",
    "at",
    "broken",
    "earliest",
    "latest",
    "safe_errors",
]

SCHEMA_ROOT = "https://w3id.org/therapeutic-process/"
"""The one place that names the canonical address of the schema; every ``$id`` and system URI starts with it."""

SCHEMA_VERSION = "0.9"
"""Version of the exchange schema, apart from the package version. A draft until the first release, 1.0."""

MAX_ID_LENGTH = 200

Sensitivity = Literal["direct", "quasi", "free_text", "none"]
"""How a text field bears on identity: names somebody, narrows down who it is, holds anything at all, or neither."""


@attrs.frozen
class Sensitive:
    """Marks a text, identifier or time field with its sensitivity; de-identification acts on it.

    >>> Sensitive("free_text").kind
    'free_text'
    """

    kind: Sensitivity

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return {**handler(schema), "x-sensitivity": self.kind}


_ID = StringConstraints(min_length=1, max_length=MAX_ID_LENGTH)

Id = Annotated[str, _ID, Sensitive("direct")]
"""An identifier chosen by whoever keeps the record: of a person, or of a part of the case."""
PublicId = Annotated[str, _ID, Sensitive("none")]
"""An identifier from a public catalogue: of an instrument, a coding system, a code."""
QuasiText = Annotated[str, StringConstraints(min_length=1, max_length=1_000), Sensitive("quasi")]
"""A short text that may narrow down who somebody is: a site, an arm, a domain of life."""
PublicText = Annotated[str, StringConstraints(min_length=1, max_length=1_000), Sensitive("none")]
"""A short text from a manual or a catalogue."""
FreeText = Annotated[str, StringConstraints(max_length=1_000_000), Sensitive("free_text")]
"""Anything somebody said or wrote."""
NonNegative = Annotated[float, Field(ge=0)]


class _ListOrTuple:
    """In Python a list may stand for a tuple; a set has no order and a generator can be read once only."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        inner = handler(source)
        from_python = core_schema.no_info_before_validator_function(_tuple_of_list, inner)
        return core_schema.json_or_python_schema(json_schema=inner, python_schema=from_python)


def _tuple_of_list(value: object) -> object:
    return tuple(value) if isinstance(value, list) else value


_T = TypeVar("_T")
Many = Annotated[tuple[_T, ...], _ListOrTuple()]
"""Several records in the order that counts; stored as a tuple."""

_DATE = r"\d{4}-\d{2}-\d{2}"
_WHEN_PATTERN = rf"^{_DATE}(T\d{{2}}:\d{{2}}(:\d{{2}}(\.\d{{1,6}})?)?(Z|[+-]\d{{2}}:\d{{2}}))?$"
_WHEN = re.compile(_WHEN_PATTERN.removesuffix("$") + r"\Z", re.ASCII)


def _when_error(found: str) -> PydanticCustomError:
    needed = "a date (YYYY-MM-DD) or a time with its offset from UTC (YYYY-MM-DDTHH:MM:SS+HH:MM)"
    return PydanticCustomError("time_invalid", "needed {needed}, found {found}", {"needed": needed, "found": found})


def _parse_when(value: object) -> date:
    if isinstance(value, str):
        if not _WHEN.match(value):
            raise _when_error("a text of another form")
        try:
            value = datetime.fromisoformat(value) if "T" in value else date.fromisoformat(value)
        except ValueError:
            raise _when_error("a day or time that does not exist") from None
    if isinstance(value, datetime):
        return _plain_datetime(value)
    if type(value) is date:
        return value
    raise _when_error("something else")


def _plain_datetime(value: datetime) -> datetime:
    """Return a plain datetime with a fixed offset, so that records pickle and compare the same everywhere."""
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

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
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
    midnight = datetime(value.year, value.month, value.day, tzinfo=timezone.utc)
    return midnight - _WIDEST_OFFSET if value > date.min else midnight


def latest(value: date) -> datetime:
    """Return the latest instant that a time can mean.

    >>> latest(date(2024, 3, 5)).isoformat()
    '2024-03-06T11:59:59.999999+00:00'
    """
    if isinstance(value, datetime):
        return value
    last = datetime(value.year, value.month, value.day, 23, 59, 59, 999_999, tzinfo=timezone.utc)
    return last + timedelta(hours=12) if value < date.max else last


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


@cache
def _declared_names(generation: int) -> frozenset[str]:
    """Return every field name that some record declares; `generation` is the number of record classes."""
    return frozenset(name for cls in _record_classes() for name in cls.model_fields)


def _record_classes() -> tuple[type[Record], ...]:
    found: list[type[Record]] = []
    waiting: list[type[Record]] = [Record]
    while waiting:
        cls = waiting.pop()
        found.append(cls)
        waiting.extend(cls.__subclasses__())
    return tuple(found)


def _safe_path(loc: Iterable[str | int]) -> str:
    names = _declared_names(len(_record_classes()))
    return at(*(step for step in loc if isinstance(step, int) or step in names))


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

    >>> from pydantic import TypeAdapter
    >>> from therapeutic_process.records import Participant
    >>> try:
    ...     _ = TypeAdapter(Participant).validate_python({"id": "c1", "role": "secret"})
    ... except ValidationError as exc:
    ...     print(safe_errors(exc)[0])
    $.role: not_in_vocabulary: needed one of 'client', 'therapist' or 'other', found another value

    Args:
        error: A pydantic ``ValidationError`` or anything else whose ``errors()`` has the same form.

    Returns:
        Every violation; identical ones (several unknown fields in one object) once each.
    """
    return tuple(v for e in error.errors() for v in _violations_of(e))


def _record_error(cls: type[BaseModel], error: ValidationError) -> RecordError:
    found = safe_errors(error)
    total = sum(
        e["ctx"]["total"] if e["type"] == _RULES_BROKEN else 1 for e in error.errors(include_input=False, include_url=False)
    )
    return RecordError(cls.__name__, found, total=total)


class Record(BaseModel):
    """Base of every record: immutable, strict about types, closed to unknown fields, silent about its contents.

    Its text form shows kind and counts only. ``with_changes`` makes a validated copy.
    """

    model_config: ClassVar[ConfigDict] = ConfigDict(
        frozen=True,
        extra="forbid",
        strict=True,
        hide_input_in_errors=True,
        allow_inf_nan=False,
        validate_default=False,
        protected_namespaces=(),
    )

    if not TYPE_CHECKING:  # the signature that type checkers see is the one made from the fields

        def __init__(self, /, **data: Any) -> None:
            failure = None
            try:
                super().__init__(**data)
            except ValidationError as error:
                failure = _record_error(type(self), error)
            if failure is not None:  # raised outside the handler: pydantic's error with its values is let go
                raise failure

        # pydantic-core may build nested records itself, without calling __init__ for each of them
        __init__.__pydantic_base_init__ = True

        def __setattr__(self, name: str, value: object) -> NoReturn:
            raise RecordError(type(self).__name__, (broken("frozen", needed="with_changes(…)", found="an assignment"),))

        def __delattr__(self, name: str) -> NoReturn:
            raise RecordError(type(self).__name__, (broken("frozen", needed="with_changes(…)", found="a deletion"),))

    @classmethod
    def model_validate(cls, obj: Any, **options: Any) -> Self:
        """Validate a mapping or a record, like pydantic's method, but raise our own error."""
        return _validated(cls, super().model_validate, obj, options)

    @classmethod
    def model_validate_json(cls, json_data: str | bytes | bytearray, **options: Any) -> Self:
        """Validate a JSON document, like pydantic's method, but raise our own error."""
        return _validated(cls, super().model_validate_json, json_data, options)

    @classmethod
    def model_validate_strings(cls, obj: Any, **options: Any) -> Self:
        """Validate a mapping of texts, like pydantic's method, but raise our own error."""
        return _validated(cls, super().model_validate_strings, obj, options)

    def with_changes(self, *, catalogue: Any = None, **fields: Any) -> Self:
        """Return a copy with some fields changed; every rule is checked again.

        Args:
            catalogue: Where to look up instruments and coding systems; by default the built-in catalogue.
            **fields: The fields to change, by name.

        Raises:
            RecordError: If the changed record breaks a rule.
        """
        data = {name: getattr(self, name) for name in type(self).model_fields} | fields
        return type(self).model_validate(data, context=None if catalogue is None else {"catalogue": catalogue})

    def __repr_args__(self) -> Iterator[tuple[str, Any]]:
        for name in type(self).model_fields:
            value = getattr(self, name)
            if isinstance(value, tuple) and value:
                yield name, len(value)

    def __str__(self) -> str:
        return self.__repr__()


def _validated(cls: type[Record], validate: Callable[..., Any], value: Any, options: dict[str, Any]) -> Any:
    try:
        return validate(value, **options)
    except ValidationError as error:
        failure = _record_error(cls, error)
    raise failure


class RuledRecord(Record):
    """A record with rules beyond the types of its fields; they are checked once the types hold."""

    def broken_rules(self, context: Mapping[str, Any]) -> Iterator[Violation]:
        """Yield every rule that this record breaks.

        Args:
            context: What the reader hands over: ``catalogue``, and ``gaps`` (a list) when reading leniently.
        """
        yield from ()

    @model_validator(mode="after")
    def _keep_rules(self, info: ValidationInfo) -> Self:
        violations = list(self.broken_rules(info.context or {}))
        if violations:
            raise _rules_broken(type(self).__name__, violations)
        return self


def _rules_broken(record: str, violations: list[Violation]) -> PydanticCustomError:
    listed = [attrs.asdict(v) for v in violations[:MAX_LISTED]]
    context = {"record": record, "total": len(violations), "violations": listed, "first": str(violations[0])}
    return PydanticCustomError(_RULES_BROKEN, "{record} breaks {total} rule(s), the first: {first}", context)
