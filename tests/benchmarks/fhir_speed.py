"""Compare how many Observations a second go out and come in with what ``fhir.resources`` does with the same ones.

Usage: python tests/benchmarks/fhir_speed.py [--observations 2000] [--repeats 5]

Out: from records to dictionaries; there, from the same values to its models and on to dictionaries. In: from
dictionaries to a validated case with all its rules; there, from dictionaries to its models, which know no case and no
instrument, so that the comparison is in its favour. The best of several runs counts. Without ``fhir.resources`` only
our own figures are shown.
"""

from __future__ import annotations

import argparse
import time
from importlib import import_module
from typing import TYPE_CHECKING, Any

from therapeutic_process.exchange.fhir import from_bundle, to_bundle
from therapeutic_process.records import Case

if TYPE_CHECKING:
    from collections.abc import Callable


def case_of(n: int) -> Case:
    """A client with that many scores, 28 different ones by turns."""
    who = {"kind": "client", "participant": "c1"}
    scores = [
        {
            "id": f"m{i}",
            "instrument": "phq9",
            "subject": "c1",
            "respondent": who,
            "score": i % 28,
            "measured_at": "2024-03-05T10:00:00Z",
        }
        for i in range(n)
    ]
    return Case.model_validate(
        {"id": "k", "participants": [{"id": "c1", "role": "client"}], "measurements": scores}
    )


def per_second(n: int, repeats: int, work: Callable[[], object]) -> float:
    """Return resources a second, the best of several runs."""
    best = float("inf")
    for _ in range(repeats):
        start = time.perf_counter()
        work()
        best = min(best, time.perf_counter() - start)
    return n / best


def main() -> None:
    """Run the comparison."""
    parser = argparse.ArgumentParser(description="Observations a second, out and in.")
    parser.add_argument("--observations", type=int, default=2000)
    parser.add_argument("--repeats", type=int, default=5)
    options = parser.parse_args()
    n, repeats = options.observations, options.repeats
    case = case_of(n)
    bundle = to_bundle(case)
    assert from_bundle(bundle).cases == (case,)
    ours = {
        "out": per_second(n, repeats, lambda: to_bundle(case)),
        "in": per_second(n, repeats, lambda: from_bundle(bundle)),
    }
    for way, speed in ours.items():
        print(f"{way:>3}: ours {speed:>9,.0f} Observations/s")
    try:
        model: Any = import_module("fhir.resources.R4B.observation").Observation
    except ImportError:
        print("fhir.resources is not installed: no comparison")
        return
    resources = [e["resource"] for e in bundle["entry"] if e["resource"]["resourceType"] == "Observation"]
    theirs = {
        "out": per_second(n, repeats, lambda: [model(**r).model_dump() for r in resources]),
        "in": per_second(n, repeats, lambda: [model.model_validate(r) for r in resources]),
    }
    for way, speed in theirs.items():
        print(
            f"{way:>3}: fhir.resources {speed:>9,.0f} Observations/s, ours {ours[way] / speed:.1f} times as many"
        )


if __name__ == "__main__":
    main()
