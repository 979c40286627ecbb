"""Agreement of many raters on categories: Fleiss, Conger, Light, Gwet, Brennan and Prediger."""

from __future__ import annotations

from therapeutic_process.session_process.cell_statistics import normal_p
from therapeutic_process.session_process.extra import Floats, np
from therapeutic_process.session_process.kappa import Agreement, coefficient, confusion, kappa_of_table
from therapeutic_process.session_process.ratings import Ratings, RatingTable, as_ratings

__all__ = [
    "brennan_prediger",
    "conger_kappa",
    "fleiss_kappa",
    "gwet_ac1",
    "light_kappa",
    "percent_agreement",
    "unanimous_share",
]


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
    value, reason = coefficient(observed, expected)
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
    value, reason = coefficient(observed, expected)
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
