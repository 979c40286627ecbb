"""The two perspectives on one case."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given

from therapeutic_process.errors import RecordError
from therapeutic_process.process_outcome import perspectives
from therapeutic_process.records import Case, Reference
from therapeutic_process.testing import cases


def a_case(*events: dict[str, Any], **fields: Any) -> Case:
    three = [{"index": i, "kind": "speech"} for i in (0, 2, 5)]
    sessions = [
        {"id": "s1", "number": 1, "status": "held", "interactions": three},
        {"id": "s2", "number": 2, "status": "no_show"},
        {"id": "s3", "number": 3, "status": "held", "interactions": [{"index": 0, "kind": "silence"}]},
    ]  # fmt: skip
    return Case(
        **{
            "id": "k",
            "participants": [{"id": "c", "role": "client"}],
            "sessions": sessions,
            "change_events": events,
            **fields,
        }
    )


def change(name: str, locus: str, *evidence: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return {"id": name, "participant": "c", "locus": locus, "evidence": evidence, **fields}


def interaction(session: str, index: int) -> dict[str, Any]:
    return {"kind": "interaction", "id": session, "index": index}


def test_what_both_views_hold_by_hand() -> None:
    case = a_case(
        change("out", "out_of_session", interaction("s3", 0), interaction("s1", 5)),
        change("in", "in_session", interaction("s1", 5), session="s1"),
        change("alone", "out_of_session"),
    )
    found = perspectives(case)
    assert found.changes_in_session == ("in",)
    assert found.changes_outside == ("out", "alone")
    assert [(r.id, r.index) for r in found.claimed_interactions] == [("s1", 5), ("s3", 0)]
    assert (found.n_interactions, found.n_unclaimed) == (4, 2)
    assert repr(found) == (
        "Perspectives(session only: 2 of 4 interactions unclaimed; both: 2 interactions cited, 1 changes in session; "
        "change only: 2 changes outside)"
    )
    assert any("inert" in sentence for sentence in found.meaning)


def test_a_change_that_cites_a_whole_session_or_segment_claims_no_single_interaction() -> None:
    segment = {
        "id": "g",
        "kind": "episode",
        "spans": [{"session": "s1", "unit": "interaction", "start": 0, "end": 2}],
    }
    event = change("e", "out_of_session", {"kind": "session", "id": "s1"}, {"kind": "segment", "id": "g"})
    found = perspectives(a_case(event, segments=[segment]))
    assert (found.claimed_interactions, found.n_unclaimed) == ((), 4)


def test_an_interaction_of_a_session_that_was_not_held_cannot_be_cited() -> None:
    with pytest.raises(RecordError, match="reference_resolves"):
        a_case(change("e", "out_of_session", interaction("s2", 0)))
    # a copy that nobody validated does not break the partition either
    valid = a_case(change("e", "out_of_session", interaction("s1", 0)))
    wrong = Reference(kind="interaction", id="s2", index=0)
    (event,) = valid.change_events
    case = valid.model_copy(update={"change_events": (event.model_copy(update={"evidence": (wrong,)}),)})
    assert (perspectives(case).claimed_interactions, perspectives(case).n_unclaimed) == ((), 4)


def test_a_case_without_sessions_or_changes() -> None:
    found = perspectives(a_case(sessions=[]))
    assert (found.n_interactions, found.n_unclaimed, found.claimed_interactions) == (0, 0, ())
    assert (found.changes_in_session, found.changes_outside) == ((), ())


@given(cases(max_interactions=6))
def test_every_interaction_is_cited_or_unclaimed_and_every_change_inside_or_outside(case: Case) -> None:
    found = perspectives(case)
    recorded = [(s.id, x.index) for s in case.held_sessions for x in s.interactions]
    claimed = [(r.id, r.index) for r in found.claimed_interactions]
    assert found.n_interactions == len(recorded) == len(claimed) + found.n_unclaimed
    assert len(set(claimed)) == len(claimed)
    cited = {(r.id, r.index) for e in case.change_events for r in e.evidence if r.kind == "interaction"}
    assert claimed == [one for one in recorded if one in cited]
    assert set(claimed) == cited
    assert sorted(found.changes_in_session + found.changes_outside) == sorted(
        e.id for e in case.change_events
    )
    loci = {e.id: e.locus for e in case.change_events}
    assert all(loci[e] == "in_session" for e in found.changes_in_session)


@given(cases(max_interactions=6))
def test_citing_everything_leaves_nothing_unclaimed(case: Case) -> None:
    everything = [
        Reference(kind="interaction", id=s.id, index=x.index)
        for s in case.held_sessions
        for x in s.interactions
    ]
    client = case.clients[0].id
    event = {"id": "all of it", "participant": client, "locus": "out_of_session", "evidence": everything}
    found = perspectives(case.with_changes(change_events=[event]))
    assert found.n_unclaimed == 0
    assert len(found.claimed_interactions) == found.n_interactions
    none = perspectives(case.with_changes(change_events=[]))
    assert none.n_unclaimed == none.n_interactions == found.n_interactions
