"""Brings documents of an older schema to a newer one, one pure step after the other.

A step says what it renames in a form that a machine can read, and does the rest in a function on plain dicts. A reader
that gets an older document calls `migrate` before it validates; other steps may come in as an argument, so that nothing
is registered anywhere. The draft, 0.9, is the first version.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import attrs

from therapeutic_process.base import SCHEMA_VERSION
from therapeutic_process.errors import DocumentError, VersionTooNew, VersionTooOld
from therapeutic_process.exchange.header import Version, as_version
from therapeutic_process.exchange.json_text import MAX_DEPTH

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["STEPS", "Migration", "Rename", "migrate"]


@attrs.frozen
class Rename:
    """A field that has another name from one version on.

    Attributes:
        place: Where, as the names of the fields that lead to it; every entry of a list is meant. Empty: the document.
        before: The name in the older version.
        after: The name in the newer version.
    """

    place: tuple[str, ...]
    before: str
    after: str


def _nothing(document: dict[str, Any]) -> dict[str, Any]:
    return document


@attrs.frozen
class Migration:
    """One step from a version of the schema to the next.

    Attributes:
        before: The version that it takes.
        after: The version that it gives.
        renames: The fields that it renames, in this order.
        change: What else it does: a function that gets a copy of the document, renamed, and returns the new one.
        summary: What it does, for readers.
    """

    before: str
    after: str
    renames: tuple[Rename, ...] = ()
    change: Callable[[dict[str, Any]], dict[str, Any]] = attrs.field(default=_nothing, repr=False)
    summary: str = ""

    def apply(self, document: Mapping[str, Any]) -> dict[str, Any]:
        """Return the document in the newer version; the one that came in stays as it is.

        Raises:
            DocumentError: ``rename_taken`` if a field of the new name is there already.
        """
        made = copy.deepcopy(dict(document))
        for rename in self.renames:
            for place in _places(made, rename.place):
                _rename(place, rename)
        return {**self.change(made), "schema_version": self.after}


STEPS: tuple[Migration, ...] = (
    Migration(
        "0.9",
        "1.0",
        renames=(Rename((), "format", "treatment_format"),),
        summary="The format of treatment has its full name: beside kind and schema_version, `format` read like the "
        "format of the document.",
    ),
)
"""The steps from the versions that are still read to the current one."""


def migrate(
    document: Mapping[str, Any], *, to: str = SCHEMA_VERSION, steps: Sequence[Migration] = STEPS
) -> dict[str, Any]:
    """Return a document in a newer version of the schema.

    >>> migrate({"kind": "case", "schema_version": "0.9", "id": "k", "format": "couple"})
    {'kind': 'case', 'schema_version': '1.0', 'id': 'k', 'treatment_format': 'couple'}

    Nothing is validated: a document with mistakes comes out with the same mistakes, for the reader to find.

    Args:
        document: The document, as parsed JSON; it is not changed.
        to: The version that is wanted.
        steps: The steps there are, in any order; at most one from each version.

    Returns:
        A new document. One that has the version already comes back as a copy.

    Raises:
        VersionTooNew: If the document is newer than the version that is wanted.
        VersionTooOld: If no chain of steps leads from its version to the one that is wanted.
        DocumentError: If it has no version, or one that is none; or if a step cannot be taken.
    """
    target = _version(to)
    found = _version(document.get("schema_version"))
    if found > target:
        raise VersionTooNew(
            "version_too_new", needed=f"schema version {to} or older", found="a newer version"
        )
    chain = _chain(found, target, steps, to)
    try:
        made = copy.deepcopy(dict(document))
        for step in chain:
            made = step.apply(made)
    except RecursionError:
        deep = True
    else:
        deep = False
    if deep:
        raise DocumentError("too_deep", needed=f"at most {MAX_DEPTH} levels of nesting", found="more")
    return made


def _chain(found: Version, target: Version, steps: Sequence[Migration], to: str) -> list[Migration]:
    by_version: dict[Version, Migration] = {}
    for step in steps:
        if _version(step.after) <= _version(step.before) or _version(step.before) in by_version:
            needed = "one step from each version, to a newer one"
            raise DocumentError("steps_contradict", needed=needed, found="another set of steps")
        by_version[_version(step.before)] = step
    chain: list[Migration] = []
    while found < target:
        if found not in by_version:
            needed = f"a version from which there are steps to {to}"
            raise VersionTooOld("version_too_old", needed=needed, found="an older version")
        chain.append(by_version[found])
        found = _version(chain[-1].after)
    if found != target:
        raise VersionTooOld("version_too_old", needed=f"steps that lead to {to}", found="steps past it")
    return chain


def _version(text: object) -> Version:
    version = as_version(text)
    if version is None:
        needed, found = "a schema version, as in 1.0", "something that is no version"
        raise DocumentError("version_unreadable", needed=needed, found=found)
    return version


def _places(tree: Any, path: tuple[str, ...]) -> list[dict[str, Any]]:
    """Return every object at a place; what is not there, or no object, has nothing to rename."""
    here = tree if isinstance(tree, list) else [tree]
    objects = [one for one in here if isinstance(one, dict)]
    if not path:
        return objects
    return [place for one in objects if path[0] in one for place in _places(one[path[0]], path[1:])]


def _rename(place: dict[str, Any], rename: Rename) -> None:
    if rename.before not in place:
        return
    if rename.after in place:
        needed = f"no field {rename.after!r} beside {rename.before!r}"
        raise DocumentError("rename_taken", needed=needed, found="both")
    entries = [(rename.after if name == rename.before else name, value) for name, value in place.items()]
    place.clear()
    place.update(entries)
