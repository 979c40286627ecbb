"""Kazdin's criteria: each is met, not met, or cannot be assessed, and says where that was read."""

from __future__ import annotations

from functools import cache
from typing import Any, cast

import attrs
import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from therapeutic_process import process_outcome
from therapeutic_process.change_process import (
    CodePattern,
    LagWindow,
    Mechanism,
    ScorePattern,
    TheoryOfChange,
)
from therapeutic_process.process_outcome import (
    MechanismTest,
    ProcessGradient,
    TheoryTest,
    mechanism_evidence,
)
from therapeutic_process.simulate import Scenario, simulate_cohort

NAMES = ("association", "specificity", "consistency", "manipulation", "timeline", "gradient", "plausibility")
GRADIENT = ProcessGradient(
    (0.0, 1.0, 2.0), (0.0, -1.0, -2.0), (0.0, 0.2, 0.2), -1.0, 0.1, 0.001, 0.6, 99, 900
)


def a_mechanism(name: str = "m", **fields: Any) -> Mechanism:
    defaults: dict[str, Any] = {
        "id": name, "cause": CodePattern(system="automisc", codes=("C",)), "effect": ScorePattern(instrument="phq9"),
        "lag": LagWindow(unit="sessions", shortest=1, longest=1), "direction": "improvement", "smallest_effect": 0.5,
    }  # fmt: skip
    return Mechanism(**(defaults | fields))


@cache
def judged(scenario: Scenario = "pure", effect: float = 2.5) -> TheoryTest:
    rng = np.random.default_rng(3)
    table = simulate_cohort(scenario, n_clients=120, n_sessions=12, effect=effect, rng=rng).table
    named = table.rename({"outcome_before": "score", "event": "process"})
    theory = TheoryOfChange(id="t", name="A theory", mechanisms=(a_mechanism(),))
    return process_outcome.test_theory(theory, {"m": named}, timing="before")


def verdicts(of: TheoryTest, **options: Any) -> dict[str, str]:
    found = mechanism_evidence(of, mechanism="m", **options)
    assert tuple(c.name for c in found.criteria) == NAMES
    assert all(c.because and c.source for c in found.criteria)
    return {c.name: c.verdict for c in found.criteria}


def only(verdict: str, *rivals: str) -> TheoryTest:
    names = [f"r{i}" for i in range(len(rivals))]
    one = MechanismTest(a_mechanism(rivals=tuple(names)), cast("Any", verdict), ())
    others = [MechanismTest(a_mechanism(n), cast("Any", v), ()) for n, v in zip(names, rivals, strict=True)]
    return TheoryTest((one, *others), "0" * 64, None, 0.95, 1)


def test_a_supported_mechanism_meets_what_one_cohort_can_show() -> None:
    assert verdicts(judged(), gradient=GRADIENT) == {
        "association": "met", "specificity": "not assessable here", "consistency": "not assessable here",
        "manipulation": "not assessable here", "timeline": "met", "gradient": "met",
        "plausibility": "not assessable here",
    }  # fmt: skip


def test_where_the_process_follows_change_the_timeline_is_not_met() -> None:
    found = verdicts(judged("rtm"))
    assert (found["association"], found["timeline"]) == ("met", "not met")


def test_no_association_meets_neither_association_nor_timeline() -> None:
    found = verdicts(judged("pure", 0.0))
    assert (found["association"], found["timeline"]) == ("not met", "not met")


@pytest.mark.parametrize(
    ("verdict", "rivals", "expected"),
    [
        ("supported", ["inconclusive"], "met"),
        ("supported", ["supported"], "not met"),
        ("supported", ["not testable"], "not assessable here"),
        ("inconclusive", ["inconclusive"], "not met"),
        ("supported", [], "not assessable here"),
    ],
)
def test_specificity_needs_tested_rivals_that_are_not_supported(
    verdict: str, rivals: list[str], expected: str
) -> None:
    assert verdicts(only(verdict, *rivals))["specificity"] == expected


def test_consistency_needs_another_cohort_that_says_the_same() -> None:
    assert verdicts(only("supported"), others=[only("supported")])["consistency"] == "met"
    assert verdicts(only("supported"), others=[only("inconclusive")])["consistency"] == "not met"
    assert verdicts(only("supported"), others=[only("not testable")])["consistency"] == "not assessable here"


@pytest.mark.parametrize("change", [{"trend": 1.0}, {"trend_p_value": 0.2}, {"departure_p_value": 0.01}])
def test_a_gradient_must_be_straight_sure_and_in_the_declared_direction(change: dict[str, float]) -> None:
    assert verdicts(judged(), gradient=attrs.evolve(GRADIENT, **change))["gradient"] == "not met"  # type: ignore[arg-type]  # fields of numbers


@given(st.sampled_from(["supported", "contradicted", "inconclusive", "not testable"]))
def test_nothing_observed_ever_meets_manipulation_or_settles_plausibility(verdict: str) -> None:
    found = verdicts(only(verdict))
    assert {found["manipulation"], found["plausibility"]} == {"not assessable here"}
    assert (found["association"] == "met") == (verdict == "supported")


def test_it_prints_and_lays_out_every_criterion() -> None:
    found = mechanism_evidence(judged(), mechanism="m")
    assert repr(found) == "<MechanismEvidence 2 met, 5 not assessable here>"
    assert found.to_frame()["name"].to_list() == list(NAMES)
    assert "none proves it" in str(found)
    assert found.criterion("timeline").source == "timing and placebo lead"


@pytest.mark.parametrize(("lag", "verdict"), [(0, "not assessable here"), (1, "met")])
def test_only_a_score_a_session_later_or_more_speaks_of_a_timeline(lag: int, verdict: str) -> None:
    rng = np.random.default_rng(3)
    table = simulate_cohort("pure", n_clients=200, n_sessions=12, effect=4.0, rng=rng).table
    after = table.rename({"outcome_before": "score", "event": "process"}).with_columns(
        pl.col("score").shift(-1).over("client_id")
    )
    window = LagWindow(unit="sessions", shortest=lag, longest=lag)
    theory = TheoryOfChange(id="t", name="A theory", mechanisms=(a_mechanism(lag=window),))
    tested = process_outcome.test_theory(theory, {"m": after}, timing="after")
    assert tested.mechanism("m").verdict == "supported"
    assert verdicts(tested)["timeline"] == verdict
