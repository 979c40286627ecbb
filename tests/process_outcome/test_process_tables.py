"""From cases to the long table: what a session holds of a cause, and which score belongs to it."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from therapeutic_process.change_process import (
    ChangePattern,
    CodePattern,
    EventPattern,
    GoalPattern,
    RatingPattern,
    ScorePattern,
    TaskPattern,
)
from therapeutic_process.errors import CannotEstimate, NotEnoughData
from therapeutic_process.process_outcome import ProcessTable, lagged_within_client_screen, process_table
from therapeutic_process.records import Case

PHQ = ScorePattern(instrument="phq9")
TALK = CodePattern(system="automisc", codes=("C",), role="client")
CLIENT = {"kind": "client", "participant": "c"}
START = datetime(2024, 3, 4, 10, tzinfo=UTC)


def at(days: float) -> datetime:
    return START + timedelta(days=days)


def talk(*codes: str, role: str = "c", index: int = 0) -> dict[str, Any]:
    given = [{"coding_pass": "p", "system": "automisc", "code": code} for code in codes]
    return {"index": index, "kind": "speech", "speaker": role, "codes": given}


def score(number: int, value: float | None, **fields: Any) -> dict[str, Any]:
    about = {"id": f"m{number}", "instrument": "phq9", "subject": "c", "respondent": CLIENT}
    given = {"score": value} if value is not None else {"missing": "not_answered"}
    return about | given | fields


def a_case(**fields: Any) -> Case:
    """Four held sessions a week apart; the third number was missed; talk in the first two."""
    sessions: list[dict[str, Any]] = [
        {"id": f"s{n}", "number": n, "status": "held", "started_at": at(7 * (n - 1))} for n in (1, 2, 4, 5)
    ]
    sessions[0]["interactions"] = [talk("C"), talk("C", index=1), talk("N", index=2), talk(role="t", index=3)]
    sessions[1]["interactions"] = [talk("N")]
    sessions[2]["interactions"] = [talk()]
    sessions.insert(2, {"id": "s3", "number": 3, "status": "no_show"})
    coded = {"id": "p", "system": "automisc", "coder": {"kind": "observer"}, "extent": "all"}
    people = [{"id": "c", "role": "client"}, {"id": "t", "role": "therapist"}]
    measured = [
        score(n, 20.0 - n, session=f"s{n}", timing="before", measured_at=at(7 * (n - 1) - 1))
        for n in (1, 2, 4)
    ]
    defaults: dict[str, Any] = {
        "id": "k", "participants": people, "sessions": sessions, "measurements": measured,
        "coding_passes": [coded | {"sessions": ["s1", "s2"]}],
    }  # fmt: skip
    return Case(**(defaults | fields))


def values(found: ProcessTable, column: str = "process") -> list[float | None]:
    return found.table.sort("client_id", "session")[column].to_list()


def of(case: Case, cause: Any = TALK, effect: Any = PHQ, **options: Any) -> ProcessTable:
    return process_table([case], cause=cause, effect=effect, **{"timing": "before"} | options)


def test_a_code_is_zero_only_in_a_session_that_a_pass_covered() -> None:
    found = of(a_case())
    assert values(found) == [1.0, 0.0, None, None]
    assert dict(found.dropped)["session that no coding pass covered"] == 2
    assert values(of(a_case(), TALK.with_changes(amount="count"))) == [2.0, 0.0, None, None]
    assert values(of(a_case(), TALK.with_changes(amount="share"))) == [pytest.approx(2 / 3), 0.0, None, None]


def test_sessions_are_counted_as_held_and_scores_stand_before_them() -> None:
    found = of(a_case())
    assert values(found, "session") == [1, 2, 3, 4]
    assert values(found, "score") == [19.0, 18.0, 16.0, None]
    assert values(found, "days") == [0.0, 7.0, 21.0, 29.0]
    assert (found.n_clients, found.n_sessions, found.n_scores, found.better) == (1, 2, 3, "higher_worse")


def test_the_last_score_before_a_session_counts_and_the_first_after_the_last_session() -> None:
    several = [
        score(1, 12.0, measured_at=at(1.5)),
        score(2, 11.0, measured_at=at(3)),
        score(3, 5.0, measured_at=at(30)),
        score(4, 4.0, measured_at=at(300)),
    ]
    found = of(a_case(measurements=several))
    assert values(found, "score") == [None, 11.0, None, None, 5.0]
    assert dict(found.dropped)["further score in the same place"] == 2


def test_a_score_on_the_day_of_a_session_is_placed_only_where_its_side_is_known() -> None:
    same_day = [score(1, 12.0, measured_at=at(0.1))]
    assert values(of(a_case(measurements=same_day)), "score") == [None] * 4
    said = [score(1, 12.0, measured_at=at(0.1), session="s1", timing="between")]
    assert values(of(a_case(measurements=said)), "score") == [None, 12.0, None, None]


def test_scores_after_sessions_belong_to_the_other_timing() -> None:
    right_after = [score(n, 9.0 + n, session=f"s{n}", timing="after") for n in (1, 4)]
    case = a_case(measurements=right_after)
    assert values(of(case, timing="after"), "score") == [10.0, None, 13.0, None]
    before = of(case)
    assert values(before, "score") == [None] * 4
    assert dict(before.dropped)["score that was not taken when declared relative to its session"] == 2


def test_a_missing_score_is_null_and_others_answers_are_not_taken() -> None:
    other = score(2, 3.0, session="s2", timing="before", respondent={"kind": "therapist", "participant": "t"})
    case = a_case(measurements=[score(1, None, session="s1", timing="before"), other])
    assert values(of(case), "score") == [None] * 4
    assert values(of(case, respondent="therapist"), "score") == [None, 3.0, None, None]


def test_a_session_coded_in_part_holds_a_found_code_but_no_zero() -> None:
    spans = [{"session": s, "unit": "interaction", "start": 0, "end": 0} for s in ("s1", "s2", "s4")]
    sample = {
        "id": "p",
        "system": "automisc",
        "coder": {"kind": "observer"},
        "extent": "sample",
        "spans": spans,
    }
    case = a_case(coding_passes=[sample])
    assert values(of(case)) == [1.0, 0.0, 0.0, None]
    assert values(of(case, TALK.with_changes(amount="count"))) == [2.0, 0.0, 0.0, None]
    unread = {**sample, "spans": [{"session": "s1", "unit": "interaction", "start": 3, "end": 3}]}
    talked = case.with_changes(coding_passes=[unread], sessions=[
        s.with_changes(interactions=[x.with_changes(codes=()) for x in s.interactions]) for s in case.sessions
    ])  # fmt: skip
    assert values(of(talked)) == [None] * 4


def test_consensus_goes_before_single_coders_and_several_coders_give_their_mean() -> None:
    two = [{"id": p, "system": "automisc", "coder": {"kind": "observer", "name": p}, "extent": "all",
            "sessions": ["s1"]} for p in ("p", "q")]  # fmt: skip
    case = a_case()
    sessions = [s.with_changes(interactions=s.interactions if s.id == "s1" else ()) for s in case.sessions]
    both = case.with_changes(sessions=sessions, coding_passes=two)
    assert values(of(both)) == [0.5, None, None, None]
    agreed = [two[0], {**two[1], "procedure": "consensus"}]
    assert values(of(both.with_changes(coding_passes=agreed))) == [0.0, None, None, None]


def test_ratings_of_the_session_by_the_rater_asked_for() -> None:
    rated = [
        {"id": f"r{i}", "instrument": "wai-sr", "of": {"kind": "session", "id": s}, "rater": who, "value": v}
        for i, (s, who, v) in enumerate(
            [("s1", CLIENT, 4.0), ("s1", {"kind": "observer"}, 2.0), ("s4", CLIENT, 5.0)]
        )
    ]
    instrument = {"id": "wai-sr", "name": "Alliance"}
    case = a_case(ratings=rated, instruments=[instrument])
    alliance = RatingPattern(instrument="wai-sr", rater="client")
    assert values(of(case, alliance)) == [4.0, None, 5.0, None]
    assert values(of(case, alliance.with_changes(rater=None))) == [3.0, None, 5.0, None]


def task(name: str, session: str, *ratings: dict[str, Any], **fields: Any) -> dict[str, Any]:
    about = {"id": name, "participant": "c", "kind": "practice", "assigned_in": session}
    return about | {"history": [{"status": "requested"}], "adherence": ratings} | fields


def test_no_task_is_zero_only_where_somebody_says_that_all_were_recorded() -> None:
    case = a_case(tasks=[task("k1", "s2")])
    assigned = TaskPattern(amount="assigned")
    assert values(of(case, assigned)) == [None, 1.0, None, None]
    assert values(of(case, assigned, complete=True)) == [0.0, 1.0, 0.0, 0.0]
    assert values(of(case, TaskPattern(tasks=("exposure",), amount="assigned"), complete=True)) == [0.0] * 4


def test_adherence_counts_only_where_it_was_rated_before_the_outcome() -> None:
    early = {"degree": 0.75, "rater": CLIENT, "rated_at": at(5)}
    late = {"degree": 0.25, "rater": CLIENT, "session": "s4"}
    case = a_case(tasks=[task("k1", "s1", early), task("k2", "s2", late)])
    found = of(case, TaskPattern())
    assert values(found) == [0.75, None, None, None]
    assert dict(found.dropped)["task rated after the next outcome, or in an unknown order to it"] == 1


def test_with_scores_after_sessions_adherence_belongs_to_the_session_that_follows_the_assignment() -> None:
    in_session = {"degree": 0.25, "rater": CLIENT, "session": "s2"}
    measured = [score(n, 9.0 + n, session=f"s{n}", timing="after") for n in (1, 2)]
    case = a_case(tasks=[task("k1", "s1", in_session)], measurements=measured)
    assert values(of(case, TaskPattern(), timing="after")) == [None, 0.25, None, None]


def test_completion_needs_a_result_dated_before_the_outcome() -> None:
    done = [{"status": "requested"}, {"status": "accepted"}, {"status": "completed", "at": at(4)}]
    undated = [*done[:2], {"status": "completed"}]
    case = a_case(tasks=[task("k1", "s1", history=done), task("k2", "s2", history=undated)])
    assert values(of(case, TaskPattern(amount="completed"))) == [1.0, None, None, None]


def test_events_of_the_session_and_changes_in_it() -> None:
    change = {"id": "e", "participant": "c", "locus": "in_session", "session": "s2", "domain": "mood"}
    event = {"id": "g", "kind": "significant_event", "valence": "helpful",
             "spans": [{"session": "s1", "unit": "session"}]}  # fmt: skip
    case = a_case(change_events=[change], segments=[event])
    assert values(of(case, EventPattern())) == [None, 1.0, None, None]
    assert values(of(case, EventPattern(domain="sleep"), complete=True)) == [0.0] * 4
    assert values(of(case, EventPattern(what="helpful"), complete=True)) == [1.0, 0.0, 0.0, 0.0]
    assert values(of(case, EventPattern(what="hindering"), complete=True)) == [0.0] * 4


def test_progress_towards_goals_is_better_the_higher_it_is() -> None:
    rated = [{"value": v, "rater": CLIENT, "session": s} for s, v in (("s1", 2.0), ("s4", 6.0))]
    goals = [
        {
            "id": f"g{i}",
            "participants": ["c"],
            "history": [{"status": "active"}],
            "domain": d,
            "ratings": rated[i:],
        }
        for i, d in enumerate(("work", "love"))
    ]
    found = of(a_case(goals=goals), effect=GoalPattern())
    assert values(found, "score") == [2.0, None, 6.0, None]
    assert found.better == "higher_better"
    assert values(of(a_case(goals=goals), effect=GoalPattern(domain="love")), "score") == [
        None,
        None,
        6.0,
        None,
    ]


def test_scores_on_both_sides_of_a_session_stand_in_one_row() -> None:
    measured = [
        score(1, 20.0, session="s1", timing="before"),
        score(2, 17.0, session="s1", timing="after"),
        score(3, None, session="s2", timing="before"),
        score(4, 15.0, session="s2", timing="after"),
    ]
    found = of(a_case(measurements=measured), timing="both")
    assert values(found, "score") == [20.0, None, None, None]
    assert values(found, "score_after") == [17.0, 15.0, None, None]
    assert found.n_scores == 3
    assert {r: n for r, n in found.dropped if "score" in r} == {"score that is missing": 1}
    assert values(of(a_case(measurements=measured)), "score_after") == [None] * 4
    for fields in ({"effect": GoalPattern()}, {"cause": TaskPattern()}):
        with pytest.raises(CannotEstimate, match="timing_undeclared"):
            of(a_case(), timing="both", **fields)


def goal(name: str, *levels: tuple[str, int], weight: float = 1.0) -> dict[str, Any]:
    rated = [{"level": level, "rater": CLIENT, "session": session} for session, level in levels]
    return {
        "id": name,
        "participants": ["c"],
        "history": [{"status": "active"}],
        "attainments": rated,
        "weight": weight,
    }


def test_attainment_of_goals_is_their_t_score() -> None:
    # Kiresuk & Sherman (1968) as in test_attainment: weights 3 and 1 of levels 1 and -1
    goals = [goal("g", ("s1", 1), ("s2", 0), weight=3), goal("h", ("s1", -1), ("s2", 0))]
    found = of(a_case(goals=goals), effect=GoalPattern(measure="attainment"))
    expected = 50 + 10 * (3 - 1) / (0.7 * 10 + 0.3 * 16) ** 0.5
    assert values(found, "score") == [pytest.approx(expected), 50.0, None, None]
    assert found.better == "higher_better"
    assert not found.warnings
    assert values(of(a_case(goals=goals), effect=GoalPattern()), "score") == [None] * 4


def test_a_goal_rated_twice_in_a_place_counts_once_and_other_goals_are_told() -> None:
    twice = goal("g", ("s1", 2), ("s1", 0), ("s2", 1))
    found = of(a_case(goals=[twice, goal("h", ("s2", 1))]), effect=GoalPattern(measure="attainment"))
    alone = of(a_case(goals=[goal("g", ("s1", 1))]), effect=GoalPattern(measure="attainment"))
    assert values(found, "score")[0] == values(alone, "score")[0] == 60.0
    assert found.warnings == (
        "1 scores are over other goals than the client's last one: that they differ may be the goals",
    )


def test_clients_of_one_case_are_kept_apart_by_their_own_talk_and_attendance() -> None:
    case = a_case(participants=[{"id": "c", "role": "client"}, {"id": "d", "role": "client"},
                                {"id": "t", "role": "therapist"}])  # fmt: skip
    sessions = [s.with_changes(attended=["c", "t"]) if s.id == "s1" else s for s in case.sessions]
    found = of(case.with_changes(sessions=sessions))
    assert found.several_clients
    assert found.table["case_id"].unique().to_list() == ["k"]
    assert values(found) == [1.0, 0.0, None, None, None, 0.0, None, None]
    assert values(found, "score")[4:] == [None] * 4


def test_what_is_no_series_shares_items_or_has_no_timing_is_refused() -> None:
    with pytest.raises(NotEnoughData, match="changes outside sessions"):
        of(a_case(), effect=ChangePattern())
    with pytest.raises(CannotEstimate, match="shared_items"):
        of(a_case(), RatingPattern(instrument="phq9"))
    with pytest.raises(CannotEstimate, match="timing_undeclared"):
        of(a_case(), timing=None)


def test_scores_at_the_floor_and_a_look_back_beyond_the_gap_are_warned_of() -> None:
    measured = [
        score(n, 0.0, session=f"s{n}", timing="before", measured_at=at(7 * (n - 1) - 1)) for n in (1, 2)
    ]
    found = of(a_case(measurements=measured))
    assert any("floor" in w for w in found.warnings)
    assert any("look back over 14 days, longer than the median gap of 7 days" in w for w in found.warnings)
    assert not any("floor" in w for w in of(a_case()).warnings)


def test_an_instrument_of_the_case_has_its_range_and_direction_too() -> None:
    own = {
        "id": "own",
        "name": "Own",
        "minimum": 1,
        "maximum": 5,
        "direction": "higher_better",
        "item_count": 1,
    }
    measured = [score(n, 5.0, instrument="own", session=f"s{n}", timing="before") for n in (1, 2)]
    found = of(a_case(measurements=measured, instruments=[own]), effect=ScorePattern(instrument="own"))
    assert found.better == "higher_better"
    assert [w.split()[0] for w in found.warnings] == ["100%", "the"]
    assert "ceiling" in found.warnings[0]
    assert "single item" in found.warnings[1]


def test_coders_who_knew_the_outcome_are_warned_of() -> None:
    case = a_case()
    seeing = case.with_changes(coding_passes=[case.coding_passes[0].with_changes(blind_to_outcome=False)])
    assert "1 coding passes were made by coders who knew the outcome" in of(seeing).warnings
    assert not any("coders" in w for w in of(case).warnings)
    assert not any("coders" in w for w in of(seeing, EventPattern()).warnings)


def test_no_case_gives_an_empty_table_with_its_columns_and_nothing_shows_an_id() -> None:
    empty = process_table([], cause=TALK, effect=PHQ, timing="before")
    assert empty.table.columns == [
        "client_id",
        "case_id",
        "session",
        "score",
        "process",
        "days",
        "score_after",
    ]
    assert (empty.n_clients, empty.better) == (0, None)
    full = of(a_case())
    assert repr(full) == "<ProcessTable 1 clients, 2 sessions with a known process, 3 scores>"
    assert "k" not in {w.strip(",") for w in str(full).split()}


@settings(max_examples=15)
@given(st.integers(0, 2**32), st.integers(1, 5))
def test_the_order_of_cases_changes_nothing(seed: int, n: int) -> None:
    cases = [a_case(id=f"k{i}") for i in range(n)]
    shuffled = random.Random(seed).sample(cases, n)
    one, other = (process_table(c, cause=TALK, effect=PHQ, timing="before") for c in (cases, shuffled))
    key = ["client_id", "session"]
    assert one.table.sort(key).equals(other.table.sort(key))
    assert one.dropped == other.dropped
    assert one.table["process"].sum() == n


def test_the_estimators_take_the_table_and_refuse_it_with_numbers() -> None:
    cases = [a_case(id=f"k{i}") for i in range(9)]
    table = process_table(cases, cause=TALK, effect=PHQ, timing="before").table
    with pytest.raises(CannotEstimate) as caught:
        lagged_within_client_screen(table, timing="before", outcome="score", process="process")
    assert caught.value.code.startswith("too_few")
