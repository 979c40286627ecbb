"""Critical values of the normal and of Student's distribution, without any optional package."""

from __future__ import annotations

import math
from statistics import NormalDist

from therapeutic_process.change_process.arguments import need_between

__all__ = ["normal_quantile", "student_quantile"]


def normal_quantile(p: float) -> float:
    """Return the standard normal quantile.

    >>> round(normal_quantile(0.975), 6)
    1.959964
    """
    return NormalDist().inv_cdf(need_between("p", p, 0, 1))


def _student_cdf(t: float, df: int) -> float:
    # Abramowitz & Stegun 26.7.3 and 26.7.4: finite sums for whole degrees of freedom
    theta = math.atan2(t, math.sqrt(df))
    sine, cosine = math.sin(theta), math.cos(theta)
    if df % 2:
        term = total = cosine if df > 1 else 0.0
        for k in range(3, df - 1, 2):
            term *= cosine * cosine * (k - 1) / k
            total += term
        return 0.5 + (theta + sine * total) / math.pi
    term = total = 1.0
    for k in range(2, df, 2):
        term *= cosine * cosine * (k - 1) / k
        total += term
    return 0.5 + sine * total / 2


def _student_density(t: float, df: int) -> float:
    log = math.lgamma((df + 1) / 2) - math.lgamma(df / 2) - 0.5 * math.log(df * math.pi)
    return math.exp(log - (df + 1) / 2 * math.log1p(t * t / df))


def student_quantile(p: float, df: int) -> float:
    """Return the quantile of Student's t with whole degrees of freedom.

    The critical values of the stability criterion of sudden gains (Lutz et al. 2013):

    >>> [round(student_quantile(0.975, df), 3) for df in (4, 3, 2)]
    [2.776, 3.182, 4.303]
    """
    need_between("p", p, 0, 1)
    if p < 0.5:
        return -student_quantile(1 - p, df)
    low, high = 0.0, 1.0
    while _student_cdf(high, df) < p:
        low, high = high, high * 2
    t = (low + high) / 2
    for _ in range(200):
        error = _student_cdf(t, df) - p
        low, high = (t, high) if error < 0 else (low, t)
        step = t - error / _student_density(t, df)
        following = step if low < step < high else (low + high) / 2
        if abs(following - t) <= 1e-15 * max(1.0, t):
            return following
        t = following
    return t
