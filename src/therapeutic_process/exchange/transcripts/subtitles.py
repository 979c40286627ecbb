"""WebVTT and SubRip: cues with times, speakers in voice tags or as a prefix."""

from __future__ import annotations

import html
import re
from pathlib import Path
from typing import TYPE_CHECKING

from therapeutic_process.errors import DocumentError
from therapeutic_process.exchange.transcripts.turns import (
    Role,
    Turn,
    TurnLog,
    case_of_turns,
    joined,
    read_text,
)

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator, Mapping

    from therapeutic_process.exchange.imports import Imported
    from therapeutic_process.records import Case

__all__ = ["read_srt", "read_webvtt", "write_webvtt"]

_TIME = r"(?:(\d+):)?(\d{1,2}):(\d{2})[.,](\d{3})"
_TIMING = re.compile(rf"\s*{_TIME}\s+-->\s+{_TIME}(?:\s.*)?\Z")
_VOICE = re.compile(r"<v(?:\.[^\s>]*)?[ \t]+([^>]*)>")
_TAG = re.compile(r"</?[a-zA-Z][^>]*>|<[\d:.]+>")
_PREFIX = re.compile(r"([^\s:<>][^:<>\n]{0,39}):\s+(?=\S)")
_NOT_CUES = ("NOTE", "STYLE", "REGION")


def read_webvtt(
    path: str | os.PathLike[str],
    *,
    roles: Mapping[str, Role] | None = None,
    case_id: str | None = None,
    encoding: str | None = None,
) -> Imported:
    """Read a WebVTT file: a cue is a turn, or a piece of one.

    The speaker is named by a voice tag (``<v NAME>``); in a file without any, by a prefix (``NAME: …``), which is
    reported as a guess. Neighbouring cues of one speaker are joined. Comment, style and region blocks are not cues;
    inside a cue nothing is dropped, whatever it says.

    Args:
        path: The file.
        roles: Role by speaker label; None to guess from the labels, which the report says.
        case_id: Id of the case; by default the file's name without its ending.
        encoding: The file's encoding, where it is neither UTF-8 nor UTF-16 with a mark.

    Returns:
        One case with one held session, and the account of the import.

    Raises:
        DocumentError: If it is no WebVTT file, or no speaker is known as a client.
    """
    file = Path(path)
    text = read_text(file, encoding=encoding)
    first = text.split("\n", 1)[0]
    if not re.match(r"WEBVTT(?:\s|\Z)", first):
        needed = "a first line that begins with WEBVTT"
        raise DocumentError("not_this_format", needed=needed, found="another", file=str(file))
    return _read(file, text, "webvtt", roles, case_id)


def read_srt(
    path: str | os.PathLike[str],
    *,
    roles: Mapping[str, Role] | None = None,
    case_id: str | None = None,
    encoding: str | None = None,
) -> Imported:
    """Read a SubRip file: a cue is a turn, or a piece of one; the speaker stands as a prefix (``NAME: …``).

    Args:
        path: The file.
        roles: As in `read_webvtt`.
        case_id: As in `read_webvtt`.
        encoding: As in `read_webvtt`.

    Returns:
        One case with one held session, and the account of the import.

    Raises:
        DocumentError: If there is no cue, or no speaker is known as a client.
    """
    file = Path(path)
    return _read(file, read_text(file, encoding=encoding), "srt", roles, case_id)


def _read(
    file: Path, text: str, source: str, roles: Mapping[str, Role] | None, case_id: str | None
) -> Imported:
    log = TurnLog()
    cues = list(_cues(text, log, comments=source == "webvtt"))
    if not cues:
        raise DocumentError(
            "no_turns", needed="at least one cue with its times", found="none", file=str(file)
        )
    voiced = any(_VOICE.search(payload) for *_, payload in cues)
    turns = [t for cue in cues for t in (_voiced(*cue, log) if voiced else _prefixed(*cue, log))]
    kept = joined(turns, log)
    try:
        return case_of_turns(kept, log, source=source, case_id=case_id or file.stem, roles=roles)
    except DocumentError as error:
        failure = DocumentError(error.code, needed=error.needed, found=error.found, file=str(file))
    raise failure


