"""Rules of treatment plans standing alone."""

from __future__ import annotations

from typing import Any

import pytest

from therapeutic_process.records import TreatmentPlan

_DRAFT = {"id": "l×", "revision": 1, "history": [{"status": "draft"}]}
_ACTIVE = {**_DRAFT, "history": [{"status": "draft"}, {"status": "active"}]}
_BOTH = [{"capacity": "therapist"}, {"capacity": "guardian", "on_behalf_of": "c×"}]
BREAKS: list[Any] = [
    (
        TreatmentPlan,
        "revision_chain",
        "$.replaces",
        {**_DRAFT, "revision": 2},
        {**_DRAFT, "revision": 2, "replaces": "l×0"},
    ),
    (TreatmentPlan, "revision_chain", "$.replaces", {**_DRAFT, "replaces": "l×0"}, _DRAFT),
    (
        TreatmentPlan,
        "plan_agreed",
        "$.agreements",
        {**_ACTIVE, "agreements": _BOTH[:1]},
        {**_ACTIVE, "agreements": _BOTH},
    ),
    (
        TreatmentPlan,
        "plan_agreed",
        "$.agreements",
        {**_ACTIVE, "agreements": _BOTH[1:]},
        {**_ACTIVE, "agreements": _BOTH},
    ),
    (
        TreatmentPlan,
        "status_step",
        "$.history[1].status",
        {**_DRAFT, "history": [{"status": "draft"}, {"status": "completed"}]},
        {**_DRAFT, "history": [{"status": "draft"}, {"status": "revoked"}]},
    ),
]


@pytest.mark.parametrize(("record", "code", "path", "bad", "good"), BREAKS)
def test_a_broken_rule_is_named_at_its_place_and_its_repair_passes(
    assert_breaks: Any, record: Any, code: str, path: str, bad: dict[str, Any], good: dict[str, Any]
) -> None:
    assert_breaks(record, code, path, bad, good)


def test_a_plan_is_in_force_only_while_it_is_active() -> None:
    active = TreatmentPlan.model_validate({**_ACTIVE, "agreements": _BOTH})
    assert active.in_force
    paused = active.with_changes(history=(*active.history, {"status": "on_hold"}))
    assert not paused.in_force
    assert paused.status == "on_hold"
