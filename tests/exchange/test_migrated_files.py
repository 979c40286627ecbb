from __future__ import annotations

import json
from pathlib import Path

import pytest

from therapeutic_process.errors import DocumentError
from therapeutic_process.exchange import example_cases, load_case, migrate_file, read_cases, write_cases

DRAFT = Path(__file__).parent / "golden" / "case-0.9.jsonl"
N_DRAFT = len(DRAFT.read_bytes().splitlines())


@pytest.fixture
def mixed(tmp_path: Path) -> Path:
    file = tmp_path / "mixed.jsonl"
    write_cases(example_cases(), file)
    file.write_bytes(DRAFT.read_bytes() + file.read_bytes())
    return file


@pytest.mark.parametrize("ending", [".jsonl", ".jsonl.gz"])
def test_old_and_new_documents_come_out_as_new_ones(mixed: Path, tmp_path: Path, ending: str) -> None:
    target = tmp_path / f"new{ending}"
    done = migrate_file(mixed, target)
    assert done.versions == (("0.9", N_DRAFT), ("1.0", 4))
    assert done.n_written == N_DRAFT + 4
    assert list(read_cases(target)) == list(read_cases(mixed))
    assert migrate_file(target, tmp_path / "again.jsonl").versions == (("1.0", N_DRAFT + 4),)


def test_one_bad_document_stops_all_and_what_was_there_stays(mixed: Path, tmp_path: Path) -> None:
    mixed.write_bytes(mixed.read_bytes() + b"{\n[]\n")
    target = tmp_path / "new.jsonl"
    target.write_text("kept")
    done = migrate_file(mixed, target, force=True)
    assert (done.n_written, [e.code for e in done.errors]) == (0, ["truncated", "not_an_object"])
    assert [e.line for e in done.errors] == [N_DRAFT + 5, N_DRAFT + 6]
    assert target.read_text() == "kept"
    assert sorted(f.name for f in tmp_path.iterdir()) == ["mixed.jsonl", "new.jsonl"]


def test_lenient_keeps_what_is_unknown_and_a_newer_minor_version(tmp_path: Path) -> None:
    source, target = tmp_path / "a.jsonl", tmp_path / "b.jsonl"
    head = {"kind": "case", "id": "k", "participants": [{"id": "c1", "role": "client"}], "brand_new": 1}
    source.write_text("\n".join(json.dumps({**head, "schema_version": v}) for v in ("0.9", "1.3")))
    assert [e.code for e in migrate_file(source, target).errors] == ["invalid_record", "version_too_new"]
    done = migrate_file(source, target, mode="lenient")
    assert done.versions == (("0.9", 1), ("1.3", 1))
    written = [json.loads(line) for line in target.read_bytes().splitlines()]
    assert [(w["schema_version"], w["brand_new"]) for w in written] == [("1.0", 1), ("1.3", 1)]


def test_a_file_that_is_there_stays(mixed: Path, tmp_path: Path) -> None:
    with pytest.raises(FileExistsError):
        migrate_file(mixed, mixed)
    with pytest.raises(DocumentError, match="unknown_ending"):
        migrate_file(mixed, tmp_path / "x.csv")
    with pytest.raises(DocumentError, match="no_such_file"):
        migrate_file(tmp_path / "nothing.jsonl", tmp_path / "x.jsonl")


def test_in_place_with_force(tmp_path: Path) -> None:
    file = tmp_path / "one.json"
    file.write_bytes(DRAFT.read_bytes().splitlines()[0])
    assert migrate_file(file, file, force=True).n_written == 1
    assert load_case(file.read_bytes()).schema_version == "1.0"
