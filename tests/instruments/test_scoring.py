"""Scoring: published examples, laws by Hypothesis with a partner on content, and the edges."""

import copy
import math
import pickle
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from therapeutic_process.errors import RecordError
from therapeutic_process.instruments import (
    Instrument,
    ItemScore,
    ItemValues,
    MissingItemRule,
    Subscale,
    builtin_catalogue,
    items_agree,
    score_items,
)

CATALOGUE = builtin_catalogue().instruments
PHQ9, GAD7, CORE10, PSWQ = (CATALOGUE[i] for i in ("phq9", "gad7", "core10", "pswq"))
SCORABLE = tuple(
    i
    for i in CATALOGUE.values()
    if i.item_count
    and i.item_minimum is not None
    and score_items(i, [i.item_minimum] * i.item_count).reason is None
)


@st.composite
def answered(draw: st.DrawFn) -> tuple[Instrument, list[int]]:
    """A scorable instrument of the catalogue with an answer to every item."""
    instrument = draw(st.sampled_from(SCORABLE))
    assert instrument.item_count is not None
    low, high = int(instrument.item_minimum or 0), int(instrument.item_maximum or 0)
    size = instrument.item_count
    return instrument, draw(st.lists(st.integers(low, high), min_size=size, max_size=size))


def scored(instrument: Instrument, answers: Sequence[float | None]) -> float:
    score = score_items(instrument, answers).score
    assert score is not None
    return score


def test_the_phq9_is_the_sum_of_its_items() -> None:
    assert scored(PHQ9, [3, 3, 2, 2, 1, 1, 0, 0, 1]) == 13


def test_the_reversed_items_of_the_pswq_are_turned() -> None:
    """Items 1, 3, 8, 10 and 11 are reversed: all 5s give 11 times 5 and 5 times 1 (Meyer et al. 1990)."""
    assert scored(PSWQ, [5] * 16) == 60
    assert scored(PSWQ, [1 if n in {1, 3, 8, 10, 11} else 5 for n in range(1, 17)]) == 80


def test_the_core10_takes_the_mean_of_the_answered_items_times_ten() -> None:
    answers: list[float | None] = [4, 0, 0, 4, None, None, 4, 4, 4, 4]
    assert scored(CORE10, answers) == 40
    assert scored(CORE10, [4, 0, 0, 4, 0, 0, 4, 4, 4, 4]) == 32


def test_the_who5_is_four_times_its_sum() -> None:
    assert scored(CATALOGUE["who5"], [3, 2, 3, 2, 3]) == 52


def test_the_depression_key_of_the_dass21_is_the_right_one() -> None:
    """Items 3, 5, 10, 13, 16, 17 and 21; a swapped key is in circulation (Lovibond & Lovibond 1995)."""
    answers = [3 if n in {3, 5, 10, 13, 16, 17, 21} else 0 for n in range(1, 22)]
    score = score_items(CATALOGUE["dass21"], answers)
    parts = {s.subscale: s.score for s in score.subscales}
    assert parts == {"depression": 21, "anxiety": 0, "stress": 0}
    assert (score.score, score.reason) == (None, "cannot score: only the subscales are scored")


def test_the_wai_sr_has_three_parts_that_make_the_total() -> None:
    answers = [1, 2, 3, 4, 5, 1, 2, 3, 4, 5, 1, 2]
    score = score_items(CATALOGUE["wai_sr"], answers)
    assert {s.subscale: s.score for s in score.subscales} == {"task": 10, "bond": 14, "goal": 9}
    assert score.score == 33


@given(answered())
def test_a_total_lies_in_the_range_of_the_instrument(case: tuple[Instrument, list[int]]) -> None:
    instrument, answers = case
    score = scored(instrument, answers)
    assert instrument.minimum is None or instrument.minimum <= score
    assert instrument.maximum is None or score <= instrument.maximum


@given(answered())
def test_subscales_lie_in_their_range(case: tuple[Instrument, list[int]]) -> None:
    instrument, answers = case
    for part in score_items(instrument, answers).subscales:
        scale = instrument.subscale(part.subscale or "")
        assert scale is not None
        assert part.score is None or scale.minimum is None or scale.maximum is None or (
            scale.minimum <= part.score <= scale.maximum
        )  # fmt: skip


@given(answered(), st.randoms())
def test_the_order_of_answers_by_number_changes_nothing(
    case: tuple[Instrument, list[int]], random: object
) -> None:
    instrument, answers = case
    pairs = list(enumerate(answers, start=1))
    random.shuffle(pairs)  # type: ignore[attr-defined]
    assert score_items(instrument, dict(pairs)) == score_items(instrument, answers)


