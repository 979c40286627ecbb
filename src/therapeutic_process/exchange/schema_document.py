"""The published schema: JSON Schema 2020-12, made from the models, demanding exactly what the reader demands."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Any

from pydantic_core import from_json

from therapeutic_process.base import SCHEMA_ROOT, SCHEMA_VERSION
from therapeutic_process.records import Case

__all__ = ["json_schema", "shipped_schema"]

_DIALECT = "https://json-schema.org/draft/2020-12/schema"


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema of a case document, made from the models.

    Besides the standard keywords, texts carry ``x-sensitivity`` and references ``x-refers-to``.

    >>> json_schema()["required"]
    ['kind', 'schema_version', 'id', 'participants']

    Returns:
        A new dictionary; the caller may change it.
    """
    made = _readable(Case.model_json_schema(mode="validation"))
    made["required"] = ["kind", "schema_version", *made["required"]]
    head = {"$schema": _DIALECT, "$id": f"{SCHEMA_ROOT}schema/{SCHEMA_VERSION}/case.json"}
    return {**head, **{k: v for k, v in made.items() if k not in head}}


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


@cache
def _shipped(version: str) -> bytes:
    return files("therapeutic_process.exchange").joinpath("schema", f"case-{version}.json").read_bytes()


def shipped_schema(version: str = SCHEMA_VERSION) -> dict[str, Any]:
    """Return the schema file of a version, as it ships with the package.

    >>> shipped_schema() == json_schema()
    True

    Args:
        version: The schema version.

    Raises:
        FileNotFoundError: If no such version was ever published.
    """
    schema: dict[str, Any] = from_json(_shipped(version))
    return schema
