"""A theory put to the test: verdicts, Holm, the placebo lead, rivals, fingerprints."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from therapeutic_process import process_outcome
from therapeutic_process.change_process import (
    ChangePattern,
    CodePattern,
    EventPattern,
    InertBounds,
    LagWindow,
    Mechanism,
    RatingPattern,
    ScorePattern,
    TaskPattern,
    TheoryOfChange,
    fingerprint,
)
from therapeutic_process.errors import CannotEstimate, TableError
from therapeutic_process.instruments import builtin_catalogue
from therapeutic_process.process_outcome import TheoryTest, lagged_within_client_effect, process_table
from therapeutic_process.process_outcome.theory_tests import _holm
from therapeutic_process.records import Case
from therapeutic_process.simulate import Scenario, simulate_cohort, simulated_cases

NEXT_SESSION = LagWindow(unit="sessions", shortest=1, longest=1)


def a_mechanism(name: str = "m", **fields: Any) -> Mechanism:
    defaults: dict[str, Any] = {
        "id": name, "cause": CodePattern(system="automisc", codes=("C",), role="client"),
        "effect": ScorePattern(instrument="phq9"), "lag": NEXT_SESSION, "direction": "improvement",
        "smallest_effect": 0.5,
    }  # fmt: skip
    return Mechanism(**(defaults | fields))


def a_theory(*mechanisms: Mechanism) -> TheoryOfChange:
    return TheoryOfChange(id="t", name="A theory", mechanisms=mechanisms)


@cache
def table(scenario: Scenario = "pure", effect: float = 0.0, n: int = 120, seed: int = 3) -> pl.DataFrame:
    rng = np.random.default_rng(seed)
    made = simulate_cohort(scenario, n_clients=n, n_sessions=12, effect=effect, rng=rng).table
    return made.rename({"outcome_before": "score", "event": "process"})


def verdicts(data: pl.DataFrame, *mechanisms: Mechanism, **options: Any) -> TheoryTest:
    several = mechanisms or (a_mechanism(),)
    return process_outcome.test_theory(
        a_theory(*several), {m.id: data for m in several}, **{"timing": "before"} | options
    )


def test_an_effect_in_the_declared_direction_and_size_is_supported() -> None:
    found = verdicts(table(effect=2.5)).mechanism("m")
    assert (found.verdict, found.standing, found.expected_sign) == ("supported", "active", -1)
    assert found.interval is not None
    assert found.interval[1] < 0
    assert found.effect is not None
    assert found.effect.interval == pytest.approx(found.interval)
    assert "cause" not in str(found)


def test_the_same_data_contradict_the_other_direction() -> None:
    found = verdicts(table(effect=2.5), a_mechanism(direction="deterioration")).mechanism("m")
    assert (found.verdict, found.standing) == ("contradicted", "undecided")
    assert "other direction" in found.reasons[0]


def test_an_effect_below_the_declared_size_is_inconclusive() -> None:
    found = verdicts(table(effect=2.5), a_mechanism(smallest_effect=10.0)).mechanism("m")
    assert found.verdict == "inconclusive"
    assert "below the smallest effect 10" in found.reasons[0]


def test_no_effect_is_inconclusive_and_never_inert_without_bounds() -> None:
    found = verdicts(table()).mechanism("m")
    assert (found.verdict, found.standing) == ("inconclusive", "undecided")
    assert "no evidence that the process is inert" in found.reasons[0]


def test_where_the_event_follows_bad_weeks_a_contradiction_becomes_inconclusive() -> None:
    data = table("rtm", 2.5)
    supported = verdicts(data).mechanism("m")
    assert (supported.verdict, supported.conditional) == ("supported", True)
    assert "supported, conditional on what the event follows" in str(supported)
    turned = verdicts(data, a_mechanism(direction="deterioration")).mechanism("m")
    assert (turned.verdict, turned.conditional) == ("inconclusive", True)


def test_an_inert_process_contradicts_and_says_what_it_needs() -> None:
    bounds = a_mechanism(inert_bounds=InertBounds(lower=-2, upper=2))
    data = table(n=300)
    found = verdicts(
        data, bounds, coder_reliability={"m": 1.0}, rng=np.random.default_rng(1), replications=2
    ).mechanism("m")
    assert (found.verdict, found.standing) == ("contradicted", "inert")
    without = verdicts(data, bounds).mechanism("m")
    assert (without.verdict, without.standing) == ("inconclusive", "undecided")
    assert "needs a coder reliability and an rng" in without.reasons[1]


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"lag": None, "smallest_effect": None}, "not declared: lag, smallest_effect"),
        ({"direction": None}, "not declared: direction"),
        ({"lag": LagWindow(unit="sessions", shortest=0, longest=0)}, "a session or more after"),
        ({"lag": LagWindow(unit="sessions", shortest=1, longest=13)}, "at most 12 lags"),
        ({"effect": ChangePattern()}, "no verdict on changes outside sessions"),
        ({"effect": ChangePattern(source="detected")}, "declare that as the effect"),
        ({"effect": ScorePattern(instrument="unheard-of")}, "which direction of the score is improvement"),
    ],
)
def test_what_is_not_declared_or_cannot_be_tested_says_why(fields: dict[str, Any], reason: str) -> None:
    found = verdicts(table(), a_mechanism(**fields))
    assert found.mechanism("m").verdict == "not testable"
    assert reason in found.mechanism("m").reasons[0]
    assert found.n_tested == 0


def test_scores_after_sessions_test_the_same_day_and_a_task_done_since() -> None:
    data = table(effect=2.5, n=200).with_columns(pl.col("score").shift(-1).over("client_id"))
    later = verdicts(data, timing="after").mechanism("m").effect
    assert later is not None
    assert (later.layout.lag, later.layout.sessions_later) == (2, 1)
    immediate = a_mechanism(lag=LagWindow(unit="sessions", shortest=0, longest=0))
    task = a_mechanism("k", cause=TaskPattern())
    found = verdicts(data, immediate, task, timing="after")
    assert [m.verdict for m in found.mechanisms] == ["supported", "supported"]


def test_a_refusal_of_the_estimator_is_told_with_its_numbers() -> None:
    found = verdicts(table().filter(pl.col("client_id") <= 20)).mechanism("m")
    assert found.verdict == "not testable"
    assert "too_few_clients: needed at least 30 usable clients, found 20" in found.reasons[0]
    missing = process_outcome.test_theory(a_theory(a_mechanism()), {}, timing="before")
    assert missing.mechanism("m").reasons == ("no table was given for it",)


def test_holm_by_hand() -> None:
    assert [p for _, p in _holm([0.01, 0.04, 0.03], 0.05)] == pytest.approx([0.03, 0.06, 0.06])
    assert [level for level, _ in _holm([0.01, 0.04, 0.03], 0.05)] == pytest.approx(
        [1 - 0.05 / 3, 0.975, 0.975]
    )
    assert _holm([], 0.05) == []


@given(st.lists(st.floats(0, 1), min_size=1, max_size=6))
def test_holm_never_lowers_a_p_keeps_their_order_and_agrees_with_its_levels(p_values: list[float]) -> None:
    found = _holm(p_values, 0.05)
    assert all(p_holm >= p for p, (_, p_holm) in zip(p_values, found, strict=True))
    order = sorted(range(len(p_values)), key=lambda i: p_values[i])
    assert sorted(p for _, p in found) == [found[i][1] for i in order]
    for p, (level, p_holm) in zip(p_values, found, strict=True):
        assert (p < 1 - level) == (p_holm < 0.05) or abs(p_holm - 0.05) < 1e-9


def test_more_mechanisms_widen_the_intervals_and_rivals_stand_side_by_side() -> None:
    alone = verdicts(table(effect=2.5)).mechanism("m")
    found = verdicts(
        table(effect=2.5), a_mechanism(rivals=("n",)), a_mechanism("n", direction="deterioration")
    )
    pair = found.mechanism("m")
    assert alone.interval is not None
    assert pair.interval is not None
    assert pair.interval[0] < alone.interval[0]
    assert found.n_tested == 2
    assert [r.mechanism.id for r in found.rivals_of("n")] == ["m"]
    assert "rival n: contradicted" in str(found)
    frame = found.to_frame()
    assert frame["rivals"].to_list() == ["n: contradicted", "m: supported"]
    assert frame["verdict"].to_list() == ["supported", "contradicted"]


def test_a_theory_changed_after_it_was_registered_is_told() -> None:
    theory = a_theory(a_mechanism())
    kept = verdicts(table(), registered=fingerprint(theory))
    assert (kept.as_registered, kept.fingerprint) == (True, fingerprint(theory))
    edited = verdicts(table(), a_mechanism(smallest_effect=0.4), registered=fingerprint(theory))
    assert edited.as_registered is False
    assert "CHANGED since that fingerprint" in str(edited)
    assert verdicts(table()).as_registered is None


def as_cases(data: pl.DataFrame) -> list[Case]:
    """Write a cohort as cases, with a coding pass where the process is known."""
    instrument = {"id": "scale", "name": "Scale", "direction": "higher_worse", "minimum": -99, "maximum": 99}
    client = {"kind": "client", "participant": "c"}
    cases = []
    for (who,), rows in data.sort("client_id", "session").group_by("client_id", maintain_order=True):
        sessions, scores = [], []
        for row in rows.iter_rows(named=True):
            code = {"coding_pass": "p", "system": "automisc", "code": "C" if row["process"] else "N"}
            turn = {"index": 0, "kind": "speech", "speaker": "c", "codes": [code]}
            coded = row["process"] is not None
            sessions.append({"id": f"s{row['session']}", "number": row["session"], "status": "held",
                             "interactions": [turn] if coded else []})  # fmt: skip
            scores.append({"id": f"m{row['session']}", "instrument": "scale", "subject": "c", "respondent": client,
                           "score": row["score"], "session": f"s{row['session']}", "timing": "before"})  # fmt: skip
        seen = [s["id"] for s in sessions if s["interactions"]]
        coding = {
            "id": "p",
            "system": "automisc",
            "coder": {"kind": "observer"},
            "extent": "all",
            "sessions": seen,
        }
        cases.append(Case(id=f"k{who}", participants=[{"id": "c", "role": "client"}], sessions=sessions,  # type: ignore[arg-type]  # plain data is read like a document
                          measurements=scores, coding_passes=[coding], instruments=[instrument]))  # type: ignore[arg-type]  # as above  # fmt: skip
    return cases


def test_cases_give_what_their_table_gives() -> None:
    data = table(effect=2.5, n=60)
    theory = a_theory(a_mechanism(effect=ScorePattern(instrument="scale")))
    found = process_outcome.test_theory(theory, as_cases(data), timing="before").mechanism("m")
    expected = lagged_within_client_effect(data, timing="before", outcome="score", process="process")
    assert found.verdict == "supported"
    assert found.interval == pytest.approx(expected.interval, rel=1e-6)
    assert ("session that no coding pass covered", 60) in found.dropped


def test_every_kind_of_cause_is_tested_from_cases_as_from_tables() -> None:
    rng = np.random.default_rng(5)
    cohort = simulate_cohort("pure", n_clients=60, n_sessions=8, effect=2.5, rng=rng)
    cases = list(simulated_cases(cohort, rng=rng))
    causes: dict[str, Any] = {
        "code": CodePattern(system="automisc", codes=("C",), role="client"),
        "rating": RatingPattern(instrument="simulated-alliance", rater="client"),
        "task": TaskPattern(amount="assigned"),
        "event": EventPattern(what="change"),
    }
    effect = ScorePattern(instrument="simulated-outcome")
    theory = a_theory(*(a_mechanism(name, cause=cause, effect=effect) for name, cause in causes.items()))
    known = cases[0].instruments
    options: dict[str, Any] = {"timing": "before", "catalogue": builtin_catalogue().with_(*known)}
    found = process_outcome.test_theory(theory, cases, complete=True, **options)
    tables = {
        name: process_table(cases, cause=cause, effect=effect, timing="before", complete=True).table
        for name, cause in causes.items()
    }
    again = process_outcome.test_theory(theory, tables, **options)
    assert found.n_tested == again.n_tested == 4
    assert found.mechanism("code").verdict == "supported"
    for one, other in zip(found.mechanisms, again.mechanisms, strict=True):
        assert (one.verdict, one.interval) == (other.verdict, other.interval)


def test_an_event_that_nobody_looked_for_is_not_absent() -> None:
    cohort = simulate_cohort("pure", n_clients=40, n_sessions=8, rng=np.random.default_rng(5))
    cases = list(simulated_cases(cohort, rng=np.random.default_rng(5)))
    effect = ScorePattern(instrument="simulated-outcome")
    event = a_mechanism(cause=EventPattern(what="change"), effect=effect)
    found = process_outcome.test_theory(a_theory(event), cases, timing="before").mechanism("m")
    assert found.verdict == "not testable"
    assert "no_within_variance" in found.reasons[0] or "too_few" in found.reasons[0]
    assert dict(found.dropped)["session without such a record, and nobody said that all were recorded"] > 200


def test_without_a_case_that_is_the_reason() -> None:
    found = process_outcome.test_theory(a_theory(a_mechanism()), [], timing="before").mechanism("m")
    assert found.reasons == ("no client with a held session or a score was given",)


def test_a_mechanism_without_a_score_leaves_the_others_their_test() -> None:
    data = table(effect=2.5)
    empty = data.with_columns(score=pl.lit(None, dtype=pl.Float64))
    theory = a_theory(a_mechanism(), a_mechanism("n"))
    found = process_outcome.test_theory(theory, {"m": data, "n": empty}, timing="before")
    assert [m.verdict for m in found.mechanisms] == ["supported", "not testable"]
    assert "no_outcome" in found.mechanism("n").reasons[0]
    assert found.n_tested == 1


def test_undeclared_timing_and_broken_tables_are_refused() -> None:
    with pytest.raises(CannotEstimate, match="timing_undeclared"):
        verdicts(table(), timing=None)
    with pytest.raises(TableError, match="column_missing"):
        verdicts(table().drop("process"))


def test_nothing_shows_a_client() -> None:
    found = verdicts(table())
    assert repr(found) == "<TheoryTest 1 inconclusive>"
    assert repr(found.mechanism("m")) == "<MechanismTest inconclusive; 120 clients>"
