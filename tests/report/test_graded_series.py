from __future__ import annotations

import warnings
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from report.change_cases import GAIN_AND_LOSS, THERAPIST, case_with, of_unknown_instruments, series
from therapeutic_process.change_process import (
    CLASSES,
    clinical_significance,
    detect_changes,
    published_cutoff,
)
from therapeutic_process.instruments import Instrument, builtin_catalogue
from therapeutic_process.report.graded_series import (
    GradedSeries,
    Interval,
    graded_series,
    reason_in_words,
)
from therapeutic_process.testing import cases

KNOWN = builtin_catalogue()


def graded(*scores: float | None, instrument: str = "phq9", own: Any = None) -> GradedSeries:
    brought = [] if own is None else [own]
    (one,) = graded_series(case_with(*series(instrument, scores), instruments=brought), KNOWN)
    return one


def sheet(**fields: Any) -> dict[str, Any]:
    kept = {"id": "sheet", "name": "A sheet", "minimum": 0, "maximum": 30, "direction": "higher_worse"}
    return kept | fields


def cutoff(value: float, comparator: str | None = ">=", **fields: Any) -> dict[str, Any]:
    return {"value": value, "comparator": comparator, "purpose": "caseness", "source": "a manual", **fields}


THRESHOLD = {"value": 5, "kind": "reliable_change", "comparator": ">=", "method": "m", "source": "a manual"}


@pytest.mark.parametrize(
    ("scores", "category"),
    [
        ((18, 6), "recovered"),
        ((24, 12), "improved"),
        ((11, 8), "non_reliably_recovered"),
        ((18, 17), "unchanged"),
        ((12, 20), "deteriorated"),
        ((5, 16), "deteriorated_into_clinical_range"),
        ((16, 10), "improved"),
        ((8, 2), "improved"),
    ],
)
def test_the_class_of_a_phq9_follows_caseness_at_10_and_6_points(
    scores: tuple[float, float], category: str
) -> None:
    assert graded(*scores).category == category


@given(st.integers(0, 27), st.integers(0, 27))
def test_a_class_is_what_clinical_significance_says(before: int, after: int) -> None:
    one = graded(before, after)
    verdict = {
        "reliable_improvement": "improved",
        "no_reliable_change": "unchanged",
        "reliable_deterioration": "deteriorated",
    }[one.change.verdict]
    expected = clinical_significance(
        before, after, cutoff=published_cutoff(10, source="a manual"), verdict=verdict
    )
    assert one.category == expected.category
    assert one.category in CLASSES
    assert one.ranges == (before >= 10, after < 10)
    assert one.response.said == (None if before == 0 else after <= before / 2)


def test_one_score_or_none_is_no_class_and_no_answer() -> None:
    for scores in [(18,), (18, None), (None, None), (None,)]:
        one = graded(*scores)
        assert (one.category, one.ranges, one.response.said, one.remission.said) == (None, None, None, None)
        assert one.why == one.change.why
        assert one.why
        assert "needs 2 scores" in one.response.why


def test_without_a_threshold_the_ranges_are_known_and_the_class_is_not() -> None:
    one = graded(14, 6, instrument="core10")
    assert one.ranges == (True, True)
    assert (one.category, one.why) == (None, "no threshold of reliable change was given")


def test_an_instrument_that_nobody_knows_has_no_answers() -> None:
    (one,) = graded_series(of_unknown_instruments(*series("nobody_knows", [14, 6])), KNOWN)
    assert (one.category, one.why) == (None, "the instrument is not in the catalogue")
    assert one.response.why == "it is not known which direction of the score is better"
    assert one.sudden.why == "no verified threshold of reliable change is known"


def test_unverified_cutoffs_are_never_used_silently() -> None:
    loose = cutoff(10, verified=False), cutoff(10, confidence="low")
    for one in loose:
        known = sheet(cutoffs=[one], change_thresholds=[THRESHOLD])
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            found = graded(20, 5, instrument="sheet", own=known)
        assert (found.cutoff, found.why) == (None, "no verified cutoff of caseness is known")


def test_cutoffs_that_differ_or_contradict_the_direction_are_not_chosen() -> None:
    several = sheet(cutoffs=[cutoff(10), cutoff(12)], change_thresholds=[THRESHOLD])
    assert graded(20, 5, instrument="sheet", own=several).why == (
        "2 published cutoffs of caseness differ, and none is preferred"
    )
    against = sheet(cutoffs=[cutoff(10, "<=")], change_thresholds=[THRESHOLD])
    assert graded(20, 5, instrument="sheet", own=against).why == (
        "the published cutoff contradicts the direction of the score"
    )
    nowhere = sheet(cutoffs=[cutoff(10)], change_thresholds=[THRESHOLD], direction=None)
    assert "which direction" in (graded(20, 5, instrument="sheet", own=nowhere).why or "")
    other = sheet(cutoffs=[cutoff(65, metric="T score")], change_thresholds=[THRESHOLD])
    assert graded(20, 5, instrument="sheet", own=other).cutoff is None


