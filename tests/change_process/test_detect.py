"""Changes found in the scores of a case, as events of the case."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from therapeutic_process.change_process import Threshold, detect_changes
from therapeutic_process.errors import NotEnoughData, RecordError
from therapeutic_process.exchange import dump_case, example_cases, load_case
from therapeutic_process.records import Case, ChangeEvent, Interval
from therapeutic_process.testing import cases

AT = datetime(2026, 1, 31, 12, tzinfo=UTC)
START = date(2024, 3, 4)
PEOPLE = ({"id": "c", "role": "client"}, {"id": "t", "role": "therapist"})
GAIN = (20, 21, 20, 8, 7, 8)
CLIENT = {"kind": "client", "participant": "c"}


def day(i: int) -> date:
    return START + timedelta(days=7 * i)


def course(
    *scores: float | None, dated: bool = True, sessions: bool = True, **fields: Any
) -> list[dict[str, Any]]:
    rows = []
    for i, score in enumerate(scores):
        value = {"missing": "declined"} if score is None else {"score": score}
        one = {"id": f"m{i}", "instrument": "phq9", "subject": "c", "respondent": CLIENT, **value}
        one |= {"measured_at": day(i)} if dated else {}
        one |= {"session": f"s{i}", "timing": "before"} if sessions else {}
        rows.append({**one, **fields})
    return rows


def case_of(*measurements: dict[str, Any], dated: bool = True, **fields: Any) -> Case:
    several = [
        {"id": f"s{i}", "number": i, "status": "held", "started_at": day(i) if dated else None}
        for i in range(8)
    ]
    whole = {"id": "k", "participants": PEOPLE, "sessions": several, "measurements": measurements}
    return Case.model_validate({**whole, **fields})


def found(case: Case, **choices: Any) -> list[ChangeEvent]:
    return list(detect_changes(case, at=AT, **choices).events)


def parameters(event: ChangeEvent) -> dict[str, str]:
    assert event.provenance is not None
    return {p.name: p.value for p in event.provenance.parameters}


def test_a_sudden_gain_and_a_reliable_change_are_told_with_all_that_speaks_for_them() -> None:
    reliable, sudden = found(case_of(*course(*GAIN)))
    assert [r.id for r in reliable.evidence] == ["m0", "m5"]
    assert (reliable.magnitude, reliable.direction, reliable.unit) == (12, "improvement", "points")
    assert reliable.occurred == Interval(start=day(0), end=day(5))
    assert reliable.after_session is None
    assert [r.id for r in sudden.evidence] == ["m2", "m3"]
    assert (sudden.magnitude, sudden.direction, sudden.participant) == (12, "improvement", "c")
    assert sudden.occurred == Interval(start=day(2), end=day(3))
    assert (sudden.locus, sudden.after_session, sudden.reported) == ("out_of_session", "s2", day(3))
    assert sudden.provenance is not None
    assert (sudden.provenance.method, sudden.provenance.computed_at) == ("sudden_gain", AT)
    assert parameters(sudden)["threshold"] == "6.0"
    assert parameters(sudden) | {"source": ""} == {
        "instrument": "phq9", "threshold": "6.0", "source": "", "min_share": "0.25", "stability": "pooled_sd",
        "alpha": "0.05", "better": "lower",
    }  # fmt: skip


def test_a_sudden_loss_is_a_deterioration() -> None:
    events = found(case_of(*course(8, 7, 8, 20, 21, 20)), methods=["sudden_loss", "sudden_gain"])
    assert [(e.direction, e.magnitude) for e in events] == [("deterioration", 12)]


def test_on_a_scale_where_higher_is_better_a_gain_is_a_rise() -> None:
    rising = course(10, 9, 10, 25, 26, 25, instrument="ors")
    threshold = {"ors": Threshold(5, inclusive=True, source="a manual")}
    (event,) = found(case_of(*rising), methods=["sudden_gain"], thresholds=threshold)
    assert (event.direction, parameters(event)["better"]) == ("improvement", "higher")


def test_a_change_below_the_threshold_is_judged_and_is_no_event() -> None:
    detected = detect_changes(case_of(*course(12, 7)), at=AT, methods=["reliable_change"])
    assert (detected.events, detected.n_used, detected.dropped) == ((), 1, {})
    (event,) = found(
        case_of(*course(12, 7)),
        methods=["reliable_change"],
        thresholds={"phq9": Threshold(5, inclusive=True, source="ours")},
    )
    assert parameters(event) == {"instrument": "phq9", "threshold": "5", "source": "ours", "inclusive": "yes"}


@pytest.mark.parametrize(
    ("measurements", "choices", "dropped"),
    [
        (course(12), {}, {"too_few_scores": 3}),
        (course(12, None, None), {}, {"too_few_scores": 3}),
        (course(12, 7), {}, {"too_few_scores": 2}),
        (course(12, 2, instrument="spin"), {}, {"no_threshold": 3}),
        (course(2, 14, instrument="own"), {}, {"no_threshold": 3}),
        (
            course(2, 14, instrument="own"),
            {"thresholds": {"own": Threshold(5, inclusive=True, source="ours")}},
            {"direction_unknown": 3},
        ),
        (
            course(12, 7),
            {
                "thresholds": {"phq9": Threshold(5, inclusive=None, source="ours")},
                "methods": ["reliable_change"],
            },
            {"threshold_unclear": 1},
        ),
    ],
)
def test_what_cannot_be_judged_is_counted_with_its_reason(
    measurements: list[dict[str, Any]], choices: dict[str, Any], dropped: dict[str, int]
) -> None:
    case = case_of(*measurements, instruments=[{"id": "own", "name": "Own"}])
    assert detect_changes(case, at=AT, **choices).dropped == dropped


def test_a_missing_score_keeps_its_place() -> None:
    assert len(found(case_of(*course(20, 21, 20, 8, 7, 8)), methods=["sudden_gain"])) == 1
    assert found(case_of(*course(20, 21, 20, None, 8, 7)), methods=["sudden_gain"]) == []


def test_series_are_kept_apart() -> None:
    mixed = [
        *course(20, 21, 20, dated=False),
        *course(8, 7, 8, dated=False, respondent={"kind": "therapist"}),
    ]
    for i, one in enumerate(mixed):
        one["id"] = f"m{i}"
    detected = detect_changes(case_of(*mixed), at=AT)
    assert (detected.events, detected.n_used, detected.dropped) == ((), 2, {"too_few_scores": 4})


def test_a_threshold_of_a_scale_is_named_with_its_instrument() -> None:
    scale = course(3, 14, instrument="own", scale="part")
    own = {
        "id": "own",
        "name": "Own",
        "direction": "higher_better",
        "subscales": [{"id": "part", "name": "Part"}],
    }
    case = case_of(*scale, instruments=[own])
    five = Threshold(5, inclusive=True, source="ours")
    assert found(case, thresholds={"own": five}) == []
    (event,) = found(case, thresholds={"own/part": five})
    assert parameters(event)["scale"] == "part"


def test_with_order_only_the_session_before_is_known_and_with_neither_nothing_is() -> None:
    undated = case_of(*course(*GAIN, dated=False), dated=False)
    (event,) = found(undated, methods=["sudden_gain"])
    assert (event.occurred, event.reported, event.after_session) == (None, None, "s2")
    bare = case_of(*course(*GAIN, dated=False, sessions=False), dated=False)
    (event,) = found(bare, methods=["sudden_gain"])
    assert (event.occurred, event.after_session) == (None, None)


@pytest.mark.parametrize("timing", ["after", "between", "unknown"])
def test_a_score_taken_otherwise_than_before_its_session_does_not_tell_which_session_came_last(
    timing: str,
) -> None:
    (event,) = found(case_of(*course(*GAIN, timing=timing)), methods=["sudden_gain"])
    assert event.after_session is None
    assert event.occurred is not None


def test_over_two_sessions_nobody_knows_after_which_one_it_was() -> None:
    rows = course(*GAIN)
    for one in rows[3:]:
        one["session"] = f"s{int(one['session'][1:]) + 1}"
        one["measured_at"] = one["measured_at"] + timedelta(days=7)
    (event,) = found(case_of(*rows), methods=["sudden_gain"])
    assert event.after_session is None


def test_times_that_contradict_the_order_leave_the_interval_only() -> None:
    same_day = course(*GAIN)
    same_day[3]["measured_at"] = day(2)  # asked before session 3, answered on the day of session 2
    (event,) = found(case_of(*same_day), methods=["sudden_gain"])
    assert event.after_session == "s2"
    early = [{**one, "measured_at": day(0)} for one in course(*GAIN)]
    (event,) = found(case_of(*early), methods=["sudden_gain"])
    assert (event.after_session, event.occurred) == (None, Interval(start=day(0), end=day(0)))


def test_a_later_session_that_came_first_by_its_time_leaves_the_interval_only() -> None:
    late = [{**one, "measured_at": day(7 + i), "timing": "unknown"} for i, one in enumerate(course(*GAIN))]
    late[3]["timing"] = "before"
    starts = [day(0), day(1), day(2), None, day(4), day(5)]
    sessions = [
        {"id": f"s{i}", "number": i, "status": "held", "started_at": at} for i, at in enumerate(starts)
    ]
    (event,) = found(case_of(*late, sessions=sessions), methods=["sudden_gain"])
    assert event.after_session is None
    sessions[4]["started_at"] = sessions[5]["started_at"] = None
    (event,) = found(case_of(*late, sessions=sessions), methods=["sudden_gain"])
    assert event.after_session == "s2"


def test_two_scores_of_one_session_are_no_change_outside_it() -> None:
    rows = course(20, 8)
    rows[1] |= {"session": "s0", "timing": "after", "measured_at": day(0)}
    detected = detect_changes(case_of(*rows), at=AT, methods=["reliable_change"])
    assert (detected.events, detected.left_out, detected.n_used) == ((), {"within_session": 1}, 1)


def test_the_id_is_made_of_method_parameters_and_evidence() -> None:
    case = case_of(*course(*GAIN))
    ids = [e.id for e in found(case)]
    later = detect_changes(case, at=date(2030, 1, 1)).events
    assert ids == [e.id for e in later]
    assert len({*ids, *(e.id for e in found(case, min_share=0.3))}) == 3  # the reliable change is the same
    other = {"phq9": Threshold(6, inclusive=True, source="ours")}
    assert not {*ids} & {e.id for e in found(case, thresholds=other)}


def test_a_change_that_the_case_holds_already_is_not_found_twice() -> None:
    case = case_of(*course(*GAIN))
    once = case.with_changes(change_events=found(case))
    again = detect_changes(once, at=AT)
    assert (again.events, again.left_out) == ((), {"already_recorded": 2})


def test_bad_arguments_are_refused() -> None:
    case = case_of(*course(*GAIN))
    methods: Any = ["magic"]
    with pytest.raises(NotEnoughData, match="reliable_change, sudden_gain, sudden_loss"):
        detect_changes(case, at=AT, methods=methods)
    with pytest.raises(RecordError):
        detect_changes(case, at=datetime(2026, 1, 1))  # noqa: DTZ001  a time without an offset is what is refused


def test_asking_twice_for_a_method_is_asking_once() -> None:
    case = case_of(*course(*GAIN))
    assert len(found(case, methods=["sudden_gain", "sudden_gain"])) == 1


def test_the_repr_counts_and_names_nobody() -> None:
    detected = detect_changes(case_of(*course(*GAIN)), at=AT)
    assert (
        repr(detected) == "DetectedChanges(2 changes: 1 reliable_change, 1 sudden_gain; n_used=3, dropped=0)"
    )
    assert repr(detect_changes(case_of(), at=AT)) == "DetectedChanges(0 changes: none; n_used=0, dropped=0)"


def test_the_explanation_says_why_something_is_no_event() -> None:
    rows = [*course(20, 8), *course(3, instrument="gad7")]
    rows[1] |= {"session": "s0", "timing": "after", "measured_at": day(0)}
    rows[2]["id"] = "g"
    told = detect_changes(case_of(*rows), at=AT, methods=["reliable_change"]).explain().splitlines()
    assert told[1].startswith("1 not judged: the method needs more scores")
    assert told[2] == "1 left out: both scores belong to one session: the change may lie inside it"


@given(cases(), st.sampled_from(["pooled_sd", "share_kept", "none"]))
def test_every_case_stays_valid_with_the_changes_found_in_it(case: Case, stability: Any) -> None:
    detected = detect_changes(case, at=AT, stability=stability)
    whole = case.with_changes(change_events=(*case.change_events, *detected.events))
    assert load_case(dump_case(whole)) == whole
    known = {m.id: m for m in case.measurements}
    for event in detected.events:
        first, last = (known[r.id] for r in event.evidence)
        assert event.magnitude == abs((last.score or 0) - (first.score or 0))
        assert event.participant == first.subject == last.subject


@given(
    st.lists(st.none() | st.integers(0, 27), min_size=2, max_size=8),
    st.booleans(),
    st.booleans(),
    st.booleans(),
)
def test_judgements_made_and_not_made_are_all_there_are(
    scores: list[float | None], dated: bool, sessions: bool, times: bool
) -> None:
    case = case_of(*course(*scores, dated=dated, sessions=sessions), dated=times)
    detected = detect_changes(case, at=AT)
    assert detected.n_used + sum(detected.dropped.values()) == 3
    assert case.with_changes(change_events=detected.events).change_events == detected.events


def test_the_examples_of_the_package_have_changes() -> None:
    assert len(found(example_cases()[0])) == 2
