"""Several declared lags: a test each, Holm over all of them, and one verdict from them."""

from __future__ import annotations

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
    TaskPattern,
    TheoryOfChange,
)
from therapeutic_process.process_outcome import InertVerdict, LagTest, MechanismTest
from therapeutic_process.process_outcome.theory_judging import all_lags
from therapeutic_process.process_outcome.theory_series import declared_lags
from therapeutic_process.simulate import simulate_cohort

INERT = InertVerdict("inert", (-0.1, 0.1), (-1.0, 1.0), 0.0, 0, 1.0, "score", "process", cast("Any", None))


def a_mechanism(shortest: int = 1, longest: int = 2, **fields: Any) -> Mechanism:
    defaults: dict[str, Any] = {
        "id": "m", "cause": CodePattern(system="automisc", codes=("C",)), "effect": ScorePattern(instrument="phq9"),
        "lag": LagWindow(unit="sessions", shortest=shortest, longest=longest), "direction": "improvement",
        "smallest_effect": 0.5,
    }  # fmt: skip
    return Mechanism(**(defaults | fields))


class _Effect:
    n_clients, dropped, warnings = 40, (), ()


def at(lag: int, verdict: str, p: float = 0.5, interval: tuple[float, float] = (-2.0, -1.0)) -> LagTest:
    effect = cast("Any", None if verdict == "not testable" else _Effect())
    return LagTest(
        f"{lag} sessions", cast("Any", verdict), (f"why {lag}",), False, 0.975, interval, p, effect
    )


def inert(lag: int) -> LagTest:
    return attrs.evolve(at(lag, "contradicted", interval=(-0.3, 0.2)), inert=INERT)


def judged(*lags: LagTest) -> MechanismTest:
    return all_lags(a_mechanism(), lags, -1, None)


def test_every_declared_lag_names_the_score_that_lies_there() -> None:
    def scores(timing: Any, **fields: Any) -> list[int]:
        return [lag.scores for lag in declared_lags(a_mechanism(**fields), timing)]

    assert scores("before", shortest=1, longest=3) == [1, 2, 3]
    assert scores("before", shortest=0, longest=1) == [0, 1]
    assert scores("after", shortest=0, longest=1) == [1, 2]
    assert scores("after", shortest=1, longest=1, cause=TaskPattern()) == [1]
    assert scores("after", shortest=0, longest=0, cause=TaskPattern(amount="assigned")) == [1]
    (days,) = declared_lags(
        a_mechanism(lag=LagWindow(unit="days", shortest=1, longest=7.5)), cast("Any", "before")
    )
    assert (days.said, days.days) == ("1 to 7.5 days", (1.0, 7.5))


def test_one_supported_lag_supports_and_the_surest_decides() -> None:
    found = judged(at(1, "inconclusive", 0.2), at(2, "supported", 0.04), at(3, "supported", 0.01))
    assert (found.verdict, found.standing, found.p_holm) == ("supported", "active", 0.01)
    assert found.reasons == ("at a lag of 3 sessions: why 3",)
    assert "lag 1 sessions: inconclusive" in str(found)
    assert found.to_frame()["verdict"].to_list() == ["inconclusive", "supported", "supported"]


def test_lags_that_disagree_support_nothing() -> None:
    found = judged(at(1, "supported", 0.01), at(2, "contradicted", 0.02, (1.0, 2.0)))
    assert found.verdict == "inconclusive"
    assert "the lags disagree: 1 in the declared direction, 1 in the other" in found.reasons


def test_one_lag_the_other_way_contradicts() -> None:
    found = judged(at(1, "inconclusive", 0.3, (-1, 1)), at(2, "contradicted", 0.02, (1.0, 2.0)))
    assert (found.verdict, found.standing, found.p_holm) == ("contradicted", "undecided", 0.02)


def test_inert_means_inert_at_every_declared_lag() -> None:
    both = judged(inert(1), inert(2))
    assert (both.verdict, both.standing) == ("contradicted", "inert")
    for other in (at(2, "inconclusive", 0.4, (-1, 1)), at(2, "not testable")):
        one = judged(inert(1), other)
        assert (one.verdict, one.standing) == ("inconclusive", "undecided")
    beside = judged(inert(1), at(2, "supported", 0.01))
    assert (beside.verdict, beside.standing) == ("supported", "active")


