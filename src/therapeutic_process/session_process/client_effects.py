"""Does one code follow another more than by chance in clients at large? The client is the unit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs

from therapeutic_process.errors import NotEnoughData
from therapeutic_process.session_process.cell_statistics import odds_ratio
from therapeutic_process.session_process.extra import Floats, Ints, as_frame, np, special

if TYPE_CHECKING:
    from collections.abc import Iterator

    import polars as pl

    from therapeutic_process.session_process.sequential import SequentialStatistics

__all__ = [
    "RandomEffects",
    "SignFlip",
    "TransitionEffects",
    "random_effects",
    "sign_flip_test",
    "transition_effects",
]

_BATCH = 20_000_000


@attrs.frozen(eq=False)
class RandomEffects:
    """A random-effects mean over clients, cell by cell; nan where fewer than 2 clients inform a cell.

    Attributes:
        mean: The mean effect.
        se: Its standard error, after Hartung and Knapp.
        low: Lower end of its interval.
        high: Upper end of its interval.
        predicted_low: Lower end of the interval for a new client; nan with fewer than 3 clients.
        predicted_high: Its upper end.
        between_variance: Variance between clients, after DerSimonian and Laird.
        n: Clients that inform the cell.
    """

    mean: Floats
    se: Floats
    low: Floats
    high: Floats
    predicted_low: Floats
    predicted_high: Floats
    between_variance: Floats
    n: Ints


@attrs.frozen(eq=False)
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


@attrs.frozen(eq=False, repr=False)
class TransitionEffects:
    """Transitions with the client as the unit of inference: log odds ratios, arrays codes x codes.

    Attributes:
        codes: The codes.
        lag: The lag.
        log_odds: Each client's log odds ratio, clients x codes x codes; nan where it tells nothing.
        log_odds_se: Their standard errors.
        effects: Random-effects mean and intervals.
        test: Sign-flip test of each cell and of the family.
        n_clients: Clients with coded turns.
        correction: What was added to each of the four counts.
        confidence: Of the intervals.
    """

    codes: tuple[Any, ...]
    lag: int
    log_odds: Floats
    log_odds_se: Floats
    effects: RandomEffects
    test: SignFlip
    n_clients: int
    correction: float
    confidence: float

    def to_frame(self) -> pl.DataFrame:
        """Give a row per cell: mean, intervals, p, and how many clients inform it."""
        k = len(self.codes)
        grid = np.indices((k, k)).reshape(2, -1)
        columns: dict[str, Any] = {
            "given": [self.codes[i] for i in grid[0]],
            "target": [self.codes[i] for i in grid[1]],
        }
        columns |= {name: getattr(self.effects, name).ravel() for name in attrs.fields_dict(RandomEffects)}
        columns |= {name: getattr(self.test, name).ravel() for name in ("t", "p", "p_family")}
        few = (self.effects.n.ravel() < 2).tolist()
        columns["undefined_because"] = ["fewer_than_2_clients" if yes else None for yes in few]
        return as_frame(columns)

    def __repr__(self) -> str:
        sure = int((self.test.p_family <= 0.05).sum())
        return (
            f"<TransitionEffects: lag {self.lag}, {len(self.codes)} codes, {self.n_clients} clients; "
            f"{sure} of {int((self.effects.n >= 2).sum())} transitions at family-wise p <= .05>"
        )


def _summed(values: Floats) -> Floats:
    return np.asarray(np.nansum(values, axis=0))


def _between_variance(effect: Floats, weight: Floats, n: Ints) -> Floats:
    total = _summed(weight)
    with np.errstate(all="ignore"):
        fixed = _summed(weight * effect) / total
        excess = _summed(weight * (effect - fixed) ** 2) - (n - 1)
        return np.where(n > 1, np.maximum(excess / (total - _summed(weight**2) / total), 0.0), np.nan)


def random_effects(effect: Floats, se: Floats, *, confidence: float = 0.95) -> RandomEffects:
    """Average clients' effects that truly differ between clients.

    Between-client variance after DerSimonian & Laird (1986); standard error of the mean after Hartung &
    Knapp (2001), t with n - 1 df; prediction interval after Higgins, Thompson & Spiegelhalter (2009), t with
    n - 2 df.

    >>> found = random_effects(np.array([[0.2], [0.4], [0.9]]), np.full((3, 1), 0.3))
    >>> round(float(found.mean[0]), 3), int(found.n[0])
    (0.5, 3)

    Args:
        effect: Effects, clients first; nan where a client tells nothing.
        se: Their standard errors.
        confidence: Of both intervals.
    """
    known = ~np.isnan(effect) & ~np.isnan(se)
    effect, n = np.where(known, effect, np.nan), known.sum(0)
    between = _between_variance(effect, np.asarray(np.where(known, 1 / se**2, np.nan)), n)
    weight: Floats = np.where(known, 1 / (se**2 + between), np.nan)
    enough, total = n > 1, _summed(weight)
    with np.errstate(all="ignore"):
        mean = np.where(enough, _summed(weight * effect) / total, np.nan)
        error = np.sqrt(_summed(weight * (effect - mean) ** 2) / ((n - 1) * total))
        spread = np.where(n > 2, np.sqrt(between + 1 / total), np.nan)
        tail = 0.5 + confidence / 2
        reach = special.stdtrit(np.maximum(n - 1, 1), tail) * error
        far = special.stdtrit(np.maximum(n - 2, 1), tail) * spread
    error = np.where(enough, error, np.nan)
    return RandomEffects(mean, error, mean - reach, mean + reach, mean - far, mean + far, between, n)


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


def transition_effects(
    statistics: SequentialStatistics,
    *,
    rng: np.random.Generator,
    lag: int | None = None,
    correction: float = 0.5,
    flips: int = 9999,
    confidence: float = 0.95,
) -> TransitionEffects:
    """Test transitions with the client as the unit, for turns of one client are not independent.

    Each client's sessions are counted together; the log odds ratio of each transition, 1/2 added to each
    count (Haldane 1956), is averaged over clients.

    Args:
        statistics: Sequential statistics of turns that were read with a client column.
        rng: The source of randomness of the sign flips.
        lag: Which lag; default: the first.
        correction: What to add to each of the four counts.
        flips: How many sign flips at most.
        confidence: Of the intervals.

    Raises:
        NotEnoughData: If the turns were read without a client column, or hold fewer than 2 clients.
    """
    turns = statistics.turns
    if turns.session_client is None or len(turns.clients) < 2:
        found = "no client column" if turns.session_client is None else f"{len(turns.clients)}"
        raise NotEnoughData("transition_effects", needed="at least 2 clients", found=found)
    which = statistics.lags[0] if lag is None else lag
    group = turns.session_client[turns.session_of_turn]
    counts = statistics.grouped(group, len(turns.clients), lag=which)
    _, log, se = odds_ratio(counts, correction=correction)
    can = statistics.possible[statistics.lags.index(which)]
    log, se = np.where(can, log, np.nan), np.where(can, se, np.nan)
    effects = random_effects(log, se, confidence=confidence)
    test = sign_flip_test(log, rng=rng, flips=flips)
    return TransitionEffects(
        statistics.codes, which, log, se, effects, test, len(turns.clients), correction, confidence
    )
