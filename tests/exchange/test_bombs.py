"""Small files that would grow, or nest, without an end: refused by a documented error, and soon."""

from __future__ import annotations

import gzip
import json
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pytest

from therapeutic_process.errors import DocumentError, TherapeuticProcessError
from therapeutic_process.exchange import (
    convert,
    example_cases,
    from_bundle,
    load_case,
    load_case_lenient,
    load_theory,
    migrate_file,
    read_cases,
    read_chat,
    read_diarised,
    read_elan,
    read_mibot,
    read_tables,
    write_tables,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

SECONDS = 20.0
DEEP = {
    "lists": "[" * 200_000,
    "objects": '{"x":' * 200_000,
    "closed": "[" * 100_000 + "]" * 100_000,
    "inside": '{"kind":"case","schema_version":"1.0","id":"k","participants":'
    + "[" * 100_000
    + "]" * 100_000
    + "}",
}
LAUGHS = "".join(f'<!ENTITY l{i} "{f"&l{i - 1};" * 10 if i else "ha" * 10}">' for i in range(12))
XML = {
    "entities": f'<?xml version="1.0"?><!DOCTYPE x [{LAUGHS}]><ANNOTATION_DOCUMENT>&l11;</ANNOTATION_DOCUMENT>',
    "one long entity": f'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "{"x" * 50_000}">]><ANNOTATION_DOCUMENT>'
    + "&a;" * 50_000 + "</ANNOTATION_DOCUMENT>",
    "a file of the system": '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>'
    "<ANNOTATION_DOCUMENT>&a;</ANNOTATION_DOCUMENT>",
    "elements": "<ANNOTATION_DOCUMENT>" + "<TIER>" * 200_000,
    "attributes": "<ANNOTATION_DOCUMENT " + " ".join(f'a{i}="x"' for i in range(50_000)) + "/>",
}  # fmt: skip


def soon(act: Callable[[], object]) -> TherapeuticProcessError:
    """Return the error by which something is refused, after a short while."""
    begun = time.perf_counter()
    with pytest.raises(TherapeuticProcessError) as caught:
        act()
    assert time.perf_counter() - begun < SECONDS
    return caught.value


@pytest.mark.parametrize("read", [load_case, load_case_lenient, load_theory])
@pytest.mark.parametrize("bomb", DEEP)
def test_json_that_nests_without_an_end_is_refused(read: Callable[[str], object], bomb: str) -> None:
    error = soon(lambda: read(DEEP[bomb]))
    assert isinstance(error, DocumentError)
    assert error.code in {"too_deep", "truncated"}


@pytest.mark.parametrize("bomb", DEEP)
def test_no_reader_of_files_follows_it_down(bomb: str, tmp_path: Path) -> None:
    for name in ("x.json", "x.jsonl", "x.ndjson"):
        (tmp_path / name).write_text(DEEP[bomb])
    packed = tmp_path / "x.jsonl.gz"
    packed.write_bytes(gzip.compress(DEEP[bomb].encode()))
    spoken = tmp_path / "mibot"
    (spoken / "transcripts").mkdir(parents=True)
    (spoken / "data.csv").write_text("ParticipantID\np1\n")
    (spoken / "transcripts" / "0.json").write_text(DEEP[bomb])
    write_tables(example_cases(), tmp_path / "tables")
    (tmp_path / "tables" / "datapackage.json").write_text(DEEP[bomb])
    one, bundles = tmp_path / "x.json", tmp_path / "x.ndjson"
    acts: tuple[Callable[[], Any], ...] = (
        lambda: list(read_cases(one)),
        lambda: list(read_cases(tmp_path / "x.jsonl", mode="lenient")),
        lambda: list(read_cases(packed)),
        lambda: read_chat(one),
        lambda: read_diarised(one),
        lambda: read_mibot(spoken),
        lambda: read_tables(tmp_path / "tables"),
        lambda: convert(one, tmp_path / "y.jsonl"),
        lambda: convert(bundles, tmp_path / "z.jsonl"),
    )
    for act in acts:
        soon(act)
    assert migrate_file(tmp_path / "x.jsonl", tmp_path / "w.jsonl").errors
    assert not {p.name for p in tmp_path.iterdir()} & {"y.jsonl", "z.jsonl", "w.jsonl"}


def test_a_bundle_that_nests_as_deep_as_python_reads_is_answered() -> None:
    tree: Any = {"resourceType": "Basic"}
    for _ in range(900):
        tree = {"extension": [tree]}
    for inside in (tree, [tree], json.loads("[" * 900 + "]" * 900)):
        bundle = {
            "resourceType": "Bundle",
            "entry": [{"resource": {"resourceType": "Observation", "code": inside}}],
        }
        with suppress(DocumentError):  # and no other exception
            from_bundle(bundle)


@pytest.mark.parametrize("mode", ["strict", "lenient"])
@pytest.mark.parametrize("content", [b" ", b"[", b'{"kind":"case",'])
def test_a_small_archive_of_a_large_file_is_not_unpacked_whole(
    content: bytes, mode: Any, tmp_path: Path
) -> None:
    file = tmp_path / "x.jsonl.gz"
    file.write_bytes(gzip.compress(content * (30_000_000 // len(content))))
    assert file.stat().st_size < 200_000
    reader = read_cases(file, mode=mode, on_error="collect", max_bytes=1_000_000)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("warnings.warn", lambda *_, **__: None)
        assert not list(reader)
    assert [e.code for e in reader.errors] == ["too_large"]


@pytest.mark.parametrize("bomb", XML)
def test_xml_that_grows_is_refused(bomb: str, tmp_path: Path) -> None:
    (tmp_path / "x.eaf").write_text(XML[bomb])
    error = soon(lambda: read_elan(tmp_path / "x.eaf"))
    assert isinstance(error, DocumentError)
    assert error.code in {"unsafe_xml", "not_xml", "no_turns", "id_repeated"}
    assert "root:" not in str(error)
