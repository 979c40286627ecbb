"""What a study collects straight into the record: a REDCap data dictionary, and its export read back."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Any, get_args

import attrs

from therapeutic_process.errors import RecordError, TableError
from therapeutic_process.exchange.tabular.account import Tally
from therapeutic_process.exchange.tabular.cells import client_id, each, number, text, when, whole_number
from therapeutic_process.exchange.tabular.courses import CLIENT, RespondentKind
from therapeutic_process.exchange.tabular.entries import LongCells
from therapeutic_process.exchange.tabular.rows import import_long
from therapeutic_process.exchange.tabular.scores import refuse
from therapeutic_process.instruments import Instrument, builtin_catalogue
from therapeutic_process.records import Case, MissingReason, Participant, Session, Timing

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from therapeutic_process.exchange.imports import Imported
    from therapeutic_process.exchange.tabular.courses import Scales
    from therapeutic_process.exchange.tabular.sources import Source
    from therapeutic_process.instruments import Catalogue

__all__ = ["read_collected", "redcap_data_dictionary"]

# The header of REDCap's own dictionary files, in REDCap's order.
_HEADER = (
    "Variable / Field Name", "Form Name", "Section Header", "Field Type", "Field Label",
    "Choices, Calculations, OR Slider Labels", "Field Note", "Text Validation Type OR Show Slider Number",
    "Text Validation Min", "Text Validation Max", "Identifier?", "Branching Logic (Show field only if...)",
    "Required Field?", "Custom Alignment", "Question Number (surveys only)", "Matrix Group Name", "Matrix Ranking?",
    "Field Annotation",
)  # fmt: skip


@attrs.frozen
class _Field:
    """One field of a form; the part of its name after the form's is the name in the record, where there is one."""

    form: str
    name: str
    label: str
    choices: tuple[str, ...] = ()
    validation: str = ""
    minimum: str = ""
    maximum: str = ""
    identifier: bool = False
    required: bool = False
    only_if: str = ""


def _words(record: type[Any], field: str) -> tuple[str, ...]:
    """Return the vocabulary of a field of a record."""
    annotation = record.model_fields[field].annotation
    parts = [annotation, *get_args(annotation)]
    found = next(
        (get_args(p) for p in parts if all(isinstance(a, str) for a in get_args(p)) and get_args(p)), ()
    )
    return tuple(map(str, found))


_CLIENT = (
    _Field("client", "client_gender", "Gender", _words(Participant, "gender")),
    _Field("client", "client_birth_year", "Year of birth", (), "integer", "1850", "2200", identifier=True),
    _Field("client", "client_site", "Site", identifier=True),
    _Field("client", "client_arm", "Arm of the trial"),
    _Field("client", "client_group", "Group"),
)
_SESSION = (
    _Field("session", "session_number", "Number of the session", (), "integer", "0", required=True),
    _Field("session", "session_status", "Status", _words(Session, "status"), required=True),
    _Field("session", "session_started_at", "Day of the session", (), "date_ymd", identifier=True),
    _Field("session", "session_duration_s", "Duration in seconds", (), "number", "0"),
    _Field("session", "session_modality", "Modality", _words(Session, "modality")),
)
_MEASUREMENT = (
    _Field("measurement", "measurement_scale", "Subscale, if not the total"),
    _Field("measurement", "measurement_session", "Number of the session", (), "integer", "0"),
    _Field("measurement", "measurement_timing", "When, seen from that session", get_args(Timing)),
    _Field("measurement", "measurement_respondent", "Who answered", get_args(RespondentKind), required=True),
    _Field("measurement", "measurement_measured_at", "Day of the answers", (), "date_ymd", identifier=True),
    _Field("measurement", "measurement_score", "Score", (), "number"),
    _Field("measurement", "measurement_missing", "Why there is no score", get_args(MissingReason),
           only_if="[measurement_score] = ''"),
)  # fmt: skip


def redcap_data_dictionary(
    instruments: Iterable[Instrument | str], *, catalogue: Catalogue | None = None
) -> str:
    """Return a REDCap data dictionary, so that a study collects straight into the record.

    Three forms: ``client`` (once per record), ``session`` and ``measurement``, which the project has to set up as
    repeating. `read_redcap` without ``scores`` reads the raw export back, each session and score where it belongs.
    What else a case holds (talk, codes, plans, goals, tasks, journal, changes) is not collected this way.

    >>> dictionary = redcap_data_dictionary(["phq9", "gad7"])
    >>> [line.split(",")[0] for line in dictionary.splitlines()[1:4]]
    ['record_id', 'client_gender', 'client_birth_year']

    Args:
        instruments: The instruments of the study, as `Instrument` or as ids in the catalogue.
        catalogue: Where to look them up; by default the built-in catalogue.

    Returns:
        A CSV with the 18 columns of REDCap's dictionary; store it in UTF-8.

    Raises:
        TableError: ``instrument_unknown``.
    """
    known = catalogue or builtin_catalogue()
    found = [known.instrument(i) if isinstance(i, str) else i for i in instruments]
    lacking = sum(i is None for i in found)
    if lacking or not found:
        needed = "instruments, or ids of the catalogue"
        raise TableError(
            "instrument_unknown", needed=needed, found=f"{lacking} others" if lacking else "none"
        )
    choices = " | ".join(f"{i.id}, {i.name.replace('|', '/')}" for i in found if i is not None)
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(_HEADER)
    writer.writerow(["record_id", "client", "", "text", "Record ID", *[""] * 13])
    for field in (*_CLIENT, *_SESSION):
        writer.writerow(_row(field))
    which = _Field("measurement", "measurement_instrument", "Instrument", ("",), required=True)
    writer.writerow([choices if cell == ", " else cell for cell in _row(which)])
    for field in _MEASUREMENT:
        writer.writerow(_row(field))
    return out.getvalue()


