"""Every command and every option of the command line is described in the reference."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "cli.md"
SECTIONS = dict(
    re.findall(r"^## (.+?)\n(.*?)(?=^## |\Z)", PAGE.read_text("utf-8"), flags=re.MULTILINE | re.DOTALL)
)


def _commands() -> dict[str, Any]:
    typer = pytest.importorskip("typer", reason="the cli extra is not installed")
    from therapeutic_process.cli.app import app

    commands: dict[str, Any] = typer.main.get_command(app).commands
    return dict(_flat(commands, ""))


def _flat(commands: dict[str, Any], before: str) -> Iterator[tuple[str, Any]]:
    """Yield commands by name; of a group those in it, after its name."""
    for name, command in commands.items():
        if hasattr(command, "commands"):
            yield from _flat(command.commands, f"{before}{name} ")
        else:
            yield f"{before}{name}", command


def test_every_command_has_its_section_and_every_section_its_command() -> None:
    assert sorted(SECTIONS) == sorted(_commands())


def test_every_option_is_described_and_none_that_does_not_exist() -> None:
    for name, command in _commands().items():
        options = {o for p in command.params for o in (*p.opts, *p.secondary_opts) if o.startswith("-")} - {
            "--help"
        }
        described = {o for cell in re.findall(r"^\| (`-.*?) \|", SECTIONS[name], flags=re.MULTILINE)
                     for o in re.findall(r"`(-[\w-]+)`", cell)}  # fmt: skip
        assert described == options, name


def test_every_section_shows_an_example() -> None:
    for name, text in SECTIONS.items():
        assert f"therapeutic-process {name} " in text


def test_every_command_has_help_with_an_example() -> None:
    for name, command in _commands().items():
        assert f"Example: therapeutic-process {name} " in (command.help or ""), name
