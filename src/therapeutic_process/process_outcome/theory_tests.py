# ruff: noqa: PT028  its function is no test of this library
"""The test of a theory of change: every mechanism against the declared direction, size and bounds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import attrs

from therapeutic_process.change_process import ChangePattern, Mechanism, TheoryOfChange, fingerprint
from therapeutic_process.errors import CannotEstimate, NotEnoughData, TableError
from therapeutic_process.instruments import builtin_catalogue
from therapeutic_process.process_outcome.joint_model import lagged_within_client_effect
from therapeutic_process.process_outcome.layout import Layout, Timing, require_level, require_timing
from therapeutic_process.process_outcome.theory_changes import described_changes, why_no_verdict
from therapeutic_process.process_outcome.theory_judging import (
    COLUMNS,
    Estimated,
    InertOptions,
    all_lags,
    at_lag,
)
from therapeutic_process.process_outcome.theory_mechanisms import LagTest
from therapeutic_process.process_outcome.theory_series import (
    TOO_SOON,
    Lag,
    Series,
    Source,
    declared_lags,
    series_of,
    undeclared,
    within_days,
)
from therapeutic_process.process_outcome.theory_verdicts import TheoryTest

if TYPE_CHECKING:
    import numpy as np
    from narwhals.stable.v2.typing import IntoFrame

    from therapeutic_process.instruments import Catalogue
    from therapeutic_process.process_outcome.effect_values import Respondent
    from therapeutic_process.records import Case

__all__ = ["test_theory"]

_NAME = "test_theory"
AFTER = "score_after"
_OF_THE_DATA = {"no_outcome", "too_many_occasions"}  # other broken contracts are the table's, not the data's


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

    A mechanism is *supported* where the robust interval of the joint model, Holm-adjusted over all mechanisms and lags
    tested, excludes 0 in the declared direction at a declared lag and every kept reading reaches the smallest effect;
    *contradicted* where it excludes 0 the other way, or the process is inert at every lag; else *inconclusive*. Where
    the placebo lead rejects, a contradiction becomes inconclusive. Holm (1979); Schuirmann (1987) for inert.
    Changes outside sessions as the effect get no verdict, but the rate after sessions with the cause: where sessions
    follow bad weeks, every test of such events rejects a true null in half of all cohorts or more.

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
        data: Cases; or a table per mechanism id, with the columns `client_id`, `session`, `score` and `process`, for a
            lag in days also `days`, and for timing `both` also `score_after`.
        timing: When the scores were taken, `before` or `after` their session, or `both`; must be declared.
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
        CannotEstimate: With codes `timing_undeclared` and `level_undefined`. What a mechanism lacks makes it not
            testable instead.
        TableError: If a table does not keep its contract.
    """
    require_level(_NAME, level)
    when = require_timing(_NAME, timing)
    source: Source = data if isinstance(data, Mapping) else tuple(data)
    options = {"respondent": respondent, "complete": complete, "catalogue": catalogue or builtin_catalogue()}
    tried = [_tried(m, source, when, cluster, options) for m in theory.mechanisms]
    estimated = [one for mechanism in tried for one in mechanism.lags if isinstance(one, Estimated)]
    holm = iter(_holm([one.effect.p_value for one in estimated], 1 - level))
    tests = []
    for one in tried:
        inert = InertOptions((coder_reliability or {}).get(one.mechanism.id), rng, replications)
        lags = [at_lag(x, *next(holm), inert) if isinstance(x, Estimated) else x for x in one.lags]
        found = all_lags(one.mechanism, lags, one.expected_sign, one.series)
        tests.append(described_changes(found, source, complete=complete))
    return TheoryTest(tuple(tests), fingerprint(theory), registered, level, len(estimated))


# Runners of tests look for functions of this name.
vars(test_theory)["__test__"] = False


@attrs.frozen(eq=False)
class _Tried:
    """A mechanism at its declared lags, estimated or not."""

    mechanism: Mechanism
    lags: Sequence[Estimated | LagTest]
    series: Series | None = None

    @property
    def expected_sign(self) -> int | None:
        return next((one.expected_sign for one in self.lags if isinstance(one, Estimated)), None)


def _tried(
    mechanism: Mechanism, source: Source, timing: Timing, cluster: str | None, options: dict[str, Any]
) -> _Tried:
    """Estimate a mechanism at every declared lag, or say why that cannot be."""
    lacking = undeclared(mechanism)
    if lacking is not None:
        return _Tried(mechanism, [_not_testable("not declared", lacking)])
    lags = declared_lags(mechanism, timing)
    found: Series | str
    if isinstance(mechanism.effect, ChangePattern):
        found = why_no_verdict(mechanism.effect)
    else:
        try:
            found = series_of(mechanism, source, timing, cluster, options)
        except (CannotEstimate, NotEnoughData) as refusal:
            found = str(refusal)
    if isinstance(found, str):
        return _Tried(mechanism, [_not_testable(lag.said, found) for lag in lags])
    return _Tried(mechanism, [_at(mechanism, found, lag, timing) for lag in lags], found)


def _not_testable(lag: str, reason: str) -> LagTest:
    return LagTest(lag, "not testable", (reason,))


def _at(mechanism: Mechanism, series: Series, lag: Lag, timing: Timing) -> Estimated | LagTest:
    """Return the estimate at one lag, or why there is none."""
    if lag.scores < 1:
        return _not_testable(lag.said, TOO_SOON)
    kept = series if lag.days is None else within_days(series, lag, timing)
    if isinstance(kept, str):
        return _not_testable(lag.said, kept)
    layout = Layout(timing=timing, lag=lag.scores, outcome_after=AFTER)
    try:
        effect = lagged_within_client_effect(kept.table, layout=layout, cluster=kept.cluster, **COLUMNS)
    except CannotEstimate as refusal:
        return _not_testable(lag.said, str(refusal))
    except TableError as broken:
        if broken.code not in _OF_THE_DATA:
            raise
        return _not_testable(lag.said, str(broken))
    return Estimated(mechanism, lag, kept, effect)


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
