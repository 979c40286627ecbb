"""Measures the memory that a reader needs for a document, as a multiple of the document's size.

    python tests/faults/memory.py --megabytes 20

Every reading runs in a process of its own: its highest resident size, minus that before the document was opened, over
the size of the document, or over the limit of size where it is refused. Needs Linux. Exits with 1 if a bound is broken:
20 times for documents with texts, more where a document is nothing but the shortest records, or was made to do harm.
"""

from __future__ import annotations

import argparse
import gzip
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

if __name__ == "__main__":
    sys.path[:0] = [str(Path(__file__).parents[2] / "src"), str(Path(__file__).parents[1])]

from therapeutic_process.base import SCHEMA_VERSION
from therapeutic_process.errors import TherapeuticProcessError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["BOUND", "documents", "measured"]

BOUND = 20.0
BOUNDS = {
    "many scores": 30.0,
    "a wide table": 150.0,
    "subtitles": 30.0,
    "every name unknown": 70.0,
    "empty objects": 120.0,
}
"""Where the bound is another one: nothing but the shortest records, or made to do harm."""
LIMIT = 4_000_000
"""The limit of size that refused documents are measured against."""


def _interaction(i: int) -> dict[str, Any]:
    speaker = ("c1", "t1")[i % 2]
    text = f"So I went there on the {i}th day, and it was not as bad as I had thought it would be."
    return {
        "index": i,
        "kind": "speech",
        "speaker": speaker,
        "text": text,
        "start_s": i * 4.0,
        "end_s": i * 4.0 + 3.5,
    }


