"""Tests by flipping signs: is an effect more than chance when whole clients may go either way?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from therapeutic_process.session_process.extra import Floats, Ints, brief, np

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["SignFlip", "sign_flip_test"]

_BATCH = 20_000_000


@attrs.frozen(eq=False, repr=False)
class SignFlip:
    """Sign-flip tests of effects that are symmetric about 0 under the null hypothesis.

    Attributes:
        t: Mean over clients in standard errors.
        p: Two-sided p of each cell.
        p_family: p by the largest |t| over the family (max-T), which holds the family-wise error.
        flips: How many sign vectors were used.
        exact: Whether they were all there are.
    """

    t: Floats
    p: Floats
    p_family: Floats
    flips: int
    exact: bool

    __repr__ = brief


def _signs(n: int, flips: int, rng: np.random.Generator, *, exact: bool, step: int) -> Iterator[Floats]:
    for at in range(0, flips, step):
        size = min(step, flips - at)
        bits = (
            (np.arange(at, at + size)[:, None] >> np.arange(n)) & 1
            if exact
            else rng.integers(0, 2, (size, n))
        )
        yield 1.0 - 2.0 * bits.astype(np.float64)


def _t(mean: Floats, square: Floats, n: Ints) -> Floats:
    with np.errstate(all="ignore"):
        variance = np.maximum(square - mean**2, 0.0) * n / (n - 1)
        return np.where(n > 1, mean / np.sqrt(np.maximum(variance, 1e-12 * square) / n), np.nan)


def sign_flip_test(effect: Floats, *, rng: np.random.Generator, flips: int = 9999) -> SignFlip:
    """Test, for each cell, that effects are symmetric about 0, by flipping whole clients' signs.

    All cells of a client flip together, so that the largest |t| over the family keeps their dependence
    (Westfall & Young 1993). If there are no more than ``flips`` sign vectors, all are used and p is exact;
    else p = (b + 1) / (B + 1).

    >>> test = sign_flip_test(np.array([[1.0], [2.0], [3.0], [4.0]]), rng=np.random.default_rng(1))
    >>> float(test.p[0]), test.exact
    (0.125, True)

    Args:
        effect: Effects, clients x cells; nan where a client tells nothing.
        rng: The source of randomness; unused where the test is exact.
        flips: How many sign vectors at most.
    """
    shape = effect.shape[1:]
    flat = effect.reshape(len(effect), -1)
    known = ~np.isnan(flat)
    value, n = np.where(known, flat, 0.0), known.sum(0)
    square = (value**2).sum(0) / np.maximum(n, 1)
    observed = np.abs(_t(value.sum(0) / np.maximum(n, 1), square, n))
    exact = len(flat) < 63 and 2 ** len(flat) <= flips
    used, extra = (2 ** len(flat), 0) if exact else (flips, 1)
    own, family = np.zeros(len(n), dtype=np.int64), np.zeros(len(n), dtype=np.int64)
    step = max(1, _BATCH // max(len(n), len(flat), 1))
    for signs in _signs(len(flat), used, rng, exact=exact, step=step):
        flipped = np.abs(_t(signs @ value / np.maximum(n, 1), square, n))
        own += (flipped >= observed * (1 - 1e-12)).sum(0)
        largest = np.fmax.reduce(flipped, axis=1)[:, None]
        family += (largest >= observed * (1 - 1e-12)).sum(0)
    own_p, family_p = (np.where(n > 1, (b + extra) / (used + extra), np.nan) for b in (own, family))
    t = _t(value.sum(0) / np.maximum(n, 1), square, n)
    return SignFlip(t.reshape(shape), own_p.reshape(shape), family_p.reshape(shape), used, exact)
