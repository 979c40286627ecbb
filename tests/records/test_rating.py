"""Rules of ratings and measurements."""

from __future__ import annotations

from typing import Any

import pytest

from therapeutic_process.records import ItemAnswer, Measurement, Rating

_BY = {"kind": "observer"}
_RATING = {"id": "r×", "instrument": "exp", "rater": _BY, "value": 3}
_SCORE = {"id": "m×", "instrument": "phq9", "subject": "c×", "respondent": {"kind": "client"}}
BREAKS: list[Any] = [
    (
        Rating,
        "rating_target",
        "$.of.kind",
        {**_RATING, "of": {"kind": "task", "id": "k×"}},
        {**_RATING, "of": {"kind": "goal", "id": "g×"}},
    ),
    (
        Rating,
        "reference_index",
        "$.of.index",
        {**_RATING, "of": {"kind": "interaction", "id": "s×"}},
        {**_RATING, "of": {"kind": "interaction", "id": "s×", "index": 0}},
    ),
    (ItemAnswer, "score_or_reason", "$.value", {"item": 1}, {"item": 1, "value": 0}),
    (ItemAnswer, "number_out_of_range", "$.item", {"item": 0, "value": 0}, {"item": 1, "value": 0}),
    (Measurement, "score_or_reason", "$.score", _SCORE, {**_SCORE, "missing": "declined"}),
    (
        Measurement,
        "score_or_reason",
        "$.score",
        {**_SCORE, "score": 0, "missing": "declined"},
        {**_SCORE, "score": 0},
    ),
    (
        Measurement,
        "item_repeated",
        "$.items",
        {**_SCORE, "score": 3, "items": [{"item": 1, "value": 0}, {"item": 1, "value": 0}]},
        {**_SCORE, "score": 3, "items": [{"item": 1, "value": 0}, {"item": 2, "value": 0}]},
    ),
    (
        Measurement,
        "timing_session",
        "$.session",
        {**_SCORE, "score": 3, "timing": "before"},
        {**_SCORE, "score": 3, "timing": "before", "session": "s×"},
    ),
]


@pytest.mark.parametrize(("record", "code", "path", "bad", "good"), BREAKS)
def test_a_broken_rule_is_named_at_its_place_and_its_repair_passes(
    assert_breaks: Any, record: Any, code: str, path: str, bad: dict[str, Any], good: dict[str, Any]
) -> None:
    assert_breaks(record, code, path, bad, good)
