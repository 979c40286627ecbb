"""Both perspectives under a tested theory: active, inert, undecided, unclaimed, and change that nothing claims."""

from __future__ import annotations

from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from therapeutic_process.change_process import (
    CausePattern,
    CodePattern,
    EventPattern,
    Mechanism,
    RatingPattern,
    ScorePattern,
    TaskPattern,
)
from therapeutic_process.process_outcome import (
    InertVerdict,
    MechanismTest,
    TheoryPerspectives,
    TheoryTest,
    perspectives,
    theory_perspectives,
)
from therapeutic_process.records import Case
from therapeutic_process.testing import cases as any_case

INERT = InertVerdict("inert", (-0.1, 0.1), (-1.0, 1.0), 0.0, 0, 1.0, "score", "process", cast("Any", None))


def claim(
    name: str, cause: CausePattern, verdict: str = "supported", *, inert: bool = False
) -> MechanismTest:
    mechanism = Mechanism(id=name, cause=cause, effect=ScorePattern(instrument="phq9"))
    return MechanismTest(mechanism, cast("Any", verdict), (), inert=INERT if inert else None)


def a_test(*tests: MechanismTest) -> TheoryTest:
    return TheoryTest(tests, "0" * 64, None, 0.95, len(tests))


def talk(index: int, code: str | None, speaker: str = "c") -> dict[str, Any]:
    codes = [{"coding_pass": "p", "system": "automisc", "code": code}] if code else []
    return {"index": index, "kind": "speech", "speaker": speaker, "codes": codes}


def a_case(*changes: dict[str, Any], **fields: Any) -> Case:
    coded = {
        "id": "p",
        "system": "automisc",
        "coder": {"kind": "observer"},
        "extent": "all",
        "sessions": ["s1", "s2"],
    }
    sessions = [
        {
            "id": "s1",
            "number": 1,
            "status": "held",
            "interactions": [talk(0, "C"), talk(1, "N"), talk(2, None)],
        },
        {"id": "s2", "number": 2, "status": "held", "interactions": [talk(0, "S"), talk(1, "S")]},
    ]
    events = [{"participant": "c", "locus": "out_of_session", **change} for change in changes]
    defaults: dict[str, Any] = {
        "id": "k", "participants": [{"id": "c", "role": "client"}, {"id": "t", "role": "therapist"}],
        "sessions": sessions, "coding_passes": [coded], "change_events": events,
    }  # fmt: skip
    return Case(**(defaults | fields))


def code(*codes: str, role: Any = "client") -> CodePattern:
    return CodePattern(system="automisc", codes=codes, role=role)


def standings(found: TheoryPerspectives) -> dict[str, str]:
    return {r.name: r.standing for r in found.rows}


def test_what_was_recorded_stands_as_its_mechanism_does() -> None:
    tested = a_test(claim("a", code("C")), claim("b", code("S"), "contradicted", inert=True))
    found = theory_perspectives([a_case()], tested)
    assert standings(found) == {"automisc: C": "active", "automisc: S": "inert", "automisc: N": "unclaimed"}
    first = found.rows[0]
    assert (first.name, first.n, first.share) == ("automisc: S", 2, 0.5)
    assert found.interactions == {"active": 1, "unclaimed": 1, "uncoded": 1, "inert": 2}
    assert found.share("inert") == 0.4
    assert repr(found) == (
        "TheoryPerspectives(1 cases; 5 interactions: 1 active, 0 undecided, 2 inert, 1 unclaimed, 1 uncoded; "
        "0 of 0 changes outside that no session event claims)"
    )


@pytest.mark.parametrize("verdict", ["inconclusive", "contradicted", "not testable"])
def test_what_was_not_shown_to_be_small_is_undecided_and_never_inert(verdict: str) -> None:
    found = theory_perspectives([a_case()], a_test(claim("a", code("C"), verdict)))
    assert standings(found)["automisc: C"] == "undecided"
    assert found.share("inert") == 0.0


def test_inert_only_where_every_mechanism_says_so_and_active_where_one_does() -> None:
    inert, open_ = (
        claim("a", code("C"), inert=True, verdict="contradicted"),
        claim("b", code("C"), "inconclusive"),
    )
    assert standings(theory_perspectives([a_case()], a_test(inert, open_)))["automisc: C"] == "undecided"
    active = claim("c", code("C", "N"))
    found = theory_perspectives([a_case()], a_test(inert, open_, active))
    assert standings(found)["automisc: C"] == standings(found)["automisc: N"] == "active"
    assert [r.mechanisms for r in found.rows if r.name == "automisc: C"] == ["a, b, c"]


def test_a_mechanism_about_another_role_claims_nothing() -> None:
    found = theory_perspectives([a_case()], a_test(claim("a", code("C", role="therapist"))))
    assert set(standings(found).values()) == {"unclaimed"}


