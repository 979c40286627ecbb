from __future__ import annotations

import math
import statistics
from itertools import pairwise

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from therapeutic_process.errors import NotEnoughData
from therapeutic_process.session_process import (
    Congruence,
    CongruenceEffect,
    RatingCongruence,
    congruence_effects,
    random_effects,
    rating_congruence,
    read_session_ratings,
)

Pairs = list[tuple[float | None, float | None]]
points = st.integers(0, 10).map(float)
pairs = st.lists(st.tuples(st.none() | points, st.none() | points), min_size=1, max_size=12)


def congruence(dyads: list[Pairs], **choices: str) -> Congruence:
    rows = [
        (f"k{k}", s, role, role, value)
        for k, dyad in enumerate(dyads)
        for s, both in enumerate(dyad, start=1)
        for role, value in zip(("client", "therapist"), both, strict=True)
    ]
    schema = {
        "client_id": pl.String,
        "session": pl.Int64,
        "role": pl.String,
        "rater": pl.String,
        "value": pl.Float64,
    }
    frame = pl.DataFrame(rows, schema=schema, orient="row").with_columns(scale=pl.lit("bond"))
    return rating_congruence(read_session_ratings(frame), **choices)  # type: ignore[arg-type]


def dyad(both: Pairs, **choices: str) -> RatingCongruence:
    (found,) = congruence([both], **choices).rows
    return found


def test_a_dyad_by_hand() -> None:
    found = dyad([(4, 3), (6, 5), (8, 5), (None, 9), (7, None), (None, None)])
    assert (found.n_paired, found.n_only_criterion, found.n_only_judge, found.n_neither) == (3, 1, 1, 1)
    assert found.criterion_mean == 6
    assert found.judge_mean == pytest.approx(13 / 3)
    assert found.discrepancy == pytest.approx(-5 / 3)
    assert found.absolute_discrepancy == pytest.approx(5 / 3)
    # deviations -2 0 2 and -4/3 2/3 2/3
    assert found.tracking == pytest.approx(0.5)
    assert found.correlation == pytest.approx(0.5 * math.sqrt(8 / (24 / 9)))
    # residuals -1/3 2/3 -1/3, one degree of freedom
    assert found.tracking_se == pytest.approx(math.sqrt((6 / 9) / 8))


@given(pairs)
def test_every_session_is_counted_once(both: Pairs) -> None:
    found = dyad(both)
    assert found.n_paired + found.n_only_criterion + found.n_only_judge + found.n_neither == len(both)


@given(pairs)
def test_changing_sides_turns_the_difference_and_keeps_the_correlation(both: Pairs) -> None:
    one, other = dyad(both), dyad(both, criterion="therapist", judge="client")
    assert one.n_paired == other.n_paired
    if one.discrepancy is not None:
        assert other.discrepancy == pytest.approx(-one.discrepancy, abs=1e-12)
    if one.correlation is not None:
        assert other.correlation == pytest.approx(one.correlation, abs=1e-9)
        assert one.tracking is not None
        assert other.tracking is not None
        assert one.tracking * other.tracking == pytest.approx(one.correlation**2, abs=1e-9)


@given(pairs, st.integers(-5, 5))
def test_a_constant_added_by_one_side_is_all_in_the_discrepancy(both: Pairs, by: int) -> None:
    one, other = dyad(both), dyad([(a, None if b is None else b + by) for a, b in both])
    if one.discrepancy is not None:
        assert other.discrepancy == pytest.approx(one.discrepancy + by, abs=1e-9)
    assert one.undefined_because == other.undefined_because
    assert other.tracking == (None if one.tracking is None else pytest.approx(one.tracking, abs=1e-9))
    assert other.correlation == (
        None if one.correlation is None else pytest.approx(one.correlation, abs=1e-9)
    )


@given(st.lists(st.tuples(points, points), min_size=3, max_size=10))
def test_the_numbers_are_those_of_least_squares(both: Pairs) -> None:
    found = dyad(both)
    a, b = np.array(both, dtype=np.float64).T
    assert found.discrepancy == pytest.approx(float((b - a).mean()), abs=1e-9)
    if found.tracking is not None:
        assert found.tracking == pytest.approx(float(np.polyfit(a, b, 1)[0]), abs=1e-7)
    if found.correlation is not None:
        assert found.correlation == pytest.approx(statistics.correlation(a.tolist(), b.tolist()), abs=1e-9)


def test_what_is_not_known_has_a_reason() -> None:
    assert dyad([(1, 2), (3, 4)]).undefined_because == "fewer_than_3_pairs"
    flat = dyad([(5, 1), (5, 2), (5, 3)])
    assert (flat.tracking, flat.correlation, flat.undefined_because) == (
        None,
        None,
        "criterion_does_not_vary",
    )
    still = dyad([(1, 5), (2, 5), (3, 5)])
    assert (still.tracking, still.correlation, still.undefined_because) == (0, None, "judge_does_not_vary")
    apart = dyad([(1, None), (None, 2)])
    assert (apart.n_paired, apart.discrepancy, apart.undefined_because) == (0, None, "fewer_than_3_pairs")


