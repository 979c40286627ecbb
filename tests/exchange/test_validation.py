"""Large documents: the same answers as of small ones, but of a list of errors only the first."""

from __future__ import annotations

import json
from typing import Any

import pytest

from therapeutic_process.errors import DocumentError
from therapeutic_process.exchange import dump_case, example_cases, load_case, load_case_lenient, migrate
from therapeutic_process.exchange.validation import LARGE

BOTH = pytest.mark.parametrize("read", [load_case, load_case_lenient])


def grown(**changes: Any) -> dict[str, Any]:
    """Return the tree of a case above the size from which a document counts as large."""
    tree: dict[str, Any] = json.loads(dump_case(example_cases()[0]))
    one = {"kind": "speech", "text": "x" * 500}
    held = next(s for s in tree["sessions"] if s["status"] == "held" and not s.get("interactions"))
    held["interactions"] = [{"index": i, **one} for i in range(LARGE // 500)]
    return tree | changes


def refusal(read: Any, tree: dict[str, Any]) -> DocumentError:
    with pytest.raises(DocumentError) as caught:
        read(json.dumps(tree))
    return caught.value


@BOTH
def test_a_large_document_is_read(read: Any) -> None:
    text = json.dumps(grown())
    assert len(text) > LARGE
    result = read(text)
    case = getattr(result, "case", result)
    assert json.loads(dump_case(case)) == json.loads(text)


def test_unknown_fields_of_a_large_document_are_refused_or_kept() -> None:
    tree = grown(note={"x": 1})
    tree["sessions"][0]["more"] = [1]
    error = refusal(load_case, tree)
    assert {v.code for v in error.violations} == {"field_unknown"}
    read = load_case_lenient(json.dumps(tree))
    assert read.unknown == {("note",): {"x": 1}, ("sessions", 0, "more"): [1]}
    assert json.loads(dump_case(read.case, unknown=read.unknown)) == tree


@BOTH
@pytest.mark.parametrize("name", ["sessions", "participants", "goals"])
@pytest.mark.parametrize("wrong", [{}, 1, None])
def test_a_list_is_left_at_its_first_wrong_entry(read: Any, name: str, wrong: Any) -> None:
    error = refusal(read, grown(**{name: [wrong] * 100_000}))
    assert error.code == "invalid_record"
    assert 0 < error.total < 20
    assert error.violations[0].path.startswith(f"$.{name}[0]")


def test_lists_in_records_without_rules_are_left_as_well() -> None:
    tree = grown()
    computed = {
        "method": "m",
        "library_version": "1",
        "computed_at": "2024-03-01",
        "parameters": [{}] * 1_000,
    }
    event = {"id": "e", "locus": "out_of_session", "reporter": {"kind": "software"}, "provenance": computed}
    error = refusal(load_case, tree | {"change_events": [event]})
    assert 0 < sum("parameters" in v.path for v in error.violations) <= 2


def test_very_many_unknown_names_are_counted_and_not_listed() -> None:
    error = refusal(load_case, grown(**{f"secret{i}": 1 for i in range(20_000)}))
    assert (len(error.violations), error.total) == (1, 20_000)
    assert "secret" not in str(error)


def test_rules_of_a_large_document_are_checked() -> None:
    tree = grown()
    tree["sessions"][1]["number"] = tree["sessions"][0]["number"]
    assert refusal(load_case, tree).violations


def test_a_document_too_deep_to_migrate_is_refused() -> None:
    deep: Any = 1
    for _ in range(900):
        deep = [deep]
    with pytest.raises(DocumentError) as caught:
        migrate({"kind": "case", "schema_version": "0.9", "x": deep})
    assert caught.value.code == "too_deep"
