"""Agreement of raters on categories, corrected for chance: Cohen, weighted, Fleiss and their kin."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeAlias

import attrs

from therapeutic_process.errors import NotEnoughData, TableError
from therapeutic_process.session_process.cell_statistics import normal_p
from therapeutic_process.session_process.extra import Floats, Ints, np, special
from therapeutic_process.session_process.ratings import Ratings, RatingTable, as_ratings

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = [
    "Agreement",
    "brennan_prediger",
    "cohen_kappa",
    "conger_kappa",
    "fleiss_kappa",
    "gwet_ac1",
    "kappa_of_table",
    "light_kappa",
    "percent_agreement",
    "unanimous_share",
]

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


def _coefficient(observed: float, expected: float) -> tuple[float, str | None]:
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
    value, reason = _coefficient(observed, expected)
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

    Raises:
        NotEnoughData: If there are not exactly 2 raters.
    """
    given = as_ratings(ratings)
    if given.n_raters != 2:
        raise NotEnoughData("cohen_kappa", needed="exactly 2 raters", found=given.n_raters)
    both, k = given.complete(), len(given.categories)
    table = confusion(both[:, 0], both[:, 1], k)
    return kappa_of_table(table, weights=weights, confidence=confidence, n_dropped=given.n_units - len(both))


def _shares(given: Ratings) -> tuple[Floats, int, int]:
    """Give category counts of complete units, how many units, how many were dropped."""
    whole = given.complete()
    counts = Ratings(whole, given.categories).counts().astype(np.float64)
    return counts, len(whole), given.n_units - len(whole)


def _pair_agreement(counts: Floats, m: int) -> float:
    n = len(counts)
    return float(((counts**2).sum() - n * m) / (n * m * (m - 1))) if n and m > 1 else float("nan")


def fleiss_kappa(ratings: RatingTable) -> Agreement:
    """Give Fleiss' kappa of many raters; units that a rater left out are dropped.

    Fleiss (1971), with the standard error under chance of Fleiss, Nee & Landis (1979).

    >>> round(fleiss_kappa([["a", "a", "b"], ["b", "b", "b"], ["a", "a", "a"]]).value, 3)
    0.55
    """
    given = as_ratings(ratings)
    counts, n, dropped = _shares(given)
    m = given.n_raters
    share = counts.sum(0) / max(n * m, 1)
    observed, expected = _pair_agreement(counts, m), float((share**2).sum())
    value, reason = _coefficient(observed, expected)
    spread = float((share * (1 - share)).sum())
    inside = spread**2 - float((share * (1 - share) * (1 - 2 * share)).sum())
    chance = np.sqrt(2 * max(inside, 0.0) / (n * m * (m - 1))) / spread if n and m > 1 and spread > 0 else 0.0
    z = float(value / chance) if chance > 0 else float("nan")
    return Agreement(
        method="Fleiss' kappa",
        value=value,
        reason=reason,
        observed=observed,
        expected=expected,
        n_units=n,
        n_raters=m,
        n_dropped=dropped,
        z=z,
        p=float(normal_p(np.asarray(z))),
    )


def _against(method: str, given: Ratings, expected: float) -> Agreement:
    counts, n, dropped = _shares(given)
    observed = _pair_agreement(counts, given.n_raters)
    value, reason = _coefficient(observed, expected)
    return Agreement(
        method=method,
        value=value,
        reason=reason,
        observed=observed,
        expected=expected,
        n_units=n,
        n_raters=given.n_raters,
        n_dropped=dropped,
    )


def conger_kappa(ratings: RatingTable) -> Agreement:
    """Give Conger's kappa: chance agreement from each rater's own shares (Conger 1980)."""
    given = as_ratings(ratings)
    whole, k, m = given.complete(), len(given.categories), given.n_raters
    shares = np.stack([np.bincount(column, minlength=k) for column in whole.T]) / max(len(whole), 1)
    pairs = (shares.sum(0) ** 2 - (shares**2).sum(0)).sum() / max(m * (m - 1), 1)
    return _against("Conger's kappa", given, float(pairs))


def light_kappa(ratings: RatingTable) -> Agreement:
    """Give Light's kappa: the mean of Cohen's kappa over all pairs of raters (Light 1971)."""
    given = as_ratings(ratings)
    whole, k = given.complete(), len(given.categories)
    pairs = [(a, b) for a in range(given.n_raters) for b in range(a + 1, given.n_raters)]
    each = [kappa_of_table(confusion(whole[:, a], whole[:, b], k)) for a, b in pairs]
    reasons = [one.reason for one in each if one.reason is not None]
    mean = float(np.mean([one.value for one in each])) if each else float("nan")
    return Agreement(
        method="Light's kappa",
        value=mean,
        reason=reasons[0] if reasons else None,
        observed=float(np.mean([one.observed for one in each])) if each else float("nan"),
        expected=float(np.mean([one.expected for one in each])) if each else float("nan"),
        n_units=len(whole),
        n_raters=given.n_raters,
        n_dropped=given.n_units - len(whole),
    )


def gwet_ac1(ratings: RatingTable) -> Agreement:
    """Give Gwet's AC1, whose chance agreement is Σ p (1 - p) / (categories - 1) (Gwet 2008)."""
    given = as_ratings(ratings)
    counts, n, _ = _shares(given)
    share = counts.sum(0) / max(n * given.n_raters, 1)
    k = len(given.categories)
    return _against("Gwet's AC1", given, float((share * (1 - share)).sum() / (k - 1)) if k > 1 else 1.0)


def brennan_prediger(ratings: RatingTable) -> Agreement:
    """Give Brennan and Prediger's coefficient: chance is 1 / categories (Brennan & Prediger 1981)."""
    given = as_ratings(ratings)
    return _against("Brennan-Prediger", given, 1 / max(len(given.categories), 1))


def percent_agreement(ratings: RatingTable) -> Agreement:
    """Give the share of agreeing pairs of ratings, not corrected for chance.

    >>> percent_agreement([["a", "a"], ["a", "b"]]).value
    0.5
    """
    return _against("percent agreement", as_ratings(ratings), 0.0)


def unanimous_share(ratings: RatingTable) -> Agreement:
    """Give the share of units on which all raters agree.

    >>> unanimous_share([["a", "a", "a"], ["a", "a", "b"]]).value
    0.5
    """
    given = as_ratings(ratings)
    whole = given.complete()
    share = float((whole == whole[:, :1]).all(1).mean()) if len(whole) else float("nan")
    return Agreement(
        method="unanimous share",
        value=share,
        reason=None if len(whole) else "no_units",
        observed=share,
        n_units=len(whole),
        n_raters=given.n_raters,
        n_dropped=given.n_units - len(whole),
    )
