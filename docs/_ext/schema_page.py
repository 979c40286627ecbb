"""Shows the schema that ships with the package: ``schema-parts`` as a table, ``schema-text`` as JSON."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from docutils import nodes
from record_tables import table
from sphinx.util.docutils import SphinxDirective

from therapeutic_process.exchange import shipped_schema

if TYPE_CHECKING:
    from sphinx.application import Sphinx


class SchemaParts(SphinxDirective):
    """Lists the definitions of the schema with what each requires."""

    def run(self) -> list[nodes.Node]:
        """Return the table."""
        parts = sorted(shipped_schema()["$defs"].items())
        rows = [
            (name, ", ".join(p.get("required", ())) or "–", p.get("description", "")) for name, p in parts
        ]
        return [table(("part", "required", "description"), rows, (20, 25, 55))]


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
