from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from report.change_cases import CLIENT, GAIN_AND_LOSS, THERAPIST, case_with, goal, series
from therapeutic_process.change_process import GradedChange, talking_therapies_of
from therapeutic_process.errors import MissingExtra
from therapeutic_process.exchange import example_cases
from therapeutic_process.instruments import builtin_catalogue
from therapeutic_process.report import cohort_report
from therapeutic_process.report.case_significance import CLASS_WORDS, SERVICE_ANSWERS
from therapeutic_process.report.cohort_change_groups import group_tables
from therapeutic_process.report.cohort_change_tally import CANNOT_SAY, ChangeTally
from therapeutic_process.report.graded_series import graded_series
from therapeutic_process.report.shares import SEED, shares_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from report.conftest import Page
    from therapeutic_process.records import Case

    Read = Callable[[str], Page]

KNOWN = builtin_catalogue()
PHQ9 = ("phq9", None, "client")
RECOVERED, UNCHANGED, WORSE = (20.0, 4.0), (20.0, 19.0), (12.0, 20.0)


def tallied(cases: Iterable[Case]) -> ChangeTally:
    tally = ChangeTally()
    for case in cases:
        tally.add(case, KNOWN)
    return tally


def client(scores: tuple[float | None, ...], **who: Any) -> Case:
    return case_with(*series("phq9", scores), clients=[{"id": "c1", "role": "client", **who}])


def words(read_page: Read, cases: Iterable[Case]) -> str:
    return read_page(cohort_report(cases, max_case_views=0)).text


def test_counts_are_those_of_the_cases_one_by_one() -> None:
    several = [*example_cases(), client(RECOVERED), client(WORSE), client((20, None)), client(GAIN_AND_LOSS)]
    tally = tallied(several)
    classes: Counter[Any] = Counter()
    intervals: Counter[Any] = Counter()
    for case in several:
        for s in graded_series(case, KNOWN):
            key = s.change.instrument, s.change.scale, s.change.respondent.kind
            classes[key, s.category or CANNOT_SAY] += 1
            intervals.update((key, v) for v in s.sudden.counts().elements())
    assert {(k, c): n for k, g in tally.scales.items() for c, n in g.classes.items()} == classes
    assert {(k, v): n for k, g in tally.scales.items() for v, n in g.intervals.items()} == intervals


def test_shares_are_those_of_graded_change() -> None:
    import polars as pl

    counts = {"recovered": 7, "improved": 2, "unchanged": 11}
    rows = [c for c, n in counts.items() for _ in range(n)]
    table = pl.DataFrame({"category": rows})
    graded = GradedChange(table=table, column="category", classes=tuple(counts), method="m")
    expected = graded.shares(confidence=0.95, n_boot=2000, rng=np.random.default_rng(SEED))
    found = shares_of(list(counts.values()))
    assert [(s.share, s.low, s.high) for s in found] == [(e.share, e.low, e.high) for e in expected]


def test_nobody_and_everybody_have_no_interval() -> None:
    assert [(s.low, s.high) for s in shares_of([0, 8])] == [(None, None)] * 2
    assert [str(s) for s in shares_of([0, 8])] == ["0 %", "100 %"]
    assert all(s.low is not None for s in shares_of([1, 8]))


def test_classes_stand_with_n_share_interval_and_source(read_page: Read) -> None:
    several = [client(RECOVERED)] * 6 + [client(UNCHANGED)] * 10 + [client((20, None))] * 3
    text = words(read_page, several)
    share = shares_of([6, 10])[0]
    assert f"PHQ-9 by client 16 6 {share} 0 0 % 0 0 % 10 " in text
    assert "needs 2 scores, found 1 PHQ-9 (3) 3" in text
    assert "2,000 resamples with the seed 20" in text
    (one,) = graded_series(several[0], KNOWN)
    assert one.cutoff is not None
    assert f"PHQ-9, 10: {one.cutoff.source}" in text


def test_response_and_remission_are_counted_and_not_guessed(read_page: Read) -> None:
    text = words(read_page, [client(RECOVERED)] * 2 + [client(UNCHANGED)] * 3 + [client((20,))])
    assert re.search(r"PHQ-9 by client 2 40 % \(.+?\) 3 60 % \(.+?\) 1 cannot say", text)


def test_several_series_of_a_person_have_no_interval(read_page: Read) -> None:
    observers = [{"kind": "observer", "name": name} for name in ("one", "two")]
    rows = [m for by in observers for m in series("phq9", RECOVERED, respondent=by)]
    rows = [{**m, "id": f"m{i}"} for i, m in enumerate(rows)]
    several = [case_with(*rows), case_with(*series("phq9", UNCHANGED, respondent=observers[0]))]
    text = words(read_page, several)
    assert "1 series about somebody already counted, so that no interval over persons is given." in text
    assert "PHQ-9 by observer 3 2 67 % 0 0 %" in text


