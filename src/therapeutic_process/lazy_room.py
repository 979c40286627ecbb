"""Rooms whose names are loaded when they are asked for, so that importing a room costs next to nothing (PEP 562)."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from therapeutic_process.errors import MissingExtra

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

__all__ = ["lazy_room"]


def lazy_room(
    room: str, homes: Mapping[str, str], *, extra: str | None = None, packages: Collection[str] = ()
) -> Callable[[str], Any]:
    """Return the ``__getattr__`` of a room.

    Args:
        room: The room's full name, its ``__name__``.
        homes: Public name → the module inside the room that has it. No module may be called like a name that it does
            not hold alone: once imported, the module would stand under that name.
        extra: The extra that brings what the modules need.
        packages: The packages of that extra.

    Returns:
        A function that imports the module of a name and returns what stands there. It raises `AttributeError` for a
        name that the room lacks, and `MissingExtra` if a package of the extra is not installed.
    """

    def get(name: str) -> Any:
        if name not in homes:
            raise AttributeError(f"module {room!r} has no attribute {name!r}")
        try:
            return getattr(import_module(f"{room}.{homes[name]}"), name)
        except ModuleNotFoundError as error:
            if extra is None or error.name is None or error.name not in packages:
                raise
            raise MissingExtra(extra, error.name) from error

    return get
