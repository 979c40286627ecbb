"""What is damaged, and who reads it: every reader of documents with documents that it reads when they are whole."""

from __future__ import annotations

import gzip
import io
import json
import random
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import attrs
import polars as pl

from faults.mutations import damaged
from therapeutic_process.base import SCHEMA_VERSION
from therapeutic_process.change_process import CodePattern, Mechanism, ScorePattern, TheoryOfChange
from therapeutic_process.errors import DocumentError
from therapeutic_process.exchange import (
    DocumentsSkippedWarning,
    Imported,
    dump_case,
    dump_theory,
    example_cases,
    from_bundle,
    load_case,
    load_case_lenient,
    load_theory,
    migrate,
    read_annomi,
    read_cases,
    read_chat,
    read_diarised,
    read_elan,
    read_long,
    read_mibot,
    read_nhs_long,
    read_redcap,
    read_srt,
    read_tables,
    read_transcript_csv,
    read_webvtt,
    read_wide,
    to_bundle,
    write_tables,
)

__all__ = ["Target", "targets"]

GOLDEN = Path(__file__).parents[1] / "exchange" / "golden"


@attrs.frozen
class Target:
    """A reader and the whole documents that are damaged for it.

    Attributes:
        name: The reader.
        share: How many documents of a hundred go to it.
        seeds: Whole documents.
        read: Reads one; True if it gave something.
        pack: What is made of the bytes after they were damaged.
        parsed: Whether it reads parsed JSON, so that damage leaves JSON.
    """

    name: str
    share: int
    seeds: tuple[bytes, ...]
    read: Callable[[bytes], bool]
    pack: Callable[[bytes, random.Random], bytes] = lambda raw, _: raw
    parsed: bool = False

    def document(self, seed: str) -> bytes:
        """Return the damaged document of a seed."""
        rng = random.Random(seed)
        raw = damaged(rng.choice(self.seeds), rng, rng.choice(self.seeds), parsed=self.parsed)
        return self.pack(raw, rng)


def _lines(raw: bytes) -> tuple[bytes, ...]:
    return tuple(raw.splitlines())


def _documents() -> tuple[bytes, ...]:
    made = tuple(dump_case(case).encode() for case in example_cases())
    golden = tuple(line for file in sorted(GOLDEN.glob("*.jsonl")) for line in _lines(file.read_bytes()))
    return (*made, *(g for g in golden if len(g) < 20_000))


def _strict(raw: bytes) -> bool:
    case = load_case(raw)
    assert load_case(dump_case(case)) == case
    return True


def _lenient(raw: bytes) -> bool:
    read = load_case_lenient(raw)
    again = load_case_lenient(dump_case(read.case, unknown=read.unknown))
    assert (again.case, dict(again.unknown)) == (read.case, dict(read.unknown))
    return True


def _migrate(raw: bytes) -> bool:
    tree = json.loads(raw)
    if not isinstance(tree, dict):
        return False
    once = migrate(tree)
    assert once["schema_version"] == SCHEMA_VERSION
    return True


CUES = (
    "00:00:01.000 --> 00:00:02.000\n<v client>so it was\n\n00:00:02.000 --> 00:00:03.500 align:start\n"
    "<v therapist>yes &amp; <i>no</i>\n\n3\n01:00:02.000 --> 01:00:03.500\n- a\n- b\n"
)
EAF = (
    '<?xml version="1.0" encoding="UTF-8"?><ANNOTATION_DOCUMENT><HEADER><MEDIA_DESCRIPTOR TIME_ORIGIN="5"/></HEADER>'
    '<TIME_ORDER><TIME_SLOT TIME_SLOT_ID="a" TIME_VALUE="1"/><TIME_SLOT TIME_SLOT_ID="b" TIME_VALUE="9"/></TIME_ORDER>'
    '<TIER TIER_ID="client" PARTICIPANT="P"><ANNOTATION><ALIGNABLE_ANNOTATION ANNOTATION_ID="a1" TIME_SLOT_REF1="a" '
    'TIME_SLOT_REF2="b"><ANNOTATION_VALUE>so &lt; it</ANNOTATION_VALUE></ALIGNABLE_ANNOTATION></ANNOTATION></TIER>'
    '<TIER TIER_ID="therapist" PARENT_REF="client"><ANNOTATION><REF_ANNOTATION ANNOTATION_ID="a2" ANNOTATION_REF="a1">'
    "<ANNOTATION_VALUE>yes</ANNOTATION_VALUE></REF_ANNOTATION></ANNOTATION></TIER></ANNOTATION_DOCUMENT>"
)
DIARISED = {"segments": [{"speaker": "client", "text": "so", "start": 1, "end": 2.5, "role": "client"}] * 3}
CHAT = [
    {"role": "system", "content": "be kind"},
    {"role": "user", "content": "I slept"},
    {"role": "assistant", "content": "<think>hm</think>Good", "reasoning_content": "hm"},
    {"role": "user", "content": [{"type": "text", "text": "thanks"}]},
]
SPOKEN = 'who,what,from,to\nclient,"so, it\nwas",1,2.5\ntherapist,yes,3,\nclient,,4,5\n'
ANNOMI = (
    "mi_quality,transcript_id,topic,utterance_id,interlocutor,timestamp,utterance_text,main_therapist_behaviour,"
    "client_talk_type\nhigh,0,alcohol,0,therapist,00:00:01,so,question,n/a\nhigh,0,alcohol,1,client,00:00:02,yes,n/a,"
    "change\nlow,1,smoking,0,client,00:00:01,no,n/a,neutral\n"
)
TABLE = 'id,n,s1,s2,at,arm\na,1,3,4,2024-03-01,x\nb,2,,5,2024-03-08T10:00:00+01:00,y\n"c,\nd",3,NA,6,,\n'
REDCAP = (
    "record_id,redcap_event_name,redcap_repeat_instrument,redcap_repeat_instance,phq,date\n1,base,,,12,2024-03-01\n"
    "1,week,phq,1,9,2024-03-08\n1,week,phq,2,,2024-03-15\n2,base,,,7,\n"
)
NHS = "id,code,score,date\na,1,12,01/03/2024\na,2,7,08/03/2024\nb,1,no score,2024-03-01\n"