def groups(sizes: dict[tuple[str, tuple[float, float]], int]) -> list[Case]:
    return [client(scores, arm=arm) for (arm, scores), n in sizes.items() for _ in range(n)]


def test_a_group_is_shown_with_its_shares(read_page: Read) -> None:
    sizes = {("a", RECOVERED): 8, ("a", UNCHANGED): 6, ("b", RECOVERED): 5, ("b", UNCHANGED): 9}
    text = words(read_page, groups(sizes))
    share = shares_of([8, 6])[0]
    assert (
        "PHQ-9 by client: classes by arm; shares of a group's series arm series recovered unchanged" in text
    )
    assert f"a 14 8 {share} 6 " in text


def test_a_class_that_few_are_in_is_put_together_before_it_is_broken_out() -> None:
    sizes = {
        ("a", RECOVERED): 8,
        ("a", UNCHANGED): 6,
        ("b", RECOVERED): 7,
        ("b", UNCHANGED): 9,
        ("b", WORSE): 1,
    }
    (one,), _ = group_tables(tallied(groups(sizes)))
    assert one.classes == ("recovered",)
    assert set(one.rest) == {"unchanged", "deteriorated"}
    assert {row.value: row.counts["rest"] for row in one.rows} == {"a": 6, "b": 10}


ARMS = st.dictionaries(
    st.tuples(st.sampled_from("abcd"), st.sampled_from([RECOVERED, UNCHANGED, WORSE, (11.0, 8.0)])),
    st.integers(0, 14),
    min_size=2,
)


@settings(max_examples=60, deadline=None)
@given(ARMS)
def test_no_count_of_a_group_below_five_is_shown_and_totals_do_not_tell_it(
    sizes: dict[tuple[str, tuple[float, float]], int],
) -> None:
    tally = tallied(groups(sizes))
    made, _ = group_tables(tally)
    for one in made:
        grades = tally.scales[one.key]
        for row in one.rows:
            shown = [row.total, *row.counts.values()]
            assert all(n is None or n == 0 or n >= 5 for n in shown)
            hidden = [c for c, n in row.counts.items() if n is None]
            assert len(hidden) != 1 or row.total is None
        for category in one.columns:
            members = one.rest if category == "rest" else (category,)
            total = sum(grades.classes[c] for c in members)
            assert total >= 5
            cells = [row.counts[category] for row in one.rows]
            assert sum(n is None for n in cells) != 1
            if None not in cells:
                assert sum(n for n in cells if n is not None) == total


@settings(max_examples=25, deadline=None)
@given(ARMS)
def test_what_is_shown_of_a_group_is_what_was_counted(
    sizes: dict[tuple[str, tuple[float, float]], int],
) -> None:
    tally = tallied(groups(sizes))
    for one in group_tables(tally)[0]:
        counts = tally.scales[one.key].by_group[one.what]
        for row in one.rows:
            if "put together" in row.value:
                continue
            mine = {c: n for (value, c), n in counts.items() if value == row.value}
            assert all(n is None or n == mine.get(c, 0) for c, n in row.counts.items() if c != "rest")
            assert row.total in {None, sum(mine.values())}


def test_few_clients_of_an_arm_are_never_told_apart(read_page: Read) -> None:
    text = words(read_page, groups({("common", RECOVERED): 9, ("CANARY-ARM", UNCHANGED): 2}))
    assert "CANARY-ARM" not in text
    assert "PHQ-9 by client, by arm: not shown: of 2 groups some have fewer than 5 clients." in text


def test_services_outcomes_are_those_of_the_cases(read_page: Read) -> None:
    def pair(phq9: list[float | None], gad7: list[float | None]) -> Case:
        return case_with(*series("phq9", phq9), *series("gad7", gad7))

    several = [
        pair([18, 6], [12, 3]),
        pair([18, 17], [12, 3]),
        pair([5, 4], [3, 2]),
        pair([18, None], [12, 3]),
    ]
    tally = tallied([*several, client(RECOVERED)]).services
    outcomes = [talking_therapies_of(c) for c in several]
    for name in SERVICE_ANSWERS:
        said = [getattr(o, name) for o in outcomes]
        assert (tally.answers[name, "yes"], tally.answers[name, "no"]) == (
            said.count(True),
            said.count(False),
        )
    assert (tally.n_clients, tally.n_one_measure, tally.n_not_in_denominator) == (4, 1, 1)
    assert tally.answers["recovery", "outside the denominator"] == 1
    text = words(read_page, [*several, client(RECOVERED)])
    assert "4 clients asked both PHQ-9 and GAD-7" in text
    assert "phq9: needs a first and a last score, found 1 (1 client)" in text
    assert "Left out, because only one of the two was asked: 1 client." in text


