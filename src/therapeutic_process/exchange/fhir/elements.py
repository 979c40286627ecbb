"""The elements of R4 that are read, with their types; everything else in a resource is passed over."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import ValidationError
from pydantic_core import CoreSchema, SchemaValidator, core_schema

from therapeutic_process.errors import DocumentError, RecordError, Violation

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["NAMES", "READ", "checked", "checked_entries"]

_TEXT = core_schema.str_schema(strict=True)
_WHOLE = core_schema.int_schema(strict=True)
_TRUTH = core_schema.bool_schema(strict=True)
_NUMBER = core_schema.union_schema(
    [_WHOLE, core_schema.float_schema(strict=True, allow_inf_nan=False)], mode="left_to_right"
)
_names: set[str] = set()


def _object(required: tuple[str, ...] = (), /, **elements: CoreSchema) -> CoreSchema:
    """Return the schema of an object; a name with a trailing underscore is a Python keyword."""
    plain = {name.removesuffix("_"): schema for name, schema in elements.items()}
    _names.update(plain)
    fields = {
        name: core_schema.typed_dict_field(schema, required=name in required)
        for name, schema in plain.items()
    }
    return core_schema.typed_dict_schema(fields, extra_behavior="ignore", strict=True)


def _many(schema: CoreSchema) -> CoreSchema:
    return core_schema.list_schema(schema, strict=True)


_EXTENSIONS = _many(core_schema.definition_reference_schema("extension"))
_BESIDE = _object(extension=_EXTENSIONS)
_CODING = _object(system=_TEXT, code=_TEXT, display=_TEXT, _code=_BESIDE, _display=_BESIDE)
_CONCEPT = _object(coding=_many(_CODING), text=_TEXT, _text=_BESIDE, extension=_EXTENSIONS)
_REFERENCE = _object(reference=_TEXT, type=_TEXT)
_IDENTIFIER = _object(system=_TEXT, value=_TEXT, _value=_BESIDE)
_PERIOD = _object(start=_TEXT, end=_TEXT, extension=_EXTENSIONS)
_QUANTITY = _object(value=_NUMBER, unit=_TEXT, code=_TEXT, _unit=_BESIDE)
_RANGE = _object(low=_QUANTITY, high=_QUANTITY)
_ANSWER = {"valueInteger": _WHOLE, "valueDecimal": _NUMBER, "valueString": _TEXT, "_valueString": _BESIDE}
_EXTENSION = _object(
    ("url",),
    url=_TEXT,
    extension=_EXTENSIONS,
    valueBoolean=_TRUTH,
    valuePositiveInt=_WHOLE,
    valueUnsignedInt=_WHOLE,
    valueCode=_TEXT,
    valueDateTime=_TEXT,
    valuePeriod=_PERIOD,
    valueReference=_REFERENCE,
    valueRange=_RANGE,
    valueCoding=_CODING,
    **_ANSWER,
)
_ITEM = _object(
    linkId=_TEXT,
    _linkId=_BESIDE,
    extension=_EXTENSIONS,
    answer=_many(_object(**_ANSWER)),
    item=_many(core_schema.definition_reference_schema("item")),
)
_EVERY = {"resourceType": _TEXT, "id": _TEXT, "extension": _EXTENSIONS, "identifier": _many(_IDENTIFIER)}
_PERSON = {**_EVERY, "gender": _TEXT, "birthDate": _TEXT}
_DETAIL = _object(code=_CONCEPT, goal=_many(_REFERENCE), extension=_EXTENSIONS)
_OUTPUT = _object(extension=_EXTENSIONS, type=_CONCEPT, valueDecimal=_NUMBER, valueInteger=_WHOLE)
_SHAPES: dict[str, dict[str, CoreSchema]] = {
    "Patient": _PERSON,
    "Practitioner": _PERSON,
    "RelatedPerson": {**_PERSON, "patient": _REFERENCE},
    "Device": {**_EVERY, "version": _many(_object(value=_TEXT, _value=_BESIDE))},
    "Group": {**_EVERY, "member": _many(_object(entity=_REFERENCE))},
    "EpisodeOfCare": {
        **_EVERY, "status": _TEXT, "type": _many(_CONCEPT), "patient": _REFERENCE, "period": _PERIOD,
        "diagnosis": _many(_object(condition=_REFERENCE, rank=_WHOLE)),
    },
    "Condition": {
        **_EVERY, "clinicalStatus": _CONCEPT, "verificationStatus": _CONCEPT, "code": _CONCEPT,
        "subject": _REFERENCE, "onsetDateTime": _TEXT, "onsetPeriod": _PERIOD,
    },
    "Encounter": {
        **_EVERY, "status": _TEXT, "class": _CODING, "subject": _REFERENCE, "period": _PERIOD,
        "length": _QUANTITY, "participant": _many(_object(individual=_REFERENCE)),
    },
    "Appointment": {
        **_EVERY, "status": _TEXT, "start": _TEXT, "end": _TEXT,
        "participant": _many(_object(actor=_REFERENCE)),
    },
    "Communication": {
        **_EVERY, "status": _TEXT, "category": _many(_CONCEPT), "subject": _REFERENCE, "encounter": _REFERENCE,
        "sender": _REFERENCE, "recipient": _many(_REFERENCE),
        "payload": _many(_object(contentString=_TEXT, _contentString=_BESIDE)),
    },
    "Goal": {
        **_EVERY, "lifecycleStatus": _TEXT, "achievementStatus": _CONCEPT, "description": _CONCEPT,
        "subject": _REFERENCE, "statusDate": _TEXT, "addresses": _many(_REFERENCE),
        "category": _many(_CONCEPT),
    },
    "CarePlan": {
        **_EVERY, "status": _TEXT, "intent": _TEXT, "subject": _REFERENCE, "replaces": _many(_REFERENCE),
        "created": _TEXT, "addresses": _many(_REFERENCE), "goal": _many(_REFERENCE),
        "activity": _many(_object(detail=_DETAIL)),
    },
    "Observation": {
        **_EVERY, "status": _TEXT, "code": _CONCEPT, "subject": _REFERENCE, "focus": _many(_REFERENCE),
        "encounter": _REFERENCE, "effectiveDateTime": _TEXT, "effectivePeriod": _PERIOD,
        "performer": _many(_REFERENCE), "device": _REFERENCE, "valueQuantity": _QUANTITY,
        "valueInteger": _WHOLE, "valueDecimal": _NUMBER, "valueCodeableConcept": _CONCEPT,
        "dataAbsentReason": _CONCEPT, "derivedFrom": _many(_REFERENCE),
        "note": _many(_object(text=_TEXT, _text=_BESIDE)),
        "component": _many(_object(code=_CONCEPT, valueQuantity=_QUANTITY)),
    },
    "QuestionnaireResponse": {
        **_EVERY, "identifier": _IDENTIFIER, "status": _TEXT, "subject": _REFERENCE, "authored": _TEXT,
        "author": _REFERENCE, "item": _many(core_schema.definition_reference_schema("item")),
    },
    "Task": {
        **_EVERY, "status": _TEXT, "code": _CONCEPT, "description": _TEXT, "_description": _BESIDE,
        "focus": _REFERENCE, "for": _REFERENCE, "encounter": _REFERENCE, "authoredOn": _TEXT,
        "restriction": _object(period=_PERIOD), "output": _many(_OUTPUT),
    },
    "Basic": {**_EVERY, "code": _CONCEPT, "subject": _REFERENCE},
    "Provenance": {
        **_EVERY, "target": _many(_REFERENCE), "recorded": _TEXT, "agent": _many(_object(who=_REFERENCE)),
    },
}  # fmt: skip


def _validator(schema: CoreSchema) -> SchemaValidator:
    shared = [{**_EXTENSION, "ref": "extension"}, {**_ITEM, "ref": "item"}]
    return SchemaValidator(core_schema.definitions_schema(schema, shared))  # type: ignore[arg-type]  # dicts with a ref are schemas


READ: Mapping[str, SchemaValidator] = {name: _validator(_object(**parts)) for name, parts in _SHAPES.items()}
"""The types of resources that are read."""
NAMES: Mapping[str, frozenset[str]] = {name: frozenset(parts) for name, parts in _SHAPES.items()}
"""The elements that are read of each."""
_BUNDLE = _validator(
    _object(
        entry=_many(
            _object(fullUrl=_TEXT, resource=core_schema.dict_schema(core_schema.str_schema(strict=True)))
        ),
        resourceType=_TEXT,
    )
)
_KINDS = {
    str: "a text", bool: "true or false", int: "a number", float: "a number", list: "a list", dict: "an object",
    type(None): "null",
}  # fmt: skip


def checked_entries(bundle: object) -> list[tuple[int, str | None, Any]]:
    """Return position, address and resource of the entries of a bundle.

    Raises:
        DocumentError: If it is no Bundle, or its entries have another form; the error names elements, never values.
    """
    if not isinstance(bundle, dict) or bundle.get("resourceType") != "Bundle":
        raise DocumentError(
            "not_a_bundle", needed="a FHIR resource of the type Bundle", found="something else"
        )
    whole = _checked(_BUNDLE, bundle, "$")
    given = list(enumerate(whole.get("entry", ())))
    return [(i, one.get("fullUrl"), one["resource"]) for i, one in given if "resource" in one]


def checked(resource: Mapping[str, Any], validator: SchemaValidator, position: int) -> Any:
    """Return the elements of a resource that are read.

    Raises:
        DocumentError: If one of them has another type than R4 gives it.
    """
    return _checked(validator, resource, f"$.entry[{position}].resource")


def _checked(validator: SchemaValidator, value: Any, place: str) -> Any:
    try:
        return validator.validate_python(value)
    except ValidationError as error:
        found = [_violation(e, place) for e in error.errors(include_url=False)]
    unlike = tuple({v.path: v for v in found}.values())
    cause = RecordError("Bundle", unlike)
    raise DocumentError(
        "invalid_element",
        needed="elements of the types that FHIR R4 gives them",
        found=f"{cause.total} of another type",
        cause=cause,
    )


def _violation(error: Any, place: str) -> Violation:
    steps = "".join(
        f"[{s}]" if isinstance(s, int) else f".{s}" for s in error["loc"] if isinstance(s, int) or s in _names
    )
    missing = error["type"] == "missing"
    kind = next((n for t, n in _KINDS.items() if type(error.get("input")) is t), "something else")
    found = "nothing" if missing else "a loop" if error["type"] == "recursion_loop" else kind
    return Violation(place + steps, "wrong_type", "what FHIR R4 has in this place", found)
