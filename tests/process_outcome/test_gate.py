"""The statistical gate counts rightly, misses what it must, and runs."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from scipy.stats import binomtest

if TYPE_CHECKING:
    from types import ModuleType

ROOT = Path(__file__).parents[2]
PROGRAM = ROOT / "tests" / "simulation" / "gate.py"


@pytest.fixture(scope="module")
def gate() -> ModuleType:
    spec = importlib.util.spec_from_file_location("gate", PROGRAM)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["gate"] = module
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(("hits", "trials"), [(0, 60), (3, 60), (60, 60), (25, 500)])
def test_the_interval_is_exact(gate: ModuleType, hits: int, trials: int) -> None:
    expected = binomtest(hits, trials).proportion_ci(confidence_level=0.99, method="exact")
    assert gate.exact_interval(hits, trials) == pytest.approx((expected.low, expected.high))


def test_a_bound_is_missed_only_by_the_whole_interval(gate: ModuleType) -> None:
    assert not gate.Bound("false positives", 8, 60, 0.0, 0.075).missed
    assert gate.Bound("false positives", 20, 60, 0.0, 0.075).missed
    assert gate.Bound("coverage", 40, 60, 0.92, 1.0).missed
    assert not gate.Bound("coverage", 0, 0, 0.92, 1.0).missed


def test_every_gated_design_has_its_bounds(gate: ModuleType) -> None:
    cells = list(gate.cells(short=True))
    assert len(cells) == 4 * 9 * 2
    good = gate.Fit(False, False, True, (0.0, 0.0), False, False, 0.01)
    names = {b.name for cell in cells for b in gate.bounds(cell, [good], [good])}
    assert names == {
        "default coverage",
        "default false positives",
        "default power",
        "placebo lead rejects",
        "screen false positives",
    }
    refused = [b for cell in cells for b in gate.bounds(cell, [gate.REFUSED], [gate.REFUSED])]
    assert all(b.trials == 0 for b in refused)


def test_a_bad_estimator_fails_its_cell(gate: ModuleType) -> None:
    cell = next(c for c in gate.cells(short=True) if c.scenario == "rtm" and c.n_sessions == 12)
    bad = gate.Fit(False, True, False, (1.0, 1.0), False, False, 0.01)
    missed = {b.name for b in gate.bounds(cell, [bad] * 60, [bad] * 60) if b.missed}
    assert missed == {
        "default coverage",
        "default false positives",
        "placebo lead rejects",
        "screen false positives",
    }


def test_the_program_runs_and_prints_both_estimators() -> None:
    paths = os.pathsep.join([str(ROOT / "src"), os.environ.get("PYTHONPATH", "")])
    done = subprocess.run(
        [sys.executable, str(PROGRAM), "--replications", "2", "--only", "pure  200x6", "--jobs", "1"],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"PYTHONPATH": paths},
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("default") == done.stdout.count("screen") == 2
    assert "gate: every bound kept" in done.stdout
