"""Which agreed goals remain, and which follow an achieved one."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from therapeutic_process.change_process import next_focus
from therapeutic_process.records import Case
from therapeutic_process.testing import cases

BOTH = ({"capacity": "client", "participant": "c1"}, {"capacity": "therapist", "participant": "t1"})
PEOPLE = ({"id": "c1", "role": "client"}, {"id": "t1", "role": "therapist"})
COUPLE = (*PEOPLE, {"id": "c2", "role": "client"})


def goal(name: str, *, status: str = "active", agreed: bool = True, **fields: Any) -> dict[str, Any]:
    whole = {"id": name, "history": [{"status": status}], "agreements": BOTH if agreed else ()}
    return {**whole, **fields}


def achieved(name: str, at: object = None, **fields: Any) -> dict[str, Any]:
    return goal(name, achievement="achieved", achieved_at=at, **fields)


def case_of(*goals: dict[str, Any], people: Any = PEOPLE, **fields: Any) -> Case:
    return Case.model_validate({"id": "k", "participants": people, "goals": goals, **fields})


def test_the_focus_moves_to_the_agreed_goal_that_follows_the_achieved_one() -> None:
    found = next_focus(case_of(achieved("a", date(2024, 5, 2)), goal("b", follows="a"), goal("c")))
    assert (found.achieved, found.achieved_since) == (("a",), (date(2024, 5, 2),))
    assert (found.remaining, found.follows, found.not_agreed) == (("b", "c"), ("b",), ())


def test_completed_is_not_achieved_and_does_not_remain_either() -> None:
    done = goal("a", status="completed", achievement="not_achieved")
    found = next_focus(case_of(done, goal("b", follows="a")))
    assert (found.achieved, found.remaining, found.follows) == ((), ("b",), ())


def test_an_achieved_goal_counts_whatever_its_status_unless_it_was_entered_in_error() -> None:
    goals = [
        achieved("a", status="completed"),
        achieved("b", status="cancelled"),
        goal("c", achievement="sustaining"),
        achieved("d", status="entered_in_error"),
    ]
    assert next_focus(case_of(*goals)).achieved == ("a", "b", "c")


def test_what_is_ended_does_not_remain() -> None:
    ended = [goal(s, status=s) for s in ("completed", "cancelled", "rejected", "entered_in_error")]
    waiting = [goal(s, status=s) for s in ("proposed", "planned", "accepted", "on_hold")]
    assert next_focus(case_of(*ended, *waiting)).remaining == ("proposed", "planned", "accepted", "on_hold")


def test_the_latest_achieved_goal_stands_first_to_the_hour_and_undated_ones_last() -> None:
    morning, evening = (datetime(2024, 5, 2, h, tzinfo=UTC) for h in (9, 18))
    goals = [
        achieved("x"),
        achieved("old", date(2024, 4, 1)),
        achieved("am", morning),
        achieved("pm", evening),
    ]
    found = next_focus(case_of(*goals))
    assert found.achieved == ("pm", "am", "old", "x")
    assert found.achieved_since == (evening, morning, date(2024, 4, 1), None)


def test_both_sides_must_have_agreed_to_the_goal_or_to_a_plan_in_force_that_names_it() -> None:
    goals = [goal("one", agreements=BOTH[:1]), goal("other", agreements=BOTH[1:]), goal("none", agreed=False)]
    assert next_focus(case_of(*goals)).not_agreed == ("one", "other", "none")
    plan = {
        "id": "p",
        "revision": 1,
        "history": [{"status": "active"}],
        "agreements": BOTH,
        "goals": ["none"],
    }
    found = next_focus(case_of(*goals, plans=[plan]))
    assert (found.remaining, found.not_agreed) == (("none",), ("one", "other"))
    draft = {**plan, "history": [{"status": "draft"}]}
    assert next_focus(case_of(*goals, plans=[draft])).remaining == ()


def test_a_goal_of_a_couple_is_agreed_when_each_of_them_agreed() -> None:
    also = {"capacity": "client", "participant": "c2"}
    joint, half = goal("joint", agreements=(*BOTH, also)), goal("half")
    hers = goal("hers", participants=["c1"])
    found = next_focus(case_of(joint, half, hers, people=COUPLE))
    assert (found.remaining, found.not_agreed) == (("joint", "hers"), ("half",))


def test_a_guardian_may_agree_for_one_client_or_for_all() -> None:
    for_one = {"capacity": "guardian", "on_behalf_of": "c2"}
    for_all = {"capacity": "guardian"}
    goals = [goal("a", agreements=(BOTH[1], for_one)), goal("b", agreements=(BOTH[1], for_all))]
    assert next_focus(case_of(*goals, people=COUPLE)).remaining == ("b",)
    unnamed = {"capacity": "client"}
    one_client = case_of(goal("a", agreements=(BOTH[1], unnamed)))
    assert next_focus(one_client).remaining == ("a",)


def test_without_goals_there_is_nothing_to_describe() -> None:
    found = next_focus(case_of())
    assert (found.achieved, found.remaining, found.follows, found.not_agreed) == ((), (), (), ())


def test_the_repr_shows_counts_and_no_ids_and_the_note_says_that_it_is_no_advice() -> None:
    found = next_focus(case_of(achieved("secret"), goal("hidden")))
    assert repr(found) == (
        "NextFocus(1 goals achieved, 1 agreed goals remain, 0 of them follow an achieved one, 0 not agreed)"
    )
    assert "client and therapist" in found.note


@given(st.data())
def test_every_goal_stands_in_one_place_at_most_and_what_follows_remains(data: st.DataObject) -> None:
    case = data.draw(cases())
    found = next_focus(case)
    places = [*found.achieved, *found.remaining, *found.not_agreed]
    ended = {g.id for g in case.goals} - set(places)
    assert len(set(places)) == len(places)
    assert all(
        g.status in {"completed", "cancelled", "rejected", "entered_in_error"}
        for g in case.goals
        if g.id in ended
    )
    assert set(found.follows) <= set(found.remaining)
    assert len(found.achieved) == len(found.achieved_since)
