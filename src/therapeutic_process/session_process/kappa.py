"""Agreement of two raters on categories, corrected for chance: Cohen's kappa, plain and weighted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeAlias

import attrs

from therapeutic_process.errors import NotEnoughData, TableError
from therapeutic_process.session_process.cell_statistics import normal_p
from therapeutic_process.session_process.extra import Floats, Ints, np, special
from therapeutic_process.session_process.ratings import RatingTable, as_ratings

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = ["Agreement", "cohen_kappa", "kappa_of_table"]

Weights: TypeAlias = "Literal['linear', 'quadratic'] | npt.ArrayLike | None"


@attrs.frozen(kw_only=True)
class Agreement:
    """A coefficient of agreement.

    Attributes:
        method: Which coefficient.
        value: The coefficient; nan where undefined.
        reason: Why it is undefined (``no_variation``, ``no_units``); None where it is defined.
        observed: Observed agreement, the share of agreeing pairs of ratings (weighted, where weights are).
        expected: Agreement expected by chance, in the same unit; nan where the method has none.
        n_units: Units used.
        n_raters: Raters.
        n_dropped: Units not used because a rating is missing.
        se: Standard error of the value, for intervals; nan where the method has none.
        z: The value over its standard error under chance; nan where the method has none.
        p: Two-sided, of ``z``.
        low: Lower end of the interval; nan without one.
        high: Its upper end.
        interval: What the interval is (``asymptotic``, ``bootstrap over 12 clusters, …``); None without one.
    """

    method: str
    value: float
    reason: str | None = None
    observed: float
    expected: float = float("nan")
    n_units: int
    n_raters: int
    n_dropped: int = 0
    se: float = float("nan")
    z: float = float("nan")
    p: float = float("nan")
    low: float = float("nan")
    high: float = float("nan")
    interval: str | None = None

    def __str__(self) -> str:
        if self.reason is not None:
            seen = f"observed agreement {self.observed:.3f}, n = {self.n_units} units"
            return f"{self.method}: undefined ({self.reason}), {seen}"
        span = f" [{self.low:.3f}, {self.high:.3f}]" if self.interval else ""
        return f"{self.method}: {self.value:.3f}{span}, n = {self.n_units} units, {self.n_raters} raters"


def coefficient(observed: float, expected: float) -> tuple[float, str | None]:
    """Correct observed agreement for chance, or say why that cannot be done."""
    if np.isnan(observed):
        return float("nan"), "no_units"
    # Chance cannot be corrected for when it alone gives full agreement: nobody ever chose another category.
    if expected >= 1 - 1e-12:
        return float("nan"), "no_variation"
    return (observed - expected) / (1 - expected), None


def _agreement_weights(weights: Weights, k: int) -> Floats:
    """Turn weights into agreement weights, 1 on the diagonal; a matrix is one of disagreement, as Cohen's."""
    apart = np.abs(np.subtract.outer(np.arange(k), np.arange(k))).astype(np.float64)
    if weights is None:
        return np.eye(k)
    if isinstance(weights, str):
        far = max(k - 1, 1)
        return 1 - (apart / far) ** (2 if weights == "quadratic" else 1)
    given = np.asarray(weights, dtype=np.float64)
    if given.shape != (k, k) or np.any(np.diag(given) != 0):
        raise TableError(
            "wrong_weights", needed=f"{k} x {k} disagreements, 0 for agreement", found=str(given.shape)
        )
    return 1 - given / max(float(given.max()), 1e-300)


def _asymptotic(p: Floats, w: Floats, observed: float, expected: float, n: int) -> tuple[float, float]:
    """Give the standard errors of weighted kappa, free and under chance (Fleiss, Cohen & Everitt 1969)."""
    row, column = p.sum(1), p.sum(0)
    by_row, by_column = w @ column, row @ w
    both = by_row[:, None] + by_column
    free = (p * (w * (1 - expected) - both * (1 - observed)) ** 2).sum()
    free -= (observed * expected - 2 * expected + observed) ** 2
    chance = (np.outer(row, column) * (w - both) ** 2).sum() - expected**2
    return (
        float(np.sqrt(max(free, 0.0) / n) / (1 - expected) ** 2),
        float(np.sqrt(max(chance, 0.0) / n) / (1 - expected)),
    )


def kappa_of_table(
    table: npt.ArrayLike, *, weights: Weights = None, confidence: float = 0.95, n_dropped: int = 0
) -> Agreement:
    """Give Cohen's kappa of a table of counts, first rater x second rater.

    Cohen (1960, 1968); standard errors after Fleiss, Cohen & Everitt (1969).

    >>> round(kappa_of_table([[88, 10, 2], [14, 40, 6], [18, 10, 12]]).value, 3)
    0.492

    Args:
        table: Counts of pairs of categories.
        weights: None; ``linear`` or ``quadratic`` in the order of the categories; or disagreements, a matrix.
        confidence: Of the asymptotic interval.
        n_dropped: Units left out of the table, to be reported.
    """
    counts = np.asarray(table, dtype=np.float64)
    n, w = int(counts.sum()), _agreement_weights(weights, len(counts))
    name = "Cohen's kappa" if weights is None else "weighted kappa"
    if n == 0:
        empty = float("nan")
        return Agreement(method=name, value=empty, reason="no_units", observed=empty, n_units=0, n_raters=2)
    p = counts / n
    observed, expected = float((w * counts).sum() / n), float((w * np.outer(p.sum(1), p.sum(0))).sum())
    value, reason = coefficient(observed, expected)
    se, chance = _asymptotic(p, w, observed, expected, n) if reason is None else (float("nan"), 0.0)
    z = value / chance if chance > 0 else float("nan")
    reach = float(special.ndtri(0.5 + confidence / 2)) * se
    return Agreement(
        method=name,
        value=value,
        reason=reason,
        observed=observed,
        expected=expected,
        n_units=n,
        n_raters=2,
        n_dropped=n_dropped,
        se=se,
        z=z,
        p=float(normal_p(np.asarray(z))),
        low=value - reach,
        high=value + reach,
        interval="asymptotic" if reason is None else None,
    )


def confusion(first: Ints, second: Ints, k: int) -> Ints:
    """Count pairs of categories of two raters."""
    return np.bincount(first * k + second, minlength=k * k).reshape(k, k)


def cohen_kappa(ratings: RatingTable, *, weights: Weights = None, confidence: float = 0.95) -> Agreement:
    """Give Cohen's kappa of two raters, weighted if asked; units that one of them left out are dropped.

    >>> cohen_kappa([["a", "a"], ["b", "b"], ["a", "b"], ["b", "b"]]).value
    0.5

    Args:
        ratings: A row per unit, a column per rater; None or nan where a rater left it out.
        weights: None, ``linear`` or ``quadratic``; categories then have an order.
        confidence: Coverage of the interval.

    Returns:
        Kappa with its interval, percent agreement, and what was dropped; null with a reason where nothing varies.

    Raises:
        NotEnoughData: If there are not exactly 2 raters.
    """
    given = as_ratings(ratings)
    if given.n_raters != 2:
        raise NotEnoughData("cohen_kappa", needed="exactly 2 raters", found=given.n_raters)
    both, k = given.complete(), len(given.categories)
    table = confusion(both[:, 0], both[:, 1], k)
    return kappa_of_table(table, weights=weights, confidence=confidence, n_dropped=given.n_units - len(both))
