"""Every respected model side by side: how much of a finding is the data, and how much the method."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs
import numpy as np
from scipy import stats

from therapeutic_process.errors import CannotEstimate
from therapeutic_process.process_outcome.diagnostics import within_client_sd
from therapeutic_process.process_outcome.differences import difference_gmm, first_difference
from therapeutic_process.process_outcome.events import (
    TableTest,
    co_occurrence,
    mantel_haenszel,
    permute_within_clients,
)
from therapeutic_process.process_outcome.joint_model import joint_effect
from therapeutic_process.process_outcome.lagged_rows import LaggedRows, lagged_rows
from therapeutic_process.process_outcome.layout import Layout, Timing, declared, require_level
from therapeutic_process.process_outcome.multilevel import NotConverged, random_intercept
from therapeutic_process.process_outcome.panel_reading import read_panel
from therapeutic_process.process_outcome.screen import screen_effect
from therapeutic_process.process_outcome.specification_result import (
    SpecificationEstimate,
    SpecificationSensitivity,
)
from therapeutic_process.process_outcome.sweep import Degenerate, least_squares, sweep

if TYPE_CHECKING:
    from collections.abc import Callable

    from narwhals.stable.v2.typing import IntoFrame
    from numpy.typing import NDArray

    from therapeutic_process.process_outcome.panel import Panel

__all__ = ["specification_sensitivity"]

_NAME = "specification_sensitivity"
_POINTS = "points per unit"
_SAME = 1e-9


def specification_sensitivity(
    table: IntoFrame,
    *,
    timing: Timing | None = None,
    client: str = "client_id",
    session: str = "session",
    outcome: str = "outcome_before",
    process: str = "event",
    gain: float | None = None,
    level: float = 0.95,
    layout: Layout | None = None,
) -> SpecificationSensitivity:
    """Fit the default, the screen and the models the field uses to the same table.

    >>> import numpy as np
    >>> from therapeutic_process.simulate import simulate_cohort
    >>> rng = np.random.default_rng(2)
    >>> cohort = simulate_cohort("rtm", n_clients=99, n_sessions=12, rng=rng)
    >>> found = specification_sensitivity(cohort.table, timing="before", gain=5.0)
    >>> found.estimate("joint model, score reading").p_value > 0.05
    True
    >>> found.estimate("event and gain co-occur").p_value < 0.05
    True

    Args:
        table: One row per client and session, any frame Narwhals knows; the last row may hold only a score.
        timing: When the score of a row was taken, `before` or `after` its session, or `both`; must be declared,
            here or in `layout`.
        client: Column of the client.
        session: Column of the session's number.
        outcome: Column of the score.
        process: Column of the event or process score.
        gain: Points by which the next score must be lower to count as a gain; without it, no model on gains.
        level: Level of the intervals.
        layout: Timing, lag, aggregator, covariates and time axis in one, instead of `timing` alone. Covariates enter
            the default and the screen; the usual models stay as the field fits them.

    Raises:
        CannotEstimate: If `timing` is undeclared; a model that refuses becomes a row with its reason.
        TableError: If the table does not keep its contract.
    """
    require_level(_NAME, level)
    plan = declared(_NAME, timing, layout)
    panel = read_panel(table, client=client, session=session, outcome=outcome, process=process, layout=plan)
    rows = lagged_rows(panel)
    usual = (
        *_client_effects(panel, level),
        *_multilevels(rows, level),
        _first_difference(rows, level),
        _difference_gmm(panel, rows, level),
        *_tests(rows, gain),
    )
    if within_client_sd(panel.outcome) <= 0:
        usual = tuple(_refused(e, "no_within_variance") for e in usual)
    return SpecificationSensitivity((*_joint(panel, level), _screen(panel, level), *usual), level)


def _refused(estimate: SpecificationEstimate, code: str) -> SpecificationEstimate:
    return SpecificationEstimate(estimate.name, estimate.role, estimate.scale, refused=f"refused: {code}")


def _joint(panel: Panel, level: float) -> list[SpecificationEstimate]:
    name = "joint model, both readings"
    try:
        found = joint_effect(panel, level=level)
    except CannotEstimate as refusal:
        return [SpecificationEstimate(name, "default", _POINTS, refused=f"refused: {refusal.code}")]
    n, rows = found.n_clients, found.n_sessions
    both = SpecificationEstimate(
        name, "default", _POINTS, interval=found.interval, p_value=found.p_value, n_clients=n, n_rows=rows
    )
    return [both] + [
        SpecificationEstimate(
            f"joint model, {r.reading} reading",
            "default",
            _POINTS,
            r.effect,
            r.standard_error,
            r.interval,
            r.p_value,
            n_clients=n,
            n_rows=rows,
        )
        for r in found.readings
    ]


def _screen(panel: Panel, level: float) -> SpecificationEstimate:
    name = "screen"
    try:
        s = screen_effect(panel, level=level)
    except CannotEstimate as refusal:
        return SpecificationEstimate(name, "screen", _POINTS, refused=f"refused: {refusal.code}")
    return SpecificationEstimate(
        name,
        "screen",
        _POINTS,
        s.effect,
        s.standard_error,
        s.interval,
        s.p_value,
        n_clients=s.n_clients,
        n_rows=s.n_rows,
    )


def _client_effects(panel: Panel, level: float) -> list[SpecificationEstimate]:
    before, after, process = panel.before, panel.after, panel.process
    change = after - before
    plans: list[tuple[str, NDArray[np.float64], list[NDArray[np.float64]], int]] = [
        ("client effects", after, [process], 1),
        ("client effects and last score", after, [process, before], 1),
        ("client effects on change", change, [process], 1),
        ("client effects and trends, last score", after, [process, before], 4),
    ]
    complete = ~np.isnan(change + process)
    return [
        _swept(name, target, columns, complete=complete, min_rows=rows, level=level)
        for name, target, columns, rows in plans
    ]


def _swept(
    name: str,
    target: NDArray[np.float64],
    columns: list[NDArray[np.float64]],
    *,
    complete: NDArray[np.bool_],
    min_rows: int,
    level: float,
) -> SpecificationEstimate:
    used = complete & (complete.sum(axis=1, keepdims=True) >= min_rows)
    if used.any(axis=1).sum() < 2:
        return SpecificationEstimate(name, "usual", _POINTS, refused="refused: too_few_clients")
    try:
        fit = least_squares(target, columns, sweep(used, trends=min_rows > 1))
    except Degenerate as why:
        return SpecificationEstimate(name, "usual", _POINTS, refused=f"refused: {why.code}")
    se, units = fit.clustered_se()
    found = _with_t(name, float(fit.coefficients[0]), float(se[0]), units - 1, level)
    classical = float(fit.classical_se[0])
    return attrs.evolve(found, classical_se=classical, n_clients=fit.n_clients, n_rows=fit.n_rows)


def _with_t(name: str, estimate: float, se: float, df: float, level: float) -> SpecificationEstimate:
    if not (se > 0 and np.isfinite(estimate)):
        return SpecificationEstimate(name, "usual", _POINTS, refused="refused: no_within_variance")
    half = se * float(stats.t.ppf(0.5 + level / 2, df))
    p = 2 * float(stats.t.sf(abs(estimate) / se, df))
    return SpecificationEstimate(name, "usual", _POINTS, estimate, se, (estimate - half, estimate + half), p)


def _guarded(
    name: str, rows: LaggedRows, least: int, fit: Callable[[], SpecificationEstimate]
) -> SpecificationEstimate:
    if len(rows.after) < least:
        return SpecificationEstimate(name, "usual", _POINTS, refused="refused: too_few_rows")
    try:
        found = fit()
    except np.linalg.LinAlgError:
        return SpecificationEstimate(name, "usual", _POINTS, refused="refused: rank_deficient")
    except NotConverged:
        return SpecificationEstimate(name, "usual", _POINTS, refused="refused: not_converged")
    if found.refused is not None:
        return found
    return attrs.evolve(found, n_clients=len(np.unique(rows.client)), n_rows=found.n_rows or len(rows.after))


def _multilevels(rows: LaggedRows, level: float) -> list[SpecificationEstimate]:
    between = rows.process_means
    within = rows.process - between
    base = [np.ones_like(between), within, between, rows.session.astype(float)]

    def fit(name: str, columns: list[NDArray[np.float64]]) -> SpecificationEstimate:
        def model() -> SpecificationEstimate:
            design = np.column_stack(columns)
            _refuse_dependent(design, [base[0], rows.process, rows.process, *columns[3:]])
            found = random_intercept(rows.after, design, rows.client)
            df = found.n_rows - len(columns)
            return _with_t(name, float(found.coefficients[1]), float(found.standard_errors[1]), df, level)

        return _guarded(name, rows, len(columns) + 3, model)

    return [
        fit("centred multilevel model", base),
        fit("centred multilevel model and last score", [*base, rows.before]),
    ]


def _refuse_dependent(design: NDArray[np.float64], sources: list[NDArray[np.float64]]) -> None:
    """Refuse columns that are dependent, or nothing but rounding beside what they were made from."""
    sizes = np.array([np.sqrt((s**2).sum()) for s in sources])
    scaled = design / np.where(sizes > 0, sizes, 1.0)
    if np.linalg.matrix_rank(scaled, tol=_SAME) < design.shape[1]:
        raise np.linalg.LinAlgError


def _first_difference(rows: LaggedRows, level: float) -> SpecificationEstimate:
    name = "first difference and last score"

    def model() -> SpecificationEstimate:
        columns = np.column_stack([rows.process, rows.before])
        steps = np.diff(columns, axis=0)[np.diff(rows.client) == 0]
        level_of = np.ones(len(steps))
        _refuse_dependent(np.column_stack([level_of, steps]), [level_of, *columns.T])
        found = first_difference(rows.after, columns, rows.client)
        se = float(found.standard_errors[1])
        answer = _with_t(name, float(found.coefficients[1]), se, found.n_rows - 3, level)
        return attrs.evolve(answer, n_rows=found.n_rows)

    return _guarded(name, rows, 8, model)


def _difference_gmm(panel: Panel, rows: LaggedRows, level: float) -> SpecificationEstimate:
    name = "difference GMM (Arellano & Bond)"
    if panel.layout.steps > 1 or panel.layout.lag > 1 or panel.later is not None:
        return SpecificationEstimate(name, "usual", _POINTS, refused="refused: lag")

    def model() -> SpecificationEstimate:
        n = len(panel.outcome)
        process = np.concatenate([np.full((n, 1), np.nan), panel.process], axis=1)[None]
        none = np.empty((0, *panel.outcome.shape))
        found = difference_gmm(panel.outcome, none, lags=1, predetermined=process)
        answer = _with_t(name, float(found.coefficients[1]), float(found.standard_errors[1]), n - 1, level)
        return attrs.evolve(answer, n_rows=found.n_rows)

    return _guarded(name, rows, 20, model)


def _tests(rows: LaggedRows, gain: float | None) -> list[SpecificationEstimate]:
    change = rows.before - rows.after
    found = permute_within_clients(rows.process, change, rows.client)
    results = [_only_p("session labels exchanged, on change", found.p_value, found.n_clients, found.n_rows)]
    if gain is None or not np.isin(rows.process, (0.0, 1.0)).all():
        return results
    gained = (change >= gain).astype(np.float64)
    permuted = permute_within_clients(rows.process, gained, rows.client)
    clients = len(np.unique(rows.client))
    return [
        *results,
        _only_p("session labels exchanged, on gains", permuted.p_value, permuted.n_clients, permuted.n_rows),
        _odds("event and gain co-occur", co_occurrence(rows.process, gained), clients),
        _odds("Mantel–Haenszel within clients", mantel_haenszel(rows.process, gained, rows.client), clients),
    ]


def _only_p(name: str, p: float, clients: int, rows: int) -> SpecificationEstimate:
    if np.isnan(p):
        return SpecificationEstimate(name, "usual", "test only", refused="refused: nothing_to_exchange")
    return SpecificationEstimate(name, "usual", "test only", p_value=p, n_clients=clients, n_rows=rows)


def _odds(name: str, test: TableTest, clients: int) -> SpecificationEstimate:
    if np.isnan(test.p_value):
        return SpecificationEstimate(name, "usual", "odds ratio", refused="refused: no_within_variance")
    return SpecificationEstimate(
        name,
        "usual",
        "odds ratio",
        test.odds_ratio,
        interval=test.interval,
        p_value=test.p_value,
        n_clients=clients,
        n_rows=test.n_rows,
    )
