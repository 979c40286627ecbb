"""Whether a process is inert: an effect shown to be small, never one that was merely not found."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import attrs
import numpy as np
from numpy.typing import NDArray
from scipy import stats

from therapeutic_process.errors import CannotEstimate
from therapeutic_process.process_outcome.joint_covariance import covariance, effect_at_lag
from therapeutic_process.process_outcome.joint_model import joint_effect
from therapeutic_process.process_outcome.joint_result import WithinClientEffect
from therapeutic_process.process_outcome.joint_usable import joint_structure, usable_clients
from therapeutic_process.process_outcome.layout import declared
from therapeutic_process.process_outcome.panel import Panel, refuse_shared_items
from therapeutic_process.process_outcome.panel_reading import read_panel

if TYPE_CHECKING:
    from collections.abc import Collection

    from narwhals.stable.v2.typing import IntoFrame

    from therapeutic_process.process_outcome.joint_result import ReadingEstimate
    from therapeutic_process.process_outcome.layout import Layout, Timing

__all__ = ["InertVerdict", "inert_process"]

Array = NDArray[np.float64]
_NAME = "inert_process"
_LEVEL = 0.90
_ERROR = 0.05


@attrs.frozen(eq=False, repr=False)
class InertVerdict:
    """What two one-sided tests say of a process.

    Attributes:
        verdict: `inert` if the 90 % robust interval lies inside the bounds, `not inert` if it lies outside,
            else `undecided`.
        interval: The 90 % robust interval.
        bounds: Between which an effect counts as none.
        false_inert_rate: Share of cohorts simulated at the bounds that would be called inert.
        replications: How many cohorts were simulated.
        coder_reliability: The declared reliability of the process within clients.
        outcome: Column of the outcome.
        process: Column of the process.
        effect: The joint model's full result, at 90 %.
    """

    verdict: Literal["inert", "not inert", "undecided"]
    interval: tuple[float, float]
    bounds: tuple[float, float]
    false_inert_rate: float
    replications: int
    coder_reliability: float
    outcome: str
    process: str
    effect: WithinClientEffect

    def __repr__(self) -> str:
        return f"<InertVerdict {self.verdict}; {self.effect.n_clients} clients>"

    def __str__(self) -> str:
        low, high = self.interval
        score = self.effect.layout.outcome_in_words
        what = f"{self.process} is {self.verdict} for {self.outcome}"
        lines = [
            f"{what}, lag: {score}, as a mean over these clients",
            f"90 % robust interval {low:.3g} to {high:.3g}, bounds {self.bounds[0]:g} to {self.bounds[1]:g}",
            f"cohorts simulated at the bounds and called inert: {self.false_inert_rate:.1%}",
            "a mean of no effect may hide clients in whom it helps and others in whom it harms",
            *(f"limit: {text}" for text in self.effect.limits),
        ]
        return "\n".join(lines)


def inert_process(
    table: IntoFrame,
    *,
    bounds: tuple[float, float],
    coder_reliability: float,
    rng: np.random.Generator,
    timing: Timing | None = None,
    client: str = "client_id",
    session: str = "session",
    outcome: str = "outcome_before",
    process: str = "event",
    cluster: str | None = None,
    replications: int = 100,
    outcome_items: Collection[str] = (),
    process_items: Collection[str] = (),
    layout: Layout | None = None,
) -> InertVerdict:
    """Test whether an effect is small enough to call a process inert, for this outcome, lag and mean.

    Two one-sided tests at 5 % (Schuirmann 1987) on the joint model's robust interval. Cohorts simulated from
    the fitted model, with the effect at a bound, show first whether this design and this coding could tell.

    Args:
        table: One row per client and session, any frame Narwhals knows; the last row may hold only a score.
        bounds: Smallest effects that matter, in points per unit of the process: one below 0, one above.
        coder_reliability: Share of the process's variance within clients that is not coding error, in (0, 1].
        rng: The source of randomness for the simulation.
        timing: When the score of a row was taken, `before` or `after` its session, or `both`; must be declared,
            here or in `layout`.
        client: Column of the client.
        session: Column of the session's number.
        outcome: Column of the score.
        process: Column of the event or process score.
        cluster: Column of the therapist, group or couple.
        replications: Cohorts simulated at each bound, for each reading.
        outcome_items: Items of the outcome measure, where known.
        process_items: Items of the process measure, where known.
        layout: Timing, lag, aggregator and time axis in one, instead of `timing` alone.

    Raises:
        CannotEstimate: With codes `bounds_undeclared`, `reliability_undeclared`, `cannot_tell` (more than
            5 % of the cohorts at a bound are called inert, beyond simulation error), and those of
            `lagged_within_client_effect`.
        TableError: If the table does not keep its contract.
    """
    plan = declared(_NAME, timing, layout)
    refuse_shared_items(_NAME, outcome_items, process_items)
    _refuse_undeclared(bounds, coder_reliability)
    panel = read_panel(
        table,
        layout=plan,
        client=client,
        session=session,
        outcome=outcome,
        process=process,
        cluster=cluster,
    )
    found = joint_effect(panel, level=_LEVEL)
    rate, trials = _false_inert(panel, found, bounds, coder_reliability, replications=replications, rng=rng)
    low, high = found.interval
    inside = bounds[0] < low and high < bounds[1]
    outside = high < bounds[0] or low > bounds[1]
    verdict: Literal["inert", "not inert", "undecided"]
    verdict = "inert" if inside else "not inert" if outside else "undecided"
    return InertVerdict(
        verdict, found.interval, bounds, rate, trials, coder_reliability, outcome, process, found
    )


def _refuse_undeclared(bounds: tuple[float, float], reliability: float) -> None:
    if not bounds[0] < 0 < bounds[1]:
        needed = "bounds, one below 0 and one above"
        raise CannotEstimate(_NAME, "bounds_undeclared", needed=needed, found="others")
    if not 0 < reliability <= 1:
        needed = "a coder reliability above 0, at most 1"
        raise CannotEstimate(_NAME, "reliability_undeclared", needed=needed, found="another")


def _false_inert(
    panel: Panel,
    found: WithinClientEffect,
    bounds: tuple[float, float],
    reliability: float,
    *,
    replications: int,
    rng: np.random.Generator,
) -> tuple[float, int]:
    kept, _ = usable_clients(panel)
    worst, trials = 0.0, 0
    for name in found.kept:
        hits = done = 0
        for bound in bounds:
            sigma = _sigma_at(found, found.reading(name), kept, bound, reliability)
            inert, fitted = _called_inert(kept, found, sigma, bounds, replications=replications, rng=rng)
            hits, done = hits + inert, done + fitted
        trials += done
        worst = max(worst, hits / done if done else 1.0)
        if not done or stats.binomtest(hits, done, _ERROR, alternative="greater").pvalue < _ERROR:
            needed = f"at most {_ERROR:.0%} of cohorts simulated at a bound called inert"
            raise CannotEstimate(_NAME, "cannot_tell", needed=needed, found=f"{hits} of {done}")
    return worst, trials


def _sigma_at(
    found: WithinClientEffect, reading: ReadingEstimate, panel: Panel, bound: float, reliability: float
) -> Array:
    """Return the fitted covariance with the true process's effect at the bound, in scaled units."""
    model = joint_structure(reading.reading, panel)
    values = dict(reading.parameters)
    theta = np.array([values[name] for name in model.names])
    at_present, _ = effect_at_lag(model, theta)
    values["beta"] += bound * found.within_sd_process / found.within_sd_outcome - at_present
    error = 1.0 - reliability
    for name in ("vu0", "vu"):
        values[name] = max(values[name] - error, 0.05)
    sigma = covariance(model, np.array([values[name] for name in model.names])).sigma
    process = np.arange(found.n_occasions, len(sigma))
    sigma[process, process] += error
    return sigma


def _called_inert(
    panel: Panel,
    found: WithinClientEffect,
    sigma: Array,
    bounds: tuple[float, float],
    *,
    replications: int,
    rng: np.random.Generator,
) -> tuple[int, int]:
    root = np.linalg.cholesky(sigma)
    hits = done = 0
    for _ in range(replications):
        drawn = rng.normal(size=(len(panel.outcome), len(sigma))) @ root.T
        outcome, process = drawn[:, : found.n_occasions], drawn[:, found.n_occasions :]
        cohort = attrs.evolve(
            panel,
            outcome=np.where(np.isnan(panel.outcome), np.nan, outcome * found.within_sd_outcome),
            process=_with_sessions(panel, process * found.within_sd_process),
        )
        try:
            low, high = joint_effect(cohort, level=_LEVEL).interval
        except CannotEstimate:
            continue
        done += 1
        hits += bounds[0] < low and high < bounds[1]
    return hits, done


def _with_sessions(panel: Panel, drawn: Array) -> Array:
    process = panel.process.copy()
    steps = panel.layout.steps
    process[:, ::steps] = np.where(np.isnan(process[:, ::steps]), np.nan, drawn)
    return process
