"""Rules on segments that only the case can check."""

from __future__ import annotations

from typing import Any

import pytest

from therapeutic_process.records import Case

_SAID = [{"index": n, "kind": "speech", "text": "ab×"} for n in (0, 5)]
_SESSIONS = [
    {"id": "s×1", "number": 1, "status": "held", "duration_s": 60, "interactions": _SAID},
    {"id": "s×2", "number": 2, "status": "no_show"},
]


def _span(
    unit: str = "session", start: float | None = None, end: float | None = None, **more: Any
) -> dict[str, Any]:
    return {"session": "s×1", "unit": unit, "start": start, "end": end, **more}


def _on(*spans: dict[str, Any], **parts: Any) -> dict[str, Any]:
    return {
        "sessions": _SESSIONS,
        "segments": [{"id": "e×", "kind": "episode", "spans": list(spans)}],
        **parts,
    }


def _staged(*stages: tuple[str, float]) -> dict[str, Any]:
    made = [
        {
            "id": f"e×{n}",
            "kind": "stage",
            "parent": "e×",
            "stage": stage,
            "spans": [_span("interaction", at, at)],
        }
        for n, (stage, at) in enumerate(stages)
    ]
    return {"sessions": _SESSIONS, "segments": [{"id": "e×", "kind": "episode", "spans": [_span()]}, *made]}


_SAMPLE = {"id": "cp×", "system": "annomi", "coder": {"kind": "observer"}, "extent": "minutes"}
BREAKS: list[Any] = [
    ("held_only", "$.segments[0].spans[0].session", _on(_span(session="s×2")), _on(_span())),
    (
        "span_inside",
        "$.segments[0].spans[1].end",
        _on(_span(), _span("second", 0, 61)),
        _on(_span(), _span("second", 0, 60)),
    ),
    (
        "span_inside",
        "$.segments[0].spans[0]",
        _on(_span("interaction", 0, 4)),
        _on(_span("interaction", 0, 5)),
    ),
    (
        "span_inside",
        "$.segments[0].spans[0].interaction",
        _on(_span("character", 0, 1, interaction=4)),
        _on(_span("character", 0, 1, interaction=5)),
    ),
    (
        "span_inside",
        "$.segments[0].spans[0].end",
        _on(_span("character", 0, 4, interaction=5)),
        _on(_span("character", 0, 3, interaction=5)),
    ),
    (
        "span_inside",
        "$.coding_passes[0].spans[0].end",
        _on(_span(), coding_passes=[{**_SAMPLE, "spans": [_span("second", 0, 61)]}]),
        _on(_span(), coding_passes=[{**_SAMPLE, "spans": [_span("second", 0, 6)]}]),
    ),
    (
        "stage_order",
        "$.segments[1].stage",
        _staged(("marker", 5), ("task", 0)),
        _staged(("task", 5), ("marker", 0)),
    ),
    (
        "no_circle",
        "$.segments[0].parent",
        {
            "sessions": _SESSIONS,
            "segments": [{"id": "e×", "kind": "unit", "spans": [_span()], "parent": "e×"}],
        },
        _on(_span()),
    ),
]


@pytest.mark.parametrize(("code", "path", "bad", "good"), BREAKS)
def test_a_broken_rule_is_named_at_its_place_and_its_repair_passes(
    assert_breaks: Any, code: str, path: str, bad: dict[str, Any], good: dict[str, Any]
) -> None:
    assert_breaks(Case, code, path, bad, good)
