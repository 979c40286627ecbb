"""Whatever the bytes: a case, or a documented error that shows nothing of them."""

from __future__ import annotations

import json
import random
from typing import TYPE_CHECKING, Any

import pytest

from therapeutic_process.errors import DocumentError
from therapeutic_process.exchange.transcripts import (
    read_annomi,
    read_chat,
    read_diarised,
    read_elan,
    read_srt,
    read_transcript_csv,
    read_webvtt,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from therapeutic_process.exchange.imports import Imported

CANARY = "Kanarienvogel"
MUTATIONS = 400

CUES = (
    f"00:00:01.000 --> 00:00:02.000\n<v client>so {CANARY}\n\n"
    f"00:00:02.000 --> 00:00:03.500\n<v {CANARY}>yes &amp; no\n"
)
WEBVTT = f"WEBVTT\n\nNOTE {CANARY}\n\n{CUES}"
EAF = (
    '<?xml version="1.0" encoding="UTF-8"?><ANNOTATION_DOCUMENT><HEADER><MEDIA_DESCRIPTOR TIME_ORIGIN="5"/></HEADER>'
    '<TIME_ORDER><TIME_SLOT TIME_SLOT_ID="a" TIME_VALUE="1"/><TIME_SLOT TIME_SLOT_ID="b" TIME_VALUE="9"/></TIME_ORDER>'
    '<TIER TIER_ID="client"><ANNOTATION><ALIGNABLE_ANNOTATION TIME_SLOT_REF1="a" TIME_SLOT_REF2="b">'
    f"<ANNOTATION_VALUE>{CANARY}</ANNOTATION_VALUE></ALIGNABLE_ANNOTATION></ANNOTATION></TIER></ANNOTATION_DOCUMENT>"
)
PIECES = json.dumps([{"speaker": "client", "text": CANARY, "start": 1, "end": 2.5, "role": "client"}] * 2)
CHAT = json.dumps(
    [{"role": "user", "content": CANARY}, {"role": "assistant", "content": f"<think>{CANARY}</think>x"}]
)
TABLE = f'who,what,from,to\nclient,"so, {CANARY}",1,2.5\n{CANARY},yes,3,\n'
ANNOMI = (
    "transcript_id,utterance_id,interlocutor,utterance_text,main_therapist_behaviour,client_talk_type\n"
    f"0,0,therapist,{CANARY},question,n/a\n0,1,client,so,n/a,change\n"
)


def _table(path: Path) -> Imported:
    return read_transcript_csv(path, speaker="who", text="what", start_s="from", end_s="to")


READERS: tuple[tuple[Callable[[Any], Imported], str], ...] = (
    (read_webvtt, WEBVTT), (read_srt, CUES), (read_elan, EAF), (read_diarised, PIECES), (read_chat, CHAT),
    (_table, TABLE), (read_annomi, ANNOMI),
)  # fmt: skip
PARTS = (
    b"\0",
    b"\xff\xfe",
    b"\r",
    b"\n\n",
    b"<v ",
    b"-->",
    b'"',
    b"&",
    b";",
    b"]",
    b"<!DOCTYPE x>",
    b"1e999",
    b"\\ud800",
)


def damaged(raw: bytes, rng: random.Random) -> bytes:
    """Cut, double, swap, or write something into some bytes."""
    for _ in range(rng.randint(1, 4)):
        a, b = sorted(rng.choices(range(len(raw) + 1), k=2))
        raw = rng.choice((
            raw[:a], raw[:a] + raw[b:], raw[:a] + raw[a:b] * 2 + raw[b:], raw[:a] + rng.choice(PARTS) + raw[a:],
            raw[:a] + rng.randbytes(2) + raw[a + 2 :],
        ))  # fmt: skip
    return raw


def outcome(read: Callable[[Any], Imported], file: Path) -> Imported | DocumentError:
    try:
        return read(file)
    except DocumentError as error:
        return error


@pytest.mark.parametrize(("read", "text"), READERS, ids=lambda x: getattr(x, "__name__", ""))
def test_damaged_files_give_a_case_or_a_documented_error(
    read: Callable[[Any], Imported], text: str, tmp_path: Path
) -> None:
    rng, file = random.Random(4711), tmp_path / "x"
    read_n = refused_n = 0
    for _ in range(MUTATIONS):
        file.write_bytes(damaged(text.encode(), rng))
        result = outcome(read, file)
        refused_n += isinstance(result, DocumentError)
        read_n += not isinstance(result, DocumentError)
        told = vars(result) | {"file": str(file)} if isinstance(result, DocumentError) else result.report
        assert CANARY not in str(result) + repr(result) + str(told) + repr(told)
        if isinstance(result, DocumentError):
            assert result.file == str(file)
    assert read_n > 2
    assert refused_n > 10


@pytest.mark.parametrize(("read", "text"), READERS, ids=lambda x: getattr(x, "__name__", ""))
def test_what_is_undamaged_is_read(read: Callable[[Any], Imported], text: str, tmp_path: Path) -> None:
    (tmp_path / "x").write_text(text, encoding="utf-8")
    assert read(tmp_path / "x").report.interactions_out >= 1
