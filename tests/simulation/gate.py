"""The statistical gate: error rate, power, bias and coverage where the truth is known.

Run `python tests/simulation/gate.py --replications 500`, or `--short` for 60 replications of the gated cells; with
`--save FILE` an interrupted run goes on where it ended. One line per design and estimator: false positives where the
true effect is 0 and power where it is δ, bias (of each reading of the default: by score, by state), coverage, rate of
the placebo lead, how often the effect would be called inert within ±δ (at the true effect δ that is false), seconds of
a fit, and refusals by their code. Exits with 1 only if the exact 99 % binomial interval of a rate misses its bound.
"""

from __future__ import annotations

import argparse
import os
import resource
import sys
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from scipy import stats

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from simulation.saved_runs import SavedRuns
from therapeutic_process.errors import CannotEstimate
from therapeutic_process.process_outcome import (
    WithinClientEffect,
    lagged_within_client_effect,
    lagged_within_client_screen,
)
from therapeutic_process.simulate import Scenario, simulate_cohort

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

SEED = 20240501
SHORT = 60
DELTA = 0.6
STATELESS: tuple[Scenario, ...] = (
    "pure",
    "client",
    "trend",
    "rtm",
    "reverse",
    "phases",
    "combined",
    "dropout",
)
NULLS: tuple[Scenario, ...] = (*STATELESS, "state")
DESIGNS = ((200, 6), (200, 8), (200, 12), (1000, 6))
POWER = {"pure": 0.85, "rtm": 0.80, "combined": 0.75}
PLACEBO_REJECTS = ("rtm", "reverse")
PLACEBO_QUIET = ("pure", "client", "trend", "phases")


class Cell(NamedTuple):
    """One design of the gate."""

    scenario: Scenario
    n_clients: int
    n_sessions: int
    effect: float
    gated: bool
    label: str = ""
    options: tuple[tuple[str, Any], ...] = ()
    cluster: str | None = None


class Fit(NamedTuple):
    """What one estimator says in one replication; nan and False where it refuses."""

    refused: bool
    rejects: bool
    covers: bool
    errors: tuple[float, ...]
    placebo: bool
    inert: bool
    seconds: float
    why: str = ""


def refusal(code: str) -> Fit:
    """Return the record of a refusal."""
    return Fit(True, False, False, (), False, False, np.nan, code)


REFUSED = refusal("too_few_clients")
CHUNK = 50


class Bound(NamedTuple):
    """A rate and what it must be."""

    name: str
    hits: int
    trials: int
    low: float
    high: float

    @property
    def missed(self) -> bool:
        low, high = exact_interval(self.hits, self.trials)
        return self.trials > 0 and (high < self.low or low > self.high)


def exact_interval(hits: int, trials: int, level: float = 0.99) -> tuple[float, float]:
    """Clopper & Pearson (1934)."""
    tail = (1 - level) / 2
    low = float(stats.beta.ppf(tail, hits, trials - hits + 1)) if hits else 0.0
    high = float(stats.beta.ppf(1 - tail, hits + 1, trials - hits)) if hits < trials else 1.0
    return low, high


def cells(*, short: bool) -> Iterator[Cell]:
    """Give every design, gated ones first."""
    for n, sessions in DESIGNS:
        for scenario in NULLS:
            for effect in (0.0, DELTA):
                yield Cell(scenario, n, sessions, effect, gated=True)
    if short:
        return
    for n in (30, 50):
        yield from _pair("combined", f"{n} clients", n=n)
    for scenario in ("combined", "state"):
        yield from _pair(scenario, "20 % missing", missing=0.2)
        yield from _pair(scenario, "irregular spacing", irregular=True)
        yield from _pair(scenario, "noise SD 4", noise_sd=4.0)
        yield from _pair(scenario, "carry-over .7", phi=0.7)
        yield from _pair(scenario, "AR(2)", second_lag=0.2)
    yield from _pair("rtm", "curved recovery", n=1000, recovery_sd=4.0)
    shocks: dict[str, Any] = {"therapists": 20, "therapist_sd": 2.0, "therapist_process_sd": 1.0}
    yield from _pair("pure", "therapist shocks", **shocks)
    yield from _pair("pure", "therapist shocks, cluster", cluster="therapist_id", **shocks)
    yield from _pair("mnar", "leaving after a gain")
    yield from _pair("unmeasured", "hopeless")