def test_lags_that_could_not_be_tested_are_counted() -> None:
    found = judged(at(1, "supported", 0.01), at(2, "not testable"))
    assert found.verdict == "supported"
    assert found.reasons[-1] == "1 of 2 declared lags were tested"
    nothing = judged(at(1, "not testable"), at(2, "not testable"))
    assert (nothing.verdict, nothing.reasons, nothing.effect) == ("not testable", ("why 1",), None)


def table(effect: float, sessions: int = 12) -> pl.DataFrame:
    rng = np.random.default_rng(2)
    made = simulate_cohort("pure", n_clients=150, n_sessions=sessions, effect=effect, rng=rng).table
    # every fifth client comes every other week
    slow = pl.when(pl.col("client_id") % 5 == 0).then(14.0).otherwise(7.0)
    return made.rename({"outcome_before": "score", "event": "process"}).with_columns(
        days=pl.col("session") * slow
    )


def test_holm_runs_over_mechanisms_and_lags_and_the_truth_is_found_at_each() -> None:
    # an effect of −2.5 on the next score carries over at .4: −1 on the one after it
    several = (a_mechanism(1, 3), a_mechanism(1, 2, id="n"))
    theory = TheoryOfChange(id="t", name="T", mechanisms=several)
    tested = process_outcome.test_theory(theory, {"m": table(2.5), "n": table(0.0)}, timing="before")
    assert tested.n_tested == 5
    assert tested.mechanism("n").verdict == "inconclusive"
    found = tested.mechanism("m")
    assert (found.verdict, found.reasons[0][:22]) == ("supported", "at a lag of 1 session:")
    for lag, truth in zip(found.lags, (-2.5, -1.0, -0.4), strict=True):
        assert lag.interval is not None
        assert lag.interval[0] < truth < lag.interval[1]
    assert found.lags[0].level == pytest.approx(1 - 0.05 / 5)
    levels = [lag.level or 0 for m in tested.mechanisms for lag in m.lags]
    assert all(level >= 0.95 for level in levels)


def test_a_lag_in_days_takes_the_sessions_whose_next_score_lies_there() -> None:
    weekly = a_mechanism(lag=LagWindow(unit="days", shortest=5, longest=9))
    theory = TheoryOfChange(id="t", name="T", mechanisms=(weekly,))
    found = process_outcome.test_theory(theory, {"m": table(2.5)}, timing="before").mechanism("m")
    assert found.verdict == "supported"
    assert dict(found.dropped) == {
        "client without a coded session": 30,
        "session whose next score lies outside the declared days": 360,
    }
    without = process_outcome.test_theory(theory, {"m": table(2.5).drop("days")}, timing="before")
    assert "needs scores taken before sessions, and their days" in without.mechanism("m").reasons[0]


def test_scores_on_both_sides_of_a_session_test_the_session_itself() -> None:
    # of every two scores in a row, one before and one after a session
    data = table(2.5, sessions=16).with_columns(
        score_after=pl.col("score").shift(-1).over("client_id"), pair=pl.col("session") // 2
    )
    both = data.filter(pl.col("session") % 2 == 0).with_columns(session="pair")
    own = a_mechanism(0, 0)
    theory = TheoryOfChange(id="t", name="T", mechanisms=(own,))
    found = process_outcome.test_theory(theory, {"m": both}, timing="both").mechanism("m")
    assert found.verdict == "supported"
    assert found.effect is not None
    assert "right after the session" in found.effect.verdict


@given(st.lists(st.sampled_from(("supported", "contradicted", "inconclusive", "not testable")), min_size=1))
def test_the_order_of_the_lags_changes_no_verdict(verdicts: list[str]) -> None:
    lags = [at(i, v, 0.1 + i / 1000, (1.0, 2.0)) for i, v in enumerate(verdicts)]
    there, back = judged(*lags), judged(*reversed(lags))
    assert there.verdict == back.verdict
    assert there.standing == back.standing


@pytest.mark.parametrize("verdict", ["supported", "contradicted", "inconclusive", "not testable"])
def test_one_lag_alone_is_the_mechanisms_verdict(verdict: str) -> None:
    assert judged(at(1, verdict)).verdict == verdict
