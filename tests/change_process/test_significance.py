"""Clinical significance: cutoffs, classes, amounts, percentages, groups, intervals."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engines import BUILDERS, Data, every_engine, rows_of
from therapeutic_process.change_process import (
    ReferenceValues,
    clinical_cutoff,
    clinical_significance,
    clinical_significance_table,
    cutoff_c_interval,
    cutoff_crossing_table,
    goal_attainment,
    goal_attainment_change,
    group_change,
    important_change,
    important_change_table,
    paired_scores,
    percentage_change,
    percentage_change_table,
    published_cutoff,
    random_slope_change,
    reliable_change,
    reliable_change_table,
    remission,
    response,
    true_score_cutoff,
)
from therapeutic_process.change_process.grading import HARMED
from therapeutic_process.errors import CannotEstimate, NotEnoughData, TableError, TherapeuticProcessError

PHQ = published_cutoff(10, source="Kroenke et al. 2001")
scores = st.integers(0, 27)


def test_cutoffs_of_jacobson_and_truax_1991() -> None:
    jt: dict[str, Any] = {
        "mean_clinical": 40,
        "sd_clinical": 7.5,
        "mean_functional": 60,
        "sd_functional": 7.5,
    }
    kinds: tuple[Any, ...] = ("a", "b", "c")
    assert [clinical_cutoff(k, better="higher", **jt).value for k in kinds] == [55, 45, 50]


def test_cutoff_b_takes_the_spread_of_the_functional_population() -> None:
    assert clinical_cutoff("b", mean_functional=114, sd_functional=14, better="higher").value == 86
    assert clinical_cutoff("b", mean_functional=8, sd_functional=4, better="lower").value == 16


def test_a_cutoff_names_the_population_it_lacks() -> None:
    with pytest.raises(TherapeuticProcessError, match="populations"):
        clinical_cutoff("c", mean_clinical=40, sd_clinical=7.5)
    with pytest.raises(NotEnoughData, match="sd_clinical"):
        clinical_cutoff("a", mean_clinical=40)


def test_without_error_true_scores_have_the_same_cutoffs() -> None:
    reference = ReferenceValues(sd=7.5, reliability=1.0, mean_before=40)
    true = true_score_cutoff("c", reference=reference, mean_functional=60, sd_functional=7.5, better="higher")
    assert true.value == 50


@pytest.mark.parametrize(
    ("before", "after", "category"),
    [
        (18, 6, "recovered"),
        (24, 14, "improved"),
        (11, 8, "non_reliably_recovered"),
        (18, 16, "unchanged"),
        (12, 22, "deteriorated"),
        (5, 15, "deteriorated_into_clinical_range"),
        (18, None, None),
    ],
)
def test_every_class_and_the_same_in_a_cohort(before: int, after: int | None, category: str | None) -> None:
    change = reliable_change(before, after, reliability=0.84, sd=5.9)
    alone = clinical_significance(before, after, cutoff=PHQ, verdict=change.verdict)
    assert alone.category == category
    pairs = pl.DataFrame(
        {"before": [before], "after": [after]}, schema={"before": pl.Int64, "after": pl.Int64}
    )
    graded = reliable_change_table(pairs, reference=ReferenceValues(sd=5.9, reliability=0.84))
    assert clinical_significance_table(graded, cutoff=PHQ).table["category"].to_list() == [category]
    assert alone.harmed == (None if category is None else category == HARMED)


@given(before=scores, after=scores)
@settings(max_examples=80, deadline=None)
def test_one_client_equals_a_cohort_of_one(before: int, after: int) -> None:
    pairs = pl.DataFrame({"before": [before], "after": [after]})
    amount = important_change_table(pairs, improvement=6)
    assert amount.table["verdict"][0] == important_change(before, after, improvement=6).verdict
    share = percentage_change_table(pairs, improvement=0.5)
    assert share.table["verdict"][0] == percentage_change(before, after, improvement=0.5).verdict
    for graded, verdict in ((amount, amount.table["verdict"][0]), (share, share.table["verdict"][0])):
        table = clinical_significance_table(graded, cutoff=PHQ).table
        alone = clinical_significance(before, after, cutoff=PHQ, verdict=verdict)
        assert table["category"][0] == alone.category


def test_a_score_at_the_cutoff_belongs_where_it_is_told() -> None:
    pairs = pl.DataFrame({"before": [10, 15], "after": [5, 10]})
    crossings = {at: cutoff_crossing_table(pairs, cutoff=PHQ, at_cutoff=at).table["verdict"].to_list()
                 for at in ("clinical", "functional", "neither")}  # fmt: skip
    assert crossings["clinical"] == ["improved", "unchanged"]
    assert crossings["functional"] == ["unchanged", "improved"]
    assert crossings["neither"] == ["unchanged", "unchanged"]


def test_a_share_of_zero_is_undefined_not_two_classes() -> None:
    graded = percentage_change(0, 9)
    assert (graded.verdict, graded.amount) == (None, None)
    assert "undefined" in graded.reason
    assert percentage_change_table(pl.DataFrame({"before": [0, 0], "after": [0, 9]})).dropped == {
        "cannot_say": 2
    }


def test_a_published_threshold_means_at_least() -> None:
    assert important_change(15, 9, improvement=6).verdict == "improved"
    assert important_change(15, 9, improvement=6, inclusive=False).verdict == "unchanged"
    assert important_change(9, 13, improvement=6, deterioration=4).verdict == "deteriorated"


def test_response_and_remission_in_measurement_based_care() -> None:
    assert response(18, 9) is True
    assert response(18, 10) is False
    assert response(0, 0) is None
    assert remission(4, cutoff=5) is True
    assert remission(5, cutoff=5) is False
    assert remission(None, cutoff=5) is None


@every_engine
def test_pairs_of_scores_are_the_same_on_every_engine(engine: str) -> None:
    data: Data = {
        "client_id": [1, 1, 1, 2, 2, 3, 4, 4],
        "session": [3, 1, 2, 1, 2, 1, 1, 2],
        "score": [9.0, 20.0, 15.0, 8.0, None, None, 30.0, 31.0],
        "site": ["x", "x", "x", "y", "y", "y", "y", "y"],
    }
    pairs = paired_scores(BUILDERS[engine](data), keep=["site"])
    rows = rows_of(pairs.table, "client_id")
    assert [(r["client_id"], r["site"], r["before"], r["after"]) for r in rows] == [
        (1, "x", 20.0, 9.0), (4, "y", 30.0, 31.0),
    ]  # fmt: skip
    assert (pairs.n_clients, pairs.n_used) == (4, 2)
    assert pairs.dropped == {"no_score": 1, "one_score_missing": 1}
    at_two = paired_scores(BUILDERS[engine](data), at=(1, 2))
    assert [r["after"] for r in rows_of(at_two.table, "client_id")] == [15.0, 31.0]
    graded = important_change_table(pairs.table, improvement=6)
    assert graded.counts(by="site")["x", "improved"] == 1
    assert graded.counts(by="site")["y", "improved"] == 0


score_rows = st.tuples(st.integers(1, 3), st.integers(1, 6), st.one_of(st.none(), st.integers(0, 27)))


@given(st.lists(score_rows, unique_by=lambda r: r[:2], max_size=14))
@settings(max_examples=40, deadline=None)
def test_pairs_found_with_arrays_are_those_found_with_expressions(
    rows: list[tuple[int, int, int | None]],
) -> None:
    schema = {"client_id": pl.Int64, "session": pl.Int64, "score": pl.Int64}
    frame = pl.DataFrame(rows, schema=schema, orient="row")
    lazily = paired_scores(frame.lazy()).every_client.collect().sort("client_id")
    assert paired_scores(frame).every_client.rows() == lazily.rows()


def test_duplicate_keys_are_refused_by_count() -> None:
    frame = pl.DataFrame({"client_id": [1, 1], "session": [1, 1], "score": [9.0, 8.0]})
    with pytest.raises(TableError, match="duplicate_key"):
        paired_scores(frame)


def test_class_shares_add_up_and_their_intervals_hold_them() -> None:
    rng = np.random.default_rng(4)
    pairs = pl.DataFrame({"before": rng.normal(20, 5, 60), "after": rng.normal(14, 6, 60)})
    graded = important_change_table(pairs, improvement=6)
    shares = graded.shares(confidence=0.95, rng=np.random.default_rng(1))
    assert sum(s.share for s in shares) == pytest.approx(1)
    assert sum(s.n for s in shares) == 60
    for s in shares:
        assert s.low is not None
        assert s.high is not None
        assert s.low <= s.share <= s.high
    again = graded.shares(confidence=0.95, rng=np.random.default_rng(1))
    assert again == shares
    with pytest.raises(TherapeuticProcessError, match="rng"):
        graded.shares(confidence=0.95)


def test_the_interval_of_cutoff_c_covers_the_truth_at_its_rate() -> None:
    rng, inside = np.random.default_rng(12), 0
    truth = (6 * 8 + 4 * 25) / (6 + 4)
    for _ in range(120):
        sample = [float(v) for v in rng.normal(25, 6, 60)]
        interval = cutoff_c_interval(sample, mean_functional=8, sd_functional=4, n_boot=300, rng=rng)
        inside += interval.low <= truth <= interval.high
    assert 0.85 < inside / 120 < 1


def test_a_group_change_of_nothing_is_not_significant() -> None:
    pairs = pl.DataFrame({"before": [20, 22, 25, 21], "after": [21, 21, 24, 22]})
    assert group_change(pairs, important=6)[0].effect == "not_significant"
    with pytest.raises(NotEnoughData, match="found 1"):
        group_change(pairs.head(1), important=6)


def test_goal_attainment_of_the_gasr_example() -> None:
    result = goal_attainment([-2, 0, -1, 2, 0, 1], weights=[3, 5, 1, 4, 2, 6])
    assert result.t == pytest.approx(55.0, abs=0.05)
    assert not result.equal_weights


@given(st.lists(st.integers(-2, 2), min_size=1, max_size=8))
def test_goals_attained_as_expected_give_50_and_better_goals_give_more(levels: list[int]) -> None:
    t = goal_attainment(levels).t
    assert t is not None
    assert (t > 50) == (sum(levels) > 0)
    assert goal_attainment([0] * len(levels)).t == 50


def test_unrated_goals_are_left_out_and_counted() -> None:
    result = goal_attainment([1, None, 1])
    assert (result.t, result.n_rated, result.n_unrated) == (goal_attainment([1, 1]).t, 2, 1)
    assert goal_attainment([None]).t is None
    change = goal_attainment_change([0, None], baseline=-1)
    assert change.change == pytest.approx(10)
    for bad in ([3], [-2.5]):
        with pytest.raises(TherapeuticProcessError, match="outside"):
            goal_attainment(bad)


def test_random_slopes_find_whose_slope_differs() -> None:
    rng = np.random.default_rng(3)
    n, times = 40, 6
    slope = np.where(np.arange(n) == 7, 3.0, -2.0) + rng.normal(0, 0.2, n)
    frame = pl.DataFrame({
        "client_id": np.repeat(np.arange(n), times),
        "session": np.tile(np.arange(times), n),
        "score": (25 + slope[:, None] * np.arange(times) + rng.normal(0, 1, (n, times))).ravel(),
    })  # fmt: skip
    graded, model = random_slope_change(frame)
    assert model.slope == pytest.approx(slope.mean(), abs=0.1)
    assert graded.table.filter(pl.col("client_id") == 7)["verdict"].to_list() == ["worse_than_average"]
    with pytest.raises(TherapeuticProcessError, match="slope_as_change"):
        clinical_significance_table(graded, cutoff=PHQ)
    combined = clinical_significance_table(graded, cutoff=PHQ, slope_as_change=True)
    assert combined.table.filter(pl.col("client_id") == 7)["category"].to_list() == ["deteriorated"]
    shuffled = frame.sample(fraction=1, shuffle=True, seed=2)
    assert random_slope_change(shuffled)[1].reml == pytest.approx(model.reml, rel=1e-12)
    with pytest.raises(CannotEstimate, match="too_few_scores"):
        random_slope_change(frame.filter(pl.col("session") < 2))
