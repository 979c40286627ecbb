"""This room knows the outside: documents, files, schema, and the formats that others use."""

from therapeutic_process.exchange.deidentification import (
    DeidentificationReport,
    Deidentified,
    KeyedPseudonyms,
    RandomPseudonyms,
    deidentify,
    pseudonymise,
    shift_dates,
)
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
from therapeutic_process.exchange.transcripts import (
    read_annomi,
    read_chat,
    read_diarised,
    read_elan,
    read_srt,
    read_transcript_csv,
    read_webvtt,
    write_transcript_csv,
    write_webvtt,
)

__all__ = [
    "MAX_DEPTH",
    "MAX_DOCUMENT_BYTES",
    "CaseReader",
    "DeidentificationReport",
    "Deidentified",
    "DocumentsSkippedWarning",
    "ImportNote",
    "ImportReport",
    "Imported",
    "KeyedPseudonyms",
    "RandomPseudonyms",
    "ReadResult",
    "deidentify",
    "dump_case",
    "example_cases",
    "json_schema",
    "load_case",
    "load_case_lenient",
    "pseudonymise",
    "read_annomi",
    "read_cases",
    "read_chat",
    "read_diarised",
    "read_elan",
    "read_mibot",
    "read_srt",
    "read_transcript_csv",
    "read_webvtt",
    "shift_dates",
    "shipped_schema",
    "write_cases",
    "write_transcript_csv",
    "write_webvtt",
]
