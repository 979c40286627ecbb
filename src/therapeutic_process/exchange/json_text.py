"""JSON text, bounded: its bytes, and the tree that they hold."""

from __future__ import annotations

from typing import Any

from pydantic_core import from_json

from therapeutic_process.errors import DocumentError

__all__ = ["MAX_DEPTH", "MAX_DOCUMENT_BYTES", "document_bytes", "parsed_document"]

MAX_DOCUMENT_BYTES = 64 * 1024 * 1024
"""Largest document that is read unless the caller says otherwise: 64 MiB, some 250,000 interactions."""
MAX_DEPTH = 200
"""Deepest nesting that is read; the parser stops there."""


def document_bytes(document: str | bytes, limit: int) -> bytes:
    """Return a document's bytes in UTF-8.

    Raises:
        DocumentError: ``not_json`` for half a surrogate pair, ``too_large`` beyond the limit.
    """
    try:
        data = document.encode() if isinstance(document, str) else document
    except UnicodeEncodeError:
        data = None
    if data is None:  # raised outside the handler: the codec's error holds the whole text
        raise DocumentError("not_json", needed="a JSON document in UTF-8", found="half a surrogate pair")
    if len(data) > limit:
        raise DocumentError(
            "too_large", needed=f"a document of at most {limit:,} bytes", found="a larger one"
        )
    return data


def parsed_document(document: bytes) -> dict[str, Any]:
    """Return the JSON object that a document is.

    Raises:
        DocumentError: ``not_json``, ``truncated``, ``too_deep``, or ``not_an_object``.
    """
    try:
        tree = from_json(document, allow_inf_nan=False)
    except ValueError as error:
        failure = _syntax_error(str(error))
    else:
        if isinstance(tree, dict):
            return tree
        failure = DocumentError("not_an_object", needed="one case, a JSON object", found="another JSON value")
    raise failure


def _syntax_error(message: str) -> DocumentError:
    """Say what kind of syntax error it is; the parser's own message is only looked at, never passed on."""
    if "recursion" in message:
        return DocumentError("too_deep", needed=f"at most {MAX_DEPTH} levels of nesting", found="more")
    if "EOF" in message:
        return DocumentError(
            "truncated", needed="a whole JSON document", found="one that stops in the middle"
        )
    found = "a JSON value with more after it" if "trailing characters" in message else "something else"
    return DocumentError("not_json", needed="one JSON document in UTF-8", found=found)
