"""The head of a document, kind and schema version: is it for us, older, or newer?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from therapeutic_process.base import SCHEMA_VERSION
from therapeutic_process.errors import DocumentError, VersionTooNew

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Version", "age_of", "as_version", "header_missing"]

Version = tuple[int, int]
"""Major and minor number."""
Age = Literal["current", "older", "newer_minor"]


def as_version(text: object) -> Version | None:
    """Return what a text like ``1.0`` says, or None if it is no version."""
    major, dot, minor = text.partition(".") if isinstance(text, str) else ("", "", "")
    if not (dot and _is_number(major) and _is_number(minor)):
        return None
    return int(major), int(minor)


def _is_number(text: str) -> bool:
    plain = text.isascii() and text.isdigit() and len(text) < 5
    return plain and (text == "0" or not text.startswith("0"))


def header_missing(missing: set[str]) -> DocumentError:
    """Return the error about a document without its head."""
    needed = "the fields kind and schema_version"
    return DocumentError("header_missing", needed=needed, found=f"no {' and no '.join(sorted(missing))}")


def age_of(tree: Mapping[str, Any]) -> Age:
    """Say how a document's schema version stands to the one that this library writes.

    Args:
        tree: The document, as parsed JSON.

    Returns:
        ``current``, ``older``, or ``newer_minor``: of the same major version, with fields that are unknown here.

    Raises:
        DocumentError: ``header_missing`` or ``version_unreadable``.
        VersionTooNew: If the major version is newer.
    """
    missing = {"kind", "schema_version"} - tree.keys()
    if missing:
        raise header_missing(missing)
    version, ours = as_version(tree["schema_version"]), as_version(SCHEMA_VERSION)
    assert ours is not None
    needed = f"schema version {SCHEMA_VERSION}"
    if version is None:
        raise DocumentError("version_unreadable", needed=needed, found="something that is no version")
    if version[0] > ours[0]:
        raise VersionTooNew("version_too_new", needed=needed, found="a newer version: upgrade this library")
    if version > ours:
        return "newer_minor"
    return "older" if version < ours else "current"
