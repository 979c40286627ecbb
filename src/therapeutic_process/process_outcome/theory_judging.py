"""The verdict on a mechanism: at each declared lag, and from all of them together."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs
import numpy as np
from scipy import stats

from therapeutic_process.change_process import Mechanism
from therapeutic_process.errors import CannotEstimate
from therapeutic_process.process_outcome.equivalence import InertVerdict, inert_process
from therapeutic_process.process_outcome.joint_result import WithinClientEffect
from therapeutic_process.process_outcome.theory_mechanisms import LagTest, MechanismTest, MechanismVerdict
from therapeutic_process.process_outcome.theory_series import Lag, Series

if TYPE_CHECKING:
    from collections.abc import Sequence


__all__ = ["COLUMNS", "Estimated", "InertOptions", "all_lags", "at_lag"]

COLUMNS: dict[str, Any] = {"outcome": "score", "process": "process"}


@attrs.frozen(eq=False)
class InertOptions:
    """What the test of being inert needs."""

    reliability: float | None
    rng: np.random.Generator | None
    replications: int


@attrs.frozen(eq=False)
class Estimated:
    """A mechanism at one lag, with its series and its estimate."""

    mechanism: Mechanism
    lag: Lag
    series: Series
    effect: WithinClientEffect

    @property
    def expected_sign(self) -> int:
        """1 where more of the cause should go with a higher score, else −1."""
        improves = self.mechanism.direction == "improvement"
        return 1 if improves == (self.series.better == "higher_better") else -1

    def interval(self, level: float) -> tuple[float, float]:
        """Return the union of the kept readings' intervals at a level."""
        ends = []
        for reading in (self.effect.reading(name) for name in self.effect.kept):
            half = reading.standard_error * float(stats.t.ppf(0.5 + level / 2, reading.degrees_of_freedom))
            ends.append((reading.effect - half, reading.effect + half))
        return min(low for low, _ in ends), max(high for _, high in ends)


def at_lag(one: Estimated, level: float, p_holm: float, inert: InertOptions) -> LagTest:
    """Return the verdict on a mechanism at one lag.

    Args:
        one: The estimate.
        level: Level of its interval, after Holm's correction.
        p_holm: Its p, after Holm's correction.
        inert: What the test of being inert needs.
    """
    low, high = one.interval(level)
    sign, conditional = one.expected_sign, one.effect.placebo.rejects
    toward = low > 0 if sign > 0 else high < 0
    against = high < 0 if sign > 0 else low > 0
    smallest = one.mechanism.smallest_effect or 0.0
    least = min(sign * one.effect.reading(name).effect for name in one.effect.kept)
    supported = toward and least >= smallest
    found, said = (None, "") if supported else _inert(one, inert)
    verdict: MechanismVerdict = "supported" if supported else "inconclusive"
    reasons = [_reason(toward=toward, against=against, least=least, smallest=smallest)]
    reasons += [said] if said else []
    if not supported and (against or (found is not None and found.verdict == "inert")):
        verdict = "inconclusive" if conditional else "contradicted"
        if conditional:
            reasons.append("the placebo lead rejects: what would contradict may be what the event follows")
    return LagTest(
        lag=one.lag.said,
        verdict=verdict,
        reasons=tuple(reasons),
        conditional=conditional,
        level=level,
        interval=(low, high),
        p_holm=p_holm,
        effect=one.effect,
        inert=found,
        dropped=one.series.dropped + one.effect.dropped,
    )


def _reason(*, toward: bool, against: bool, least: float, smallest: float) -> str:
    if against:
        return "the interval excludes 0 in the other direction"
    if not toward:
        return "the interval includes 0, which is no evidence that the process is inert"
    if least < smallest:
        return (
            f"the interval excludes 0, but a reading of {least:.3g} is below the smallest effect {smallest:g}"
        )
    return f"every kept reading reaches the smallest effect of {smallest:g} points"


def _inert(one: Estimated, options: InertOptions) -> tuple[InertVerdict | None, str]:
    bounds = one.mechanism.inert_bounds
    if bounds is None:
        return None, ""
    if options.reliability is None or options.rng is None:
        return None, "not tested for being inert: that needs a coder reliability and an rng"
    try:
        found = inert_process(
            one.series.table,
            bounds=(bounds.lower, bounds.upper),
            coder_reliability=options.reliability,
            rng=options.rng,
            layout=one.effect.layout,
            cluster=one.series.cluster,
            replications=options.replications,
            **COLUMNS,
        )
    except CannotEstimate as refusal:
        return None, f"not tested for being inert: {refusal}"
    low, high = found.interval
    return found, f"{found.verdict} within {bounds.lower:g} to {bounds.upper:g}: 90 % {low:.3g} to {high:.3g}"


def all_lags(
    mechanism: Mechanism, lags: Sequence[LagTest], expected_sign: int | None, series: Series | None
) -> MechanismTest:
    """Return the verdict on a mechanism from its verdicts at every declared lag.

    Args:
        mechanism: The mechanism.
        lags: A test per declared lag.
        expected_sign: The sign that the mechanism declares.
        series: What it was tested on.
    """
    dropped, warnings = (series.dropped, series.warnings) if series else ((), ())
    tested = [one for one in lags if one.effect is not None]
    if not tested:
        told = lags[0].reasons
        return MechanismTest(
            mechanism, "not testable", told, dropped=dropped, warnings=warnings, lags=tuple(lags)
        )
    verdict, deciding, more = _decided(lags, tested)
    effect = deciding.effect
    return MechanismTest(
        mechanism=mechanism,
        verdict=verdict,
        reasons=(*_told(deciding, several=len(lags) > 1), *more),
        conditional=deciding.conditional,
        expected_sign=expected_sign,
        level=deciding.level,
        interval=deciding.interval,
        p_holm=deciding.p_holm,
        effect=effect,
        inert=deciding.inert,
        dropped=deciding.dropped,
        warnings=warnings + (effect.warnings if effect else ()),
        lags=tuple(lags),
    )


def _decided(
    lags: Sequence[LagTest], tested: Sequence[LagTest]
) -> tuple[MechanismVerdict, LagTest, tuple[str, ...]]:
    """Return the verdict, the lag that it rests on, and what else is to be said."""
    supported = [one for one in tested if one.verdict == "supported"]
    against = [one for one in tested if one.verdict == "contradicted" and not _within_bounds_only(one)]
    count = f"{len(tested)} of {len(lags)} declared lags were tested"
    more = (count,) if len(tested) < len(lags) else ()
    if supported and against:
        told = f"the lags disagree: {len(supported)} in the declared direction, {len(against)} in the other"
        return "inconclusive", _least_p(supported), (told, *more)
    if supported:
        return "supported", _least_p(supported), more
    if against:
        return "contradicted", _least_p(against), more
    if all(one.verdict == "contradicted" for one in lags):
        return "contradicted", _least_p(tested), more
    return "inconclusive", _least_p([o for o in tested if o.verdict == "inconclusive"] or tested), more


def _within_bounds_only(one: LagTest) -> bool:
    """Say whether a lag contradicts only because the effect is too small to matter."""
    low, high = one.interval or (0.0, 0.0)
    return one.shown_inert and low <= 0 <= high


def _least_p(several: Sequence[LagTest]) -> LagTest:
    return min(several, key=lambda one: 1.0 if one.p_holm is None else one.p_holm)


def _told(deciding: LagTest, *, several: bool) -> tuple[str, ...]:
    if not several:
        return deciding.reasons
    return tuple(f"at a lag of {deciding.lag}: {reason}" for reason in deciding.reasons)
