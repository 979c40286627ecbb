from __future__ import annotations

import re
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

import pytest

from report.change_cases import (
    CLIENT,
    GAIN_AND_LOSS,
    THERAPIST,
    case_with,
    goal,
    of_unknown_instruments,
    series,
)
from therapeutic_process.change_process import changes, detect_changes, next_focus, talking_therapies_of
from therapeutic_process.exchange import example_cases
from therapeutic_process.instruments import builtin_catalogue
from therapeutic_process.report import case_report
from therapeutic_process.report.case_goals import adherence_parts
from therapeutic_process.report.goal_facts import attainments
from therapeutic_process.report.graded_series import graded_series
from therapeutic_process.report.html import join
from therapeutic_process.report.names import Names
from therapeutic_process.report.view import View
from therapeutic_process.session_process import plan_adherence

if TYPE_CHECKING:
    from collections.abc import Callable

    from report.conftest import Page
    from therapeutic_process.records import Case

    Read = Callable[[str], Page]

KNOWN = builtin_catalogue()
LATE = datetime(2030, 1, 1, tzinfo=UTC)


def words(read_page: Read, case: Case, **options: Any) -> str:
    return read_page(case_report(case, **options)).text


def test_the_class_stands_with_its_ranges_cutoff_and_source(read_page: Read) -> None:
    text = words(read_page, case_with(*series("phq9", [18, 17, 6])))
    assert (
        "PHQ-9 client clinical range functional range recovered yes Cutoff: 10 or more is clinical." in text
    )
    (one,) = graded_series(case_with(*series("phq9", [18, 17, 6])), KNOWN)
    assert one.cutoff is not None
    assert f"PHQ-9, caseness, 10: {one.cutoff.source}" in text
    assert "Remission: cannot say: no verified cutoff of remission is known" in text


def test_what_cannot_be_said_is_said(read_page: Read) -> None:
    text = words(read_page, case_with(*series("phq9", [18, None]), *series("wsas", [20, 19])))
    assert "Cannot say for 1 series: needs 2 scores, found 1 in 2 measurements (1 declined) (1)." in text
    assert "Class: cannot say: no verified cutoff of caseness is known." in text
    assert "no verified threshold of reliable change is known (1)" in text
    assert "recovery cannot say" not in text
    assert "client yes cannot say cannot say cannot say cannot say" in text
    assert "Phq9: needs a first and a last score, found 1." in text


@pytest.mark.parametrize(
    "case",
    [
        case_with(*series("phq9", [18])),
        case_with(*series("phq9", [None])),
        case_with(*series("phq9", [None, None, None]), *series("gad7", [None])),
        of_unknown_instruments(*series("nobody-knows", [18, 6, 7])),
        case_with(),
    ],
    ids=["one score", "one missing", "all missing", "instrument unknown", "empty"],
)
def test_where_nothing_is_known_no_trajectory_is_drawn_and_no_change_found(
    case: Case, read_page: Read
) -> None:
    html = case_report(case)
    text = read_page(html).text
    assert "Trajectories" not in text
    assert 'class="verdict reliable_' not in html
    assert "No measurement is recorded." in text or "No change was found in 0 judgements." in text


def test_a_missing_score_is_never_a_zero(read_page: Read) -> None:
    text = words(read_page, case_with(*series("phq9", [None, 12, None, 11])))
    assert "1 to 2 – no score to 12 – cannot say The score at N or N+1 is missing" in text
    assert re.search(r"2 2 missing 12 11 −1 no reliable change", text)


def test_sudden_changes_are_told_interval_by_interval(read_page: Read) -> None:
    case = case_with(*series("phq9", GAIN_AND_LOSS))
    text = words(read_page, case)
    assert "PHQ-9 client 12 1 1 6 4 2: the stability rule needs more scores around the interval" in text
    assert "2: the score at N or N+1 is missing" in text
    assert "4 to 5 – 21 to 12 −9 sudden gain Every active criterion is met" in text
    assert "10 to 11 – 10 to 18 +8 sudden loss Every active criterion is met" in text
    assert "1 to 2 – 21 to 22 +1 cannot say The stability rule needs more scores" in text


