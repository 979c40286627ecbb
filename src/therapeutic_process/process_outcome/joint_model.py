"""The default for inference: a Gaussian quasi-likelihood for outcome and process, read in two ways."""

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
)
from therapeutic_process.process_outcome.joint_covariance import Reading, Structure, effect_at_lag
from therapeutic_process.process_outcome.joint_covariates import covariate_cells, covariate_effects
from therapeutic_process.process_outcome.joint_fit import (
    FitFailed,
    ReadingFit,
    fit_reading,
    sandwich_se,
    start_values,
)
from therapeutic_process.process_outcome.joint_likelihood import Patterns, group_by_pattern
from therapeutic_process.process_outcome.joint_result import ReadingEstimate, WithinClientEffect
from therapeutic_process.process_outcome.joint_usable import (
    joint_structure,
    joint_warnings,
    refuse_thin,
    sessions_of,
    usable_clients,
)
from therapeutic_process.process_outcome.layout import Layout, Timing, declared, require_level
from therapeutic_process.process_outcome.panel import Panel, refuse_shared_items
from therapeutic_process.process_outcome.panel_reading import read_panel
from therapeutic_process.process_outcome.scale_limits import at_an_end, looks_back

if TYPE_CHECKING:
    from collections.abc import Collection

    from narwhals.stable.v2.typing import IntoFrame

__all__ = ["lagged_within_client_effect"]

Array = NDArray[np.float64]

_NAME = "lagged_within_client_effect"
_READINGS: tuple[Reading, ...] = ("score", "state")
_PHI_REFUSED = 0.95
_WORSE_BY = 9.0
_FEW_SCORED = 5


def lagged_within_client_effect(
    table: IntoFrame,
    *,
    timing: Timing | None = None,
    client: str = "client_id",
    session: str = "session",
    outcome: str = "outcome_before",
    process: str = "event",
    cluster: str | None = None,
    days: str | None = None,
    recall_days: float | None = None,
    outcome_range: tuple[float, float] | None = None,
    level: float = 0.95,
    outcome_items: Collection[str] = (),
    process_items: Collection[str] = (),
    layout: Layout | None = None,
) -> WithinClientEffect:
    """Estimate how the next score differs after sessions with more of the process than usual for the client.

    Fits a Gaussian quasi-likelihood for both series in two readings: the process follows the recorded score,
    or the true state behind it. A verdict needs the union of both intervals to exclude 0. A dynamic panel
    model with random levels and trends (Hamaker et al. 2015, eq. 2), measurement noise and weak penalties.

    >>> import numpy as np
    >>> from therapeutic_process.simulate import simulate_cohort
    >>> rng = np.random.default_rng(1)
    >>> cohort = simulate_cohort("pure", n_clients=99, n_sessions=12, effect=2.0, rng=rng)
    >>> result = lagged_within_client_effect(cohort.table, timing="before")
    >>> result.interval[0] < cohort.true_effect < result.interval[1] < 0
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
        days: Column of the day of the score, for the warning about `recall_days`.
        recall_days: Days that the answers look back over; warns where the scores lie closer together.
        outcome_range: Lowest and highest possible score; warns where over 15 % lie at an end.
        level: Level of the intervals.
        outcome_items: Items of the outcome measure, where known.
        process_items: Items of the process measure, where known.
        layout: Timing, lag, aggregator and time axis in one, instead of `timing` alone.

    Returns:
        Both readings, the robust interval, and what the result stands on.

    Raises:
        CannotEstimate: With codes `timing_undeclared`, `shared_items`, `too_few_occasions`,
            `too_few_clients`, `too_few_varying_clients`, `no_within_variance`, `too_few_clusters`,
            `not_converged`, `hessian_not_positive`, `carry_over_too_strong`, `rank_deficient` (of covariates),
            `lag_in_days`,
            `session_numbers_empty`, `level_undefined`.
        TableError: If the table does not keep its contract.
    """
    require_level(_NAME, level)
    plan = declared(_NAME, timing, layout, days=days)
    refuse_shared_items(_NAME, outcome_items, process_items)
    panel = read_panel(
        table,
        layout=plan,
        client=client,
        session=session,
        outcome=outcome,
        process=process,
        cluster=cluster,
    )
    found = joint_effect(panel, level=level)
    low, high = outcome_range or (None, None)
    limits = at_an_end(panel.outcome[~np.isnan(panel.outcome)].tolist(), low, high)
    if plan.days:
        gaps = np.diff(panel.extra[plan.days][:, :: plan.steps], axis=1)
        limits += looks_back(recall_days, gaps[~np.isnan(gaps)].tolist())
    return attrs.evolve(found, warnings=(*found.warnings, *limits)) if limits else found


