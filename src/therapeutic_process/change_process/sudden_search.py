"""Find sudden changes in arrays of scores: the same criteria as over expressions, for eager frames."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs

from therapeutic_process.change_process.bootstrap import numpy_module
from therapeutic_process.change_process.score_series import blocks

if TYPE_CHECKING:
    from therapeutic_process.change_process.score_series import Series
    from therapeutic_process.change_process.sudden_rule import SuddenRule

__all__ = ["Places", "later_worst", "sudden_places"]


@attrs.frozen(eq=False)
class Places:
    """Positions N of intervals, and the bounds of the clients they lie in.

    Attributes:
        at: Position of N.
        low: First position of the client.
        high: First position of the next client.
    """

    at: Any
    low: Any
    high: Any

    def where(self, keep: Any) -> Places:
        """Return those that are to be kept."""
        return Places(self.at[keep], self.low[keep], self.high[keep])

    def around(self, s: Series, k: int) -> Any:
        """Return the scores ``k`` rows after N, NaN outside the client."""
        place = self.at + k
        values = s.score.take(place, mode="clip") if len(place) else s.score[:0].copy()
        if k < 0:
            values[place < self.low] = float("nan")
        elif k > 0:
            values[place >= self.high] = float("nan")
        return values


def _window(np: Any, values: Any) -> tuple[Any, Any, Any]:
    """Return count, mean and sum of squares of three scores, any of them missing."""
    a, b, c = values
    squares = np.zeros(len(a))
    for u, v in ((a, b), (b, c), (a, c)):
        apart = u - v
        apart *= apart
        squares += np.fmax(apart, 0.0)  # which takes 0 for NaN
    known = [v == v for v in values]  # noqa: PLR0124 - NaN is not equal to itself
    n = known[0].astype(np.int64) + known[1] + known[2]
    safe = np.maximum(n, 1)
    total = sum(np.where(k, v, 0.0) for k, v in zip(known, values, strict=True))
    return n, total / safe, squares / safe


def _stable(np: Any, s: Series, p: Places, rule: SuddenRule) -> Any:
    sign = rule.sign
    if rule.stability == "none":
        return np.ones(len(p.at), dtype=bool)
    if rule.uses_windows:
        n0, m0, q0 = _window(np, [p.around(s, k) for k in (-2, -1, 0)])
        n1, m1, q1 = _window(np, [p.around(s, k) for k in (1, 2, 3)])
        enough = (n0 >= 2) & (n1 >= 2)
        df = np.where(enough, n0 + n1 - 2, 4)
        critical = np.array([np.nan, np.nan, *(rule.critical_value(d) for d in (2, 3, 4))])[df]
        pooled = (q0 + q1) / df
        if rule.stability == "t_test":
            pooled = pooled * (1 / np.maximum(n0, 1) + 1 / np.maximum(n1, 1))
        return enough & ((m0 - m1) * sign > critical * np.sqrt(pooled))
    change = (s.score[p.at] - s.score[p.at + 1]) * sign
    if rule.stability == "share_kept":
        limit = s.score[p.at] * sign - change * rule.kept
        return (p.around(s, 2) * sign <= limit) & (p.around(s, 3) * sign <= limit)
    n, sd = _series_spread(np, s)
    whose = np.searchsorted(s.starts, p.at, side="right") - 1
    return (n[whose] >= 3) & (change >= sd[whose] * rule.series_sds)


def _series_spread(np: Any, s: Series) -> tuple[Any, Any]:
    starts = s.starts[:-1]
    known = ~np.isnan(s.score)
    n = np.add.reduceat(known.astype(np.int64), starts)
    safe = np.maximum(n, 1)
    mean = np.add.reduceat(np.where(known, s.score, 0.0), starts) / safe
    whose = np.repeat(np.arange(len(starts)), np.diff(s.starts))
    apart = np.where(known, s.score - mean[whose], 0.0)
    return n, np.sqrt(np.add.reduceat(apart * apart, starts) / np.maximum(n - 1, 1))


def _candidates(np: Any, x: Any, rule: SuddenRule) -> Any:
    """Return where a change is large enough, also from one client to the next."""
    if not rule.needs_both_scores:
        return np.arange(len(x) - 1)
    change = x[:-1] - x[1:] if rule.sign > 0 else x[1:] - x[:-1]
    return np.flatnonzero(change >= rule.cutoff if rule.cutoff is not None else ~np.isnan(change))


def sudden_places(s: Series, rule: SuddenRule) -> Places:
    """Return the places of the sudden changes: one look at every pair, a closer look at candidates."""
    np = numpy_module()
    x = s.score
    if len(x) < 2:
        none = np.zeros(0, dtype=np.int64)
        return Places(none, none, none)
    at = np.concatenate([_candidates(np, x[i : j + 1], rule) + i for i, j in blocks(len(x) - 1)])
    if rule.min_share is not None:
        at = at[(x[at] >= 0) & ((x[at] - x[at + 1]) * rule.sign >= x[at] * rule.min_share)]
    whose = np.searchsorted(s.starts, at, side="right") - 1
    p = Places(at, s.starts[whose], s.starts[whose + 1])
    before, after = p.at - p.low + 1, p.high - p.at - 1
    p = p.where((after >= max(1, rule.min_sessions_after)) & (before >= rule.min_sessions_before))
    return p.where(_stable(np, s, p, rule))


def later_worst(s: Series, p: Places, sign: int) -> Any:
    """Return the score after N+1, to the end, that lies furthest back; NaN where there is none."""
    np = numpy_module()
    worst = np.full(len(p.at), np.nan)
    longest_first = np.argsort(p.at - p.high, kind="stable")
    place, ways = p.at[longest_first], (p.at - p.high)[longest_first]
    for k in range(2, -int(ways[0]) if len(ways) else 0):
        going = int(np.searchsorted(ways, -k, side="left"))
        worst[:going] = np.fmax(worst[:going], s.score[place[:going] + k] * sign)
    out = np.empty(len(p.at))
    out[longest_first] = worst
    return out * sign
