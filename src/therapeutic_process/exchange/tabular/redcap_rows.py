"""Cases as rows that a REDCap project imports, with an account of what its forms cannot hold."""

from __future__ import annotations

import csv
import io
from collections import Counter
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs

from therapeutic_process.exchange.imports import ImportNote
from therapeutic_process.exchange.tabular.redcap_answers import FORM, INSTANCE, part_id
from therapeutic_process.exchange.tabular.redcap_forms import FORMS, Field, Form, fields_of
from therapeutic_process.exchange.whole_files import whole_file
from therapeutic_process.records import Case, Interval, Reporter

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable, Iterator

    from therapeutic_process.base import Record

__all__ = ["RedcapWritten", "write_redcap"]

_BELOW = {form.name: {f.home for f in FORMS if f.above == form.name} for form in FORMS}
_HOMES = frozenset({f.home for f in FORMS if not f.above}) | {"treatment_format", "setting", "started_at"}
_EXACT = 2.0**53
# A problem must have a label or a code; what stands for a label of no words must say something.
_EMPTY = "(empty)"


@attrs.frozen
class RedcapWritten:
    """What was written, and what the forms cannot hold.

    Attributes:
        file: The file.
        n_cases: The cases, a record each.
        n_rows: The rows.
        losses: What stayed in the cases, or changed: kinds of fields and how often, never their content.
    """

    file: Path
    n_cases: int
    n_rows: int
    losses: tuple[ImportNote, ...]

    def __str__(self) -> str:
        return "\n".join([f"{self.n_cases} cases as {self.n_rows} rows", *map(str, self.losses)])


def write_redcap(
    cases: Iterable[Case], path: str | os.PathLike[str], *, force: bool = False
) -> RedcapWritten:
    """Write cases as rows that a project made with `redcap_data_dictionary` imports; `read_redcap` reads them back.

    Parts are named by numbers instead of ids: sessions by their own, others by their place. A time becomes its day.

    >>> import tempfile, pathlib
    >>> from therapeutic_process.exchange import example_cases
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     written = write_redcap(example_cases(), pathlib.Path(folder, "rows.csv"))
    >>> written.n_cases, any(note.what == "Interaction" for note in written.losses)
    (4, True)

    Args:
        cases: The cases; read one after the other, none is kept.
        path: The CSV file; it appears when it is complete.
        force: Whether an existing file may be replaced.

    Returns:
        What was written, and what the forms cannot hold.

    Raises:
        FileExistsError: If the file exists and `force` is off.
    """
    target = Path(path)
    if target.exists() and not force:
        raise FileExistsError(f"{target} exists already")
    names = ["record_id", FORM, INSTANCE, *(f.name for form in FORMS for f in fields_of(form))]
    losses: Counter[tuple[str, str, str]] = Counter()
    n_cases = n_rows = 0
    with whole_file(target) as raw:
        stream = io.TextIOWrapper(raw, encoding="utf-8", newline="")
        writer = csv.DictWriter(stream, names, restval="", lineterminator="\n")
        writer.writeheader()
        for case in cases:
            n_cases += 1
            for row in _Rows(case, losses).rows():
                writer.writerow(row)
                n_rows += 1
        stream.flush()
        stream.detach()
    notes = tuple(ImportNote(a, what, n, why) for (a, what, why), n in sorted(losses.items()))
    return RedcapWritten(target, n_cases, n_rows, notes)


