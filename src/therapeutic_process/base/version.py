"""The address and the version of the exchange schema."""

from typing import Final

__all__ = ["SCHEMA_ROOT", "SCHEMA_VERSION"]

SCHEMA_ROOT: Final = "https://w3id.org/therapeutic-process/"
"""The one place that names the canonical address of the schema; every ``$id`` and system URI starts with it."""

SCHEMA_VERSION: Final = "1.0"
"""Version of the exchange schema, apart from the package version; 0.9 was the draft before it."""
