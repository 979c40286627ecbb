"""Draw thousands of generated cases and check that each survives being written and read again.

Usage: python tests/benchmarks/round_trip.py [--cases 10000] [--seed 0]

Every case goes through ``load_case(dump_case(case)) == case``, the text is the same when written again, and a lenient
reading finds nothing unknown. Exit status 1 at the first case that does not survive (Hypothesis shows it, shrunk).
"""

from __future__ import annotations

import argparse
import hashlib
import statistics
import sys
import time
from collections import Counter
from typing import TYPE_CHECKING

import attrs
from hypothesis import HealthCheck, given, seed, settings

from therapeutic_process.exchange import dump_case, load_case, load_case_lenient
from therapeutic_process.testing import cases

if TYPE_CHECKING:
    from therapeutic_process.records import Case

# One run of Hypothesis remembers what it drew; many short runs keep the memory flat.
PER_RUN = 500


@attrs.define
class Figures:
    """What was drawn."""

    cases: int = 0
    sizes: list[int] = attrs.field(factory=list)
    distinct: set[bytes] = attrs.field(factory=set)
    parts: Counter[str] = attrs.field(factory=Counter)

    def add(self, case: Case, text: str) -> None:
        """Count one case that survived."""
        self.cases += 1
        self.sizes.append(len(text.encode()))
        self.distinct.add(hashlib.blake2b(text.encode(), digest_size=12).digest())
        for name in type(case).model_fields:
            value = getattr(case, name)
            if isinstance(value, tuple):
                self.parts[name] += len(value)
        self.parts["interactions"] += sum(len(s.interactions) for s in case.sessions)


def survives(case: Case) -> str:
    """Return the document of a case, having checked that nothing of it is lost on the way out and in."""
    text = dump_case(case)
    again = load_case(text)
    assert again == case
    assert dump_case(again) == text
    assert load_case(dump_case(case, indent=2)) == case
    lenient = load_case_lenient(text)
    assert lenient.case == case
    assert not lenient.unknown
    return text


def draw(n: int, run: int, figures: Figures) -> None:
    """Draw at least `n` cases in one run of Hypothesis, fewer only if it finds no more."""

    @seed(run)
    @settings(max_examples=n, database=None, deadline=None, suppress_health_check=list(HealthCheck))
    @given(cases())
    def check(case: Case) -> None:
        figures.add(case, survives(case))

    check()


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--cases", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    figures = Figures()
    run = asked.seed
    began = time.perf_counter()
    while figures.cases < asked.cases:
        draw(min(PER_RUN, asked.cases - figures.cases), run, figures)
        run += 1
    took = time.perf_counter() - began
    print(
        f"cases that survived: {figures.cases} of {figures.cases}, {len(figures.distinct)} of them distinct"
    )
    print(
        f"bytes: {sum(figures.sizes)} in all, median {statistics.median(figures.sizes):.0f}, "
        f"largest {max(figures.sizes)}"
    )
    print(f"parts: {', '.join(f'{n} {name}' for name, n in sorted(figures.parts.items()))}")
    print(f"seconds: {took:.0f} (seeds {asked.seed} to {run - 1})")
    return 0


if __name__ == "__main__":
    sys.exit(main())
