"""Change between two measurements, and the change of a case."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from therapeutic_process.change_process import Threshold, change_between, changes, published_threshold
from therapeutic_process.errors import NotEnoughData
from therapeutic_process.instruments import Catalogue, Instrument, builtin_catalogue
from therapeutic_process.records import Case, Measurement
from therapeutic_process.testing import cases

SIX = Threshold(6, inclusive=True, source="a manual")
MOVES = ("reliable_improvement", "reliable_deterioration", "no_reliable_change")


def measured(score: float | None, name: str = "m1", **fields: Any) -> Measurement:
    whole = {
        "id": name,
        "instrument": "phq9",
        "subject": "c",
        "respondent": {"kind": "client", "participant": "c"},
    }
    value = {"missing": "declined"} if score is None else {"score": score}
    return Measurement(**{**whole, **value, **fields})


def mine(
    direction: str | None = "higher_better", *, thresholds: tuple[dict[str, Any], ...] = ()
) -> Catalogue:
    subscales = [
        {"id": "up", "name": "Up", "direction": "higher_better"},
        {"id": "down", "name": "Down", "direction": "higher_worse"},
        {"id": "same", "name": "Same"},
    ]
    known = [{"kind": "reliable_change", "method": "RCI", "source": "a paper", **t} for t in thresholds]
    fields: dict[str, Any] = {"direction": direction, "subscales": subscales, "change_thresholds": known}
    return Catalogue.of([Instrument(id="own", name="Own", **fields)])


def moved(before: float, after: float, threshold: Threshold | None = SIX, **fields: Any) -> Any:
    catalogue = fields.pop("catalogue", None)
    first, last = measured(before, **fields), measured(after, "m2", **fields)
    return change_between(first, last, threshold=threshold, catalogue=catalogue)


@pytest.mark.parametrize(
    ("before", "after", "verdict", "improved"),
    [
        (19, 8, "reliable_improvement", True),
        (19, 13, "reliable_improvement", True),
        (19, 14, "no_reliable_change", True),
        (8, 8, "no_reliable_change", None),
        (8, 13, "no_reliable_change", False),
        (8, 14, "reliable_deterioration", False),
        (0, 27, "reliable_deterioration", False),
    ],
)
def test_the_verdict_on_a_scale_where_higher_is_worse(
    before: float, after: float, verdict: str, improved: bool | None
) -> None:
    change = moved(before, after)
    assert (change.verdict, change.improved, change.difference) == (verdict, improved, after - before)
    assert (change.before, change.after, change.why, change.n_scores, change.n_missing) == (
        before,
        after,
        None,
        2,
        0,
    )


def test_the_direction_is_that_of_the_subscale_where_it_has_one() -> None:
    for scale, expected in (
        (None, "reliable_improvement"),
        ("up", "reliable_improvement"),
        ("down", "reliable_deterioration"),
        ("same", "reliable_improvement"),
    ):
        assert moved(1, 9, instrument="own", scale=scale, catalogue=mine()).verdict == expected
    turned = mine("higher_worse")
    assert moved(1, 9, instrument="own", scale="same", catalogue=turned).verdict == "reliable_deterioration"
    assert moved(1, 9, instrument="own", scale="up", catalogue=turned).verdict == "reliable_improvement"


@pytest.mark.parametrize("fields", [{"instrument": "own"}, {"instrument": "unheard_of"}])
def test_without_a_direction_a_large_change_is_neither_better_nor_worse(fields: dict[str, Any]) -> None:
    change = moved(1, 9, catalogue=mine(None), **fields)
    assert (change.verdict, change.improved) == ("cannot_say", None)
    assert change.why == "it is not known which direction of the score is better"
    assert moved(1, 2, catalogue=mine(None), **fields).verdict == "no_reliable_change"


def test_the_direction_of_a_subscale_that_nobody_knows_is_not_taken_from_the_whole() -> None:
    assert moved(1, 9, instrument="own", scale="unheard_of", catalogue=mine()).verdict == "cannot_say"


def test_the_threshold_itself_counts_as_its_source_says() -> None:
    for inclusive, at, expected in (
        (True, 6, "reliable_improvement"),
        (False, 6, "no_reliable_change"),
        (None, 6, "cannot_say"),
        (False, 6.01, "reliable_improvement"),
        (None, 6.01, "reliable_improvement"),
        (None, 5.99, "no_reliable_change"),
    ):
        assert moved(20, 20 - at, Threshold(6, inclusive=inclusive, source="x")).verdict == expected
    why = moved(20, 14, Threshold(6, inclusive=None, source="x")).why
    assert why == "the source does not say whether a change of exactly the threshold counts"


def test_decimals_do_not_miss_the_threshold_by_a_rounding_error() -> None:
    assert 2.3 - 1.8 < 0.5
    half = Threshold(0.5, inclusive=True, source="x")
    assert moved(2.3, 1.8, half).verdict == "reliable_improvement"
    assert moved(2.3, 1.8, Threshold(0.5, inclusive=False, source="x")).verdict == "no_reliable_change"
    assert moved(2.3, 1.81, half).verdict == "no_reliable_change"


@pytest.mark.parametrize("value", [0, -1, float("nan"), float("inf")])
def test_a_threshold_is_a_finite_amount_above_zero(value: float) -> None:
    with pytest.raises(NotEnoughData, match="a finite value above 0"):
        Threshold(value, inclusive=True, source="x")


def test_no_threshold_is_not_no_change() -> None:
    change = moved(19, 2, None)
    assert (change.verdict, change.improved, change.difference) == ("cannot_say", True, -17)
    assert change.why == "no threshold of reliable change was given"


def test_one_score_cannot_say_and_tells_why_the_other_is_missing() -> None:
    for first, last, n in ((19, None, 1), (None, 8, 1), (None, None, 0)):
        change = change_between(measured(first), measured(last, "m2"), threshold=SIX)
        assert (change.verdict, change.difference, change.improved, change.n_scores) == (
            "cannot_say",
            None,
            None,
            n,
        )
        assert change.why == f"needs 2 scores, found {n} in 2 measurements ({2 - n} declined)"
        assert change.missing == ("declined",) * (2 - n)
        assert (change.before, change.after) == (first, last)


def test_two_measurements_of_different_things_are_refused() -> None:
    other = {"kind": "therapist", "participant": "t"}
    for fields in ({"instrument": "gad7"}, {"scale": "a"}, {"subject": "d"}, {"respondent": other}):
        with pytest.raises(NotEnoughData, match="found measurements of different things"):
            change_between(measured(3), measured(4, "m2", **fields))


def test_one_measurement_is_not_two_and_the_later_one_is_not_the_first() -> None:
    with pytest.raises(NotEnoughData, match="found one and the same"):
        change_between(measured(3), measured(3))
    early, late = measured(3, measured_at="2024-03-01"), measured(4, "m2", measured_at="2024-04-01")
    assert change_between(early, late).difference == 1
    with pytest.raises(NotEnoughData, match="the earlier measurement first"):
        change_between(late, early)
    same_day = measured(5, "m3", measured_at="2024-03-01T08:00:00Z")
    assert change_between(early, same_day).difference == 2


def test_the_explanation_says_how_it_came_about() -> None:
    assert moved(19, 8).explain() == (
        "phq9: from 19 to 8 (-11); reliable improvement: the threshold is at least 6 points (a manual)."
    )
    strict = moved(19, 15, Threshold(4.5, inclusive=False, source="x"))
    assert (
        strict.explain()
        == "phq9: from 19 to 15 (-4); no reliable change: the threshold is more than 4.5 points (x)."
    )
    silent = moved(19, 15, Threshold(4.5, inclusive=None, source="x"))
    assert (
        silent.explain() == "phq9: from 19 to 15 (-4); no reliable change: the threshold is 4.5 points (x)."
    )
    assert moved(19, 8, None).explain() == (
        "phq9: from 19 to 8 (-11); cannot say whether reliable: no threshold of reliable change was given."
    )
    single = change_between(measured(19), measured(None, "m2", missing="not_asked"))
    assert single.explain() == "phq9: cannot say: needs 2 scores, found 1 in 2 measurements (1 not asked)."
    assert "own (up): from 1 to 9" in moved(1, 9, instrument="own", scale="up", catalogue=mine()).explain()
    assert repr(moved(19, 8)) == "Change(phq9, reliable_improvement, n_scores=2)"


def test_published_thresholds() -> None:
    found = published_threshold("phq9")
    assert found is not None
    assert (found.value, found.inclusive) == (6, True)
    assert found.source
    assert published_threshold("unheard_of") is None
    # 15 and 18 points in two samples of veterans; 14 and 17.56 points in two countries
    assert published_threshold("pcl5") is None
    assert published_threshold("oq45") is None


@pytest.mark.parametrize(
    ("thresholds", "expected"),
    [
        ((), None),
        (({"value": 5, "comparator": ">="},), (5, True)),
        (({"value": 5, "comparator": ">"},), (5, False)),
        (({"value": 5},), (5, None)),
        (({"value": 5, "comparator": ">="}, {"value": 5, "comparator": ">="}), (5, True)),
        (({"value": 5, "comparator": ">="}, {"value": 6, "comparator": ">="}), None),
        (({"value": 5, "comparator": ">="}, {"value": 5, "comparator": ">"}), None),
        (({"value": 5, "verified": False},), None),
        (({"value": 5, "confidence": "low"},), None),
        (({"value": 5, "kind": "minimal_important_difference"},), None),
        (({"value": 5}, {"value": 9, "kind": "sudden_gain"}), (5, None)),
        (({"value": 0},), None),
    ],
)
def test_a_threshold_is_used_where_exactly_one_verified_one_is_known(
    thresholds: tuple[dict[str, Any], ...], expected: tuple[float, bool | None] | None
) -> None:
    found = published_threshold("own", catalogue=mine(thresholds=thresholds))
    assert (None if found is None else (found.value, found.inclusive)) == expected


@given(
    before=st.integers(0, 27), after=st.integers(0, 27), points=st.integers(1, 27), inclusive=st.booleans()
)
def test_the_verdict_is_that_of_the_rule(before: int, after: int, points: int, inclusive: bool) -> None:
    change = moved(before, after, Threshold(points, inclusive=inclusive, source="x"))
    large = abs(after - before) >= points if inclusive else abs(after - before) > points
    assert change.verdict == MOVES[2 if not large else 0 if after < before else 1]
    back = moved(after, before, Threshold(points, inclusive=inclusive, source="x"))
    assert back.difference == -change.difference
    assert (back.verdict == "no_reliable_change") == (change.verdict == "no_reliable_change")
    assert back.improved is (None if change.improved is None else not change.improved)


def a_case(*several: Measurement, **fields: Any) -> Case:
    people = [{"id": "c", "role": "client"}, {"id": "d", "role": "client"}, {"id": "t", "role": "therapist"}]
    return Case(**{"id": "k", "participants": people, "measurements": several, **fields})


def test_a_series_is_what_one_respondent_said_about_one_subject_on_one_scale() -> None:
    by_therapist = {"kind": "therapist", "participant": "t"}
    case = a_case(
        measured(19, "m1"),
        measured(10, "m2", subject="d"),
        measured(15, "m3", respondent=by_therapist),
        measured(8, "m4"),
        measured(20, "m5", subject="d"),
        measured(14, "m6", respondent=by_therapist),
    )
    found = changes(case)
    assert [(r.subject, r.respondent.kind, r.difference, r.verdict) for r in found.rows] == [
        ("c", "client", -11, "reliable_improvement"),
        ("d", "client", 10, "reliable_deterioration"),
        ("c", "therapist", -1, "no_reliable_change"),
    ]
    assert (
        repr(found)
        == "Changes(3 series: 1 reliable_improvement, 1 reliable_deterioration, 1 no_reliable_change)"
    )
    frame = found.to_frame().select("subject", "respondent", "respondent_id", "threshold")
    assert frame.rows() == [
        ("c", "client", "c", 6.0),
        ("d", "client", "c", 6.0),
        ("c", "therapist", "t", 6.0),
    ]


def test_from_the_first_score_to_the_last_passing_over_what_is_missing() -> None:
    case = a_case(
        measured(None, "m1", missing="not_asked"), measured(19, "m2"), measured(27, "m3"), measured(None, "m4"),
        measured(13, "m5"), measured(None, "m6"),
    )  # fmt: skip
    (change,) = changes(case).rows
    assert (change.before, change.after, change.difference, change.verdict) == (
        19,
        13,
        -6,
        "reliable_improvement",
    )
    assert (change.n_scores, change.n_missing, change.missing) == (
        3,
        3,
        ("not_asked", "declined", "declined"),
    )
    assert (changes(case).n_measurements, changes(case).n_missing) == (6, 3)


def test_one_score_of_a_case_cannot_say() -> None:
    for several, before, n in (
        ([measured(19)], 19, 1),
        ([measured(None), measured(19, "m2")], 19, 1),
        ([measured(None), measured(None, "m2")], None, 0),
    ):
        (change,) = changes(a_case(*several)).rows
        assert (change.verdict, change.before, change.after, change.difference) == (
            "cannot_say",
            before,
            None,
            None,
        )
        assert change.why is not None
        assert change.why.startswith(f"needs 2 scores, found {n} in {len(several)} measurement")
    assert changes(a_case()).rows == ()
    assert repr(changes(a_case())) == "Changes(0 series)"


def test_subscales_have_no_threshold_of_their_total() -> None:
    own = mine(thresholds=({"value": 5, "comparator": ">="},)).instrument("own")
    several = [
        measured(x, f"m{i}", instrument="own", scale=s)
        for i, (x, s) in enumerate([(1, "up"), (9, "up"), (1, None), (9, None)])
    ]
    rows = changes(a_case(*several, instruments=[own])).rows
    assert [(r.scale, r.verdict) for r in rows] == [("up", "cannot_say"), (None, "reliable_improvement")]


def test_an_instrument_of_the_case_comes_before_that_of_the_catalogue() -> None:
    own = Instrument(id="phq9", name="Another", direction="higher_better", minimum=0, maximum=99)
    (change,) = changes(a_case(measured(1), measured(50, "m2"), instruments=[own])).rows
    assert (change.improved, change.threshold, change.verdict) == (True, None, "cannot_say")


@given(cases())
def test_every_measurement_belongs_to_one_series_and_every_verdict_follows(case: Case) -> None:
    found = changes(case)
    keys = [(m.instrument, m.scale, m.subject, m.respondent) for m in case.measurements]
    assert [(r.instrument, r.scale, r.subject, r.respondent) for r in found.rows] == list(dict.fromkeys(keys))
    assert sum(r.n_scores + r.n_missing for r in found.rows) == found.n_measurements == len(case.measurements)
    assert sum(r.n_missing for r in found.rows) == found.n_missing
    known = builtin_catalogue().with_(*case.instruments)
    for row, key in zip(found.rows, dict.fromkeys(keys), strict=True):
        own = [
            m.score for m, k in zip(case.measurements, keys, strict=True) if k == key and m.score is not None
        ]
        assert row.n_scores == len(own)
        if len(own) < 2:
            assert (row.verdict, row.difference) == ("cannot_say", None)
            continue
        assert (row.before, row.after) == (own[0], own[-1])
        assert row.difference == own[-1] - own[0]
        assert row.threshold == (
            published_threshold(row.instrument, catalogue=known) if row.scale is None else None
        )
        assert (row.why is None) == (row.verdict != "cannot_say")
        assert row.explain()


@given(cases())
def test_the_change_of_a_series_is_that_between_its_first_and_last_score(case: Case) -> None:
    known = builtin_catalogue().with_(*case.instruments)
    for row in changes(case).rows:
        key = (row.instrument, row.scale, row.subject, row.respondent)
        own = [m for m in case.measurements if (m.instrument, m.scale, m.subject, m.respondent) == key]
        scored = [m for m in own if m.score is not None]
        if len(scored) > 1:
            two = change_between(scored[0], scored[-1], threshold=row.threshold, catalogue=known)
            assert (two.verdict, two.difference, two.improved) == (row.verdict, row.difference, row.improved)
