from __future__ import annotations

import math

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from therapeutic_process.errors import NotEnoughData
from therapeutic_process.session_process import (
    Ratings,
    agreement,
    as_ratings,
    bootstrap_interval,
    cohen_kappa,
    disagreements,
    fleiss_kappa,
    krippendorff_alpha,
    read_ratings,
    session_score_agreement,
)


def long_table(clients: int, *, seed: int = 1, by_client: bool = False) -> pl.DataFrame:
    """Two raters on ten units per client; agreement differs between clients if asked."""
    rng = np.random.default_rng(seed)
    rows = []
    for client in range(clients):
        skill = (0.95 if client % 2 else 0.1) if by_client else 0.6
        for unit in range(10):
            first = str(rng.choice(["a", "b"]))
            second = first if rng.random() < skill else str(rng.choice(["a", "b"]))
            rows += [
                (client, 10 * client + unit, rater, value) for rater, value in (("x", first), ("y", second))
            ]
    return pl.DataFrame(rows, schema=["client_id", "unit_id", "rater_id", "value"], orient="row")


def test_units_of_one_client_are_drawn_together() -> None:
    table = long_table(12, by_client=True)
    wide = bootstrap_interval(
        cohen_kappa, read_ratings(table, cluster="client_id"), rng=np.random.default_rng(1)
    )
    narrow = bootstrap_interval(cohen_kappa, read_ratings(table), rng=np.random.default_rng(1))
    assert wide.value == narrow.value
    assert wide.high - wide.low > 1.3 * (narrow.high - narrow.low)
    assert wide.interval == "bootstrap over 12 clusters, 1000 of 1000 draws"


def test_the_bootstrap_interval_resembles_the_asymptotic_one_where_units_are_independent() -> None:
    ratings = read_ratings(long_table(40))
    boot = bootstrap_interval(cohen_kappa, ratings, rng=np.random.default_rng(1), draws=600)
    plain = cohen_kappa(ratings)
    assert boot.low == pytest.approx(plain.low, abs=0.02)
    assert boot.high == pytest.approx(plain.high, abs=0.02)


def test_the_seed_decides_the_interval() -> None:
    ratings = read_ratings(long_table(5))
    one, other = (
        bootstrap_interval(fleiss_kappa, ratings, rng=np.random.default_rng(3), draws=50) for _ in range(2)
    )
    assert (one.low, one.high) == (other.low, other.high)


def test_what_is_undefined_has_no_interval() -> None:
    found = bootstrap_interval(cohen_kappa, as_ratings([["a", "a"]] * 5), rng=np.random.default_rng(1))
    assert found.reason == "no_variation"
    assert found.interval is None
    assert math.isnan(found.low)


def test_the_report_holds_overall_and_per_code() -> None:
    report = agreement(long_table(6), cluster="client_id", rng=np.random.default_rng(1), draws=60)
    rows = report.to_frame()
    assert rows["code"].to_list() == [None] * 3 + ["a", "a", "b", "b"]
    assert rows["low"].null_count() == 0
    # With two categories, one against the rest is the whole.
    kappas = rows.filter(pl.col("method") == "Cohen's kappa")["value"].to_list()
    assert kappas == pytest.approx([kappas[0]] * 3)
    assert "units" in repr(report)


def test_per_code_is_that_code_against_all_others() -> None:
    units = [["a", "a"], ["b", "c"], ["c", "b"], ["a", "a"], ["b", "b"]]
    rows = [(u, r, v) for u, one in enumerate(units) for r, v in zip("xy", one, strict=True)]
    table = pl.DataFrame(rows, schema=["unit_id", "rater_id", "value"], orient="row")
    report = agreement(table, rng=np.random.default_rng(1), draws=20)
    by_code = {code: (kappa.value, alpha.value) for code, kappa, alpha in report.per_code}
    assert by_code["a"] == pytest.approx((1, 1))
    recoded = [["b" if v == "b" else "-" for v in one] for one in units]
    assert by_code["b"] == pytest.approx((cohen_kappa(recoded).value, krippendorff_alpha(recoded).value))


@given(st.lists(st.lists(st.sampled_from("abc"), min_size=3, max_size=3), min_size=1, max_size=10))
def test_disagreements_are_the_pairs_that_differ(units: list[list[str]]) -> None:
    ratings: Ratings = as_ratings(units)
    pairs = [(a, b) for one in units for i, a in enumerate(one) for b in one[i + 1 :]]
    table = disagreements(ratings)
    assert sum(table["pairs"].to_list()) == sum(a != b for a, b in pairs)
    for row in table.to_dicts():
        met = sum({a, b} == {row["one"], row["other"]} for a, b in pairs)
        assert row["pairs"] == met
        assert row["share"] == pytest.approx(met / len(pairs))


def test_raters_can_agree_on_sessions_and_not_on_turns() -> None:
    rows = []
    for session, n in enumerate((2, 5, 8)):
        for unit in range(10):
            # Both raters give the code n times, but to other turns.
            rows.append((session, 10 * session + unit, "x", "a" if unit < n else "b"))
            rows.append((session, 10 * session + unit, "y", "a" if unit >= 10 - n else "b"))
    table = pl.DataFrame(rows, schema=["session_id", "unit_id", "rater_id", "value"], orient="row")
    assert session_score_agreement(table, code="a", form="A,1").value == pytest.approx(1)
    assert cohen_kappa(read_ratings(table)).value < 0


def test_a_session_that_a_rater_left_out_is_dropped() -> None:
    table = pl.DataFrame(
        {
            "session_id": [1, 1, 2, 2, 3, 3, 4],
            "unit_id": [1, 1, 2, 2, 3, 3, 4],
            "rater_id": list("xyxyxyx"),
            "value": list("aabbaba"),
        }
    )
    assert session_score_agreement(table, code="a", form="C,1").n_dropped == 1
    with pytest.raises(NotEnoughData):
        session_score_agreement(table, code="z", form="C,1")


def test_one_rater_agrees_with_nobody() -> None:
    table = pl.DataFrame({"unit_id": [1, 2], "rater_id": ["x", "x"], "value": ["a", "b"]})
    with pytest.raises(NotEnoughData, match="at least 2 raters"):
        agreement(table, rng=np.random.default_rng(1))
