"""The value types of records: identifiers, texts, lists, each marked with what it bears on identity."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, TypeVar, Union, get_args, get_origin

import attrs
from pydantic import BaseModel, Field, GetCoreSchemaHandler, GetJsonSchemaHandler, StringConstraints
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, core_schema

__all__ = [
    "MAX_ID_LENGTH",
    "FreeText",
    "Id",
    "Leaf",
    "Many",
    "NonNegative",
    "PublicId",
    "PublicText",
    "QuasiText",
    "Refers",
    "Sensitive",
    "Sensitivity",
    "leaves",
]

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

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        return {**handler(schema), "x-sensitivity": self.kind}


@attrs.frozen
class Refers:
    """Marks an identifier that points to another part of the same case; every reference must resolve."""

    kind: str

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        return {**handler(schema), "x-refers-to": self.kind}


class _Unicode:
    """Python lets half a surrogate pair into a text, of which no JSON can be written; a bound makes pydantic look."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.str_schema(min_length=0)

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        return {name: value for name, value in handler(schema).items() if name != "minLength"}


_ID = StringConstraints(min_length=1, max_length=MAX_ID_LENGTH)

Id = Annotated[str, _ID, Sensitive("direct")]
"""An identifier chosen by whoever keeps the record: of a person, or of a part of the case."""
PublicId = Annotated[str, _ID, Sensitive("none")]
"""An identifier from a public catalogue: of an instrument, a coding system, a code."""
QuasiText = Annotated[str, StringConstraints(min_length=1, max_length=1_000), Sensitive("quasi")]
"""A short text that may narrow down who somebody is: a site, an arm, a domain of life."""
PublicText = Annotated[str, StringConstraints(min_length=1, max_length=1_000), Sensitive("none")]
"""A short text from a manual or a catalogue."""
FreeText = Annotated[str, _Unicode(), Sensitive("free_text")]
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


@attrs.frozen
class Leaf:
    """What one field of a record holds, with optional and list taken off.

    Attributes:
        name: The field.
        many: Whether it holds a list of them.
        type: The type of one.
        marks: What the type is marked with (``Sensitive``, ``Refers``, constraints).
    """

    name: str
    many: bool
    type: Any
    marks: tuple[Any, ...]


@cache
def leaves(cls: type[BaseModel]) -> tuple[Leaf, ...]:
    """Return what the fields of a record class hold; a field of two types gives two leaves."""
    return tuple(
        leaf
        for name, field in cls.model_fields.items()
        for leaf in _leaves(name, field.annotation, tuple(field.metadata), many=False)
    )


def _leaves(name: str, annotation: Any, marks: tuple[Any, ...], *, many: bool) -> Iterator[Leaf]:
    origin, args = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        yield from _leaves(name, args[0], (*marks, *args[1:]), many=many)
    elif origin is tuple:
        yield from _leaves(name, args[0], (), many=True)
    elif origin in (Union, UnionType):
        for arg in args:
            if arg is not NoneType:
                yield from _leaves(name, arg, marks, many=many)
    else:
        yield Leaf(name, many, annotation, marks)