def test_goals_are_summed_by_who_rated(read_page: Read) -> None:
    ratings = [{"value": 2, "rater": CLIENT}, {"value": 8, "rater": CLIENT}]
    levels = [{"level": 1, "rater": CLIENT}, {"level": -1, "rater": THERAPIST}]
    one = case_with(goals=[goal("g1", ratings=ratings, attainments=levels)])
    two = case_with(goals=[goal("g1", ratings=ratings[:1]), goal("g2")])
    text = words(read_page, [one, two])
    assert "goal attainment T, now client 1 60.0 60.0 60.0" in text
    assert "goal attainment T, now therapist 1 40.0" in text
    assert "goal-based outcome, last minus first (0 to 10) client 1 6.0" in text
    assert "Goals with a single rating from 0 to 10: no difference can be formed: 1 by client." in text
    assert "In 2 cases: 0 goals achieved, 0 agreed and remaining" in text


def test_sudden_changes_and_why_none_can_be_judged(read_page: Read) -> None:
    text = words(read_page, [client(GAIN_AND_LOSS), client(UNCHANGED), case_with(*series("wsas", [30, 20]))])
    assert "PHQ-9 by client 1 1 100 % 1 100 % 13 1 1 6 5" in text
    assert "PHQ-9: no interval can be judged (1)" in text
    assert "PHQ-9 by client the score at N or N+1 is missing 2" in text
    assert "W&SAS: no verified threshold of reliable change is known (1)." in text


def test_a_cohort_without_scores_or_goals_says_little(read_page: Read) -> None:
    text = words(read_page, [case_with(), case_with()])
    assert "Clinical significance" not in text or "recovered" not in text
    assert "NHS Talking Therapies" not in text


def test_all_missing_is_all_cannot_say(read_page: Read) -> None:
    text = words(read_page, [client((None, None))] * 7)
    assert "needs 2 scores, found 0 PHQ-9 (7) 7" in text
    assert "0 %" not in text.split("Clinical significance and response")[1].split("Codes and what")[0]


@pytest.mark.parametrize("views", [0, 2])
def test_no_free_text_and_no_reason_of_one_client_is_told(
    hostile_case: Case, read_page: Read, views: int
) -> None:
    text = cohort_report([hostile_case] * 3, max_case_views=views)
    assert "CANARY-OF-FREE-TEXT" not in text
    assert "<script" not in text
    read_page(text)


def test_the_same_cohort_has_the_same_page() -> None:
    several = [client(RECOVERED, arm="a")] * 7 + [client(UNCHANGED, arm="b")] * 8
    assert cohort_report(several, max_case_views=0) == cohort_report(several, max_case_views=0)


def test_every_class_has_words() -> None:
    from therapeutic_process.change_process import CLASSES

    assert tuple(CLASS_WORDS) == CLASSES


def test_groups_are_not_told_where_series_do_not_stand_for_clients() -> None:
    twice = [m for name in ("one", "two") for m in series("phq9", RECOVERED, respondent=observer(name))]
    people = [{"id": "c1", "role": "client", "arm": "a"}]
    rows = [{**m, "id": f"m{i}"} for i, m in enumerate(twice)]
    once = [
        case_with(*series("phq9", RECOVERED, respondent=observer("one")), clients=[{**people[0], "arm": arm}])
        for arm in "ab"
        for _ in range(8)
    ]
    made, withheld = group_tables(tallied([*once, case_with(*rows, clients=people)]))
    assert made == []
    assert set(withheld.values()) == {"several series are about one person"}
    assert len(group_tables(tallied(once))[0]) == 1
    of_a_therapist = case_with(
        *series("phq9", RECOVERED, who="t1", respondent=observer("one")), clients=people
    )
    made, withheld = group_tables(tallied([*once, of_a_therapist]))
    assert made == []
    assert set(withheld.values()) == {"some series are about somebody who is no client"}


def observer(name: str) -> dict[str, str]:
    return {"kind": "observer", "name": name}


def test_without_the_extra_there_are_shares_and_no_intervals(
    monkeypatch: pytest.MonkeyPatch, read_page: Read
) -> None:
    def missing(*_: object, **__: object) -> None:
        raise MissingExtra("analysis", "numpy")

    monkeypatch.setattr("therapeutic_process.report.shares.numpy_module", missing)
    monkeypatch.setattr("therapeutic_process.report.cohort_change_groups.suppress_counts", missing)
    sizes = {("a", RECOVERED): 8, ("a", UNCHANGED): 6, ("b", RECOVERED): 5, ("b", UNCHANGED): 9}
    text = words(read_page, groups(sizes))
    assert "PHQ-9 by client 28 13 46 % 0 0 %" in text
    assert "PHQ-9 by client, by arm: not shown: " in text
    assert "analysis" in text


def test_simulated_cases_have_no_class_and_say_why(read_page: Read) -> None:
    from therapeutic_process.simulate import simulate_cohort, simulated_cases

    cohort = simulate_cohort("rtm", n_clients=6, n_sessions=8, rng=np.random.default_rng(1))
    text = words(read_page, simulated_cases(cohort))
    assert "no verified cutoff of caseness is known Simulated outcome (6) 6" in text
    assert "no verified threshold of reliable change is known (6)" in text
