"""Measure the grading of change against plain NumPy kernels on the same columns, and print a ratio a line.

Usage: python tests/benchmarks/change_speed.py [--rows 1e6] [--rounds 9]

The kernels are those of the shared reference data; without them nothing is measured, and that is said. Both
sides run in turn in one process; medians of wall-clock time are compared. The checks of keys and of missing
scores are part of what is timed.
"""

from __future__ import annotations

import argparse
import gc
import importlib.util
import os
import statistics
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from therapeutic_process.change_process import (
    ReferenceValues,
    clinical_significance_table,
    paired_scores,
    published_cutoff,
    reliable_change_table,
    sudden_gains,
)

if TYPE_CHECKING:
    from collections.abc import Callable

SHARED = Path(os.environ.get("THERAPEUTIC_PROCESS_SHARED", Path(__file__).resolve().parents[3] / "shared"))


def limits() -> Any | None:
    """Return the module of kernels, or None where it is not there."""
    file = SHARED / "tools" / "limits" / "limits.py"
    if not file.is_file():
        return None
    spec = importlib.util.spec_from_file_location("limits", file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def in_turn(commands: dict[str, Callable[[], object]], rounds: int) -> dict[str, float]:
    """Return the median seconds of each, all measured in every round, after one round to warm up."""
    took: dict[str, list[float]] = {name: [] for name in commands}
    for n in range(rounds + 1):
        for name, do in commands.items():
            gc.collect()
            began = time.perf_counter()
            do()
            if n:
                took[name].append(time.perf_counter() - began)
    return {name: statistics.median(times) for name, times in took.items()}


def line(what: str, figure: str, note: str = "") -> None:
    print(f"{what:<58} {figure:>9}{'  ' + note if note else ''}", flush=True)


def table_of(columns: dict[str, Any]) -> pl.DataFrame:
    """Return scores as a table, with null where there is none."""
    frame = pl.DataFrame({"client_id": columns["client"], "session": columns["session"]})
    return frame.with_columns(pl.Series("score", columns["score"]).fill_nan(None))


def graded(table: pl.DataFrame, kernels: Any) -> pl.DataFrame:
    """Return first and last score, reliable change and class of every client, with the limits of the kernel."""
    pairs = paired_scores(table).table
    norm = ReferenceValues(
        sd=kernels.SDIFF, reliability=0.5
    )  # with .5, the error of a difference is this very sd
    change = reliable_change_table(pairs, reference=norm, better="lower")
    cutoff = published_cutoff(kernels.CLINICAL, source="the kernel")
    return clinical_significance_table(change, cutoff=cutoff).table


def agree(table: pl.DataFrame, s: dict[str, Any], kernels: Any) -> None:
    """Make sure that both sides find the same before their times are compared."""
    client, session, *_ = kernels.k1(s["client"], s["session"], s["score"])
    events = sudden_gains(table, cutoff=kernels.CUTOFF).events
    assert np.array_equal(events["client_id"].to_numpy(), client)
    assert np.array_equal(events["session"].to_numpy(), session)
    whose, index, code = kernels.k2(s["client"], s["score"])
    found = graded(table, kernels)
    assert np.array_equal(found["client_id"].to_numpy(), whose)
    assert np.allclose(found["index"].to_numpy(), index)
    assert np.array_equal((found["category"] == "recovered").to_numpy(), code == 2)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--rows", type=float, default=1e6, help="rows of scores (default 1e6)")
    parser.add_argument(
        "--rounds", type=int, default=9, help="rounds of which the median is taken (default 9)"
    )
    asked = parser.parse_args()
    kernels = limits()
    if kernels is None:
        print("nothing measured: the shared reference data with its kernels is not here")
        return
    n = int(asked.rows)
    line(f"Python {sys.version.split()[0]}, Polars {pl.__version__}, {n:,} rows of scores", "")
    s = kernels.scores(n)
    table = table_of(s)
    agree(table, s, kernels)
    mixed = table.sample(fraction=1, shuffle=True, seed=3)
    small = table_of(
        {
            "client": np.repeat(np.arange(10_000), 12),
            "session": np.tile(np.arange(1, 13), 10_000),
            "score": kernels.scores(120_000)["score"],
        }
    )
    took = in_turn(
        {
            "k1": lambda: kernels.k1(s["client"], s["session"], s["score"]),
            "k2": lambda: kernels.k2(s["client"], s["score"]),
            "sorted": lambda: sudden_gains(table, cutoff=kernels.CUTOFF),
            "shuffled": lambda: sudden_gains(mixed, cutoff=kernels.CUTOFF),
            "graded": lambda: graded(table, kernels),
            "small": lambda: sudden_gains(small, cutoff=kernels.CUTOFF),
            "every interval": lambda: sudden_gains(small, cutoff=kernels.CUTOFF).intervals(),
        },
        asked.rounds,
    )
    for what, name, kernel, target in (
        ("sudden gains, sorted rows / kernel", "sorted", "k1", "target 2"),
        ("sudden gains, shuffled rows / kernel on sorted rows", "shuffled", "k1", "target 6"),
        ("reliable change and class, from rows / kernel", "graded", "k2", "target 3"),
    ):
        times = f"{took[name] * 1e3:.1f} ms, kernel {took[kernel] * 1e3:.1f} ms"
        line(what, f"{took[name] / took[kernel]:.2f}", f"{target}; {times}")
    line("sudden gains, 10,000 clients x 12 sessions", f"{took['small'] * 1e3:.1f} ms", "target 100 ms")
    line("  with every interval and its reason", f"{took['every interval'] * 1e3:.1f} ms")


if __name__ == "__main__":
    main()
