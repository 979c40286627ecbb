"""Krippendorff's alpha: any number of raters, any level of measurement, ratings missing."""

from __future__ import annotations

from typing import Literal, TypeAlias

from therapeutic_process.session_process.extra import Floats, Ints, np
from therapeutic_process.session_process.kappa import Agreement
from therapeutic_process.session_process.ratings import Ratings, RatingTable, as_ratings

__all__ = ["Level", "krippendorff_alpha"]

Level: TypeAlias = Literal["nominal", "ordinal", "interval", "ratio"]


def _nominal(counts: Floats, m: Floats) -> tuple[float, float]:
    """Give observed and expected disagreement in coincidences, by what agrees rather than by what differs."""
    total = counts.sum(0)
    n = total.sum()
    agreeing = (((counts**2).sum(1) - m) / (m - 1)).sum()
    return float(n - agreeing), float((n**2 - (total**2).sum()) / (n - 1))


def _squared(counts: Floats, m: Floats, score: Floats) -> tuple[float, float]:
    """Give the same for squared differences, from sums: Σ (x - y)² = 2 (m Σ x² - (Σ x)²)."""
    score = score - score.mean()
    first, second = counts @ score, counts @ score**2
    total = counts.sum(0)
    n = total.sum()
    observed = (2 * (m * second - first**2) / (m - 1)).sum()
    return float(observed), float(2 * (n * (total @ score**2) - (total @ score) ** 2) / (n - 1))


def _relative(counts: Floats, m: Floats, score: Floats) -> tuple[float, float]:
    above, below = np.subtract.outer(score, score), np.add.outer(score, score)
    apart = np.divide(above, below, out=np.zeros_like(above), where=below != 0) ** 2
    total = counts.sum(0)
    together = (counts / (m - 1)[:, None]).T @ counts
    return float((together * apart).sum()), float(total @ apart @ total / (total.sum() - 1))


def _midranks(counts: Floats) -> Floats:
    # The ordinal metric, Σ n_g from c to k less (n_c + n_k)/2, is the difference of two mid-ranks.
    total = counts.sum(0)
    return np.asarray(np.cumsum(total) - total / 2)


def _disagreement(counts: Floats, m: Floats, given: Ratings, level: Level) -> tuple[float, float]:
    if level == "nominal":
        return _nominal(counts, m)
    if level == "ordinal":
        return _squared(counts, m, _midranks(counts))
    score = given.numbers()
    return _squared(counts, m, score) if level == "interval" else _relative(counts, m, score)


def _two_raters(values: Ints, k: int) -> tuple[float, float, float, int]:
    """Give the nominal disagreements of two raters: a unit either agrees or does not."""
    first, second = values[:, 0], values[:, 1]
    if int(first.min(initial=0)) < 0 or int(second.min(initial=0)) < 0:
        both = (first >= 0) & (second >= 0)
        first, second = first[both], second[both]
    units = len(first)
    agree = int(np.count_nonzero(first == second))
    total = (np.bincount(first, minlength=k) + np.bincount(second, minlength=k)).astype(np.float64)
    n = 2.0 * units
    return 2.0 * (units - agree), float((n**2 - (total**2).sum()) / max(n - 1, 1)), n, units


def _many_raters(given: Ratings, level: Level) -> tuple[float, float, float, int, float]:
    counts = given.counts()
    m = counts.sum(1)
    paired = m > 1
    counts, m = counts[paired].astype(np.float64), m[paired].astype(np.float64)
    if not len(m):
        return 0.0, 0.0, 0.0, 0, float("nan")
    agreeing = (((counts**2).sum(1) - m) / (m - 1)).sum() / m.sum()
    return *_disagreement(counts, m, given, level), float(m.sum()), len(m), float(agreeing)


def krippendorff_alpha(ratings: RatingTable, *, level: Level = "nominal") -> Agreement:
    """Give Krippendorff's alpha, 1 - observed / expected disagreement.

    Krippendorff (2011), Computing Krippendorff's alpha-reliability. A unit that fewer than two raters rated
    cannot be paired and is dropped.

    >>> round(krippendorff_alpha([[1, 1], [2, 2], [1, 2], [3, 3]]).value, 4)
    0.6667

    Args:
        ratings: Units x raters.
        level: ``nominal``; ``ordinal`` (by the order of the categories); ``interval`` or ``ratio`` (numbers).

    Raises:
        TableError: If an interval or ratio level is asked of labels.
    """
    given = as_ratings(ratings)
    if level == "nominal" and given.n_raters == 2:
        observed, expected, n, units = _two_raters(given.places, len(given.categories))
        share = 1 - observed / n if n else float("nan")
    else:
        observed, expected, n, units, share = _many_raters(given, level)
    reason = None if expected > 0 else ("no_variation" if units else "no_units")
    return Agreement(
        method=f"Krippendorff's alpha ({level})",
        value=1 - observed / expected if reason is None else float("nan"),
        reason=reason,
        observed=share,
        expected=1 - expected / n if n and level == "nominal" else float("nan"),
        n_units=units,
        n_raters=given.n_raters,
        n_dropped=given.n_units - units,
    )
