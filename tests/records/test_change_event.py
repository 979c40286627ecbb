"""Rules of changes."""

from __future__ import annotations

from typing import Any

import pytest

from therapeutic_process.records import ChangeEvent

_OUT = {"id": "h×", "participant": "c×", "locus": "out_of_session"}
_IN = {"id": "h×", "participant": "c×", "locus": "in_session", "session": "s×"}
BREAKS: list[Any] = [
    (ChangeEvent, "locus_session", "$.session", {**_IN, "session": None}, _IN),
    (ChangeEvent, "locus_session", "$.after_session", {**_IN, "after_session": "s×"}, _IN),
    (ChangeEvent, "locus_session", "$.session", {**_OUT, "session": "s×"}, {**_OUT, "after_session": "s×"}),
    (
        ChangeEvent,
        "reported_after",
        "$.reported",
        {**_OUT, "occurred": "2024-03-09", "reported": "2024-03-01"},
        {**_OUT, "occurred": "2024-03-09", "reported": "2024-03-09"},
    ),
    (
        ChangeEvent,
        "reported_after",
        "$.reported",
        {**_OUT, "occurred": {"start": "2024-03-09", "end": "2024-04-01"}, "reported": "2024-03-01"},
        {**_OUT, "occurred": {"start": "2024-03-09", "end": "2024-04-01"}, "reported": "2024-03-15"},
    ),
]


@pytest.mark.parametrize(("record", "code", "path", "bad", "good"), BREAKS)
def test_a_broken_rule_is_named_at_its_place_and_its_repair_passes(
    assert_breaks: Any, record: Any, code: str, path: str, bad: dict[str, Any], good: dict[str, Any]
) -> None:
    assert_breaks(record, code, path, bad, good)
