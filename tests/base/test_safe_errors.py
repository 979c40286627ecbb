"""Pydantic's errors in our words: place, rule, kind of thing; never the thing."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from therapeutic_process.base import at, safe_errors
from therapeutic_process.errors import RecordError
from therapeutic_process.records import Case, Goal, Interaction, Participant

_C = {"id": "c×", "role": "client"}
_SAID = {"index": 0, "kind": "speech"}
_ROLES = "one of 'client', 'therapist' or 'other'"
_GOAL = {"id": "g×", "history": [{"status": "active"}]}

ROWS: list[Any] = [
    (Participant, {"role": "client"}, "field_missing", "$.id", "this field", "nothing"),
    (Participant, {**_C, "×": 1}, "field_unknown", "$", "only declared fields", "an unknown field"),
    (Participant, {**_C, "role": "×"}, "not_in_vocabulary", "$.role", _ROLES, "another value"),
    (Participant, {**_C, "site": 7}, "wrong_type", "$.site", "a text", "a whole number"),
    (
        Participant,
        {**_C, "site": None, "birth_year": "×"},
        "wrong_type",
        "$.birth_year",
        "a whole number",
        "a text",
    ),
    (
        Participant,
        {**_C, "birth_year": 9999},
        "number_out_of_range",
        "$.birth_year",
        "at most 2200",
        "a larger number",
    ),
    (Participant, {**_C, "id": ""}, "text_length", "$.id", "at least 1 character(s)", "a shorter text"),
    (
        Participant,
        {**_C, "site": "×" * 1001},
        "text_length",
        "$.site",
        "at most 1000 characters",
        "a longer text",
    ),
    (
        Interaction,
        {**_SAID, "start_s": float("inf")},
        "number_not_finite",
        "$.start_s",
        "a finite number",
        "an infinite number or NaN",
    ),
    (Interaction, {**_SAID, "codes": {"×": 1}}, "wrong_type", "$.codes", "a list", "an object"),
    (Goal, {**_GOAL, "history": []}, "list_length", "$.history", "at least 1 entries", "fewer"),
    (
        Goal,
        {**_GOAL, "history": [{"status": "×"}]},
        "not_in_vocabulary",
        "$.history[0].status",
        None,
        "another value",
    ),
    (Goal, {**_GOAL, "history": ["×"]}, "wrong_type", "$.history[0]", "an object", "a text"),
    (Goal, {**_GOAL, "weight": 0}, "number_out_of_range", "$.weight", "more than 0.0", "a smaller number"),
    (
        Case,
        {"id": "×", "participants": [{**_C, "role": "×"}]},
        "not_in_vocabulary",
        "$.participants[0].role",
        None,
        "another value",
    ),
    (Case, {"id": "×", "participants": []}, "list_length", "$.participants", "at least 1 entries", "fewer"),
    (Case, "×", "wrong_type", "$", "an object", "a text"),
]


@pytest.mark.parametrize(
    ("record", "document", "code", "path", "needed", "found"),
    ROWS,
)
def test_each_kind_of_error_in_our_words(
    record: Any, document: Any, code: str, path: str, needed: str | None, found: str
) -> None:
    with pytest.raises(RecordError) as caught:
        record.model_validate(document)
    (violation,) = caught.value.violations
    assert (violation.code, violation.path, violation.found) == (code, path, found)
    assert needed in {None, violation.needed}
    assert caught.value.total == 1
    with pytest.raises(ValidationError) as from_pydantic:
        TypeAdapter(record).validate_python(document)
    assert safe_errors(from_pydantic.value) == caught.value.violations


def test_a_list_whose_entries_are_wrong_is_not_called_too_short() -> None:
    with pytest.raises(RecordError) as caught:
        Case.model_validate({"id": "×", "participants": [{"id": "×"}] * 3})
    assert [v.code for v in caught.value.violations] == ["field_missing"] * 3
    assert caught.value.total == 3


def test_type_errors_come_first_and_rules_once_the_types_hold() -> None:
    broken: dict[str, Any] = {**_GOAL, "achievement": "achieved", "history": [{"status": "proposed"}]}
    with pytest.raises(RecordError) as types_first:
        Goal.model_validate({**broken, "weight": "×"})
    assert [v.code for v in types_first.value.violations] == ["wrong_type"]
    with pytest.raises(RecordError) as rules:
        Goal.model_validate(broken)
    assert [v.code for v in rules.value.violations] == ["achievement_status"]


def test_the_rules_of_a_nested_record_are_placed_from_the_outside() -> None:
    with pytest.raises(RecordError) as caught:
        Case.model_validate({"id": "×", "participants": [_C, {**_C, "nature": "software"}]})
    assert [(v.code, v.path) for v in caught.value.violations] == [
        ("client_is_human", "$.participants[1].nature")
    ]


def test_a_path_is_made_of_names_and_positions() -> None:
    assert at() == "$"
    assert at("sessions", 0, "interactions", 12) == "$.sessions[0].interactions[12]"
