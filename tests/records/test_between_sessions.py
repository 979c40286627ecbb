"""Rules of tasks and journals."""

from __future__ import annotations

from typing import Any

import pytest

from therapeutic_process.records import AdherenceRating, BetweenSessionTask, JournalRating

_TASK = {"id": "k×", "participant": "c×", "kind": "journal"}
_DONE = {"degree": 0.5, "rater": {"kind": "client"}}
BREAKS: list[Any] = [
    (AdherenceRating, "adherence_time", "$.rated_at", _DONE, {**_DONE, "session": "s×"}),
    (
        AdherenceRating,
        "number_out_of_range",
        "$.degree",
        {**_DONE, "degree": 1.1, "session": "s×"},
        {**_DONE, "rated_at": "2024-03-01"},
    ),
    (
        JournalRating,
        "score_or_reason",
        "$.value",
        {"scale": "mood"},
        {"scale": "mood", "missing": "declined"},
    ),
    (
        BetweenSessionTask,
        "status_step",
        "$.history[1].status",
        {**_TASK, "history": [{"status": "completed"}, {"status": "in_progress"}]},
        {**_TASK, "history": [{"status": "in_progress"}, {"status": "completed"}]},
    ),
    (
        BetweenSessionTask,
        "status_order",
        "$.history[1].at",
        {
            **_TASK,
            "history": [
                {"status": "requested", "at": "2024-03-02T00:00Z"},
                {"status": "completed", "at": "2024-03-01T23:59Z"},
            ],
        },
        {
            **_TASK,
            "history": [
                {"status": "requested", "at": "2024-03-02T00:00Z"},
                {"status": "completed", "at": "2024-03-01T23:59-01:00"},
            ],
        },
    ),
]


@pytest.mark.parametrize(("record", "code", "path", "bad", "good"), BREAKS)
def test_a_broken_rule_is_named_at_its_place_and_its_repair_passes(
    assert_breaks: Any, record: Any, code: str, path: str, bad: dict[str, Any], good: dict[str, Any]
) -> None:
    assert_breaks(record, code, path, bad, good)
