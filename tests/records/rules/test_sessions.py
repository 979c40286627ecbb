"""Rules on the order of a course."""

from __future__ import annotations

from typing import Any

import pytest

from therapeutic_process.records import Case


def _session(n: int, at: str | None = None, status: str = "held", **more: Any) -> dict[str, Any]:
    return {"id": f"s×{n}", "number": n, "status": status, "started_at": at, **more}


_HOUR = _session(1, "2024-03-05T10:00Z", duration_s=3600)
_SAID = [{"index": 0, "kind": "speech"}]


def _wrote(at: str) -> dict[str, Any]:
    return {"sessions": [_HOUR], "journal": [{"id": "j×", "author": "c×1", "written_at": at}]}


def _changed(
    session: str | None = "s×1", status: str = "held", *, evidence: Any = (), at: str | None = None
) -> dict[str, Any]:
    where = {"locus": "out_of_session"} if session is None else {"locus": "in_session", "session": session}
    event = {"id": "h×", "participant": "c×1", **where, "evidence": list(evidence), "occurred": at}
    later = _session(2, status=status, interactions=_SAID if status == "held" else [])
    return {"sessions": [_HOUR, later], "change_events": [event]}


def _ended(session: str | None = None, at: str | None = None) -> dict[str, Any]:
    ending = {"kind": "completed", "last_session": session, "ended_at": at}
    return {
        "sessions": [_session(1), _session(2, "2024-03-05"), _session(3, "2024-04-05", status="planned")],
        "ending": ending,
    }


_TALK = {"kind": "interaction", "id": "s×2", "index": 0}
BREAKS: list[Any] = [
    (
        "session_number_order",
        "$.sessions[1].number",
        {"sessions": [_session(1), {**_session(2), "number": 1}]},
        {"sessions": [_session(1), {**_session(2), "number": 9}]},
    ),
    (
        "session_time_order",
        "$.sessions[1].started_at",
        {"sessions": [_session(1, "2024-03-05"), _session(2, "2024-03-01")]},
        {"sessions": [_session(1, "2024-03-05"), _session(2, "2024-03-01", status="cancelled")]},
    ),
    ("held_after_end", "$.sessions[1].started_at", _ended(at="2024-03-01"), _ended(at="2024-03-05")),
    ("held_after_end", "$.ending.last_session", _ended("s×1"), _ended("s×2")),
    ("journal_outside", "$.journal[0].written_at", _wrote("2024-03-05T10:30Z"), _wrote("2024-03-05T11:00Z")),
    (
        "locus_time",
        "$.change_events[0].occurred",
        _changed(None, at="2024-03-05T10:30Z"),
        _changed(None, at="2024-03-05"),
    ),
    (
        "locus_time",
        "$.change_events[0].occurred",
        _changed(at="2024-03-05T11:00:01Z"),
        _changed(at="2024-03-05T11:00:00Z"),
    ),
    ("locus_session", "$.change_events[0].session", _changed("s×2", "cancelled"), _changed("s×2")),
    (
        "locus_evidence",
        "$.change_events[0].evidence[0]",
        _changed(evidence=[_TALK]),
        _changed("s×2", evidence=[_TALK]),
    ),
]


@pytest.mark.parametrize(("code", "path", "bad", "good"), BREAKS)
def test_a_broken_rule_is_named_at_its_place_and_its_repair_passes(
    assert_breaks: Any, code: str, path: str, bad: dict[str, Any], good: dict[str, Any]
) -> None:
    assert_breaks(Case, code, path, bad, good)


@pytest.mark.parametrize("length", [None, 1e300, 60.0])
def test_a_session_at_the_end_of_the_calendar_is_still_a_record(length: float | None) -> None:
    session = {
        "id": "s×1",
        "number": 1,
        "status": "held",
        "started_at": "9999-12-31T23:59Z",
        "duration_s": length,
    }
    change = {
        "id": "h×",
        "participant": "c×1",
        "locus": "in_session",
        "session": "s×1",
        "occurred": "9999-12-31",
    }
    parts = {
        "sessions": [session],
        "change_events": [change],
        "journal": [{"id": "j×", "author": "c×1", "written_at": "9999-12-31T23:58Z"}],
    }
    case = Case.model_validate({"id": "×", "participants": [{"id": "c×1", "role": "client"}], **parts})
    assert case.held_sessions[0].duration_s == length
