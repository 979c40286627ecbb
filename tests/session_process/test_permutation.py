from __future__ import annotations

from collections import Counter
from itertools import pairwise, permutations, product
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from session_process.builders import sessions_of, table_of
from therapeutic_process.errors import CannotEstimate
from therapeutic_process.session_process import sequential_statistics


def test_the_shuffled_counts_are_those_of_all_orders() -> None:
    """Every order of a a b b c, enumerated: the share with at least as many a to b as observed."""
    observed = ["a", "b", "a", "b", "c"]

    def count(order: tuple[str, ...]) -> int:
        return sum(x + y == "ab" for x, y in pairwise(order))

    orders = list(permutations(observed))
    more = sum(count(order) >= 2 for order in orders) / len(orders)
    mean = sum(map(count, orders)) / len(orders)
    found = sequential_statistics(table_of([observed]))
    test = found.permutation_test(rng=np.random.default_rng(11), permutations=20_000)
    assert test.p_more[0, 1] == pytest.approx(more, abs=0.01)
    assert test.mean[0, 1] == pytest.approx(mean, abs=0.02)
    assert test.p_fewer[0, 1] == pytest.approx(1, abs=0.01)


@settings(max_examples=30)
@given(sessions_of(), st.integers(1, 40))
def test_p_is_a_count_plus_one_over_all_plus_one(sessions: list[list[str | None]], n: int) -> None:
    test = sequential_statistics(table_of(sessions)).permutation_test(
        rng=np.random.default_rng(2), permutations=n
    )
    for p in (test.p_more, test.p_fewer):
        b = p * (n + 1) - 1
        assert np.allclose(b, np.round(b))
        assert ((p >= 1 / (n + 1)) & (p <= 1)).all()
    assert (test.p_more + test.p_fewer >= 1 + 1 / (n + 1) - 1e-12).all()
    assert np.allclose(test.mean.sum(), test.observed.sum())


def test_codes_stay_in_their_session() -> None:
    # Each session holds one code only: no shuffle within session can change anything.
    test = sequential_statistics(table_of([["a"] * 5, ["b"] * 5])).permutation_test(
        rng=np.random.default_rng(1), permutations=50
    )
    assert np.array_equal(test.mean, test.observed)
    assert (test.p == 1).all()


def test_codes_stay_with_their_speaker_where_targets_are_chosen_by_speaker() -> None:
    sessions = [["ask", "yes", "ask", "no", "tell", "no"] * 3]
    who = ["t", "c"] * 9
    found = sequential_statistics(table_of(sessions, who=who), speaker="who", target=("t", "c"))
    test = found.permutation_test(rng=np.random.default_rng(1), permutations=200)
    assert test.by_speaker
    assert test.mean.sum() == pytest.approx(9)
    # Therapist codes never become targets, nor client codes givens.
    ask, no, tell, yes = (found.codes.index(c) for c in ("ask", "no", "tell", "yes"))
    assert test.mean[[no, yes]].sum() == 0
    assert test.mean[:, [ask, tell]].sum() == 0


def test_a_missing_code_stays_where_it_is() -> None:
    found = sequential_statistics(table_of([["a", None, "b", "a", "b"]]))
    test = found.permutation_test(rng=np.random.default_rng(1), permutations=300)
    assert test.mean.sum() == pytest.approx(2)


def test_the_seed_decides_everything() -> None:
    found = sequential_statistics(table_of([["a", "b", "a", "c", "b"] * 4]))
    one, other = (found.permutation_test(rng=np.random.default_rng(4), permutations=99) for _ in range(2))
    assert np.array_equal(one.p, other.p)


def test_every_order_is_equally_likely() -> None:
    found = sequential_statistics(table_of([["a", "b", "c"]]))
    rng = np.random.default_rng(9)
    seen: Counter[bytes] = Counter()
    for _ in range(3000):
        test = found.permutation_test(rng=rng, permutations=1)
        seen[test.mean.tobytes()] += 1
    assert len(seen) == 6
    assert min(seen.values()) > 400


def without_repeats(observed: list[str]) -> list[tuple[str, ...]]:
    return [o for o in set(permutations(observed)) if all(x != y for x, y in pairwise(o))]


@pytest.mark.parametrize("choice", [{"collapse": True}, {"structural_zeros": "diagonal"}])
def test_codes_that_cannot_repeat_never_do_and_every_such_order_counts_the_same(
    choice: dict[str, Any],
) -> None:
    observed = list("abcabac")
    orders = without_repeats(observed)
    test = sequential_statistics(table_of([observed]), **choice).permutation_test(
        rng=np.random.default_rng(3), permutations=20_000
    )
    for (i, x), (j, y) in product(enumerate("abc"), repeat=2):
        counts = [sum(pair == (x, y) for pair in pairwise(o)) for o in orders]
        assert test.mean[i, j] == pytest.approx(np.mean(counts), abs=0.02)
        more = np.mean([c >= test.observed[i, j] for c in counts])
        assert test.p_more[i, j] == pytest.approx(more, abs=0.015)
    assert test.without_repeats
    assert np.diagonal(test.mean).sum() == 0


def test_joined_repeats_stay_joined_at_every_lag() -> None:
    observed = list("abcabac")
    orders = without_repeats(observed)
    found = sequential_statistics(table_of([list("aabcabbac")]), collapse=True, lags=2)
    test = found.permutation_test(rng=np.random.default_rng(3), permutations=20_000, lag=2)
    for (i, x), (j, y) in product(enumerate("abc"), repeat=2):
        counts = [sum(o[k] + o[k + 2] == x + y for k in range(5)) for o in orders]
        assert test.mean[i, j] == pytest.approx(np.mean(counts), abs=0.02)


@settings(max_examples=40)
@given(sessions_of(), st.integers(1, 20))
def test_shuffles_without_repeats_keep_the_number_of_transitions(
    sessions: list[list[str | None]], n: int
) -> None:
    found = sequential_statistics(table_of(sessions), collapse=True)
    test = found.permutation_test(rng=np.random.default_rng(2), permutations=n)
    assert np.diagonal(test.mean).sum() == 0
    assert test.mean.sum() == pytest.approx(test.observed.sum())
    assert ((test.p_more >= 1 / (n + 1)) & (test.p_more <= 1)).all()
    assert (test.p_more + test.p_fewer >= 1 + 1 / (n + 1) - 1e-12).all()


def test_an_order_that_has_no_other_says_nothing() -> None:
    test = sequential_statistics(table_of([list("aba")]), collapse=True).permutation_test(
        rng=np.random.default_rng(1), permutations=99
    )
    assert (test.p == 1).all()
    assert np.array_equal(test.mean, test.observed)


def test_shuffling_is_refused_where_other_transitions_cannot_occur() -> None:
    table = table_of([["a", "b", "c", "a"]], who=[1, 2, 1, 2])
    mask = [[False, False, True], [False] * 3, [False] * 3]
    rng = np.random.default_rng(1)
    with pytest.raises(CannotEstimate, match="diagonal of lag 1"):
        sequential_statistics(table, structural_zeros=mask).permutation_test(rng=rng)
    second = sequential_statistics(table, structural_zeros="diagonal", lags=[2])
    with pytest.raises(CannotEstimate, match="at lag 2"):
        second.permutation_test(rng=rng)
    of_speakers = sequential_statistics(table, speaker="who", target="other_speaker", collapse=True)
    with pytest.raises(CannotEstimate, match="stay with their speaker"):
        of_speakers.permutation_test(rng=rng)
