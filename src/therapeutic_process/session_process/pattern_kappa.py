"""Wampold's kappas of sequential patterns: unidirectional, bidirectional, parallel dominance, two cells.

Sources: Wampold & Margolin (1982); Wampold (1984, 1989, 1992), in the form that O'Connor (1999) programmed.
n_i is how often code i occurs as an event, N the number of events: the given events of the table plus, once
per chain, the last one, which no transition starts from.
"""

from __future__ import annotations

from typing import Literal

import attrs

from therapeutic_process.session_process.cell_statistics import normal_p
from therapeutic_process.session_process.extra import Floats, Ints, brief, np

__all__ = [
    "BidirectionalKappa",
    "ParallelDominance",
    "TwoCellTest",
    "UnidirectionalKappa",
    "bidirectional_kappa",
    "parallel_dominance",
    "two_cell_test",
    "unidirectional_kappa",
]


@attrs.frozen(eq=False, repr=False)
class UnidirectionalKappa:
    """How far code j follows code i, from -1 (never) over 0 (as by chance) to 1 (as often as it can)."""

    kappa: Floats
    z: Floats
    p: Floats

    __repr__ = brief


@attrs.frozen(eq=False, repr=False)
class BidirectionalKappa:
    """How far i leads to j and j to i, taken together."""

    observed: Ints
    expected: Floats
    kappa: Floats
    z: Floats
    p: Floats

    __repr__ = brief


@attrs.frozen(eq=False, repr=False)
class ParallelDominance:
    """Whether i predicts j better than j predicts i.

    Attributes:
        observed: F_ij - F_ji where both depart from chance in the same direction, else F_ij + F_ji.
        expected: What is expected of ``observed``.
        case: Wampold's case: 1 both increase each other, 2 both decrease, 3 i increases j and j does not
            increase i, 4 i decreases j and j does not decrease i, 0 as expected.
        kappa: Parallel dominance kappa.
        z: (observed - expected) / sd.
        p: From the survival function of |z|.
    """

    observed: Ints
    expected: Floats
    case: Ints
    kappa: Floats
    z: Floats
    p: Floats

    __repr__ = brief


@attrs.frozen
class TwoCellTest:
    """Whether two transitions, taken together, occur more often than by chance; nan where undefined."""

    observed: int
    expected: float
    kappa: float
    z: float
    p: float


def event_counts(frequency: Ints, ends: Ints | None) -> tuple[Floats, Floats]:
    """Give n_i and N; a bare table hides its last event: n_i is then the row total, N transitions + 1."""
    rows = frequency.sum(-1).astype(np.float64)
    if ends is None:
        return rows, rows.sum(-1) + 1
    return rows + ends, rows.sum(-1) + ends.sum(-1)


def _crossed(frequency: Ints, ends: Ints | None) -> tuple[Floats, Floats, Floats]:
    n, total = event_counts(frequency, ends)
    return n[..., :, None], n[..., None, :], total[..., None, None]


def _safe(above: Floats | Ints, below: Floats) -> Floats:
    with np.errstate(all="ignore"):
        return np.where(below != 0, above / np.where(below == 0, 1.0, below), np.nan)


def unidirectional_kappa(
    frequency: Ints, *, ends: Ints | None = None, no_repeats: bool = False, tails: Literal[1, 2] = 2
) -> UnidirectionalKappa:
    """Measure how far each code follows each other (Wampold 1989, eq. 1-4).

    kappa = (F - E) / (min(n_i, n_j) - E), or (F - E) / E below chance; E = n_i n_j / N, and
    n_i n_j / (N - n_i) where codes cannot repeat. Made for lag 1: at a larger lag the table is taken for that
    of a series of as many events (O'Connor 1999), and kappa is nan where the count exceeds n_i or n_j.

    >>> float(unidirectional_kappa(np.array([[0, 4], [4, 0]]), ends=np.array([1, 0])).kappa[0, 1].round(3))
    1.0

    Args:
        frequency: Transition counts, shape (..., codes, codes).
        ends: How often each code is the last event of a chain; None: unknown.
        no_repeats: Whether a code can never follow itself.
        tails: Tails of p.
    """
    given, target, total = _crossed(frequency, ends)
    expected = (
        _safe(given * target, total - given) if no_repeats else _safe(given * target, total + 0 * given)
    )
    variance = _safe(given * target * (total - target) * (total - given), total**2 * (total - 1))
    z = np.where(variance > 0, _safe(frequency - expected, np.sqrt(np.maximum(variance, 0))), np.nan)
    room = np.minimum(given, target) - expected
    kappa = np.where(variance > 0, _safe(frequency - expected, room), np.nan)
    kappa = np.where(kappa < 0, _safe(frequency - expected, expected), kappa)
    # At lags above 1 a count can exceed n_i, which knows one event of the last ones only.
    kappa = np.where(frequency <= np.minimum(given, target), kappa, np.nan)
    if no_repeats:
        own = np.eye(frequency.shape[-1], dtype=np.bool_)
        kappa, z = np.where(own, np.nan, kappa), np.where(own, np.nan, z)
    return UnidirectionalKappa(kappa, z, np.where(np.isnan(kappa), np.nan, normal_p(z, tails=tails)))


def _pair_variance(given: Floats, target: Floats, total: Floats) -> Floats:
    both = given * target + (total - given) * (total - target) - total
    return _safe(2 * given * target * both, total**2 * (total - 1))


