# ruff: noqa: PT028  its function is no test of this library
"""The test of a theory of change: every mechanism against the declared direction, size and bounds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import attrs
from scipy import stats

from therapeutic_process.change_process import (
    ChangePattern,
    Mechanism,
    TaskPattern,
    TheoryOfChange,
    fingerprint,
)
from therapeutic_process.errors import CannotEstimate, NotEnoughData
from therapeutic_process.instruments import Direction, builtin_catalogue
from therapeutic_process.process_outcome.equivalence import InertVerdict, inert_process
from therapeutic_process.process_outcome.joint_model import lagged_within_client_effect
from therapeutic_process.process_outcome.joint_result import WithinClientEffect
from therapeutic_process.process_outcome.panel import Timing, require_timing
from therapeutic_process.process_outcome.process_tables import ProcessTable, process_table
from therapeutic_process.process_outcome.score_quality import outcome_direction
from therapeutic_process.process_outcome.theory_verdicts import MechanismTest, MechanismVerdict, TheoryTest

if TYPE_CHECKING:
    import numpy as np
    from narwhals.stable.v2.typing import IntoFrame

    from therapeutic_process.instruments import Catalogue
    from therapeutic_process.process_outcome.effect_values import Respondent
    from therapeutic_process.records import Case

__all__ = ["test_theory"]

_NAME = "test_theory"
_COLUMNS: dict[str, Any] = {"outcome": "score", "process": "process"}


@attrs.frozen(eq=False)
class _Estimated:
    """A mechanism with its table and its estimate."""

    mechanism: Mechanism
    table: Any
    better: Direction
    cluster: str | None
    effect: WithinClientEffect
    dropped: tuple[tuple[str, int], ...]
    warnings: tuple[str, ...]

    @property
    def expected_sign(self) -> int:
        return 1 if (self.mechanism.direction == "improvement") == (self.better == "higher_better") else -1

    def interval(self, level: float) -> tuple[float, float]:
        """Return the union of the kept readings' intervals at a level."""
        ends = []
        for reading in (self.effect.reading(name) for name in self.effect.kept):
            half = reading.standard_error * float(stats.t.ppf(0.5 + level / 2, reading.degrees_of_freedom))
            ends.append((reading.effect - half, reading.effect + half))
        return min(low for low, _ in ends), max(high for _, high in ends)


