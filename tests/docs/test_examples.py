"""What the README and the pages show is run: examples with a prompt as doctests, commands through the command line."""

from __future__ import annotations

import doctest
import re
import shlex
from pathlib import Path

import pytest

from therapeutic_process.exchange import example_cases, write_cases

ROOT = Path(__file__).parents[2]
TUTORIALS = ROOT / "docs" / "tutorials"  # run by the build of the documentation
PAGES = [ROOT / "README.md", *sorted(p for p in (ROOT / "docs").rglob("*.md") if "_build" not in p.parts)]
FENCE = re.compile(r"^```(\w+)\n(.*?)^```$", flags=re.MULTILINE | re.DOTALL)
FLAGS = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS


def _name(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


def blocks(page: Path, language: str) -> list[str]:
    return [text for kind, text in FENCE.findall(page.read_text(encoding="utf-8")) if kind == language]


WITH_PROMPTS = [p for p in PAGES if any(">>>" in block for block in blocks(p, "python"))]
COMMANDS = [
    (_name(page), line.removeprefix("$ "))
    for page in PAGES
    for block in blocks(page, "console")
    for line in block.splitlines()
    if line.startswith("$ ")
]


@pytest.mark.parametrize("page", WITH_PROMPTS, ids=_name)
def test_examples_with_a_prompt_give_what_they_show(
    page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    text = "\n".join(block for block in blocks(page, "python") if ">>>" in block)
    test = doctest.DocTestParser().get_doctest(text, {}, _name(page), _name(page), 0)
    output: list[str] = []
    result = doctest.DocTestRunner(optionflags=FLAGS).run(test, out=output.append)
    assert result.attempted > 0
    assert not result.failed, "".join(output)


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_python_without_a_prompt_is_at_least_valid(page: Path) -> None:
    for block in blocks(page, "python"):
        if ">>>" not in block:
            compile(block, _name(page), "exec")


@pytest.mark.parametrize(("page", "command"), COMMANDS)
def test_commands_run(page: str, command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    testing = pytest.importorskip("typer.testing", reason="the cli extra is not installed")
    if " report " in command:
        pytest.importorskip("altair", reason="the figures extra is not installed")
    from therapeutic_process.cli.app import app

    monkeypatch.chdir(tmp_path)
    write_cases(example_cases(), "cases.jsonl")
    program, *arguments = shlex.split(command)
    assert program == "therapeutic-process", page
    done = testing.CliRunner().invoke(app, arguments)
    assert done.exit_code == 0, done.output


def test_readme_has_a_tour_of_some_twenty_lines() -> None:
    tour = [line for block in blocks(ROOT / "README.md", "python") for line in block.splitlines()]
    assert 12 <= sum(line.startswith((">>>", "...")) for line in tour) <= 24
