"""Reliable change: worked examples, what one client and a cohort have in common, the edges."""

from __future__ import annotations

import math
from typing import Any, get_args

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import t as student

from engines import BUILDERS, Data, every_engine, rows_of
from therapeutic_process.change_process import (
    ReferenceValues,
    reference_from_sample,
    reliable_change,
    reliable_change_points,
    reliable_change_table,
)
from therapeutic_process.change_process.grading import grade
from therapeutic_process.change_process.quantiles import student_quantile
from therapeutic_process.change_process.reliable_change import ReliableChangeMethod
from therapeutic_process.errors import NotEnoughData, TherapeuticProcessError

METHODS: tuple[ReliableChangeMethod, ...] = get_args(ReliableChangeMethod)
NORM: dict[str, Any] = {
    "sd": 7.5,
    "reliability": 0.8,
    "mean_before": 40.0,
    "mean_after": 50.0,
    "sd_after": 9.0,
    "reliability_after": 0.85,
    "correlation": 0.5,
}
scores = st.floats(min_value=0, max_value=100, allow_nan=False)


def test_jacobson_and_truax_1991_page_14() -> None:
    change = reliable_change(32.5, 47.5, reliability=0.8, sd=7.5, better="higher")
    assert change.index == pytest.approx(3.16227766016838)
    assert change.verdict == "improved"
    assert change.reference.se == pytest.approx(3.354101966249684)
    assert change.reference.s_diff == pytest.approx(4.743416490252568)


def test_change_needed_on_the_bdi_as_suddengains_documents_it() -> None:
    points = reliable_change_points(sd=10.5, reliability=0.931, critical=1.96)
    assert points == pytest.approx(7.64513068561)


def test_each_method_by_hand() -> None:
    se, sp = 7.5 * math.sqrt(0.2), 7.5 * math.sqrt(1 - 0.64)
    true2, cov = 81 * 0.85, 7.5 * 9 * 0.5
    rdd = (7.5**2 * 0.8 + true2 - 2 * cov) / (7.5**2 + 81 - 2 * cov)
    by_hand = {
        "jacobson_truax": 15 / (math.sqrt(2) * se),
        "gulliksen_lord_novick": ((45 - 40) - 0.8 * (30 - 40)) / sp,
        "hsu_linn_lord": ((45 - 50) - 0.8 * (30 - 40)) / sp,
        "edwards_nunnally": (45 - (0.8 * -10 + 40)) / se,
        "nunnally_kotsch": (45 - 32) / math.sqrt(0.64 * 7.5**2 * 0.2 + 7.5**2 * 0.15),
        "hageman_arrindell": (15 * rdd + 10 * (1 - rdd)) / (math.sqrt(rdd) * math.sqrt(2) * se),
    }
    for method in METHODS:
        assert reliable_change(30, 45, method=method, **NORM).index == pytest.approx(by_hand[method]), method


@given(
    before=scores, after=scores, better=st.sampled_from(["lower", "higher"]), method=st.sampled_from(METHODS)
)
@settings(max_examples=60, deadline=None)
def test_one_client_equals_a_cohort_of_one(
    before: float, after: float, better: Any, method: ReliableChangeMethod
) -> None:
    alone = reliable_change(before, after, better=better, method=method, **NORM)
    pairs = pl.DataFrame({"before": [before], "after": [after]})
    cohort = reliable_change_table(pairs, reference=ReferenceValues(**NORM), better=better, method=method)
    row = cohort.table.row(0, named=True)
    assert (row["index"], row["change"], row["verdict"]) == (alone.index, alone.change, alone.verdict)
    assert cohort.critical == alone.critical


@given(before=scores, after=scores, constant=st.integers(-50, 50))
@settings(max_examples=60, deadline=None)
def test_a_constant_added_to_every_score_changes_no_verdict(
    before: float, after: float, constant: int
) -> None:
    plain = reliable_change(before, after, reliability=0.8, sd=7.5)
    moved = reliable_change(before + constant, after + constant, reliability=0.8, sd=7.5)
    assert moved.index == pytest.approx(plain.index, abs=1e-9)


