from __future__ import annotations

import copy
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings

from therapeutic_process.testing import cases

if TYPE_CHECKING:
    from collections.abc import Callable

    from therapeutic_process.records import Case

SHARED = Path(os.environ.get("THERAPEUTIC_PROCESS_SHARED", Path(__file__).parents[2] / ".." / "shared"))


@pytest.fixture(scope="session")
def shared() -> Path:
    if not SHARED.is_dir():
        pytest.skip("the shared reference data is not here")
    return SHARED


@pytest.fixture(scope="session")
def generated() -> tuple[Case, ...]:
    """Cases drawn once and the same in every run, for the tests that look at many documents."""
    drawn: list[Case] = []

    @seed(20_24)
    @settings(
        max_examples=60,
        phases=[Phase.generate],
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(cases())
    def collect(case: Case) -> None:
        drawn.append(case)

    collect()
    return tuple(drawn)


@pytest.fixture
def document() -> Callable[..., str]:
    """Return a function that makes the smallest document, with fields changed or added."""

    def make(**fields: Any) -> str:
        smallest = {
            "kind": "case",
            "schema_version": "0.9",
            "id": "k1",
            "participants": [{"id": "c1", "role": "client"}],
        }
        return json.dumps(copy.deepcopy(smallest) | fields)

    return make
