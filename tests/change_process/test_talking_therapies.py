"""The outcome rules of NHS Talking Therapies at their boundaries."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared_data import SHARED, needs_shared
from therapeutic_process.change_process import (
    MeasureRule,
    ScorePair,
    talking_therapies_of,
    talking_therapies_outcome,
)
from therapeutic_process.errors import NotEnoughData
from therapeutic_process.instruments import Catalogue, Instrument, builtin_catalogue
from therapeutic_process.records import Case

PEOPLE = ({"id": "c1", "role": "client"}, {"id": "c2", "role": "client"}, {"id": "t", "role": "therapist"})
SPIN = MeasureRule("spin", 19, 10, "the service")
NHS = "NHS Talking Therapies published threshold"


def outcome(depression: tuple[Any, Any], anxiety: tuple[Any, Any], **choices: Any) -> Any:
    return talking_therapies_outcome(ScorePair(*depression), ScorePair(*anxiety), **choices)


def said(found: Any) -> tuple[Any, ...]:
    return (
        found.at_caseness, found.recovery, found.reliable_improvement, found.reliable_deterioration,
        found.reliable_recovery, found.in_recovery_denominator,
    )  # fmt: skip


# the boundary tests of the facts file, in its order; then their neighbours
BOUNDARIES = [
    ("PHQ-9 10->9 with GAD-7 7->7", (10, 9), (7, 7), (True, True, False, False, False, True)),
    ("PHQ-9 16->10", (16, 10), (7, 7), (True, False, True, False, False, True)),
    ("PHQ-9 20->9, GAD-7 5->9", (20, 9), (5, 9), (True, False, False, False, False, True)),
    ("PHQ-9 9/GAD-7 7 at start", (9, 3), (7, 7), (False, None, True, False, None, False)),
    ("one score only", (10, None), (8, None), (True, None, None, None, None, None)),
    ("GAD-7 alone at caseness", (9, 9), (8, 7), (True, True, False, False, False, True)),
    ("a change of 5 points is none", (16, 11), (7, 7), (True, False, False, False, False, True)),
    ("GAD-7 by 4 points", (9, 9), (11, 7), (True, True, True, False, True, True)),
    ("GAD-7 by 3 points", (9, 9), (10, 7), (True, True, False, False, False, True)),
    ("worse by 6", (10, 16), (7, 7), (True, False, False, True, False, True)),
    ("worse by 5", (10, 15), (7, 7), (True, False, False, False, False, True)),
    ("better and worse", (20, 14), (8, 12), (True, False, False, False, False, True)),
    ("reliable recovery", (18, 4), (15, 3), (True, True, True, False, True, True)),
]


@pytest.mark.parametrize(("name", "depression", "anxiety", "expected"), BOUNDARIES)
def test_the_boundaries(name: str, depression: Any, anxiety: Any, expected: Any) -> None:
    assert said(outcome(depression, anxiety)) == expected, name


@needs_shared
def test_these_are_the_boundary_tests_of_the_facts_file() -> None:
    facts = json.loads((SHARED / "facts" / "instruments.json").read_text(encoding="utf-8"))
    wanted = facts["nhs_talking_therapies"]["boundary_tests"]
    assert len(wanted) == 5
    for text, (name, *_) in zip(wanted, BOUNDARIES, strict=False):
        assert text.startswith(name)


@pytest.mark.parametrize(
    ("depression", "anxiety", "at_caseness", "n_reasons"),
    [
        ((10, None), (7, 7), True, 1),
        ((9, None), (7, 7), False, 1),
        ((None, None), (7, 7), None, 1),
        ((None, None), (8, 7), True, 1),
        ((None, 4), (7, None), None, 2),
    ],
)
def test_with_one_score_it_cannot_be_said_which_is_not_no(
    depression: Any, anxiety: Any, at_caseness: bool | None, n_reasons: int
) -> None:
    found = outcome(depression, anxiety)
    assert said(found) == (at_caseness, None, None, None, None, None)
    assert len(found.why) == n_reasons
    assert all("needs a first and a last score, found" in reason for reason in found.why)


def test_nan_is_no_score() -> None:
    assert said(outcome((10, float("nan")), (7, 7))) == said(outcome((10, None), (7, 7)))


def test_decimals_that_reach_the_threshold_but_for_rounding_reach_it() -> None:
    rule = MeasureRule("mi", 2.3, 0.5, "the service")
    assert 2.3 - 1.8 < 0.5
    found = outcome((9, 9), (2.3, 1.8), measures=("phq9", "mi"), confirmed={"mi": rule})
    assert (found.recovery, found.reliable_improvement) == (True, True)


def test_thresholds_that_are_not_verified_are_refused_and_taken_when_confirmed() -> None:
    with pytest.raises(NotEnoughData, match="found 1 and 0 for one measure"):
        outcome((9, 9), (19, 9), measures=("phq9", "spin"))
    found = outcome((9, 9), (19, 9), measures=("phq9", "spin"), confirmed={"spin": SPIN})
    assert said(found) == (True, True, True, False, True, True)
    assert found.rules[1] == SPIN
    assert said(outcome((9, 9), (18, 9), measures=("phq9", "spin"), confirmed={"spin": SPIN}))[0] is False


def test_a_confirmed_threshold_stands_before_the_published_one() -> None:
    mine = MeasureRule("phq9", 12, 5, "our service")
    assert outcome((11, 6), (7, 7), confirmed={"phq9": mine}).at_caseness is False
    assert outcome((11, 6), (7, 7), confirmed={"phq9": mine}).reliable_improvement is True


def of_own(cutoff: dict[str, Any], change: dict[str, Any] | None = None) -> Catalogue:
    wanted = {"value": 5, "kind": "reliable_change", "method": NHS, "comparator": ">=", "source": "s"}
    whole = {
        "id": "own",
        "name": "Own",
        "cutoffs": [{"value": 10, "purpose": "caseness", "comparator": ">=", "source": "s", **cutoff}],
        "change_thresholds": [{**wanted, **(change or {})}],
        "subscales": [{"id": "part", "name": "Part"}],
    }
    one = Instrument.model_validate(whole)
    return builtin_catalogue().with_(one)


@pytest.mark.parametrize(
    ("cutoff", "change"),
    [
        ({"subscale": "part"}, {}),
        ({"metric": "T score"}, {}),
        ({"comparator": ">"}, {}),
        ({"comparator": None}, {}),
        ({"verified": False}, {}),
        ({"confidence": "low"}, {}),
        ({}, {"comparator": ">"}),
        ({}, {"comparator": None}),
        ({}, {"verified": False}),
        ({}, {"method": "reliable change index"}),
    ],
)
def test_a_threshold_of_another_meaning_is_refused(cutoff: dict[str, Any], change: dict[str, Any]) -> None:
    whole = of_own({})
    assert outcome((9, 9), (10, 5), measures=("phq9", "own"), catalogue=whole).recovery is True
    with pytest.raises(NotEnoughData, match="confirmed"):
        outcome((9, 9), (10, 5), measures=("phq9", "own"), catalogue=of_own(cutoff, change))


def test_an_unknown_measure_is_refused() -> None:
    with pytest.raises(NotEnoughData, match="found 0 and 0"):
        outcome((9, 9), (10, 5), measures=("phq9", "nobody"))


scores = st.one_of(st.none(), st.integers(0, 27).map(float))
pairs = st.tuples(scores, scores)


@given(pairs, pairs)
def test_better_and_worse_exclude_each_other_and_turn_round_with_time(depression: Any, anxiety: Any) -> None:
    there, back = outcome(depression, anxiety), outcome(depression[::-1], anxiety[::-1])
    assert not (there.reliable_improvement and there.reliable_deterioration)
    assert (there.reliable_improvement, there.reliable_deterioration) == (
        back.reliable_deterioration,
        back.reliable_improvement,
    )
    if there.recovery:
        assert there.at_caseness
        assert depression[1] < 10
        assert anxiety[1] < 8
    if there.reliable_recovery:
        assert there.recovery
        assert there.reliable_improvement


@given(pairs, pairs)
def test_something_is_said_exactly_where_all_four_scores_are_known(depression: Any, anxiety: Any) -> None:
    found = outcome(depression, anxiety)
    complete = None not in (*depression, *anxiety)
    assert (found.reliable_improvement is not None) == complete
    assert (found.recovery is not None) == (complete and bool(found.at_caseness))
    assert found.in_recovery_denominator == (found.at_caseness if complete else None)
    assert bool(found.why) == (found.recovery is None)


def measured(i: int, instrument: str, score: float | None, **fields: Any) -> dict[str, Any]:
    value = {"missing": "declined"} if score is None else {"score": score}
    who = {"kind": "client", "participant": "c1"}
    whole = {"id": f"m{i}", "instrument": instrument, "subject": "c1", "respondent": who, **value}
    return {**whole, **fields}


def case_of(*measurements: dict[str, Any]) -> Case:
    return Case.model_validate({"id": "k", "participants": PEOPLE, "measurements": measurements})


def test_a_case_gives_the_first_and_the_last_score_of_the_client_herself() -> None:
    partner = {"kind": "client", "participant": "c2"}
    case = case_of(
        measured(0, "phq9", None),
        measured(1, "phq9", 18, measured_at=date(2024, 1, 1)),
        measured(2, "phq9", 16),
        measured(3, "phq9", 4, measured_at=date(2024, 4, 1)),
        measured(4, "phq9", None),
        measured(5, "gad7", 12),
        measured(6, "gad7", 3),
        measured(7, "phq9", 27, respondent={"kind": "therapist"}),
        measured(8, "phq9", 26, respondent=partner),
        measured(9, "phq9", 25, subject="c2", respondent=partner),
    )
    found = talking_therapies_of(case, client="c1")
    assert found.depression == ScorePair(18, 4, date(2024, 1, 1), date(2024, 4, 1))
    assert (found.recovery, found.reliable_recovery) == (True, True)
    assert said(talking_therapies_of(case, client="c2")) == (True, None, None, None, None, None)


def test_a_case_with_one_score_is_not_first_and_last_at_once() -> None:
    case = case_of(measured(1, "phq9", 18), measured(2, "gad7", 3), measured(3, "gad7", 3))
    found = talking_therapies_of(case, client="c1")
    assert found.depression == ScorePair(18, None)
    assert found.recovery is None


def test_which_client_must_be_told_where_there_are_several_and_must_be_one() -> None:
    with pytest.raises(NotEnoughData, match="found 2 clients"):
        talking_therapies_of(case_of())
    for other in ("t", "nobody"):
        with pytest.raises(NotEnoughData, match="a client of the case"):
            talking_therapies_of(case_of(), client=other)


def test_the_repr_hides_scores_and_the_explanation_shows_them_with_dates_and_sources() -> None:
    found = talking_therapies_outcome(ScorePair(23, 9, date(2024, 1, 1)), ScorePair(7, 7))
    assert "23" not in repr(found)
    assert "23" not in repr(found.depression)
    told = found.explain()
    assert "phq9: 23 (2024-01-01) to 9; caseness at 10 or above, reliable change from 6 points" in told
    assert found.rules[0].source in told
    assert "not verified" in told
    assert "cannot say" in repr(outcome((23, None), (7, 7)))
