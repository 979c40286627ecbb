"""Rules of spans, passes and codes."""

from __future__ import annotations

from typing import Any

import pytest

from therapeutic_process.records import Code, CodingPass, Span

_PASS = {"id": "cp×", "system": "annomi", "coder": {"kind": "observer"}}
_SPAN = {"session": "s×", "unit": "session"}
_CODE = {"coding_pass": "cp×", "system": "annomi", "code": "question"}
BREAKS: list[Any] = [
    (Span, "span_bounds", "$", {**_SPAN, "start": 1}, _SPAN),
    (
        Span,
        "span_bounds",
        "$",
        {"session": "s×", "unit": "second", "start": 1},
        {"session": "s×", "unit": "second", "start": 1, "end": 1},
    ),
    (
        Span,
        "span_order",
        "$.end",
        {"session": "s×", "unit": "second", "start": 2, "end": 1.5},
        {"session": "s×", "unit": "second", "start": 1.5, "end": 2},
    ),
    (
        Span,
        "span_whole",
        "$",
        {"session": "s×", "unit": "interaction", "start": 1.5, "end": 2},
        {"session": "s×", "unit": "interaction", "start": 1, "end": 2},
    ),
    (
        Span,
        "span_interaction",
        "$.interaction",
        {"session": "s×", "unit": "character", "start": 1, "end": 2},
        {"session": "s×", "unit": "character", "interaction": 0, "start": 1, "end": 2},
    ),
    (Span, "span_interaction", "$.interaction", {**_SPAN, "interaction": 0}, _SPAN),
    (
        CodingPass,
        "pass_coverage",
        "$.spans",
        {**_PASS, "extent": "all", "spans": [_SPAN]},
        {**_PASS, "extent": "minutes", "spans": [_SPAN]},
    ),
    (
        CodingPass,
        "pass_coverage",
        "$.sessions",
        {**_PASS, "extent": "sample", "sessions": ["s×"]},
        {**_PASS, "extent": "all", "sessions": ["s×"]},
    ),
    (
        Code,
        "offset_order",
        "$.end_s",
        {**_CODE, "start_s": 2, "end_s": 1},
        {**_CODE, "start_s": 1, "end_s": 1},
    ),
]


@pytest.mark.parametrize(("record", "code", "path", "bad", "good"), BREAKS)
def test_a_broken_rule_is_named_at_its_place_and_its_repair_passes(
    assert_breaks: Any, record: Any, code: str, path: str, bad: dict[str, Any], good: dict[str, Any]
) -> None:
    assert_breaks(record, code, path, bad, good)
