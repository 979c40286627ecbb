"""Which interactions a pass looked at: no code means nothing found only there."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given

from therapeutic_process.records import Case, Code, CodingPass, Interaction, Reporter, Session, Span
from therapeutic_process.session_process import covers
from therapeutic_process.testing import cases

OBSERVER = Reporter(kind="observer")
WORDS = "I slept better."


def one_pass(extent: Any, **fields: Any) -> CodingPass:
    return CodingPass(id="p", system="annomi", coder=OBSERVER, extent=extent, **fields)


def talk(**fields: Any) -> Interaction:
    return Interaction(**{"index": 3, "kind": "speech", **fields})


def looked_at(coding_pass: CodingPass, interaction: Interaction, *, session: str = "s1") -> bool | None:
    return covers(
        coding_pass, Session(id=session, number=1, status="held", interactions=(interaction,)), interaction
    )


def stretch(unit: Any, start: float | None = None, end: float | None = None, **fields: Any) -> Span:
    return Span(session="s1", unit=unit, start=start, end=end, **fields)


def test_a_pass_over_all_covers_its_sessions_and_no_other() -> None:
    everything = one_pass("all", sessions=["s1"])
    assert looked_at(everything, talk()) is True
    assert looked_at(everything, talk(), session="s2") is False
    assert looked_at(one_pass("all"), talk()) is False


@pytest.mark.parametrize(
    ("start", "expected"), [(299.9, False), (300, True), (599.9, True), (600, False), (None, None)]
)
def test_a_pass_over_minutes_covers_what_begins_in_them(start: float | None, expected: bool | None) -> None:
    minutes = one_pass("minutes", spans=[stretch("second", 300, 600)])
    assert looked_at(minutes, talk(start_s=start)) is expected
    assert looked_at(minutes, talk(start_s=start), session="s2") is False


def test_an_interaction_lies_in_one_of_several_stretches_that_follow_each_other() -> None:
    stretches = [stretch("second", 60.0 * i, 60.0 * (i + 1)) for i in range(5)]
    for start in (0, 59.999, 60, 119, 240, 299.999):
        found = [looked_at(one_pass("minutes", spans=[s]), talk(start_s=start, end_s=400)) for s in stretches]
        assert found.count(True) == 1
        assert looked_at(one_pass("minutes", spans=stretches), talk(start_s=start)) is True


def test_what_ended_before_the_minutes_was_not_looked_at_even_if_its_start_is_unknown() -> None:
    minutes = one_pass("minutes", spans=[stretch("second", 300, 600)])
    assert looked_at(minutes, talk(end_s=299)) is False
    assert looked_at(minutes, talk(end_s=300)) is None


def test_a_code_of_the_pass_shows_that_it_was_looked_at() -> None:
    minutes = one_pass("minutes", spans=[stretch("second", 300, 600)])
    own, other = (Code(coding_pass=p, system="annomi", code="question") for p in ("p", "q"))
    assert looked_at(minutes, talk(codes=[own])) is True
    assert looked_at(minutes, talk(codes=[other])) is None


@pytest.mark.parametrize(("index", "expected"), [(1, False), (2, True), (3, True), (5, True), (6, False)])
def test_a_sample_of_interactions_includes_both_its_ends(index: int, expected: bool) -> None:
    sample = one_pass("sample", spans=[stretch("interaction", 2, 5)])
    assert looked_at(sample, talk(index=index)) is expected


def test_a_sample_that_is_a_whole_session_covers_all_of_it() -> None:
    sample = one_pass("sample", spans=[stretch("session")])
    assert looked_at(sample, talk()) is True
    assert looked_at(sample, talk(), session="s2") is False


@pytest.mark.parametrize(
    ("pieces", "expected"),
    [
        ([(0, 15)], True),
        ([(0, 7), (7, 15)], True),
        ([(5, 15), (0, 9)], True),
        ([(0, 15), (2, 3)], True),
        ([(0, 7), (8, 15)], None),
        ([(0, 14)], None),
        ([(1, 15)], None),
        ([(4, 4)], False),
    ],
)
def test_characters_cover_an_interaction_only_as_a_whole(
    pieces: list[tuple[int, int]], expected: bool | None
) -> None:
    assert len(WORDS) == 15
    sample = one_pass("sample", spans=[stretch("character", *piece, interaction=3) for piece in pieces])
    assert looked_at(sample, talk(text=WORDS)) is expected
    assert looked_at(sample, talk(index=4, text=WORDS)) is False


def test_characters_of_a_text_that_is_not_there_say_nothing_sure() -> None:
    sample = one_pass("sample", spans=[stretch("character", 0, 15, interaction=3)])
    assert looked_at(sample, talk()) is None


def test_a_sample_whose_stretches_were_not_recorded_says_nothing_at_all() -> None:
    assert looked_at(one_pass("sample"), talk()) is None
    assert looked_at(one_pass("minutes"), talk(start_s=3)) is None


def test_one_stretch_that_covers_outweighs_one_that_is_unknown() -> None:
    spans = [stretch("second", 300, 600), stretch("interaction", 3, 3)]
    assert looked_at(one_pass("sample", spans=spans), talk()) is True
    assert looked_at(one_pass("sample", spans=spans), talk(index=4)) is None


@given(cases())
def test_a_coded_interaction_was_looked_at_and_one_of_another_session_was_not(case: Case) -> None:
    for one in case.coding_passes:
        where = {*one.sessions, *(s.session for s in one.spans)}
        for session in case.held_sessions:
            for interaction in session.interactions:
                answer = covers(one, session, interaction)
                if any(c.coding_pass == one.id for c in interaction.codes):
                    assert answer is True
                if session.id not in where and (one.extent == "all" or one.spans):
                    assert answer is False
                if one.extent == "all":
                    assert answer is (session.id in where)
