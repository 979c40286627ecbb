"""Where the shared reference data lie, and the mark for tests that read them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

SHARED = Path(os.environ.get("THERAPEUTIC_PROCESS_SHARED", Path(__file__).parents[1].parent / "shared"))
needs_shared = pytest.mark.skipif(not SHARED.is_dir(), reason="the shared reference data is not here")
