from __future__ import annotations

import math

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from therapeutic_process.errors import NotEnoughData
from therapeutic_process.session_process import (
    sequential_statistics,
    transition_effects,
)


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


@settings(max_examples=15)
@given(st.permutations(["a", "b", "c"]), st.integers(0, 5))
def test_relabelling_codes_permutes_the_effects(names: list[str], seed: int) -> None:
    table = _cohort(0.4, 5, seed)
    named = table.with_columns(pl.col("code").replace_strict(dict(zip("abc", names, strict=True))))
    one, other = (
        transition_effects(
            sequential_statistics(t, client="client_id"), rng=np.random.default_rng(1), flips=999
        )
        for t in (table, named)
    )
    place = [other.codes.index(name) for name in names]
    at = np.ix_(place, place)
    assert np.allclose(other.effects.mean[at], one.effects.mean, equal_nan=True)
    assert np.allclose(other.effects.high[at], one.effects.high, equal_nan=True)
    assert np.allclose(other.test.p_family[at], one.test.p_family, equal_nan=True)
