"""Measure sequential analysis and agreement, and print a ratio a line.

Usage: python tests/benchmarks/session_speed.py [--rows 1e6] [--rounds 9]

Transitions are compared with the plain NumPy kernel of the shared reference data (without it, that is said
and left out), Krippendorff's alpha with the ``krippendorff`` package where it is installed. Both sides run in
turn in one process; medians of wall-clock time are compared.
"""

from __future__ import annotations

import argparse
import importlib
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import polars as pl

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.change_speed import in_turn, limits, line
from therapeutic_process.session_process import krippendorff_alpha, sequential_statistics

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType


def transitions(kernels: Any, n: int, rounds: int) -> None:
    """Compare full lag-1 statistics with the kernel, which counts, expects and takes residuals."""
    t = kernels.turns(n)
    columns = {
        "session_id": t["session"],
        "index": np.arange(n),
        "code": t["code"],
        "is_client": t["is_client"],
    }
    table = pl.DataFrame(columns)
    labels = np.array([f"code {i}" for i in range(14)])
    texts = table.with_columns(pl.Series("code", labels[t["code"]]))
    found = sequential_statistics(table, speaker="is_client", target=(False, True))
    counted = kernels.k3(t["session"], t["is_client"], t["code"])[0]
    assert np.array_equal(found.frequency[0], counted[np.ix_(found.codes, found.codes)])
    frames = {"Polars": table, "pandas": pd.DataFrame(columns)}
    took = in_turn(
        {"kernel": lambda: kernels.k3(t["session"], t["is_client"], t["code"])} | _asked(frames, texts),
        rounds,
    )
    for name in list(took)[1:]:
        target = "" if "texts" in name else "target 5; "
        times = f"{target}{took[name] * 1e3:.1f} ms, kernel {took['kernel'] * 1e3:.1f} ms"
        line(f"lag-1 statistics, {name} / kernel", f"{took[name] / took['kernel']:.2f}", times)


def _asked(frames: dict[str, Any], texts: pl.DataFrame) -> dict[str, Callable[[], object]]:
    asked: dict[str, Callable[[], object]] = {}
    for name, frame in frames.items():
        asked[f"{name}, integer codes"] = partial(sequential_statistics, frame)
        asked[f"{name}, from therapist to client"] = partial(
            sequential_statistics, frame, speaker="is_client", target=(False, True)
        )
    words = pd.DataFrame(texts.to_dict(as_series=False))
    asked["pandas, codes as categories"] = partial(sequential_statistics, words.astype({"code": "category"}))
    asked["Polars, codes as texts"] = partial(sequential_statistics, texts)
    asked["pandas, codes as texts"] = partial(sequential_statistics, words)
    return asked


def permutations(rng: np.random.Generator) -> None:
    """Time 1,000 shuffles of 100,000 turns within sessions of 200."""
    n = 100_000
    codes = rng.integers(0, 14, n)
    table = pl.DataFrame({"session_id": np.arange(n) // 200, "index": np.arange(n), "code": codes})
    statistics = sequential_statistics(table)
    took = in_turn({"all": lambda: statistics.permutation_test(permutations=1_000, rng=rng)}, 3)
    line("1,000 permutations of 100,000 turns within session", f"{took['all']:.2f} s")
    joined = sequential_statistics(table.head(n // 10), collapse=True)
    took = in_turn({"all": lambda: joined.permutation_test(permutations=1_000, rng=rng)}, 1)
    line("  without repeats", f"{took['all']:.2f} s", f"{len(joined.turns.code):,} turns")


def agreement(rng: np.random.Generator, rounds: int) -> None:
    """Compare alpha with the package that bears its name."""
    truth = rng.integers(0, 5, 100_000)
    both = np.stack(
        [np.where(rng.random(len(truth)) < 0.8, truth, rng.integers(0, 5, len(truth))) for _ in "ab"]
    )
    units = both.T.copy()
    try:
        other: ModuleType = importlib.import_module("krippendorff")
    except ModuleNotFoundError:
        took = in_turn({"own": lambda: krippendorff_alpha(units)}, rounds)
        line(
            "Krippendorff's alpha, 100,000 units x 2 raters",
            f"{took['own'] * 1e3:.1f} ms",
            "no package to compare",
        )
        return
    theirs = other.alpha(reliability_data=both, level_of_measurement="nominal")
    assert np.isclose(krippendorff_alpha(units).value, theirs)
    took = in_turn(
        {
            "own": lambda: krippendorff_alpha(units),
            "package": lambda: other.alpha(reliability_data=both, level_of_measurement="nominal"),
        },
        max(3, rounds // 3),
    )
    note = f"target 20; {took['own'] * 1e3:.1f} ms, package {took['package'] * 1e3:.0f} ms"
    line("Krippendorff's alpha: the package / this library", f"{took['package'] / took['own']:.0f}", note)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--rows", type=float, default=1e6, help="coded turns (default 1e6)")
    parser.add_argument(
        "--rounds", type=int, default=9, help="rounds of which the median is taken (default 9)"
    )
    asked = parser.parse_args()
    n = int(asked.rows)
    line(f"Python {sys.version.split()[0]}, Polars {pl.__version__}, {n:,} coded turns", "")
    kernels = limits()
    if kernels is None:
        print("transitions not measured: the shared reference data with its kernels is not here")
    else:
        transitions(kernels, n, asked.rounds)
    rng = np.random.default_rng(5)
    permutations(rng)
    agreement(rng, asked.rounds)


if __name__ == "__main__":
    main()
