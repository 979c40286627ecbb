"""Every rule code of the records has a smallest case that breaks it and a repaired partner."""

from __future__ import annotations

import ast
from pathlib import Path

HERE = Path(__file__).parent
SOURCE = HERE.parents[1] / "src" / "therapeutic_process" / "records"
RAISERS = {"broken", "Violation"}


def _codes_raised() -> set[str]:
    found: set[str] = set()
    for path in SOURCE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in RAISERS:
                code = node.args[0]
                if isinstance(code, ast.Constant):
                    found.add(str(code.value))
                else:
                    assert ast.unparse(code) == "f'{limits}_unknown'", (
                        f"a code that is made: {path.name}:{node.lineno}"
                    )
                    found |= {"instrument_unknown", "scale_unknown"}
    return found


def _codes_tested() -> set[str]:
    """Return the codes in the tables named BREAKS: the text before the path in each row."""
    found: set[str] = set()
    for path in HERE.rglob("test_*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.AnnAssign) and ast.unparse(node.target) == "BREAKS":
                assert isinstance(node.value, ast.List)
                found |= {_code_of(row) for row in node.value.elts}
    return found


def _code_of(row: ast.expr) -> str:
    assert isinstance(row, ast.Tuple)
    return next(str(cell.value) for cell in row.elts if isinstance(cell, ast.Constant))


def test_every_code_that_the_source_raises_has_its_test() -> None:
    raised = _codes_raised()
    assert len(raised) > 50
    assert raised - _codes_tested() == set()
