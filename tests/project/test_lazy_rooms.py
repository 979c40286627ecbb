from __future__ import annotations

import sys
from importlib import import_module
from typing import TYPE_CHECKING

import pytest

from therapeutic_process.errors import MissingExtra
from therapeutic_process.lazy_room import lazy_room

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ROOMS = ("exchange", "process_outcome", "session_process", "simulate", "testing")


@pytest.fixture
def room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    folder = tmp_path / "made_up_room"
    folder.mkdir()
    (folder / "__init__.py").write_text("")
    (folder / "held.py").write_text("thing = 42\n")
    (folder / "needy.py").write_text("import not_installed_anywhere\nthing = 42\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    yield "made_up_room"
    for name in [n for n in sys.modules if n.startswith("made_up_room")]:
        del sys.modules[name]


def test_a_name_is_loaded_when_it_is_asked_for(room: str) -> None:
    get = lazy_room(room, {"thing": "held"})
    assert f"{room}.held" not in sys.modules
    assert get("thing") == 42
    with pytest.raises(AttributeError, match="'other'"):
        get("other")


def test_a_missing_package_of_the_extra_is_named(room: str) -> None:
    get = lazy_room(room, {"thing": "needy"}, extra="analysis", packages=("not_installed_anywhere",))
    with pytest.raises(MissingExtra, match="analysis"):
        get("thing")


def test_any_other_missing_package_is_no_matter_of_extras(room: str) -> None:
    with pytest.raises(ModuleNotFoundError, match="not_installed_anywhere"):
        lazy_room(room, {"thing": "needy"}, extra="analysis", packages=("numpy",))("thing")


@pytest.mark.parametrize("name", ROOMS)
def test_every_public_name_of_a_lazy_room_is_there_and_no_module_hides_one(name: str) -> None:
    room = import_module(f"therapeutic_process.{name}")
    for public in room.__all__:
        assert not hasattr(getattr(room, public), "__path__"), public
        assert getattr(room, public) is getattr(room, public), public
        assert type(getattr(room, public)).__name__ != "module", public
    assert set(room.__all__) <= set(dir(room))