def _pair(
    scenario: Scenario, label: str, *, n: int = 200, cluster: str | None = None, **options: Any
) -> Iterator[Cell]:
    for effect in (0.0, DELTA):
        yield Cell(scenario, n, 12, effect, False, label, tuple(options.items()), cluster)


def replicate(cell: Cell, number: int, index: int) -> tuple[Fit, Fit]:
    """Draw one cohort and fit the default and the screen."""
    rng = np.random.default_rng([SEED, index, number])
    cohort = simulate_cohort(
        cell.scenario,
        n_clients=cell.n_clients,
        n_sessions=cell.n_sessions,
        effect=cell.effect,
        rng=rng,
        **dict(cell.options),
    )
    table = cohort.table
    return _default(table, cell, cohort.true_effect), _screen(table, cell, cohort.true_effect)


def _default(table: Any, cell: Cell, truth: float) -> Fit:
    start = time.perf_counter()
    try:
        found = lagged_within_client_effect(table, timing="before", cluster=cell.cluster)
    except CannotEstimate as error:
        return refusal(error.code)
    seconds = time.perf_counter() - start
    low, high = found.interval
    errors = tuple(r.effect - truth for r in found.readings)
    covers = low <= truth <= high
    return Fit(False, found.excludes_zero, covers, errors, found.placebo.rejects, _inert(found), seconds)


def _inert(found: WithinClientEffect) -> bool:
    """Two one-sided tests: the 90 % robust interval inside ±DELTA."""
    kept = [found.reading(name) for name in found.kept]
    return all(
        abs(r.effect) + r.standard_error * stats.t.ppf(0.95, r.degrees_of_freedom) < DELTA for r in kept
    )


def _screen(table: Any, cell: Cell, truth: float) -> Fit:
    start = time.perf_counter()
    try:
        found = lagged_within_client_screen(table, timing="before", cluster=cell.cluster)
    except CannotEstimate as error:
        return refusal(error.code)
    seconds = time.perf_counter() - start
    low, high = found.interval
    errors = (found.effect - truth,)
    return Fit(
        False, not low <= 0 <= high, low <= truth <= high, errors, found.placebo.rejects, False, seconds
    )


def _task(arguments: tuple[Cell, int, int]) -> tuple[Fit, Fit]:
    return replicate(*arguments)


def summarise(cell: Cell, name: str, fits: Sequence[Fit]) -> list[str]:
    """One row of the printed table."""
    done = [f for f in fits if not f.refused]
    n = max(len(done), 1)
    bias = np.nanmean([f.errors for f in done], axis=0) if done else (np.nan,)
    rate = [sum(getattr(f, part) for f in done) / n for part in ("rejects", "covers", "placebo", "inert")]
    seconds = float(np.mean([f.seconds for f in done])) if done else np.nan
    refused = Counter(f.why for f in fits if f.refused)
    reasons = [f"({times} {code})" for code, times in sorted(refused.items())]
    inert = f"{'false inert' if cell.effect >= DELTA else 'inert'} {rate[3]:.3f}"
    what = f"{cell.scenario} {cell.label}".strip()
    return [
        f"{what:34s}",
        f"{cell.n_clients}×{cell.n_sessions}".rjust(8),
        f"δ={cell.effect:.1f}",
        f"{name:7s}",
        f"{'power' if cell.effect else 'false+'} {rate[0]:.3f}",
        f"bias {' '.join(f'{b:+.2f}' for b in bias):11s}",
        f"cover {rate[1]:.3f}",
        f"placebo {rate[2]:.3f}",
        (inert if name == "default" else "").rjust(17),
        f"{seconds:.3f} s",
        " ".join(["refused", str(refused.total()), *reasons]),
    ]


