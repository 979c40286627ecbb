"""WebVTT and SubRip: cues with times, speakers in voice tags or as a prefix."""

from __future__ import annotations

import html.entities
import re
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import attrs

from therapeutic_process.errors import DocumentError
from therapeutic_process.exchange.transcripts.turns import (
    Role,
    Turn,
    TurnLog,
    case_of_turns,
    in_file,
    joined,
    read_text,
)

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator, Mapping

    from therapeutic_process.exchange.imports import Imported

__all__ = ["read_srt", "read_webvtt"]

# No pattern can look at one character twice: a file of nothing but "<v " must not take the square of its length.
_TIME = r"(?:(\d{1,6}):)?(\d{1,3}):(\d{2})(?:[.,](\d{1,3}))?"
_TIMING = re.compile(rf"\s*{_TIME}\s*-->\s*{_TIME}(?:\s.*)?\Z", re.ASCII)
_LIKE_TIMES = re.compile(r"[\d:.,]*\s*-->\s*(?:[\d:.,]+(?:\s.*)?)?\Z", re.ASCII)
_ONLY_TIMES = re.compile(r"[\d:.,\s>-]*\Z", re.ASCII)
_VOICE = re.compile(r"<v(?:\.[^\s<>]*)?\s+([^\s<>][^<>]*)>")
_TAG = re.compile(r"</?(?:c|i|b|u|ruby|rt|v|lang|font)(?:[.\s][^<>]*)?>|<[\d:.]+>", re.IGNORECASE)
_POSITION = re.compile(r"\{\\an\d\}")
_PREFIX = re.compile(r"([^\s:<>][^:<>\n]{0,39}):\s+(?=\S)")
_ENTITY = re.compile(r"&(#[xX][0-9a-fA-F]{1,6}|#\d{1,7}|[a-zA-Z]\w{0,30});", re.ASCII)
_BLOCK = re.compile(r"NOTE(?:\s|\Z)|(?:STYLE|REGION)\s*\Z")


@attrs.define(repr=False)
class _Cue:
    """A cue on its way: where it begins, its times, its lines."""

    line: int
    start: float | None
    end: float | None
    payload: list[str] = attrs.field(factory=list)


def read_webvtt(
    path: str | os.PathLike[str],
    *,
    roles: Mapping[str, Role] | None = None,
    case_id: str | None = None,
    encoding: str | None = None,
    join_cues: bool = True,
) -> Imported:
    """Read a WebVTT file: a cue is a turn, or a piece of one.

    The speaker is named by a voice tag (``<v NAME>``); in a file without any, by a prefix (``NAME: …``), which is
    reported as a guess. Comment, style and region blocks are not cues; inside a cue nothing is dropped, whatever it
    says, and neither is a cue whose times cannot be read. The order of the file counts, also against the times.

    Args:
        path: The file.
        roles: Role by speaker label; None to guess from the labels, which the report says.
        case_id: Id of the case; by default the file's name without its ending.
        encoding: The file's encoding, where it is neither UTF-8 nor UTF-16 with a mark.
        join_cues: Whether neighbouring cues of one speaker become one turn.

    Returns:
        One case with one held session, and the account of the import.

    Raises:
        DocumentError: If it is no WebVTT file, or no speaker is known as a client.
    """
    file = Path(path)
    text = read_text(file, encoding=encoding)
    if not re.match(r"WEBVTT(?:\s|\Z)", text):
        needed = "a first line that begins with WEBVTT"
        raise DocumentError("not_this_format", needed=needed, found="another", file=str(file))
    return _read(file, text, "webvtt", roles, case_id, join_cues=join_cues)


def read_srt(
    path: str | os.PathLike[str],
    *,
    roles: Mapping[str, Role] | None = None,
    case_id: str | None = None,
    encoding: str | None = None,
    join_cues: bool = True,
) -> Imported:
    """Read a SubRip file: a cue is a turn, or a piece of one; the speaker stands as a prefix (``NAME: …``).

    Args:
        path: The file.
        roles: As in `read_webvtt`.
        case_id: As in `read_webvtt`.
        encoding: As in `read_webvtt`.
        join_cues: As in `read_webvtt`.

    Returns:
        One case with one held session, and the account of the import.

    Raises:
        DocumentError: If there is no cue, or no speaker is known as a client.
    """
    file = Path(path)
    return _read(file, read_text(file, encoding=encoding), "srt", roles, case_id, join_cues=join_cues)


def _read(
    file: Path,
    text: str,
    source: str,
    roles: Mapping[str, Role] | None,
    case_id: str | None,
    *,
    join_cues: bool,
) -> Imported:
    log = TurnLog()
    cues = list(_cues(text.split("\n"), log, webvtt=source == "webvtt"))
    if not cues:
        needed = "at least one cue with its times"
        raise DocumentError("no_turns", needed=needed, found="none", file=str(file))
    payloads = ["\n".join(c.payload) for c in cues]
    if source == "srt":
        payloads = [_POSITION.sub("", p) for p in payloads]
    voiced = any(map(_VOICE.search, payloads))
    turns = [
        turn
        for cue, payload in zip(cues, payloads, strict=True)
        for turn in (_voiced(cue, payload, log) if voiced else _prefixed(cue, payload, log))
    ]
    kept = joined(turns, log) if join_cues else turns
    return in_file(
        file, lambda: case_of_turns(kept, log, source=source, case_id=case_id or file.stem, roles=roles)
    )


