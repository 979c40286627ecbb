from __future__ import annotations

from collections import Counter
from itertools import pairwise, permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from therapeutic_process.session_process.arrangements import arrangements

Letters = list[tuple[int, bool]]
letters = st.lists(st.tuples(st.integers(1, 3), st.booleans()), min_size=1, max_size=4)


def orders_of(several: Letters) -> set[tuple[int, ...]]:
    base = [i for i, (n, _) in enumerate(several) for _ in range(n)]
    return {o for o in permutations(base) if all(x != y or several[x][1] for x, y in pairwise(o))}


@settings(max_examples=60)
@given(letters.filter(lambda several: sum(n for n, _ in several) <= 7))
def test_the_number_of_orders_is_that_of_all_of_them(several: Letters) -> None:
    counts, free = zip(*several, strict=True)
    found = arrangements(range(len(several)), counts, free)
    assert np.exp(found.log_number) == pytest.approx(len(orders_of(several)))


@pytest.mark.parametrize(
    "several",
    [
        [(3, False), (2, False), (2, False)],
        [(2, True), (3, False), (1, False)],
        [(4, False), (2, False), (2, True)],
        [(1, False), (1, False), (1, False), (1, False)],
    ],
)
def test_every_order_comes_equally_often(several: Letters) -> None:
    counts, free = zip(*several, strict=True)
    drawn = arrangements(range(len(several)), counts, free).draw(12_000, np.random.default_rng(5))
    seen, orders = Counter(map(tuple, drawn.tolist())), orders_of(several)
    assert set(seen) <= orders
    assert stats.chisquare([seen[o] for o in sorted(orders)]).pvalue > 0.001


@settings(max_examples=40)
@given(st.lists(st.integers(0, 4), min_size=1, max_size=60), st.lists(st.booleans(), min_size=5, max_size=5))
def test_draws_keep_the_codes_and_the_rule(codes: list[int], free: list[bool]) -> None:
    kept = [c for i, c in enumerate(codes) if i == 0 or c != codes[i - 1] or free[c]]
    own, counts = np.unique(kept, return_counts=True)
    found = arrangements(own.tolist(), counts.tolist(), [free[c] for c in own])
    drawn = found.draw(5, np.random.default_rng(1))
    assert (np.sort(drawn, axis=1) == np.sort(kept)).all()
    assert all(x != y or free[x] for row in drawn.tolist() for x, y in pairwise(row))


def test_codes_that_cannot_be_kept_apart_have_no_order() -> None:
    assert arrangements([0, 1], [4, 2], [False, False]).log_number == -np.inf
    assert arrangements([0], [2], [False]).log_number == -np.inf
    assert arrangements([0], [2], [True]).log_number == 0
