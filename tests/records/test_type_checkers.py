"""Users' type checkers accept what they must and reject what they must, with and without pydantic's plugin."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TYPING = ROOT / "tests" / "typing"
SOURCE = ROOT / "src"
MARK = "# pyright: ignore["


def _run(*command: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "MYPYPATH": str(SOURCE), "PYTHONPATH": str(SOURCE)}
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)


@pytest.mark.skipif(
    find_spec("pyright") is None or shutil.which("node") is None, reason="pyright or node is not here"
)
def test_pyright_accepts_and_rejects_what_it_must() -> None:
    done = _run(sys.executable, "-m", "pyright", "--pythonpath", sys.executable, str(TYPING))
    if "error" not in done.stdout.splitlines()[-1]:
        pytest.skip("pyright could not be started")
    assert done.returncode == 0, done.stdout


@pytest.mark.skipif(find_spec("mypy") is None, reason="mypy is not here")
def test_mypy_without_the_plugin_accepts_and_rejects_what_it_must(tmp_path: Path) -> None:
    lines = (TYPING / "rejected.py").read_text(encoding="utf-8").splitlines()
    wrong = {n for n, line in enumerate(lines, start=1) if MARK in line}
    assert len(wrong) >= 8
    copied = tmp_path / "rejected.py"
    copied.write_text(
        "\n".join("" if line.startswith("# mypy:") else line for line in lines), encoding="utf-8"
    )
    shutil.copy(TYPING / "accepted.py", tmp_path / "accepted.py")
    options = ["--strict", "--config-file=", f"--cache-dir={tmp_path / 'cache'}", "--follow-imports=silent"]
    done = _run(sys.executable, "-m", "mypy", *options, str(copied), str(tmp_path / "accepted.py"))
    errors = [line.split(":") for line in done.stdout.splitlines() if ": error:" in line]
    assert not [e for e in errors if Path(e[0]).name == "accepted.py"], done.stdout
    assert {int(e[1]) for e in errors} == wrong, done.stdout
