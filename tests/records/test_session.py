"""Rules of interactions, sessions and segments."""

from __future__ import annotations

from typing import Any

import pytest

from therapeutic_process.records import Interaction, Segment, Session

_HELD = {"id": "s×", "number": 1, "status": "held"}
_SAID = {"index": 0, "kind": "speech", "speaker": "c×", "text": "t×"}
_CODE = {"coding_pass": "cp×", "system": "annomi", "code": "question"}
_SPAN = {"session": "s×", "unit": "session"}
BREAKS: list[Any] = [
    (
        Interaction,
        "offset_order",
        "$.end_s",
        {**_SAID, "start_s": 2, "end_s": 1},
        {**_SAID, "start_s": 1, "end_s": 2},
    ),
    (
        Interaction,
        "offset_order",
        "$.codes[1].end_s",
        {**_SAID, "codes": [_CODE, {**_CODE, "start_s": 2, "end_s": 1}]},
        {**_SAID, "codes": [_CODE, _CODE]},
    ),
    (
        Session,
        "held_only",
        "$.interactions",
        {**_HELD, "status": "cancelled", "interactions": [_SAID]},
        {**_HELD, "interactions": [_SAID]},
    ),
    (
        Session,
        "held_only",
        "$.attended",
        {**_HELD, "status": "no_show", "attended": ["c×"]},
        {**_HELD, "status": "no_show", "attended": []},
    ),
    (
        Session,
        "index_order",
        "$.interactions[1].index",
        {**_HELD, "interactions": [_SAID, _SAID]},
        {**_HELD, "interactions": [_SAID, {**_SAID, "index": 7}]},
    ),
    (
        Session,
        "speaker_attended",
        "$.interactions[0].speaker",
        {**_HELD, "attended": ["t×"], "interactions": [_SAID]},
        {**_HELD, "attended": ["c×"], "interactions": [_SAID]},
    ),
    (
        Session,
        "offset_order",
        "$.interactions[0].end_s",
        {**_HELD, "interactions": [{**_SAID, "start_s": 2, "end_s": 1}]},
        {**_HELD, "interactions": [{**_SAID, "start_s": 1}]},
    ),
    (
        Session,
        "offset_order",
        "$.interactions[0].codes[0].end_s",
        {**_HELD, "interactions": [{**_SAID, "codes": [{**_CODE, "start_s": 2, "end_s": 1}]}]},
        {**_HELD, "interactions": [{**_SAID, "codes": [_CODE]}]},
    ),
    (
        Session,
        "offset_inside",
        "$.interactions[0]",
        {**_HELD, "duration_s": 60, "interactions": [{**_SAID, "start_s": 61}]},
        {**_HELD, "duration_s": 60, "interactions": [{**_SAID, "start_s": 1, "end_s": 60}]},
    ),
    (
        Segment,
        "stage_named",
        "$.stage",
        {"id": "e×", "kind": "episode", "spans": [_SPAN], "stage": "task"},
        {"id": "e×", "kind": "episode", "spans": [_SPAN]},
    ),
    (
        Segment,
        "stage_named",
        "$.stage",
        {"id": "e×", "kind": "stage", "spans": [_SPAN], "parent": "e×2"},
        {"id": "e×", "kind": "stage", "spans": [_SPAN], "parent": "e×2", "stage": "task"},
    ),
    (
        Segment,
        "stage_parent",
        "$.parent",
        {"id": "e×", "kind": "stage", "spans": [_SPAN], "stage": "task"},
        {"id": "e×", "kind": "stage", "spans": [_SPAN], "parent": "e×2", "stage": "task"},
    ),
    (
        Segment,
        "offset_order",
        "$.codes[0].end_s",
        {"id": "e×", "kind": "unit", "spans": [_SPAN], "codes": [{**_CODE, "start_s": 2, "end_s": 1}]},
        {"id": "e×", "kind": "unit", "spans": [_SPAN], "codes": [_CODE]},
    ),
    (
        Segment,
        "list_length",
        "$.spans",
        {"id": "e×", "kind": "unit", "spans": []},
        {"id": "e×", "kind": "unit", "spans": [_SPAN]},
    ),
]


@pytest.mark.parametrize(("record", "code", "path", "bad", "good"), BREAKS)
def test_a_broken_rule_is_named_at_its_place_and_its_repair_passes(
    assert_breaks: Any, record: Any, code: str, path: str, bad: dict[str, Any], good: dict[str, Any]
) -> None:
    assert_breaks(record, code, path, bad, good)


def test_people_may_talk_over_each_other() -> None:
    several = [
        {**_SAID, "start_s": 5, "end_s": 9},
        {**_SAID, "index": 1, "speaker": "t×", "start_s": 4, "end_s": 6},
    ]
    assert len(Session.model_validate({**_HELD, "interactions": several}).interactions) == 2
