from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from therapeutic_process.session_process import (
    sign_flip_test,
)

if TYPE_CHECKING:
    from therapeutic_process.session_process.extra import Floats

values = st.floats(-3, 3).map(lambda x: round(x, 3))


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


@settings(max_examples=25)
@given(hnp.arrays(np.float64, (6, 2), elements=values.filter(lambda x: x != 0)), st.sampled_from([0.5, 4.0]))
def test_turned_signs_and_another_unit_keep_p(effect: Floats, factor: float) -> None:
    one, other = (sign_flip_test(e, rng=np.random.default_rng(1)) for e in (effect, -factor * effect))
    assert np.array_equal(one.p, other.p)
    assert np.array_equal(one.p_family, other.p_family)
    assert np.allclose(one.t, -other.t)
