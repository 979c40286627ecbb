from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings

from therapeutic_process.instruments import builtin_catalogue
from therapeutic_process.records import Case
from therapeutic_process.session_process import collaboration_and_openness, plan_adherence, session_ratings
from therapeutic_process.session_process.facets import facets_of, facets_of_code, topics_of
from therapeutic_process.testing import cases

CLIENT = {"kind": "client", "participant": "c1"}
THERAPIST = {"kind": "therapist", "participant": "t1"}
OPEN = {
    "id": "candour", "name": "Candour", "facets": ["self_relatedness"], "levels": ["interaction"],
    "codes": [{"id": "tells"}, {"id": "agrees", "facets": ["contract"]}, {"id": "neither", "facets": ["operations"]}],
}  # fmt: skip


def spoken(*codes: str | None) -> list[dict[str, Any]]:
    given = [[] if c is None else [{"coding_pass": "p", "system": "candour", "code": c}] for c in codes]
    return [{"index": i, "kind": "speech", "speaker": "c1", "codes": c} for i, c in enumerate(given)]


def case_with(**parts: Any) -> Case:
    sessions = [
        {"id": "s1", "number": 1, "status": "held", "interactions": spoken("tells", "agrees", None, "tells")},
        {"id": "s2", "number": 2, "status": "cancelled"},
        {"id": "s3", "number": 3, "status": "held", "interactions": spoken(None)},
        {"id": "s4", "number": 4, "status": "held"},
    ]
    everything: dict[str, Any] = {
        "id": "k",
        "participants": [{"id": "c1", "role": "client"}, {"id": "t1", "role": "therapist"}],
        "sessions": sessions,
        "coding_systems": [OPEN],
        "coding_passes": [
            {
                "id": "p",
                "system": "candour",
                "coder": {"kind": "observer"},
                "extent": "all",
                "sessions": ["s1", "s3"],
            }
        ],
    }
    return Case.model_validate({**everything, **parts})


def rated(
    name: str, session: str, instrument: str, scale: str | None, value: float, by: dict[str, str]
) -> dict[str, Any]:
    of = {"kind": "session", "id": session}
    return {"id": name, "instrument": instrument, "scale": scale, "of": of, "rater": by, "value": value}


def test_a_scale_speaks_to_its_own_facets_before_those_of_its_instrument() -> None:
    known = builtin_catalogue()
    assert facets_of(known, "wai_sr", "bond") == ("bond",)
    assert facets_of(known, "wai_sr", None) == ("contract", "bond")
    assert facets_of(known, "exp", "experiencing") == ("self_relatedness",)
    assert facets_of(known, "phq9", None) == facets_of(known, "nobody", "nothing") == ()
    assert topics_of(("in_session_impacts",)) == ()
    own = known.with_(*case_with().coding_systems)
    assert [facets_of_code(own, "candour", c.id) for c in own.coding_systems["candour"].codes] == [
        ("self_relatedness",),
        ("contract",),
        ("operations",),
    ]
    assert facets_of_code(own, "nobody", "nothing") == ()


def test_ratings_go_to_the_topic_that_their_instrument_declares() -> None:
    ratings = [
        rated("r1", "s1", "wai_sr", "bond", 15, CLIENT),
        rated("r2", "s1", "wai_sr", "bond", 12, THERAPIST),
        rated("r3", "s4", "wai_sr", "bond", 16, CLIENT),
        rated("r4", "s1", "exp", "experiencing", 4, {"kind": "observer", "name": "A"}),
        rated("r5", "s1", "seq", "depth", 4, CLIENT),
    ]
    found = collaboration_and_openness(
        case_with(ratings=ratings, coding_passes=[], sessions=_without_codes())
    )
    assert [(c.role, c.n, c.gaps) for c in found.collaboration] == [
        ("client", 2, "3"),
        ("therapist", 1, "3-4"),
    ]
    assert [c.instrument for c in found.openness] == ["exp"]
    assert found.n_undeclared == 1
    (pair,) = found.congruence
    assert (pair.n_paired, pair.discrepancy, pair.n_only_criterion) == (1, -3.0, 1)
    told = [(m.session, m.value, m.missing) for m in found.sessions if m.role == "client"]
    assert told == [(1, 15.0, None), (3, None, "not_rated"), (4, 16.0, None)]


def _without_codes() -> list[dict[str, Any]]:
    return [{"id": f"s{n}", "number": n, "status": "held" if n != 2 else "cancelled"} for n in (1, 2, 3, 4)]


