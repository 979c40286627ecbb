"""Hypothesis profiles: ``dev`` (the default), ``ci`` (where CI=true: the same examples every time), ``thorough``.

``pytest --hypothesis-profile=thorough`` is for a long evening.
"""

from __future__ import annotations

import os

from hypothesis import settings

settings.register_profile("dev", max_examples=30, deadline=None)
settings.register_profile(
    "ci", max_examples=60, deadline=None, derandomize=True, database=None, print_blob=True
)
settings.register_profile("thorough", max_examples=2_000, deadline=None)
settings.load_profile("ci" if os.environ.get("CI", "").lower() == "true" else "dev")
