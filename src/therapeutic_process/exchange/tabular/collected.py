"""A study that collects straight into the record: the REDCap data dictionary, and the project's export read back."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Any

from therapeutic_process.errors import RecordError, TableError
from therapeutic_process.exchange.tabular.account import Tally
from therapeutic_process.exchange.tabular.cells import ScoreReader, client_id, each
from therapeutic_process.exchange.tabular.redcap_answers import Answers, answers_of
from therapeutic_process.exchange.tabular.redcap_forms import FORMS, Field, fields_of
from therapeutic_process.exchange.tabular.scores import in_range, read_scores, refuse
from therapeutic_process.instruments import Instrument, builtin_catalogue
from therapeutic_process.records import Case, MissingReason

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from therapeutic_process.exchange.imports import Imported
    from therapeutic_process.exchange.tabular.courses import Scales
    from therapeutic_process.exchange.tabular.redcap_answers import Answer
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
_TYPES = {"words": "dropdown", "truth": "yesno", "notes": "notes", "lines": "notes"}
_VALIDATIONS = {
    "integer": "integer",
    "part": "integer",
    "number": "number",
    "day": "date_ymd",
    "until": "date_ymd",
}
_NEEDED = ("session_number", "session_status", "measurement_instrument", "measurement_respondent",
           "measurement_score")  # fmt: skip


def redcap_data_dictionary(
    instruments: Iterable[Instrument | str], *, catalogue: Catalogue | None = None
) -> str:
    """Return a REDCap data dictionary, so that a study collects straight into the record.

    A form for each kind of part: the client, the course and its ending once per record; people, problems, sessions,
    measurements, ratings, goals, plans, tasks, the journal, changes and other events as often as needed; the same for
    what belongs to one of them (a status, an agreement, a rating of attainment or adherence), which names it by
    number. All but ``client``, ``course`` and ``ending`` are to be set up as repeating instruments. `read_redcap`
    without ``scores`` reads the raw export back, and `write_redcap` writes cases as rows to import. Talk, its codes and
    segments are not collected this way.

    >>> dictionary = redcap_data_dictionary(["phq9", "gad7"])
    >>> [line.split(",")[0] for line in dictionary.splitlines()[1:4]]
    ['record_id', 'client_discipline', 'client_site']

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
    choices = " | ".join(f"{i.id}, {_on_one_line(i.name)}" for i in found if i is not None)
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(_HEADER)
    writer.writerow(["record_id", "client", "", "text", "Record ID", *[""] * 13])
    for form in FORMS:
        for i, field in enumerate(fields_of(form)):
            offered = choices if field.path == ("instrument",) else _choices(field)
            writer.writerow(_row(form.name, field, offered, head="" if i else form.title))
    return out.getvalue()


def _on_one_line(name: str) -> str:
    return " ".join(name.replace("|", "/").split())


def _choices(field: Field) -> str:
    return " | ".join(f"{word}, {word.replace('_', ' ')}" for word in field.words)


def _row(form: str, field: Field, choices: str, *, head: str) -> list[str]:
    kind = "dropdown" if choices else _TYPES.get(field.kind, "text")
    flags = ("y" if field.identifier else "", field.only_if, "y" if field.required else "")
    note = "Numbers, separated by commas." if field.kind == "parts" else ""
    return [field.name, form, head, kind, field.label, choices, note, "" if choices else
            _VALIDATIONS.get(field.kind, ""), field.minimum, field.maximum, *flags, "", "", "", "", ""]  # fmt: skip


