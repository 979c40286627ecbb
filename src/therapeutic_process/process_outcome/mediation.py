"""Whether what goes on between sessions carries the link of a session with the next score, within clients."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from therapeutic_process.errors import CannotEstimate
from therapeutic_process.process_outcome.diagnostics import (
    informative_clients,
    placebo_lead,
    within_client_sd,
)
from therapeutic_process.process_outcome.joint_fit import FitFailed, ReadingFit, fit_reading, start_values
from therapeutic_process.process_outcome.joint_likelihood import Patterns, group_by_pattern
from therapeutic_process.process_outcome.joint_mediation import mediation_structure
from therapeutic_process.process_outcome.joint_model import kept_readings
from therapeutic_process.process_outcome.joint_usable import few_clients, refuse_thin, usable_clients
from therapeutic_process.process_outcome.layout import Layout, Timing, declared, require_level
from therapeutic_process.process_outcome.mediation_result import (
    SCREEN_LIMITS,
    MediationReading,
    WithinClientMediation,
)
from therapeutic_process.process_outcome.panel_reading import read_panel
from therapeutic_process.process_outcome.screen import MIN_CLIENTS, MIN_ROWS, screen_columns
from therapeutic_process.process_outcome.screen_result import SHORT, SHRINKS
from therapeutic_process.process_outcome.sweep import (
    Degenerate,
    LeastSquares,
    RankDeficient,
    least_squares,
    refuse_dependent,
    sweep,
)

if TYPE_CHECKING:
    from narwhals.stable.v2.typing import IntoFrame

    from therapeutic_process.process_outcome.joint_covariance import Reading
    from therapeutic_process.process_outcome.panel import Panel

__all__ = ["WithinClientMediation", "within_client_mediation"]

Array = NDArray[np.float64]
Estimator = Literal["joint", "screen"]
_NAME = "within_client_mediation"
_READINGS: tuple[Reading, ...] = ("score", "state")
_MIN_VARYING = 15


def within_client_mediation(
    table: IntoFrame,
    *,
    rng: np.random.Generator,
    mediator: str,
    mediator_timing: Literal["between"] | None = None,
    timing: Timing | None = None,
    client: str = "client_id",
    session: str = "session",
    outcome: str = "outcome_before",
    process: str = "event",
    draws: int = 20_000,
    level: float = 0.95,
    layout: Layout | None = None,
    estimator: Estimator = "joint",
) -> WithinClientMediation:
    """Estimate how far a mediator between sessions carries the link of a session with the next score.

    Both paths are within clients (Bolger & Laurenceau 2013, ch. 9). The joint model of `lagged_within_client_effect`
    is fitted to three series, in both readings, and the interval of a·b, Monte-Carlo from the sandwich covariance of
    a and b (Preacher & Selig 2012), is the union over the readings. The screen instead takes out client lines,
    session effects and the last two scores by least squares; it is fast, and shrinks a·b.

    >>> import polars as pl
    >>> from therapeutic_process.simulate import simulate_cohort
    >>> rng = np.random.default_rng(1)
    >>> table = simulate_cohort("pure", n_clients=90, n_sessions=10, rng=rng).table
    >>> table = table.with_columns(practice=pl.col("event") + pl.Series(rng.normal(size=table.height)))
    >>> found = within_client_mediation(table, rng=rng, mediator="practice", mediator_timing="between",
    ...                                 timing="before")
    >>> abs(found.a - 1) < 0.2, found.interval[0] < 0 < found.interval[1]
    (True, True)

    Args:
        table: One row per client and session, any frame Narwhals knows; the last row may hold only a score.
        rng: The source of randomness for the interval.
        mediator: Column of the mediator, in the row of the session that it follows.
        mediator_timing: That the mediator lies `between` the session and the next score; must be declared.
        timing: When the score of a row was taken, `before` or `after` its session; must be declared, here or in
            `layout`.
        client: Column of the client.
        session: Column of the session's number.
        outcome: Column of the score.
        process: Column of the event or process score.
        draws: Monte-Carlo draws.
        level: Level of the interval.
        layout: Timing, aggregator and time axis in one, instead of `timing` alone.
        estimator: The `joint` model, or the `screen`.

    Raises:
        CannotEstimate: With codes `timing_undeclared`, also of a mediator that is not between; `shared_items`,
            `rank_deficient`, `estimator_unknown`, `lag_undefined` for a lag or covariates, and those of
            `lagged_within_client_effect`.
        TableError: If the table does not keep its contract.
    """
    require_level(_NAME, level)
    plan = declared(_NAME, timing, layout)
    _refuse_order(mediator, mediator_timing, (outcome, process))
    if estimator not in get_args(Estimator):
        needed = "estimator 'joint' or 'screen'"
        raise CannotEstimate(_NAME, "estimator_unknown", needed=needed, found="another")
    _refuse_plan(plan, estimator)
    panel = read_panel(
        table, layout=plan, client=client, session=session, outcome=outcome, process=process, extra=[mediator]
    )
    if estimator == "screen":
        return _by_screen(panel, mediator, rng, draws, level)
    return _by_joint_model(panel, mediator, rng, draws, level)


def _refuse_plan(plan: Layout, estimator: Estimator) -> None:
    if plan.timing == "both":
        needed = "one score per session: the mediator lies between it and the next"
        raise CannotEstimate(_NAME, "timing_undeclared", needed=needed, found="two per session")
    alone = not plan.covariates and not plan.elapsed_days and not plan.lagged_process
    if plan.lag > 1 or plan.lag_days is not None or (estimator == "joint" and not alone):
        needed = "the first score after the session, and no covariates in the joint model"
        raise CannotEstimate(_NAME, "lag_undefined", needed=needed, found="another layout")


def _by_joint_model(
    panel: Panel, mediator: str, rng: np.random.Generator, draws: int, level: float
) -> WithinClientMediation:
    kept, dropped = usable_clients(panel)
    grids = (kept.outcome, kept.process, kept.extra[mediator][:, :-1])
    refuse_thin(kept, _NAME)
    _refuse_still(grids[1], grids[2])
    spread = [within_client_sd(g) for g in grids]
    series = np.concatenate([g / sd for g, sd in zip(grids, spread, strict=True)], axis=1)
    patterns = group_by_pattern(series)
    fits = {r: _fitted(r, panel.n_sessions, patterns, series) for r in _READINGS}
    readings = tuple(_reading(r, f, spread, rng, draws, level) for r, f in fits.items())
    names = kept_readings(2 * (fits["score"].log_likelihood - fits["state"].log_likelihood))
    likelier = max(readings, key=lambda r: r.log_likelihood)
    ends = [r.interval for r in readings if r.reading in names]
    return WithinClientMediation(
        a=likelier.a,
        b=likelier.b,
        direct=likelier.direct,
        standard_errors=likelier.standard_errors,
        product=likelier.a * likelier.b,
        interval=(min(low for low, _ in ends), max(high for _, high in ends)),
        level=level,
        n_clients=len(kept.outcome),
        n_rows=int((~np.isnan(grids[1] + grids[2])).sum()),
        dropped=panel.dropped + dropped,
        draws=draws,
        warnings=few_clients(len(kept.outcome)),
        readings=readings,
        kept=names,
        placebo=placebo_lead(kept),
    )


def _refuse_still(process: Array, mediator: Array) -> None:
    varying = int(informative_clients(mediator).sum())
    if varying < _MIN_VARYING:
        needed = f"at least {_MIN_VARYING} clients in whom the mediator varies"
        raise CannotEstimate(_NAME, "too_few_varying_clients", needed=needed, found=str(varying))
    used = ~np.isnan(process + mediator)
    projection = sweep(used, trends=True)
    columns = [process, mediator]
    try:
        refuse_dependent(np.stack([projection.residual(c) for c in columns]), columns, used)
    except RankDeficient as deficient:
        needed = "process and mediator that vary independently within clients"
        found = f"{deficient.rank} independent column"
        raise CannotEstimate(_NAME, "rank_deficient", needed=needed, found=found) from None


def _fitted(reading: Reading, sessions: int, patterns: Patterns, series: Array) -> ReadingFit:
    model = mediation_structure(reading, sessions)
    try:
        return fit_reading(model, patterns, start_values(model, series))
    except FitFailed as failed:
        needed = f"a converged fit of the {reading} reading"
        raise CannotEstimate(_NAME, failed.code, needed=needed, found=failed.found) from None


def _reading(
    reading: Reading,
    fit: ReadingFit,
    spread: list[float],
    rng: np.random.Generator,
    draws: int,
    level: float,
) -> MediationReading:
    outcome, process, between = spread
    units = np.array([between / process, outcome / between, outcome / process])
    places = [fit.names.index(name) for name in ("a", "b", "beta")]
    influence = fit.influence[:, places] * units
    paths = fit.theta[places] * units
    n = len(influence)
    covariance = influence.T @ influence * ((n - 1) / n)
    drawn = rng.multivariate_normal(paths[:2], covariance[:2, :2], size=draws).prod(axis=1)
    low, high = np.quantile(drawn, [0.5 - level / 2, 0.5 + level / 2])
    a, b, direct = map(float, paths)
    first, second, third = map(float, np.sqrt(np.diag(covariance)))
    return MediationReading(
        reading, a, b, direct, (first, second, third), (float(low), float(high)), fit.log_likelihood
    )


def _by_screen(
    panel: Panel, mediator: str, rng: np.random.Generator, draws: int, level: float
) -> WithinClientMediation:
    y, columns = screen_columns(panel)
    x, *others = columns.values()
    m = panel.extra[mediator][:, 1:-1]
    complete = ~np.isnan(y + x + m + sum(others))
    used = complete & (complete.sum(axis=1, keepdims=True) >= MIN_ROWS)
    few = int((complete.sum(axis=1) < MIN_ROWS).sum())
    first, second = _fit(m, [x, *others], used), _fit(y, [m, x, *others], used)
    a, (b, direct) = float(first.coefficients[0]), map(float, second.coefficients[:2])
    drawn = rng.multivariate_normal([a, b], _covariance(first, second), size=draws).prod(axis=1)
    low, high = np.quantile(drawn, [0.5 - level / 2, 0.5 + level / 2])
    se_second = second.clustered_se()[0]
    return WithinClientMediation(
        a=a,
        b=b,
        direct=direct,
        standard_errors=(float(first.clustered_se()[0][0]), float(se_second[0]), float(se_second[1])),
        product=a * b,
        interval=(float(low), float(high)),
        level=level,
        n_clients=first.n_clients,
        n_rows=first.n_rows,
        dropped=panel.dropped
        + (((f"client with fewer than {MIN_ROWS} usable sessions", few),) if few else ()),
        draws=draws,
        warnings=(SHRINKS,) if panel.n_sessions <= SHORT else (),
        placebo=placebo_lead(panel),
        method="1-1-1 mediation by the screen's least squares, Monte-Carlo interval (Preacher & Selig 2012)",
        limits=SCREEN_LIMITS,
    )


def _refuse_order(mediator: str, declared: object, others: tuple[str, str]) -> None:
    if declared != "between":
        needed = "a mediator declared to lie between the session and the next score"
        found = "no declaration" if declared is None else "another place"
        raise CannotEstimate(_NAME, "timing_undeclared", needed=needed, found=found)
    if mediator in others:
        needed = "a mediator that is neither process nor outcome"
        raise CannotEstimate(_NAME, "shared_items", needed=needed, found="one column for both")


def _fit(target: Array, columns: list[Array], used: NDArray[np.bool_]) -> LeastSquares:
    n = int(used.any(axis=1).sum())
    if n < MIN_CLIENTS:
        needed = f"at least {MIN_CLIENTS} clients with {MIN_ROWS} usable sessions"
        raise CannotEstimate(_NAME, "too_few_clients", needed=needed, found=str(n))
    try:
        return least_squares(target, columns, sweep(used, trends=True))
    except Degenerate as why:
        raise CannotEstimate(_NAME, why.code, needed=why.needed, found=why.found) from None


def _covariance(first: LeastSquares, second: LeastSquares) -> Array:
    """Return the covariance of a and b, summed over clients."""
    influence = np.column_stack([first.influence[:, 0], second.influence[:, 0]])
    influence = influence[np.isfinite(influence[:, 0])]
    return np.asarray(influence.T @ influence * len(influence) / (len(influence) - 1))
