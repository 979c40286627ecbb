"""What a conversion promises: whole or not at all, nothing lost in silence, nothing destroyed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings

import therapeutic_process
from therapeutic_process.errors import DocumentError
from therapeutic_process.exchange import convert, example_cases, read_cases, write_cases, write_tables
from therapeutic_process.testing import cases

if TYPE_CHECKING:
    from therapeutic_process.records import Case

CANARY = "Kanarienvogel-4711"
few = settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))


@pytest.fixture
def source(tmp_path: Path) -> Path:
    write_cases(example_cases(), tmp_path / "k.jsonl")
    return tmp_path / "k.jsonl"


@few
@given(cases())
def test_a_case_comes_back_from_fhir_with_turns_and_text(
    tmp_path_factory: pytest.TempPathFactory, case: Case
) -> None:
    folder = tmp_path_factory.mktemp("law")
    plain = case.model_copy(update={"instruments": (), "coding_systems": ()})
    write_cases([case], folder / "a.json")
    done = convert(folder / "a.json", folder / "b.ndjson", turns=True, text=True)
    back = convert(folder / "b.ndjson", folder / "c.jsonl")
    if plain == case:
        assert done.losses == ()
        assert list(read_cases(folder / "c.jsonl")) == [case]
        assert back.notes == ()
    else:
        assert {n.what for n in done.losses} <= {"Case.instruments", "Case.coding_systems"}


def test_what_the_target_cannot_hold_is_named_and_may_be_refused(source: Path, tmp_path: Path) -> None:
    done = convert(source, tmp_path / "t")
    assert sum(n.count for n in done.losses if n.what == "Case.journal") == 2
    assert "lost in tables: not taken: Case.journal (2)" in str(done)
    with pytest.raises(DocumentError, match="loss_refused"):
        convert(source, tmp_path / "u", refuse_loss=True)
    assert not (tmp_path / "u").exists()
    assert str(convert(source, tmp_path / "v.jsonl", refuse_loss=True)).endswith("jsonl holds all of it")


def test_what_a_source_does_not_give_is_lost_too(tmp_path: Path) -> None:
    bundle = {"resourceType": "Bundle", "entry": [{"resource": {"resourceType": "Patient", "id": "p"}},
                                                  {"resource": {"resourceType": "Immunization"}}]}  # fmt: skip
    (tmp_path / "b.json").write_text(json.dumps(bundle))
    with pytest.raises(DocumentError, match="loss_refused"):
        convert(tmp_path / "b.json", tmp_path / "o.jsonl", refuse_loss=True)
    assert "not taken" in str(convert(tmp_path / "b.json", tmp_path / "o.jsonl"))


@pytest.mark.parametrize("to", ["o.json", "o.jsonl", "o.fhir.json", "o.ndjson", "o.vtt", "tables"])
def test_nothing_is_replaced_unless_told(to: str, source: Path, tmp_path: Path) -> None:
    target = tmp_path / to
    target.write_text("mine") if target.suffix else target.mkdir()
    with pytest.raises(FileExistsError):
        convert(source, target)
    assert not target.is_file() or target.read_text() == "mine"


def test_a_failure_leaves_what_was_there(tmp_path: Path) -> None:
    text = "\n".join([json.dumps({"kind": "case"})] * 2)
    (tmp_path / "bad.jsonl").write_text(text)
    (tmp_path / "o.jsonl").write_text("mine")
    before = sorted(p.name for p in tmp_path.iterdir())
    with pytest.raises(DocumentError) as refusal:
        convert(tmp_path / "bad.jsonl", tmp_path / "o.jsonl", force=True)
    assert (refusal.value.file, refusal.value.line) == (str(tmp_path / "bad.jsonl"), 1)
    assert (tmp_path / "o.jsonl").read_text() == "mine"
    assert sorted(p.name for p in tmp_path.iterdir()) == before


def test_a_folder_is_replaced_only_if_it_holds_tables_and_nothing_else(source: Path, tmp_path: Path) -> None:
    folder = tmp_path / "t"
    convert(source, folder)
    (folder / "scores.csv").write_text("old")
    convert(source, folder, force=True)
    assert (folder / "scores.csv").read_text() != "old"
    (folder / "mine.txt").write_text("mine")
    with pytest.raises(DocumentError, match="target_kind"):
        convert(source, folder, force=True)
    assert (folder / "mine.txt").read_text() == "mine"
    with pytest.raises(DocumentError, match="target_kind"):
        convert(source, folder, target_format="jsonl", force=True)
    file = tmp_path / "file"
    file.write_text("mine")
    with pytest.raises(DocumentError, match="target_kind"):
        convert(source, file, force=True)
    assert file.read_text() == "mine"


@pytest.mark.parametrize("force", [False, True])
def test_source_and_target_lie_apart(force: bool, source: Path, tmp_path: Path) -> None:
    write_tables(example_cases(), tmp_path / "t")
    before = source.read_bytes()
    (tmp_path / "link.jsonl").symlink_to(source)
    pairs = [
        (source, source), (tmp_path, tmp_path / "o.jsonl"), (tmp_path / "t", tmp_path / "t" / "o.jsonl"),
        (tmp_path / "t", tmp_path / "t"), (source, tmp_path), (source, tmp_path / "link.jsonl"),
        (source, tmp_path / "t" / ".." / "k.jsonl"),
    ]  # fmt: skip
    for came, goes in pairs:
        with pytest.raises(DocumentError, match="target_in_source"):
            convert(came, goes, force=force)
    assert source.read_bytes() == before


@pytest.mark.parametrize(
    ("settings_", "code"),
    [
        ({"target_format": "elan"}, "read_only_format"), ({"source_format": "xlsx"}, "unknown_format"),
        ({"options": {"roles": {}}}, "option_unknown"), ({"source_format": "wide"}, "option_missing"),
        ({"target_format": "nothing"}, "unknown_format"),
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_refused_before_anything_is_written(
    settings_: dict[str, Any], code: str, source: Path, tmp_path: Path
) -> None:
    with pytest.raises(DocumentError, match=code):
        convert(source, tmp_path / "o.jsonl", **settings_)
    assert [p.name for p in tmp_path.iterdir()] == ["k.jsonl"]


def test_places_that_are_not_there_are_refused(source: Path, tmp_path: Path) -> None:
    with pytest.raises(DocumentError, match="no_such_file"):
        convert(source, tmp_path / "no" / "o.jsonl")
    with pytest.raises(DocumentError, match="no_such_file"):
        convert(tmp_path / "no.jsonl", tmp_path / "o.jsonl")
    with pytest.raises(DocumentError, match="format_unclear"):
        convert(source, tmp_path / "o.csv")
    with pytest.raises(DocumentError, match="format_unclear"):
        convert(source, tmp_path / "o.doc")


def test_an_empty_source_gives_an_empty_target(tmp_path: Path) -> None:
    (tmp_path / "none.jsonl").write_text("")
    for name in ("o.jsonl", "o.fhir.json", "o.ndjson", "tables"):
        assert convert(tmp_path / "none.jsonl", tmp_path / name).n_cases == 0
        assert convert(tmp_path / name, tmp_path / f"back-{name}.jsonl").n_cases == 0


def test_nothing_that_is_said_shows_anywhere(tmp_path: Path) -> None:
    case = {"kind": "case", "schema_version": therapeutic_process.SCHEMA_VERSION, "id": CANARY,
            "participants": [{"id": CANARY, "role": "client"}],
            "journal": [{"id": "j", "author": CANARY, "text": CANARY}]}  # fmt: skip
    (tmp_path / "k.json").write_text(json.dumps(case))
    shown = [str(convert(tmp_path / "k.json", tmp_path / n)) for n in ("a.jsonl", "a.fhir.json", "t")]
    shown.append(repr(convert(tmp_path / "k.json", tmp_path / "b.ndjson", text=True)))
    with pytest.raises(DocumentError) as refusal:
        convert(tmp_path / "k.json", tmp_path / "o.vtt")
    assert not any(CANARY in s for s in (*shown, str(refusal.value)))


WATCH = """
import resource, sys
from therapeutic_process.exchange import convert
marks = []
def watch(cases):
    for i, case in enumerate(cases):
        if i in (200, 1999):
            marks.append(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
        yield case
done = convert(sys.argv[1], sys.argv[2], turns=True, text=True, watch=watch)
print(done.n_cases, marks[1] - marks[0])
"""


@pytest.mark.parametrize("to", ["o.jsonl", "o.jsonl.gz", "o.ndjson"])
def test_cases_pass_one_by_one(to: str, tmp_path: Path) -> None:
    write_cases((c for _ in range(500) for c in example_cases()), tmp_path / "k.jsonl")
    path = str(Path(str(therapeutic_process.__file__)).parents[1])
    done = subprocess.run(
        [sys.executable, "-c", WATCH, str(tmp_path / "k.jsonl"), str(tmp_path / to)],
        env={**os.environ, "PYTHONPATH": path}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    n, growth = map(int, done.stdout.split())
    assert n == 2000
    assert growth < 4_000  # kilobytes; 1,800 of these cases are some 100 MB in memory
