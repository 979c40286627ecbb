"""One document: from text to a case and back, with bounds and versions checked."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import attrs
from pydantic import ValidationError
from pydantic_core import from_json

from therapeutic_process.base import SCHEMA_VERSION
from therapeutic_process.errors import DocumentError, RecordError, VersionTooNew, VersionTooOld, Violation
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

MAX_DOCUMENT_BYTES = 64 * 1024 * 1024
"""Largest document that is read unless the caller says otherwise: 64 MiB, some 250,000 interactions."""
MAX_DEPTH = 200
"""Deepest nesting that is read; the parser stops there."""

UnknownPath = tuple[str | int, ...]


@attrs.frozen(eq=False, repr=False)
class ReadResult:
    """A case that was read leniently.

    Attributes:
        case: The case, as far as this version of the library knows the document.
        unknown: What it does not know: path → value, kept so that writing can put it back.
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

    >>> load_case(dump_case(load_case('{"kind": "case", "schema_version": "0.9", "id": "k", "participants": '
    ...                               '[{"id": "c1", "role": "client"}]}')))
    Case(participants=1)

    Args:
        document: The JSON text.
        catalogue: Where to look up instruments and coding systems; by default the built-in catalogue.
        max_bytes: Largest document that is read.

    Raises:
        DocumentError: If it is no JSON, too large or too deep, or breaks a rule (see its ``violations``).
        VersionTooNew: If it was written for a later schema.
        VersionTooOld: If it was written for a schema that is no longer read.
    """
    _check_size(document, max_bytes)
    try:
        case = Case.model_validate_json(document, context=_context(catalogue))
    except RecordError as error:
        failure = _document_error(document, error)
    else:
        missing = {"kind", "schema_version"} - case.model_fields_set
        if not missing:
            return case
        failure = _header_missing(missing)
    raise failure


def load_case_lenient(
    document: str | bytes, *, catalogue: Catalogue | None = None, max_bytes: int = MAX_DOCUMENT_BYTES
) -> ReadResult:
    """Read one case, keeping fields that this version does not know and reporting instruments it does not know.

    Everything else is as strict as `load_case`.

    Args:
        document: The JSON text.
        catalogue: Where to look up instruments and coding systems; by default the built-in catalogue.
        max_bytes: Largest document that is read.

    Raises:
        DocumentError: As `load_case`.
    """
    _check_size(document, max_bytes)
    tree = _parsed(document)
    _check_version(tree)
    unknown: dict[UnknownPath, Any] = {}
    while True:
        gaps: list[Violation] = []
        try:
            case = Case.__pydantic_validator__.validate_json(
                json.dumps(tree), context={**(_context(catalogue) or {}), "gaps": gaps}
            )
        except ValidationError as error:
            found = [e["loc"] for e in error.errors(include_input=False) if e["type"] == "extra_forbidden"]
            if not found:
                failure = _strict_error(tree, catalogue)
                break
            unknown.update(_take_out(tree, loc) for loc in found)
        else:
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
        DocumentError: If an unknown value's place is no longer there.
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
        _put_back(tree, path, value)
    separators = (",", ":") if indent is None else (",", ": ")
    return json.dumps(tree, ensure_ascii=False, allow_nan=False, indent=indent, separators=separators)


def _context(catalogue: Catalogue | None) -> dict[str, Any] | None:
    return None if catalogue is None else {"catalogue": catalogue}


def _check_size(document: str | bytes, limit: int) -> None:
    if len(document) > limit:
        raise DocumentError(
            "too_large", needed=f"a document of at most {limit:,} bytes", found="a larger one"
        )


def _parsed(document: str | bytes) -> Any:
    try:
        tree = from_json(document, allow_inf_nan=False)
    except ValueError as error:
        failure = _syntax_error(str(error))
    else:
        if isinstance(tree, dict):
            return tree
        failure = DocumentError("not_an_object", needed="one case, a JSON object", found="another JSON value")
    raise failure


def _syntax_error(message: str) -> DocumentError:
    """Say what kind of syntax error it is; the parser's own message is only looked at, never passed on."""
    if "recursion" in message:
        return DocumentError("too_deep", needed=f"at most {MAX_DEPTH} levels of nesting", found="more")
    if "EOF" in message:
        return DocumentError(
            "truncated", needed="a whole JSON document", found="one that stops in the middle"
        )
    return DocumentError("not_json", needed="a JSON document in UTF-8", found="something else")


def _document_error(document: str | bytes, error: RecordError) -> DocumentError:
    if any(v.code == "not_json" for v in error.violations):
        try:
            _parsed(document)
        except DocumentError as syntax:
            return syntax
    try:
        _check_version(_parsed(document))
    except DocumentError as version:
        return version
    return _invalid(error)


def _invalid(error: RecordError) -> DocumentError:
    found = f"{error.total} violation{'s' * (error.total != 1)}"
    return DocumentError("invalid_record", needed="a case that keeps the rules", found=found, cause=error)


def _strict_error(tree: Any, catalogue: Catalogue | None) -> DocumentError:
    try:
        Case.model_validate_json(json.dumps(tree), context={**(_context(catalogue) or {}), "gaps": []})
    except RecordError as error:
        return _invalid(error)
    return _header_missing(set())


def _header_missing(missing: set[str]) -> DocumentError:
    needed = "the fields kind and schema_version"
    return DocumentError("header_missing", needed=needed, found=f"no {' and no '.join(sorted(missing))}")


def _check_version(tree: Mapping[str, Any]) -> None:
    missing = {"kind", "schema_version"} - tree.keys()
    if missing:
        raise _header_missing(missing)
    version = _version(tree["schema_version"])
    ours = _version(SCHEMA_VERSION)
    assert ours is not None
    needed = f"schema version {SCHEMA_VERSION}"
    if version is None:
        raise DocumentError("version_unreadable", needed=needed, found="something that is no version")
    if version > ours:
        raise VersionTooNew("version_too_new", needed=needed, found="a newer version: upgrade this library")
    if version < ours:
        raise VersionTooOld("version_too_old", needed=needed, found="an older version")


def _version(text: object) -> tuple[int, int] | None:
    major, dot, minor = text.partition(".") if isinstance(text, str) else ("", "", "")
    digits = f"{major}{minor}"
    if not (dot and digits.isascii() and digits.isdigit() and major and minor and len(digits) < 9):
        return None
    return int(major), int(minor)


def _steps(tree: Any, loc: tuple[str | int, ...]) -> Iterator[tuple[Any, str | int]]:
    """Walk down a location of pydantic's, passing over the tags that stand in it."""
    here = tree
    for step in loc:
        if isinstance(here, dict) and step not in here:
            continue
        yield here, step
        here = here[step]


def _take_out(tree: Any, loc: tuple[str | int, ...]) -> tuple[UnknownPath, Any]:
    walked = list(_steps(tree, loc))
    parent, name = walked[-1]
    return tuple(step for _, step in walked), parent.pop(name)


def _put_back(tree: Any, path: UnknownPath, value: Any) -> None:
    here = tree
    try:
        for step in path[:-1]:
            here = here[step]
        if not isinstance(here, dict):
            raise TypeError
    except (KeyError, IndexError, TypeError):
        needed = "the place from which an unknown value was taken"
        raise DocumentError("unknown_place", needed=needed, found="a case without it") from None
    here[path[-1]] = value