def test_a_score_of_exactly_a_cutoff_lies_where_its_source_says() -> None:
    def at(comparator: str | None) -> GradedSeries:
        known = sheet(cutoffs=[cutoff(10, comparator)], change_thresholds=[THRESHOLD])
        return graded(20, 10, instrument="sheet", own=known)

    assert (at(">=").category, at(">").category) == ("improved", "recovered")
    assert at(None).category is None
    assert "does not say to which range" in (at(None).why or "")


def test_higher_is_better_on_the_ors() -> None:
    one = graded(20, 30, instrument="ors")
    assert (one.category, one.ranges) == ("recovered", (True, True))
    assert one.response.why == "the rule is one for scores of which lower is better"
    assert graded(30, 20, instrument="ors").category == "deteriorated_into_clinical_range"


def test_a_share_needs_a_scale_that_begins_at_0() -> None:
    assert graded(40, 15, instrument="k10").response.said is None
    assert "begins at 0" in graded(40, 15, instrument="k10").response.why
    assert "the first score is 0" in graded(0, 3).response.why


def test_remission_is_told_where_a_cutoff_of_remission_is_known() -> None:
    known = sheet(cutoffs=[cutoff(5, purpose="remission")])
    said = [graded(20, x, instrument="sheet", own=known).remission.said for x in (4, 5, 6)]
    assert said == [True, False, False]
    assert graded(20, 4).remission.why == "no verified cutoff of remission is known"
    unsaid = sheet(cutoffs=[cutoff(5, None, purpose="remission")])
    assert graded(20, 5, instrument="sheet", own=unsaid).remission.said is None


def test_the_catalogue_that_is_given_is_looked_up() -> None:
    mine = KNOWN.with_(
        Instrument.model_validate(sheet(id="phq9", cutoffs=[cutoff(3)], change_thresholds=[THRESHOLD]))
    )
    assert graded(10, 4).category == "recovered"
    assert [s.category for s in graded_series(case_with(*series("phq9", [10, 4])), mine)] == ["improved"]


def test_respondents_are_series_of_their_own() -> None:
    rows = [*series("phq9", [20, 5]), *series("phq9", [19, 18], respondent=THERAPIST)]
    assert [s.category for s in graded_series(case_with(*rows), KNOWN)] == ["recovered", "unchanged"]


def test_sudden_changes_are_those_that_are_detected() -> None:
    case = case_with(*series("phq9", GAIN_AND_LOSS), *series("gad7", [15, 14, 16, 6, 5, 6, 7, 15, 16, 14]))
    found = detect_changes(case, at=date(2026, 1, 1), methods=("sudden_gain", "sudden_loss"))
    methods = [e.provenance.method for e in found.events if e.provenance]
    counts = [s.sudden.counts() for s in graded_series(case, KNOWN)]
    assert sum(c["sudden_gain"] for c in counts) == methods.count("sudden_gain") == 2
    assert sum(c["sudden_loss"] for c in counts) == methods.count("sudden_loss") == 2


def test_every_interval_has_a_verdict_and_those_at_a_gap_cannot_be_judged() -> None:
    one = graded(*GAIN_AND_LOSS).sudden
    assert len(one.intervals) == len(GAIN_AND_LOSS) - 1
    gap = GAIN_AND_LOSS.index(None)
    assert {one.intervals[gap - 1].gain, one.intervals[gap].gain} == {"score_missing"}
    assert one.reasons() == {"score_missing": 2, "too_few_scores": 2}
    assert one.counts().total() == len(one.intervals)


@given(st.lists(st.integers(0, 27) | st.none(), min_size=2, max_size=14))
def test_a_gain_that_can_be_judged_is_a_loss_that_can_be_judged(scores: list[int | None]) -> None:
    for interval in graded(*scores).sudden.intervals:
        assert (interval.gain in {"too_few_scores", "score_missing"}) == (interval.verdict == "cannot_say")
        assert {interval.gain, interval.loss} != {"sudden"}
        assert reason_in_words(interval)


def test_the_reason_of_an_interval_is_that_of_the_direction_it_took() -> None:
    told = reason_in_words(Interval("below_cutoff", "not_stable"))
    assert told == "the change does not stand out as the stability rule asks"
    assert reason_in_words(Interval("not_stable", "below_cutoff")) == told
    assert reason_in_words(Interval("score_missing", "score_missing")) == "the score at N or N+1 is missing"


@given(cases(max_sessions=4))
def test_every_case_can_be_graded(case: Any) -> None:
    for one in graded_series(case, KNOWN):
        assert (one.category is None) == (one.why is not None)
        assert (one.response.said is None) == bool(one.response.why)
        assert (one.remission.said is None) == bool(one.remission.why)
