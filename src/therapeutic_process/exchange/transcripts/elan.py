"""ELAN annotation files (.eaf): tiers of annotations with times in milliseconds."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal
from xml.parsers import expat

import attrs

from therapeutic_process.errors import DocumentError
from therapeutic_process.exchange.transcripts.turns import (
    Role,
    Turn,
    TurnLog,
    case_of_turns,
    in_file,
)

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping

    from therapeutic_process.exchange.imports import Imported

__all__ = ["read_elan"]

_FARTHEST_MS = 10**15  # a recording of thirty thousand years


@attrs.define
class _Annotation:
    tier: str
    start: str | None = None
    end: str | None = None
    line: int | None = None
    pieces: list[str] = attrs.field(factory=list)

    @property
    def text(self) -> str:
        return " ".join("".join(self.pieces).split())


@attrs.define
class _Tier:
    name: str
    participant: str | None
    dependent: bool


@attrs.define
class _Reading:
    """What has been read of the file so far."""

    slots: dict[str, int | None] = attrs.field(factory=dict)
    tiers: dict[str, _Tier] = attrs.field(factory=dict)
    annotations: list[_Annotation] = attrs.field(factory=list)
    origin_ms: int | None = None
    tier: str = ""
    inside_value: bool = False
    is_eaf: bool = False

    line: int = 1

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if name == "ANNOTATION_DOCUMENT":
            self.is_eaf = True
        elif name == "MEDIA_DESCRIPTOR" and self.origin_ms is None:
            # Of several media the first plays the sound.
            self.origin_ms = _whole(attributes.get("TIME_ORIGIN")) or 0
        elif name == "TIME_SLOT":
            self._once(attributes.get("TIME_SLOT_ID", ""), self.slots)
            self.slots[attributes.get("TIME_SLOT_ID", "")] = _whole(attributes.get("TIME_VALUE"))
        elif name == "TIER":
            self.tier = attributes.get("TIER_ID", "")
            self._once(self.tier, self.tiers)
            dependent = "PARENT_REF" in attributes
            self.tiers[self.tier] = _Tier(self.tier, attributes.get("PARTICIPANT"), dependent)
        elif name == "ALIGNABLE_ANNOTATION":
            slots = attributes.get("TIME_SLOT_REF1"), attributes.get("TIME_SLOT_REF2")
            self.annotations.append(_Annotation(self.tier, *slots, line=self.line))
        elif name == "REF_ANNOTATION":
            self.annotations.append(_Annotation(self.tier, line=self.line))
        elif name == "ANNOTATION_VALUE":
            self.inside_value = True

    def _once(self, name: str, seen: Mapping[str, object]) -> None:
        if name in seen:
            needed = "each time slot and tier once"
            raise DocumentError("id_repeated", needed=needed, found="one twice", line=self.line)

    def end(self, name: str) -> None:
        self.inside_value = self.inside_value and name != "ANNOTATION_VALUE"

    def characters(self, text: str) -> None:
        if self.inside_value and self.annotations:
            self.annotations[-1].pieces.append(text)


def _whole(text: str | None) -> int | None:
    try:
        return None if text is None else max(-_FARTHEST_MS, min(int(text), _FARTHEST_MS))
    except ValueError:
        return None


def read_elan(
    path: str | os.PathLike[str],
    *,
    tiers: Mapping[str, str] | None = None,
    roles: Mapping[str, Role] | None = None,
    case_id: str | None = None,
    clock: Literal["recording", "annotation"] = "recording",
) -> Imported:
    """Read an ELAN file: the annotations of the independent tiers are turns, in order of their times.

    The speaker is the tier's participant, or else the tier's name. Tiers that depend on another one (translations,
    codes of a word) are not taken and are counted. ELAN can let its own clock start inside the recording
    (``TIME_ORIGIN``); times are given on the clock of the recording, unless `clock` says otherwise.
    A file with a document type or entities of its own is refused:
    no ELAN file has them, and they can be made to explode.

    Args:
        path: The file.
        tiers: Speaker by name of the tier, for the tiers to take; None for all independent ones.
        roles: Role by speaker; None to guess from the names, which the report says.
        case_id: Id of the case; by default the file's name without its ending.
        clock: Count seconds from the start of the recording, or from where ELAN's own clock starts.

    Returns:
        One case with one held session, and the account of the import.

    Raises:
        DocumentError: If it is no ELAN file, or no speaker is known as a client.
    """
    file, log = Path(path), TurnLog()
    reading = _parsed(file)
    if clock == "annotation" or not reading.origin_ms:
        reading.origin_ms = 0
    else:
        log.note(
            "converted",
            "times",
            "moved by TIME_ORIGIN to the clock of the recording",
            count=len(reading.slots),
        )
    turns = _turns(reading, tiers, log)
    name = case_id or file.stem
    return in_file(file, lambda: case_of_turns(turns, log, source="elan", case_id=name, roles=roles))


class _Refused(Exception):
    """The file declares a document type or an entity."""


def _refuse(*_: Any) -> None:
    raise _Refused


def _parsed(file: Path) -> _Reading:
    reading = _Reading()
    parser = expat.ParserCreate()
    parser.buffer_text = True

    def start(name: str, attributes: dict[str, str]) -> None:
        reading.line = parser.CurrentLineNumber
        reading.start(name, attributes)

    parser.StartElementHandler = start
    parser.EndElementHandler = reading.end
    parser.CharacterDataHandler = reading.characters
    parser.StartDoctypeDeclHandler = _refuse
    parser.EntityDeclHandler = _refuse
    name = str(file)
    try:
        with file.open("rb") as stream:
            parser.ParseFile(stream)
        if reading.is_eaf:
            return reading
        failure = DocumentError("not_this_format", needed="an ELAN document", found="other XML", file=name)
    except OSError:
        failure = DocumentError("no_such_file", needed="a file that can be read", found="none", file=name)
    except _Refused:
        needed = "a file without a document type and entities of its own"
        failure = DocumentError("unsafe_xml", needed=needed, found="one with them", file=name)
    except DocumentError as error:
        failure = DocumentError(
            error.code, needed=error.needed, found=error.found, file=name, line=error.line
        )
    except expat.ExpatError as error:
        needed = "well-formed XML"
        failure = DocumentError("not_xml", needed=needed, found="an error", file=name, line=error.lineno)
    except (LookupError, ValueError):  # of an encoding that is unknown, or that the parser cannot read
        needed = "XML in an encoding that is known"
        failure = DocumentError("wrong_encoding", needed=needed, found="another", file=name)
    raise failure


def _turns(reading: _Reading, tiers: Mapping[str, str] | None, log: TurnLog) -> list[Turn]:
    found: list[Turn] = []
    for one in reading.annotations:
        tier = reading.tiers.get(one.tier)
        if tiers is not None and one.tier not in tiers:
            what, why = "annotations of other tiers", "the caller did not name them"
            log.note("not_taken", what, why, line=one.line, left=one.text)
        elif tiers is None and (tier is None or tier.dependent):
            what, why = "annotations of dependent tiers", "they say something about other annotations"
            log.note("not_taken", what, why, line=one.line, left=one.text)
        else:
            label = tiers[one.tier] if tiers is not None else tier and (tier.participant or tier.name)
            start, end = (_seconds(reading, s, log, one.line) for s in (one.start, one.end))
            found.append(Turn(label or None, one.text, start, end, one.line))
            if start is None:
                what, why = (
                    "annotations without a time",
                    "kept in the order of the file, after those with one",
                )
                log.note("converted", what, why, line=one.line)
    absent = sum(name not in reading.tiers for name in tiers or ())
    if absent:
        log.note("not_taken", "tiers that the caller named", "the file does not have them", count=absent)
    return sorted(found, key=lambda t: (t.start_s is None, t.start_s or 0.0))


def _seconds(reading: _Reading, slot: str | None, log: TurnLog, line: int | None) -> float | None:
    value = reading.slots.get(slot) if slot is not None else None
    if value is None:
        return None
    moved = value + (reading.origin_ms or 0)
    if moved < 0:
        log.note("dropped", "times before the start", "a time in a session is not below 0", line=line)
        return None
    return moved / 1000