def test_theory(
    theory: TheoryOfChange,
    data: Iterable[Case] | Mapping[str, IntoFrame],
    *,
    timing: Timing | None = None,
    registered: str | None = None,
    coder_reliability: Mapping[str, float] | None = None,
    rng: np.random.Generator | None = None,
    respondent: Respondent = "client",
    complete: bool = False,
    cluster: str | None = None,
    catalogue: Catalogue | None = None,
    level: float = 0.95,
    replications: int = 100,
) -> TheoryTest:
    """Test every mechanism of a theory; what was not declared beforehand is not tested.

    A mechanism is *supported* where the robust interval of the joint model, Holm-adjusted over the mechanisms tested,
    excludes 0 in the declared direction and every kept reading reaches the smallest effect; *contradicted* where it
    excludes 0 the other way, or the process is inert; else *inconclusive*. Where the placebo lead rejects, a
    contradiction becomes inconclusive. Holm (1979); Schuirmann (1987) for inert.

    >>> import numpy as np, polars as pl
    >>> from therapeutic_process.change_process import CodePattern, LagWindow, Mechanism, ScorePattern, TheoryOfChange
    >>> from therapeutic_process.simulate import simulate_cohort
    >>> table = simulate_cohort("pure", n_clients=99, n_sessions=12, effect=2.5, rng=np.random.default_rng(1)).table
    >>> table = table.rename({"outcome_before": "score", "event": "process"})
    >>> mechanism = Mechanism(id="talk", cause=CodePattern(system="automisc", codes=("C",)),
    ...     effect=ScorePattern(instrument="phq9"), lag=LagWindow(unit="sessions", shortest=1, longest=1),
    ...     direction="improvement", smallest_effect=0.5)
    >>> theory = TheoryOfChange(id="mi", name="Change talk", mechanisms=(mechanism,))
    >>> test_theory(theory, {"talk": table}, timing="before")
    <TheoryTest 1 supported>

    Args:
        theory: The theory.
        data: Cases; or a table per mechanism id, with the columns `client_id`, `session`, `score` and `process`.
        timing: When the scores were taken, `before` or `after` their session; must be declared.
        registered: The fingerprint of the theory that was written down before the data were seen.
        coder_reliability: By mechanism, the share of the process's variance within clients that is no coding error;
            without it a process is not tested for being inert.
        rng: The source of randomness for that test.
        respondent: Who gave the scores, where data are cases.
        complete: Whether all tasks and events were recorded, where data are cases.
        cluster: Column of the therapist, group or couple in the tables; cases with several clients are clusters.
        catalogue: Where to look up which direction is better; by default the built-in catalogue.
        level: Level before Holm's correction.
        replications: Cohorts simulated at each bound to see whether the design could tell.

    Raises:
        CannotEstimate: With code `timing_undeclared`. What a mechanism lacks makes it not testable instead.
        TableError: If a table does not keep its contract.
    """
    when = require_timing(_NAME, timing)
    source = data if isinstance(data, Mapping) else tuple(data)
    known = catalogue or builtin_catalogue()
    options = {"respondent": respondent, "complete": complete, "catalogue": known}
    tried = [_tried(m, source, when, cluster, options) for m in theory.mechanisms]
    estimated = [t for t in tried if isinstance(t, _Estimated)]
    holm = _holm([t.effect.p_value for t in estimated], 1 - level)
    corrected = {t.mechanism.id: found for t, found in zip(estimated, holm, strict=True)}
    tests = []
    for one in tried:
        if isinstance(one, MechanismTest):
            tests.append(one)
            continue
        reliability = (coder_reliability or {}).get(one.mechanism.id)
        tests.append(_judged(one, *corrected[one.mechanism.id], reliability, rng, replications))
    return TheoryTest(tuple(tests), fingerprint(theory), registered, level, len(estimated))


# Runners of tests look for functions of this name.
vars(test_theory)["__test__"] = False


def _tried(
    mechanism: Mechanism,
    source: tuple[Case, ...] | Mapping[str, IntoFrame],
    timing: Timing,
    cluster: str | None,
    options: dict[str, Any],
) -> _Estimated | MechanismTest:
    """Return the estimate of a mechanism, or why it is not testable."""
    reason = _untestable(mechanism, timing)
    if reason is not None:
        return MechanismTest(mechanism, "not testable", (reason,))
    if isinstance(source, Mapping) and mechanism.id not in source:
        return MechanismTest(mechanism, "not testable", ("no table was given for it",))
    try:
        return _estimated(mechanism, source, timing, cluster, options)
    except (CannotEstimate, NotEnoughData) as refusal:
        return MechanismTest(mechanism, "not testable", (str(refusal),))


def _untestable(mechanism: Mechanism, timing: Timing) -> str | None:
    if mechanism.undeclared:
        return f"not declared: {', '.join(mechanism.undeclared)}"
    if isinstance(mechanism.effect, ChangePattern):
        return "changes outside sessions are no series of scores: see event_crossover_effect"
    lag, cause = mechanism.lag, mechanism.cause
    later = isinstance(cause, TaskPattern) and cause.amount != "assigned"
    needed = 1 if timing == "before" or later else 0
    if lag is None or (lag.unit, lag.shortest, lag.longest) != ("sessions", needed, needed):
        found = "no lag" if lag is None else f"{lag.shortest:g} to {lag.longest:g} {lag.unit}"
        return f"scores taken {timing} sessions test a lag of {needed} sessions, declared: {found}"
    return None