@given(answered(), st.data())
def test_one_point_more_moves_the_total_by_one_point(
    case: tuple[Instrument, list[int]], data: st.DataObject
) -> None:
    instrument, answers = case
    free = [
        n for n, a in enumerate(answers) if instrument.item_maximum is None or a < instrument.item_maximum
    ]
    if not free:
        return
    place = data.draw(st.sampled_from(free))
    more = [a + (n == place) for n, a in enumerate(answers)]
    step = {"sum": 1.0, "sum_x4": 4.0, "mean": 1 / len(answers), "mean_x10": 10 / len(answers)}[
        instrument.scoring
    ]
    sign = -1 if place + 1 in (instrument.reversed_items or ()) else 1
    assert scored(instrument, more) - scored(instrument, answers) == pytest.approx(sign * step)


@given(answered(), st.data())
def test_a_missing_answer_is_never_zero(case: tuple[Instrument, list[int]], data: st.DataObject) -> None:
    """Leaving answers out gives the mean of the others or no score, as the instrument's own rule says."""
    instrument, answers = case
    gone = data.draw(st.sets(st.integers(0, len(answers) - 1), min_size=1))
    left: list[float | None] = [None if n in gone else a for n, a in enumerate(answers)]
    result = score_items(instrument, left)
    assert result.n_missing == len(gone)
    rule = instrument.missing_items
    limit = 0 if rule is None or rule.method == "none_allowed" else rule.max_missing
    if len(gone) == len(answers) or (limit is not None and len(gone) > limit):
        assert result.score is None
        assert result.reason == f"cannot score: {len(gone)} of {len(answers)} missing"
    else:
        kept = [
            scored(instrument, [a] * len(answers))
            for a in left
            if a is not None and not instrument.reversed_items
        ]
        if kept:
            assert result.score == pytest.approx(math.fsum(kept) / len(kept))


@given(answered())
def test_the_score_agrees_with_its_own_items_and_with_no_other(case: tuple[Instrument, list[int]]) -> None:
    instrument, answers = case
    score = scored(instrument, answers)
    assert items_agree(instrument, answers, score) is True
    assert items_agree(instrument, answers, score + 1) is False


@pytest.mark.parametrize("decimals", [0, 1, 2, 3])
def test_a_stated_score_may_be_rounded(decimals: int) -> None:
    answers = [1, 2, 3, 0, 1, 2, None, 4, 3, 1]
    score = scored(CORE10, answers)
    assert items_agree(CORE10, answers, round(score, decimals)) is True
    assert items_agree(CORE10, answers, round(score, decimals) + 2 * 10.0**-decimals) is False


def test_a_mean_is_stated_to_a_decimal_at_least() -> None:
    three = Instrument(id="m", name="Three", item_count=3, item_minimum=1, item_maximum=5, scoring="mean")
    assert items_agree(three, [3, 3, 4], 3.3) is True
    assert items_agree(three, [3, 3, 4], 3.0) is False


def test_agreement_cannot_be_said_where_nothing_can_be_scored() -> None:
    assert items_agree(PHQ9, [None] * 9, 0) is None
    assert items_agree(CATALOGUE["core_om"], [0] * 34, 0) is None
    assert items_agree(PHQ9, [0] * 9, 0, subscale="no such part") is None


def test_agreement_of_a_subscale_is_about_its_own_items() -> None:
    phq4 = CATALOGUE["phq4"]
    assert items_agree(phq4, [3, 2, 0, 1], 5, subscale="anxiety") is True
    assert items_agree(phq4, [3, 2, 0, 1], 5, subscale="depression") is False


@pytest.mark.parametrize("missing", [None, math.nan])
def test_two_missing_answers_are_named(missing: float | None) -> None:
    score = score_items(PHQ9, [missing, missing, 3, 3, 3, 3, 3, 3, 3])
    assert (score.score, score.n_items, score.n_missing) == (None, 9, 2)
    assert score.reason == "cannot score: 2 of 9 missing"


def test_an_item_number_that_is_absent_is_missing() -> None:
    assert score_items(PHQ9, dict.fromkeys(range(1, 9), 1)).reason == "cannot score: 1 of 9 missing"
    assert score_items(PHQ9, {}).reason == "cannot score: 9 of 9 missing"


