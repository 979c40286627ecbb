"""A short run of the program that damages documents; `python tests/faults/mutate.py` is the long one."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest

from faults.mutate import Outcome, documented_codes, outcomes
from faults.mutations import damaged
from faults.targets import Target, targets

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("whole")


def test_every_whole_document_is_read(folder: Path) -> None:
    for target in targets(folder):
        for document in target.seeds:
            rng = random.Random(2)  # packs and does no more
            assert target.read(target.pack(document, rng)), target.name


def test_damaged_documents_give_a_case_or_a_documented_error(tmp_path: Path) -> None:
    found = outcomes(700, 4711, tmp_path)
    assert [f for o in found.values() for f in o.findings] == []
    assert sum(o.documents for o in found.values()) >= 690
    assert sum(o.read for o in found.values()) > 100
    assert sum(o.refused.total() for o in found.values()) > 200


def test_the_program_finds_what_it_looks_for(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def fails(_: bytes) -> bool:
        raise KeyError("x")

    def hangs(_: bytes) -> bool:
        while True:
            pass

    monkeypatch.setattr("faults.mutate.SECONDS", 0.05)
    wrong = (Target("fails", 1, (b"x",), fails), Target("hangs", 1, (b"x",), hangs))
    monkeypatch.setattr("faults.mutate.targets", lambda _: wrong)
    found = outcomes(2, 1, tmp_path)
    assert {name: len(o.findings) for name, o in found.items()} == {"fails": 1, "hangs": 1}
    assert isinstance(found["fails"], Outcome)


def test_the_same_seed_gives_the_same_damage() -> None:
    document = b'{"a": [1, 2, {"b": "c"}], "d": null}'
    several = [damaged(document, random.Random(i), document) for i in range(50)]
    assert several == [damaged(document, random.Random(i), document) for i in range(50)]
    assert len(set(several)) > 30


def test_codes_are_read_from_the_page() -> None:
    assert {"not_json", "too_large", "duplicate_key", "field_missing"} <= documented_codes()
