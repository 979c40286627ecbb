"""The page of rules that the schema cannot express names every rule of a record, and no other code."""

from __future__ import annotations

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "reference" / "rules.md").read_text(encoding="utf-8")
SOURCE = ROOT / "src" / "therapeutic_process"


def _rules_in(folder: str) -> set[str]:
    """Return the first argument of every call of ``broken``: a text, or the known end of one."""
    found: set[str] = set()
    for path in (SOURCE / folder).rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "broken":
                code = node.args[0]
                parts = code.values if isinstance(code, ast.JoinedStr) else [code]
                found.add("".join(str(p.value) if isinstance(p, ast.Constant) else "*" for p in parts))
    return found


def test_every_rule_of_the_records_and_instruments_is_named_and_nothing_else() -> None:
    rules = _rules_in("records") | _rules_in("instruments") | _rules_in("change_process")
    assert {"held_only", "lag_whole"} <= rules
    rules = rules - {"*_unknown"} | {"instrument_unknown", "scale_unknown"}
    named = set(re.findall(r"`([a-z]+(?:_[a-z]+)+)`", PAGE))
    assert named == rules