def test_changes_outside_are_claimed_by_what_they_cite_or_by_an_active_session_before_them() -> None:
    case = a_case(
        {"id": "e1", "after_session": "s1"},
        {"id": "e2", "after_session": "s2"},
        {"id": "e3", "after_session": "s2", "evidence": [{"kind": "session", "id": "s1"}]},
        {"id": "e4"},
    )
    found = theory_perspectives([case], a_test(claim("a", code("C"))))
    assert (found.n_changes_outside, found.n_cited, found.n_after_active) == (4, 1, 1)
    assert (found.n_unclaimed, found.n_unplaced) == (1, 1)
    assert theory_perspectives([case], a_test(claim("a", code("C"), "inconclusive"))).n_unclaimed == 2


def test_ratings_tasks_and_events_stand_too() -> None:
    of = {"kind": "session", "id": "s1"}
    case = a_case(
        {"id": "e", "locus": "in_session", "session": "s1", "domain": "mood"},
        instruments=[{"id": "x", "name": "X"}],
        ratings=[{"id": "r", "instrument": "x", "of": of, "rater": {"kind": "observer"}, "value": 3}],
        tasks=[{"id": "w", "participant": "c", "kind": "practice", "assigned_in": "s1",
                "history": [{"status": "requested"}]}],
    )  # fmt: skip
    tested = a_test(
        claim("a", RatingPattern(instrument="x"), "inconclusive"),
        claim("b", TaskPattern(tasks=("practice",))),
        claim("c", EventPattern(domain="sleep")),
    )
    found = standings(theory_perspectives([case], tested))
    assert (found["x"], found["practice"], found["change: mood"]) == ("undecided", "active", "unclaimed")
    mood = a_test(claim("c", EventPattern(domain="mood")), claim("d", EventPattern()))
    rows = theory_perspectives([case], mood).rows
    assert [r.mechanisms for r in rows if r.kind == "event"] == ["c, d"]


@settings(max_examples=15)
@given(st.lists(any_case(), max_size=3))
def test_every_interaction_and_change_is_counted_once(several: list[Case]) -> None:
    found = theory_perspectives(several, a_test(claim("a", CodePattern(system="automisc", codes=("C",)))))
    talks = sum(len(s.interactions) for c in several for s in c.held_sessions)
    outside = sum(e.locus == "out_of_session" for c in several for e in c.change_events)
    assert (found.n_interactions, found.n_changes_outside, found.n_cases) == (talks, outside, len(several))
    assert found.n_unclaimed <= outside
    assert sum(r.share for r in found.rows if r.kind == "code") == pytest.approx(
        1.0 if any(r.kind == "code" for r in found.rows) else 0.0
    )


def test_no_cases_give_no_shares() -> None:
    found = theory_perspectives([], a_test(claim("a", code("C"))))
    assert found.rows == ()
    assert found.share("active") != found.share("active")
    assert found.to_frame().height == 0


def test_one_case_under_a_theory_is_a_cohort_of_one() -> None:
    tested = a_test(claim("a", code("C")), claim("b", code("S"), "contradicted", inert=True))
    case = a_case({"id": "e", "after_session": "s2"})
    one, cohort = perspectives(case, tested), theory_perspectives([case], tested)
    assert (one.rows, one.interactions, one.n_unclaimed) == (
        cohort.rows,
        cohort.interactions,
        cohort.n_unclaimed,
    )
    assert perspectives(case).n_unclaimed == 5


def test_a_cohort_by_hand() -> None:
    """Three cases as they come, counted by hand: shares of talk, and changes outside that nothing claims.

    Each case holds C, N, nothing, S, S. A change after session 1 follows talk that is active (C); one after session 2
    follows none; one that cites session 2 is claimed by what it cites; one before all sessions follows nothing.
    """
    tested = a_test(claim("a", code("C")), claim("b", code("S"), "contradicted", inert=True))
    cases = [
        a_case({"id": "e", "after_session": "s1"}, id="k1"),
        a_case({"id": "e", "after_session": "s2"}, {"id": "f", "after_session": "s2",
               "evidence": [{"kind": "session", "id": "s2"}]}, id="k2"),
        a_case({"id": "e"}, id="k3"),
    ]  # fmt: skip
    found = theory_perspectives(cases, tested)
    assert found.interactions == {"active": 3, "unclaimed": 3, "uncoded": 3, "inert": 6}
    assert [found.share(s) for s in ("active", "inert", "undecided", "unclaimed", "uncoded")] == [
        0.2, 0.4, 0.0, 0.2, 0.2,
    ]  # fmt: skip
    assert (found.n_changes_outside, found.n_after_active, found.n_cited) == (4, 1, 1)
    assert (found.n_unclaimed, found.n_unplaced) == (1, 1)
    assert found.n_cases == 3


def test_what_was_not_tested_is_never_inert() -> None:
    untested = a_test(claim("a", code("C"), "not testable"), claim("b", code("S")))
    found = theory_perspectives([a_case()], untested)
    assert found.interactions == {"undecided": 1, "unclaimed": 1, "uncoded": 1, "active": 2}
