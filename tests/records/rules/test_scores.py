"""Rules on scores and ratings that only the case can check."""

from __future__ import annotations

from typing import Any

import pytest

from therapeutic_process.records import Case

_S = {"id": "s×1", "number": 1, "status": "held", "started_at": "2024-03-05T10:00Z"}


def _score(score: float | None = 3, **more: Any) -> dict[str, Any]:
    return {
        "id": "m×1",
        "instrument": "phq9",
        "subject": "c×1",
        "respondent": {"kind": "client"},
        "score": score,
        **more,
    }


def _scores(*several: dict[str, Any]) -> dict[str, Any]:
    return {"sessions": [_S], "measurements": list(several)}


def _rating(value: Any = 3, **more: Any) -> dict[str, Any]:
    rating = {
        "id": "r×",
        "instrument": "phq9",
        "of": {"kind": "session", "id": "s×1"},
        "rater": {"kind": "observer"},
        "value": value,
    }
    done = {
        "id": "cp×",
        "system": "annomi",
        "coder": {"kind": "observer"},
        "extent": "all",
        "sessions": ["s×1"],
    }
    return {"sessions": [_S], "coding_passes": [done], "ratings": [{**rating, **more}]}


_ANSWERS = [{"item": n, "value": 1} for n in range(1, 10)]
_DEPTH: dict[str, Any] = {"instrument": "exp", "scale": "experiencing"}
BREAKS: list[Any] = [
    ("score_range", "$.measurements[0].score", _scores(_score(28)), _scores(_score(27))),
    ("score_range", "$.measurements[0].score", _scores(_score(-1)), _scores(_score(0))),
    ("score_range", "$.ratings[0].value", _rating(8, **_DEPTH), _rating(7, **_DEPTH)),
    (
        "score_range",
        "$.measurements[0].items[0].value",
        _scores(_score(9, items=[{"item": 1, "value": 4}, *_ANSWERS[1:]])),
        _scores(_score(9, items=_ANSWERS)),
    ),
    (
        "item_unknown",
        "$.measurements[0].items[9].item",
        _scores(_score(9, items=[*_ANSWERS, {"item": 10, "value": 1}])),
        _scores(_score(9, items=_ANSWERS)),
    ),
    (
        "items_agree",
        "$.measurements[0].score",
        _scores(_score(10, items=_ANSWERS)),
        _scores(_score(9, items=_ANSWERS)),
    ),
    (
        "instrument_unknown",
        "$.measurements[0].instrument",
        _scores(_score(instrument="×")),
        _scores(_score()),
    ),
    ("instrument_unknown", "$.ratings[0].instrument", _rating(instrument="×"), _rating()),
    ("scale_unknown", "$.measurements[0].scale", _scores(_score(scale="×")), _scores(_score())),
    ("scale_unknown", "$.ratings[0].scale", _rating(**{**_DEPTH, "scale": "×"}), _rating(**_DEPTH)),
    ("code_system", "$.ratings[0].coding_pass", _rating(coding_pass="cp×"), _rating()),
    (
        "timing_time",
        "$.measurements[0].measured_at",
        _scores(_score(session="s×1", timing="before", measured_at="2024-03-05T10:01Z")),
        _scores(_score(session="s×1", timing="before", measured_at="2024-03-05")),
    ),
    (
        "timing_time",
        "$.measurements[0].measured_at",
        _scores(_score(session="s×1", timing="after", measured_at="2024-03-05T09:59Z")),
        _scores(_score(session="s×1", timing="after", measured_at="2024-03-05T11:59+01:00")),
    ),
    (
        "measurement_order",
        "$.measurements[1].measured_at",
        _scores(_score(measured_at="2024-03-09"), _score(id="m×2", measured_at="2024-03-01")),
        _scores(
            _score(measured_at="2024-03-09"),
            _score(id="m×2", measured_at="2024-03-01", respondent={"kind": "therapist"}),
        ),
    ),
]


@pytest.mark.parametrize(("code", "path", "bad", "good"), BREAKS)
def test_a_broken_rule_is_named_at_its_place_and_its_repair_passes(
    assert_breaks: Any, code: str, path: str, bad: dict[str, Any], good: dict[str, Any]
) -> None:
    assert_breaks(Case, code, path, bad, good)
