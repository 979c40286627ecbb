"""What is tracked belongs to the project: no path of somebody's machine, no reference data, no leftovers."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PLACES = "home|root|Users|work|workspace|opt|tmp|mnt|private|var/folders"
MACHINE_PATH = re.compile(rf"(?<![\w.}}$/~-])/(?:{PLACES})/[\w.-]+")
LEFTOVERS = ("node_modules/", "__pycache__/", ".ipynb_checkpoints/", "docs/_build/", ".egg-info/")


def _tracked() -> list[str]:
    git = shutil.which("git")
    if git is None or not (ROOT / ".git").exists():
        pytest.skip("this is no git checkout")
    command = [git, "-c", "safe.directory=*", "ls-files", "-z"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return [name for name in listed.stdout.split("\0") if name]


def test_no_tracked_file_holds_a_path_of_a_machine() -> None:
    found: dict[str, list[str]] = {}
    for name in _tracked():
        file = ROOT / name
        if not file.is_file() or file == Path(__file__):
            continue
        try:
            text = file.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        paths = MACHINE_PATH.findall(text)
        if paths:
            found[name] = paths[:3]
    assert not found


def test_the_pattern_finds_such_paths_and_no_others() -> None:
    assert MACHINE_PATH.search("open('/home/ana/cases.jsonl')")
    assert MACHINE_PATH.search("see /Users/ana/report.html")
    assert not MACHINE_PATH.search("https://example.org/home/page and $ROOT/home/x and a/opt/b")


def test_no_leftovers_are_tracked() -> None:
    assert not [name for name in _tracked() if any(part in f"{name}/" for part in LEFTOVERS)]
