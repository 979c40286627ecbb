"""Intraclass correlations: agreement of raters on numbers, in the six forms, the form always said."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeAlias

import attrs

from therapeutic_process.errors import NotEnoughData
from therapeutic_process.session_process.extra import Floats, np, special

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = ["Form", "IntraclassCorrelation", "intraclass_correlation"]

Form: TypeAlias = Literal["1,1", "A,1", "C,1", "1,k", "A,k", "C,k"]

_SHROUT_FLEISS = {"1,1": "1,1", "A,1": "2,1", "C,1": "3,1", "1,k": "1,k", "A,k": "2,k", "C,k": "3,k"}


@attrs.frozen(kw_only=True)
class IntraclassCorrelation:
    """An intraclass correlation in a stated form.

    Attributes:
        form: After McGraw & Wong (1996): ``1`` one-way, ``A`` absolute agreement, ``C`` consistency; then
            ``1`` for a single rater's score or ``k`` for the mean of all raters.
        shrout_fleiss: The same form after Shrout & Fleiss (1979).
        value: The coefficient; nan where undefined.
        reason: ``no_variation``, or None where it is defined.
        low: Lower end of the F-based interval.
        high: Its upper end.
        confidence: Of the interval.
        f: F of the test that the correlation is 0.
        df: Its degrees of freedom.
        p: Its upper tail.
        interval_df: Second degrees of freedom of the interval (Satterthwaite's, for absolute agreement).
        n_units: Units rated by all raters.
        n_raters: Raters.
        n_dropped: Units that lack a rating.
        mean_squares: Of units, raters, error (two-way) and within units (one-way).
    """

    form: Form
    shrout_fleiss: str
    value: float
    reason: str | None
    low: float
    high: float
    confidence: float
    f: float
    df: tuple[float, float]
    p: float
    interval_df: float
    n_units: int
    n_raters: int
    n_dropped: int
    mean_squares: tuple[float, float, float, float]

    def __str__(self) -> str:
        if self.reason is not None:
            return f"ICC({self.form}): undefined ({self.reason}), n = {self.n_units} units"
        return (
            f"ICC({self.form}) = {self.value:.3f} [{self.low:.3f}, {self.high:.3f}], "
            f"n = {self.n_units} units, {self.n_raters} raters"
        )


def _mean_squares(x: Floats) -> tuple[float, float, float, float]:
    n, k = x.shape
    x = x - x.mean()
    units, raters = x.mean(1), x.mean(0)
    between = k * float((units**2).sum()) / (n - 1)
    columns = n * float((raters**2).sum()) / (k - 1)
    rest = float(((x - units[:, None] - raters) ** 2).sum()) / ((n - 1) * (k - 1))
    within = float(((x - units[:, None]) ** 2).sum()) / (n * (k - 1))
    return between, columns, rest, within


def _f_quantile(df1: float, df2: float, q: float) -> float:
    return float(special.fdtri(df1, df2, q))


def _by_ratio(f: float, df1: float, df2: float, k: int, confidence: float) -> tuple[float, float, float]:
    """Give estimate and interval of the forms that rest on one F ratio alone (single rater)."""
    tail = 0.5 + confidence / 2
    low, high = f / _f_quantile(df1, df2, tail), f * _f_quantile(df2, df1, tail)
    return (f - 1) / (f + k - 1), (low - 1) / (low + k - 1), (high - 1) / (high + k - 1)


def _absolute(
    squares: tuple[float, float, float, float], n: int, k: int, confidence: float
) -> tuple[float, float, float, float]:
    """Give ICC(A,1), its interval, and Satterthwaite's df (McGraw & Wong 1996, table 7)."""
    between, columns, rest, _ = squares
    value = (between - rest) / (between + (k - 1) * rest + k * (columns - rest) / n)
    a = k * value / (n * (1 - value))
    b = 1 + k * value * (n - 1) / (n * (1 - value))
    v = (a * columns + b * rest) ** 2 / ((a * columns) ** 2 / (k - 1) + (b * rest) ** 2 / ((n - 1) * (k - 1)))
    tail = 0.5 + confidence / 2
    lower, upper = _f_quantile(n - 1, v, tail), _f_quantile(v, n - 1, tail)
    other = k * columns + (k * n - k - n) * rest
    low = n * (between - lower * rest) / (lower * other + n * between)
    high = n * (upper * between - rest) / (other + n * upper * between)
    return value, low, high, v


def _stepped_up(r: float, k: int) -> float:
    """Give the reliability of the mean of k raters from that of one (Spearman-Brown)."""
    below = 1 + (k - 1) * r
    return k * r / below if below != 0 else float("-inf")


def _complete(table: npt.ArrayLike) -> tuple[Floats, int]:
    x = np.asarray(table, dtype=np.float64)
    if x.ndim != 2 or x.shape[1] < 2:
        raise NotEnoughData(
            "intraclass_correlation", needed="a table units x 2 or more raters", found=str(x.shape)
        )
    whole = ~np.isnan(x).any(1)
    if int(whole.sum()) < 2:
        found = f"{int(whole.sum())} of {len(x)}"
        raise NotEnoughData("intraclass_correlation", needed="2 units rated by all", found=found)
    return x[whole], int((~whole).sum())


def intraclass_correlation(
    table: npt.ArrayLike, *, form: Form, confidence: float = 0.95
) -> IntraclassCorrelation:
    """Give an intraclass correlation with its F-based interval.

    Shrout & Fleiss (1979); McGraw & Wong (1996). There is no default form: say which one your paper needs.
    Consistency ``C`` forgives raters their own level, absolute agreement ``A`` does not; one-way ``1`` is for
    units that were not rated by the same raters.

    >>> ratings = [[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]]
    >>> print(intraclass_correlation(ratings, form="C,1"))
    ICC(C,1) = 0.715 [0.342, 0.946], n = 6 units, 4 raters

    Args:
        table: Units x raters; units with a missing rating (nan) are dropped and counted.
        form: ``1,1``, ``A,1``, ``C,1``, ``1,k``, ``A,k`` or ``C,k``.
        confidence: Of the interval.

    Raises:
        NotEnoughData: If fewer than 2 units are complete, or there are fewer than 2 raters.
    """
    x, dropped = _complete(table)
    n, k = x.shape
    squares = _mean_squares(x)
    between, _, rest, within = squares
    one_way = form.startswith("1")
    df: tuple[float, float] = (n - 1, n * (k - 1)) if one_way else (n - 1, (n - 1) * (k - 1))
    noise = within if one_way else rest
    # Differences of the size of rounding are none.
    scale = 1e-24 * max(float(np.abs(x).max()), 1e-300) ** 2
    flat = between <= scale and noise <= scale
    if flat or noise <= scale:
        value, low, high, v = _without_noise(form, squares, n, k, flat=flat)
        f = float("nan") if flat else float("inf")
    else:
        f = between / noise
        if form.startswith("A"):
            value, low, high, v = _absolute(squares, n, k, confidence)
        else:
            (value, low, high), v = _by_ratio(f, *df, k, confidence), df[1]
        if form.endswith("k"):
            value, low, high = (_stepped_up(r, k) for r in (value, low, high))
    return IntraclassCorrelation(
        form=form,
        shrout_fleiss=_SHROUT_FLEISS[form],
        value=value,
        reason="no_variation" if flat else None,
        low=low,
        high=high,
        confidence=confidence,
        f=f,
        df=df,
        p=float("nan") if flat else float(special.fdtrc(*df, f)),
        interval_df=v,
        n_units=n,
        n_raters=k,
        n_dropped=dropped,
        mean_squares=squares,
    )


def _without_noise(
    form: Form, squares: tuple[float, float, float, float], n: int, k: int, *, flat: bool
) -> tuple[float, float, float, float]:
    """Give the coefficient where raters differ by nothing but their level; F has then no distribution."""
    nothing = float("nan")
    if flat:
        return nothing, nothing, nothing, nothing
    between, columns, _, _ = squares
    value = between / (between + k * columns / n) if form.startswith("A") else 1.0
    value = _stepped_up(value, k) if form.endswith("k") else value
    sure = value >= 1 - 1e-12
    return value, 1.0 if sure else nothing, 1.0 if sure else nothing, nothing