@given(before=scores, after=scores)
@settings(max_examples=60, deadline=None)
def test_turning_the_scale_round_turns_the_verdict_round(before: float, after: float) -> None:
    lower = reliable_change(before, after, reliability=0.8, sd=7.5, better="lower").verdict
    higher = reliable_change(before, after, reliability=0.8, sd=7.5, better="higher").verdict
    opposite = {"improved": "deteriorated", "deteriorated": "improved", "unchanged": "unchanged"}
    assert higher == opposite[str(lower)]


def test_strict_and_inclusive_differ_exactly_at_the_threshold() -> None:
    for inclusive, verdict in ((False, "unchanged"), (True, "improved")):
        assert grade(1.96, improved=1.96, deteriorated=1.96, inclusive=inclusive) == verdict
    change = reliable_change(20, 10, reliability=0.8, sd=7.5, inclusive=True)
    assert change.inclusive
    assert "≥" in change.explain()


@pytest.mark.parametrize(
    ("before", "after", "gap"), [(None, 3, "before"), (3, None, "after"), (3, math.nan, "after")]
)
def test_a_missing_score_cannot_say(before: float | None, after: float | None, gap: str) -> None:
    change = reliable_change(before, after, reliability=0.8, sd=7.5)
    assert (change.verdict, change.is_reliable, change.reason) == (None, None, f"no score {gap}")


@pytest.mark.parametrize(
    ("name", "value"), [("reliability", 1.2), ("reliability", -0.1), ("sd", 0), ("sd", -3), ("alpha", 0)]
)
def test_impossible_numbers_are_refused_by_name(name: str, value: float) -> None:
    given_: dict[str, Any] = {"reliability": 0.8, "sd": 7.5} | {name: value}
    with pytest.raises(TherapeuticProcessError, match=name):
        reliable_change(20, 10, **given_)


def test_perfect_reliability_leaves_no_error_to_judge_against() -> None:
    with pytest.raises(TherapeuticProcessError, match="below 1"):
        reliable_change(20, 10, reliability=1, sd=7.5)


def test_a_method_names_the_value_it_lacks() -> None:
    with pytest.raises(NotEnoughData, match="mean_before"):
        reliable_change(20, 10, reliability=0.8, sd=7.5, method="edwards_nunnally")


def test_the_representation_of_a_client_shows_no_score() -> None:
    assert "47" not in repr(reliable_change(32.5, 47.5, reliability=0.8, sd=7.5))


@every_engine
def test_a_cohort_is_the_same_on_every_engine(engine: str) -> None:
    data: Data = {
        "client_id": [1, 2, 3, 4],
        "before": [30.0, 25.0, 28.0, 22.0],
        "after": [12.0, None, 29.0, math.nan],
    }
    result = reliable_change_table(BUILDERS[engine](data), reliability=0.8)
    rows = rows_of(result.table, "client_id")
    assert [r["verdict"] for r in rows] == ["improved", None, "unchanged", None]
    assert result.reference is not None
    assert result.reference.n == 2
    assert result.reference.sd == pytest.approx(math.sqrt(2))
    assert result.n_used == 2
    assert result.dropped == {"cannot_say": 2}


def test_a_sample_without_spread_is_refused() -> None:
    with pytest.raises(NotEnoughData, match="zero variance"):
        reference_from_sample(pl.DataFrame({"before": [5, 5], "after": [1, 2]}), reliability=0.8)
    with pytest.raises(NotEnoughData, match="found 1"):
        reference_from_sample(pl.DataFrame({"before": [5, None], "after": [1, 2]}), reliability=0.8)


@pytest.mark.parametrize("df", [1, 2, 3, 4, 7.3, 18, 200])
@pytest.mark.parametrize("p", [0.025, 0.5, 0.6, 0.975, 0.9999])
def test_quantiles_of_student_agree_with_scipy(p: float, df: float) -> None:
    assert student_quantile(p, df) == pytest.approx(float(student.ppf(p, df)), rel=1e-10, abs=1e-12)
