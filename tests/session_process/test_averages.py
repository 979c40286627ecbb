from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from therapeutic_process.session_process import (
    random_effects,
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
    inflation = max((u * (y - mean) ** 2).sum() / 2, 1)
    assert float(found.se[0]) == pytest.approx(math.sqrt(inflation / u.sum()))
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


def test_clients_who_are_alike_by_chance_do_not_make_the_mean_certain() -> None:
    found = random_effects(np.array([[0.5], [0.5]]), np.array([[0.3], [0.3]]))
    assert float(found.se[0]) == pytest.approx(0.3 / math.sqrt(2))


def test_clients_who_differ_make_it_less_certain() -> None:
    # Far apart: the variance between them is estimated, and Hartung and Knapp's factor is then about 1.
    y = np.array([[-2.0], [0.0], [2.0]])
    found = random_effects(y, np.full((3, 1), 0.1))
    assert float(found.se[0]) == pytest.approx(float(y.std(ddof=1)) / math.sqrt(3), rel=0.01)