def test_the_table_of_intervals_has_all_of_them(read_page: Read) -> None:
    page = read_page(case_report(case_with(*series("phq9", GAIN_AND_LOSS))))
    rows = [w for w in page.words if re.fullmatch(r"\d+ to \d+", w) and w.split(" to ")[1] != ""]
    numbered = [w for w in rows if int(w.split(" to ")[1]) == int(w.split(" to ")[0]) + 1]
    assert {f"{n} to {n + 1}" for n in range(1, len(GAIN_AND_LOSS))} <= set(numbered)


def test_services_rules_are_those_of_the_function(read_page: Read) -> None:
    case = case_with(*series("phq9", [18, 6]), *series("gad7", [13, 9]))
    outcome = talking_therapies_of(case)
    assert (outcome.recovery, outcome.reliable_improvement) == (False, True)
    text = words(read_page, case)
    assert "client yes no yes no no –" in text
    assert outcome.rules[1].source in text
    assert all(line in text for line in outcome.definitions)


def test_each_client_of_a_group_has_an_outcome(read_page: Read) -> None:
    clients = [{"id": f"c{i}", "role": "client"} for i in (1, 2)]
    rows = [*series("phq9", [18, 6], who="c1"), *series("gad7", [12, 3], who="c2")]
    case = case_with(*rows, clients=clients, treatment_format="group")
    text = words(read_page, case)
    assert "c1 yes cannot say cannot say cannot say cannot say Gad7: needs a first and a last score" in text
    assert "c2 yes cannot say" in text
    assert "PHQ-9 client c1 clinical range functional range recovered" in text


def test_changes_found_stand_with_their_provenance(read_page: Read) -> None:
    case = case_with(*series("phq9", GAIN_AND_LOSS))
    found = detect_changes(case, at=date(2026, 1, 1))
    text = words(read_page, case)
    assert len(found.events) == 2
    assert "sudden gain PHQ-9 client improvement 9 points measurements 4 and 5" in text
    assert "threshold 6.0, min share 0.25, stability pooled sd, alpha 0.05, better lower" in text
    assert f"{found.n_used} judgements made" in text
    assert "computed" not in text.lower().replace("how it was computed", "").replace("computed with", "")
    timed = words(read_page, case, at=datetime(2026, 1, 2, 3, 4, tzinfo=UTC))
    assert re.search(r"Computed with therapeutic-process, version .+, 2026-01-02 03:04\+00:00\.", timed)
    whole = case.with_changes(change_events=found.events)
    assert "2 left out: the case holds this very event." in words(read_page, whole)


def test_numbers_of_an_example_are_those_of_the_functions(read_page: Read) -> None:
    case = example_cases()[0]
    text = words(read_page, case)
    for row in changes(case).rows:
        assert f"{row.before:g} {row.after:g} {row.difference:+g}".replace("-", "−") in text
    (one,) = attainments(case)
    assert one.since is not None
    told = f"1 1 {one.now.t:.1f} {one.since.baseline.t:.1f} {one.since.change:+.1f}"
    assert told in text
    (plan,) = plan_adherence(case)
    assert f"revision {plan.revision} {plan.held} 17 % {plan.planned_sessions} " in text


def test_goals_are_rated_by_somebody(read_page: Read) -> None:
    levels = [{"level": 1, "rater": CLIENT}, {"level": -1, "rater": THERAPIST}]
    ratings = [{"value": 2, "rater": CLIENT}, {"value": 9, "rater": CLIENT}, {"value": 5, "rater": THERAPIST}]
    case = case_with(goals=[goal("g1", attainments=levels, ratings=ratings), goal("g2")])
    text = words(read_page, case)
    assert "goal 1 client +1 – not recorded 1 –" in text
    assert "goal 1 therapist −1" in text
    assert "client client independence not recorded 1 1 60.0 cannot say cannot say Equal weights." in text
    assert "goal 1 client 2 2 9 +7 –" in text
    assert "goal 1 therapist 1 5 – – –" in text


