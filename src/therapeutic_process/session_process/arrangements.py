"""Random orders of codes in which some codes never follow themselves, each such order as likely as any other."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from therapeutic_process.session_process.extra import Bools, Floats, Ints, np, special

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Arrangements", "arrangements"]


@attrs.frozen(eq=False, repr=False)
class Arrangements:
    """How to draw orders of codes that occur given numbers of times; codes enter one after the other.

    Attributes:
        codes: The codes, the rarest first.
        counts: How often each occurs.
        may_repeat: Whether each may follow itself.
        ways: Per code, the logarithm of the number of orders of the codes so far that have 0, 1, ... repeats which
            are not allowed.
    """

    codes: tuple[int, ...]
    counts: tuple[int, ...]
    may_repeat: tuple[bool, ...]
    ways: tuple[Floats, ...]

    @property
    def log_number(self) -> float:
        """The logarithm of the number of orders without a repeat that is not allowed; -inf where there is none."""
        return float(self.ways[-1][0])

    def draw(self, n: int, rng: np.random.Generator) -> Ints:
        """Draw orders, each with the same probability: n x length.

        Args:
            n: How many.
            rng: The source of randomness.
        """
        plan = self._plan(n, rng)
        orders = np.full((n, self.counts[0]), self.codes[0], dtype=np.int64)
        allowed = np.zeros(max(self.codes) + 1, dtype=np.bool_)
        allowed[list(self.codes)] = self.may_repeat
        for code, m, (blocks, into) in zip(self.codes[1:], self.counts[1:], plan, strict=True):
            orders = _inserted(orders, code, m, blocks, into, allowed, rng)
        return orders

    def _plan(self, n: int, rng: np.random.Generator) -> list[tuple[Ints, Ints]]:
        """Draw, from the last code back to the second, into how many blocks it falls and how many part a repeat."""
        repeats = np.zeros(n, dtype=np.int64)
        plan: list[tuple[Ints, Ints]] = []
        length = sum(self.counts)
        for i in range(len(self.codes) - 1, 0, -1):
            m = self.counts[i]
            length -= m
            blocks, into, before = (np.zeros(n, dtype=np.int64) for _ in range(3))
            for after in np.unique(repeats).tolist():
                mine = np.flatnonzero(repeats == after)
                step = _steps(self.ways[i - 1], length, m, after, free=self.may_repeat[i])
                chance = np.cumsum(np.exp(step.weight - step.weight.max()))
                at = np.searchsorted(chance, rng.random(len(mine)) * chance[-1], side="right")
                blocks[mine], into[mine], before[mine] = step.blocks[at], step.into[at], step.before[at]
            plan.append((blocks, into))
            repeats = before
        return plan[::-1]


def arrangements(codes: Sequence[int], counts: Sequence[int], may_repeat: Sequence[bool]) -> Arrangements:
    """Count the orders in which some codes never follow themselves, so that they can be drawn with equal probability.

    Codes enter one after the other. An order of length L with j forbidden repeats takes in m copies of a new code as g
    blocks, in C(m - 1, g - 1) ways, put into g of its L + 1 gaps, q of them inside a repeat, in C(j, q) C(L + 1 - j,
    g - q) ways, which leaves j - q repeats and makes m - g. Drawing goes back over the same steps (the recursive
    method, Nijenhuis & Wilf 1978, chapter 13), so that every order comes out with the same probability and draws are
    independent: there is no chain that would have to mix.

    >>> both = arrangements([0, 1], [2, 2], [False, False])
    >>> round(float(np.exp(both.log_number)))
    2
    >>> sorted(set(map(tuple, both.draw(50, np.random.default_rng(1)).tolist())))
    [(0, 1, 0, 1), (1, 0, 1, 0)]

    Args:
        codes: The codes, from 0, each once.
        counts: How often each occurs, at least once.
        may_repeat: Whether each may follow itself.
    """
    order = sorted(range(len(codes)), key=lambda i: (counts[i], codes[i]))
    sizes, free = [int(counts[i]) for i in order], [bool(may_repeat[i]) for i in order]
    first = np.full(sizes[0], -np.inf)
    first[0 if free[0] else sizes[0] - 1] = 0.0
    ways, length, coming = [first], sizes[0], sum(sizes)
    for m, allowed in zip(sizes[1:], free[1:], strict=True):
        # A repeat needs a block of a later code to part it.
        most = min(length + m - 1, coming - length - m)
        ways.append(np.array([_sum(_steps(ways[-1], length, m, j, free=allowed)) for j in range(most + 1)]))
        length += m
    return Arrangements(tuple(int(codes[i]) for i in order), tuple(sizes), tuple(free), tuple(ways))


@attrs.frozen(eq=False)
class _Steps:
    """Ways to take in a code that leave a given number of repeats."""

    before: Ints
    blocks: Ints
    into: Ints
    weight: Floats


def _steps(ways: Floats, length: int, m: int, after: int, *, free: bool) -> _Steps:
    """Return repeats before, blocks, blocks inside a repeat, and the log of the number of such orders."""
    before, blocks = (part.ravel() for part in np.meshgrid(np.arange(len(ways)), np.arange(1, m + 1)))
    into = before - after + (0 if free else m - blocks)
    can = (into >= 0) & (into <= np.minimum(blocks, before)) & (blocks - into <= length + 1 - before)
    can &= np.isfinite(ways)[before]
    j, g, q = before[can], blocks[can], into[can]
    log = _log_factorials(length + m + 1)
    weight = ways[j] + log[m - 1] - log[g - 1] - log[m - g]
    weight += log[j] - log[q] - log[j - q]
    weight += log[length + 1 - j] - log[g - q] - log[length + 1 - j - g + q]
    return _Steps(j, g, q, weight)


def _log_factorials(most: int) -> Floats:
    return np.asarray(special.gammaln(np.arange(most + 1) + 1.0))


def _sum(steps: _Steps) -> float:
    if not len(steps.weight):
        return -np.inf
    top = float(steps.weight.max())
    return top + float(np.log(np.exp(steps.weight - top).sum()))


def _inserted(
    orders: Ints, code: int, m: int, blocks: Ints, into: Ints, allowed: Bools, rng: np.random.Generator
) -> Ints:
    """Put m copies of a code into each order: in so many blocks, so many of them inside a repeat."""
    n, length = orders.shape
    row = np.arange(n)[:, None]
    repeat = np.zeros((n, length + 1), dtype=np.bool_)
    repeat[:, 1:-1] = (orders[:, 1:] == orders[:, :-1]) & ~allowed[orders[:, 1:]]
    # Gaps inside a repeat come first, both kinds in random order.
    gaps = np.argsort(rng.random((n, length + 1)) + ~repeat, axis=1)
    rank, inside = np.arange(length + 1), repeat.sum(1)[:, None]
    taken = (rank < into[:, None]) | ((rank >= inside) & (rank < inside + (blocks - into)[:, None]))
    held = np.zeros((n, length + 1), dtype=np.int64)
    # The blocks' sizes: cut the copies at as many random places as there are seams between blocks.
    seam = np.argsort(np.argsort(rng.random((n, m - 1)), axis=1), axis=1) < (blocks - 1)[:, None]
    block = np.concatenate([np.zeros((n, 1), dtype=np.int64), np.cumsum(seam, axis=1)], axis=1)
    size = np.bincount((row * m + block).ravel(), minlength=n * m).reshape(n, m)
    which = np.cumsum(taken, axis=1) - 1
    held[row, gaps] = np.where(taken, size[row, np.maximum(which, 0)], 0)
    moved = np.arange(length) + np.cumsum(held, axis=1)[:, :-1]
    wider = np.full((n, length + m), code, dtype=np.int64)
    wider[row, moved] = orders
    return wider
