from __future__ import annotations

import pytest

from report.change_cases import CLIENT, THERAPIST, case_with, goal
from therapeutic_process.change_process import goal_attainment, goal_attainment_change
from therapeutic_process.exchange import example_cases
from therapeutic_process.records import Reporter
from therapeutic_process.report.goal_facts import attainments, latest, progress, sought, status_since


def test_t_is_that_of_the_latest_levels_by_rater() -> None:
    early = {"level": -1, "rater": CLIENT, "rated_at": "2024-02-01"}
    late = {"level": 1, "rater": CLIENT, "rated_at": "2024-03-01"}
    case = case_with(
        goals=[
            goal("g1", weight=2.0, baseline_level=-2, attainments=[late, early]),
            goal("g2", baseline_level=-1, attainments=[{"level": 0, "rater": CLIENT}]),
            goal("g3", attainments=[{"level": -1, "rater": THERAPIST}]),
        ]
    )
    by_client, by_therapist = attainments(case)
    assert by_client.now.t == goal_attainment([1, 0], weights=[2, 1]).t
    assert (by_client.now.n_rated, by_client.now.n_unrated) == (2, 1)
    since = by_client.since
    assert since is not None
    assert since.change == goal_attainment_change([1, 0], baseline=[-2, -1], weights=[2, 1]).change
    assert (by_therapist.now.n_rated, by_therapist.since) == (1, None)
    assert by_therapist.now.t == goal_attainment([-1]).t


def test_kiresuk_and_sherman_by_hand() -> None:
    rated = [{"level": 1, "rater": CLIENT}]
    case = case_with(goals=[goal("g1", attainments=rated), goal("g2", attainments=rated)])
    assert attainments(case)[0].now.t == pytest.approx(50 + 10 * 2 / (0.7 * 2 + 0.3 * 4) ** 0.5)


def test_without_all_times_the_record_has_the_order() -> None:
    dated = {"level": 2, "rater": CLIENT, "rated_at": "2024-03-01"}
    case = case_with(goals=[goal("g1", attainments=[dated, {"level": 0, "rater": CLIENT}])])
    found = latest(case.goals[0].attainments, Reporter(kind="client", participant="c1"))
    assert found is not None
    assert found.level == 0
    assert latest(case.goals[0].attainments, Reporter(kind="observer")) is None


def test_goals_of_different_people_have_scores_of_their_own() -> None:
    clients = [{"id": "c1", "role": "client"}, {"id": "c2", "role": "client"}]
    rated = [{"level": 1, "rater": THERAPIST}]
    goals = [
        goal("g1", attainments=rated),
        goal("g2", attainments=rated, participants=["c2"]),
        goal("g3", attainments=rated, participants=[]),
    ]
    found = attainments(case_with(clients=clients, goals=goals))
    assert [a.whose for a in found] == [("c1",), ("c2",), ()]
    assert {a.now.n_rated for a in found} == {1}


def test_rejected_goals_and_those_entered_in_error_are_not_counted_as_unrated() -> None:
    rejected = {"history": [{"status": "proposed"}, {"status": "rejected"}]}
    case = case_with(goals=[goal("g1", attainments=[{"level": 0, "rater": CLIENT}]), goal("g2", **rejected)])
    assert [g.id for g in sought(case)] == ["g1"]
    assert attainments(case)[0].now.n_unrated == 0


def test_goal_based_outcome_goes_from_first_to_last_by_rater() -> None:
    ratings = [
        {"value": 2, "rater": CLIENT},
        {"value": 5, "rater": THERAPIST},
        {"value": 9, "rater": CLIENT},
    ]
    by_client, by_therapist = progress(case_with(goals=[goal("g1", ratings=ratings)]))
    assert (by_client.n, by_client.first, by_client.last, by_client.difference) == (2, 2.0, 9.0, 7.0)
    assert (by_therapist.n, by_therapist.last, by_therapist.difference) == (1, None, None)


def test_an_unchanged_rating_is_a_difference_of_0_and_a_single_one_is_none() -> None:
    twice = [{"value": 4, "rater": CLIENT}, {"value": 4, "rater": CLIENT}]
    found = progress(case_with(goals=[goal("g1", ratings=twice), goal("g2", ratings=twice[:1])]))
    assert [p.difference for p in found] == [0.0, None]


def test_independence_is_told_only_where_all_ratings_agree() -> None:
    levels = [{"level": 0, "rater": CLIENT, "independent": x} for x in (True, False)]
    mixed = case_with(goals=[goal("g1", attainments=levels[:1]), goal("g2", attainments=levels[1:])])
    assert attainments(mixed)[0].independent is None
    assert attainments(case_with(goals=[goal("g1", attainments=levels[:1])]))[0].independent is True


def test_nothing_recorded_is_nothing_found() -> None:
    assert (attainments(case_with()), progress(case_with())) == ((), ())
    assert attainments(case_with(goals=[goal("g1")])) == ()


def test_since_when_is_the_time_of_the_last_step() -> None:
    first = example_cases()[0].goals[1]
    assert status_since(first) == first.history[-1].at
