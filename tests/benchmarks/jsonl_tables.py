"""Measure JSON Lines laid out as tables against reading them alone, and a wide table read into cases.

Usage: python tests/benchmarks/jsonl_tables.py [--interactions 1000000] [--clients 100000] [--rounds 3]

The file is generated into a temporary folder. Processor time: reading the cases alone (one pass of pydantic with all
rules, each case let go) and reading them into flat tables, in turn, in one process; the median of the ratios. The wide
table has 12 sessions for each client, as a frame and as a CSV file.
"""

from __future__ import annotations

import argparse
import gc
import random
import resource
import statistics
import sys
import tempfile
from collections import deque
from pathlib import Path

import polars as pl

sys.path.insert(0, str(Path(__file__).parent))
from run import big_case, in_turn, line, processor_seconds  # type: ignore[import-not-found,unused-ignore]

from therapeutic_process.exchange import read_cases, read_wide
from therapeutic_process.tables import from_cases

SESSIONS, TURNS = 20, 200


def write(file: Path, interactions: int) -> int:
    """Write cases of 4,000 coded interactions each; return how many interactions there are."""
    n = max(1, interactions // (SESSIONS * TURNS))
    with file.open("w", encoding="utf-8") as stream:
        for k in range(n):
            stream.write(big_case(SESSIONS, TURNS, case_id=f"k{k}") + "\n")
    return n * SESSIONS * TURNS


def jsonl(interactions: int, rounds: int) -> None:
    """Compare reading with reading into tables."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "cases.jsonl")
        n = write(file, interactions)
        size = file.stat().st_size / 1e6
        assert from_cases(read_cases(file)).interactions.height == n
        ratios, alone = [], []
        for _ in range(rounds):
            took = in_turn(
                {
                    "reading": lambda: deque(read_cases(file), maxlen=0),
                    "tables": lambda: from_cases(read_cases(file), text=True),
                },
                1,
            )
            ratios.append(took["tables"] / took["reading"])
            alone.append(took["reading"])
    what = f"JSON Lines of {n:,} interactions ({size:.0f} MB) to tables / reading alone"
    line(what, f"{statistics.median(ratios):.2f}", f"target 2.00, {min(ratios):.2f} to {max(ratios):.2f}")
    line("  reading alone", f"{statistics.median(alone):.1f} s")
    line("  peak memory of all this", f"{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")


def wide(clients: int, rounds: int) -> None:
    """Measure a wide table of whole scores, some of them missing, as a frame and as a file."""
    chance = random.Random(0)
    columns: dict[str, list[object]] = {"who": [f"c{i}" for i in range(clients)]}
    for s in range(1, 13):
        columns[f"phq_s{s}"] = [
            None if chance.random() < 0.05 else chance.randrange(28) for _ in range(clients)
        ]
    frame = pl.DataFrame(columns)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "wide.csv")
        frame.write_csv(file)
        for name, table in (("a frame", frame), ("a CSV file", file)):
            times = [once(table, clients) for _ in range(rounds)]
            what = f"wide table of {clients:,} clients x 12 sessions into cases, from {name}"
            line(what, f"{statistics.median(times):.1f} s", "target seconds")


def once(table: pl.DataFrame | Path, clients: int) -> float:
    """Return the processor seconds of reading a wide table; nobody is lost."""
    gc.collect()
    began: float = processor_seconds()
    done = read_wide(table, client="who", scores=r"phq_s(\d+)", instrument="phq9")
    took: float = processor_seconds() - began
    assert len(done.cases) == clients
    return took


def main() -> None:
    """Run both."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--interactions", type=int, default=1_000_000)
    parser.add_argument("--clients", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=3)
    asked = parser.parse_args()
    jsonl(asked.interactions, asked.rounds)
    wide(asked.clients, asked.rounds)


if __name__ == "__main__":
    main()
