"""Rules on ids and references."""

from __future__ import annotations

from typing import Any

import pytest

from therapeutic_process.records import Case

_S = {"id": "s×1", "number": 1, "status": "held"}
_SAID = {"index": 4, "kind": "speech"}


def _change(*evidence: dict[str, Any], **more: Any) -> dict[str, Any]:
    event = {"id": "h×", "participant": "c×1", "locus": "out_of_session", "evidence": list(evidence), **more}
    return {"sessions": [{**_S, "interactions": [_SAID]}], "change_events": [event]}


def _said(**more: Any) -> dict[str, Any]:
    return {"sessions": [{**_S, "interactions": [{**_SAID, **more}]}]}


_TASK = {"id": "k×", "participant": "c×1", "kind": "journal", "history": [{"status": "requested"}]}
_OWN = {"id": "own", "name": "own"}
BREAKS: list[Any] = [
    ("one_client", "$.participants", {"participants": [{"id": "t×1", "role": "therapist"}]}, {}),
    ("id_repeated", "$.participants[1].id", {"participants": [{"id": "c×1", "role": "client"}] * 2}, {}),
    ("id_repeated", "$.instruments[1].id", {"instruments": [_OWN, _OWN]}, {"instruments": [_OWN]}),
    ("id_repeated", "$.coding_systems[1].id", {"coding_systems": [_OWN, _OWN]}, {"coding_systems": [_OWN]}),
    (
        "reference_resolves",
        "$.tasks[0].participant",
        {"tasks": [{**_TASK, "participant": "×"}]},
        {"tasks": [_TASK]},
    ),
    (
        "reference_resolves",
        "$.sessions[0].attended[1]",
        {"sessions": [{**_S, "attended": ["c×1", "×"]}]},
        {"sessions": [{**_S, "attended": ["c×1", "t×1"]}]},
    ),
    ("reference_resolves", "$.sessions[0].interactions[0].speaker", _said(speaker="×"), _said(speaker="c×1")),
    (
        "reference_resolves",
        "$.sessions[0].interactions[0].addressees[1]",
        _said(addressees=["c×1", "×"]),
        _said(addressees=["c×1"]),
    ),
    (
        "reference_resolves",
        "$.change_events[0].evidence[0].id",
        _change({"kind": "segment", "id": "×"}),
        _change({"kind": "session", "id": "s×1"}),
    ),
    (
        "reference_resolves",
        "$.change_events[0].evidence[0].index",
        _change({"kind": "interaction", "id": "s×1", "index": 0}),
        _change({"kind": "interaction", "id": "s×1", "index": 4}),
    ),
    (
        "reference_resolves",
        "$.ending.last_session",
        {"ending": {"kind": "completed", "last_session": "×"}},
        {"sessions": [_S], "ending": {"kind": "completed", "last_session": "s×1"}},
    ),
    (
        "reporter_role",
        "$.change_events[0].reporter.participant",
        _change(reporter={"kind": "client", "participant": "t×1"}),
        _change(reporter={"kind": "client", "participant": "c×1"}),
    ),
]


@pytest.mark.parametrize(("code", "path", "bad", "good"), BREAKS)
def test_a_broken_rule_is_named_at_its_place_and_its_repair_passes(
    assert_breaks: Any, code: str, path: str, bad: dict[str, Any], good: dict[str, Any]
) -> None:
    assert_breaks(Case, code, path, bad, good)
