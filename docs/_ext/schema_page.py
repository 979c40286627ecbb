"""Shows the schema that ships with the package: ``schema-parts`` field by field, ``schema-text`` as JSON."""

from __future__ import annotations

import json
import re
from functools import cache
from typing import TYPE_CHECKING, Any

from docutils import nodes
from record_tables import field_rows, table
from sphinx.util.docutils import SphinxDirective

from therapeutic_process.base import Record, leaves
from therapeutic_process.change_process import TheoryOfChange
from therapeutic_process.exchange import FHIR_ELEMENTS, dump_case, example_cases, shipped_schema
from therapeutic_process.records import Case

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sphinx.application import Sphinx

_UNITS = {"_s": "seconds", "_days": "days"}
_STATED_UNITS = {
    "ChangeEvent.magnitude": "as `unit` says",
    "Span.start": "as `unit` says",
    "Span.end": "as `unit` says",
    "Measurement.score": "points of the scale",
    "Rating.value": "points of the scale",
    "GoalRating.value": "0 to 10",
    "AdherenceRating.degree": "share",
    "Agreement.extent": "share",
    "Mechanism.smallest_effect": "points of the outcome",
    "InertBounds.lower": "points of the outcome",
    "InertBounds.upper": "points of the outcome",
}
_LONGEST = 40


def parts_of(cls: type[Record], seen: list[type[Record]]) -> list[type[Record]]:
    """Return a record and every part that it reaches, each once, from the outside in."""
    if cls not in seen:
        seen.append(cls)
        for leaf in leaves(cls):
            if isinstance(leaf.type, type) and issubclass(leaf.type, Record):
                parts_of(leaf.type, seen)
    return seen


@cache
def examples() -> dict[str, str]:
    """Return record and field → the first value that the shipped examples have there, as JSON."""
    found: dict[str, str] = {}

    def visit(record: Record, tree: dict[str, Any]) -> None:
        for name in type(record).model_fields:
            value = getattr(record, name)
            if name in tree:
                found.setdefault(f"{type(record).__name__}.{name}", _short(tree[name]))
            several = value if isinstance(value, tuple) else (value,)
            inner = tree[name] if isinstance(value, tuple) and name in tree else [tree.get(name)]
            for one, part in zip(several, inner, strict=False):
                if isinstance(one, Record) and isinstance(part, dict):
                    visit(one, part)

    for case in example_cases():
        visit(case, json.loads(dump_case(case)))
    return found


def _short(value: Any) -> str:
    if isinstance(value, dict) or (isinstance(value, list) and value and isinstance(value[0], dict)):
        return ""
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def unit(part: str, field: str) -> str:
    """Return the unit of a number, as far as the name of the field or the record says it."""
    ending = next((u for end, u in _UNITS.items() if field.endswith(end)), "")
    return _STATED_UNITS.get(f"{part}.{field}", ending)


def schema_rows(cls: type[Record]) -> Iterator[tuple[str, ...]]:
    """Yield a row for each field: name, meaning, what it holds in which unit, sensitivity, FHIR element, example."""
    for name, holds, default, bears, meaning in field_rows(cls):
        key = f"{cls.__name__}.{name}"
        told = f"{holds}; {default}" if default == "required" else holds
        counted = unit(cls.__name__, name)
        told = f"{told}; unit: {counted}" if counted else told
        yield name, meaning, told, bears, FHIR_ELEMENTS.get(key, ""), examples().get(key, "")


class SchemaParts(SphinxDirective):
    """Lists the parts of a kind of document, each with its fields."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Return a section for each part."""
        kinds: dict[str, type[Record]] = {"case": Case, "theory_of_change": TheoryOfChange}
        cls = kinds[self.arguments[0]]
        return [self._part(part) for part in parts_of(cls, [])]

    def _part(self, cls: type[Record]) -> nodes.section:
        name = cls.__name__
        section = nodes.section(ids=[f"schema-{nodes.make_id(name)}"], names=[f"schema {name.lower()}"])
        section += nodes.title(text=name)
        section += nodes.paragraph(text=_first_paragraph(cls))
        head = ("field", "meaning", "holds", "sensitivity", "FHIR R4", "example")
        fields = table(head, schema_rows(cls), (19, 24, 20, 9, 17, 11))
        fields["classes"].append("schema-table")
        section += fields
        return section


def _first_paragraph(cls: type[Record]) -> str:
    text = (cls.__doc__ or "").split(">>>")[0]
    return " ".join(re.sub("`+", "", text).split("\n\n")[0].split())


class SchemaText(SphinxDirective):
    """Shows the schema as it ships."""

    def run(self) -> list[nodes.Node]:
        """Return the text."""
        text = json.dumps(shipped_schema(), indent=2, ensure_ascii=False)
        return [nodes.literal_block(text, text, language="json")]


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the directives."""
    app.add_directive("schema-parts", SchemaParts)
    app.add_directive("schema-text", SchemaText)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
