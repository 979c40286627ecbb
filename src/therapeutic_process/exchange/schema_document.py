"""The published schemas: JSON Schema 2020-12, made from the models, demanding exactly what the reader demands."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Literal

from pydantic_core import from_json

from therapeutic_process.base import SCHEMA_ROOT, SCHEMA_VERSION
from therapeutic_process.errors import DocumentError
from therapeutic_process.records import Case

if TYPE_CHECKING:
    from therapeutic_process.base import Record

__all__ = ["DocumentKind", "json_schema", "schema_versions", "shipped_schema"]

_DIALECT = "https://json-schema.org/draft/2020-12/schema"

DocumentKind = Literal["case", "theory_of_change"]
"""The kinds of document that have a schema."""


def json_schema(kind: DocumentKind = "case") -> dict[str, Any]:
    """Return the JSON Schema of a kind of document, made from the models.

    Besides the standard keywords, texts carry ``x-sensitivity`` and references ``x-refers-to``.

    >>> json_schema()["required"]
    ['kind', 'schema_version', 'id', 'participants']

    Args:
        kind: A ``case``, or a ``theory_of_change``.

    Returns:
        A new dictionary; the caller may change it.

    Raises:
        DocumentError: ``unknown_kind``.
    """
    made = _readable(_model(kind).model_json_schema(mode="validation"))
    made["required"] = ["kind", "schema_version", *made["required"]]
    _require_discriminators(made, made["$defs"])
    head = {"$schema": _DIALECT, "$id": f"{SCHEMA_ROOT}schema/{SCHEMA_VERSION}/{kind}.json"}
    return {**head, **{k: v for k, v in made.items() if k not in head}}


def _model(kind: str) -> type[Record]:
    if kind == "case":
        return Case
    if kind == "theory_of_change":
        from therapeutic_process.change_process import TheoryOfChange

        return TheoryOfChange
    needed = "a kind of document: case or theory_of_change"
    raise DocumentError("unknown_kind", needed=needed, found="another kind")


def _readable(node: Any) -> Any:
    """Take the examples in Python off the descriptions; they are for readers of the code."""
    if isinstance(node, list):
        return [_readable(x) for x in node]
    if not isinstance(node, dict):
        return node
    clean = {k: _readable(v) for k, v in node.items()}
    if isinstance(clean.get("description"), str):
        clean["description"] = " ".join(clean["description"].split(">>>")[0].split())
    return clean


def _require_discriminators(node: Any, parts: dict[str, Any]) -> None:
    """Demand the field that tells the members of a union apart, as the reader does though it has a default."""
    if isinstance(node, list):
        for one in node:
            _require_discriminators(one, parts)
    elif isinstance(node, dict):
        told = node.get("discriminator", {})
        for reference in told.get("mapping", {}).values():
            part = parts[reference.rpartition("/")[2]]
            part["required"] = sorted({told["propertyName"], *part.get("required", ())})
        for value in node.values():
            _require_discriminators(value, parts)


@cache
def _shipped(name: str) -> bytes:
    return files("therapeutic_process.exchange").joinpath("schema", name).read_bytes()


def shipped_schema(version: str = SCHEMA_VERSION, *, kind: DocumentKind = "case") -> dict[str, Any]:
    """Return the schema file of a version, as it ships with the package.

    >>> shipped_schema() == json_schema()
    True

    Args:
        version: The schema version.
        kind: The kind of document.

    Returns:
        A new dictionary; the caller may change it.

    Raises:
        FileNotFoundError: If no such version was ever published.
    """
    if version not in schema_versions(kind):
        raise FileNotFoundError(
            f"no schema of that version was published; there are {', '.join(schema_versions(kind))}"
        )
    schema: dict[str, Any] = from_json(_shipped(f"{kind}-{version}.json"))
    return schema


def schema_versions(kind: DocumentKind = "case") -> tuple[str, ...]:
    """Return the versions of a schema that ship with the package, oldest first.

    >>> schema_versions()
    ('0.9', '1.0')

    Args:
        kind: The kind of document.

    Returns:
        The versions.
    """
    folder = files("therapeutic_process.exchange").joinpath("schema")
    names = (file.name for file in folder.iterdir())
    found = (n.removeprefix(f"{kind}-").removesuffix(".json") for n in names if n.startswith(f"{kind}-"))
    return tuple(sorted(found, key=lambda v: tuple(map(int, v.split(".")))))
