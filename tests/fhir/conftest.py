from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from therapeutic_process.exchange import load_case

if TYPE_CHECKING:
    from therapeutic_process.records import Case


@pytest.fixture(scope="session")
def case() -> Case:
    """A couple's course with one of nearly everything."""
    return load_case((Path(__file__).parent / "golden" / "case.json").read_bytes())
