"""Measure the screen against the same model by dummy variables, and the default estimator, and print a line each.

Usage: python tests/benchmarks/screen_speed.py [--rounds 9] [--clients 100000]

The same model: next score on event, last two scores, client intercepts, client trends and session effects, with
standard errors clustered by client. The peers (statsmodels, pyfixest, where they are installed) read the same table,
lay out the lags, form their design and fit; this library does the same and its diagnostics besides. Both sides
run in turn in one process and the best times are compared, once estimate and standard error agree to 1e-8.
"""

from __future__ import annotations

import argparse
import gc
import importlib
import subprocess
import sys
import tempfile
import time
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.change_speed import line
from therapeutic_process.process_outcome import lagged_within_client_effect, lagged_within_client_screen
from therapeutic_process.simulate import simulate_cohort

if TYPE_CHECKING:
    from collections.abc import Callable

    import polars as pl

Estimate = tuple[float, float]

OUTCOME, COLUMNS = "outcome_after", ("event", "outcome_before", "outcome_earlier")


def cohort(n_clients: int, *, missing: float = 0.0) -> pl.DataFrame:
    rng = np.random.default_rng([20240501, n_clients])
    return simulate_cohort(
        "combined", n_clients=n_clients, n_sessions=12, effect=0.6, missing=missing, rng=rng
    ).table


def best_of(commands: dict[str, Callable[[], object]], rounds: int) -> dict[str, float]:
    """Return the least seconds of each, all measured in every round, after one round to warm up."""
    took: dict[str, list[float]] = {name: [] for name in commands}
    for n in range(rounds + 1):
        for name, do in commands.items():
            gc.collect()
            began = time.perf_counter()
            do()
            if n:
                took[name].append(time.perf_counter() - began)
    return {name: min(times) for name, times in took.items()}


def screened(table: pl.DataFrame) -> Estimate:
    found = lagged_within_client_screen(table, timing="before")
    return found.effect, found.standard_error


def laid_out(frame: Any) -> Any:
    """Return the rows that the model uses, as those who have it in pandas lay them out."""
    frame = frame.sort_values(["client_id", "session"])
    scores = frame.groupby("client_id")["outcome_before"]
    return frame.assign(outcome_after=scores.shift(-1), outcome_earlier=scores.shift(1)).dropna()


def by_arrays(frame: Any, statsmodels: Any, pandas: Any) -> Estimate:
    """Fit by dummies set side by side, without two sessions that the clients' lines take up."""
    rows = laid_out(frame)
    clients = pandas.get_dummies(rows["client_id"], dtype=float).to_numpy()
    sessions = pandas.get_dummies(rows["session"], dtype=float).to_numpy()[:, 2:]
    trends = clients * rows["session"].to_numpy()[:, None]
    design = np.hstack([rows[list(COLUMNS)].to_numpy(), clients, trends, sessions])
    whose = rows["client_id"].to_numpy()
    asked = {"groups": whose, "use_correction": False}
    fit = statsmodels.OLS(rows[OUTCOME].to_numpy(), design).fit(cov_type="cluster", cov_kwds=asked)
    return float(fit.params[0]), float(fit.bse[0]) * _factor(clients.shape[1])


def by_formula(frame: Any, formulas: Any) -> Estimate:
    """Fit by a formula with categories."""
    rows = laid_out(frame)
    model = f"{OUTCOME} ~ {' + '.join(COLUMNS)} + C(client_id) + C(client_id):session + C(session)"
    asked = {"groups": rows["client_id"], "use_correction": False}
    fit = formulas.ols(model, rows).fit(cov_type="cluster", cov_kwds=asked)
    return float(fit.params["event"]), float(fit.bse["event"]) * _factor(rows["client_id"].nunique())


def by_fixest(frame: Any, pyfixest: Any, *, absorbed: bool) -> Estimate:
    """Fit with trends as dummies, and clients and sessions as dummies too or swept out."""
    effects = " | client_id + session" if absorbed else " + C(client_id) + C(session)"
    model = f"{OUTCOME} ~ {' + '.join(COLUMNS)} + C(client_id):session{effects}"
    rows, plain = laid_out(frame), pyfixest.ssc(k_adj=False)
    fit = pyfixest.feols(model, rows, vcov={"CRV1": "client_id"}, ssc=plain, fixef_tol=1e-12)
    return float(fit.coef()["event"]), float(fit.se()["event"])