def _estimated(
    mechanism: Mechanism,
    source: tuple[Case, ...] | Mapping[str, IntoFrame],
    timing: Timing,
    cluster: str | None,
    options: dict[str, Any],
) -> _Estimated | MechanismTest:
    made: ProcessTable | None = None
    table: Any
    if isinstance(source, Mapping):
        table = source[mechanism.id]
        better = _direction(mechanism, options["catalogue"])
    else:
        made = process_table(source, cause=mechanism.cause, effect=mechanism.effect, timing=timing, **options)
        table, better = made.table, made.better
        cluster = "case_id" if made.several_clients else None
    dropped, warnings = (made.dropped, made.warnings) if made else ((), ())
    if better is None:
        reason = "the instrument does not say which direction of the score is improvement"
        return MechanismTest(mechanism, "not testable", (reason,), dropped=dropped, warnings=warnings)
    try:
        effect = lagged_within_client_effect(table, timing=timing, cluster=cluster, **_COLUMNS)
    except CannotEstimate as refusal:
        return MechanismTest(mechanism, "not testable", (str(refusal),), dropped=dropped, warnings=warnings)
    return _Estimated(
        mechanism, table, better, cluster, effect, dropped + effect.dropped, warnings + effect.warnings
    )


def _direction(mechanism: Mechanism, known: Catalogue) -> Direction | None:
    return None if isinstance(mechanism.effect, ChangePattern) else outcome_direction(mechanism.effect, known)


def _holm(p_values: list[float], alpha: float) -> list[tuple[float, float]]:
    """Return the level of each interval and the adjusted p, by Holm's step-down.

    After the first p that is not small enough, the levels stay: no later interval excludes 0.
    """
    m, highest, held = len(p_values), 0.0, 0
    found: dict[int, tuple[float, float]] = {}
    for rank, i in enumerate(sorted(range(m), key=lambda k: p_values[k])):
        highest = max(highest, min(1.0, (m - rank) * p_values[i]))
        if highest < alpha:
            held = rank + 1
        found[i] = (1 - alpha / (m - min(rank, held)), highest)
    return [found[i] for i in range(m)]


def _judged(
    one: _Estimated,
    level: float,
    p_holm: float,
    reliability: float | None,
    rng: np.random.Generator | None,
    replications: int,
) -> MechanismTest:
    low, high = one.interval(level)
    sign, conditional = one.expected_sign, one.effect.placebo.rejects
    toward = low > 0 if sign > 0 else high < 0
    against = high < 0 if sign > 0 else low > 0
    smallest = one.mechanism.smallest_effect or 0.0
    kept = [sign * one.effect.reading(name).effect for name in one.effect.kept]
    supported = toward and min(kept) >= smallest
    inert, said = (None, "") if supported else _inert(one, reliability, rng, replications)
    verdict: MechanismVerdict = "supported" if supported else "inconclusive"
    reasons = [_reason(toward=toward, against=against, least=min(kept), smallest=smallest)]
    reasons += [said] if said else []
    if not supported and (against or (inert is not None and inert.verdict == "inert")):
        verdict = "inconclusive" if conditional else "contradicted"
        if conditional:
            reasons.append("the placebo lead rejects: what would contradict may be what the event follows")
    return MechanismTest(
        mechanism=one.mechanism,
        verdict=verdict,
        reasons=tuple(reasons),
        conditional=conditional,
        expected_sign=sign,
        level=level,
        interval=(low, high),
        p_holm=p_holm,
        effect=one.effect,
        inert=inert,
        dropped=one.dropped,
        warnings=one.warnings,
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


def _inert(
    one: _Estimated, reliability: float | None, rng: np.random.Generator | None, replications: int
) -> tuple[InertVerdict | None, str]:
    bounds = one.mechanism.inert_bounds
    if bounds is None:
        return None, ""
    if reliability is None or rng is None:
        return None, "not tested for being inert: that needs a coder reliability and an rng"
    try:
        found = inert_process(
            one.table,
            bounds=(bounds.lower, bounds.upper),
            coder_reliability=reliability,
            rng=rng,
            timing=one.effect.timing,
            cluster=one.cluster,
            replications=replications,
            **_COLUMNS,
        )
    except CannotEstimate as refusal:
        return None, f"not tested for being inert: {refusal}"
    low, high = found.interval
    return found, f"{found.verdict} within {bounds.lower:g} to {bounds.upper:g}: 90 % {low:.3g} to {high:.3g}"
