"""Every stable code that the source can raise is explained in the reference, and no code that it cannot."""

from __future__ import annotations

import ast
import re
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING

from therapeutic_process.base import safe_errors as safe_errors_function

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "therapeutic_process"
PAGE = ROOT / "docs" / "reference" / "errors.md"
CODE = re.compile(r"[a-z*][a-z0-9_]*")

# What raises → the position of the code among its arguments.
RAISERS = {
    "broken": 0,
    "Violation": 1,
    "DocumentError": 0,
    "VersionTooNew": 0,
    "VersionTooOld": 0,
    "TableError": 0,
    "TableIssue": 0,
    "CannotEstimate": 1,
    "PydanticCustomError": 0,
    "refuse": 0,
    "_refuse": 0,  # refusals of one module, which name the estimator for it
    "Degenerate": 0,
    "error": 0,  # a place in a file makes its own DocumentError
}


def _texts(node: ast.expr) -> Iterator[str]:
    """Yield the texts that an expression can be; an f-string gives a pattern with stars."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.IfExp):
        yield from (*_texts(node.body), *_texts(node.orelse))
    elif isinstance(node, ast.JoinedStr):
        yield "".join(str(p.value) if isinstance(p, ast.Constant) else "*" for p in node.values)


def _codes_in(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if name in RAISERS:
                given = [k.value for k in node.keywords if k.arg == "code"] or node.args[RAISERS[name] :][:1]
                yield from (text for expr in given for text in _texts(expr) if CODE.fullmatch(text))


def _translated() -> set[str]:
    """Return our names for pydantic's own types of error."""
    table = safe_errors_function.__globals__
    return {*table["_CODES"].values(), table["_WRONG_TYPE"]}


def codes_in_source() -> set[str]:
    trees = (ast.parse(path.read_text(encoding="utf-8")) for path in SOURCE.rglob("*.py"))
    return _translated().union(*(_codes_in(tree) for tree in trees))


def codes_in_page() -> list[str]:
    return re.findall(r"^\| `([a-z][a-z0-9_]*)` \|", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE)


def test_the_source_has_codes_in_every_form_that_is_looked_for() -> None:
    assert {"held_only", "item_repeated", "time_invalid", "field_unknown", "*_unknown"} <= codes_in_source()


def test_every_code_is_explained() -> None:
    explained = codes_in_page()
    unexplained = {c for c in codes_in_source() if not any(fnmatchcase(e, c) for e in explained)}
    assert not unexplained


def test_no_code_is_explained_that_nothing_raises() -> None:
    raised = codes_in_source()
    assert not {e for e in codes_in_page() if not any(fnmatchcase(e, c) for c in raised)}


def test_each_code_is_explained_once() -> None:
    explained = codes_in_page()
    assert len(explained) == len(set(explained))
