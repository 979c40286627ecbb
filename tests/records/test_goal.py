"""Rules of goals."""

from __future__ import annotations

from typing import Any

import pytest

from therapeutic_process.records import Goal


def _goal(*states: Any, **more: Any) -> dict[str, Any]:
    return {"id": "g×", "history": [s if isinstance(s, dict) else {"status": s} for s in states], **more}


_RATED = {"level": 0, "rater": {"kind": "observer"}, "rated_at": "2024-03-01"}
BREAKS: list[Any] = [
    (
        Goal,
        "status_step",
        "$.history[1].status",
        _goal("proposed", "completed"),
        _goal("proposed", "active", "completed"),
    ),
    (
        Goal,
        "status_step",
        "$.history[2].status",
        _goal("active", "entered_in_error", "active"),
        _goal("active", "entered_in_error"),
    ),
    (
        Goal,
        "status_order",
        "$.history[1].at",
        _goal({"status": "proposed", "at": "2024-03-05"}, {"status": "active", "at": "2024-03-01"}),
        _goal({"status": "proposed", "at": "2024-03-05"}, {"status": "active", "at": "2024-03-05"}),
    ),
    (
        Goal,
        "reopened_reason",
        "$.history[2].reason",
        _goal("active", "completed", "active"),
        _goal("active", "completed", {"status": "active", "reason": "×"}),
    ),
    (
        Goal,
        "achievement_status",
        "$.achievement",
        _goal("proposed", achievement="achieved"),
        _goal("active", achievement="achieved"),
    ),
    (
        Goal,
        "achievement_status",
        "$.achievement",
        _goal("active", "completed", achievement="improving"),
        _goal("active", "completed", achievement="not_achieved"),
    ),
    (
        Goal,
        "achieved_at",
        "$.achieved_at",
        _goal("active", achieved_at="2024-03-01"),
        _goal("active", achieved_at="2024-03-01", achievement="achieved"),
    ),
    (
        Goal,
        "level_repeated",
        "$.levels",
        _goal("active", levels=[{"level": 0}, {"level": 0}]),
        _goal("active", levels=[{"level": 0}, {"level": 1}]),
    ),
    (
        Goal,
        "levels_first",
        "$.attainments[0].rated_at",
        _goal("active", levels_set_at="2024-03-09", attainments=[_RATED]),
        _goal("active", levels_set_at="2024-03-01", attainments=[_RATED]),
    ),
    (Goal, "list_length", "$.history", _goal(), _goal("active")),
    (Goal, "number_out_of_range", "$.weight", _goal("active", weight=0), _goal("active", weight=0.5)),
]


@pytest.mark.parametrize(("record", "code", "path", "bad", "good"), BREAKS)
def test_a_broken_rule_is_named_at_its_place_and_its_repair_passes(
    assert_breaks: Any, record: Any, code: str, path: str, bad: dict[str, Any], good: dict[str, Any]
) -> None:
    assert_breaks(record, code, path, bad, good)