def _factor(clients: int) -> float:
    return float(np.sqrt(clients / (clients - 1)))


def installed(name: str) -> Any | None:
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError:
        return None


def peers(table: pl.DataFrame) -> dict[str, Callable[[], Estimate] | None]:
    """Return what fits the same model, by name; None where the package is not installed."""
    pandas = installed("pandas")
    frame = pandas and pandas.DataFrame({name: table[name].to_numpy() for name in table.columns})
    arrays, formulas = installed("statsmodels.api"), installed("statsmodels.formula.api")
    fixest = installed("pyfixest")
    return {
        "statsmodels, arrays of dummies": arrays and (lambda: by_arrays(frame, arrays, pandas)),
        "statsmodels, formula": formulas and (lambda: by_formula(frame, formulas)),
        "pyfixest, dummies": fixest and (lambda: by_fixest(frame, fixest, absorbed=False)),
        "pyfixest, only trends as dummies": fixest and (lambda: by_fixest(frame, fixest, absorbed=True)),
    }


def compare(rounds: int) -> None:
    """Print how many times slower each peer is, once it says the same."""
    table = cohort(200)
    others = peers(table)
    fits = {name: fit for name, fit in others.items() if fit is not None}
    own = screened(table)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the peers warn that dummies depend on each other, which is known
        for name, fit in fits.items():
            assert np.allclose(fit(), own, rtol=1e-8, atol=0), f"{name} and the screen differ"
        took = best_of({"own": lambda: screened(table), **fits}, rounds)
    line("screen, 200 clients x 12 sessions", f"{took['own'] * 1e3:.1f} ms")
    for name in others:
        if name not in took:
            line(f"  {name} / screen", "-", "not installed")
        else:
            line(
                f"  {name} / screen",
                f"{took[name] / took['own']:.0f}",
                f"target 20; {took[name] * 1e3:.0f} ms",
            )


ALONE = """
import resource, sys, time
from pathlib import Path
import polars as pl
from therapeutic_process.process_outcome import {function}
table = pl.read_parquet(sys.argv[1])
def peak():
    own = Path("/proc/self/status")  # what getrusage tells begins with the peak of the process that started this one
    if not own.is_file():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    return next(int(text.split()[1]) for text in own.open() if text.startswith("VmHWM")) / 2**20
before, began = peak(), time.perf_counter()
{function}(table, timing="before")
print(time.perf_counter() - began, before, peak())
"""


def alone(function: str, table: pl.DataFrame) -> tuple[float, float, float]:
    """Return seconds, and peak memory before and after in GB, of a process that does this and nothing else."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "table.parquet")
        table.write_parquet(file)
        code = ALONE.format(function=function)
        command = [sys.executable, "-c", code, str(file)]
        out = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    seconds, before, after = map(float, out.split())
    return seconds, before, after


def large(n: int) -> None:
    """Measure both estimators on a large cohort, in processes of their own."""
    table = cohort(n)
    for name in ("lagged_within_client_screen", "lagged_within_client_effect"):
        seconds, before, after = alone(name, table)
        target = "target seconds and 2 GB; " if "screen" in name else ""
        note = f"{target}peak {after:.2f} GB, {before:.2f} GB with the table read"
        line(f"{name}, {n:,} x 12", f"{seconds:.2f} s", note)


def default(rounds: int) -> None:
    """Measure the joint model in both readings."""
    for n, missing, target in (
        (200, 0.0, "target 0.15 s"),
        (200, 0.1, ""),
        (10_000, 0.0, "target 2 s"),
        (10_000, 0.1, "reported"),
    ):
        table = cohort(n, missing=missing)
        took = best_of(
            {"": lambda table=table: lagged_within_client_effect(table, timing="before")},  # type: ignore[misc]  # bound now
            rounds if n < 1_000 else max(2, rounds // 3),
        )
        scattered = f", {missing:.0%} scattered missing" if missing else ", complete"
        line(f"joint model, both readings, {n:,} x 12{scattered}", f"{took['']:.3f} s", target)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--rounds", type=int, default=9, help="rounds of which the best is taken (default 9)")
    parser.add_argument(
        "--clients", type=int, default=100_000, help="size of the large cohort (default 100000)"
    )
    asked = parser.parse_args()
    line(f"Python {sys.version.split()[0]}, NumPy {np.__version__}", "")
    compare(asked.rounds)
    default(asked.rounds)
    large(asked.clients)


if __name__ == "__main__":
    main()
