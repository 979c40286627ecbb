"""Transcripts in JSON: speech that a program set apart by speaker, and chats with a language model."""

from __future__ import annotations

import math
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic_core import from_json

from therapeutic_process.errors import DocumentError
from therapeutic_process.exchange.transcripts.turns import (
    Role,
    Turn,
    TurnLog,
    case_of_turns,
    in_file,
    joined,
    read_text,
    role_of,
)

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator, Mapping

    from therapeutic_process.exchange.imports import Imported

__all__ = ["read_chat", "read_diarised"]

_THINKING = re.compile(r"<think>.*?(?:</think>|\Z)", re.DOTALL)
_END_OF_THINKING = "</think>"
_NO_SPEECH = {"system", "developer", "tool", "function"}


def read_diarised(
    path: str | os.PathLike[str],
    *,
    roles: Mapping[str, Role] | None = None,
    case_id: str | None = None,
    encoding: str | None = None,
) -> Imported:
    """Read diarised speech: a list of objects with ``start``, ``end``, ``speaker`` and ``text``, and perhaps ``role``.

    The list may stand alone or under ``segments``. Neighbouring pieces of one speaker are joined. A role that a piece
    states is used where `roles` is not given. A speaker may be a text or a number. JSON has no lines that count:
    errors name the place in the list, from 1.

    Args:
        path: The file.
        roles: Role by speaker label; None to take the stated roles, or else to guess from the labels.
        case_id: Id of the case; by default the file's name without its ending.
        encoding: The file's encoding, where it is neither UTF-8 nor UTF-16 with a mark.

    Returns:
        One case with one held session, and the account of the import.

    Raises:
        DocumentError: If the file is no such list, or no speaker is known as a client.
    """
    file, log = Path(path), TurnLog()
    pieces = _objects(_tree(file, encoding), "segments", file)
    stated: dict[str, Role] = {}
    turns = [_piece(i, p, stated, log, file) for i, p in enumerate(pieces, start=1)]
    kept, name = joined(turns, log), case_id or file.stem
    return in_file(
        file,
        lambda: case_of_turns(kept, log, source="diarised", case_id=name, roles=roles, stated=stated),
    )


def read_chat(
    path: str | os.PathLike[str],
    *,
    roles: Mapping[str, Role] | None = None,
    case_id: str | None = None,
    encoding: str | None = None,
) -> Imported:
    """Read a chat with a language-model counsellor: messages with ``role`` and ``content``.

    The list may stand alone or under ``messages``. Unless `roles` says otherwise, the user is taken for the client and
    the assistant for the therapist, which the report says; therapists are software. System and tool messages are no
    speech and are counted. What a model writes between ``<think>`` and ``</think>`` is no speech either; the rest of
    its message stays, and so does all that the client writes.

    Args:
        path: The file.
        roles: Role by the message's ``role``.
        case_id: Id of the case; by default the file's name without its ending.
        encoding: The file's encoding, where it is neither UTF-8 nor UTF-16 with a mark.

    Returns:
        One case with one held session, and the account of the import.

    Raises:
        DocumentError: If the file is no such list, or no message is known as a client's.
    """
    file, log = Path(path), TurnLog()
    messages = _objects(_tree(file, encoding), "messages", file)
    turns = [t for i, m in enumerate(messages, start=1) for t in _message(i, m, roles, log, file)]
    nature: Any = {"therapist": "software"}
    name = case_id or file.stem
    return in_file(
        file, lambda: case_of_turns(turns, log, source="chat", case_id=name, roles=roles, nature=nature)
    )


def _tree(file: Path, encoding: str | None) -> Any:
    text = read_text(file, encoding=encoding)
    try:
        return from_json(text)
    except ValueError:
        failure = DocumentError("not_json", needed="a JSON document", found="something else", file=str(file))
    raise failure


def _objects(tree: Any, name: str, file: Path) -> list[dict[str, Any]]:
    several = tree.get(name) if isinstance(tree, dict) else tree
    if not isinstance(several, list) or not all(isinstance(x, dict) for x in several):
        needed = f"a list of objects, alone or under {name!r}"
        raise DocumentError("not_this_format", needed=needed, found="something else", file=str(file))
    return several


def _not_this_format(file: Path, number: int, needed: str) -> DocumentError:
    found = f"something else in place {number} of the list"
    return DocumentError("not_this_format", needed=needed, found=found, file=str(file))


def _piece(number: int, piece: dict[str, Any], stated: dict[str, Role], log: TurnLog, file: Path) -> Turn:
    label, text, start, end = (piece.get(k) for k in ("speaker", "text", "start", "end"))
    if type(label) is int:
        label = str(label)
    if not isinstance(text, str) or not isinstance(label, str | None) or not _fit(start) or not _fit(end):
        raise _not_this_format(file, number, "a text, a speaker (text, number or null), and times in seconds")
    if label:
        _state(label, piece.get("role"), stated, log)
    return Turn(label or None, text.strip(), start, end)


def _fit(time: object) -> bool:
    return time is None or (type(time) in {int, float} and 0 <= time < math.inf)  # type: ignore[operator]


def _state(label: str, role: object, stated: dict[str, Role], log: TurnLog) -> None:
    """Keep the role that a piece states for its speaker: the first one counts."""
    if role is None:
        return
    known: Role | None = "other" if role == "other" else role_of(role) if isinstance(role, str) else None
    if known is None:
        log.note("not_taken", "roles that pieces state", "neither client, therapist nor other")
    elif stated.setdefault(label, known) != known:
        log.note("dropped", "roles that pieces state", "another piece gave the speaker another one before")


def _message(
    number: int, message: dict[str, Any], roles: Mapping[str, Role] | None, log: TurnLog, file: Path
) -> Iterator[Turn]:
    role, content = message.get("role"), message.get("content")
    if not isinstance(role, str) or not role:
        raise _not_this_format(file, number, "messages with a role")
    if isinstance(content, list):
        content = _text_parts(content, log)
    if isinstance(content, str) and role in _NO_SPEECH and role not in (roles or {}):
        log.note("not_taken", "messages of the system and of tools", "they are no speech", left=content)
        return
    if not isinstance(content, str):
        log.note("dropped", "messages without text", "nothing was said")
        return
    client = (roles or {}).get(role) == "client" or (roles is None and role_of(role) == "client")
    said = content if client else _without_thinking(content, log)
    if said.strip() or not content.strip():
        yield Turn(role, said.strip())


def _text_parts(content: list[Any], log: TurnLog) -> str:
    texts = [p if isinstance(p, str) else p.get("text") if isinstance(p, dict) else None for p in content]
    kept = [t for t in texts if isinstance(t, str)]
    if len(kept) < len(content):
        what, n = "parts of a message that are no text", len(content) - len(kept)
        log.note("dropped", what, "images, tools", count=n)
    return "\n".join(kept)


def _without_thinking(content: str, log: TurnLog) -> str:
    """Take out thinking; where a chat template opened it, only its end stands in the message."""
    end = content.find(_END_OF_THINKING)
    opened = content.find("<think>")
    head = end + len(_END_OF_THINKING) if end >= 0 and not 0 <= opened < end else 0
    parts = [content[:head], *_THINKING.findall(content, head)]
    if any(parts):
        left = " ".join(parts).replace("<think>", " ").replace(_END_OF_THINKING, " ")
        log.note("not_taken", "thinking blocks", "what stands in them is no speech", left=left)
    return _THINKING.sub(" ", content[head:])
