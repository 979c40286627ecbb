"""Long tables: a row per score, with client, session or time, instrument."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from therapeutic_process.errors import TableError
from therapeutic_process.exchange.tabular.courses import RespondentKind, Scales
from therapeutic_process.exchange.tabular.entries import LongCells
from therapeutic_process.exchange.tabular.rows import check_order, import_long
from therapeutic_process.exchange.tabular.sources import source_of

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable, Mapping

    from narwhals.stable.v2.typing import IntoFrame

    from therapeutic_process.exchange.imports import Imported
    from therapeutic_process.instruments import Catalogue, Instrument
    from therapeutic_process.records import MissingReason, Timing

__all__ = ["read_long", "read_nhs_long"]


def read_long(
    table: IntoFrame | str | os.PathLike[str],
    *,
    client: str,
    score: str,
    instrument: Instrument | str | None = None,
    instrument_column: str | None = None,
    instruments: Mapping[str, Instrument | str] | None = None,
    scale_column: str | None = None,
    session: str | None = None,
    measured_at: str | None = None,
    order: str | None = None,
    timing: Timing = "unknown",
    timing_column: str | None = None,
    respondent: RespondentKind = "client",
    respondent_column: str | None = None,
    missing: Iterable[str] | Mapping[str, MissingReason] = ("", "NA"),
    reason_column: str | None = None,
    group: str | None = None,
    catalogue: Catalogue | None = None,
    strict: bool = True,
    encoding: str | None = None,
    delimiter: str | None = None,
) -> Imported:
    """Read a table with a row per score.

    A case per client, in the order in which clients first appear. The scores of a client stand in the order of
    ``order`` if it is named, else of ``session`` (those without one last), else of ``measured_at``. Times may be
    missing where one of the others orders the rows. A row without a score is a missing score.

    >>> import polars as pl
    >>> table = pl.DataFrame({"who": ["a", "a", "b"], "n": [2, 1, 1], "phq": [12, 19, None]})
    >>> imported = read_long(table, client="who", session="n", score="phq", instrument="phq9", timing="before")
    >>> [(m.session, m.score, m.missing) for case in imported.cases for m in case.measurements]
    [('session-1', 19.0, None), ('session-2', 12.0, None), ('session-1', None, 'unknown')]

    Args:
        table: Any frame Narwhals knows, or the path of a ``.csv``, ``.tsv`` or ``.parquet`` file.
        client: The column with the client's id.
        score: The column with the score.
        instrument: What all scores are scores of, an `Instrument` or an id in the catalogue; or
        instrument_column: the column that says so for each.
        instruments: What the texts in that column mean, where they are no ids of the catalogue.
        scale_column: The column with the subscale; empty for the total.
        session: The column with the session's number, a whole number from 0; may be empty.
        measured_at: The column with the day or time, as dates or ISO 8601. A time without an offset keeps its day.
        order: The column with numbers that order the rows of a client.
        timing: When the scores of sessions were taken, seen from the session; or
        timing_column: the column that says so.
        respondent: Who answered; or
        respondent_column: the column that says so.
        missing: Texts and numbers that stand for a missing score, or a mapping from them to the reason. What is empty
            is always missing.
        reason_column: The column that says why there is no score.
        group: The column with the client's arm, site or discipline; the same in all rows of a client.
        catalogue: Where to look instruments up; by default the built-in catalogue.
        strict: Whether what cannot be used is an error; otherwise it is taken as missing, or dropped, and reported.
        encoding: Of a CSV that is neither UTF-8 nor marked UTF-16.
        delimiter: Of a CSV; by its ending unless told.

    Returns:
        The cases, and a `TableImportReport`.

    Raises:
        TableError: If the table does not keep this form; names columns, counts and rows (from 0). Two rows of one
            client, session, instrument, timing and respondent always are an error.
        DocumentError: If the file cannot be read.
    """
    if (instrument is None) == (instrument_column is None):
        needed = "either `instrument` or `instrument_column`"
        raise TableError("instrument_unknown", needed=needed, found="both or neither")
    check_order(session, measured_at, order)
    source = source_of(table, encoding=encoding, delimiter=delimiter)
    names = {
        "client": client, "score": score, "instrument": instrument_column, "scale": scale_column, "session": session,
        "measured_at": measured_at, "order": order, "timing": timing_column, "respondent": respondent_column,
        "reason": reason_column, "group": group,
    }  # fmt: skip
    named = {part: column for part, column in names.items() if column is not None}
    source.need(*named.values())
    columns: dict[str, Any] = {part: source.columns[column] for part, column in named.items()}
    stated = {"instrument": instrument, "timing": timing, "respondent": respondent}
    cells = LongCells(**{**stated, **columns}, rows=range(source.height), names=named)
    scales = Scales(catalogue, instruments, strict=strict)
    return import_long(cells, source, "long table", scales=scales, missing=missing, strict=strict)


def read_nhs_long(
    table: IntoFrame | str | os.PathLike[str],
    *,
    instruments: Mapping[str, Instrument | str],
    client: str = "Person_ID",
    code: str = "CodedAssToolType",
    score: str = "PersScore",
    measured_at: str | None = "AssToolCompTimestamp",
    session: str | None = None,
    order: str | None = None,
    missing: Iterable[str] | Mapping[str, MissingReason] = ("", "NA"),
    group: str | None = None,
    catalogue: Catalogue | None = None,
    strict: bool = True,
    encoding: str | None = None,
    delimiter: str | None = None,
) -> Imported:
    """Read coded scored assessments as services in England submit them: a row per score, SNOMED CT codes.

    The default names are those of the table MHS606 of the Mental Health Services Data Set; give yours where they
    differ. Scores are texts. The same assessment is submitted again month after month: a row that says again what an
    earlier one says is dropped and reported, one that says something else of the same occasion is an error.

    >>> import polars as pl
    >>> table = pl.DataFrame({"Person_ID": ["p", "p", "p"], "CodedAssToolType": ["720433000"] * 3,
    ...                       "PersScore": ["19", "19", "12"],
    ...                       "AssToolCompTimestamp": ["2024-03-01", "2024-03-01", "2024-03-08"]})
    >>> imported = read_nhs_long(table, instruments={"720433000": "phq9"})
    >>> [m.score for m in imported.cases[0].measurements], imported.report.rows_dropped
    ([19.0, 12.0], 1)

    Args:
        table: Any frame Narwhals knows, or the path of a ``.csv``, ``.tsv`` or ``.parquet`` file.
        instruments: What the codes mean: code → an `Instrument`, or an id in the catalogue.
        client: The column whose values make a case each: of the person, or of the referral.
        code: The column with the code of the assessment.
        score: The column with the score.
        measured_at: The column with the day or time.
        session: The column with the number of the contact, where there is one.
        order: The column with numbers that order the rows of a client.
        missing: Texts that stand for a missing score, or a mapping from them to the reason.
        group: The column with the client's arm, site or discipline.
        catalogue: Where to look instruments up; by default the built-in catalogue.
        strict: Whether what cannot be used is an error; otherwise it is taken as missing, or dropped, and reported.
        encoding: Of a CSV that is neither UTF-8 nor marked UTF-16.
        delimiter: Of a CSV; by its ending unless told.

    Returns:
        The cases, and a `TableImportReport`.

    Raises:
        TableError: If the table does not keep this form; names columns, counts and rows (from 0).
        DocumentError: If the file cannot be read.
    """
    check_order(session, measured_at, order)
    source = source_of(table, encoding=encoding, delimiter=delimiter)
    names = {
        "client": client, "score": score, "instrument": code, "session": session, "measured_at": measured_at,
        "order": order, "group": group,
    }  # fmt: skip
    named = {part: column for part, column in names.items() if column is not None}
    source.need(*named.values())
    columns: dict[str, Any] = {part: source.columns[column] for part, column in named.items()}
    cells = LongCells(**columns, rows=range(source.height), names=named)
    scales = Scales(catalogue, instruments, strict=strict)
    return import_long(
        cells,
        source,
        "coded scored assessments",
        scales=scales,
        missing=missing,
        strict=strict,
        repeated_rows=True,
    )
