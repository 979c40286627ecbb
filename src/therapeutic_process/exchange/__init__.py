"""This room knows the outside: documents, files, schema, and the formats that others use."""

from __future__ import annotations

from typing import TYPE_CHECKING

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
from therapeutic_process.exchange.schema_document import json_schema, schema_versions, shipped_schema
from therapeutic_process.lazy_room import lazy_room

if TYPE_CHECKING:
    from therapeutic_process.exchange.conversion import FORMATS, Conversion, Format, convert
    from therapeutic_process.exchange.deidentification import (
        DeidentificationReport,
        Deidentified,
        KAnonymity,
        KeyedPseudonyms,
        Profile,
        RandomPseudonyms,
        deidentify,
        k_anonymity,
        pseudonymise,
        shift_dates,
    )
    from therapeutic_process.exchange.fhir import (
        FHIR_ELEMENTS,
        FhirImport,
        FhirReport,
        from_bundle,
        not_carried,
        to_bundle,
    )
    from therapeutic_process.exchange.imports import Imported, ImportNote, ImportReport
    from therapeutic_process.exchange.mibot import read_mibot
    from therapeutic_process.exchange.migrated_files import MigrationReport, migrate_file
    from therapeutic_process.exchange.migrations import STEPS, Migration, Rename, migrate
    from therapeutic_process.exchange.schema_comparison import SchemaChange, schema_changes
    from therapeutic_process.exchange.tabular import (
        RedcapWritten,
        TableImportReport,
        TablesWritten,
        read_long,
        read_nhs_long,
        read_redcap,
        read_tables,
        read_wide,
        redcap_data_dictionary,
        write_redcap,
        write_tables,
    )
    from therapeutic_process.exchange.theory_documents import dump_theory, load_theory
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

# Documents and files open at once; what speaks another format is loaded when it is asked for.
_HOME = {
    "FHIR_ELEMENTS": "fhir",
    "FORMATS": "conversion",
    "Conversion": "conversion",
    "DeidentificationReport": "deidentification",
    "Deidentified": "deidentification",
    "FhirImport": "fhir",
    "FhirReport": "fhir",
    "Format": "conversion",
    "ImportNote": "imports",
    "ImportReport": "imports",
    "Imported": "imports",
    "KAnonymity": "deidentification",
    "KeyedPseudonyms": "deidentification",
    "Migration": "migrations",
    "Profile": "deidentification",
    "RandomPseudonyms": "deidentification",
    "RedcapWritten": "tabular",
    "Rename": "migrations",
    "TableImportReport": "tabular",
    "TablesWritten": "tabular",
    "convert": "conversion",
    "deidentify": "deidentification",
    "from_bundle": "fhir",
    "k_anonymity": "deidentification",
    "migrate": "migrations",
    "not_carried": "fhir",
    "pseudonymise": "deidentification",
    "read_annomi": "transcripts",
    "read_chat": "transcripts",
    "read_diarised": "transcripts",
    "read_elan": "transcripts",
    "read_long": "tabular",
    "read_mibot": "mibot",
    "read_nhs_long": "tabular",
    "read_redcap": "tabular",
    "read_tables": "tabular",
    "read_srt": "transcripts",
    "read_transcript_csv": "transcripts",
    "read_webvtt": "transcripts",
    "read_wide": "tabular",
    "redcap_data_dictionary": "tabular",
    "shift_dates": "deidentification",
    "to_bundle": "fhir",
    "write_redcap": "tabular",
    "write_tables": "tabular",
    "write_transcript_csv": "transcripts",
    "write_webvtt": "transcripts",
    "SchemaChange": "schema_comparison",
    "schema_changes": "schema_comparison",
    "dump_theory": "theory_documents",
    "load_theory": "theory_documents",
    "MigrationReport": "migrated_files",
    "migrate_file": "migrated_files",
    "STEPS": "migrations",
}

__all__ = [
    "FHIR_ELEMENTS",
    "FORMATS",
    "MAX_DEPTH",
    "MAX_DOCUMENT_BYTES",
    "STEPS",
    "CaseReader",
    "Conversion",
    "DeidentificationReport",
    "Deidentified",
    "DocumentsSkippedWarning",
    "FhirImport",
    "FhirReport",
    "Format",
    "ImportNote",
    "ImportReport",
    "Imported",
    "KAnonymity",
    "KeyedPseudonyms",
    "Migration",
    "MigrationReport",
    "Profile",
    "RandomPseudonyms",
    "ReadResult",
    "RedcapWritten",
    "Rename",
    "SchemaChange",
    "TableImportReport",
    "TablesWritten",
    "convert",
    "deidentify",
    "dump_case",
    "dump_theory",
    "example_cases",
    "from_bundle",
    "json_schema",
    "k_anonymity",
    "load_case",
    "load_case_lenient",
    "load_theory",
    "migrate",
    "migrate_file",
    "not_carried",
    "pseudonymise",
    "read_annomi",
    "read_cases",
    "read_chat",
    "read_diarised",
    "read_elan",
    "read_long",
    "read_mibot",
    "read_nhs_long",
    "read_redcap",
    "read_srt",
    "read_tables",
    "read_transcript_csv",
    "read_webvtt",
    "read_wide",
    "redcap_data_dictionary",
    "schema_changes",
    "schema_versions",
    "shift_dates",
    "shipped_schema",
    "to_bundle",
    "write_cases",
    "write_redcap",
    "write_tables",
    "write_transcript_csv",
    "write_webvtt",
]


__getattr__ = lazy_room(__name__, _HOME)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