def _case(size: int, **further: Any) -> bytes:
    """Return a case with one long session, of about so many bytes."""
    people = [{"id": "c1", "role": "client"}, {"id": "t1", "role": "therapist"}]
    n = max(1, size // len(json.dumps(_interaction(10_000))))
    session = {
        "id": "s1", "number": 1, "status": "held", "attended": ["c1", "t1"],
        "interactions": [_interaction(i) for i in range(n)],
    }  # fmt: skip
    head = {"kind": "case", "schema_version": SCHEMA_VERSION, "id": "k1", "participants": people}
    return json.dumps({**head, "sessions": [session], **further}).encode()


def _scores(size: int) -> bytes:
    """Return a case with nothing but short records: the most objects to a byte."""
    one = {
        "id": "m1000000",
        "instrument": "phq9",
        "subject": "c1",
        "respondent": {"kind": "client"},
        "score": 9,
    }
    several = [{**one, "id": f"m{i:07d}"} for i in range(max(1, size // len(json.dumps(one))))]
    head = {
        "kind": "case",
        "schema_version": SCHEMA_VERSION,
        "id": "k1",
        "participants": [{"id": "c1", "role": "client"}],
    }
    return json.dumps({**head, "measurements": several}).encode()


def _cue(i: int) -> str:
    clock = f"{i // 3600:02d}:{i // 60 % 60:02d}:{i % 60:02d}"
    who = ("client", "therapist")[i % 2]
    return f"\n{clock}.000 --> {clock}.500\n<v {who}>and then it went on for the {i}th time\n"


def documents(size: int) -> Iterator[tuple[str, str, bytes, bool]]:
    """Yield name, reader, bytes, and whether it loads, of every document that is measured.

    Args:
        size: About how many bytes a document shall have that loads.
    """
    talk, scores = _case(size), _scores(size)
    yield "a long session", "load_case", talk, True
    yield "many scores", "load_case", scores, True
    yield "a long session", "load_case_lenient", talk, True
    yield "with unknown values", "load_case_lenient", _case(size // 2, note=["x" * 60] * (size // 130)), True
    yield "a long session", "read_cases .json", talk, True
    yield "lines", "read_cases .jsonl", b"\n".join([_case(20_000)] * max(1, size // 20_000)), True
    yield (
        "lines, zipped",
        "read_cases .jsonl.gz",
        gzip.compress(b"\n".join([_case(20_000)] * max(1, size // 20_000))),
        True,
    )
    rows = "".join(f"c{i:06d},{i % 28},{i % 27},{i % 26},{i % 25}\n" for i in range(size // 20))
    yield "a wide table", "read_wide", f"id,s1,s2,s3,s4\n{rows}".encode(), True
    cues = "".join(map(_cue, range(size // 90)))
    yield "subtitles", "read_webvtt", f"WEBVTT\n{cues}".encode(), True
    limit = LIMIT
    yield "over the limit", "load_case", talk * 3, False
    yield "over the limit", "read_cases .jsonl", talk * 3, False
    yield "a bomb of zeros, zipped", "read_cases .jsonl.gz", gzip.compress(b" " * (20 * size)), False
    yield "a bomb of a case, zipped", "read_cases .jsonl.gz", gzip.compress(_case(5 * size)), False
    yield "deep", "load_case", b"[" * limit, False
    yield "deep, lenient", "load_case_lenient", b'{"a":' * (limit // 5), False
    yield (
        "wrong in every interaction",
        "load_case",
        _case(limit - 100_000).replace(b'"speech"', b'"x"'),
        False,
    )
    yield "wrong at the end", "load_case", _case(limit - 100_000, id=""), False
    names = b",".join(b'"x%d":1' % i for i in range(limit // 12))
    head = b'{"kind":"case","schema_version":"%s",' % SCHEMA_VERSION.encode()
    yield "every name unknown", "load_case", head + names + b"}", False
    yield (
        "empty objects",
        "load_case",
        b'{"sessions":[' + b",".join([b"{}"] * (limit // 3 - 10)) + b"]}",
        False,
    )
    yield "no JSON at its end", "load_case_lenient", _case(limit - 100_000)[:-1], False


def _read(reader: str, file: Path, limit: int | None) -> object:
    from therapeutic_process import exchange

    if reader.startswith("read_cases"):
        choices: dict[str, Any] = {} if limit is None else {"max_bytes": limit}
        return sum(1 for _ in exchange.read_cases(file, **choices))
    if reader == "read_wide":
        return exchange.read_wide(file, client="id", scores=r"s(\d)", instrument="phq9")
    if reader == "read_webvtt":
        return exchange.read_webvtt(file)
    load: Callable[..., object] = getattr(exchange, reader)
    return load(file.read_bytes(), **({} if limit is None else {"max_bytes": limit}))


def _highest() -> int:
    """Return the highest resident size of this process so far, in bytes."""
    line = next(x for x in Path("/proc/self/status").read_text().splitlines() if x.startswith("VmHWM"))
    return int(line.split()[1]) * 1024


def _child(reader: str, file: Path, small: Path, limit: int | None) -> None:
    """Read something small first, so that what is loaded once counts as there before."""
    _read(reader, small, None)
    before = _highest()
    try:
        _read(reader, file, limit)
        end = "read"
    except TherapeuticProcessError as error:
        end = str(getattr(error, "code", "refused"))
    print(json.dumps({"bytes": _highest() - before, "end": end}))


def _ending(reader: str) -> str:
    return {"read_wide": ".csv", "read_webvtt": ".vtt"}.get(
        reader, "." + reader.partition(" .")[2] if " ." in reader else ".json"
    )


def measured(reader: str, document: bytes, *, loads: bool, folder: Path) -> tuple[float, str]:
    """Return the memory as a multiple of the document, or of the limit where it is refused, and how it ended.

    Args:
        reader: Who reads it.
        document: The document.
        loads: Whether it is one that loads.
        folder: A folder for files.
    """
    ending = _ending(reader)
    file, small = folder / f"document{ending}", folder / f"small{ending}"
    file.write_bytes(document)
    tiny = {".csv": b"id,s1\na,3\n", ".vtt": b"WEBVTT\n\n00:00:01.000 --> 00:00:02.000\n<v client>so\n"}
    raw = tiny.get(ending, _case(500))
    small.write_bytes(gzip.compress(raw) if ending.endswith(".gz") else raw)
    limit = [] if loads else [str(LIMIT)]
    words = [sys.executable, __file__, "--child", reader, str(file), str(small), *limit]
    run = subprocess.run(words, capture_output=True, text=True, check=True)
    told = json.loads(run.stdout)
    size = (
        len(document)
        if loads and not ending.endswith(".gz")
        else len(gzip.decompress(document))
        if loads
        else LIMIT
    )
    return told["bytes"] / size, told["end"]


def main() -> int:
    """Run the program."""
    if sys.argv[1:2] == ["--child"]:
        reader, file, small, *limit = sys.argv[2:]
        _child(reader, Path(file), Path(small), int(limit[0]) if limit else None)
        return 0
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--megabytes", type=float, default=20)
    asked = parser.parse_args()
    broken = 0
    with tempfile.TemporaryDirectory() as name:
        for what, reader, document, loads in documents(int(asked.megabytes * 1_000_000)):
            times, end = measured(reader, document, loads=loads, folder=Path(name))
            wrong = times > BOUNDS.get(what, BOUND) or (end == "read") != loads
            broken += wrong
            of = "of its size" if loads else "of the limit"
            print(
                f"{reader:<22}{what:<28}{len(document) / 1e6:>7.1f} MB  {times:>5.1f} × {of:<13}{end}{'  !' * wrong}"
            )
    return int(broken > 0)


if __name__ == "__main__":
    sys.exit(main())
