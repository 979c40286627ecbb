"""A theory of change as a document: a kind of its own, read and written as strictly as a case."""

from __future__ import annotations

import json

from therapeutic_process.base import SCHEMA_VERSION
from therapeutic_process.change_process import TheoryOfChange
from therapeutic_process.errors import DocumentError, RecordError, VersionTooNew
from therapeutic_process.exchange.header import age_of, header_missing
from therapeutic_process.exchange.json_text import MAX_DOCUMENT_BYTES, document_bytes, parsed_document
from therapeutic_process.exchange.migrations import migrate

__all__ = ["dump_theory", "load_theory"]


def load_theory(document: str | bytes, *, max_bytes: int = MAX_DOCUMENT_BYTES) -> TheoryOfChange:
    """Read a theory of change from a JSON document, strictly.

    >>> from therapeutic_process.change_process import CodePattern, Mechanism, ScorePattern
    >>> theory = TheoryOfChange(id="mi", name="Change talk", mechanisms=[Mechanism(id="m1",
    ...     cause=CodePattern(system="automisc", codes=["C"]), effect=ScorePattern(instrument="phq9"))])
    >>> load_theory(dump_theory(theory)) == theory
    True

    A theory of an older schema version that is still read is brought to the present one first; its fingerprint stays.

    Args:
        document: The JSON text, or its bytes in UTF-8.
        max_bytes: Largest document that is read, in bytes of UTF-8.

    Raises:
        DocumentError: If it is no JSON, too large or too deep, or breaks a rule (see its ``violations``).
        VersionTooNew: If it was written for a later schema.
        VersionTooOld: If it was written for a schema that is no longer read.
    """
    data = document_bytes(document, max_bytes)
    try:
        theory = TheoryOfChange.model_validate_json(data)
    except RecordError as error:
        broken = error
    else:
        missing = {"kind", "schema_version"} - theory.model_fields_set
        if not missing:
            return theory
        raise header_missing(missing)
    return _older_theory(data, broken)


def dump_theory(theory: TheoryOfChange, *, indent: int | None = None) -> str:
    """Return the JSON document of a theory: the same theory gives the same text.

    Args:
        theory: The theory.
        indent: Spaces per level; None for one line.

    Returns:
        The text; what is not declared (None) is left out.

    Example:
        >>> from therapeutic_process.change_process import CodePattern, Mechanism, ScorePattern
        >>> theory = TheoryOfChange(id="mi", name="Change talk", mechanisms=[Mechanism(id="m1",
        ...     cause=CodePattern(system="automisc", codes=["C"]), effect=ScorePattern(instrument="phq9"))])
        >>> dump_theory(theory)[:50]
        '{"kind":"theory_of_change","schema_version":"1.0",'
    """
    head = {"kind": theory.kind, "schema_version": SCHEMA_VERSION}
    tree = {**head, **theory.model_dump(mode="json", exclude_none=True)}
    separators = (",", ":") if indent is None else (",", ": ")
    return json.dumps(tree, ensure_ascii=False, allow_nan=False, indent=indent, separators=separators)


def _older_theory(document: bytes, error: RecordError) -> TheoryOfChange:
    tree = parsed_document(document)
    age = age_of(tree)
    if age == "newer_minor":
        found = "a newer minor version: upgrade this library"
        raise VersionTooNew("version_too_new", needed=f"schema version {SCHEMA_VERSION}", found=found)
    if age == "current":
        raise _invalid(error)
    try:
        return TheoryOfChange.model_validate_json(json.dumps(migrate(tree)))
    except RecordError as broken:
        failure = _invalid(broken)
    raise failure


def _invalid(error: RecordError) -> DocumentError:
    found = f"{error.total} violation{'s' * (error.total != 1)}"
    return DocumentError("invalid_record", needed="a theory that keeps the rules", found=found, cause=error)
