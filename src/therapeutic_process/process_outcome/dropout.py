"""What an estimate would be if those who left had gone on better or worse than the model takes them to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, get_args

import attrs
import numpy as np
from numpy.typing import NDArray
from scipy import stats

from therapeutic_process.errors import CannotEstimate
from therapeutic_process.process_outcome.dropout_result import DropoutEstimate, DropoutSensitivity
from therapeutic_process.process_outcome.joint_covariance import covariance
from therapeutic_process.process_outcome.joint_likelihood import likelihood
from therapeutic_process.process_outcome.joint_model import better_reading, joint_effect
from therapeutic_process.process_outcome.joint_usable import usable_clients
from therapeutic_process.process_outcome.layout import Layout, Timing, declared, require_level
from therapeutic_process.process_outcome.panel_reading import read_panel
from therapeutic_process.process_outcome.screen import screen_effect

if TYPE_CHECKING:
    from collections.abc import Sequence

    from narwhals.stable.v2.typing import IntoFrame

    from therapeutic_process.process_outcome.joint_model import FittedReading
    from therapeutic_process.process_outcome.panel import Panel

__all__ = ["dropout_sensitivity"]

Array = NDArray[np.float64]
Estimator = Literal["joint", "screen"]
_NAME = "dropout_sensitivity"
_DELTAS = (-1.0, -0.5, 0.0, 0.5, 1.0)
_DRAWS = 100


def dropout_sensitivity(
    table: IntoFrame,
    *,
    rng: np.random.Generator,
    deltas: Sequence[float] = _DELTAS,
    imputations: int = 20,
    estimator: Estimator = "joint",
    left: str | None = None,
    timing: Timing | None = None,
    client: str = "client_id",
    session: str = "session",
    outcome: str = "outcome_before",
    process: str = "event",
    cluster: str | None = None,
    level: float = 0.95,
    layout: Layout | None = None,
) -> DropoutSensitivity:
    """Estimate the effect again with the scores of those who left filled in, and made better or worse than expected.

    Multiple imputation with a delta adjustment (Carpenter, Roger & Kenward 2013; Cro et al. 2020): scores after the
    last one of a client who left, up to the cohort's last occasion, are drawn from the likelier reading of the joint
    model given all that is known of the client, with its parameters drawn too; then delta within-client SDs are
    added to each. Every filled cohort is analysed, and the answers are combined by Rubin's rules (1987), with the
    degrees of freedom of Barnard & Rubin (1999). What happened in sessions that were never held stays missing, so
    that the screen sees of the filled scores only outcomes of coded sessions.

    >>> from therapeutic_process.simulate import simulate_cohort
    >>> rng = np.random.default_rng(1)
    >>> table = simulate_cohort("dropout", n_clients=99, n_sessions=10, effect=3.0, rng=rng).table
    >>> found = dropout_sensitivity(table, timing="before", rng=rng, deltas=(0.0, 1.0),
    ...                             imputations=2)
    >>> [e.interval[1] < 0 for e in found.estimates]
    [True, True]

    Args:
        table: One row per client and session, any frame Narwhals knows.
        rng: The source of randomness.
        deltas: What to add to the scores of those who left, in within-client SDs of the outcome.
        imputations: Filled cohorts per delta.
        estimator: What analyses them: the `joint` model, both readings, or the `screen`.
        left: Column that is 1 for clients who left and 0 for those who did not, of whom nothing is filled in; without
            it, everybody whose scores end before the cohort's last occasion.
        timing: When the score of a row was taken, `before` or `after` its session, or `both`; must be declared,
            here or in `layout`.
        client: Column of the client.
        session: Column of the session's number.
        outcome: Column of the score.
        process: Column of the event or process score.
        cluster: Column of the therapist, group or couple.
        level: Level of the intervals.
        layout: Timing, lag, aggregator and time axis in one, instead of `timing` alone.

    Returns:
        Estimate and interval per delta, and where on the grid the verdict changes.

    Raises:
        CannotEstimate: With codes `timing_undeclared`, `lag_in_days`, `nobody_left`, `too_few_imputations`, and those
            of the estimator and of the joint model.
        TableError: If the table does not keep its contract.
    """
    require_level(_NAME, level)
    plan = declared(_NAME, timing, layout)
    _refuse_plan(plan, deltas, imputations, estimator)
    panel = read_panel(
        table,
        client=client,
        session=session,
        outcome=outcome,
        process=process,
        cluster=cluster,
        extra=[left] if left else [],
        layout=plan,
    )
    panel, dropped = usable_clients(panel)
    wanted = _after_leaving(panel, left, estimator)
    fitted = better_reading(panel)
    drawn = [_drawn(fitted, wanted, rng) for _ in range(imputations)]
    estimates = tuple(_estimate(panel, drawn, wanted, d, fitted, estimator, level) for d in sorted(deltas))
    return DropoutSensitivity(
        estimates=estimates,
        estimator=estimator,
        level=level,
        n_clients=len(panel.outcome),
        n_left=int(wanted.any(axis=1).sum()),
        n_filled=int(wanted.sum()),
        within_sd_outcome=fitted.sd_outcome,
        imputations=imputations,
        imputed_by=fitted.reading,
        dropped=panel.dropped + dropped,
        layout=plan,
    )


def _refuse_plan(plan: Layout, deltas: Sequence[float], imputations: int, estimator: object) -> None:
    if plan.lag_days is not None:
        needed = "a lag in scores: scores that nobody took have no day"
        raise CannotEstimate(_NAME, "lag_in_days", needed=needed, found="a window of days")
    if imputations < 2:
        raise CannotEstimate(
            _NAME, "too_few_imputations", needed="at least 2 imputations", found=str(imputations)
        )
    if not len(deltas) or not all(np.isfinite(deltas)):
        raise CannotEstimate(_NAME, "deltas_undeclared", needed="finite deltas", found="none or others")
    if estimator not in get_args(Estimator):
        needed = "estimator 'joint' or 'screen'"
        raise CannotEstimate(_NAME, "estimator_unknown", needed=needed, found="another")


def _after_leaving(panel: Panel, left: str | None, estimator: Estimator) -> NDArray[np.bool_]:
    """Tell which scores to fill in: after the last one of every client who left, up to the cohort's last occasion."""
    scored = ~np.isnan(panel.outcome)
    occasion = np.arange(scored.shape[1])
    last_score = np.where(scored, occasion, -1).max(axis=1, keepdims=True)
    wanted = occasion > last_score
    if left is not None:
        wanted &= (panel.extra[left] > 0).any(axis=1, keepdims=True)
    reached = wanted
    if estimator == "screen":
        open_ended = attrs.evolve(panel, outcome=np.where(wanted, 0.0, np.nan)).after
        reached = ~np.isnan(open_ended) & ~np.isnan(panel.process)
    if not reached.any():
        what = (
            "without an outcome of a coded session"
            if estimator == "screen"
            else "with fewer scores than others"
        )
        needed = f"a client who left, {what}"
        raise CannotEstimate(_NAME, "nobody_left", needed=needed, found=f"none among {len(wanted)}")
    return np.asarray(wanted)