def _parquet() -> bytes:
    out = io.BytesIO()
    pl.DataFrame({"id": ["a", "b"], "n": [1, 2], "s1": [3, None], "s2": [4.0, 5.0]}).write_parquet(out)
    return out.getvalue()


def _mibot(folder: Path) -> tuple[Callable[[bytes], bool], tuple[bytes, ...]]:
    """A transcript and the table of a data set; the damaged one replaces one of the two."""
    place = folder / "mibot"
    (place / "transcripts").mkdir(parents=True)
    occasions, rulers = ("PreRuler", "PostRuler", "WeekLaterRuler"), ("Importance", "Confidence", "Readiness")
    columns = ["ParticipantID", "HeavinessOfSmokingIndex", "PreConvoNumQuitAttempts"]
    columns += [f"{o}{r}" for o in occasions for r in rulers]
    columns += [*(f"CAREQ{i}" for i in range(1, 11)), "WeekLaterNumQuitAttempts"]
    table = ",".join(columns) + "\n" + ",".join(["p1", *["4"] * (len(columns) - 1)]) + "\n"
    talk = [
        ("counsellor", "Hello!", "Other"),
        ("client", "I want to quit.", "C"),
        ("counsellor", "You want it.", "R"),
    ]
    spoken = {
        "participant_id": "p1",
        "utterances": [{"speaker": s, "text": t, "auto_misc_label": m} for s, t, m in talk],
    }
    transcript = json.dumps(spoken).encode()

    def read(raw: bytes) -> bool:
        is_table = raw[:1] in b"PCH"
        (place / "data.csv").write_bytes(raw if is_table else table.encode())
        (place / "transcripts" / "0.json").write_bytes(transcript if is_table else raw)
        return bool(read_mibot(place).cases)

    return read, (transcript, transcript, table.encode())


def _package(folder: Path) -> tuple[Callable[[bytes], bool], tuple[bytes, ...]]:
    """A folder of our own tables; the damaged file replaces the one that it was made from."""
    place = folder / "package"
    write_tables(example_cases(), place, text=True)
    names = ("scores.csv", "sessions.csv", "interactions.csv", "datapackage.json")
    whole = {name: (place / name).read_bytes() for name in names}

    def read(raw: bytes) -> bool:
        for name, content in whole.items():
            (place / name).write_bytes(content)
        line, _, damage = raw.partition(b"\n")
        name = next((n for n in whole if n.encode() == line), "scores.csv")
        (place / name).write_bytes(damage)
        return bool(read_tables(place).cases)

    # the first line says which file it is
    return read, tuple(name.encode() + b"\n" + content for name, content in whole.items())


def _file_reader(folder: Path, ending: str, read: Callable[[Path], object]) -> Callable[[bytes], bool]:
    file = folder / f"document{ending}"

    def from_bytes(raw: bytes) -> bool:
        file.write_bytes(raw)
        return bool(read(file))

    return from_bytes


