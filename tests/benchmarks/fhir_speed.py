"""Compare how many Observations a second go out and come in with what ``fhir.resources`` does with the same ones.

Usage: python tests/benchmarks/fhir_speed.py [--observations 2000] [--repeats 7]

Out: from records to dictionaries; there, from the same values to its models and on to dictionaries. In: from
dictionaries to validated cases with all their rules; there, from dictionaries to its models, which know no case and no
instrument, so that the comparison is in its favour. Twice: one client with all scores, and clients with 12 sessions and
two scores in each, of which some are missing; there our time includes the patients, episodes and encounters, and theirs
does not. Below that stands the floor: validating the finished cases alone. Processor time, all measured in turn, the
median of the ratios. Without ``fhir.resources`` only our own figures are shown.
"""

from __future__ import annotations

import argparse
import gc
import statistics
import time
from importlib import import_module
from typing import TYPE_CHECKING, Any

from therapeutic_process.exchange.fhir import from_bundle, to_bundle
from therapeutic_process.records import Case

if TYPE_CHECKING:
    from collections.abc import Callable

WHO = {"kind": "client", "participant": "c1"}


def case_of(n: int) -> Case:
    """A client with that many scores, 28 different ones by turns."""
    scores = [
        {"id": f"m{i}", "instrument": "phq9", "subject": "c1", "respondent": WHO, "score": i % 28,
         "measured_at": "2024-03-05T10:00:00Z"}
        for i in range(n)
    ]  # fmt: skip
    return Case.model_validate(
        {"id": "k", "participants": [{"id": "c1", "role": "client"}], "measurements": scores}
    )


def course_of(number: int) -> Case:
    """A client with 12 sessions and two scores before each, a tenth of them missing."""
    at = [f"2024-{1 + s // 4:02}-{1 + 7 * (s % 4):02}T10:00:00+01:00" for s in range(12)]
    scores = [
        {"id": f"{tool}-{s}", "instrument": tool, "subject": "c1", "respondent": WHO, "session": f"s{s}",
         "timing": "before", "measured_at": at[s],
         **({"missing": "declined"} if (s + number) % 10 == 0 else {"score": (s + number) % 22})}
        for tool in ("phq9", "gad7") for s in range(12)
    ]  # fmt: skip
    sessions = [{"id": f"s{s}", "number": s, "status": "held", "started_at": at[s]} for s in range(12)]
    return Case.model_validate(
        {"id": f"k{number}", "participants": [{"id": "c1", "role": "client"}], "sessions": sessions,
         "measurements": scores}
    )  # fmt: skip


def together(cases: list[Case]) -> dict[str, Any]:
    """Return one bundle of several cases."""
    several = [to_bundle(case) for case in cases]
    return {**several[0], "entry": [entry for one in several for entry in one["entry"]]}


def in_turn(works: dict[str, Callable[[], object]], repeats: int) -> dict[str, list[float]]:
    """Return the seconds of processor time of each, all measured in every round."""
    took: dict[str, list[float]] = {name: [] for name in works}
    for round_ in range(repeats + 1):
        for name, work in works.items():
            gc.collect()
            began = time.process_time()
            work()
            if round_:
                took[name].append(time.process_time() - began)
    return took


def compare(title: str, cases: list[Case], repeats: int) -> None:
    """Print what the cases' Observations take, out and in."""
    bundle = together(cases)
    assert from_bundle(bundle).cases == tuple(cases)
    resources = [e["resource"] for e in bundle["entry"] if e["resource"]["resourceType"] == "Observation"]
    resources = [r for r in resources if r["identifier"][0]["system"].endswith("/measurement")]
    plain = [case.model_dump(exclude_defaults=True) for case in cases]
    works: dict[str, Callable[[], object]] = {
        "out": lambda: together(cases),
        "in": lambda: from_bundle(bundle),
        "floor": lambda: [Case.model_validate(tree) for tree in plain],
    }
    try:
        model: Any = import_module("fhir.resources.R4B.observation").Observation
    except ImportError:
        print("fhir.resources is not installed: no comparison")
    else:
        works["out there"] = lambda: [model(**r).model_dump() for r in resources]
        works["in there"] = lambda: [model.model_validate(r) for r in resources]
    took = in_turn(works, repeats)
    n = len(resources)
    print(f"{title}: {n} Observations in {len(bundle['entry'])} resources")
    for name, seconds in took.items():
        print(f"  {name:<9} {n / statistics.median(seconds):>9,.0f} Observations/s")
    for name, there in (("out", "out there"), ("in", "in there"), ("floor", "in there")):
        if there in took:
            ratios = sorted(b / a for a, b in zip(took[name], took[there], strict=True))
            middle = statistics.median(ratios)
            print(f"  {name} / {there}: {middle:.1f} times as many ({ratios[0]:.1f} to {ratios[-1]:.1f})")


def main() -> None:
    """Run the comparison."""
    parser = argparse.ArgumentParser(description="Observations a second, out and in.")
    parser.add_argument("--observations", type=int, default=2000)
    parser.add_argument("--repeats", type=int, default=7)
    options = parser.parse_args()
    compare("one client", [case_of(options.observations)], options.repeats)
    courses = [course_of(number) for number in range(max(1, options.observations // 24))]
    compare("clients with 12 sessions", courses, options.repeats)


if __name__ == "__main__":
    main()