def _drawn(fitted: FittedReading, wanted: NDArray[np.bool_], rng: np.random.Generator) -> Array:
    """Draw parameters, then the wanted scores given what is known of their clients; in points."""
    sigma, mean, precision = _parameters(fitted, rng)
    patterns = fitted.patterns
    series = np.zeros((len(wanted), len(sigma)), dtype=bool)
    series[:, : wanted.shape[1]] = wanted
    result = np.full(wanted.shape, np.nan)
    keys, of_client = np.unique(np.column_stack([patterns.of_client, series]), axis=0, return_inverse=True)
    for number, key in enumerate(keys):
        gap = np.flatnonzero(key[1:])
        if not len(gap):
            continue
        rows = np.flatnonzero(of_client.ravel() == number)
        turn = sigma[gap] @ precision[key[0]]
        residual = (patterns.data[rows] - mean) * patterns.mask[key[0]]
        spread = sigma[np.ix_(gap, gap)] - turn @ sigma[:, gap]
        noise = rng.multivariate_normal(np.zeros(len(gap)), spread, size=len(rows), method="eigh")
        result[np.ix_(rows, gap)] = (mean[gap] + residual @ turn.T + noise) * fitted.sd_outcome
    return result


def _parameters(fitted: FittedReading, rng: np.random.Generator) -> tuple[Array, Array, Array]:
    fit, patterns = fitted.fit, fitted.patterns
    root = fit.influence.T @ fit.influence
    for _ in range(_DRAWS):
        theta = rng.multivariate_normal(fit.theta, root, method="eigh")
        sigma = covariance(fitted.model, theta).sigma
        at = likelihood(patterns, sigma)
        if at is not None:
            break
    else:
        raise CannotEstimate(
            _NAME, "not_converged", needed="draws with a positive definite covariance", found=f"0 of {_DRAWS}"
        )
    seen = patterns.mask.any(axis=0)
    total = np.tensordot(patterns.count, at.precision, 1)[np.ix_(seen, seen)]
    mean = at.mean.copy()
    mean[seen] = rng.multivariate_normal(mean[seen], np.linalg.inv(total), method="eigh")
    return sigma, mean, at.precision


