"""This room knows the outside: documents, files, schema, and the formats that others use."""

from therapeutic_process.exchange.documents import (
    MAX_DEPTH,
    MAX_DOCUMENT_BYTES,
    ReadResult,
    dump_case,
    load_case,
    load_case_lenient,
)
from therapeutic_process.exchange.examples import example_cases
from therapeutic_process.exchange.files import CaseReader, DocumentsSkippedWarning, read_cases, write_cases
from therapeutic_process.exchange.imports import Imported, ImportNote, ImportReport
from therapeutic_process.exchange.mibot import read_mibot
from therapeutic_process.exchange.schema_document import json_schema, shipped_schema

__all__ = [
    "MAX_DEPTH",
    "MAX_DOCUMENT_BYTES",
    "CaseReader",
    "DocumentsSkippedWarning",
    "ImportNote",
    "ImportReport",
    "Imported",
    "ReadResult",
    "dump_case",
    "example_cases",
    "json_schema",
    "load_case",
    "load_case_lenient",
    "read_cases",
    "read_mibot",
    "shipped_schema",
    "write_cases",
]
