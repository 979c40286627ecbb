"""Rules of the small shared records."""

from __future__ import annotations

from typing import Any

import pytest

from therapeutic_process.records import Interval, Reference, Reporter

BREAKS: list[Any] = [
    (
        Interval,
        "interval_order",
        "$.end",
        {"start": "2024-03-05", "end": "2024-03-01"},
        {"start": "2024-03-05", "end": "2024-03-05"},
    ),
    (
        Interval,
        "interval_order",
        "$.end",
        {"start": "2024-03-05T10:00:01Z", "end": "2024-03-05T10:00:00Z"},
        {"start": "2024-03-05T10:00:00Z", "end": "2024-03-05T11:00:00+01:00"},
    ),
    (
        Reference,
        "reference_index",
        "$.index",
        {"kind": "interaction", "id": "s×"},
        {"kind": "interaction", "id": "s×", "index": 0},
    ),
    (
        Reference,
        "reference_index",
        "$.index",
        {"kind": "session", "id": "s×", "index": 3},
        {"kind": "session", "id": "s×"},
    ),
    (
        Reporter,
        "observer_outside",
        "$.participant",
        {"kind": "observer", "participant": "c×"},
        {"kind": "observer", "name": "x×"},
    ),
]


@pytest.mark.parametrize(("record", "code", "path", "bad", "good"), BREAKS)
def test_a_broken_rule_is_named_at_its_place_and_its_repair_passes(
    assert_breaks: Any, record: Any, code: str, path: str, bad: dict[str, Any], good: dict[str, Any]
) -> None:
    assert_breaks(record, code, path, bad, good)
