"""Critical values of the normal and of Student's distribution, without any optional package."""

from __future__ import annotations

import math
from functools import cache
from statistics import NormalDist

from therapeutic_process.change_process.arguments import need_between, need_positive

__all__ = ["normal_quantile", "student_quantile"]


def normal_quantile(p: float) -> float:
    """Return the standard normal quantile.

    >>> round(normal_quantile(0.975), 6)
    1.959964
    """
    return NormalDist().inv_cdf(need_between("p", p, 0, 1))


def _beta_fraction(x: float, a: float, b: float) -> float:
    # continued fraction of the incomplete beta function, Lentz's method (DLMF 8.17.22)
    tiny = 1e-300
    c, d = 1.0, 1 / ((1 - (a + b) * x / (a + 1)) or tiny)
    h = d
    for m in range(1, 10_000):
        even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        for step in (even, odd):
            d = 1 / ((1 + step * d) or tiny)
            c = (1 + step / c) or tiny
            h *= c * d
        if abs(c * d - 1) < 1e-16:
            break
    return h


def _incomplete_beta(x: float, a: float, b: float) -> float:
    if x <= 0 or x >= 1:
        return float(x >= 1)
    logs = math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log1p(-x)
    if x < (a + 1) / (a + b + 2):
        return math.exp(logs) * _beta_fraction(x, a, b) / a
    return 1 - math.exp(logs) * _beta_fraction(1 - x, b, a) / b


def _student_cdf(t: float, df: float) -> float:
    tail = _incomplete_beta(df / (df + t * t), df / 2, 0.5) / 2
    return 1 - tail if t > 0 else tail


def _student_density(t: float, df: float) -> float:
    log = math.lgamma((df + 1) / 2) - math.lgamma(df / 2) - 0.5 * math.log(df * math.pi)
    return math.exp(log - (df + 1) / 2 * math.log1p(t * t / df))


@cache
def student_quantile(p: float, df: float) -> float:
    """Return the quantile of Student's t.

    The critical values of the stability criterion of sudden gains (Lutz et al. 2013):

    >>> [round(student_quantile(0.975, df), 3) for df in (4, 3, 2)]
    [2.776, 3.182, 4.303]
    """
    need_between("p", p, 0, 1)
    need_positive("df", df)
    if p == 0.5:
        return 0.0
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
