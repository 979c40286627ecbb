"""What changed from one version of a schema to another: field by field, renames named as such."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal

import attrs

from therapeutic_process.errors import DocumentError
from therapeutic_process.exchange.migrations import STEPS, Migration

__all__ = ["SchemaChange", "schema_changes"]

_WORDS = {"title", "description", "default", "$id", "$schema", "x-sensitivity"}
"""What a schema says besides which documents are valid (of them only sensitivity is reported)."""


@attrs.frozen
class SchemaChange:
    """One difference between two versions of a schema.

    Attributes:
        kind: Whether a field (or a part) was added, removed or renamed, or takes other values than before.
        place: Part and field, as in ``Case.treatment_format``; by its older name where it was renamed.
        before: What stood there before: for a rename the name, for a change the constraints, as JSON.
        after: What stands there now.
    """

    kind: Literal["added", "removed", "renamed", "changed"]
    place: str
    before: str | None = None
    after: str | None = None

    def __str__(self) -> str:
        told = f"{self.kind}: {self.place}"
        if self.kind == "renamed":
            return f"{told} → {self.after}"
        return f"{told}: {self.before} → {self.after}" if self.kind == "changed" else told


def schema_changes(
    before: Mapping[str, Any], after: Mapping[str, Any], *, steps: Sequence[Migration] = STEPS
) -> tuple[SchemaChange, ...]:
    """Compare two versions of a schema.

    >>> from therapeutic_process.exchange import json_schema, shipped_schema
    >>> print(schema_changes(shipped_schema("0.9"), shipped_schema("1.0"))[0])
    renamed: Case.format → treatment_format

    Titles and descriptions are not compared; neither are defaults, for a document means the same without them.

    Args:
        before: A schema of cases or of theories.
        after: Another version of it.
        steps: The steps of migration, which tell a rename from a removal with an addition.

    Returns:
        The differences, by place; renames first.

    Raises:
        DocumentError: ``no_schema`` if one of the two is no schema of a document of this library.
    """
    old, new = _parts(before), _parts(after)
    renamed = _renames(before, steps)
    found = [SchemaChange("renamed", p, p.rpartition(".")[2], q) for p, q in sorted(renamed.items())
             if p in old and _moved(p, q) in new and p not in new]  # fmt: skip
    moved = {c.place: _moved(c.place, str(c.after)) for c in found}
    for place in sorted(old.keys() | new.keys()):
        if place in moved or place in moved.values():
            continue
        if place not in new:
            found.append(SchemaChange("removed", place))
        elif place not in old:
            found.append(SchemaChange("added", place))
    pairs = [(place, moved.get(place, place)) for place in sorted(old)]
    found += [SchemaChange("changed", p, _told(old[p]), _told(new[q])) for p, q in pairs
              if q in new and old[p] != new[q]]  # fmt: skip
    return tuple(found)


def _parts(schema: Mapping[str, Any]) -> dict[str, Any]:
    """Return part and field → what is demanded there."""
    if not isinstance(schema.get("properties"), Mapping) or not isinstance(schema.get("$defs"), Mapping):
        needed = "a schema of a document of this library"
        raise DocumentError("no_schema", needed=needed, found="something else")
    parts = {str(schema.get("title", "document")): schema, **schema["$defs"]}
    return dict(_fields(parts))


def _fields(parts: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for name, part in parts.items():
        required = set(part.get("required", ()))
        if "properties" not in part:
            yield name, _demands(part)
        for field, node in part.get("properties", {}).items():
            if field != "schema_version":
                yield f"{name}.{field}", {**_demands(node), "required": field in required}


def _demands(node: Any) -> Any:
    if isinstance(node, list):
        return [_demands(x) for x in node]
    if not isinstance(node, Mapping):
        return node
    return {k: _demands(v) for k, v in node.items() if k not in _WORDS or k == "x-sensitivity"}


def _told(demands: Any) -> str:
    return json.dumps(demands, ensure_ascii=False, sort_keys=True)


def _moved(place: str, name: str) -> str:
    return f"{place.rpartition('.')[0]}.{name}"


def _renames(schema: Mapping[str, Any], steps: Sequence[Migration]) -> dict[str, str]:
    """Return part and field, as the older schema has them → the new name, following each rename from the document."""
    found: dict[str, str] = {}
    for step in steps:
        for rename in step.renames:
            for part in _parts_at(schema, rename.place):
                found[f"{part}.{rename.before}"] = rename.after
    return found


def _parts_at(schema: Mapping[str, Any], place: tuple[str, ...]) -> set[str]:
    here = {str(schema.get("title", "document"))}
    parts = {**schema["$defs"], next(iter(here)): schema}
    for field in place:
        nodes = [parts[p].get("properties", {}).get(field, {}) for p in here]
        here = {ref for node in nodes for ref in _references(node)}
    return here


def _references(node: Any) -> Iterator[str]:
    if isinstance(node, Mapping):
        if isinstance(node.get("$ref"), str):
            yield node["$ref"].rpartition("/")[2]
        for value in node.values():
            yield from _references(value)
    elif isinstance(node, list):
        for value in node:
            yield from _references(value)