def bounds(cell: Cell, default: Sequence[Fit], screen: Sequence[Fit]) -> Iterator[Bound]:
    """What this cell must keep."""
    if not cell.gated:
        return
    done = [f for f in default if not f.refused]
    n, long = len(done), (cell.n_clients, cell.n_sessions) == (200, 12)
    rejects, covers = sum(f.rejects for f in done), sum(f.covers for f in done)
    yield Bound("default coverage", covers, n, 0.92, 1.0)
    if cell.effect == 0:
        yield Bound("default false positives", rejects, n, 0.0, 0.075)
    if long and cell.effect == DELTA and cell.scenario in POWER:
        yield Bound("default power", rejects, n, POWER[cell.scenario], 1.0)
    if long and cell.effect == 0:
        placebo = sum(f.placebo for f in done)
        if cell.scenario in PLACEBO_REJECTS:
            yield Bound("placebo lead rejects", placebo, n, 0.99, 1.0)
        if cell.scenario in PLACEBO_QUIET:
            yield Bound("placebo lead rejects", placebo, n, 0.0, 0.075)
        if cell.scenario in STATELESS:
            fitted = [f for f in screen if not f.refused]
            hits = sum(f.rejects for f in fitted)
            yield Bound("screen false positives", hits, len(fitted), 0.03, 0.075)


def replications_of(
    cell: Cell, index: int, wanted: int, saved: SavedRuns, pool: ProcessPoolExecutor
) -> list[tuple[Fit, Fit]]:
    """Return the saved replications of a cell, and draw and save those that lack."""
    key = f"{index} {cell}"
    for first in range(len(saved.of(key)), wanted, CHUNK):
        tasks = [(cell, k, index) for k in range(first, min(first + CHUNK, wanted))]
        saved.add(key, first, list(pool.map(_task, tasks, chunksize=5)))
    return [(Fit(*one), Fit(*other)) for one, other in saved.of(key)[:wanted]]


def run(replications: int, *, short: bool, jobs: int, only: str | None, save: Path | None = None) -> int:
    """Print the table; return how many gated rates miss their bound."""
    missed, kept = [], 0
    saved = SavedRuns(save)
    if saved.of_other_code:
        print(f"{saved.of_other_code} saved runs of other code are not used")
    with ProcessPoolExecutor(jobs) as pool:
        for index, cell in enumerate(cells(short=short)):
            if only and only not in f"{cell.scenario} {cell.label} {cell.n_clients}x{cell.n_sessions}":
                continue
            pairs = replications_of(cell, index, replications, saved, pool)
            default, screen = [p[0] for p in pairs], [p[1] for p in pairs]
            print(" | ".join(summarise(cell, "default", default)), flush=True)
            print(" | ".join(summarise(cell, "screen", screen)), flush=True)
            held = list(bounds(cell, default, screen))
            missed += [(cell, b) for b in held if b.missed]
            kept += sum(not b.missed for b in held)
    report(missed, kept)
    return len(missed)


def report(missed: Sequence[tuple[Cell, Bound]], kept: int) -> None:
    """Print the bounds that were missed, with the interval that misses them, and what the run took."""
    for cell, bound in missed:
        low, high = exact_interval(bound.hits, bound.trials)
        where = f"{cell.scenario} {cell.n_clients}×{cell.n_sessions} δ={cell.effect}"
        rate = f"{bound.name} {bound.hits}/{bound.trials}, 99 % interval {low:.3f}–{high:.3f}"
        print(f"MISSED {where}: {rate}, bound {bound.low}–{bound.high}")
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    minutes = sum(u.ru_utime + u.ru_stime for u in used) / 60
    print(f"{minutes:.1f} minutes of processor time in this run")
    verdict = f"{len(missed)} bounds missed, {kept} kept" if missed else f"every bound kept ({kept})"
    print(f"gate: {verdict}")


def main(arguments: Sequence[str] | None = None) -> int:
    """Parse the command line and run."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--replications", type=int, default=None, help="cohorts per design (default 500)")
    parser.add_argument("--short", action="store_true", help="gated cells only, 60 replications by default")
    parser.add_argument("--jobs", type=int, default=min(2, os.cpu_count() or 1), help="processes")
    parser.add_argument("--only", help="only designs whose 'scenario label NxT' contains this text")
    parser.add_argument(
        "--save", type=Path, metavar="FILE", help="keep replications here, and go on from them"
    )
    chosen = parser.parse_args(arguments)
    replications = chosen.replications or (SHORT if chosen.short else 500)
    asked = {"short": chosen.short, "jobs": chosen.jobs, "only": chosen.only, "save": chosen.save}
    return int(run(replications, **asked) > 0)


if __name__ == "__main__":
    sys.exit(main())