def read_collected(
    source: Source,
    *,
    record: str,
    scales: Scales,
    missing: Iterable[str] | Mapping[str, MissingReason],
    strict: bool,
) -> Imported:
    """Read the raw export of a project that was made with `redcap_data_dictionary`."""
    source.need(record, *_NEEDED)
    tally = Tally(source)
    ids = each(source.columns[record], client_id)
    answers = answers_of(source, ids, tally, strict=strict)
    _read_scores(answers, source, tally, scales, missing, strict=strict)
    courses = answers.by_course()
    cases = [_case(name, several, answers, tally, scales) for name, several in courses.items()]
    tally.rows_dropped = len(answers.empty)
    tally.note("not_taken", "rows", "nothing in them", rows=answers.empty)
    tally.cells_left = source.height - sum(len(c.measurements) for c in cases)
    _check_totals(answers, cases)
    return tally.settle("REDCap export", cases, cells_read=source.height)


def _read_scores(
    answers: Answers,
    source: Source,
    tally: Tally,
    scales: Scales,
    missing: Iterable[str] | Mapping[str, MissingReason],
    *,
    strict: bool,
) -> None:
    """Put scores, or the reasons why there is none, into the measurements; compare them with their scales."""
    several = answers.of_form("measurement")
    rows = [one.row for one in several]
    cells = [source.columns["measurement_score"][row] for row in rows]
    read = ScoreReader(missing)
    values = read_scores(cells, read, tally, "measurement_score", rows=rows, strict=strict)
    found = [scales.of(one.said.get("instrument") or "", one.said.get("scale")) for one in several]
    unknown = [row for row, scale in zip(rows, found, strict=True) if scale is None]
    if unknown:
        needed = "instruments (and subscales) of the catalogue in column 'measurement_instrument'"
        raise refuse("instrument_unknown", needed, "others or none", unknown)
    for one in answers.of_form("rating"):
        scales.of(one.said.get("instrument") or "", one.said.get("scale"))
    reasons = [one.said.get("missing") for one in several]
    both = [row for row, v, r in zip(rows, values, reasons, strict=True) if r and not isinstance(v, str)]
    if both and strict:
        raise refuse("score_or_reason", "a score or a reason for its absence", "both", both)
    tally.note("dropped", "reasons for a missing score", "there is a score", rows=both)
    values = [r if r and v == "unknown" else v for v, r in zip(values, reasons, strict=True)]
    known = [s for s in found if s is not None]
    in_range(values, known, tally, "measurement_score", rows=rows, strict=strict)
    for one, value in zip(several, values, strict=True):
        one.said["score"] = None if isinstance(value, str) else value
        one.said["missing"] = value if isinstance(value, str) else None


def _case(name: str, several: list[Answer], answers: Answers, tally: Tally, scales: Scales) -> Case:
    data, rows = answers.assembled(several, tally)
    tally.take([m["missing"] if m["score"] is None else m["score"] for m in data["measurements"]])
    used = {one["instrument"] for home in ("measurements", "ratings") for one in data.get(home, ())}
    data["instruments"] = [i for i in scales.carried.values() if i.id in used]
    failure = None
    try:
        return Case.model_validate({"id": name, **data}, context={"catalogue": scales.catalogue})
    except RecordError as error:
        failure = error.violations[0]
    row = next(
        (row for place, row in rows.items() if failure.path.startswith(place)),
        several[0].row if several else 0,
    )
    needed = f"{failure.needed} ({failure.path})"
    raise TableError(failure.code, needed=needed, found=failure.found, rows=(row,))


def _check_totals(answers: Answers, cases: list[Case]) -> None:
    """Compare filled forms with parts.

    Raises:
        TableError: ``totals_disagree``: this reader lost or invented something; no data explain it.
    """
    for form in FORMS:
        if form.record is Case or not form.repeats:
            continue
        holders: list[Any] = list(cases)
        if form.above:
            above = next(f for f in FORMS if f.name == form.above)
            holders = [part for case in cases for part in getattr(case, above.home)]
        made = sum(len(getattr(holder, form.home)) for holder in holders)
        told = (
            len(answers.of_form(form.name)) + answers.added[form.name] + len(cases) * (form.name == "person")
        )
        if made != told:
            found = f"{told} filled forms {form.name!r} in and {made} parts out"
            raise TableError("totals_disagree", needed="the same totals in and out", found=found)