def test_no_answer_at_all_is_no_score_even_under_a_rule_without_a_limit() -> None:
    """Public software returns 0 for an empty CORE-10, the best score there is."""
    score = score_items(CORE10, [None] * 10)
    assert (score.score, score.reason) == (None, "cannot score: 10 of 10 missing")


def test_one_missing_answer_of_the_yp_core_is_bridged_and_two_are_not() -> None:
    """YP-CORE: prorated if no more than one item is missing (coresystemtrust.org.uk)."""
    yp_core = CATALOGUE["yp_core"]
    assert scored(yp_core, [None, 2, 2, 2, 2, 2, 2, 2, 2, 2]) == 20
    assert score_items(yp_core, [None, None, 2, 2, 2, 2, 2, 2, 2, 2]).score is None


def test_the_limit_for_all_items_is_not_taken_for_a_part() -> None:
    rule = MissingItemRule(method="prorate", max_missing=2, source="a manual")
    a = Subscale(id="a", name="A", items=(1, 2))
    b = Subscale(id="b", name="B", items=(3, 4), missing_items=rule)
    whole = Instrument(id="w", name="Whole", item_count=4, missing_items=rule, subscales=(a, b))
    score = score_items(whole, [1, None, 3, None])
    assert score.score == 8
    assert [s.score for s in score.subscales] == [None, 6]


def test_what_is_not_known_is_not_guessed() -> None:
    unknown = {i: score_items(CATALOGUE[i], {}).reason for i in ("core_om", "sdq", "swemwbs")}
    assert unknown == {
        "core_om": "cannot score: which items are reversed is not known",
        "sdq": "cannot score: the items are not known",
        "swemwbs": "cannot score: not by a plain sum or mean, or it is not known how",
    }
    turned = Instrument(id="t", name="Turned", item_count=2, reversed_items=(1,))
    assert score_items(turned, [1, 2]).reason == "cannot score: the range of the reversed items is not known"


@pytest.mark.parametrize(
    ("answers", "code"),
    [
        ([4, 0, 0, 0, 0, 0, 0, 0, 0], "number_out_of_range"),
        ([-1, 0, 0, 0, 0, 0, 0, 0, 0], "number_out_of_range"),
        ([math.inf, 0, 0, 0, 0, 0, 0, 0, 0], "number_not_finite"),
        (["Y", 0, 0, 0, 0, 0, 0, 0, 0], "wrong_type"),
        ([True, 0, 0, 0, 0, 0, 0, 0, 0], "wrong_type"),
        ([0] * 8, "list_length"),
        ([0] * 10, "list_length"),
        ({10: 0}, "item_unknown"),
        ({0: 0}, "item_unknown"),
        ({"1": 0}, "item_unknown"),
    ],
)
def test_answers_that_cannot_be_are_an_error(answers: list[float | None], code: str) -> None:
    with pytest.raises(RecordError) as caught:
        score_items(PHQ9, answers)
    assert code in {v.code for v in caught.value.violations}


def test_an_error_names_the_place_and_never_the_answer() -> None:
    with pytest.raises(RecordError) as caught:
        score_items(PHQ9, [0, 0, 77.25, 0, 0, 0, 0, 0, 0])
    assert str(caught.value) == (
        "Answers: 1 violation\n  $[2]: number_out_of_range: needed at most 3, found a larger number"
    )


def test_an_item_that_takes_three_values_takes_no_other() -> None:
    rare = ItemValues(items=(2,), values=(0, 2, 4), source="a manual")
    short = Instrument(
        id="s", name="Short", item_count=2, item_minimum=0, item_maximum=4, item_values=(rare,)
    )
    assert scored(short, [1, 2]) == 3
    with pytest.raises(RecordError, match="one of 0, 2, 4"):
        score_items(short, [1, 1])
    assert CATALOGUE["audit"].item_values[0].items == (9, 10)


def test_the_text_form_shows_the_verdict_and_no_score() -> None:
    score = score_items(PHQ9, [3] * 9)
    assert repr(score) == str(score) == "ItemScore(phq9: scored, 0 of 9 missing)"
    assert (
        repr(score_items(CATALOGUE["phq4"], [3] * 4).of("anxiety"))
        == "ItemScore(phq4.anxiety: scored, 0 of 2 missing)"
    )


def test_a_score_is_a_value() -> None:
    score = score_items(CORE10, [1] * 10)
    assert isinstance(score, ItemScore)
    assert score == pickle.loads(pickle.dumps(score)) == copy.deepcopy(score)
    assert hash(score) == hash(score_items(CORE10, [1] * 10))
    assert score.rule == CORE10.missing_items
