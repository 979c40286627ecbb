"""The README's two commands stand there word for word, and ``.ci/run`` takes them from there."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
COMMANDS = {
    "use": "pip install '.[cli,analysis,figures]' && therapeutic-process report --example -o report.html",
    "develop": "pip install -e '.[all,dev]' && pytest",
}


def _marked(name: str) -> list[str]:
    block = rf"^<!-- command: {name} -->\n```sh\n(.*?)\n```$"
    return re.findall(block, README, flags=re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("name", COMMANDS)
def test_the_command_stands_in_the_readme_once_and_in_one_line(name: str) -> None:
    assert _marked(name) == [COMMANDS[name]]


def test_no_other_command_is_marked() -> None:
    assert re.findall(r"<!-- command: (\w+) -->", README) == list(COMMANDS)


@pytest.mark.skipif(not (ROOT / ".ci" / "run").is_file(), reason="the script of the checks is not here")
@pytest.mark.parametrize("name", COMMANDS)
def test_the_script_runs_what_the_readme_says(name: str) -> None:
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    assert f"run_readme_command {name}" in script
    assert COMMANDS[name] not in script


def test_the_extras_that_the_commands_install_exist() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    asked = {e for c in COMMANDS.values() for names in re.findall(r"\[(.*?)\]", c) for e in names.split(",")}
    assert len(asked) == 5
    assert asked <= project["optional-dependencies"].keys()