def test_goals_without_a_rating_have_no_score(read_page: Read) -> None:
    text = words(read_page, case_with(goals=[goal("g1")]))
    assert "Goal attainment: cannot say: of 1 goal none has a rated level." in text
    assert "Goal-based outcome: cannot say: of 1 goal none has a rating from 0 to 10." in text
    assert "T score" not in text


def test_the_focus_is_described_and_nothing_is_advised(read_page: Read) -> None:
    agreed = [{"capacity": "client", "participant": "c1"}, {"capacity": "therapist", "participant": "t1"}]
    steps = [{"status": "proposed"}, {"status": "active", "at": "2024-02-27"}]
    done = {
        "history": [
            {"status": "proposed"},
            {"status": "active"},
            {"status": "completed", "at": "2024-02-20"},
        ],
        "achievement": "achieved",
        "achieved_at": "2024-02-20",
    }
    goals = [
        goal("g1", **done),
        goal("g2", history=steps, follows="g1", agreements=agreed),
        goal("g3"),
    ]
    case = case_with(goals=goals)
    text = words(read_page, case)
    assert "Achieved: goal 1 (since 2024-02-20)." in text
    assert "Agreed and remaining: goal 2 (active since 2024-02-27; recorded as following goal 1)." in text
    assert "Not agreed by client side and therapist: goal 3." in text
    assert next_focus(case).note in text


def test_adherence_is_described_beside_the_goals(read_page: Read) -> None:
    case = example_cases()[0]
    text = words(read_page, case)
    assert "How the plans in force were followed" in text
    assert "A plan may rightly be left" in text
    assert text.index("Goal attainment and goal-based outcome") < text.index("How the plans in force")
    assert "that day has passed" not in text
    view = View(case, Names.of(case, KNOWN), 2, include_text=False, prefix="k", level=2, at=LATE)
    assert "that day has passed" in str(join(adherence_parts(view)))


def test_what_a_goal_says_stays_out(read_page: Read) -> None:
    canary = "CANARY-OF-FREE-TEXT"
    levels = [{"level": 1, "description": canary}]
    steps = [{"status": "proposed", "reason": canary}, {"status": "active", "reason": canary}]
    one = goal("g1", statement=canary, levels=levels, history=steps)
    text = case_report(case_with(*series("phq9", [18, 6]), goals=[one]))
    assert canary not in text
    read_page(text)


def test_ids_of_measurements_and_goals_are_not_shown() -> None:
    rows = [{**m, "id": f"CANARY-{m['id']}"} for m in series("phq9", GAIN_AND_LOSS)]
    text = case_report(case_with(*rows, goals=[goal("CANARY-G", ratings=[{"value": 2, "rater": CLIENT}])]))
    assert "CANARY" not in text


def test_no_sentence_about_change_claims_a_cause(read_page: Read) -> None:
    case = case_with(*series("phq9", GAIN_AND_LOSS), *series("gad7", [15, 3]), goals=[goal("g1")])
    text = words(read_page, case).lower()
    change = text[text.index("change in scores") : text.index("recorded changes no change event")]
    for claim in ("caused", "because of", "due to", "led to", "effective", "thanks to", "worked", "helped"):
        assert claim not in change


def test_a_series_as_long_as_years_has_a_page(read_page: Read) -> None:
    page = read_page(case_report(case_with(*series("phq9", [n % 28 for n in range(120)]))))
    assert "119 to 120" in page.text


def test_more_series_than_are_drawn_are_counted(read_page: Read) -> None:
    clients = [{"id": f"c{i}", "role": "client"} for i in range(9)]
    rows = [m for i in range(9) for m in series("phq9", [18, 6], who=f"c{i}")]
    text = words(read_page, case_with(*rows, clients=clients, treatment_format="group"))
    assert "Not drawn: 3 series beyond the first 6." in text