def _all_cases(lenient: bool) -> Callable[[Path], object]:
    def read(file: Path) -> int:
        """Read with errors collected; hand on the first error where there is nothing else."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DocumentsSkippedWarning)
            reader: Any = read_cases(file, mode="lenient" if lenient else "strict", on_error="collect")
            n = sum(1 for _ in reader)
        assert all(isinstance(e, DocumentError) and e.file == str(file) for e in reader.errors)
        if not n and reader.errors:
            raise reader.errors[0]
        return n

    return read


def _zipped(raw: bytes, rng: random.Random) -> bytes:
    """Zip a damaged document, and now and then damage the archive as well."""
    packed = gzip.compress(raw + b"\n", mtime=0)
    if rng.random() < 0.5:
        a = rng.randrange(len(packed))
        packed = rng.choice(
            (packed[:a], packed[:a] + rng.randbytes(2) + packed[a + 2 :], packed + raw[:9], packed * 2)
        )
    return packed


def _theory() -> bytes:
    cause, effect = CodePattern(system="automisc", codes=("C",)), ScorePattern(instrument="phq9")
    one = Mechanism(id="m1", cause=cause, effect=effect)
    return dump_theory(TheoryOfChange(id="mi", name="Change talk", mechanisms=(one,))).encode()


def _of_documents(folder: Path) -> Iterator[Target]:
    documents = _documents()
    few = b"\n".join(sorted(documents, key=len)[:3])
    bundles = tuple(json.dumps(to_bundle(case)).encode() for case in example_cases())
    lines, packed = (_file_reader(folder, f".jsonl{gz}", _all_cases(bool(gz))) for gz in ("", ".gz"))
    yield Target("load_case", 22, documents, _strict)
    yield Target("load_case_lenient", 16, documents, _lenient)
    yield Target("read_cases (.jsonl)", 6, (few,), lines)
    yield Target("read_cases (.jsonl.gz)", 6, documents, packed, _zipped)
    yield Target("migrate", 5, documents, _migrate, parsed=True)
    yield Target("load_theory", 2, (_theory(),), lambda raw: bool(load_theory(raw)))
    yield Target(
        "from_bundle", 12, bundles, lambda raw: bool(from_bundle(json.loads(raw)).cases), parsed=True
    )


def _of_transcripts(folder: Path) -> Iterator[Target]:
    def one(name: str, share: int, ending: str, text: str, read: Callable[[Path], Imported]) -> Target:
        return Target(name, share, (text.encode(),), _file_reader(folder, ending, lambda f: read(f).cases))

    def table(file: Path) -> Imported:
        return read_transcript_csv(file, speaker="who", text="what", start_s="from", end_s="to")

    mibot, mibot_seeds = _mibot(folder)
    yield one("read_webvtt", 3, ".vtt", f"WEBVTT\n\nNOTE x\n\n{CUES}", read_webvtt)
    yield one("read_srt", 2, ".srt", CUES.replace(".", ","), read_srt)
    yield one("read_elan", 4, ".eaf", EAF, read_elan)
    yield one("read_diarised", 2, ".json", json.dumps(DIARISED), read_diarised)
    yield one("read_chat", 2, ".json", json.dumps(CHAT), read_chat)
    yield one("read_transcript_csv", 2, ".csv", SPOKEN, table)
    yield one("read_annomi", 2, ".csv", ANNOMI, read_annomi)
    yield Target("read_mibot", 2, mibot_seeds, mibot)


def _of_tables(folder: Path) -> Iterator[Target]:
    def one(name: str, share: int, ending: str, raw: bytes, read: Callable[[Path], Imported]) -> Target:
        return Target(name, share, (raw,), _file_reader(folder, ending, lambda f: read(f).cases))

    def wide(file: Path) -> Imported:
        return read_wide(file, client="id", scores=r"s(\d)", instrument="phq9", group="arm")

    def numbers(file: Path) -> Imported:
        return read_wide(file, client="id", scores=r"s(\d)", instrument="phq9", strict=False)

    def long(file: Path) -> Imported:
        columns: dict[str, Any] = {"client": "id", "session": "n", "score": "s1", "measured_at": "at"}
        return read_long(file, **columns, instrument="phq9", strict=False)

    def redcap(file: Path) -> Imported:
        events = {"base": 1, "week": None}
        return read_redcap(file, scores={"phq": "phq9"}, form="phq", events=events, measured_at="date")

    def nhs(file: Path) -> Imported:
        columns: dict[str, Any] = {"client": "id", "code": "code", "score": "score", "measured_at": "date"}
        return read_nhs_long(file, **columns, instruments={"1": "phq9", "2": "gad7"}, strict=False)

    package, package_seeds = _package(folder)
    yield one("read_wide (.csv)", 3, ".csv", TABLE.encode(), wide)
    yield one("read_wide (.parquet)", 2, ".parquet", _parquet(), numbers)
    yield one("read_long", 2, ".csv", TABLE.encode(), long)
    yield one("read_redcap", 2, ".csv", REDCAP.encode(), redcap)
    yield one("read_nhs_long", 2, ".csv", NHS.encode(), nhs)
    yield Target("read_tables", 1, package_seeds, package)


def targets(folder: Path) -> tuple[Target, ...]:
    """Return every reader; those of files read from a folder of one's own.

    Args:
        folder: An empty folder.
    """
    return (*_of_documents(folder), *_of_transcripts(folder), *_of_tables(folder))