class _Rows:
    """The rows of one case."""

    def __init__(self, case: Case, losses: Counter[tuple[str, str, str]]) -> None:
        self.case = case
        self.losses = losses
        first = case.clients[0]
        others = [p for p in case.participants if p is not first]
        self.parts: dict[str, tuple[Any, ...]] = {
            form.name: getattr(case, form.home)
            for form in FORMS
            if form.home and form.repeats and not form.above
        }
        self.parts["person"] = tuple(others)
        self.numbers: dict[tuple[str, str], int] = {("participant", first.id): 0}
        for form in FORMS:
            if form.kind and not form.above:
                for i, part in enumerate(self.parts[form.name], start=1):
                    self.numbers[form.kind, part.id] = part.number if form.kind == "session" else i

    def rows(self) -> Iterator[dict[str, Any]]:
        """Yield the row of the record itself, then one for each part."""
        self._count_lost()
        plain: dict[str, Any] = {"record_id": self.case.id}
        for form in FORMS:
            if not form.repeats:
                part = {"client": self.case.clients[0], "course": self.case, "ending": self.case.ending}[
                    form.name
                ]
                plain |= self._filled(form, part) if part is not None else {}
        yield plain
        for form in FORMS:
            if form.repeats:
                for i, (above, part) in enumerate(self._several(form), start=1):
                    start = {"record_id": self.case.id, FORM: form.name, INSTANCE: i}
                    number = {f"{form.name}_{form.above}": above} if form.above else {}
                    yield start | number | self._filled(form, part)

    def _several(self, form: Form) -> list[tuple[int, Any]]:
        if form.above:
            above = enumerate(self.parts[form.above], start=1)
            return [(i, part) for i, holder in above for part in getattr(holder, form.home)]
        several = self.parts[form.name]
        if form.name == "rating":
            several = tuple(r for r in several if r.of.kind in {"session", "goal"} and abs(r.value) <= _EXACT)
        return [(0, part) for part in several]

    def _lose(self, what: str, why: str, n: int = 1, *, action: str = "not_taken") -> None:
        if n:
            self.losses[action, what, why] += n

    def _count_lost(self) -> None:
        case, why = self.case, "no form has a place for it"
        for name, field in Case.model_fields.items():
            value = getattr(case, name)
            if name not in _HOMES | {"kind", "schema_version", "id"} and value != field.get_default():
                self._lose(f"Case.{name}", why, len(value) if isinstance(value, tuple) else 1)
        self._lose("Interaction", why, sum(len(s.interactions) for s in case.sessions))
        told = [r for r in case.ratings if r.of.kind in {"session", "goal"}]
        self._lose("Rating", "only sessions and goals are rated in forms", len(case.ratings) - len(told))
        self._lose("Rating", "a number too large for a cell", sum(abs(r.value) > _EXACT for r in told))
        renamed = sum(
            part.id != part_id(kind, self.numbers[kind, part.id])
            for form in FORMS if (kind := form.kind) and not form.above for part in self.parts[form.name]
        )  # fmt: skip
        renamed += case.clients[0].id != "client"
        for form in ("measurement", "rating", "change", "context"):
            start = "m0" if form == "measurement" else f"{form}-1"
            renamed += sum(p.id != _numbered(start, i) for i, p in enumerate(self.parts[form]))
        self._lose("ids", "parts are named by numbers", renamed, action="converted")

    def _filled(self, form: Form, part: Record) -> dict[str, Any]:
        """Return what a part says, by the names of the form's fields; what it says beyond them is counted."""
        fields = [f for f in fields_of(form) if f.path]
        placed = (
            {f.path[0] for f in fields} | _BELOW[form.name] | {"id", "interactions", "kind", "schema_version"}
        )
        if form.name == "client":
            placed |= {"role"}
        for name, declared in type(part).model_fields.items():
            value = getattr(part, name)
            silent = value is None or (not declared.is_required() and value == declared.get_default())
            if form.name != "course" and name not in placed and not silent:
                n = len(value) if isinstance(value, tuple) else 1
                self._lose(f"{type(part).__name__}.{name}", "no form has a place for it", n)
        cells = {f.name: self._cell(f, part) for f in fields}
        return {name: cell for name, cell in cells.items() if cell is not None}

    def _cell(self, field: Field, part: Any) -> str | None:
        holder, value = None, part
        for step in field.path:
            if step in {"session", "goal"} and field.path[0] == "of":
                value = value.id if value.kind == step else None
                break
            holder, value = value, getattr(value, step, None)
            if value is None:
                return self._nobody(holder, step)
        if value is None or self._is_default(field, holder, value):
            return None
        where = f"{type(part).__name__}.{field.path[0]}"
        return self._written(field, value, where)

    def _nobody(self, holder: Any, step: str) -> str | None:
        """Return what stands for nobody: of a client who reports the number of the one in the record, and a note."""
        if not (isinstance(holder, Reporter) and step == "participant" and holder.kind == "client"):
            return None
        self._lose("Reporter.participant", "the client of the record is meant", action="converted")
        return "0"

    def _is_default(self, field: Field, holder: Any, value: Any) -> bool:
        declared = type(holder).model_fields.get(field.path[-1])
        return declared is not None and not declared.is_required() and bool(value == declared.get_default())

    def _written(self, field: Field, value: Any, where: str) -> str | None:
        match field.kind:
            case "part" | "truth":
                return str(int(value) if field.kind == "truth" else self.numbers[field.refers, value])
            case "parts":
                return self._list([str(self.numbers[field.refers, one]) for one in value], ",", where)
            case "day" | "until":
                return self._day(field, value, where)
            case "number":
                return self._number(value, where)
            case "lines":
                return self._list([self._text(one, where) or "" for one in value], "\n", where)
        return self._text(str(value), where)

    def _list(self, several: list[str], between: str, where: str) -> str | None:
        whole = between.join(several)
        if not several:
            self._lose(where, "an empty list reads as none", action="converted")
        elif whole.split(between) != several:
            self._lose(where, "a line within a line reads as two", action="converted")
        return whole or None

    def _day(self, field: Field, value: date | Interval, where: str) -> str | None:
        if field.kind == "until" and not isinstance(value, Interval):
            return None
        one = (
            value if not isinstance(value, Interval) else value.end if field.kind == "until" else value.start
        )
        if isinstance(one, datetime):
            self._lose(where, "a time becomes its day", action="converted")
            one = one.date()
        return one.isoformat()

    def _number(self, value: float, where: str) -> str | None:
        if abs(value) > _EXACT:
            self._lose(where, "a number too large for a cell")
            return None
        return repr(int(value)) if value.is_integer() else repr(value)

    def _text(self, value: str, where: str) -> str | None:
        plain = value.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "\N{REPLACEMENT CHARACTER}")
        if not value or plain != value:
            why = "lines end as in Unix, and no cell holds a NUL" if value else "an empty text reads as none"
            self._lose(where, why, action="converted")
        return plain or (_EMPTY if where == "Problem.label" else None)


def _numbered(start: str, i: int) -> str:
    stem = start.rstrip("01")
    return f"{stem}{int(start[len(stem) :]) + i}"
