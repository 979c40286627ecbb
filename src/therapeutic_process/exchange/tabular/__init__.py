"""This package knows tables as people have them, and the record as tables."""

from therapeutic_process.exchange.tabular.account import TableImportReport
from therapeutic_process.exchange.tabular.collected import redcap_data_dictionary
from therapeutic_process.exchange.tabular.long import read_long, read_nhs_long
from therapeutic_process.exchange.tabular.package import TablesWritten, write_tables
from therapeutic_process.exchange.tabular.redcap import read_redcap
from therapeutic_process.exchange.tabular.redcap_rows import RedcapWritten, write_redcap
from therapeutic_process.exchange.tabular.tables_in import read_tables
from therapeutic_process.exchange.tabular.wide import read_wide

__all__ = [
    "RedcapWritten",
    "TableImportReport",
    "TablesWritten",
    "read_long",
    "read_nhs_long",
    "read_redcap",
    "read_tables",
    "read_wide",
    "redcap_data_dictionary",
    "write_redcap",
    "write_tables",
]
