"""Theories of change: what they must hold, and their fingerprint."""

from __future__ import annotations

import hashlib
import itertools
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from therapeutic_process.change_process import (
    ChangePattern,
    CodePattern,
    EventPattern,
    GoalPattern,
    InertBounds,
    LagWindow,
    Mechanism,
    RatingPattern,
    ScorePattern,
    TaskPattern,
    TheoryOfChange,
    fingerprint,
)
from therapeutic_process.errors import RecordError

CAUSE = {"kind": "code", "system": "automisc", "codes": ["C"], "role": "client"}
EFFECT = {"kind": "score", "instrument": "phq9"}
WORDS = st.sampled_from(["alliance", "change talk", "practice", "öffnung"])
CAUSES: st.SearchStrategy[Any] = st.one_of(
    st.builds(
        CodePattern,
        system=st.just("automisc"),
        codes=st.lists(st.sampled_from(["C", "S", "N"]), min_size=1, max_size=2),
        role=st.sampled_from([None, "client"]),
        amount=st.sampled_from(["any", "count", "share"]),
    ),
    st.builds(RatingPattern, instrument=st.just("wai_sr"), rater=st.sampled_from([None, "client"])),
    st.builds(TaskPattern, amount=st.sampled_from(["assigned", "completed", "adherence"])),
    st.builds(EventPattern, what=st.sampled_from(["helpful", "hindering", "change"])),
)
EFFECTS: st.SearchStrategy[Any] = st.one_of(
    st.builds(ScorePattern, instrument=st.sampled_from(["phq9", "gad7"])),
    st.builds(GoalPattern, domain=st.none() | WORDS),
    st.builds(ChangePattern, domain=st.none() | WORDS),
)
LAGS = st.builds(
    LagWindow, unit=st.sampled_from(["sessions", "days"]), shortest=st.just(1), longest=st.integers(1, 3)
)
BOUNDS = st.builds(InertBounds, lower=st.floats(-5, -0.5), upper=st.floats(0.5, 5))
MECHANISMS = st.builds(
    Mechanism,
    id=st.just("m"),
    cause=CAUSES,
    effect=EFFECTS,
    lag=st.none() | LAGS,
    direction=st.sampled_from([None, "improvement", "deterioration"]),
    smallest_effect=st.none() | st.floats(0.1, 5),
    inert_bounds=st.none() | BOUNDS,
    rationale=st.none() | WORDS,
    references=st.lists(WORDS, max_size=2),
)


@st.composite
def theories(draw: st.DrawFn) -> TheoryOfChange:
    several = draw(st.lists(MECHANISMS, min_size=1, max_size=3))
    named = [one.with_changes(id=f"m{i}") for i, one in enumerate(several)]
    return TheoryOfChange(id=draw(WORDS), name=draw(WORDS), mechanisms=tuple(named))


def declared(*mechanisms: dict[str, Any]) -> TheoryOfChange:
    return TheoryOfChange.model_validate({"id": "t", "name": "T", "mechanisms": mechanisms})


def theory(**mechanism: Any) -> TheoryOfChange:
    one = {"id": "m1", "cause": CAUSE, "effect": EFFECT, **mechanism}
    return TheoryOfChange.model_validate({"id": "mi", "name": "Change talk", "mechanisms": [one]})


@given(theories())
def test_a_fingerprint_outlives_every_way_of_writing_the_theory_down(one: TheoryOfChange) -> None:
    told = fingerprint(one)
    assert len(told) == 64
    assert told == fingerprint(TheoryOfChange.model_validate_json(one.model_dump_json()))
    assert told == fingerprint(
        TheoryOfChange.model_validate_json(one.model_dump_json(exclude_defaults=False))
    )
    assert told == fingerprint(TheoryOfChange.model_validate(one.model_dump()))


@given(theories(), theories())
def test_two_theories_have_one_fingerprint_exactly_if_they_claim_the_same(
    one: TheoryOfChange, other: TheoryOfChange
) -> None:
    assert (fingerprint(one) == fingerprint(other)) == (one == other)


def test_what_kind_of_thing_is_claimed_is_a_word_of_the_theory() -> None:
    causes: list[Any] = [{"kind": "task"}, {"kind": "event"}]
    effects: list[Any] = [{"kind": "goal"}, {"kind": "change"}]
    several = [theory(cause=c, effect=e) for c, e in itertools.product(causes, effects)]
    assert len({fingerprint(t) for t in several}) == 4


