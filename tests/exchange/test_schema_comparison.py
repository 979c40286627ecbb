from __future__ import annotations

import copy
import json
from typing import Any

import pytest

from therapeutic_process.errors import DocumentError
from therapeutic_process.exchange import (
    Migration,
    Rename,
    SchemaChange,
    json_schema,
    schema_changes,
    shipped_schema,
)


def altered(**parts: Any) -> dict[str, Any]:
    schema = json_schema()
    schema["$defs"] = {**schema["$defs"], **parts}
    return schema


def without(name: str, field: str) -> dict[str, Any]:
    part: dict[str, Any] = copy.deepcopy(json_schema()["$defs"][name])
    del part["properties"][field]
    return part


def test_a_schema_equals_itself() -> None:
    assert schema_changes(json_schema(), json_schema()) == ()


def test_the_step_from_the_draft_tells_every_field_that_went() -> None:
    """A field that left the schema must stand among the renames, or old documents would not load."""
    found = schema_changes(shipped_schema("0.9"), shipped_schema("1.0"))
    assert SchemaChange("renamed", "Case.format", "format", "treatment_format") in found
    assert {c.kind for c in found} == {"renamed", "added"}


def test_without_the_steps_a_rename_is_a_removal_and_an_addition() -> None:
    found = schema_changes(shipped_schema("0.9"), shipped_schema("1.0"), steps=())
    assert {("removed", "Case.format"), ("added", "Case.treatment_format")} <= {
        (c.kind, c.place) for c in found
    }


def test_additions_and_removals_mirror_each_other() -> None:
    smaller = altered(Session=without("Session", "notes"))
    assert schema_changes(smaller, json_schema()) == (SchemaChange("added", "Session.notes"),)
    assert schema_changes(json_schema(), smaller) == (SchemaChange("removed", "Session.notes"),)


def test_a_rename_deep_inside_is_followed() -> None:
    older = without("Session", "notes")
    older["properties"]["remarks"] = json_schema()["$defs"]["Session"]["properties"]["notes"]
    step = Migration("0.1", "0.2", renames=(Rename(("sessions",), "remarks", "notes"),))
    (found,) = schema_changes(altered(Session=older), json_schema(), steps=[step])
    assert (found.kind, found.place, found.after) == ("renamed", "Session.remarks", "notes")


@pytest.mark.parametrize(
    ("field", "change"),
    [
        ("status", {"enum": ["planned", "held"], "type": "string"}),
        ("number", {"minimum": 1, "type": "integer"}),
        ("notes", {"anyOf": [{"type": "string", "x-sensitivity": "none"}, {"type": "null"}]}),
    ],
)
def test_other_values_are_a_change_and_other_words_are_not(field: str, change: dict[str, Any]) -> None:
    part = copy.deepcopy(json_schema()["$defs"]["Session"])
    part["properties"][field]["description"] = "In other words."
    assert schema_changes(json_schema(), altered(Session=part)) == ()
    part["properties"][field] = change
    (found,) = schema_changes(json_schema(), altered(Session=part))
    assert (found.kind, found.place) == ("changed", f"Session.{field}")
    assert json.loads(found.after or "") != json.loads(found.before or "")


def test_a_field_that_becomes_required_is_a_change() -> None:
    part = copy.deepcopy(json_schema()["$defs"]["Session"])
    part["required"].append("notes")
    (found,) = schema_changes(json_schema(), altered(Session=part))
    assert (found.kind, found.place) == ("changed", "Session.notes")


def test_what_is_no_schema_is_refused() -> None:
    with pytest.raises(DocumentError, match="no_schema"):
        schema_changes({}, json_schema())
