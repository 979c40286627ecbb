"""Transcripts in JSON: speech that a program set apart by speaker, and chats with a language model."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic_core import from_json

from therapeutic_process.errors import DocumentError
from therapeutic_process.exchange.transcripts.turns import Role, Turn, TurnLog, case_of_turns, joined

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator, Mapping

    from therapeutic_process.exchange.imports import Imported

__all__ = ["read_chat", "read_diarised"]

_THINKING = re.compile(r"<think>.*?(?:</think>|\Z)", re.DOTALL)


def read_diarised(
    path: str | os.PathLike[str], *, roles: Mapping[str, Role] | None = None, case_id: str | None = None
) -> Imported:
    """Read diarised speech: a list of objects with ``start``, ``end``, ``speaker`` and ``text``, and perhaps ``role``.

    The list may stand alone or under ``segments``. Neighbouring pieces of one speaker are joined. A role that a piece
    states is used where `roles` is not given.

    Args:
        path: The file.
        roles: Role by speaker label; None to take the stated roles, or else to guess from the labels.
        case_id: Id of the case; by default the file's name without its ending.

    Returns:
        One case with one held session, and the account of the import.

    Raises:
        DocumentError: If the file is no such list, or no speaker is known as a client.
    """
    file, log = Path(path), TurnLog()
    pieces = _objects(_tree(file), "segments", file)
    stated: dict[str, Role] = {}
    turns = [_piece(i, p, stated, file) for i, p in enumerate(pieces, start=1)]
    if roles is None and stated:
        roles = stated
    return _placed(file, joined(turns, log), log, "diarised", case_id, roles, None)


def read_chat(
    path: str | os.PathLike[str], *, roles: Mapping[str, Role] | None = None, case_id: str | None = None
) -> Imported:
    """Read a chat with a language-model counsellor: messages with ``role`` and ``content``.

    The list may stand alone or under ``messages``. The user is the client and the assistant a therapist that is
    software, unless `roles` says otherwise. System and tool messages are no speech and are counted. What a model writes
    between ``<think>`` and ``</think>`` is no speech either; the rest of its message stays.

    Args:
        path: The file.
        roles: Role by the message's ``role``.
        case_id: Id of the case; by default the file's name without its ending.

    Returns:
        One case with one held session, and the account of the import.

    Raises:
        DocumentError: If the file is no such list.
    """
    file, log = Path(path), TurnLog()
    messages = _objects(_tree(file), "messages", file)
    turns = [t for i, m in enumerate(messages, start=1) for t in _message(i, m, log, file)]
    known: Mapping[str, Role] = roles or {"user": "client", "assistant": "therapist"}
    return _placed(file, turns, log, "chat", case_id, known, {"therapist": "software"})


def _placed(
    file: Path, turns: list[Turn], log: TurnLog, source: str, case_id: str | None, roles: Any, nature: Any
) -> Imported:
    try:
        return case_of_turns(
            turns, log, source=source, case_id=case_id or file.stem, roles=roles, nature=nature
        )
    except DocumentError as error:
        failure = DocumentError(error.code, needed=error.needed, found=error.found, file=str(file))
    raise failure


def _tree(file: Path) -> Any:
    try:
        return from_json(file.read_bytes().removeprefix(b"\xef\xbb\xbf"))
    except OSError:
        failure = DocumentError(
            "no_such_file", needed="a file that can be read", found="none", file=str(file)
        )
    except ValueError:
        failure = DocumentError(
            "not_json", needed="a JSON document in UTF-8", found="something else", file=str(file)
        )
    raise failure


def _objects(tree: Any, name: str, file: Path) -> list[dict[str, Any]]:
    several = tree.get(name) if isinstance(tree, dict) else tree
    if not isinstance(several, list) or not all(isinstance(x, dict) for x in several):
        needed = f"a list of objects, alone or under {name!r}"
        raise DocumentError("not_this_format", needed=needed, found="something else", file=str(file))
    return several


def _piece(number: int, piece: dict[str, Any], stated: dict[str, Role], file: Path) -> Turn:
    label, text, start, end = (piece.get(k) for k in ("speaker", "text", "start", "end"))
    times_fit = all(t is None or (type(t) in {int, float} and t >= 0) for t in (start, end))
    if not isinstance(text, str) or not isinstance(label, (str, type(None))) or not times_fit:
        needed = "a text, a speaker (text or null), and times in seconds"
        raise DocumentError(
            "not_this_format", needed=needed, found="something else", file=str(file), line=number
        )
    role = piece.get("role")
    if label and role in {"client", "therapist", "other"}:
        stated[label] = role
    return Turn(label or None, text.strip(), start, end, number)


def _message(number: int, message: dict[str, Any], log: TurnLog, file: Path) -> Iterator[Turn]:
    role, content = message.get("role"), message.get("content")
    if isinstance(content, list):
        parts = [p.get("text") for p in content if isinstance(p, dict) and isinstance(p.get("text"), str)]
        if len(parts) < len(content):
            log.note(
                "dropped",
                "parts of a message that are no text",
                "images, tools",
                count=len(content) - len(parts),
            )
        content = "\n".join(str(p) for p in parts)
    if not isinstance(role, str):
        needed = "messages with a role"
        raise DocumentError(
            "not_this_format", needed=needed, found="one without", file=str(file), line=number
        )
    if role in {"system", "developer", "tool", "function"}:
        log.note("not_taken", "messages of the system and of tools", "they are no speech", line=number)
        return
    if not isinstance(content, str):
        log.note("dropped", "messages without text", "nothing was said", line=number)
        return
    said = _THINKING.sub("", content)
    if said != content:
        log.note(
            "converted", "messages with thinking blocks", "what stands in them is no speech", line=number
        )
    yield Turn(role, said.strip(), line=number)
