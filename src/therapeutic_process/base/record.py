"""The bases of all records: strict, frozen, closed to unknown fields, silent about its contents."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, NoReturn, Self, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError, ValidationInfo, model_validator

from therapeutic_process.base.safe_errors import broken, declare, record_error, rules_broken
from therapeutic_process.errors import RecordError, Violation

__all__ = ["LightRecord", "Record", "RuledRecord"]


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

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: Any) -> None:
        declare(cls.model_fields)

    if not TYPE_CHECKING:  # the signature that type checkers see is the one made from the fields

        def __init__(self, /, **data: Any) -> None:
            failure = None
            try:
                super().__init__(**data)
            except ValidationError as error:
                failure = record_error(type(self).__name__, error)
            if failure is not None:  # raised outside the handler: pydantic's error with its values is let go
                raise failure
            self._check_alone()

        # pydantic-core may build nested records itself, without calling __init__ for each of them
        __init__.__pydantic_base_init__ = True

        def __setattr__(self, name: str, value: object) -> NoReturn:
            raise RecordError(
                type(self).__name__, (broken("frozen", needed="with_changes(…)", found="an assignment"),)
            )

        def __delattr__(self, name: str) -> NoReturn:
            raise RecordError(
                type(self).__name__, (broken("frozen", needed="with_changes(…)", found="a deletion"),)
            )

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
        return type(self).model_validate(
            data, context=None if catalogue is None else {"catalogue": catalogue}
        )

    def _check_alone(self) -> None:
        """Check what nothing else checks when the record stands alone."""

    def __repr_args__(self) -> Iterator[tuple[str, Any]]:
        for name in type(self).model_fields:
            value = getattr(self, name)
            if isinstance(value, tuple) and value:
                yield name, len(value)

    def __str__(self) -> str:
        return self.__repr__()


_R = TypeVar("_R", bound=Record)


def _validated(cls: type[_R], validate: Callable[..., _R], value: Any, options: dict[str, Any]) -> _R:
    try:
        record = validate(value, **options)
    except ValidationError as error:
        failure = record_error(cls.__name__, error)
    else:
        record._check_alone()  # noqa: SLF001  a method of this very class
        return record
    raise failure


class RuledRecord(Record):
    """A record with rules beyond the types of its fields; they are checked once the types hold."""

    def broken_rules(self, context: Mapping[str, Any]) -> Iterator[Violation]:  # noqa: ARG002  subclasses use it
        """Yield every rule that this record breaks.

        Args:
            context: What the reader hands over: ``catalogue``, and ``gaps`` (a list) when reading leniently.
        """
        yield from ()

    @model_validator(mode="after")
    def _keep_rules(self, info: ValidationInfo) -> Self:
        violations = list(self.broken_rules(info.context or {}))
        if violations:
            raise rules_broken(type(self).__name__, violations)
        return self


class LightRecord(Record):
    """A record of which a case holds thousands, with rules beyond the types of its fields.

    The record that holds it runs its rules, in one loop over all; a record made alone runs them itself.
    """

    def broken_rules(self) -> Iterator[Violation]:
        """Yield every rule that this record breaks."""
        yield from ()

    def _check_alone(self) -> None:
        violations = tuple(self.broken_rules())
        if violations:
            raise RecordError(type(self).__name__, violations)
