"""Effects of several clients averaged, as effects that truly differ between clients."""

from __future__ import annotations

import attrs

from therapeutic_process.session_process.extra import Floats, Ints, brief, np, special

__all__ = ["RandomEffects", "random_effects"]


@attrs.frozen(eq=False, repr=False)
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

    __repr__ = brief


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
    Knapp (2001), never below that of known variances, t with n - 1 df; prediction interval after Higgins,
    Thompson & Spiegelhalter (2009), t with n - 2 df.

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
        spread_of_mean = _summed(weight * (effect - mean) ** 2) / (n - 1)
        # Clients who happen to be alike must not make the mean look certain (Röver, Knapp & Friede 2015).
        error = np.sqrt(np.maximum(spread_of_mean, 1.0) / total)
        spread = np.where(n > 2, np.sqrt(between + 1 / total), np.nan)
        tail = 0.5 + confidence / 2
        reach = special.stdtrit(np.maximum(n - 1, 1), tail) * error
        far = special.stdtrit(np.maximum(n - 2, 1), tail) * spread
    error = np.where(enough, error, np.nan)
    return RandomEffects(mean, error, mean - reach, mean + reach, mean - far, mean + far, between, n)
