"""Rules of participants and problems."""

from __future__ import annotations

from typing import Any

import pytest

from therapeutic_process.records import Participant, Problem

BREAKS: list[Any] = [
    (
        Participant,
        "client_is_human",
        "$.nature",
        {"id": "c×", "role": "client", "nature": "software"},
        {"id": "t×", "role": "therapist", "nature": "software"},
    ),
    (
        Participant,
        "number_out_of_range",
        "$.birth_year",
        {"id": "c×", "role": "client", "birth_year": 1200},
        {"id": "c×", "role": "client", "birth_year": 1990},
    ),
    (Problem, "problem_named", "$", {"id": "p×"}, {"id": "p×", "coding": {"system": "×", "code": "×"}}),
]


@pytest.mark.parametrize(("record", "code", "path", "bad", "good"), BREAKS)
def test_a_broken_rule_is_named_at_its_place_and_its_repair_passes(
    assert_breaks: Any, record: Any, code: str, path: str, bad: dict[str, Any], good: dict[str, Any]
) -> None:
    assert_breaks(record, code, path, bad, good)


def test_identifying_data_have_no_field() -> None:
    assert not {"name", "address", "birth_date", "email", "phone"} & set(Participant.model_fields)
