from __future__ import annotations

import copy
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings

from therapeutic_process.records import Case, Participant
from therapeutic_process.testing import cases, coding_systems, instruments

if TYPE_CHECKING:
    from collections.abc import Callable

    from hypothesis.strategies import SearchStrategy

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

    def draw(n: int, one: Callable[[Any], Case], strategy: SearchStrategy[Any]) -> None:
        @seed(20_24)
        @settings(
            max_examples=n,
            phases=[Phase.generate],
            database=None,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        )
        @given(strategy)
        def collect(value: Any) -> None:
            drawn.append(one(value))

        collect()

    client = Participant(id="c1", role="client")
    draw(40, lambda case: case, cases())
    draw(15, lambda one: Case(id="k1", participants=(client,), instruments=(one,)), instruments())
    draw(15, lambda one: Case(id="k1", participants=(client,), coding_systems=(one,)), coding_systems())
    return tuple(drawn)


@pytest.fixture
def document() -> Callable[..., str]:
    """Return a function that makes the smallest document, with fields changed or added."""

    def make(**fields: Any) -> str:
        smallest = {
            "kind": "case",
            "schema_version": "1.0",
            "id": "k1",
            "participants": [{"id": "c1", "role": "client"}],
        }
        return json.dumps(copy.deepcopy(smallest) | fields)

    return make
