"""Permutation of codes within sessions: what the order adds to the mere frequency of the codes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from therapeutic_process.errors import CannotEstimate
from therapeutic_process.session_process.extra import Bools, Floats, Ints, np

if TYPE_CHECKING:
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
    """

    observed: Ints
    mean: Floats
    p_more: Floats
    p_fewer: Floats
    p: Floats
    permutations: int
    by_speaker: bool

    def __repr__(self) -> str:
        how = "within session and speaker" if self.by_speaker else "within session"
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
    turns: CodedTurns, pairs: Pairs, group: Ints, permutations: int, rng: np.random.Generator
) -> Ints:
    k = len(turns.codes)
    bits = max((k - 1).bit_length(), 1)
    total = np.zeros(permutations * k * k, dtype=np.int64)
    base = np.arange(permutations)[:, None] * (k * k)
    bounds = _session_bounds(turns)
    cuts = np.searchsorted(pairs.given[np.argsort(pairs.given, kind="stable")], bounds)
    order = np.argsort(pairs.given, kind="stable")
    for s in range(len(bounds) - 1):
        mine = order[cuts[s] : cuts[s + 1]]
        if not len(mine):
            continue
        lo, hi = int(bounds[s]), int(bounds[s + 1])
        shuffled = _shuffle_session(turns.code[lo:hi], group[lo:hi], rng, permutations, bits)
        cell = base + shuffled[:, pairs.given[mine] - lo] * k + shuffled[:, pairs.target[mine] - lo]
        total += np.bincount(cell.ravel(), minlength=len(total))
    return total.reshape(permutations, k, k)


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
    possible: Bools,
    permutations: int,
    rng: np.random.Generator,
) -> PermutationTest:
    """Shuffle the codes of each session many times and count the same places again.

    Args:
        turns: The coded turns.
        pairs: The transitions, as places.
        observed: Their counts.
        by_speaker: Whether codes stay with their speaker.
        possible: Which cells can occur.
        permutations: How many shuffles.
        rng: The source of randomness.

    Raises:
        CannotEstimate: If some cells cannot occur, for shuffling would fill them.
    """
    if not bool(possible.all()):
        needed, found = (
            "a table in which every transition can occur",
            f"{int((~possible).sum())} structural zeros",
        )
        raise CannotEstimate("permutation_test", "structural_zeros", needed=needed, found=found)
    group = _groups(turns, by_speaker=by_speaker)
    batch = max(1, min(permutations, _BATCH // max(int(turns.chain_length.max(initial=1)), 1)))
    sizes = [min(batch, permutations - done) for done in range(0, permutations, batch)]
    more, fewer, total = (np.zeros(observed.shape, dtype=np.int64) for _ in range(3))
    for size in sizes:
        counts = _count_shuffles(turns, pairs, group, size, rng)
        more += (counts >= observed).sum(0)
        fewer += (counts <= observed).sum(0)
        total += counts.sum(0)
    up, down = (more + 1) / (permutations + 1), (fewer + 1) / (permutations + 1)
    p = np.minimum(2 * np.minimum(up, down), 1.0)
    return PermutationTest(observed, total / permutations, up, down, p, permutations, by_speaker)