def _estimate(
    panel: Panel,
    drawn: list[Array],
    wanted: NDArray[np.bool_],
    delta: float,
    fitted: FittedReading,
    estimator: Estimator,
    level: float,
) -> DropoutEstimate:
    """Analyse every filled cohort at one delta and combine the answers, reading by reading."""
    answers: dict[str, list[tuple[float, float, int]]] = {}
    for scores in drawn:
        filled = np.where(wanted, scores + delta * fitted.sd_outcome, panel.outcome)
        for name, answer in _answers(attrs.evolve(panel, outcome=filled), estimator).items():
            answers.setdefault(name, []).append(answer)
    pooled = {name: combined(found, level) for name, found in answers.items()}
    low = min(p.interval[0] for p in pooled.values())
    high = max(p.interval[1] for p in pooled.values())
    return DropoutEstimate(
        delta=delta,
        effects={name: p.effect for name, p in pooled.items()},
        standard_errors={name: p.standard_error for name, p in pooled.items()},
        interval=(low, high),
        missing_information=max(p.missing_information for p in pooled.values()),
    )


def _answers(panel: Panel, estimator: Estimator) -> dict[str, tuple[float, float, int]]:
    if estimator == "screen":
        s = screen_effect(panel)
        return {"screen": (s.effect, s.standard_error, s.degrees_of_freedom)}
    found = joint_effect(panel)
    return {r.reading: (r.effect, r.standard_error, r.degrees_of_freedom) for r in found.readings}


@attrs.frozen
class Combined:
    """Answers from several imputations taken together."""

    effect: float
    standard_error: float
    degrees_of_freedom: float
    interval: tuple[float, float]
    missing_information: float


def combined(answers: Sequence[tuple[float, float, int]], level: float) -> Combined:
    """Combine estimates from imputed data by Rubin's rules.

    >>> found = combined([(1.0, 0.5, 99), (1.2, 0.5, 99), (0.8, 0.5, 99)], 0.95)
    >>> round(found.effect, 3), round(found.standard_error, 3)
    (1.0, 0.551)

    Args:
        answers: Estimate, standard error and degrees of freedom per imputed cohort.
        level: Level of the interval.
    """
    effects, errors, freedom = (np.array(column, dtype=np.float64) for column in zip(*answers, strict=True))
    m, within = len(effects), float((errors**2).mean())
    between = float(effects.var(ddof=1)) * (1 + 1 / m)
    total = within + between
    share, complete = between / total, float(freedom.mean())
    observed = (complete + 1) / (complete + 3) * complete * (1 - share)
    df = 1 / (share**2 / (m - 1) + 1 / observed) if share > 0 else observed
    effect, se = float(effects.mean()), float(np.sqrt(total))
    half = se * float(stats.t.ppf(0.5 + level / 2, df))
    return Combined(effect, se, df, (effect - half, effect + half), share)
