"""Importing the library, or a room that needs none of the extras, imports none of them."""

from __future__ import annotations

import subprocess
import sys

import pytest

EXTRAS = (
    "polars", "numpy", "scipy", "altair", "vl_convert", "typer", "rich", "duckdb", "pyarrow", "pandas",
    "pyspark", "hypothesis",
)  # fmt: skip
LEAN = (
    "therapeutic_process",
    "therapeutic_process.records",
    "therapeutic_process.instruments",
    "therapeutic_process.tables",
    "therapeutic_process.session_process",
    "therapeutic_process.change_process",
    "therapeutic_process.process_outcome",
    "therapeutic_process.exchange",
)


def _loaded_after(statement: str) -> set[str]:
    code = f"{statement}\nimport sys\nprint(*sorted({{name.partition('.')[0] for name in sys.modules}}))"
    command = [sys.executable, "-W", "error", "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return set(done.stdout.split())


@pytest.mark.parametrize("module", LEAN)
def test_importing_it_imports_no_extra(module: str) -> None:
    assert not _loaded_after(f"import {module}") & set(EXTRAS)


def test_an_extra_would_be_seen() -> None:
    assert "hypothesis" in _loaded_after("import hypothesis")
