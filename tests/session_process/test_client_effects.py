from __future__ import annotations

import math
from itertools import product
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from therapeutic_process.errors import NotEnoughData
from therapeutic_process.session_process import (
    random_effects,
    sequential_statistics,
    sign_flip_test,
    transition_effects,
)

if TYPE_CHECKING:
    from therapeutic_process.session_process.extra import Floats

values = st.floats(-3, 3).map(lambda x: round(x, 3))


def test_random_effects_of_three_clients_by_hand() -> None:
    y, v = np.array([0.2, 0.8, 1.4]), np.array([0.04, 0.09, 0.16])
    w = 1 / v
    fixed = (w * y).sum() / w.sum()
    tau2 = max(((w * (y - fixed) ** 2).sum() - 2) / (w.sum() - (w**2).sum() / w.sum()), 0)
    u = 1 / (v + tau2)
    mean = (u * y).sum() / u.sum()
    found = random_effects(y[:, None], np.sqrt(v)[:, None])
    assert float(found.between_variance[0]) == pytest.approx(tau2)
    assert float(found.mean[0]) == pytest.approx(mean)
    assert float(found.se[0]) == pytest.approx(math.sqrt((u * (y - mean) ** 2).sum() / (2 * u.sum())))
    # t quantiles for 2 and 1 degrees of freedom
    assert float(found.high[0] - found.mean[0]) == pytest.approx(4.302652729911275 * float(found.se[0]))
    reach = 12.706204736432095 * math.sqrt(tau2 + 1 / u.sum())
    assert float(found.predicted_high[0] - found.mean[0]) == pytest.approx(reach)


@given(hnp.arrays(np.float64, (4, 3), elements=values), st.floats(-2, 2))
def test_adding_a_constant_moves_the_mean_and_nothing_else(effect: Floats, by: float) -> None:
    se = np.full(effect.shape, 0.5)
    one, other = random_effects(effect, se), random_effects(effect + by, se)
    assert np.allclose(other.mean, one.mean + by)
    assert np.allclose(other.between_variance, one.between_variance, atol=1e-9)
    assert np.allclose(other.high - other.low, one.high - one.low, atol=1e-9)


def test_a_client_who_tells_nothing_changes_nothing() -> None:
    effect, se = np.array([[0.2], [0.8], [1.4]]), np.full((3, 1), 0.3)
    more = np.vstack([effect, [[np.nan]]]), np.vstack([se, [[np.nan]]])
    assert float(random_effects(*more).mean[0]) == float(random_effects(effect, se).mean[0])
    assert int(random_effects(*more).n[0]) == 3


def test_one_client_has_no_mean_over_clients() -> None:
    found = random_effects(np.array([[0.5]]), np.array([[0.1]]))
    assert math.isnan(float(found.mean[0]))
    assert math.isnan(float(found.low[0]))


@settings(max_examples=25)
@given(hnp.arrays(np.float64, (5, 2), elements=values.filter(lambda x: x != 0)))
def test_exact_sign_flips_are_all_sign_vectors(effect: Floats) -> None:
    def t(x: Floats) -> Floats:
        square = (x**2).mean(0)
        spread = np.maximum(x.var(0), 1e-12 * square) * 5 / 4
        size: Floats = np.abs(x.mean(0)) / np.sqrt(spread / 5)
        return size

    draws = np.array([t(effect * np.array(signs)[:, None]) for signs in product((1, -1), repeat=5)])
    found = sign_flip_test(effect, rng=np.random.default_rng(1))
    own = (draws >= t(effect) * (1 - 1e-9)).mean(0)
    family = (draws.max(1)[:, None] >= t(effect) * (1 - 1e-9)).mean(0)
    assert found.exact
    assert np.allclose(found.p, own)
    assert np.allclose(found.p_family, family)
    assert (found.p_family >= found.p - 1e-12).all()


def test_sampled_sign_flips_approach_the_exact_ones() -> None:
    effect = np.random.default_rng(3).normal(0.4, 1, (12, 4))
    exact = sign_flip_test(effect, rng=np.random.default_rng(1), flips=5000)
    sampled = sign_flip_test(effect, rng=np.random.default_rng(1), flips=4000)
    assert exact.exact
    assert not sampled.exact
    assert np.allclose(exact.p, sampled.p, atol=0.03)


def _cohort(follow: float, clients: int, seed: int) -> pl.DataFrame:
    """Clients whose "a" is followed by "b" with a given probability, and by chance otherwise."""
    rng = np.random.default_rng(seed)
    rows = []
    for client in range(clients):
        last = "c"
        for index in range(60):
            code = "b" if last == "a" and rng.random() < follow else str(rng.choice(["a", "b", "c"]))
            rows.append((client, 1, index, code))
            last = code
    return pl.DataFrame(rows, schema=["client_id", "session_id", "index", "code"], orient="row")


def test_a_true_transition_is_found_and_chance_is_not() -> None:
    def found(follow: float) -> tuple[float, float]:
        statistics = sequential_statistics(_cohort(follow, 15, 8), client="client_id")
        effects = transition_effects(statistics, rng=np.random.default_rng(1), flips=999)
        assert effects.n_clients == 15
        return float(effects.test.p_family[0, 1]), float(effects.effects.mean[0, 1])

    p, mean = found(0.6)
    assert p < 0.01
    assert mean > 1
    assert found(0.0)[0] > 0.05


def test_log_odds_of_a_client_carry_a_half_in_each_cell() -> None:
    rows = [("x", 1, i, c) for i, c in enumerate("abab")] + [("y", 1, i, c) for i, c in enumerate("aabb")]
    table = pl.DataFrame(rows, schema=["client_id", "session_id", "index", "code"], orient="row")
    effects = transition_effects(
        sequential_statistics(table, client="client_id"), rng=np.random.default_rng(1), flips=99
    )
    # x: a to b 2, a to a 0, b to a 1, b to b 0
    assert effects.log_odds[0, 0, 1] == pytest.approx(math.log((2.5 * 1.5) / (0.5 * 0.5)))
    assert effects.to_frame().height == 4


def test_clients_are_needed() -> None:
    table = _cohort(0.5, 1, 1)
    with pytest.raises(NotEnoughData, match="no client column"):
        transition_effects(sequential_statistics(table), rng=np.random.default_rng(1))
    with pytest.raises(NotEnoughData, match="found 1"):
        transition_effects(sequential_statistics(table, client="client_id"), rng=np.random.default_rng(1))


def test_the_table_says_where_too_few_clients_inform_a_cell() -> None:
    table = pl.concat(
        [
            _cohort(0.3, 2, 1),
            _cohort(0.3, 1, 2).with_columns(client_id=pl.lit(7, dtype=pl.Int64), code=pl.lit("d")),
        ]
    )
    effects = transition_effects(
        sequential_statistics(table, client="client_id"), rng=np.random.default_rng(1), flips=99
    )
    row = effects.to_frame().filter((pl.col("given") == "d") & (pl.col("target") == "d"))
    assert row["undefined_because"].to_list() == ["fewer_than_2_clients"]
    assert row["p"].to_list() == [None]
    assert repr(effects).startswith("<TransitionEffects: lag 1, 4 codes, 3 clients;")
