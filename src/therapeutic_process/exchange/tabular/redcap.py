"""REDCap exports: a row per record, event and repeat instance; the columns that say so may be absent."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from therapeutic_process.errors import TableError
from therapeutic_process.exchange.tabular.account import Tally
from therapeutic_process.exchange.tabular.cells import each, text
from therapeutic_process.exchange.tabular.collected import read_collected
from therapeutic_process.exchange.tabular.courses import Scales
from therapeutic_process.exchange.tabular.entries import LongCells
from therapeutic_process.exchange.tabular.rows import import_long
from therapeutic_process.exchange.tabular.scores import refuse
from therapeutic_process.exchange.tabular.sources import Source, source_of

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable, Mapping

    from narwhals.stable.v2.typing import IntoFrame

    from therapeutic_process.exchange.imports import Imported
    from therapeutic_process.exchange.tabular.courses import RespondentKind
    from therapeutic_process.instruments import Catalogue, Instrument
    from therapeutic_process.records import MissingReason, Timing

__all__ = ["read_redcap"]

EVENT, FORM, INSTANCE = "redcap_event_name", "redcap_repeat_instrument", "redcap_repeat_instance"


def read_redcap(
    table: IntoFrame | str | os.PathLike[str],
    *,
    scores: Mapping[str, Instrument | str] | None = None,
    record: str = "record_id",
    form: str | None = None,
    events: Mapping[str, int | None] | None = None,
    session: str | None = None,
    measured_at: str | None = None,
    timing: Timing = "unknown",
    respondent: RespondentKind = "client",
    missing: Iterable[str] | Mapping[str, MissingReason] = (),
    group: str | None = None,
    catalogue: Catalogue | None = None,
    strict: bool = True,
    encoding: str | None = None,
    delimiter: str | None = None,
) -> Imported:
    """Read a REDCap export: of any project, or of one made with `redcap_data_dictionary`.

    What orders the scores of a record: ``session`` if it is named, else the event by ``events``, else the repeat
    instance, else ``measured_at``. REDCap leaves the cells of other forms and events empty, so that an empty cell is a
    missing score only in a repeat instance of ``form``; elsewhere it is not taken. The columns of repeats and events
    are used where they are, for REDCap leaves them out where nothing repeats.

    >>> import polars as pl
    >>> table = pl.DataFrame({"record_id": ["1", "1", "1"], "redcap_repeat_instrument": ["", "phq", "phq"],
    ...                       "redcap_repeat_instance": ["", "1", "2"], "phq_total": ["", "19", ""]})
    >>> imported = read_redcap(table, scores={"phq_total": "phq9"}, form="phq")
    >>> [(m.session, m.score, m.missing) for m in imported.cases[0].measurements]
    [('session-1', 19.0, None), ('session-2', None, 'unknown')]

    Args:
        table: Any frame Narwhals knows, or the path of a ``.csv`` or ``.parquet`` file; exported raw, not as labels.
        scores: The score columns and what they are scores of; None: the project was made with
            `redcap_data_dictionary`, which says so itself.
        record: The column with the record's id.
        form: The repeating form that the scores are in, as its column names it.
        events: The number of the session for each event (None: none, a follow-up).
        session: The column with the session's number.
        measured_at: The column with the day or time.
        timing: When the scores of sessions were taken, seen from the session.
        respondent: Who answered.
        missing: The project's missing data codes, or a mapping from them to the reason.
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
    source = source_of(table, encoding=encoding, delimiter=delimiter)
    scales = Scales(catalogue, None, strict=strict)
    if scores is None:
        return read_collected(source, record=record, scales=scales, missing=missing, strict=strict)
    named = {"client": record, "session": session, "measured_at": measured_at, "group": group}
    source.need(*(c for c in (*named.values(), *scores) if c is not None))
    tally = Tally(source)
    names = {k: v for k, v in named.items() if v is not None} | {"score": ", ".join(scores)}
    taken = _taken(source, scores, form, tally)
    sessions, column = _sessions(source, taken, session, events, strict=strict)
    if sessions is not None:
        names["session"] = column
    elif measured_at is None:
        _refuse_several(source, record, taken)
        names["order"] = "row"
    columns = _chosen(source, named, taken)
    cells = LongCells(
        rows=[row for row, _ in taken], names=names,
        score=[source.columns[score][row] for row, score in taken],
        instrument=[_name(scores[score], scales) for _, score in taken],
        timing=timing, respondent=respondent, **{**columns, "session": sessions},
        order=[float(i) for i in range(len(taken))] if "order" in names else None,
    )  # fmt: skip
    return import_long(
        cells, source, "REDCap export", scales=scales, missing=missing, strict=strict, tally=tally,
        cells_read=source.height * len(scores),
    )  # fmt: skip


