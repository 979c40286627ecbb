"""This room knows what every record has in common: strictness, value types, and errors that keep silent."""

from therapeutic_process.base.record import LightRecord, Record, RuledRecord
from therapeutic_process.base.safe_errors import at, broken, rules_broken, safe_errors
from therapeutic_process.base.times import When, earliest, later, latest
from therapeutic_process.base.values import (
    MAX_ID_LENGTH,
    FreeText,
    Id,
    Leaf,
    Many,
    NonNegative,
    PublicId,
    PublicText,
    QuasiText,
    Refers,
    Sensitive,
    Sensitivity,
    leaves,
)
from therapeutic_process.base.version import SCHEMA_ROOT, SCHEMA_VERSION

__all__ = [
    "MAX_ID_LENGTH",
    "SCHEMA_ROOT",
    "SCHEMA_VERSION",
    "FreeText",
    "Id",
    "Leaf",
    "LightRecord",
    "Many",
    "NonNegative",
    "PublicId",
    "PublicText",
    "QuasiText",
    "Record",
    "Refers",
    "RuledRecord",
    "Sensitive",
    "Sensitivity",
    "When",
    "at",
    "broken",
    "earliest",
    "later",
    "latest",
    "leaves",
    "rules_broken",
    "safe_errors",
]
