"""The sweep against the same model written with dummy variables."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from therapeutic_process.process_outcome.sweep import RankDeficient, least_squares, sweep

if TYPE_CHECKING:
    from numpy.typing import NDArray


def with_dummies(
    target: NDArray[np.float64],
    columns: list[NDArray[np.float64]],
    used: NDArray[np.bool_],
    *,
    trends: bool,
    sessions: bool,
) -> tuple[NDArray[np.float64], NDArray[np.float64], int]:
    client, time = np.nonzero(used)
    intercepts = (client[:, None] == np.unique(client)).astype(float)
    parts = [np.stack([c[used] for c in columns], axis=1), intercepts]
    if trends:
        parts.append(intercepts * time[:, None])
    if sessions:
        parts.append((time[:, None] == np.arange(used.shape[1])).astype(float))
    design = np.concatenate(parts, axis=1)
    inverse = np.linalg.pinv(design)
    coefficients = inverse @ target[used]
    residual = target[used] - design @ coefficients
    influence = np.stack([inverse[:, client == c] @ residual[client == c] for c in np.unique(client)])
    k = len(columns)
    return coefficients[:k], np.sqrt((influence**2).sum(axis=0))[:k], int(np.linalg.matrix_rank(design))


@settings(max_examples=30, deadline=None)
@given(
    st.integers(6, 15),
    st.integers(5, 8),
    st.integers(0, 10_000),
    st.booleans(),
    st.booleans(),
    st.floats(0, 0.3),
)
def test_the_sweep_equals_dummy_variables(
    n: int, t: int, seed: int, trends: bool, sessions: bool, missing: float
) -> None:
    rng = np.random.default_rng(seed)
    used = rng.random((n, t)) >= missing
    used[:2] = True
    used &= used.sum(axis=1, keepdims=True) >= 2
    target, *columns = rng.normal(size=(3, n, t)) + 5
    expected, errors, rank = with_dummies(target, columns, used, trends=trends, sessions=sessions)
    if int(used.sum()) - rank < 3:
        return
    found = least_squares(target, columns, sweep(used, trends=trends, sessions=sessions))
    assert found.coefficients == pytest.approx(expected, rel=1e-8, abs=1e-8)
    assert found.clustered_se(correct=False)[0] == pytest.approx(errors, rel=1e-7)
    assert found.rank == rank


def test_unused_cells_and_clients_do_not_count() -> None:
    rng = np.random.default_rng(3)
    target, column = rng.normal(size=(2, 12, 6))
    used = np.ones((12, 6), dtype=bool)
    used[9:] = False
    target[9:] = np.nan
    fit = least_squares(target, [column], sweep(used, trends=True))
    alone = least_squares(target[:9], [column[:9]], sweep(used[:9], trends=True))
    assert fit.coefficients == pytest.approx(alone.coefficients)
    assert fit.clustered_se()[0] == pytest.approx(alone.clustered_se()[0])
    assert fit.clustered_se()[1] == fit.n_clients == 9


def test_columns_that_the_effects_determine_are_refused() -> None:
    rng = np.random.default_rng(4)
    target, column = rng.normal(size=(2, 12, 6))
    used = np.ones((12, 6), dtype=bool)
    straight = np.outer(rng.normal(size=12), np.arange(6.0)) + rng.normal(size=(12, 1))
    with pytest.raises(RankDeficient) as caught:
        least_squares(target, [column, straight], sweep(used, trends=True))
    assert (caught.value.rank, caught.value.columns) == (1, 2)
    assert least_squares(target, [column, straight], sweep(used, trends=False)).n_rows == 72
    with pytest.raises(RankDeficient):
        least_squares(target, [column, 2 * column + 1], sweep(used, trends=False))


def test_clusters_of_single_clients_change_nothing() -> None:
    rng = np.random.default_rng(5)
    target, column = rng.normal(size=(2, 12, 6))
    fit = least_squares(target, [column], sweep(np.ones((12, 6), dtype=bool), trends=True))
    assert fit.clustered_se(np.arange(12))[0] == pytest.approx(fit.clustered_se()[0])
    assert fit.clustered_se(np.arange(12) // 3)[1] == 4