def joint_effect(panel: Panel, *, level: float = 0.95) -> WithinClientEffect:
    """Fit both readings to a grid.

    Args:
        panel: The grid.
        level: Level of the intervals.

    Raises:
        CannotEstimate: See `lagged_within_client_effect`.
    """
    if panel.later is not None:
        needed = "a lag in scores, for the joint model steps from score to score"
        _refuse("lag_in_days", needed, "a window of days: see lagged_within_client_screen")
    kept, dropped = usable_clients(panel)
    kept, cells, uncovered = covariate_cells(kept)
    sd_outcome, sd_process = refuse_thin(kept)
    scaled = np.concatenate([kept.outcome / sd_outcome, sessions_of(kept) / sd_process], axis=1)
    patterns = group_by_pattern(scaled)
    models = {r: joint_structure(r, kept) for r in _READINGS}
    fits = {r: _fit(m, patterns, scaled, cells) for r, m in models.items()}
    unit = sd_outcome / sd_process
    readings = tuple(_estimate(r, f, models[r], unit, kept, level) for r, f in fits.items())
    difference = 2 * (fits["score"].log_likelihood - fits["state"].log_likelihood)
    return WithinClientEffect(
        readings=readings,
        kept=kept_readings(difference),
        likelihood_difference=difference,
        level=level,
        n_clients=len(kept.outcome),
        n_sessions=int((~np.isnan(kept.process)).sum()),
        n_scores=int((~np.isnan(kept.outcome)).sum()),
        n_occasions=kept.outcome.shape[1],
        dropped=panel.dropped + dropped + uncovered,
        informative_clients=int(informative_clients(kept.process).sum()),
        within_sd_outcome=sd_outcome,
        within_sd_process=sd_process,
        between=between_clients(kept),
        placebo=placebo_lead(kept),
        warnings=joint_warnings(kept, readings),
        timing=kept.timing,
        layout=kept.layout,
        sessions_per_interval=kept.sessions_per_interval,
    )


@attrs.frozen(eq=False)
class FittedReading:
    """A reading fitted to a grid, for drawing scores from.

    Attributes:
        reading: Which.
        model: Its structure.
        fit: Its fit, in scaled units.
        patterns: The scaled data, grouped.
        sd_outcome: What the outcome was divided by.
    """

    reading: Reading
    model: Structure
    fit: ReadingFit
    patterns: Patterns
    sd_outcome: float


def better_reading(panel: Panel) -> FittedReading:
    """Fit both readings to a grid of usable clients, without covariates, and return the likelier one.

    Args:
        panel: The grid; see `usable_clients`.

    Raises:
        CannotEstimate: See `lagged_within_client_effect`.
    """
    sd_outcome, sd_process = refuse_thin(panel)
    scaled = np.concatenate([panel.outcome / sd_outcome, sessions_of(panel) / sd_process], axis=1)
    patterns = group_by_pattern(scaled)
    found = []
    for reading in _READINGS:
        model = joint_structure(reading, panel)
        fit = _fit(model, patterns, scaled, None)
        found.append(FittedReading(reading, model, fit, patterns, sd_outcome))
    return max(found, key=lambda f: f.fit.log_likelihood)


def _refuse(code: str, needed: str, found: object) -> None:
    raise CannotEstimate(_NAME, code, needed=needed, found=str(found))


def _fit(model: Structure, patterns: Patterns, scaled: Array, cells: Array | None) -> ReadingFit:
    reading = "score" if "rho" in model.names else "state"
    try:
        fit = fit_reading(model, patterns, start_values(model, scaled), cells)
    except FitFailed as failed:
        found = f"{failed.found}{_thinly_scored(patterns, model)}"
        raise CannotEstimate(
            _NAME, failed.code, needed=f"a converged fit of the {reading} reading", found=found
        ) from None
    carry = abs(fit.value("phi"))
    if carry > _PHI_REFUSED:
        _refuse(
            "carry_over_too_strong",
            f"a carry-over of at most {_PHI_REFUSED} between sessions",
            f"one of {carry:.3f}",
        )
    return fit


def _estimate(
    reading: Reading, fit: ReadingFit, model: Structure, unit: float, panel: Panel, level: float
) -> ReadingEstimate:
    scaled, direction = effect_at_lag(model, fit.theta)
    scaled_se, units = sandwich_se(fit, direction)
    if panel.cluster is not None:
        clustered, units = sandwich_se(fit, direction, panel.cluster)
        scaled_se = max(scaled_se, clustered)
    effect, se, df = float(unit * scaled), float(unit * scaled_se), units - 1
    half = se * float(stats.t.ppf(0.5 + level / 2, df))
    return ReadingEstimate(
        reading=reading,
        effect=effect,
        standard_error=se,
        degrees_of_freedom=df,
        interval=(effect - half, effect + half),
        p_value=2 * float(stats.t.sf(abs(effect) / se, df)),
        log_likelihood=fit.log_likelihood,
        parameters=dict(zip(fit.names, map(float, fit.theta), strict=True)) | _of_covariates(fit, panel),
        penalty_share=fit.penalty_share,
        steps=fit.steps,
    )


def _of_covariates(fit: ReadingFit, panel: Panel) -> dict[str, float]:
    names = covariate_effects(panel) if len(fit.coefficients) else []
    return dict(zip(names, map(float, fit.coefficients), strict=True))


def kept_readings(difference: float) -> tuple[Reading, ...]:
    """Return the readings whose likelihood is not worse by more than 9.

    Args:
        difference: Twice the log-likelihood of the score reading minus that of the state reading.
    """
    if abs(difference) <= _WORSE_BY:
        return _READINGS
    return ("score",) if difference > 0 else ("state",)


def _thinly_scored(patterns: Patterns, model: Structure) -> str:
    """Tell where hardly anybody has a score: often one long course among short ones is what cannot be fitted."""
    scores = patterns.count @ patterns.mask[:, : model.occasions]
    thin = int((scores < _FEW_SCORED).sum())
    return (
        f"; {thin} of {model.occasions} occasions have scores of fewer than {_FEW_SCORED} clients"
        if thin
        else ""
    )
