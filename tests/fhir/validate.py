"""Draw cases, write them as bundles in every manner, and have an offline FHIR R4 validator look at each.

Usage: python tests/fhir/validate.py [--cases 1000] [--seed 0]

The validator is copied from ``tools/fhir-validator`` of the shared folder (THERAPEUTIC_PROCESS_SHARED, or ``shared``
beside the checkout) into a temporary one, installed there with ``npm ci``, and run without a network. Exit status 0 if
there is no error, 1 if there are any, 0 with a reason where the validator, npm or node is not here.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hypothesis import HealthCheck, Phase, given, seed, settings

from therapeutic_process.exchange.fhir import to_bundle
from therapeutic_process.testing import cases

if TYPE_CHECKING:
    from therapeutic_process.records import Case

SHARED = Path(os.environ.get("THERAPEUTIC_PROCESS_SHARED", Path(__file__).resolve().parents[3] / "shared"))
PER_RUN = 250
MANNERS: tuple[dict[str, Any], ...] = (
    {},
    {"turns": True, "text": True},
    {"turns": True},
    {"text": True},
)


def write_bundles(folder: Path, *, n: int, first_seed: int) -> tuple[list[Path], int]:
    """Write one bundle for each drawn case, each in the next manner; return the files and the number of resources."""
    files: list[Path] = []
    resources = 0

    def draw(count: int, number: int) -> None:
        @seed(number)
        @settings(
            max_examples=count,
            phases=[Phase.generate],
            database=None,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        )
        @given(cases())
        def one(case: Case) -> None:
            nonlocal resources
            if len(files) == n:
                return
            bundle = to_bundle(case, **MANNERS[len(files) % len(MANNERS)])
            files.append(folder / f"{len(files):05}.json")
            files[-1].write_text(json.dumps(bundle, ensure_ascii=False, allow_nan=False), encoding="utf-8")
            resources += len(bundle["entry"])

        one()

    number = first_seed
    while len(files) < n:
        draw(min(PER_RUN, n - len(files)), number)
        number += 1
    return files, resources


def installed(folder: Path) -> Path | None:
    """Install the validator in a folder of its own; None, with the reason printed, where that cannot be done."""
    source = SHARED / "tools" / "fhir-validator"
    if not source.is_dir():
        print("skipped: the FHIR validator is not here")
        return None
    if shutil.which("npm") is None or shutil.which("node") is None:
        print("skipped: npm or node is not here")
        return None
    target = folder / "validator"
    shutil.copytree(source, target, ignore=shutil.ignore_patterns("node_modules"))
    done = subprocess.run(
        ["npm", "ci", "--no-audit", "--no-fund"], cwd=target, capture_output=True, text=True, check=False
    )
    if done.returncode:
        print("skipped: npm ci did not succeed")
        return None
    return target / "validate_fhir.mjs"


def main() -> int:
    """Run the check."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--cases", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        validator = installed(folder)
        if validator is None:
            return 0
        (folder / "bundles").mkdir()
        files, resources = write_bundles(folder / "bundles", n=options.cases, first_seed=options.seed)
        failed = False
        for start in range(0, len(files), PER_RUN):
            some = [str(f) for f in files[start : start + PER_RUN]]
            done = subprocess.run(
                ["node", str(validator), "--quiet", *some], capture_output=True, text=True, check=False
            )
            failed = failed or done.returncode != 0
            print(done.stdout[-2000:].strip() or done.stderr[-2000:].strip())
        print(f"{len(files)} cases, {resources} resources: {'errors' if failed else 'no errors'}")
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
