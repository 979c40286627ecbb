"""Changes outside sessions as an effect: their rate after sessions with the cause, and no verdict."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from therapeutic_process import process_outcome
from therapeutic_process.change_process import (
    ChangePattern,
    CodePattern,
    LagWindow,
    Mechanism,
    RatingPattern,
    TheoryOfChange,
)
from therapeutic_process.records import Case

if TYPE_CHECKING:
    from therapeutic_process.process_outcome import MechanismTest

COMPUTED = {"method": "sudden_gain", "library_version": "1", "computed_at": "2024-06-01"}


def change(number: int, occurred: Any, **fields: Any) -> dict[str, Any]:
    about = {"id": f"e{number}", "participant": "c", "locus": "out_of_session", "direction": "improvement"}
    return about | {"occurred": occurred} | fields


def a_case(*changes: dict[str, Any], codes: str = "CN", name: str = "k", **fields: Any) -> Case:
    """Sessions on 1 and 15 March, change talk in the first only; watched until 28 March."""
    sessions = [
        {"id": f"s{n}", "number": n, "status": "held", "started_at": f"2024-03-{day:02}",
         "interactions": [{"index": 0, "kind": "speech", "speaker": "c",
                           "codes": [{"coding_pass": "p", "system": "automisc", "code": code}]}]}
        for n, (day, code) in enumerate(zip((1, 15), codes, strict=True), start=1)
    ]  # fmt: skip
    coding = {
        "id": "p", "system": "automisc", "coder": {"kind": "observer"}, "extent": "all", "sessions": ["s1", "s2"],
    }  # fmt: skip
    measured = {
        "id": "m", "instrument": "phq9", "subject": "c", "respondent": {"kind": "client", "participant": "c"},
        "score": 3, "measured_at": "2024-03-28",
    }  # fmt: skip
    defaults: dict[str, Any] = {
        "id": name, "participants": [{"id": "c", "role": "client"}], "sessions": sessions, "measurements": [measured],
        "coding_passes": [coding], "change_events": changes,
    }  # fmt: skip
    return Case(**(defaults | fields))


def found_for(*cases: Case, **fields: Any) -> MechanismTest:
    defaults: dict[str, Any] = {
        "id": "m", "cause": CodePattern(system="automisc", codes=("C",)), "effect": ChangePattern(),
        "lag": LagWindow(unit="days", shortest=1, longest=7), "direction": "improvement", "smallest_effect": 0.5,
    }  # fmt: skip
    theory = TheoryOfChange(id="t", name="T", mechanisms=(Mechanism(**(defaults | fields)),))
    return process_outcome.test_theory(theory, cases, timing="before").mechanism("m")


def test_the_rate_after_sessions_with_the_cause_by_hand() -> None:
    # 1 to 28 March: 7 days after the session with change talk, 21 others; one change in each
    found = found_for(a_case(change(1, "2024-03-04"), change(2, "2024-03-20")))
    assert found.verdict == "not testable"
    rate = found.described
    assert rate is not None
    assert (rate.n_after, rate.days_after, rate.n_other, rate.days_other) == (1, 7, 1, 21)
    assert rate.expected == pytest.approx(7 / 21)
    assert "descriptive: no test" in str(found)
    assert found.standing == "undecided"


def test_only_changes_of_the_declared_direction_domain_and_source_count() -> None:
    case = a_case(
        change(1, "2024-03-04", domain="work"),
        change(2, "2024-03-04", direction="deterioration"),
        change(3, "2024-03-04", provenance=COMPUTED),
        change(4, "2024-03-04", domain="love"),
    )

    def counted(**fields: Any) -> int:
        rate = found_for(case, **fields).described
        return -1 if rate is None else rate.n_after

    assert counted() == 2
    assert counted(direction="deterioration") == 1
    assert counted(effect=ChangePattern(domain="work")) == 1
    assert counted(effect=ChangePattern(source="detected")) == 1


def test_what_is_not_dated_or_not_coded_is_left_out_and_counted() -> None:
    wide = {"start": "2024-03-02", "end": "2024-03-20"}
    lacking = a_case(name="uncoded", coding_passes=[], sessions=[
        {"id": "s1", "number": 1, "status": "held", "started_at": "2024-03-01"}])  # fmt: skip
    undated = a_case(name="undated", coding_passes=[], sessions=[
        {"id": "s1", "number": 1, "status": "held"}])  # fmt: skip
    found = found_for(
        a_case(change(1, wide), change(2, None, after_session="s1"), change(3, "2024-03-05")),
        lacking,
        undated,
    )
    assert dict(found.dropped) == {
        "change known only to a time wider than the declared days": 1,
        "change without a time of its own": 1,
        "client with a held session without a date": 1,
        "client with a session whose process is not known": 1,
    }
    assert found.described is not None
    assert (found.described.n_after, found.described.n_clients) == (1, 1)


def test_changes_of_which_none_can_be_dated_are_not_read_as_none() -> None:
    found = found_for(a_case(change(1, None, after_session="s1"), change(2, None, after_session="s2")))
    assert found.described is None
    assert "needed 1 or more, found 0 of 2" in found.reasons[1]


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"lag": LagWindow(unit="sessions", shortest=1, longest=1)}, "where the lag is declared in days"),
        ({"lag": LagWindow(unit="days", shortest=0.5, longest=1)}, "whole days"),
        ({"cause": RatingPattern(instrument="wai-sr")}, "no rating, no adherence"),
        ({"cause": CodePattern(system="automisc", codes=("S",))}, "no_informative_client"),
    ],
)
def test_a_rate_that_cannot_be_described_says_why(fields: dict[str, Any], reason: str) -> None:
    found = found_for(a_case(change(1, "2024-03-04")), **fields)
    assert found.described is None
    assert reason in found.reasons[1]


def test_no_case_and_nothing_recorded_are_told() -> None:
    assert "no_informative_client" in found_for().reasons[1]
    quiet = found_for(a_case())
    assert quiet.described is not None
    assert quiet.described.n_after == 0
    assert repr(quiet) == "<MechanismTest not testable; 0 clients>"
