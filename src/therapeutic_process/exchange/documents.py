"""One document: from text to a case and back, with bounds and versions checked."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import attrs

from therapeutic_process.base import SCHEMA_VERSION
from therapeutic_process.errors import DocumentError, RecordError, VersionTooNew, Violation
from therapeutic_process.exchange.header import age_of, header_missing
from therapeutic_process.exchange.json_text import (
    MAX_DEPTH,
    MAX_DOCUMENT_BYTES,
    document_bytes,
    parsed_document,
)
from therapeutic_process.exchange.migrations import migrate
from therapeutic_process.exchange.validation import UnknownPath, take_out_unknown, validated_case
from therapeutic_process.records import Case

if TYPE_CHECKING:
    from therapeutic_process.instruments import Catalogue

__all__ = [
    "MAX_DEPTH",
    "MAX_DOCUMENT_BYTES",
    "ReadResult",
    "UnknownPath",
    "dump_case",
    "load_case",
    "load_case_lenient",
]

_VERSION: UnknownPath = ("schema_version",)


@attrs.frozen(eq=False, repr=False)
class ReadResult:
    """A case that was read leniently.

    Attributes:
        case: The case, as far as this version of the library knows the document.
        unknown: What it does not know: path → value, kept so that writing can put it back. For a document of a newer
            minor version of the schema, its version is among it, under ``("schema_version",)``.
        gaps: Instruments and coding systems that neither the catalogue nor the case knows.
    """

    case: Case
    unknown: Mapping[UnknownPath, Any]
    gaps: tuple[Violation, ...] = ()

    def __repr__(self) -> str:
        return f"ReadResult({self.case!r}, {len(self.unknown)} unknown values, {len(self.gaps)} gaps)"


def load_case(
    document: str | bytes, *, catalogue: Catalogue | None = None, max_bytes: int = MAX_DOCUMENT_BYTES
) -> Case:
    """Read one case from a JSON document, strictly.

    >>> load_case(dump_case(load_case('{"kind": "case", "schema_version": "1.0", "id": "k", "participants": '
    ...                               '[{"id": "c1", "role": "client"}]}')))
    Case(participants=1)

    Where a name stands twice in one object, the last one counts: JSON leaves it open, and so do Python, JavaScript and
    the validators of JSON Schema, so that what such a tool looked at is what is read here. ``NaN`` and ``Infinity`` are
    no JSON; a byte order mark belongs to a file, and `read_cases` takes it off.

    Of a document above 256 KiB, the violations of a list are named up to its first wrong entry, so that memory stays
    bounded; in a smaller one all are counted. A document of an older schema version that is still read is brought to
    the present one first (`migrate`); what is wrong with it is then named by the fields' present names.

    Args:
        document: The JSON text, or its bytes in UTF-8.
        catalogue: Where to look up instruments and coding systems; by default the built-in catalogue.
        max_bytes: Largest document that is read, in bytes of UTF-8.

    Raises:
        DocumentError: If it is no JSON, too large or too deep, or breaks a rule (see its ``violations``).
        VersionTooNew: If it was written for a later schema; of a later minor version, `load_case_lenient` reads it.
        VersionTooOld: If it was written for a schema that is no longer read.
    """
    data = document_bytes(document, max_bytes)
    try:
        case = validated_case(data, _context(catalogue))
    except RecordError as error:
        broken = error
    else:
        missing = {"kind", "schema_version"} - case.model_fields_set
        if not missing:
            return case
        raise header_missing(missing)
    return _older_case(data, broken, catalogue)


def load_case_lenient(
    document: str | bytes, *, catalogue: Catalogue | None = None, max_bytes: int = MAX_DOCUMENT_BYTES
) -> ReadResult:
    """Read one case, keeping fields that this version does not know and reporting instruments it does not know.

    A document of a newer minor version of the schema is read too: a minor version only adds optional fields, which are
    kept, with the version itself. Everything else is as strict as `load_case`. Numbers among the unknown values are
    kept as Python holds them: a whole number with all its digits, any other as a float.

    Args:
        document: The JSON text, or its bytes in UTF-8.
        catalogue: Where to look up instruments and coding systems; by default the built-in catalogue.
        max_bytes: Largest document that is read, in bytes of UTF-8.

    Raises:
        DocumentError: As `load_case`; and if an unknown value is a number too large to be written again.
        VersionTooNew: If it was written for a later major version of the schema.
        VersionTooOld: If it was written for a schema that is no longer read.
    """
    data = document_bytes(document, max_bytes)
    tree = parsed_document(data)
    unknown: dict[UnknownPath, Any] = {}
    age = age_of(tree)
    if age == "newer_minor":
        unknown[_VERSION] = tree["schema_version"]
        tree["schema_version"] = SCHEMA_VERSION
    elif age == "older":
        tree = migrate(tree)
    taken = take_out_unknown(tree)
    unknown |= taken
    if taken or age != "current":
        data = json.dumps(tree).encode()
    gaps: list[Violation] = []
    try:
        case = validated_case(data, {**(_context(catalogue) or {}), "gaps": gaps})
    except RecordError as error:
        failure = _invalid(error)
    else:
        _check_finite(unknown)
        return ReadResult(case, unknown, tuple(gaps))
    raise failure


def dump_case(
    case: Case, *, unknown: Mapping[UnknownPath, Any] | None = None, indent: int | None = None
) -> str:
    """Return the JSON document of a case: the same case gives the same text, byte for byte.

    Fields that hold their default are left out; ``kind`` and ``schema_version`` always stand.

    Args:
        case: The case.
        unknown: Values to put back at their paths, as a lenient reading kept them.
        indent: Spaces per level; None for one line.

    Raises:
        DocumentError: If an unknown value's place is no longer there, or holds something else by now.
    """
    if not unknown and indent is None:
        body = case.model_dump_json(exclude_defaults=True)
        return f'{{"kind":"case","schema_version":"{SCHEMA_VERSION}",{body[1:]}'
    tree = {
        "kind": "case",
        "schema_version": SCHEMA_VERSION,
        **case.model_dump(mode="json", exclude_defaults=True),
    }
    for path, value in (unknown or {}).items():
        if path == _VERSION:
            tree["schema_version"] = value
        else:
            _put_back(tree, path, value)
    separators = (",", ":") if indent is None else (",", ": ")
    return json.dumps(tree, ensure_ascii=False, allow_nan=False, indent=indent, separators=separators)


def _context(catalogue: Catalogue | None) -> dict[str, Any] | None:
    return None if catalogue is None else {"catalogue": catalogue}


def _check_finite(unknown: Mapping[UnknownPath, Any]) -> None:
    """Refuse a number that became infinite on reading (1e999): it could not be written again as it was."""
    try:
        json.dumps(list(unknown.values()), allow_nan=False)
    except ValueError:
        finite = False
    else:
        finite = True
    if not finite:
        needed = "finite numbers among the unknown values"
        raise DocumentError("number_not_finite", needed=needed, found="one too large to hold")


def _older_case(document: bytes, error: RecordError, catalogue: Catalogue | None) -> Case:
    """Read a document of an older version, or say why the document cannot be read."""
    tree = parsed_document(document)
    age = age_of(tree)
    if age == "newer_minor":
        found = "a newer minor version: upgrade this library, or read it leniently"
        raise VersionTooNew("version_too_new", needed=f"schema version {SCHEMA_VERSION}", found=found)
    if age == "current":
        raise _invalid(error)
    present = json.dumps(migrate(tree)).encode()
    try:
        return validated_case(present, _context(catalogue))
    except RecordError as broken:
        failure = _invalid(broken)
    raise failure


def _invalid(error: RecordError) -> DocumentError:
    found = f"{error.total} violation{'s' * (error.total != 1)}"
    return DocumentError("invalid_record", needed="a case that keeps the rules", found=found, cause=error)


def _at(tree: Any, path: UnknownPath) -> Any:
    for step in path:
        tree = tree[step]
    return tree


def _put_back(tree: Any, path: UnknownPath, value: Any) -> None:
    try:
        *above, name = path
        place = _at(tree, tuple(above))
        free = isinstance(place, dict) and name not in place
    except (ValueError, LookupError, TypeError):
        free = False
    if not free:
        needed = "the free place from which an unknown value was taken"
        raise DocumentError("unknown_place", needed=needed, found="a case without it")
    place[name] = value
