"""Yes/no events against yes/no gains: co-occurrence, and Mantel–Haenszel within clients."""

from __future__ import annotations

import attrs
import numpy as np
from numpy.typing import NDArray
from scipy import stats

Array = NDArray[np.float64]


@attrs.frozen
class TableTest:
    """A test of association in two-by-two tables.

    Attributes:
        chi_square: Without continuity correction, 1 degree of freedom; nan where a margin is empty.
        p_value: Of it.
        odds_ratio: Of the (common) table.
        interval: 95 % interval of the odds ratio.
        n_rows: Sessions counted.
    """

    chi_square: float
    p_value: float
    odds_ratio: float
    interval: tuple[float, float]
    n_rows: int


def co_occurrence(event: Array, gain: Array) -> TableTest:
    """Test whether sessions with the event are followed by gains, ignoring who the client is.

    Pearson's χ² without continuity correction; Woolf's interval of the odds ratio.

    Args:
        event: 0 or 1 per session.
        gain: 0 or 1 per session.
    """
    a, b, c, d = _counts(event, gain)
    n = a + b + c + d
    margins = (a + b) * (c + d) * (a + c) * (b + d)
    chi = float(n * (a * d - b * c) ** 2 / margins) if margins else np.nan
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.float64(a * d) / (b * c)
        half = 1.959963984540054 * np.sqrt(sum(np.float64(1) / k for k in (a, b, c, d)))
        interval = (float(ratio * np.exp(-half)), float(ratio * np.exp(half)))
    return TableTest(chi, float(stats.chi2.sf(chi, 1)), float(ratio), interval, int(n))


def _counts(event: Array, gain: Array) -> tuple[float, float, float, float]:
    both = event * gain
    a, b, c = both.sum(), event.sum() - both.sum(), gain.sum() - both.sum()
    return float(a), float(b), float(c), float(len(event) - a - b - c)


def mantel_haenszel(event: Array, gain: Array, client: NDArray[np.intp]) -> TableTest:
    """Test the association within clients, pooled.

    Mantel & Haenszel (1959) χ² without continuity correction; interval of Robins, Breslow & Greenland (1986).

    Args:
        event: 0 or 1 per session.
        gain: 0 or 1 per session.
        client: Client of every session, numbered from 0.
    """
    n, e, g, a = (_per_client(client, w) for w in (np.ones_like(event), event, gain, event * gain))
    kept = n > 1
    n, e, g, a = n[kept], e[kept], g[kept], a[kept]
    b, c, d = e - a, g - a, n - e - g + a
    variance = float((e * (n - e) * g * (n - g) / (n**2 * (n - 1))).sum())
    chi = float((a - e * g / n).sum() ** 2 / variance) if variance else np.nan
    r, s, p, q = a * d / n, b * c / n, (a + d) / n, (b + c) / n
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.float64(r.sum()) / s.sum()
        spread = (p * r).sum() / (2 * r.sum() ** 2) + (q * s).sum() / (2 * s.sum() ** 2)
        spread += (p * s + q * r).sum() / (2 * r.sum() * s.sum())
        half = 1.959963984540054 * np.sqrt(spread)
        interval = (float(ratio * np.exp(-half)), float(ratio * np.exp(half)))
    return TableTest(chi, float(stats.chi2.sf(chi, 1)), float(ratio), interval, len(event))


@attrs.frozen
class PermutationTest:
    """Session labels exchanged within clients.

    Attributes:
        statistic: Sum of the outcome over sessions with the event (weighted by the process).
        expectation: Its mean over all exchanges.
        variance: Its variance over all exchanges.
        chi_square: Of the closed form, 1 degree of freedom; nan where nothing can be exchanged.
        p_value: Of the closed form.
        exact_p_value: Two-sided, over all exchanges; nan where process or outcome is not 0/1.
        n_clients: Clients in whom something can be exchanged.
        n_rows: Sessions.
    """

    statistic: float
    expectation: float
    variance: float
    chi_square: float
    p_value: float
    exact_p_value: float
    n_clients: int
    n_rows: int


def permute_within_clients(process: Array, outcome: Array, client: NDArray[np.intp]) -> PermutationTest:
    """Test the association by exchanging session labels within clients.

    Closed form after Strasser & Weber (1999); exact for 0/1 data, where the clients' sums are hypergeometric.

    Args:
        process: Per session.
        outcome: What follows, per session.
        client: Client of every session, numbered from 0.
    """
    n, x, y, xx, yy = (
        _per_client(client, w) for w in (np.ones_like(process), process, outcome, process**2, outcome**2)
    )
    statistic = float(process @ outcome)
    expectation = float((x * y / n).sum())
    several = n > 1
    spread = ((xx - x**2 / n) * (yy - y**2 / n))[several] / (n[several] - 1)
    variance = float(spread.sum())
    chi = (statistic - expectation) ** 2 / variance if variance > 1e-12 * max(1.0, expectation**2) else np.nan
    exact = _exact(n, x, y, statistic) if _binary(process) and _binary(outcome) else np.nan
    informative = int((spread > 0).sum())
    p = float(stats.chi2.sf(chi, 1))
    return PermutationTest(statistic, expectation, variance, chi, p, exact, informative, len(process))


def _per_client(client: NDArray[np.intp], weights: Array) -> Array:
    return np.bincount(client, weights=weights).astype(np.float64)


def _binary(values: Array) -> bool:
    return bool(np.isin(values, (0.0, 1.0)).all())


def _exact(n: Array, x: Array, y: Array, statistic: float) -> float:
    distribution = np.ones(1)
    for size, events, gains in zip(n.astype(int), x.astype(int), y.astype(int), strict=True):
        counts = np.arange(min(events, gains) + 1)
        distribution = np.convolve(distribution, stats.hypergeom.pmf(counts, size, events, gains))
    seen = distribution[round(statistic)]
    return min(1.0, float(distribution[distribution <= seen * (1 + 1e-9)].sum()))
