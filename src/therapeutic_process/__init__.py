"""The record and the science of psychotherapy process: what happens in sessions, how clients change, and the link.

The front door: records, errors, and the ways in and out. Everything else lives in rooms, loaded when first asked:
``therapeutic_process.session_process``, ``change_process``, ``process_outcome``, ``instruments``, ``tables``,
``simulate``, ``exchange``, ``report``, ``testing``.
"""

from __future__ import annotations

import logging
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from therapeutic_process.base import SCHEMA_VERSION, safe_errors
    from therapeutic_process.errors import (
        CannotEstimate,
        DocumentError,
        MissingExtra,
        NotEnoughData,
        RecordError,
        TableError,
        TherapeuticProcessError,
        TherapeuticProcessWarning,
        VersionTooNew,
        VersionTooOld,
        Violation,
    )
    from therapeutic_process.exchange import (
        dump_case,
        example_cases,
        json_schema,
        load_case,
        read_cases,
        write_cases,
    )
    from therapeutic_process.records import (
        BetweenSessionTask,
        Case,
        ChangeEvent,
        Code,
        CodingPass,
        ContextEvent,
        Ending,
        Goal,
        Interaction,
        JournalEntry,
        Measurement,
        Participant,
        Problem,
        Rating,
        Segment,
        Session,
        TreatmentPlan,
    )

__version__ = "0.1.0"

__all__ = [
    "SCHEMA_VERSION",
    "BetweenSessionTask",
    "CannotEstimate",
    "Case",
    "ChangeEvent",
    "Code",
    "CodingPass",
    "ContextEvent",
    "DocumentError",
    "Ending",
    "Goal",
    "Interaction",
    "JournalEntry",
    "Measurement",
    "MissingExtra",
    "NotEnoughData",
    "Participant",
    "Problem",
    "Rating",
    "RecordError",
    "Segment",
    "Session",
    "TableError",
    "TherapeuticProcessError",
    "TherapeuticProcessWarning",
    "TreatmentPlan",
    "VersionTooNew",
    "VersionTooOld",
    "Violation",
    "__version__",
    "dump_case",
    "example_cases",
    "json_schema",
    "load_case",
    "read_cases",
    "safe_errors",
    "write_cases",
]

_ROOMS = frozenset({
    "base", "change_process", "errors", "exchange", "instruments", "process_outcome", "records", "report",
    "session_process", "simulate", "tables", "testing",
})  # fmt: skip
_BASE = frozenset({"SCHEMA_VERSION", "safe_errors"})
_EXCHANGE = frozenset({"dump_case", "example_cases", "json_schema", "load_case", "read_cases", "write_cases"})
_ERRORS = frozenset({
    "CannotEstimate", "DocumentError", "MissingExtra", "NotEnoughData", "RecordError", "TableError",
    "TherapeuticProcessError", "TherapeuticProcessWarning", "VersionTooNew", "VersionTooOld", "Violation",
})  # fmt: skip

logging.getLogger("therapeutic_process").addHandler(logging.NullHandler())


def __getattr__(name: str) -> Any:
    if name in _ROOMS:
        return import_module(f"therapeutic_process.{name}")
    if name not in __all__:
        raise AttributeError(f"module 'therapeutic_process' has no attribute {name!r}")
    room = next(
        (r for r, names in (("base", _BASE), ("exchange", _EXCHANGE), ("errors", _ERRORS)) if name in names),
        "records",
    )
    value = getattr(import_module(f"therapeutic_process.{room}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*__all__, *_ROOMS})