@pytest.mark.parametrize(
    "changed",
    [
        {"cause": {**CAUSE, "codes": ["S"]}},
        {"cause": {**CAUSE, "codes": ["C", "S"]}},
        {"cause": {**CAUSE, "role": None}},
        {"cause": {**CAUSE, "amount": "share"}},
        {"effect": {**EFFECT, "instrument": "gad7"}},
        {"lag": {"unit": "sessions", "shortest": 0, "longest": 1}},
        {"lag": {"unit": "days", "shortest": 0, "longest": 1}},
        {"direction": "improvement"},
        {"direction": "deterioration"},
        {"smallest_effect": 0.5},
        {"inert_bounds": {"lower": -1, "upper": 1}},
        {"inert_bounds": {"lower": -1, "upper": 2}},
        {"label": "Change talk"},
        {"rationale": "a reason"},
        {"references": ["a paper"]},
        {"id": "m2"},
    ],
)
def test_any_word_changes_the_fingerprint(changed: dict[str, Any]) -> None:
    assert fingerprint(theory(**changed)) != fingerprint(theory())


def test_the_order_of_mechanisms_is_told_apart_and_a_number_is_a_number_however_written() -> None:
    a, b = ({"id": i, "cause": CAUSE, "effect": EFFECT} for i in "ab")
    ways = [declared(a, b), declared(b, a)]
    assert fingerprint(ways[0]) != fingerprint(ways[1])
    assert fingerprint(theory(smallest_effect=1)) == fingerprint(theory(smallest_effect=1.0))


def test_the_fingerprint_of_a_published_theory_stays() -> None:
    # written out: whoever put it into a preregistration must find it again with any later version
    claims = (
        '{"id":"mi","kind":"theory_of_change","mechanisms":[{"cause":{"codes":["C"],"kind":"code","role":"client",'
        '"system":"automisc"},"effect":{"instrument":"phq9","kind":"score"},"id":"m1","lag":{"longest":1.0,'
        '"shortest":1.0,"unit":"sessions"}}],"name":"Change talk"}'
    )
    one = theory(lag={"unit": "sessions", "shortest": 1, "longest": 1})
    assert fingerprint(one) == hashlib.sha256(claims.encode()).hexdigest()


def test_what_is_not_declared_is_named() -> None:
    whole = {
        "lag": {"unit": "days", "shortest": 0, "longest": 7},
        "direction": "improvement",
        "smallest_effect": 1,
    }
    assert theory(**whole).mechanisms[0].undeclared == ()
    for name in whole:
        rest = {k: v for k, v in whole.items() if k != name}
        assert theory(**rest).mechanisms[0].undeclared == (name,)


@pytest.mark.parametrize(
    ("mechanisms", "code"),
    [
        ([{"id": "a"}, {"id": "a"}], "id_repeated"),
        ([{"id": "a", "rivals": ["a"]}], "reference_resolves"),
        ([{"id": "a", "rivals": ["b"]}], "reference_resolves"),
        ([{"id": "a", "lag": {"unit": "days", "shortest": 2, "longest": 1}}], "range_order"),
        ([{"id": "a", "lag": {"unit": "sessions", "shortest": 1, "longest": 1.5}}], "lag_whole"),
    ],
)
def test_a_theory_that_contradicts_itself_is_refused(mechanisms: list[dict[str, Any]], code: str) -> None:
    several = [{"cause": CAUSE, "effect": EFFECT, **m} for m in mechanisms]
    with pytest.raises(RecordError) as caught:
        declared(*several)
    assert [v.code for v in caught.value.violations] == [code]


def test_rivals_may_be_named_and_days_may_be_fractions() -> None:
    days = {"unit": "days", "shortest": 0.5, "longest": 1.5}
    pair = [
        {"id": "a", "rivals": ["b"], "cause": CAUSE, "effect": EFFECT, "lag": days},
        {"id": "b", "rivals": ["a"], "cause": CAUSE, "effect": EFFECT},
    ]
    assert declared(*pair).mechanisms[0].rivals == ("b",)


@pytest.mark.parametrize("bounds", [{"lower": 0, "upper": 1}, {"lower": -1, "upper": 0}])
def test_inert_bounds_lie_on_both_sides_of_nothing(bounds: dict[str, float]) -> None:
    with pytest.raises(RecordError):
        InertBounds(**bounds)