def test_codes_are_shares_of_what_a_pass_looked_at_and_unknown_elsewhere() -> None:
    found = collaboration_and_openness(case_with())
    told = {(m.topic, m.scale, m.session): (m.value, m.missing) for m in found.sessions}
    assert told == {
        ("openness", "tells", 1): (0.5, None),
        ("openness", "tells", 3): (0.0, None),
        ("openness", "tells", 4): (None, "not_coded"),
        ("collaboration", "agrees", 1): (0.25, None),
        ("collaboration", "agrees", 3): (0.0, None),
        ("collaboration", "agrees", 4): (None, "not_coded"),
    }


def test_sides_of_an_agreement_stand_apart() -> None:
    people = [
        {"id": "c1", "role": "client"},
        {"id": "c2", "role": "client"},
        {"id": "t1", "role": "therapist"},
    ]
    agreements = [
        {"capacity": "client", "participant": "c1", "extent": 0.5},
        {"capacity": "therapist", "participant": "t1"},
    ]
    plans = [{"id": "p1", "revision": 1, "history": [{"status": "draft"}], "agreements": agreements}]
    guardian = [{"capacity": "guardian", "extent": 1.0}]
    goals = [
        {
            "id": "g1",
            "participants": ["c1", "c2"],
            "history": [{"status": "proposed"}],
            "agreements": guardian,
        }
    ]
    found = collaboration_and_openness(case_with(participants=people, plans=plans, goals=goals)).agreements
    assert [(a.what, a.side, a.n_agreed, a.n_asked, a.extent, a.missing) for a in found] == [
        ("plan", "client", 1, 2, 0.5, None),
        ("plan", "therapist", 1, 1, None, "no_extent_recorded"),
        ("goal", "client", 2, 2, 1.0, None),
        ("goal", "therapist", 0, 1, None, "no_agreement_recorded"),
    ]


def test_every_task_has_one_answer() -> None:
    histories = [
        ["requested"],
        ["requested", "accepted", "cancelled"],
        ["requested", "cancelled"],
        ["requested", "rejected"],
        ["requested", "failed"],
        ["requested", "entered_in_error"],
    ]
    tasks = [
        {"id": f"k{i}", "participant": "c1", "kind": "practice", "history": [{"status": s} for s in steps]}
        for i, steps in enumerate(histories)
    ]
    found = collaboration_and_openness(case_with(tasks=tasks)).tasks
    assert (found.n, found.n_taken_up, found.n_rejected, found.n_cancelled, found.n_unanswered) == (
        5,
        2,
        1,
        1,
        1,
    )


def test_adherence_stands_beside_and_changes_nothing() -> None:
    history = [{"status": "draft"}, {"status": "active"}]
    agreements = [{"capacity": "client", "participant": "c1"}, {"capacity": "therapist", "participant": "t1"}]
    plans = [{"id": "p1", "revision": 1, "history": history, "agreements": agreements, "planned_sessions": 6}]
    case = case_with(plans=plans)
    found = collaboration_and_openness(case)
    assert found.adherence == plan_adherence(case)
    assert found.adherence[0].share_held == 0.5
    assert found.sessions == collaboration_and_openness(case_with()).sessions


def test_what_is_not_there_is_named() -> None:
    empty = Case.model_validate({"id": "k", "participants": [{"id": "c1", "role": "client"}]})
    found = collaboration_and_openness(empty)
    assert found.missing == (
        "no_measure_of_collaboration",
        "no_measure_of_openness",
        "no_plan_or_goal",
        "no_plan_in_force",
    )
    assert found.sessions == ()
    assert found.to_frame().height == 0


@settings(max_examples=25)
@given(cases())
def test_every_declared_measure_has_a_row_in_every_session_held(case: Case) -> None:
    found = collaboration_and_openness(case)
    series = {(m.topic, m.kind, m.instrument, m.scale, m.role, m.rater) for m in found.sessions}
    assert len(found.sessions) == len(series) * len(case.held_sessions)
    assert all((m.value is None) != (m.missing is None) for m in found.sessions)
    rated = sum(m.value is not None for m in found.sessions if m.kind == "rating")
    assert rated <= 2 * session_ratings(case).n_rated


def test_nothing_shows_a_value_or_an_id() -> None:
    case = case_with(ratings=[rated("r1", "s1", "wai_sr", "bond", 15.5, CLIENT)])
    found = collaboration_and_openness(case)
    assert "15.5" not in repr(found) + repr(found.sessions) + repr(found.collaboration)
    assert "c1" not in repr(found) + repr(found.sessions)


@pytest.mark.parametrize("facet", ["contract", "bond"])
def test_another_catalogue_sorts_otherwise(facet: str) -> None:
    depth = builtin_catalogue().instruments["seq"].with_changes(facets=(facet,))
    case = case_with(ratings=[rated("r1", "s1", "seq", "depth", 5, CLIENT)])
    assert collaboration_and_openness(case).collaboration == ()
    assert (
        len(collaboration_and_openness(case, catalogue=builtin_catalogue().with_(depth)).collaboration) == 1
    )