def bidirectional_kappa(
    frequency: Ints, *, ends: Ints | None = None, tails: Literal[1, 2] = 1
) -> BidirectionalKappa:
    """Measure how far i leads to j and j to i (Wampold & Margolin 1982, eq. 7-9; Wampold 1989).

    >>> table = np.array([[10, 14], [12, 6]])
    >>> int(bidirectional_kappa(table).observed[0, 1])
    26

    Args:
        frequency: Transitions, rows the given code and columns the target.
        ends: How often each code ends a session; none, where None.
        tails: Of the p-values.

    Returns:
        Observed and expected counts, z, kappa and p for each pair of codes.
    """
    given, target, total = _crossed(frequency, ends)
    observed = frequency + np.swapaxes(frequency, -1, -2)
    expected = _safe(2 * given * target, total + 0 * given)
    excess = observed - expected
    z = _safe(excess, np.sqrt(_pair_variance(given, target, total)))
    kappa = _safe(excess, 2 * np.minimum(given, target) - expected)
    kappa = np.where(kappa < 0, _safe(excess, expected), kappa)
    # Codes equally frequent cannot alternate to the end of the series and back: one transition fewer.
    kappa = np.where(given == target, _safe(excess, 2 * target - 1 - expected), kappa)
    occurs = (given > 0) & (target > 0)
    kappa, z = np.where(occurs, kappa, np.nan), np.where(occurs, z, np.nan)
    return BidirectionalKappa(
        observed, np.where(occurs, expected, np.nan), kappa, z, normal_p(z, tails=tails)
    )


def _dominance_case(frequency: Ints, expected: Floats) -> Ints:
    there, back = frequency, np.swapaxes(frequency, -1, -2)
    up, down = there > expected, there < expected
    case = np.select([up & (back > expected), down & (back < expected), up, down], [1, 2, 3, 4], 0)
    return np.asarray(case, dtype=np.int64)


def _dominance_kappa(frequency: Ints, expected: Floats, least: Floats, case: Ints) -> Floats:
    difference = frequency - np.swapaxes(frequency, -1, -2)
    excess = frequency + np.swapaxes(frequency, -1, -2) - 2 * expected
    room = least - expected
    third, fourth = _safe(excess, room), _safe(excess, -expected)
    third = np.where(third < 0, _safe(excess, expected), third)
    fourth = np.where(fourth < 0, _safe(excess, -room), fourth)
    return np.choose(case, [0.0 * room, _safe(difference, room), _safe(difference, -expected), third, fourth])


def parallel_dominance(
    frequency: Ints, *, ends: Ints | None = None, tails: Literal[1, 2] = 1
) -> ParallelDominance:
    """Test the asymmetry in predictability between i to j and j to i (Wampold 1984, 1989).

    >>> int(parallel_dominance(np.array([[10, 14], [12, 6]])).observed[0, 1])
    2

    Args:
        frequency: Transitions, rows the given code and columns the target.
        ends: How often each code ends a session; none, where None.
        tails: Of the p-values.

    Returns:
        The asymmetry, its z, kappa and p for each pair of codes.
    """
    given, target, total = _crossed(frequency, ends)
    back = np.swapaxes(frequency, -1, -2)
    chance = _safe(given * target, total + 0 * given)
    same = ((frequency >= chance) & (back >= chance)) | ((frequency <= chance) & (back <= chance))
    observed = np.where(same, frequency - back, frequency + back)
    expected = np.where(same, 0.0, 2 * chance)
    differ = _safe(2 * given * target * (total - given - target + 1), total * (total - 1))
    variance = np.where(same, differ, _pair_variance(given, target, total))
    occurs = (given > 0) & (target > 0) & (variance > 0)
    z = np.where(occurs, _safe(observed - expected, np.sqrt(np.where(occurs, variance, 1.0))), np.nan)
    case = _dominance_case(frequency, chance)
    kappa = np.where(occurs, _dominance_kappa(frequency, chance, np.minimum(given, target), case), np.nan)
    return ParallelDominance(observed, expected, case, kappa, z, normal_p(z, tails=tails))


def two_cell_test(
    frequency: Ints,
    first: tuple[int, int],
    second: tuple[int, int],
    *,
    ends: Ints | None = None,
    tails: Literal[1, 2] = 1,
) -> TwoCellTest:
    """Test i to j and k to l together (Wampold & Margolin 1982; Wampold 1989).

    The last event counts once. Two cells of one row or one column compete, and their covariance says so.

    >>> two_cell_test(np.array([[10, 14], [12, 6]]), (0, 1), (1, 0)).observed
    26

    Args:
        frequency: Transition counts, codes x codes.
        first: Places of the codes of the first transition.
        second: Places of the codes of the second transition.
        ends: How often each code is the last event of a chain; None: unknown.
        tails: Tails of p.
    """
    n, events = event_counts(frequency, ends)
    total = float(events)
    (i, j), (k, l) = first, second
    observed = int(frequency[i, j] + frequency[k, l])
    expected = float(n[i] * n[j] + n[k] * n[l]) / total
    variance = sum(_covariance(n, total, a, b) for a in (first, second) for b in (first, second))
    excess, most = observed - expected, float(min(n[i], n[j]) + min(n[k], n[l]))
    scale = most - expected if excess >= 0 else expected
    kappa = excess / scale if scale > 0 else float("nan")
    z = excess / variance**0.5 if variance > 0 else float("nan")
    return TwoCellTest(observed, expected, kappa, z, float(normal_p(np.asarray(z), tails=tails)))


def _covariance(n: Floats, total: float, one: tuple[int, int], other: tuple[int, int]) -> float:
    (i, j), (k, l) = one, other
    rows = n[i] * ((i == k) * total - n[k])
    return float(rows * n[j] * ((j == l) * total - n[l]) / (total**2 * (total - 1)))