def _cues(lines: list[str], log: TurnLog, *, webvtt: bool) -> Iterator[_Cue]:
    """Yield the cues; blocks are set apart by empty lines."""
    cue: _Cue | None = None
    block: list[str] = []
    for number, line in enumerate([*lines, ""], start=1):
        if line.strip():
            block.append(line)
        elif block:
            for found in _cues_of(block, number - len(block), cue, log, webvtt=webvtt):
                cue = found
                yield cue
            block = []


def _cues_of(
    block: list[str], begins: int, before: _Cue | None, log: TurnLog, *, webvtt: bool
) -> Iterator[_Cue]:
    """Yield the cues of a block: one, or none, or several where the empty lines between them are missing."""
    at = [i for i, line in enumerate(block) if "-->" in line and _is_timing(line, first=i < 2)]
    above = block[: at[0]] if at else block
    name = above.pop() if at and above and not (webvtt and begins == 1) else ""
    _without_times(above, begins, before, log, webvtt=webvtt)
    if name and not name.strip().isdecimal():
        log.note("not_taken", "names of cues", "they are no speech", line=begins, left=name)
    for i, j in pairwise([*at, len(block)]):
        # Where the empty line between two cues is missing, a number alone before the times is no speech.
        named = j < len(block) and block[j - 1].strip().isdecimal() and j - 1 > i
        timing = _TIMING.match(block[i])
        if timing is None:
            log.note("converted", "cues whose times cannot be read", "kept, times unknown", line=begins + i)
        start, end = (None, None) if timing is None else (_seconds(timing, 1), _seconds(timing, 5))
        yield _Cue(begins + i, start, end, block[i + 1 : j - named])


def _is_timing(line: str, *, first: bool) -> bool:
    """Say whether a line holds times; at the head of a block also damaged ones."""
    return bool(_TIMING.match(line) or (first and _LIKE_TIMES.match(line.strip())))


def _without_times(block: list[str], begins: int, before: _Cue | None, log: TurnLog, *, webvtt: bool) -> None:
    left = " ".join(block)
    if webvtt and begins == 1:
        if left.strip() != "WEBVTT":
            log.note("not_taken", "head of the file", "it is no speech", line=1, left=left[len("WEBVTT") :])
    elif not block:
        return
    elif webvtt and _BLOCK.match(block[0]):
        what, why = "comment, style and region blocks", "they are no speech"
        log.note("not_taken", what, why, line=begins, left=left)
    elif _ONLY_TIMES.match(left):
        what, why = "numbers and times alone", "those of a cue that is not there"
        log.note("not_taken", what, why, line=begins, left=left)
    elif before is None:
        log.note("dropped", "lines before the first cue", "they have no times", line=begins, left=left)
    else:
        what, why = "lines after an empty line inside a cue", "joined to the cue before them"
        log.note("converted", what, why, line=begins)
        before.payload.extend(block)


def _seconds(timing: re.Match[str], first: int) -> float:
    hours, minutes, seconds, fraction = (timing[first + i] or "0" for i in range(4))
    milliseconds = (int(hours) * 3600 + int(minutes) * 60 + int(seconds)) * 1000 + int(fraction.ljust(3, "0"))
    return milliseconds / 1000


def _voiced(cue: _Cue, payload: str, log: TurnLog) -> Iterator[Turn]:
    """Yield a turn for each voice of a cue; the voices of one cue share its times."""
    pieces = _VOICE.split(payload)
    texts = [(None, pieces[0]), *zip(pieces[1::2], pieces[2::2], strict=True)]
    spoken = [(label, _plain(text)) for label, text in texts if label is not None or _plain(text)]
    if not spoken:
        log.note("not_taken", "cues without a word", "nobody speaks", line=cue.line)
    if len(spoken) > 1:
        why = "a turn for each, with the times of the cue"
        log.note("converted", "cues with several voices", why, line=cue.line)
    for label, said in spoken:
        name = _characters(" ".join(label.split())) if label is not None else None
        yield Turn(name or None, said, cue.start, cue.end, cue.line)


def _prefixed(cue: _Cue, payload: str, log: TurnLog) -> Iterator[Turn]:
    plain = _plain(payload)
    prefix = _PREFIX.match(plain)
    if prefix is not None:
        log.note("guessed", "speaker of a cue", "from the words before its first colon", line=cue.line)
        yield Turn(prefix[1].strip(), plain[prefix.end() :], cue.start, cue.end, cue.line)
    elif plain:
        yield Turn(None, plain, cue.start, cue.end, cue.line)
    else:
        log.note("not_taken", "cues without a word", "nobody speaks", line=cue.line)


def _plain(payload: str) -> str:
    """Return what is said; only tags of the format go, for ``<laughs>`` may be all that was noted."""
    return " ".join(_characters(_TAG.sub("", payload)).split())


def _characters(text: str) -> str:
    return _ENTITY.sub(_character, text)


def _character(found: re.Match[str]) -> str:
    name = found[1]
    if not name.startswith("#"):
        return html.entities.html5.get(f"{name};", found[0])
    number = name[1:].lower()
    point = int(number.removeprefix("x"), 16 if number.startswith("x") else 10)
    legal = 0 < point < 0x110000 and not 0xD800 <= point < 0xE000
    return chr(point) if legal else found[0]
