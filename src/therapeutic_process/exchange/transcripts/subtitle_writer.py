"""Writes what was said in a session as WebVTT."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from therapeutic_process.errors import DocumentError
from therapeutic_process.exchange.whole_files import whole_file

if TYPE_CHECKING:
    import os

    from therapeutic_process.records import Case

__all__ = ["write_webvtt"]

_LATEST_S = 3600.0 * 999_999
_BLANK = re.compile(r"\s")


def write_webvtt(case: Case, path: str | os.PathLike[str], *, session: str) -> int:
    """Write the speech of one session as WebVTT, a cue per interaction.

    White space in what was said becomes single blanks, and times are rounded to milliseconds; nothing else is lost,
    and ``read_webvtt(…, join_cues=False)`` reads the same speakers, words and times.

    Args:
        case: The case.
        path: The file; replaced if it exists, when the new one is complete.
        session: Id of the session.

    Returns:
        How many cues were written.

    Raises:
        DocumentError: If there is no such session, or a spoken interaction lacks text or times.
    """
    found = [s for s in case.sessions if s.id == session]
    if not found:
        raise DocumentError("no_session", needed="a session of the case", found="no such session")
    speech = [x for x in found[0].interactions if x.kind == "speech"]
    complete = [
        (x.speaker, x.text, x.start_s, x.end_s)
        for x in speech
        if x.text is not None and x.start_s is not None and x.end_s is not None and x.end_s < _LATEST_S
    ]
    if len(complete) < len(speech):
        needed, has = f"text, start_s and end_s on all {len(speech)} spoken interactions", f"{len(complete)}"
        raise DocumentError("not_enough", needed=needed, found=has)
    blocks = ["WEBVTT", *(_cue(*one) for one in complete)]
    with whole_file(Path(path)) as stream:
        stream.write(("\n\n".join(blocks) + "\n").encode())
    return len(complete)


def _cue(speaker: str | None, text: str, start: float, end: float) -> str:
    voice = f"<v {_voice(speaker)}>" if speaker is not None else ""
    return f"{_stamp(start)} --> {_stamp(end)}\n{voice}{_escaped(' '.join(text.split()))}"


def _voice(speaker: str) -> str:
    """Escape a label; white space that a reader would take as no part of it is written by number."""
    escaped = _escaped(speaker)
    if " ".join(escaped.split()) == escaped:
        return escaped
    return _BLANK.sub(lambda found: f"&#{ord(found[0])};", escaped)


def _escaped(text: str) -> str:
    """Escape what has a meaning in WebVTT; it knows no character 0, and the line must not look empty or split."""
    return (
        text.replace("&", "&amp;")
        .replace("<", "&lt;")
        .replace(">", "&gt;")
        .replace("\0", "\N{REPLACEMENT CHARACTER}")
    )


def _stamp(seconds: float) -> str:
    milliseconds = round(seconds * 1000)
    minutes, rest = divmod(milliseconds, 60_000)
    return f"{minutes // 60:02d}:{minutes % 60:02d}:{rest // 1000:02d}.{rest % 1000:03d}"
