from __future__ import annotations

import copy
import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from therapeutic_process.base import SCHEMA_VERSION
from therapeutic_process.errors import DocumentError, VersionTooNew, VersionTooOld
from therapeutic_process.exchange.documents import dump_case, load_case
from therapeutic_process.exchange.examples import example_cases
from therapeutic_process.exchange.migrations import STEPS, Migration, Rename, migrate
from therapeutic_process.exchange.schema_document import shipped_schema


def _add_setting(document: dict[str, Any]) -> dict[str, Any]:
    return {**document, "setting": document.get("place", "unknown")}


FIRST = Migration(
    "0.7",
    "0.8",
    renames=(Rename(("sessions", "talk"), "said", "text"), Rename(("sessions",), "talk", "interactions")),
)
SECOND = Migration("0.8", "0.9", change=_add_setting, summary="the setting of old documents is their place")
OLD: dict[str, Any] = {
    "schema_version": "0.7",
    "place": "school",
    "sessions": [{"id": "s1", "talk": [{"said": "hello", "n": 1}, {"n": 2}]}, {"id": "s2"}],
}


def test_steps_are_taken_one_after_the_other_and_each_rename_reaches_every_entry() -> None:
    assert migrate(OLD, to="0.9", steps=[SECOND, FIRST]) == {
        "schema_version": "0.9",
        "place": "school",
        "setting": "school",
        "sessions": [{"id": "s1", "interactions": [{"text": "hello", "n": 1}, {"n": 2}]}, {"id": "s2"}],
    }


def test_a_migration_leaves_the_document_that_came_in_as_it_was() -> None:
    before = copy.deepcopy(OLD)
    migrate(OLD, to="0.9", steps=[FIRST, SECOND])
    assert before == OLD


def test_two_steps_at_once_equal_the_steps_one_by_one() -> None:
    halfway = migrate(OLD, to="0.8", steps=[FIRST, SECOND])
    assert halfway["schema_version"] == "0.8"
    assert migrate(halfway, to="0.9", steps=[FIRST, SECOND]) == migrate(OLD, to="0.9", steps=[FIRST, SECOND])


def test_a_renamed_field_keeps_its_place_in_the_document() -> None:
    step = Migration("0.8", "0.9", renames=(Rename((), "b", "z"),))
    made = migrate({"schema_version": "0.8", "a": 1, "b": 2, "c": 3}, to="0.9", steps=[step])
    assert list(made) == ["schema_version", "a", "z", "c"]


def test_a_document_of_the_current_version_comes_back_as_a_copy() -> None:
    document = {"schema_version": SCHEMA_VERSION, "sessions": [{"id": "s1"}]}
    made = migrate(document)
    assert made == document
    assert made["sessions"][0] is not document["sessions"][0]


def test_every_example_passes_through() -> None:
    for case in example_cases():
        assert load_case(json.dumps(migrate(json.loads(dump_case(case))))) == case


def test_the_steps_lead_to_the_present_version() -> None:
    assert STEPS[-1].after == SCHEMA_VERSION
    assert all(a.after == b.before for a, b in pairwise(STEPS))
    assert all(step.summary for step in STEPS)


def test_every_document_of_the_draft_is_valid_once_migrated(golden_draft: list[dict[str, Any]]) -> None:
    valid = Draft202012Validator(shipped_schema())
    for tree in golden_draft:
        assert not list(valid.iter_errors(migrate(tree)))
        assert load_case(json.dumps(tree)) == load_case(json.dumps(migrate(tree)))


@pytest.fixture
def golden_draft() -> list[dict[str, Any]]:
    lines = (Path(__file__).parent / "golden" / "case-0.9.jsonl").read_bytes().splitlines()
    return [json.loads(line) for line in lines]


@pytest.mark.parametrize("version", ["1.1", "2.0", "99.0"])
def test_a_newer_document_is_refused(version: str) -> None:
    with pytest.raises(VersionTooNew) as caught:
        migrate({"schema_version": version})
    assert version not in str(caught.value)


@pytest.mark.parametrize("version", ["0.6", "0.0"])
def test_an_older_document_without_steps_is_refused(version: str) -> None:
    with pytest.raises(VersionTooOld):
        migrate({"schema_version": version}, to="0.9", steps=[FIRST, SECOND])


def test_a_chain_with_a_gap_or_past_the_target_is_refused() -> None:
    with pytest.raises(VersionTooOld):
        migrate(OLD, to="0.9", steps=[FIRST])
    with pytest.raises(VersionTooOld, match="past it"):
        migrate(OLD, to="0.9", steps=[Migration("0.7", "1.0")])


@pytest.mark.parametrize(
    "version", [None, 9, "", "0", "0.9.1", "v0.9", "0.x", "٠.٩", "1" * 400 + ".0", ["0.9"]]
)
def test_what_is_no_version_is_refused_without_being_shown(version: object) -> None:
    with pytest.raises(DocumentError) as caught:
        migrate({"schema_version": version})
    assert caught.value.code == "version_unreadable"


def test_a_document_without_version_is_refused() -> None:
    with pytest.raises(DocumentError, match="version_unreadable"):
        migrate({"kind": "case"})


@pytest.mark.parametrize("steps", [[FIRST, FIRST], [Migration("0.8", "0.8")], [Migration("0.9", "0.8")]])
def test_steps_that_contradict_each_other_are_refused(steps: list[Migration]) -> None:
    with pytest.raises(DocumentError, match="steps_contradict"):
        migrate(OLD, to="0.9", steps=steps)


def test_a_rename_never_overwrites() -> None:
    step = Migration("0.8", "0.9", renames=(Rename((), "a", "b"),))
    with pytest.raises(DocumentError, match="rename_taken"):
        migrate({"schema_version": "0.8", "a": 1, "b": 2}, to="0.9", steps=[step])


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abcd"), inner, max_size=3),
    max_leaves=12,
)


@given(st.dictionaries(st.sampled_from("abcd"), json_values))
def test_a_rename_back_restores_any_document(document: dict[str, Any]) -> None:
    there = Migration("0.7", "0.8", renames=(Rename(("a", "b"), "c", "new"), Rename((), "d", "other")))
    back = Migration("0.8", "0.9", renames=(Rename((), "other", "d"), Rename(("a", "b"), "new", "c")))
    made = migrate({**document, "schema_version": "0.7"}, to="0.9", steps=[there, back])
    assert made == {**document, "schema_version": "0.9"}