def _cues(text: str, log: TurnLog, *, comments: bool) -> Iterator[tuple[int, float, float, str]]:
    """Yield line, start, end and payload of every cue; blocks are set apart by empty lines."""
    block: list[str] = []
    begins = 1
    for number, line in enumerate([*text.split("\n"), ""], start=1):
        if line.strip():
            if not block:
                begins = number
            block.append(line)
        elif block:
            yield from _cue(block, begins, log, comments=comments)
            block = []


def _cue(
    block: list[str], begins: int, log: TurnLog, *, comments: bool
) -> Iterator[tuple[int, float, float, str]]:
    at = next((i for i, line in enumerate(block[:2]) if "-->" in line), None)
    if at is None:
        if comments and (begins == 1 or block[0].split()[0] in _NOT_CUES):
            if begins > 1:
                log.note("not_taken", "comment, style and region blocks", "they are no speech", line=begins)
        else:
            log.note("dropped", "blocks without times", "they are no cues", line=begins)
        return
    timing = _TIMING.match(block[at])
    if timing is None:
        log.note(
            "dropped",
            "cues whose times cannot be read",
            "neither H:MM:SS.mmm nor MM:SS.mmm",
            line=begins + at,
        )
        return
    parts = timing.groups()
    yield begins, _seconds(parts[:4]), _seconds(parts[4:]), "\n".join(block[at + 1 :])


def _seconds(parts: tuple[str | None, ...]) -> float:
    hours, minutes, seconds, thousandths = (int(p or 0) for p in parts)
    return hours * 3600 + minutes * 60 + seconds + thousandths / 1000


def _voiced(line: int, start: float, end: float, payload: str, log: TurnLog) -> Iterator[Turn]:
    """Yield a turn for each voice of a cue; the voices of one cue share its times."""
    pieces = _VOICE.split(payload)
    texts = [(None, pieces[0]), *zip(pieces[1::2], pieces[2::2], strict=True)]
    spoken = [(label, _plain(text)) for label, text in texts if label is not None or _plain(text)]
    if len(spoken) > 1:
        log.note(
            "converted", "cues with several voices", "a turn for each, with the times of the cue", line=line
        )
    for label, said in spoken:
        name = html.unescape(label).strip() if label is not None else None
        yield Turn(name or None, said, start, end, line)


def _prefixed(line: int, start: float, end: float, payload: str, log: TurnLog) -> Iterator[Turn]:
    plain = _plain(payload)
    prefix = _PREFIX.match(plain)
    if prefix is None:
        yield Turn(None, plain, start, end, line)
        return
    log.note("guessed", "speaker of a cue", "from the words before its first colon", line=line)
    yield Turn(prefix[1].strip(), plain[prefix.end() :], start, end, line)


def _plain(payload: str) -> str:
    return " ".join(html.unescape(_TAG.sub("", payload)).split())


def write_webvtt(case: Case, path: str | os.PathLike[str], *, session: str) -> int:
    """Write the speech of one session as WebVTT, a cue per interaction.

    Args:
        case: The case.
        path: The file; replaced if it exists.
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
    complete = [x for x in speech if x.text is not None and x.start_s is not None and x.end_s is not None]
    if len(complete) < len(speech):
        needed, has = f"text, start_s and end_s on all {len(speech)} spoken interactions", f"{len(complete)}"
        raise DocumentError("not_enough", needed=needed, found=has)
    blocks = ["WEBVTT"]
    for x in complete:
        voice = f"<v {_escaped(x.speaker)}>" if x.speaker is not None else ""
        text = _escaped(" ".join((x.text or "").split()))
        blocks.append(f"{_stamp(x.start_s or 0.0)} --> {_stamp(x.end_s or 0.0)}\n{voice}{text}")
    Path(path).write_text("\n\n".join(blocks) + "\n", encoding="utf-8")
    return len(complete)


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _stamp(seconds: float) -> str:
    milliseconds = round(seconds * 1000)
    minutes, rest = divmod(milliseconds, 60_000)
    return f"{minutes // 60:02d}:{minutes % 60:02d}:{rest // 1000:02d}.{rest % 1000:03d}"
