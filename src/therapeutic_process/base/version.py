"""The address and the version of the exchange schema."""

from typing import Final

__all__ = ["SCHEMA_ROOT", "SCHEMA_VERSION"]

SCHEMA_ROOT: Final = "https://w3id.org/therapeutic-process/"
"""The one place that names the canonical address of the schema; every ``$id`` and system URI starts with it."""

SCHEMA_VERSION: Final = "0.9"
"""Version of the exchange schema, apart from the package version. A draft until the first release, 1.0."""
