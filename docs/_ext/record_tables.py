"""Shows records as they are declared: ``record-table`` lists the fields, ``vocabularies`` a room's words."""

from __future__ import annotations

import re
from importlib import import_module
from typing import TYPE_CHECKING, Any, Literal, get_args, get_origin

import attrs
from docutils import nodes
from docutils.parsers.rst import directives
from pydantic import BaseModel
from pydantic_core import PydanticUndefined
from sphinx.util.docutils import SphinxDirective

from therapeutic_process.base import Leaf, Refers, Sensitive, leaves

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pydantic.fields import FieldInfo
    from sphinx.application import Sphinx

_PLAIN = {str: "text", float: "number", int: "whole number", bool: "true or false"}
_TIMES = {"datetime": "time with offset", "date": "day"}
_ATTRS_DEFAULT = re.compile(r"attr_dict\['(\w+)'\]\.default|NOTHING")
_BOUNDS = {"ge": "≥", "gt": ">", "le": "≤", "lt": "<"}


def object_at(dotted: str) -> Any:
    """Return the object with that dotted name, a name of the records room if there is no dot."""
    module, _, name = dotted.rpartition(".")
    return getattr(import_module(module or "therapeutic_process.records"), name)


def _words(leaf: Leaf) -> str:
    refers = [m.kind for m in leaf.marks if isinstance(m, Refers)]
    if refers:
        return f"id of a {refers[0].replace('_', ' ')}"
    if get_origin(leaf.type) is Literal:
        return " · ".join(f"‘{v}’" if isinstance(v, str) else str(v) for v in get_args(leaf.type))
    name = getattr(leaf.type, "__name__", str(leaf.type))
    return _PLAIN.get(leaf.type) or _TIMES.get(name) or name


def _bounds(metadata: Iterable[Any]) -> str:
    marks = list(metadata)
    found = [f"{sign} {getattr(m, key):g}" for m in marks for key, sign in _BOUNDS.items() if hasattr(m, key)]
    return f" {' and '.join(found)}" if found else ""


def type_words(cls: type[BaseModel], name: str, field: FieldInfo) -> str:
    """Return what a field holds, in words."""
    mine = [leaf for leaf in leaves(cls) if leaf.name == name]
    kinds = " or ".join(dict.fromkeys(map(_words, mine))) + _bounds(field.metadata)
    return f"list of: {kinds}" if any(leaf.many for leaf in mine) else kinds


def sensitivity(cls: type[BaseModel], name: str) -> str:
    """Return how a field bears on identity; a dash where the field holds neither text nor time of its own."""
    marks = [m for leaf in leaves(cls) if leaf.name == name for m in leaf.marks]
    kinds = [m.kind for m in marks if isinstance(m, Sensitive)]
    return kinds[0].replace("_", " ") if kinds else "–"


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    value = field.default
    if value is None or value == () or value is PydanticUndefined:
        return "–"
    return str(value)


def field_rows(cls: type[BaseModel]) -> Iterator[tuple[str, str, str, str, str]]:
    """Yield a row for each field: name, what it holds, default, sensitivity, meaning."""
    for name, field in cls.model_fields.items():
        holds, bears = type_words(cls, name, field), sensitivity(cls, name)
        yield name, holds, _default(field), bears, field.description or ""


def table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]], widths: tuple[int, ...]) -> nodes.table:
    """Return a table; the first column is set as code."""
    group = nodes.tgroup(cols=len(head))
    group += [nodes.colspec(colwidth=w) for w in widths]
    body = nodes.tbody()
    body += [_row(row, code_first=True) for row in rows]
    header = nodes.thead()
    header += _row(head)
    group += [header, body]
    made = nodes.table(classes=["record-table"])
    made += group
    return made


def _row(cells: tuple[str, ...], *, code_first: bool = False) -> nodes.row:
    row = nodes.row()
    for i, text in enumerate(cells):
        entry, paragraph = nodes.entry(), nodes.paragraph()
        paragraph += nodes.literal(text=text) if code_first and i == 0 else nodes.Text(text)
        entry += paragraph
        row += entry
    return row


class RecordTable(SphinxDirective):
    """Lists the fields of a record class."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Return the table."""
        head = ("field", "holds", "default", "sensitivity", "meaning")
        return [table(head, field_rows(object_at(self.arguments[0])), (16, 26, 10, 10, 38))]


class Vocabularies(SphinxDirective):
    """Lists the vocabularies (Literals) that a room makes public."""

    required_arguments = 1
    option_spec = {"exclude": directives.unchanged}  # noqa: RUF012  docutils asks for a class attribute

    def run(self) -> list[nodes.Node]:
        """Return the table, or nothing if the room has no vocabulary."""
        room = import_module(self.arguments[0])
        named = ((name, getattr(room, name)) for name in room.__all__)
        rows = [(n, " · ".join(map(str, get_args(v)))) for n, v in named if get_origin(v) is Literal]
        return [table(("vocabulary", "words"), rows, (20, 80))] if rows else []


def _is_record(thing: object) -> bool:
    return isinstance(thing, type) and issubclass(thing, BaseModel)


def _plain_signature(*event: Any) -> tuple[str, str] | None:
    """Leave out pydantic's signature of a record, which its table repeats; name the defaults of attrs classes."""
    thing, signature, returns = event[3], event[5], event[6]
    if _is_record(thing):
        return "(**fields)", ""
    if not (isinstance(thing, type) and attrs.has(thing) and signature):
        return None
    defaults = {a.name.lstrip("_"): a.default for a in attrs.fields(thing)}
    return _ATTRS_DEFAULT.sub(
        lambda m: _shown(defaults.get((m[1] or "").lstrip("_"), ...)), signature
    ), returns


def _shown(default: object) -> str:
    return repr(default) if default is None or isinstance(default, (str, int, float)) else "…"


def _add_table(*event: Any) -> None:
    _, _, name, thing, _, lines = event
    # Bars of absolute values (|z|) are no substitutions of reStructuredText.
    lines[:] = [re.sub(r"\|(?=\S)|(?<=\S)\|", r"\\|", line) for line in lines]
    if _is_record(thing) and thing.model_fields:
        lines += ["", f".. record-table:: {name}", ""]


def _skip(*event: Any) -> bool | None:
    return True if event[2] in {"broken_rules", "model_config", "model_post_init"} else None


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the directives and what is done to records on the API pages."""
    app.add_directive("record-table", RecordTable)
    app.add_directive("vocabularies", Vocabularies)
    app.connect("autodoc-process-signature", _plain_signature)
    app.connect("autodoc-process-docstring", _add_table)
    app.connect("autodoc-skip-member", _skip)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