def _name(instrument: Instrument | str, scales: Scales) -> str:
    scale = scales.one(instrument)
    if not isinstance(instrument, str):
        scales.given = {**scales.given, scale.instrument: instrument}
    return scale.instrument


def _chosen(source: Source, named: Mapping[str, str | None], taken: list[tuple[int, str]]) -> dict[str, Any]:
    wanted = {part: column for part, column in named.items() if column is not None and part != "session"}
    return {part: [source.columns[column][row] for row, _ in taken] for part, column in wanted.items()}


def _blank(source: Source, name: str) -> list[bool]:
    return [found is None for found in each(source.columns[name], text)]


def _taken(
    source: Source, scores: Mapping[str, Instrument | str], form: str | None, tally: Tally
) -> list[tuple[int, str]]:
    """Return row and column of every score cell that says something, its silence included."""
    forms = each(source.columns[FORM], text) if FORM in source.columns else [None] * source.height
    taken: list[tuple[int, str]] = []
    elsewhere: list[int] = []
    for score in scores:
        blank = _blank(source, score)
        for row in range(source.height):
            if (form is not None and forms[row] == form) or (
                not blank[row] and (form is None or forms[row] is None)
            ):
                taken.append((row, score))
            elif not blank[row]:
                elsewhere.append(row)
    taken.sort(key=lambda one: one[0])
    used = {row for row, _ in taken}
    tally.rows_dropped = source.height - len(used)
    tally.cells_left = source.height * len(scores) - len(taken)
    tally.note("dropped", "scores in the rows of another repeating form", "not in `form`", rows=elsewhere)
    idle = [row for row in range(source.height) if row not in used]
    tally.note("not_taken", "rows", "no score: of another form or event", rows=idle)
    return taken


def _sessions(
    source: Source,
    taken: list[tuple[int, str]],
    session: str | None,
    events: Mapping[str, int | None] | None,
    *,
    strict: bool,
) -> tuple[list[Any] | None, str]:
    rows = [row for row, _ in taken]
    if session is not None:
        return [source.columns[session][row] for row in rows], session
    if events is not None:
        source.need(EVENT)
        found = each(source.columns[EVENT], text)
        wrong = [row for row in dict.fromkeys(rows) if found[row] not in events]
        if wrong and strict:
            raise refuse(
                "not_in_vocabulary", f"events of `events` in column {EVENT!r}", "another event", wrong
            )
        return [events.get(found[row] or "") for row in rows], EVENT
    if INSTANCE in source.columns and not all(_blank(source, INSTANCE)):
        return [source.columns[INSTANCE][row] for row in rows], INSTANCE
    return None, ""


def _refuse_several(source: Source, record: str, taken: list[tuple[int, str]]) -> None:
    ids = each(source.columns[record], text)
    several = Counter((ids[row], score) for row, score in taken)
    again = [row for row, score in taken if several[ids[row], score] > 1]
    if again:
        needed = "`events`, `session` or `measured_at`, where a record has several scores"
        raise TableError("order_unknown", needed=needed, found=f"{len(again)} rows", rows=tuple(again[:5]))