def _row(field: _Field) -> list[str]:
    choices = " | ".join(f"{c}, {c.replace('_', ' ')}" for c in field.choices)
    kind = "dropdown" if field.choices else "text"
    flags = ("y" if field.identifier else "", field.only_if, "y" if field.required else "")
    return [field.name, field.form, "", kind, field.label, choices, "", field.validation, field.minimum, field.maximum,
            *flags, "", "", "", "", ""]  # fmt: skip


def read_collected(
    source: Source,
    *,
    record: str,
    scales: Scales,
    missing: Iterable[str] | Mapping[str, MissingReason],
    strict: bool,
) -> Imported:
    """Read the raw export of a project that was made with `redcap_data_dictionary`."""
    parts = {f.name.removeprefix("measurement_"): f.name for f in _MEASUREMENT}
    parts |= {"instrument": "measurement_instrument", "reason": parts.pop("missing")}
    source.need(record, "session_number", "session_status", *parts.values())
    taken = _rows_with(source, tuple(parts.values()))
    tally = Tally(source)
    other = _rows_with(source, tuple(f.name for f in (*_CLIENT, *_SESSION) if f.name in source.columns))
    tally.rows_dropped = source.height - len({*taken, *other})
    tally.cells_left = source.height - len(taken)
    columns: dict[str, Any] = {
        part: [source.columns[name][row] for row in taken] for part, name in parts.items()
    }
    cells = LongCells(
        rows=taken,
        names={"client": record, **parts},
        client=[source.columns[record][row] for row in taken],
        **columns,
    )
    imported = import_long(
        cells, source, "REDCap export", scales=scales, missing=missing, strict=strict, tally=tally,
        cells_read=source.height,
    )  # fmt: skip
    return _completed(imported, source, record, other)


def _rows_with(source: Source, columns: Sequence[str]) -> list[int]:
    """Return the rows in which one of these columns says something."""
    said = [[found is not None for found in each(source.columns[name], text)] for name in columns]
    return [row for row, cells in enumerate(zip(*said, strict=True)) if any(cells)]


def _completed(imported: Imported, source: Source, record: str, rows: list[int]) -> Imported:
    """Put what the forms of client and session say into the cases."""
    ids = each(source.columns[record], client_id)
    about: dict[str, dict[str, Any]] = {}
    sessions: dict[str, dict[int, Session]] = {}
    for row in rows:
        name = ids[row]
        if name is None:
            raise refuse("key_missing", f"an id in every row of column {record!r}", "none", [row])
        about.setdefault(name, {}).update(_said(source, row, _CLIENT))
        fields = _said(source, row, _SESSION)
        if fields:
            one = _made(Session, {"id": f"session-{fields.get('number')}", **fields}, row)
            if one.number in sessions.setdefault(name, {}):
                raise refuse(
                    "duplicate_key", "one row per client and session", "a session seen before", [row]
                )
            sessions[name][one.number] = one
    before = {case.id: case for case in imported.cases}
    cases = tuple(
        _case(name, before.get(name), about.get(name, {}), sessions.get(name, {}))
        for name in dict.fromkeys([*before, *about])
    )
    stated = sum(len(s) for s in sessions.values())
    guessed = sum(len(case.sessions) for case in cases) - stated
    why = "held, for there is a score of theirs and no row"
    notes = tuple(
        attrs.evolve(note, count=guessed, why=why) if note.what == "sessions" else note
        for note in imported.report.notes
        if note.what != "sessions" or guessed
    )
    return attrs.evolve(
        imported, cases=cases, report=attrs.evolve(imported.report, notes=notes, n_cases=len(cases))
    )


def _said(source: Source, row: int, fields: Sequence[_Field]) -> dict[str, Any]:
    read = {"integer": whole_number, "number": number, "date_ymd": when}
    found = {}
    for field in fields:
        if field.name in source.columns:
            cell = source.columns[field.name][row]
            value = None if text(cell) is None else read.get(field.validation, text)(cell)
            if value is not None:
                found[field.name.removeprefix(f"{field.form}_")] = value
    return found


def _made(record: type[Session], fields: dict[str, Any], row: int) -> Session:
    try:
        return record(**fields)
    except RecordError as error:
        failure = error.violations[0]
    raise TableError(
        failure.code, needed=f"{failure.needed} ({failure.path})", found=failure.found, rows=(row,)
    )


def _case(name: str, case: Case | None, about: dict[str, Any], sessions: dict[int, Session]) -> Case:
    guessed = {s.number: s for s in case.sessions} if case else {}
    together = {**guessed, **sessions}
    failure = None
    try:
        return Case(
            id=name, participants=(Participant(id=CLIENT, role="client", **about),),
            sessions=tuple(together[n] for n in sorted(together)),
            measurements=case.measurements if case else (),
            instruments=case.instruments if case else (),
        )  # fmt: skip
    except RecordError as error:
        failure = error.violations[0]
    raise TableError(failure.code, needed=f"{failure.needed} ({failure.path})", found=failure.found)
