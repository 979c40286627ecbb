"""What does not keep the rules of the records is left out and named, so that the rest can be taken."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from therapeutic_process.base import Record
from therapeutic_process.errors import RecordError, Violation
from therapeutic_process.records import Case

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["case_of"]

_STEP = re.compile(r"\.(\w+)|\[(\d+)\]")
_PATIENCE = 10
"""Rounds, of a hundred violations at most, in which single parts are taken out; each checks the whole case again."""
_ROUNDS = 40
_Path = tuple[str | int, ...]


def case_of(
    data: dict[str, Any], context: dict[str, Any], dropped: Callable[[str, str, int], None]
) -> Case | None:
    """Return the case that is left once what breaks a rule has been taken out; None where no case is left.

    A reference that leads nowhere is taken out alone; anything else with the part that it stands in. Where that would
    go on for more than about a thousand things, the lists that they stand in are taken out whole.

    Args:
        data: The fields of the case; changed in place.
        context: What the rules need: the catalogue, and a list for gaps.
        dropped: Is told each thing that was taken out, with the code of the rule and how many they are.
    """
    for done_before in range(_ROUNDS):
        context["gaps"].clear()
        try:
            return Case.model_validate(data, context=context)
        except RecordError as error:
            if not done_before:
                _unshare(data)
            found = {_target(v): v for v in error.violations}
            patient = done_before < _PATIENCE
            targets = found if patient else {path[:1]: v for path, v in found.items()}
        sizes = {path: _size(data, path) for path in targets}
        done = [_take_out(data, path) for path in sorted(targets, key=_order, reverse=True)]
        if not any(done):
            return None
        for path, violation in targets.items():
            what = ".".join(s for s in path if isinstance(s, str)) or "case"
            dropped(what, violation.code, sizes[path])
    return None


def _unshare(data: dict[str, Any]) -> None:
    """Make plain what parts share, so that something can be taken out of one alone."""
    for one in data.get("measurements", ()):
        if isinstance(one["respondent"], Record):
            one["respondent"] = one["respondent"].model_dump(exclude_defaults=True)


def _size(data: dict[str, Any], path: _Path) -> int:
    """Return how many parts go with a path: all of a list that is taken out whole."""
    whole = data.get(path[0]) if len(path) == 1 and isinstance(path[0], str) else None
    return len(whole) if isinstance(whole, list) else 1


def _order(path: _Path) -> tuple[tuple[int, int | str], ...]:
    return tuple((1, s) if isinstance(s, int) else (0, s) for s in path)


def _target(violation: Violation) -> _Path:
    steps = _STEP.findall(violation.path)
    path: _Path = tuple(name or int(number) for name, number in steps)
    if violation.code == "reference_resolves" and path[-1:] not in {("id",), ("index",)}:
        return path
    if violation.code == "timing_session":
        return (*path[:2], "timing")
    deepest = 0
    for i, step in enumerate(path[:-1]):
        if step in {"interactions", "codes"} or i == 0:
            deepest = i + 2 if isinstance(path[i + 1], int) else i + 1
    return path[:deepest] if deepest else path


def _take_out(data: Any, path: _Path) -> bool:
    if not path:
        return False
    holder = data
    for step in path[:-1]:
        try:
            holder = holder[step]
        except (LookupError, TypeError):
            return False
    last = path[-1]
    fits = isinstance(holder, dict) and last in holder
    fits = fits or (isinstance(holder, list) and isinstance(last, int) and last < len(holder))
    if fits:
        del holder[last]
    return fits
