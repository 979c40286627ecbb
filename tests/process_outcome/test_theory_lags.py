"""Several declared lags: a test each, Holm over all of them, and one verdict from them."""

from __future__ import annotations

from typing import Any, cast

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from therapeutic_process.change_process import (
    CodePattern,
    LagWindow,
    Mechanism,
    ScorePattern,
    TaskPattern,
)
from therapeutic_process.process_outcome import InertVerdict, LagTest, MechanismTest
from therapeutic_process.process_outcome.theory_judging import all_lags
from therapeutic_process.process_outcome.theory_series import declared_lags

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


@given(st.lists(st.sampled_from(("supported", "contradicted", "inconclusive", "not testable")), min_size=1))
def test_the_order_of_the_lags_changes_no_verdict(verdicts: list[str]) -> None:
    lags = [at(i, v, 0.1 + i / 1000, (1.0, 2.0)) for i, v in enumerate(verdicts)]
    there, back = judged(*lags), judged(*reversed(lags))
    assert there.verdict == back.verdict
    assert there.standing == back.standing


@pytest.mark.parametrize("verdict", ["supported", "contradicted", "inconclusive", "not testable"])
def test_one_lag_alone_is_the_mechanisms_verdict(verdict: str) -> None:
    assert judged(at(1, verdict)).verdict == verdict
