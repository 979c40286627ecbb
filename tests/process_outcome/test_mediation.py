"""Mediation within clients: both paths, their product, and the order that it needs."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from therapeutic_process.errors import CannotEstimate
from therapeutic_process.process_outcome import WithinClientMediation, within_client_mediation


def cohort(
    a: float = 0.8, b: float = -1.0, *, n: int = 150, sessions: int = 12, seed: int = 1
) -> pl.DataFrame:
    """Draw clients with levels and trends of their own, in whom the mediator lowers the next score."""
    rng = np.random.default_rng(seed)
    x = (rng.random((n, sessions)) < 0.4).astype(float)
    level, slope = rng.normal(20, 5, (n, 1)), rng.normal(0, 0.4, (n, 1))
    m = a * x + rng.normal(size=(n, sessions)) + 0.1 * level
    t = np.arange(sessions + 1)
    y = level + slope * t + rng.normal(0, 2, (n, sessions + 1))
    y[:, 1:] += b * m
    grid = {"score": y, "x": np.pad(x, ((0, 0), (0, 1)), constant_values=np.nan),
            "m": np.pad(m, ((0, 0), (0, 1)), constant_values=np.nan)}  # fmt: skip
    keys = {"client_id": np.repeat(np.arange(n), sessions + 1), "session": np.tile(t, n)}
    return pl.DataFrame(keys | {k: v.ravel() for k, v in grid.items()}, nan_to_null=True)


def mediated(table: pl.DataFrame, **options: Any) -> WithinClientMediation:
    defaults: dict[str, Any] = {
        "rng": np.random.default_rng(7), "mediator": "m", "mediator_timing": "between", "timing": "before",
        "outcome": "score", "process": "x", "draws": 4000,
    }  # fmt: skip
    return within_client_mediation(table, **(defaults | options))


def test_true_paths_lie_in_their_intervals_and_their_product_is_found() -> None:
    found = mediated(cohort())
    assert abs(found.a - 0.8) < 3 * found.standard_errors[0]
    assert abs(found.b + 1.0) < 3 * found.standard_errors[1]
    assert abs(found.direct) < 3 * found.standard_errors[2]
    assert found.product == found.a * found.b
    assert found.interval[0] < -0.8 < found.interval[1] < 0
    assert "consistent with mediation" in found.verdict


@pytest.mark.parametrize(("a", "b"), [(0.8, 0.0), (0.0, -1.0)])
def test_one_path_alone_is_no_mediation(a: float, b: float) -> None:
    found = mediated(cohort(a, b))
    assert found.interval[0] < 0 < found.interval[1]
    assert "no evidence against mediation" in found.verdict


def test_the_paths_are_those_of_the_model_with_dummy_variables() -> None:
    table, sessions = cohort(n=14, sessions=8), 8
    grid = {k: table[k].to_numpy().reshape(14, sessions + 1) for k in ("score", "x", "m")}
    y, x, m = grid["score"], grid["x"][:, 1:-1], grid["m"][:, 1:-1]
    who, when = np.indices(x.shape)
    clients, times = np.eye(14)[who.ravel()], np.eye(x.shape[1])[when.ravel()]
    nuisance = [clients, clients * when.reshape(-1, 1), times]
    before = [y[:, 1:-1].reshape(-1, 1), y[:, :-2].reshape(-1, 1)]
    one, two = x.reshape(-1, 1), m.reshape(-1, 1)
    a = np.linalg.lstsq(np.hstack([one, *before, *nuisance]), m.ravel(), rcond=None)[0][0]
    b, direct = np.linalg.lstsq(np.hstack([two, one, *before, *nuisance]), y[:, 2:].ravel(), rcond=None)[0][
        :2
    ]
    found = mediated(table, estimator="screen")
    assert (found.a, found.b, found.direct) == pytest.approx((a, b, direct), rel=1e-8)


def test_the_monte_carlo_interval_is_near_the_delta_method_where_both_paths_are_sharp() -> None:
    found = mediated(cohort(n=600), draws=50_000)
    for r in found.readings:
        se = np.hypot(r.b * r.standard_errors[0], r.a * r.standard_errors[1])
        delta = (r.a * r.b - 1.96 * se, r.a * r.b + 1.96 * se)
        assert r.interval == pytest.approx(delta, abs=0.1 * se)
    kept = [r.interval for r in found.readings if r.reading in found.kept]
    assert found.interval == (min(low for low, _ in kept), max(high for _, high in kept))


@settings(max_examples=8)
@given(st.floats(0.1, 10), st.floats(-50, 50))
def test_units_of_the_mediator_change_the_paths_and_not_the_product(scale: float, shift: float) -> None:
    table = cohort(n=40)
    found, other = mediated(table), mediated(table.with_columns(pl.col("m") * scale + shift))
    assert other.product == pytest.approx(found.product, rel=1e-6)
    assert other.a == pytest.approx(found.a * scale, rel=1e-6)


def test_a_mediator_that_is_not_between_is_refused_and_so_is_too_little() -> None:
    for timing in (None, "same session"):
        with pytest.raises(CannotEstimate, match="between the session and the next score"):
            mediated(cohort(n=20), mediator_timing=timing)
    with pytest.raises(CannotEstimate, match="shared_items"):
        mediated(cohort(n=20), mediator="score")
    with pytest.raises(CannotEstimate, match="too_few_clients"):
        mediated(cohort(n=5))
    with pytest.raises(CannotEstimate, match="rank_deficient"):
        mediated(cohort(n=40).with_columns(m=pl.col("x")))
    with pytest.raises(CannotEstimate, match="too_few_varying_clients"):
        mediated(cohort(n=40).with_columns(m=pl.lit(2.0)))


def test_short_courses_are_warned_of_and_missing_cells_are_left_out() -> None:
    table = cohort(n=40, sessions=8)
    holes = table.with_columns(m=pl.when(pl.col("session") == 3).then(None).otherwise(pl.col("m")))
    for estimator in ("joint", "screen"):
        found = mediated(table, estimator=estimator)
        assert found.warnings
        assert mediated(holes, estimator=estimator).n_rows == found.n_rows - 40
    assert mediated(table).to_frame()["path"].to_list() == ["a", "b", "direct", "a·b"]
