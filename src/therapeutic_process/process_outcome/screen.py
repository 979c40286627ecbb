"""The screen: fast least squares within clients, for many processes at once; not the last word."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs
import numpy as np
from numpy.typing import NDArray
from scipy import stats

from therapeutic_process.errors import CannotEstimate
from therapeutic_process.process_outcome.diagnostics import (
    between_clients,
    informative_clients,
    placebo_lead,
    within_client_sd,
)
from therapeutic_process.process_outcome.layout import Layout, Timing, declared, require_level
from therapeutic_process.process_outcome.panel import Panel, refuse_shared_items
from therapeutic_process.process_outcome.panel_reading import read_panel
from therapeutic_process.process_outcome.screen_result import IMMEDIATE, SHORT, SHRINKS, WithinClientScreen
from therapeutic_process.process_outcome.sweep import Degenerate, LeastSquares, least_squares, sweep

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from narwhals.stable.v2.typing import IntoFrame

__all__ = ["lagged_within_client_screen"]

Array = NDArray[np.float64]

_NAME = "lagged_within_client_screen"
MIN_CLIENTS = 10
_FEW_CLIENTS = 20
MIN_ROWS = 4


def lagged_within_client_screen(
    table: IntoFrame,
    *,
    timing: Timing | None = None,
    client: str = "client_id",
    session: str = "session",
    outcome: str = "outcome_before",
    process: str = "event",
    cluster: str | None = None,
    days: str | None = None,
    covariates: Sequence[str] = (),
    lagged_process: bool = False,
    level: float = 0.95,
    outcome_items: Collection[str] = (),
    process_items: Collection[str] = (),
    layout: Layout | None = None,
) -> WithinClientScreen:
    """Screen a process: next score on process, last two scores, client lines and session effects.

    Least squares, standard errors clustered by client (Arellano 1987; HC0 × √(G/(G−1)), t with G−1 degrees of
    freedom). At 8 sessions or fewer it shrinks effects, and says so.

    >>> import numpy as np
    >>> from therapeutic_process.simulate import simulate_cohort
    >>> rng = np.random.default_rng(1)
    >>> cohort = simulate_cohort("rtm", n_clients=99, n_sessions=12, effect=2.0, rng=rng)
    >>> lagged_within_client_screen(cohort.table, timing="before").effect < -1
    True

    Args:
        table: One row per client and session, any frame Narwhals knows; the last row may hold only a score.
        timing: When the score of a row was taken, `before` or `after` its session, or `both`; must be declared,
            here or in `layout`.
        client: Column of the client.
        session: Column of the session's number.
        outcome: Column of the score.
        process: Column of the event (0, 1) or process score; missing where nobody coded, which is not 0.
        cluster: Column of the therapist, group or couple; the larger of both standard errors is taken.
        days: Column of the day of the score; the days between the scores become a covariate.
        covariates: Further columns that vary over time.
        lagged_process: Whether the last session's process is a covariate.
        level: Level of the interval.
        outcome_items: Items of the outcome measure, where known.
        process_items: Items of the process measure, where known.
        layout: Timing, lag, aggregator, covariates and time axis in one. At lag k the outcome is the k-th score
            after the session, and the process of the k − 1 sessions before is taken out besides, because what it
            does at that lag is not yet in the baselines.

    Raises:
        CannotEstimate: With codes `timing_undeclared`, `shared_items`, `too_few_clients`, `rank_deficient`,
            `no_within_variance`, `outcome_determined`, `too_few_clusters`, `windows_overlap`, `level_undefined`.
        TableError: If the table does not keep its contract.
    """
    require_level(_NAME, level)
    plan = declared(_NAME, timing, layout, days=days)
    plan = attrs.evolve(
        plan,
        covariates=(*plan.covariates, *covariates),
        elapsed_days=plan.elapsed_days or (days is not None and layout is None),
        lagged_process=plan.lagged_process or lagged_process,
    )
    refuse_shared_items(_NAME, outcome_items, process_items)
    panel = read_panel(
        table,
        client=client,
        session=session,
        outcome=outcome,
        process=process,
        cluster=cluster,
        layout=plan,
    )
    return screen_effect(panel, level=level)


def screen_effect(panel: Panel, *, level: float = 0.95) -> WithinClientScreen:
    """Screen a grid.

    Args:
        panel: The grid, with its covariates.
        level: Level of the interval.

    Raises:
        CannotEstimate: See `lagged_within_client_screen`.
    """
    target, columns = screen_columns(panel)
    time = None if panel.time is None else panel.time[:, 1:-1]
    used, dropped = _usable(target, columns, time)
    fit = _fit(target, columns, used, time)
    se, units = _standard_errors(fit, panel)
    df, effect = units - 1, float(fit.coefficients[0])
    half = float(se[0] * stats.t.ppf(0.5 + level / 2, df))
    kept = panel.keep(np.asarray(used.any(axis=1)))
    return WithinClientScreen(
        effect=effect,
        standard_error=float(se[0]),
        degrees_of_freedom=df,
        interval=(effect - half, effect + half),
        p_value=2 * float(stats.t.sf(abs(effect) / se[0], df)),
        coefficients=dict(zip(columns, map(float, fit.coefficients), strict=True)),
        standard_errors=dict(zip(columns, map(float, se), strict=True)),
        level=level,
        n_clients=fit.n_clients,
        n_rows=fit.n_rows,
        n_occasions=panel.outcome.shape[1],
        dropped=panel.dropped + dropped,
        informative_clients=int(informative_clients(np.where(used, columns["process"], np.nan)).sum()),
        within_sd_outcome=within_client_sd(kept.outcome),
        between=between_clients(kept),
        placebo=placebo_lead(kept),
        warnings=_warnings(fit.n_clients, panel.n_sessions, both=panel.timing == "both"),
        timing=panel.timing,
        layout=panel.layout,
        sessions_per_interval=panel.sessions_per_interval,
    )


def screen_columns(panel: Panel) -> tuple[Array, dict[str, Array]]:
    """Return outcome and regressors of the sessions that have two occasions before their outcome.

    Args:
        panel: The grid.
    """
    plan = panel.layout
    columns = {"process": panel.process, "score before": panel.before, "score before that": panel.earlier}
    columns |= {f"covariate {n}" if n in columns else n: grid for n, grid in panel.covariates.items()}
    back = plan.lag - 1 if plan.lag_days is None else 0
    for sessions in range(1, max(back, int(plan.lagged_process)) + 1):
        name = "process of the last session" if sessions == 1 else f"process {sessions} sessions before"
        columns[name] = panel.process_before(sessions)
    return panel.after[:, 1:], {name: grid[:, 1:] for name, grid in columns.items()}


def _usable(
    target: Array, columns: dict[str, Array], time: Array | None
) -> tuple[NDArray[np.bool_], tuple[tuple[str, int], ...]]:
    complete = ~np.isnan(target + sum(columns.values()) + (0.0 if time is None else time))
    rows = complete.sum(axis=1)
    few = (rows < MIN_ROWS).sum()
    used = complete & (rows >= MIN_ROWS)[:, None]
    return used, ((f"client with fewer than {MIN_ROWS} usable sessions", int(few)),) if few else ()


def _fit(
    target: Array, columns: dict[str, Array], used: NDArray[np.bool_], time: Array | None
) -> LeastSquares:
    n = int(used.any(axis=1).sum())
    if n < MIN_CLIENTS:
        needed = f"at least {MIN_CLIENTS} clients with {MIN_ROWS} usable sessions"
        raise CannotEstimate(_NAME, "too_few_clients", needed=needed, found=str(n))
    try:
        return least_squares(target, list(columns.values()), sweep(used, trends=True, time=time))
    except Degenerate as why:
        raise CannotEstimate(_NAME, why.code, needed=why.needed, found=why.found) from None


def _standard_errors(fit: LeastSquares, panel: Panel) -> tuple[Array, int]:
    se, units = fit.clustered_se()
    if panel.cluster is None:
        return se, units
    if len(np.unique(panel.cluster)) < 2:
        raise CannotEstimate(_NAME, "too_few_clusters", needed="at least 2 clusters", found="1")
    clustered, clusters = fit.clustered_se(panel.cluster)
    return np.maximum(se, clustered), clusters


def _warnings(n_clients: int, n_sessions: int, *, both: bool) -> tuple[str, ...]:
    found = []
    if both:
        found.append(IMMEDIATE)
    if n_sessions <= SHORT:
        found.append(SHRINKS)
    if n_clients < _FEW_CLIENTS:
        found.append(f"{n_clients} clients: fewer than {_FEW_CLIENTS}, intervals may be too short")
    return tuple(found)
