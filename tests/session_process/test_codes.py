"""Counts and shares of codes."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import Phase, find, given, settings

from therapeutic_process.errors import NotEnoughData
from therapeutic_process.exchange import read_mibot
from therapeutic_process.records import Case
from therapeutic_process.session_process import CodeCount, code_profile
from therapeutic_process.testing import cases

SHARED = Path(os.environ.get("THERAPEUTIC_PROCESS_SHARED", Path(__file__).parents[2] / ".." / "shared"))
OBSERVER = {"kind": "observer"}


def said(index: int, speaker: str | None, *codes: str, coding_pass: str = "p") -> dict[str, Any]:
    given = [{"coding_pass": coding_pass, "system": "own", "code": code} for code in codes]
    return {"index": index, "kind": "speech", "speaker": speaker, "codes": given}


def a_case(*sessions: list[dict[str, Any]], **fields: Any) -> Case:
    held = [
        {"id": f"s{n}", "number": n, "status": "held", "interactions": talk}
        for n, talk in enumerate(sessions, start=1)
    ]
    whole = {
        "id": "k",
        "participants": [{"id": "c", "role": "client"}, {"id": "t", "role": "therapist"}],
        "sessions": held,
        "coding_systems": [
            {"id": "own", "name": "Own", "mutually_exclusive": False, "levels": ["interaction", "segment"],
             "codes": [{"id": code} for code in "QRST"]}
        ],
        "coding_passes": [a_pass("p", sessions=[s["id"] for s in held])],
    }  # fmt: skip
    return Case(**{**whole, **fields})


def a_pass(name: str, extent: str = "all", **fields: Any) -> dict[str, Any]:
    return {"id": name, "system": "own", "coder": OBSERVER, "extent": extent, **fields}


TALK = [said(0, "t", "Q"), said(1, "c", "S"), said(2, "t", "R", "Q"), said(3, "c"), said(4, None, "S")]


def test_counts_and_shares_by_hand() -> None:
    profile = code_profile(a_case(TALK))
    assert profile.rows == (
        CodeCount("p", "own", None, None, "S", 1, 1.0),
        CodeCount("p", "own", "c", "client", "S", 1, 1.0),
        CodeCount("p", "own", "t", "therapist", "Q", 2, 2 / 3),
        CodeCount("p", "own", "t", "therapist", "R", 1, 1 / 3),
    )
    assert (profile.n_interactions, profile.n_covered, profile.n_coded, profile.n_unknown) == (5, 5, 4, 0)
    assert (profile.count("Q"), profile.count("Q", role="therapist"), profile.count("Q", role="client")) == (
        2,
        2,
        0,
    )
    assert (profile.count("S"), profile.count("S", role="client"), profile.count("T")) == (2, 1, 0)
    assert repr(profile) == "CodeProfile(4 of 5 interactions coded, 5 covered by a pass, 4 counts)"
    assert profile.to_frame()["share"].to_list() == [1.0, 1.0, 2 / 3, 1 / 3]


def test_each_pass_is_counted_on_its_own() -> None:
    talk = [said(0, "t", "Q"), said(1, "t", "R")]
    for one, code in zip(talk, ("Q", "S"), strict=True):
        one["codes"].append({"coding_pass": "q", "system": "own", "code": code})
    case = a_case(talk, coding_passes=[a_pass("p", sessions=["s1"]), a_pass("q", sessions=["s1"])])
    assert [(r.coding_pass, r.code, r.count, r.share) for r in code_profile(case).rows] == [
        ("p", "Q", 1, 0.5), ("p", "R", 1, 0.5), ("q", "Q", 1, 0.5), ("q", "S", 1, 0.5),
    ]  # fmt: skip
    only = code_profile(case, coding_pass="q")
    assert [(r.coding_pass, r.code) for r in only.rows] == [("q", "Q"), ("q", "S")]
    assert code_profile(case).count("Q") == 2
    assert only.count("Q") == 1


def test_what_was_looked_at_is_told_from_what_was_not_and_from_what_is_unknown() -> None:
    first, second = [said(i, "t") for i in range(4)], [said(i, "c") for i in range(3)]
    first[0]["start_s"], first[1]["start_s"] = 10, 70
    minutes = {"session": "s1", "unit": "second", "start": 0, "end": 60}
    case = a_case(first, second, coding_passes=[a_pass("p", "minutes", spans=[minutes])])
    profile = code_profile(case)
    assert (profile.n_interactions, profile.n_covered, profile.n_coded, profile.n_unknown) == (7, 1, 0, 2)
    more = a_case(
        first, second, coding_passes=[a_pass("p", "minutes", spans=[minutes]), a_pass("q", sessions=["s2"])]
    )
    assert code_profile(more).n_covered == 4
    assert code_profile(more).n_unknown == 2
    assert code_profile(more, coding_pass="q").n_unknown == 0


def test_codes_on_segments_are_told_and_not_counted() -> None:
    segment = {
        "id": "g", "kind": "unit", "spans": [{"session": "s1", "unit": "interaction", "start": 0, "end": 1}],
        "codes": [{"coding_pass": "p", "system": "own", "code": "T"}],
    }  # fmt: skip
    profile = code_profile(a_case(TALK, segments=[segment]))
    assert profile.n_on_segments == 1
    assert profile.count("T") == 0
    assert code_profile(a_case(TALK)).n_on_segments == 0


def test_nothing_coded_nothing_held_and_no_pass() -> None:
    bare = code_profile(a_case([said(0, "t")], coding_passes=[]))
    assert (bare.rows, bare.n_interactions, bare.n_covered, bare.n_coded) == ((), 1, 0, 0)
    missed = a_case(sessions=[{"id": "s1", "number": 1, "status": "no_show"}], coding_passes=[])
    assert code_profile(missed).n_interactions == 0


def test_a_pass_that_the_case_does_not_have_is_refused() -> None:
    with pytest.raises(NotEnoughData, match="code_profile needs a coding pass of the case") as caught:
        code_profile(a_case(TALK), coding_pass="elsewhere")
    assert "elsewhere" not in str(caught.value)


@given(cases())
def test_every_code_is_counted_once_for_its_pass_speaker_and_code(case: Case) -> None:
    profile = code_profile(case)
    talk = [x for s in case.held_sessions for x in s.interactions]
    brute = Counter((c.coding_pass, x.speaker, c.code) for x in talk for c in x.codes)
    assert {(r.coding_pass, r.speaker, r.code): r.count for r in profile.rows} == brute
    assert len(profile.rows) == len(brute)
    assert sum(r.count for r in profile.rows) == sum(len(x.codes) for x in talk)
    assert profile.n_on_segments == sum(len(g.codes) for g in case.segments)
    assert profile.n_coded == sum(bool(x.codes) for x in talk)
    roles = {p.id: p.role for p in case.participants}
    assert all(r.role == (None if r.speaker is None else roles[r.speaker]) for r in profile.rows)


@given(cases())
def test_shares_sum_to_one_per_pass_and_speaker(case: Case) -> None:
    rows = code_profile(case).rows
    for key in {(r.coding_pass, r.speaker) for r in rows}:
        own = [r for r in rows if (r.coding_pass, r.speaker) == key]
        assert sum(r.share for r in own) == pytest.approx(1)
        total = sum(r.count for r in own)
        assert all(r.share == r.count / total for r in own)
        assert [r.count for r in own] == sorted((r.count for r in own), reverse=True)


@given(cases())
def test_the_profile_of_a_pass_is_its_part_of_the_whole_profile(case: Case) -> None:
    whole = code_profile(case)
    each = [code_profile(case, coding_pass=p.id) for p in case.coding_passes]
    assert sorted(r.coding_pass for x in each for r in x.rows) == [r.coding_pass for r in whole.rows]
    assert {r for x in each for r in x.rows} == set(whole.rows)
    assert all(x.n_covered <= whole.n_covered and x.n_interactions == whole.n_interactions for x in each)
    assert whole.n_coded <= whole.n_covered
    assert whole.n_covered + whole.n_unknown <= whole.n_interactions


@given(cases(min_sessions=2))
def test_the_order_of_sessions_does_not_matter(case: Case) -> None:
    numbers = [s.number for s in case.sessions]
    turned = case.model_copy(
        update={
            "sessions": tuple(
                s.model_copy(update={"number": n})
                for s, n in zip(reversed(case.sessions), numbers, strict=True)
            )
        }
    )
    assert code_profile(turned) == code_profile(case)


@given(cases())
def test_codes_taken_away_are_gone_and_what_was_looked_at_stays(case: Case) -> None:
    bare = tuple(
        s.model_copy(
            update={"interactions": tuple(x.model_copy(update={"codes": ()}) for x in s.interactions)}
        )
        for s in case.sessions
    )
    before, after = code_profile(case), code_profile(case.model_copy(update={"sessions": bare}))
    assert (after.rows, after.n_coded) == ((), 0)
    assert after.n_interactions == before.n_interactions
    assert after.n_covered + after.n_unknown <= before.n_covered + before.n_unknown
    assert after.n_on_segments == before.n_on_segments


def test_drawn_cases_hold_codes_to_count() -> None:
    """The laws above would hold of nothing at all if no drawn case had codes."""
    found = find(
        cases(),
        lambda case: code_profile(case).n_coded > 0,
        settings=settings(max_examples=500, deadline=None, database=None, phases=[Phase.generate]),
    )
    assert code_profile(found).n_coded >= 1


@pytest.mark.skipif(not SHARED.is_dir(), reason="the shared reference data is not here")
def test_the_codes_of_the_mibot_conversations_are_those_that_its_files_hold() -> None:
    total: Counter[str] = Counter()
    coded = covered = 0
    for case in read_mibot(SHARED / "data" / "mibot").cases:
        profile = code_profile(case)
        coded += profile.n_coded
        covered += profile.n_covered
        for row in profile.rows:
            total[row.code] += row.count
    assert total == {
        "R": 2104, "Q": 1684, "MICO": 1210, "Other": 1009, "MIIN": 128, "C": 856, "S": 516, "N": 1048,
    }  # fmt: skip
    assert (coded, covered) == (8555, 8555)
