"""Congruence of client and therapist over many dyads: averaged, as effects that truly differ between dyads."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Literal

import attrs

from therapeutic_process.session_process.averages import random_effects
from therapeutic_process.session_process.extra import Floats, np, special
from therapeutic_process.tables import frame_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    import polars as pl

    from therapeutic_process.session_process.congruence import Congruence, RatingCongruence

__all__ = ["CongruenceEffect", "CongruenceEffects", "congruence_effects"]

Measure = Literal["discrepancy", "absolute_discrepancy", "tracking", "correlation", "level_correlation"]


@attrs.frozen(repr=False)
class CongruenceEffect:
    """One measure of congruence on one scale, over dyads.

    Attributes:
        instrument: The instrument or coding system.
        scale: Its scale; None for the whole.
        target: ``session`` or ``segment``.
        measure: ``discrepancy``, ``absolute_discrepancy``, ``tracking``, ``correlation`` (within dyads, over sessions)
            or ``level_correlation`` (between dyads, of their mean levels).
        mean: The mean over dyads; for ``level_correlation`` the correlation.
        low: Lower end of its interval.
        high: Upper end.
        predicted_low: Lower end of the interval for a new dyad; None where it cannot be told.
        predicted_high: Upper end.
        n: Dyads that inform it.
        n_dropped: Dyads that do not.
        dropped_because: Why not, with counts, as text.
        undefined_because: Why there is no mean; None where there is one.
    """

    instrument: str
    scale: str | None
    target: str
    measure: Measure
    mean: float | None
    low: float | None
    high: float | None
    predicted_low: float | None
    predicted_high: float | None
    n: int
    n_dropped: int
    dropped_because: str
    undefined_because: str | None

    def __repr__(self) -> str:
        return f"CongruenceEffect({self.measure}, {self.n} dyads)"


@attrs.frozen(repr=False)
class CongruenceEffects:
    """Congruence over dyads, scale by scale.

    Attributes:
        rows: A row per scale and measure.
        n_dyads: Dyads that came in.
        confidence: Of the intervals.
        assumptions: What the numbers rest on.
    """

    rows: tuple[CongruenceEffect, ...]
    n_dyads: int
    confidence: float
    assumptions: tuple[str, ...]

    def to_frame(self) -> pl.DataFrame:
        """Return the rows as a table with the columns of `CongruenceEffect`."""
        return frame_of(self.rows, CongruenceEffect)

    def __repr__(self) -> str:
        scales = len({(r.instrument, r.scale, r.target) for r in self.rows})
        return f"CongruenceEffects({self.n_dyads} dyads on {scales} scales)"


_ASSUMPTIONS = (
    "Dyads are taken as independent: dyads of one therapist are not.",
    "A dyad's standard error takes its sessions as independent once the line is taken off.",
    "A common trend over the therapy counts as congruence.",
)


def congruence_effects(congruence: Congruence, *, confidence: float = 0.95) -> CongruenceEffects:
    """Average congruence over dyads, scale by scale.

    Two steps instead of one multilevel truth and bias model (West & Kenny 2011): each dyad's intercept (directional
    discrepancy) and slope (tracking), then their random-effects mean and the interval for a new dyad, as
    `random_effects` has it. Correlations are averaged as Fisher's z, variance 1 / (n - 3), and given back as
    correlations. The level correlation is that of the dyads' mean ratings.

    >>> import polars as pl
    >>> from therapeutic_process.session_process import rating_congruence, read_session_ratings
    >>> rows = [(k, s, role, role, s * sign + k) for k in (1, 2, 3) for s in (1, 2, 4, 3)
    ...         for role, sign in (("client", 1), ("therapist", 1 if s < 3 or k == 1 else 2))]
    >>> long = pl.DataFrame(rows, schema=["client_id", "session", "role", "rater", "value"], orient="row")
    >>> found = congruence_effects(rating_congruence(read_session_ratings(long.with_columns(scale=pl.lit("bond")))))
    >>> [(row.measure, row.n) for row in found.rows][:3]
    [('discrepancy', 2), ('absolute_discrepancy', 3), ('tracking', 2)]

    Args:
        congruence: Congruence of the dyads of many clients.
        confidence: Of the intervals.

    Returns:
        A row per scale and measure.
    """
    scales: dict[tuple[str, str, str], list[RatingCongruence]] = {}
    for row in congruence.rows:
        scales.setdefault((row.instrument, row.scale or "", row.target), []).append(row)
    rows = [one for dyads in scales.values() for one in _measures(dyads, confidence)]
    return CongruenceEffects(tuple(rows), len(congruence.rows), confidence, _ASSUMPTIONS)


def _measures(dyads: Sequence[RatingCongruence], confidence: float) -> Iterator[CongruenceEffect]:
    yield _averaged(dyads, "discrepancy", _discrepancy, confidence)
    yield _plain_mean(dyads)
    yield _averaged(dyads, "tracking", _tracking, confidence)
    yield _averaged(dyads, "correlation", _correlation, confidence)
    yield _level(dyads, confidence)


_Effect = tuple[float, float] | str
"""An effect and its standard error, or why a dyad has none."""


def _discrepancy(one: RatingCongruence) -> _Effect:
    if one.discrepancy is None or one.discrepancy_sd is None:
        return "fewer_than_2_pairs"
    if one.discrepancy_sd == 0:
        return "difference_does_not_vary"
    return one.discrepancy, one.discrepancy_sd / one.n_paired**0.5


def _tracking(one: RatingCongruence) -> _Effect:
    if one.tracking is None or one.tracking_se is None:
        return one.undefined_because or "fewer_than_3_pairs"
    # Rounding leaves a perfect line with a standard error of about 1e-16.
    return (one.tracking, one.tracking_se) if one.tracking_se > 1e-12 else "no_variation_about_the_line"


def _correlation(one: RatingCongruence) -> _Effect:
    if one.correlation is None:
        return one.undefined_because or "fewer_than_3_pairs"
    if one.n_paired < 4:
        return "fewer_than_4_pairs"
    if abs(one.correlation) > 1 - 1e-12:
        return "correlation_of_1"
    return float(np.arctanh(one.correlation)), (one.n_paired - 3) ** -0.5


def _averaged(
    dyads: Sequence[RatingCongruence],
    measure: Measure,
    effect: Callable[[RatingCongruence], _Effect],
    confidence: float,
) -> CongruenceEffect:
    found = [effect(one) for one in dyads]
    used = [one for one in found if not isinstance(one, str)]
    why = Counter(one for one in found if isinstance(one, str))
    if len(used) < 2:
        return _row(dyads[0], measure, None, len(used), why, "fewer_than_2_dyads")
    table = np.array(used)
    mean = random_effects(table[:, :1], table[:, 1:], confidence=confidence)
    ends = mean.mean, mean.low, mean.high, mean.predicted_low, mean.predicted_high
    numbers = np.concatenate(ends)
    values: Floats = np.tanh(numbers) if measure == "correlation" else numbers
    return _row(dyads[0], measure, values, len(used), why, None)


def _plain_mean(dyads: Sequence[RatingCongruence]) -> CongruenceEffect:
    values = [one.absolute_discrepancy for one in dyads if one.absolute_discrepancy is not None]
    why = Counter({"no_pairs": len(dyads) - len(values)})
    if not values:
        return _row(dyads[0], "absolute_discrepancy", None, 0, why, "no_dyad_with_pairs")
    return _row(
        dyads[0], "absolute_discrepancy", np.array([np.mean(values), *[np.nan] * 4]), len(values), why, None
    )


def _level(dyads: Sequence[RatingCongruence], confidence: float) -> CongruenceEffect:
    pairs = [
        (one.criterion_mean, one.judge_mean)
        for one in dyads
        if one.criterion_mean is not None and one.judge_mean is not None
    ]
    why = Counter({"no_pairs": len(dyads) - len(pairs)})
    levels = np.array(pairs, dtype=np.float64).reshape(-1, 2)
    if len(pairs) < 3:
        return _row(dyads[0], "level_correlation", None, len(pairs), why, "fewer_than_3_dyads")
    if bool((np.ptp(levels, axis=0) == 0).any()):
        return _row(dyads[0], "level_correlation", None, len(pairs), why, "levels_do_not_vary")
    r = _pearson(levels)
    return _row(dyads[0], "level_correlation", _fisher(r, len(pairs), confidence), len(pairs), why, None)


def _pearson(levels: Floats) -> float:
    off = levels - levels.mean(0)
    r = off.prod(1).sum() / np.sqrt((off**2).sum(0).prod())
    return float(np.clip(r, -1, 1))


def _fisher(r: float, n: int, confidence: float) -> Floats:
    """Return a correlation and the ends of its interval by Fisher's z; no ends with fewer than 4."""
    if n < 4 or abs(r) > 1 - 1e-12:
        return np.array([r, np.nan, np.nan, np.nan, np.nan])
    reach = float(special.ndtri(0.5 + confidence / 2)) * (n - 3) ** -0.5
    z = np.arctanh(r)
    return np.array([r, np.tanh(z - reach), np.tanh(z + reach), np.nan, np.nan])


def _row(
    one: RatingCongruence,
    measure: Measure,
    values: Floats | None,
    n: int,
    dropped: Counter[str],
    why: str | None,
) -> CongruenceEffect:
    known = np.full(5, np.nan) if values is None else values
    mean, low, high, from_, to = (None if np.isnan(v) else float(v) for v in known.tolist())
    reasons = ", ".join(f"{k} {reason}" for reason, k in sorted(dropped.items()) if k)
    lost = sum(dropped.values())
    place = one.instrument, one.scale, one.target
    return CongruenceEffect(*place, measure, mean, low, high, from_, to, n, lost, reasons, why)
