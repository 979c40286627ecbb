"""Permutation of codes within sessions: what the order adds to the mere frequency of the codes."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import attrs

from therapeutic_process.errors import CannotEstimate
from therapeutic_process.session_process.arrangements import Arrangements, arrangements
from therapeutic_process.session_process.extra import Bools, Floats, Ints, np

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from therapeutic_process.session_process.counting import Pairs
    from therapeutic_process.session_process.turns import CodedTurns

__all__ = ["PermutationTest", "permute_within_sessions"]

_BATCH = 4_000_000


@attrs.frozen(eq=False, repr=False)
class PermutationTest:
    """Each transition's count against shuffles of the codes within session.

    Attributes:
        observed: Transition counts.
        mean: Mean count over the shuffles.
        p_more: (b + 1) / (B + 1), b the shuffles with at least as many.
        p_fewer: (b + 1) / (B + 1), b the shuffles with at most as many.
        p: Two-sided, twice the smaller, at most 1.
        permutations: How many shuffles B.
        by_speaker: Whether each speaker's codes were shuffled among that speaker's turns.
        without_repeats: Whether only orders were drawn in which codes that cannot repeat never do; codes then stay
            within their unbroken stretch of coded turns.
    """

    observed: Ints
    mean: Floats
    p_more: Floats
    p_fewer: Floats
    p: Floats
    permutations: int
    by_speaker: bool
    without_repeats: bool = False

    def __repr__(self) -> str:
        how = "within session and speaker" if self.by_speaker else "within session"
        how += " without repeats" if self.without_repeats else ""
        few = int((self.p <= 0.05).sum())
        return (
            f"<PermutationTest: {self.permutations} shuffles {how}, {few} of {self.p.size} cells at p <= .05>"
        )


def _groups(turns: CodedTurns, *, by_speaker: bool) -> Ints:
    session = turns.session_of_turn
    if not by_speaker or turns.speaker is None:
        return session
    return session * (len(turns.speakers) + 1) + turns.speaker + 1


def _shuffled(block: Ints, rng: np.random.Generator, permutations: int, bits: int) -> Ints:
    """Shuffle a block of codes many times: sort random numbers that carry the codes in their low bits."""
    keys = rng.integers(0, 2**64, size=(permutations, len(block)), dtype=np.uint64)
    low = np.uint64(2**bits - 1)
    keys &= ~low
    keys |= block.astype(np.uint64)
    keys.sort(axis=1)
    keys &= low
    return keys.astype(np.int64)


def _session_bounds(turns: CodedTurns) -> Ints:
    session = turns.session_of_turn
    return np.append(np.flatnonzero(np.diff(session, prepend=-1)), len(session))


def _count_shuffles(
    turns: CodedTurns, pairs: Pairs, shuffles: Iterable[tuple[int, int, Ints]], permutations: int
) -> Ints:
    """Count the transitions in shuffled blocks of turns, given as first place, place after the last, codes."""
    k = len(turns.codes)
    total = np.zeros(permutations * k * k, dtype=np.int64)
    base = np.arange(permutations)[:, None] * (k * k)
    order = np.argsort(pairs.given, kind="stable")
    given = pairs.given[order]
    for lo, hi, shuffled in shuffles:
        first, last = np.searchsorted(given, (lo, hi)).tolist()
        mine = order[first:last]
        cell = base + shuffled[:, pairs.given[mine] - lo] * k + shuffled[:, pairs.target[mine] - lo]
        total += np.bincount(cell.ravel(), minlength=len(total))
    return total.reshape(permutations, k, k)


def _freely(
    turns: CodedTurns, group: Ints, permutations: int, rng: np.random.Generator
) -> Iterator[tuple[int, int, Ints]]:
    bits = max((len(turns.codes) - 1).bit_length(), 1)
    for lo, hi in pairwise(_session_bounds(turns).tolist()):
        yield lo, hi, _shuffle_session(turns.code[lo:hi], group[lo:hi], rng, permutations, bits)


def _stretches(turns: CodedTurns, may_repeat: Bools) -> list[tuple[int, int, Arrangements]]:
    """Count the orders of each unbroken stretch of coded turns, once for all batches."""
    found = []
    for start, length in zip(turns.start.tolist(), turns.chain_length.tolist(), strict=True):
        counts = np.bincount(turns.code[start : start + length], minlength=len(turns.codes))
        own = np.flatnonzero(counts)
        orders = arrangements(own.tolist(), counts[own].tolist(), may_repeat[own].tolist())
        found.append((start, start + length, orders))
    return found


def _shuffle_session(code: Ints, group: Ints, rng: np.random.Generator, permutations: int, bits: int) -> Ints:
    kinds = np.unique(group)
    if len(kinds) == 1:
        return _shuffled(code, rng, permutations, bits)
    shuffled = np.empty((permutations, len(code)), dtype=np.int64)
    for kind in kinds:
        at = np.flatnonzero(group == kind)
        shuffled[:, at] = _shuffled(code[at], rng, permutations, bits)
    return shuffled


def permute_within_sessions(
    turns: CodedTurns,
    pairs: Pairs,
    observed: Ints,
    *,
    by_speaker: bool,
    may_repeat: Bools,
    permutations: int,
    rng: np.random.Generator,
) -> PermutationTest:
    """Shuffle the codes of each session many times and count the same places again.

    Where some codes cannot follow themselves, orders without such repeats are drawn, all with the same probability
    (see `arrangements`), within each unbroken stretch of coded turns.

    Args:
        turns: The coded turns.
        pairs: The transitions, as places.
        observed: Their counts.
        by_speaker: Whether codes stay with their speaker.
        may_repeat: Which codes may follow themselves.
        permutations: How many shuffles.
        rng: The source of randomness.

    Raises:
        CannotEstimate: If codes stay with their speaker and some cannot repeat.
    """
    free = bool(may_repeat.all())
    if by_speaker and not free:
        needed, found = "codes that may repeat where they stay with their speaker", "codes that cannot repeat"
        raise CannotEstimate("permutation_test", "structural_zeros", needed=needed, found=found)
    group = _groups(turns, by_speaker=by_speaker)
    stretches = [] if free else _stretches(turns, may_repeat)
    batch = max(1, min(permutations, _BATCH // max(int(turns.chain_length.max(initial=1)), 1)))
    sizes = [min(batch, permutations - done) for done in range(0, permutations, batch)]
    more, fewer, total = (np.zeros(observed.shape, dtype=np.int64) for _ in range(3))
    for size in sizes:
        drawn = ((lo, hi, orders.draw(size, rng)) for lo, hi, orders in stretches)
        counts = _count_shuffles(turns, pairs, _freely(turns, group, size, rng) if free else drawn, size)
        more += (counts >= observed).sum(0)
        fewer += (counts <= observed).sum(0)
        total += counts.sum(0)
    up, down = (more + 1) / (permutations + 1), (fewer + 1) / (permutations + 1)
    p = np.minimum(2 * np.minimum(up, down), 1.0)
    return PermutationTest(observed, total / permutations, up, down, p, permutations, by_speaker, not free)
