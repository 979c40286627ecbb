"""Damages documents at random and lets every reader read them: a case, or a documented error, and nothing else.

    python tests/faults/mutate.py --documents 100000 --seed 2026

Prints a row per reader, and every finding with the seed that makes it again; exits with 1 if there is one. What counts
as a finding: an exception that is none of the library's, a code that docs/reference/errors.md does not explain, or
more seconds than allowed.
"""

from __future__ import annotations

import argparse
import re
import signal
import sys
import tempfile
import time
import traceback
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs

ROOT = Path(__file__).parents[2]
if __name__ == "__main__":
    sys.path[:0] = [str(ROOT / "src"), str(ROOT / "tests")]

from faults.targets import Target, targets  # noqa: E402  after the path is known
from therapeutic_process.errors import (  # noqa: E402
    DocumentError,
    NotEnoughData,
    RecordError,
    TableError,
    TherapeuticProcessError,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Outcome", "documented_codes", "outcomes", "run"]

SECONDS = 5.0


class Hang(BaseException):
    """A document took too long; no reader can catch it by mistake."""


@attrs.define
class Outcome:
    """What a reader did with its documents."""

    documents: int = 0
    read: int = 0
    refused: Counter[str] = attrs.field(factory=Counter)
    findings: list[str] = attrs.field(factory=list)
    slowest_s: float = 0.0

    def __str__(self) -> str:
        refused = self.refused.total()
        return (
            f"{self.documents:>7,} {self.read:>7,} {refused:>8,} {len(self.refused):>6} "
            f"{self.slowest_s * 1000:>8.0f} ms {len(self.findings):>9}"
        )


def documented_codes() -> frozenset[str]:
    """Return the codes that the page of errors explains."""
    page = (ROOT / "docs" / "reference" / "errors.md").read_text(encoding="utf-8")
    return frozenset(re.findall(r"^\| `([a-z0-9_]+)` \|", page, flags=re.MULTILINE))


def _codes(error: TherapeuticProcessError) -> Iterator[str]:
    if isinstance(error, (DocumentError, TableError)):
        yield error.code
    if isinstance(error, (DocumentError, RecordError)):
        yield from (v.code for v in error.violations)


def _too_long(*_: Any) -> None:
    raise Hang


def _one(target: Target, seed: str, known: frozenset[str], into: Outcome) -> None:
    raw = target.document(seed)
    into.documents += 1
    begun = time.perf_counter()
    signal.setitimer(signal.ITIMER_REAL, SECONDS)
    try:
        into.read += target.read(raw)
    except (DocumentError, TableError, RecordError, NotEnoughData) as error:
        codes = list(_codes(error))
        into.refused[codes[0] if codes else type(error).__name__] += 1
        if unknown := set(codes) - known:
            into.findings.append(f"{seed}: codes without an explanation: {', '.join(sorted(unknown))}")
    except Hang:
        into.findings.append(f"{seed}: more than {SECONDS:g} s for {len(raw):,} bytes")
    except Exception as error:
        last = traceback.extract_tb(error.__traceback__)[-1]
        into.findings.append(
            f"{seed}: {type(error).__name__} at {Path(last.filename).name}:{last.lineno}: {error}"[:300]
        )
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
    into.slowest_s = max(into.slowest_s, time.perf_counter() - begun)


def outcomes(documents: int, seed: int, folder: Path, *, only: str | None = None) -> dict[str, Outcome]:
    """Damage as many documents, spread over the readers by their shares.

    Args:
        documents: How many, over all readers.
        seed: Says which damage.
        folder: An empty folder for files.
        only: The one reader that is wanted; then it gets all documents.
    """
    known = documented_codes()
    chosen = [t for t in targets(folder) if only in {None, t.name}]
    whole = sum(t.share for t in chosen)
    before = signal.signal(signal.SIGALRM, _too_long)
    found: dict[str, Outcome] = {}
    try:
        for target in chosen:
            found[target.name] = Outcome()
            for i in range(max(1, round(documents * target.share / whole))):
                _one(target, f"{seed}:{target.name}:{i}", known, found[target.name])
    finally:
        signal.signal(signal.SIGALRM, before)
    return found


def run(arguments: list[str] | None = None) -> int:
    """Run the program."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--documents", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=2026)
    parser.add_argument("--only", help="one reader, by its name in the table")
    parser.add_argument(
        "--show", metavar="SEED", help="write the damaged document of a seed to standard output"
    )
    asked = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as name:
        if asked.show:
            target = next(t for t in targets(Path(name)) if t.name == asked.show.split(":")[1])
            sys.stdout.buffer.write(target.document(asked.show))
            return 0
        begun = time.perf_counter()
        found = outcomes(asked.documents, asked.seed, Path(name), only=asked.only)
    print(
        f"{'reader':<24}{'damaged':>7} {'read':>7} {'refused':>8} {'codes':>6} {'slowest':>11} {'findings':>9}"
    )
    for reader, outcome in found.items():
        print(f"{reader:<24}{outcome}")
    total = sum(o.documents for o in found.values())
    read, refused = sum(o.read for o in found.values()), sum(o.refused.total() for o in found.values())
    findings = [f for o in found.values() for f in o.findings]
    codes = {c for o in found.values() for c in o.refused}
    print(f"{total:,} documents, {read:,} read, {refused:,} refused by {len(codes)} codes, {len(findings)} findings, "
          f"{time.perf_counter() - begun:.0f} s")  # fmt: skip
    for finding in findings[:40]:
        print(finding)
    return int(bool(findings))


if __name__ == "__main__":
    sys.exit(run())