def test_a_scale_that_one_side_alone_rates_is_counted() -> None:
    frame = pl.DataFrame(
        {"client_id": "a", "session": [1, 1], "scale": ["x", "y"], "role": ["client", "therapist"],
         "rater": ["c", "t"], "value": [1.0, 2.0]}
    )  # fmt: skip
    found = rating_congruence(read_session_ratings(frame))
    assert found.rows == ()
    assert found.one_sided == {"only_client": 1, "only_therapist": 1}
    forms = read_session_ratings(
        frame.with_columns(instrument=pl.col("scale"), scale=pl.lit("bond")), instrument="instrument"
    )
    assert len(rating_congruence(forms, parallel={"y": "x"}).rows) == 1


def test_each_client_of_a_couple_is_a_dyad_of_its_own() -> None:
    frame = pl.DataFrame(
        {"client_id": "a", "session": 1, "scale": "x", "role": ["client", "client", "therapist"],
         "rater": ["c1", "c2", "t"], "value": [1.0, 4.0, 3.0]}
    )  # fmt: skip
    found = rating_congruence(read_session_ratings(frame))
    assert [(r.criterion, r.discrepancy) for r in found.rows] == [("c1", 2.0), ("c2", -1.0)]


def test_nobody_is_compared_with_themselves() -> None:
    with pytest.raises(NotEnoughData, match="two different roles"):
        congruence([[(1, 2)]], judge="client")


DYADS: list[Pairs] = [
    [(4, 3), (6, 5), (8, 5), (7, 7), (5, 5)],
    [(2, 3), (3, 3), (5, 6), (4, 5)],
    [(9, 6), (8, 7), (9, 8), (7, 4), (8, 5), (6, 5)],
]


def test_averages_are_random_effects_over_dyads() -> None:
    found = congruence(DYADS)
    rows = {r.measure: r for r in congruence_effects(found).rows}
    effect = np.array([[r.discrepancy] for r in found.rows], dtype=np.float64)
    se = np.array(
        [[r.discrepancy_sd / math.sqrt(r.n_paired)] for r in found.rows if r.discrepancy_sd is not None]
    )
    mean = random_effects(effect, se)
    assert rows["discrepancy"].mean == pytest.approx(float(mean.mean[0]))
    assert rows["discrepancy"].predicted_high == pytest.approx(float(mean.predicted_high[0]))
    z = np.array([[math.atanh(r.correlation)] for r in found.rows if r.correlation is not None])
    within = random_effects(z, np.array([[(r.n_paired - 3) ** -0.5] for r in found.rows]))
    assert rows["correlation"].mean == pytest.approx(math.tanh(float(within.mean[0])))
    assert rows["correlation"].low == pytest.approx(math.tanh(float(within.low[0])))
    levels = np.array([(r.criterion_mean, r.judge_mean) for r in found.rows], dtype=np.float64)
    assert rows["level_correlation"].mean == pytest.approx(statistics.correlation(*levels.T.tolist()))
    assert rows["tracking"].n == 3
    assert rows["absolute_discrepancy"].mean == pytest.approx(
        np.mean([r.absolute_discrepancy for r in found.rows if r.absolute_discrepancy is not None])
    )


def test_dyads_that_say_nothing_are_dropped_with_reasons() -> None:
    found = congruence_effects(congruence([*DYADS, [(1, 2)], [(1, 2), (3, 4), (2, 3)], [(None, 1)]]))
    rows = {r.measure: r for r in found.rows}
    assert rows["correlation"].n == 3
    assert rows["correlation"].dropped_because == "2 fewer_than_3_pairs, 1 fewer_than_4_pairs"
    assert rows["tracking"].dropped_because == "2 fewer_than_3_pairs, 1 no_variation_about_the_line"
    assert rows["discrepancy"].dropped_because == "1 difference_does_not_vary, 2 fewer_than_2_pairs"
    assert all(r.n + r.n_dropped == 6 for r in found.rows)


def test_one_dyad_has_no_mean_over_dyads() -> None:
    found = congruence_effects(congruence(DYADS[:1]))
    assert {r.measure: r.undefined_because for r in found.rows} == {
        "discrepancy": "fewer_than_2_dyads",
        "absolute_discrepancy": None,
        "tracking": "fewer_than_2_dyads",
        "correlation": "fewer_than_2_dyads",
        "level_correlation": "fewer_than_3_dyads",
    }
    assert congruence_effects(congruence([])).rows == ()


def test_a_known_congruence_is_found_again() -> None:
    rng = np.random.default_rng(3)
    level, therapist = rng.normal(50, 5, 150), rng.normal(0, 1, 150)
    dyads: list[Pairs] = []
    for base, bias in zip(level, therapist, strict=True):
        client = base + rng.normal(0, 4, 12)
        judge = client.mean() - 3 + bias + 0.4 * (client - client.mean()) + rng.normal(0, 3, 12)
        dyads.append(list(zip(client.tolist(), judge.tolist(), strict=True)))
    rows: dict[str, CongruenceEffect] = {r.measure: r for r in congruence_effects(congruence(dyads)).rows}
    for measure, truth in (
        ("discrepancy", -3.0),
        ("tracking", 0.4),
        ("correlation", 1.6 / math.hypot(1.6, 3)),
    ):
        low, high = rows[measure].low, rows[measure].high
        assert low is not None
        assert high is not None
        assert low < truth < high
    assert all(a.n == b.n == 150 for a, b in pairwise(rows.values()))
    assert rows["level_correlation"].mean is not None
    assert rows["level_correlation"].mean > 0.9
