"""Rules on codes that only the case can check."""

from __future__ import annotations

from typing import Any

import pytest

from therapeutic_process.records import Case


def _case(
    *codes: dict[str, Any], system: str = "annomi", speaker: str | None = "t×1", **parts: Any
) -> dict[str, Any]:
    said = {"index": 0, "kind": "speech", "speaker": speaker, "codes": list(codes)}
    sessions = [
        {"id": f"s×{n}", "number": n, "status": "held", "interactions": [said] if n == 1 else []}
        for n in (1, 2)
    ]
    done = {
        "id": "cp×",
        "system": system,
        "coder": {"kind": "observer"},
        "extent": "all",
        "sessions": ["s×1"],
    }
    return {"sessions": sessions, "coding_passes": [done], **parts}


def _code(code: str = "question", system: str = "annomi", **more: Any) -> dict[str, Any]:
    return {"coding_pass": "cp×", "system": system, "code": code, **more}


def _segment(*codes: dict[str, Any], session: str = "s×1") -> dict[str, Any]:
    return {
        "segments": [
            {
                "id": "e×",
                "kind": "unit",
                "spans": [{"session": session, "unit": "session"}],
                "codes": list(codes),
            }
        ]
    }


_OWN = {
    "id": "own",
    "name": "own",
    "codes": [{"id": "a", "dimension": "x"}, {"id": "b", "dimension": "y"}, {"id": "c", "dimension": "x"}],
}
_AT = "$.sessions[0].interactions[0].codes"
BREAKS: list[Any] = [
    ("code_unknown", f"{_AT}[0].code", _case(_code("×")), _case(_code())),
    ("code_speaker", f"{_AT}[0].code", _case(_code(), speaker="c×1"), _case(_code(), speaker=None)),
    ("code_system", f"{_AT}[0].system", _case(_code(system="automisc")), _case(_code())),
    ("reference_resolves", f"{_AT}[0].coding_pass", _case(_code(coding_pass="×")), _case(_code())),
    (
        "reference_resolves",
        f"{_AT}[0].referents[0].target",
        _case(_code(referents=[{"target": "×"}])),
        _case(_code(referents=[{"target": "c×1"}])),
    ),
    (
        "reference_resolves",
        "$.segments[0].codes[0].coding_pass",
        _case(system="imcs", **_segment(_code("action", "imcs", coding_pass="×"))),
        _case(system="imcs", **_segment(_code("action", "imcs"))),
    ),
    ("code_exclusive", "$.sessions[0].interactions[0].codes[1]", _case(_code(), _code()), _case(_code())),
    (
        "code_exclusive",
        "$.sessions[0].interactions[0].codes[2]",
        _case(*(_code(c, "own") for c in "abc"), system="own", coding_systems=[_OWN]),
        _case(
            *(_code(c, "own") for c in "abc"),
            system="own",
            coding_systems=[{**_OWN, "mutually_exclusive": False}],
        ),
    ),
    (
        "code_exclusive",
        "$.segments[0].codes[1]",
        _case(system="imcs", **_segment(_code("action", "imcs"), _code("action", "imcs"))),
        _case(system="imcs", **_segment(_code("action", "imcs"))),
    ),
    (
        "code_level",
        "$.segments[0].codes[0].system",
        _case(**_segment(_code())),
        _case(system="imcs", **_segment(_code("action", "imcs"))),
    ),
    (
        "code_covered",
        "$.segments[0].codes[0].coding_pass",
        _case(system="imcs", **_segment(_code("action", "imcs"), session="s×2")),
        _case(system="imcs", **_segment(_code("action", "imcs"))),
    ),
    (
        "system_unknown",
        "$.coding_passes[0].system",
        _case(system="own"),
        _case(system="own", coding_systems=[_OWN]),
    ),
]


@pytest.mark.parametrize(("code", "path", "bad", "good"), BREAKS)
def test_a_broken_rule_is_named_at_its_place_and_its_repair_passes(
    assert_breaks: Any, code: str, path: str, bad: dict[str, Any], good: dict[str, Any]
) -> None:
    assert_breaks(Case, code, path, bad, good)


def test_each_of_several_passes_may_give_its_code() -> None:
    bad = _case(_code(), _code(coding_pass="cp×2"))
    bad["coding_passes"].append({**bad["coding_passes"][0], "id": "cp×2"})
    people = [{"id": "c×1", "role": "client"}, {"id": "t×1", "role": "therapist"}]
    assert len(Case.model_validate({"id": "×", "participants": people, **bad}).coding_passes) == 2
