"""Where the shared reference data lies, and how a test says that it is not there."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

_BESIDE = Path(__file__).resolve().parents[1].parent / "shared"

SHARED = Path(os.environ.get("THERAPEUTIC_PROCESS_SHARED", _BESIDE))

needs_shared = pytest.mark.skipif(not SHARED.is_dir(), reason="the shared reference data is not here")
