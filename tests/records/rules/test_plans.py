"""Rules on plans and goals that only the case can check."""

from __future__ import annotations

from typing import Any

import pytest

from therapeutic_process.records import Case

_TWO = [{"id": "c×1", "role": "client"}, {"id": "c×2", "role": "client"}, {"id": "t×1", "role": "therapist"}]
_THERAPIST = {"capacity": "therapist", "participant": "t×1"}
_FIRST = {"capacity": "client", "participant": "c×1"}
_SECOND = {"capacity": "client", "participant": "c×2"}


def _plan(*agreed: dict[str, Any], n: int = 1, **more: Any) -> dict[str, Any]:
    return {
        "id": f"l×{n}",
        "revision": 1,
        "history": [{"status": "active"}],
        "agreements": [_THERAPIST, *agreed],
        **more,
    }


def _draft(n: int, **more: Any) -> dict[str, Any]:
    return {"id": f"l×{n}", "revision": n, "history": [{"status": "draft"}], **more}


def _goal(n: int, **more: Any) -> dict[str, Any]:
    return {"id": f"g×{n}", "history": [{"status": "active"}], **more}


BREAKS: list[Any] = [
    (
        "plan_agreed",
        "$.plans[0].agreements",
        {"participants": _TWO, "plans": [_plan(_FIRST)]},
        {"participants": _TWO, "plans": [_plan(_FIRST, _SECOND)]},
    ),
    (
        "plan_agreed",
        "$.plans[0].agreements",
        {"participants": _TWO, "plans": [_plan(_FIRST)]},
        {"participants": _TWO, "plans": [_plan(_FIRST, clients=["c×1"])]},
    ),
    (
        "plan_agreed",
        "$.plans[0].agreements",
        {"participants": _TWO, "plans": [_plan(_FIRST)]},
        {"participants": _TWO, "plans": [_plan(_FIRST, {"capacity": "guardian", "on_behalf_of": "c×2"})]},
    ),
    (
        "one_plan_in_force",
        "$.plans[1].history",
        {"plans": [_plan(_FIRST), _plan(_FIRST, n=2)]},
        {"plans": [_plan(_FIRST), _draft(1, id="l×2")]},
    ),
    (
        "revision_chain",
        "$.plans[1].replaces",
        {"plans": [_draft(1), _draft(3, replaces="l×1")]},
        {"plans": [_draft(1), _draft(2, replaces="l×1")]},
    ),
    (
        "revision_chain",
        "$.plans[2].replaces",
        {"plans": [_draft(1), _draft(2, replaces="l×1"), _draft(2, id="l×3", replaces="l×1")]},
        {"plans": [_draft(1), _draft(2, replaces="l×1"), _draft(3, replaces="l×2")]},
    ),
    (
        "agreement_role",
        "$.plans[0].agreements[0]",
        {"plans": [_draft(1, agreements=[{**_FIRST, "participant": "t×1"}])]},
        {"plans": [_draft(1, agreements=[_FIRST])]},
    ),
    (
        "agreement_role",
        "$.goals[0].agreements[0]",
        {"goals": [_goal(1, agreements=[{**_THERAPIST, "participant": "c×1"}])]},
        {"goals": [_goal(1, agreements=[_THERAPIST])]},
    ),
    ("no_circle", "$.goals[0].follows", {"goals": [_goal(1, follows="g×1")]}, {"goals": [_goal(1)]}),
]


@pytest.mark.parametrize(("code", "path", "bad", "good"), BREAKS)
def test_a_broken_rule_is_named_at_its_place_and_its_repair_passes(
    assert_breaks: Any, code: str, path: str, bad: dict[str, Any], good: dict[str, Any]
) -> None:
    assert_breaks(Case, code, path, bad, good)


def test_every_part_of_a_circle_is_named() -> None:
    from therapeutic_process.errors import RecordError

    people = [{"id": "c×1", "role": "client"}]
    with pytest.raises(RecordError) as caught:
        Case.model_validate(
            {"id": "×", "participants": people, "goals": [_goal(1, follows="g×2"), _goal(2, follows="g×1")]}
        )
    assert [v.path for v in caught.value.violations] == ["$.goals[0].follows", "$.goals[1].follows"]
