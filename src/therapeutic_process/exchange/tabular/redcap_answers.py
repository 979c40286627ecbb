"""What was filled in: the forms of a REDCap export, put together to the parts of cases."""

from __future__ import annotations

from collections import Counter
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

import attrs

from therapeutic_process.errors import TableError
from therapeutic_process.exchange.tabular.cells import choice, each, number, text, when, whole_number
from therapeutic_process.exchange.tabular.redcap_forms import FORMS, Field, Form, fields_of
from therapeutic_process.exchange.tabular.scores import refuse

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from therapeutic_process.exchange.tabular.account import Tally
    from therapeutic_process.exchange.tabular.sources import Source

__all__ = ["Answer", "Answers", "answers_of", "part_id"]

FORM, INSTANCE, EVENT = "redcap_repeat_instrument", "redcap_repeat_instance", "redcap_event_name"
_UNREADABLE = "unreadable"
_BY_NAME = {form.name: form for form in FORMS}
_BY_KIND = {form.kind: form for form in FORMS if form.kind}
_Part = dict[str, Any]


@attrs.define(eq=False)
class Answer:
    """One filled form.

    Attributes:
        form: Which form.
        row: The row that it stands in.
        number: The number of the part: its repeat instance, or its place among those of its form.
        said: What it says, by the names of the record's fields.
        above: The number of the part that it belongs to.
    """

    form: Form
    row: int
    number: int
    said: _Part
    above: int | None = None


def part_id(kind: str, number: int) -> str:
    """Return the id of the part with that number.

    >>> part_id("session", 3), part_id("participant", 0), part_id("participant", 1)
    ('session-3', 'client', 'person-1')
    """
    if kind == "participant":
        return "client" if number == 0 else f"person-{number}"
    return f"{_BY_KIND[kind].name}-{number}"


def _signed(cell: Any) -> int | str | None:
    """Return a whole number, below 0 too."""
    written = (text(cell) or "").strip()
    if written.startswith("-"):
        found = whole_number(written[1:])
        return -found if isinstance(found, int) else _UNREADABLE
    return whole_number(cell)


def _number(cell: Any) -> float | str | None:
    found = number(cell)
    return found if found is not None or not (text(cell) or "").strip() else _UNREADABLE


def _numbers(cell: Any) -> list[int] | str | None:
    written = (text(cell) or "").strip()
    found = [whole_number(one) for one in written.split(",")] if written else []
    if not all(isinstance(one, int) for one in found):
        return _UNREADABLE
    return [one for one in found if isinstance(one, int)] or None


def _truth(cell: Any) -> bool | str | None:
    written = (text(cell) or "").strip()
    return {"": None, "1": True, "0": False}.get(written, _UNREADABLE)


def _day(cell: Any) -> date | str | None:
    found = when(cell)
    return found.date() if isinstance(found, datetime) and found.tzinfo is None else found


_READERS: dict[str, Callable[[Any], Any]] = {
    "text": text, "notes": text, "integer": _signed, "number": _number, "part": whole_number, "parts": _numbers,
    "truth": _truth, "day": _day, "until": _day,
    "lines": lambda cell: (text(cell) or "").split("\n") if text(cell) else None,
}  # fmt: skip
_CODES = {
    "day": "time_invalid",
    "until": "time_invalid",
    "words": "not_in_vocabulary",
    "truth": "not_in_vocabulary",
}


def _cells(source: Source, field: Field, tally: Tally, *, strict: bool) -> list[Any]:
    """Read the column of a field; what does not read as it should is an error, or nothing where leniently read."""
    cells = source.columns[field.name]
    if field.path == ("score",):  # read with the codes for missing, later
        return each(cells, text)
    values = each(cells, choice(field.words) if field.kind == "words" else _READERS[field.kind])
    if field.kind in {"text", "notes", "lines"}:
        return values
    wrong = [i for i, value in enumerate(values) if value == _UNREADABLE]
    if wrong and strict:
        code = _CODES.get(field.kind, "not_a_number")
        raise refuse(code, f"what the dictionary says in column {field.name!r}", "something else", wrong)
    tally.note("dropped", f"cells of column {field.name!r}", "not what the dictionary says", rows=wrong)
    return [None if value == _UNREADABLE else value for value in values]


def answers_of(source: Source, ids: Sequence[str | None], tally: Tally, *, strict: bool) -> Answers:
    """Return the filled forms of an export, in the order of the rows.

    Raises:
        TableError: If a cell is not what the dictionary says, a row has no record, or a number stands twice.
    """
    columns = {
        field.name: _cells(source, field, tally, strict=strict)
        for form in FORMS for field in fields_of(form) if field.name in source.columns
    }  # fmt: skip
    own = {*columns, FORM, INSTANCE, EVENT, *(f"{form.name}_complete" for form in FORMS)}
    others = [name for name in source.columns if name not in own]
    tally.note("not_taken", "columns that the dictionary lacks", "nobody knows them", count=len(others) - 1)
    instances = (
        each(source.columns[INSTANCE], whole_number) if INSTANCE in source.columns else [None] * source.height
    )
    found = Answers(tuple(ids))
    forms = each(source.columns[FORM], text) if FORM in source.columns else [None] * source.height
    for row in range(source.height):
        before = len(found.all)
        for form in FORMS:
            said = {f.name: columns[f.name][row] for f in fields_of(form) if f.name in columns}
            blank = all(value is None for value in said.values())
            if not blank or (forms[row] == form.name and not any(f.required for f in fields_of(form))):
                found.add(form, row, said, instances[row])
        if len(found.all) == before and (ids[row] is None or forms[row] is not None):
            found.empty.append(row)
    return found


class Answers:
    """The filled forms, by record."""

    def __init__(self, ids: tuple[str | None, ...]) -> None:
        self.ids = ids
        self.all: list[Answer] = []
        self.empty: list[int] = []
        self.added: Counter[str] = Counter()
        self._seen: Counter[tuple[str | None, str]] = Counter()
        self._numbers: set[tuple[str | None, str, int]] = set()

    def add(self, form: Form, row: int, said: _Part, instance: Any) -> None:
        """Take a filled form."""
        record = self.ids[row]
        if record is None:
            raise refuse("key_missing", "a record id in every row", "none", [row])
        self._seen[record, form.name] += 1
        place = instance if isinstance(instance, int) else self._seen[record, form.name]
        if not form.repeats:
            place = 1
        if (record, form.name, place) in self._numbers:
            needed = f"each instance of the form {form.name!r} once per record"
            raise refuse("duplicate_key", needed, "one seen before", [row])
        self._numbers.add((record, form.name, place))
        above = said.get(f"{form.name}_{form.above}") if form.above else None
        if form.above and above is None:
            raise refuse("field_missing", f"a number in column '{form.name}_{form.above}'", "none", [row])
        self.all.append(Answer(form, row, place, _nested(form, said, row), above))

    def of_form(self, name: str) -> list[Answer]:
        """Return what was filled in of one form."""
        return [one for one in self.all if one.form.name == name]

    def by_course(self) -> dict[str, list[Answer]]:
        """Return the filled forms of each record; of one that has nothing but an id, none."""
        empty = set(self.empty)
        named = (name for row, name in enumerate(self.ids) if row not in empty and name is not None)
        found: dict[str, list[Answer]] = {name: [] for name in named}
        for one in self.all:
            found[str(self.ids[one.row])].append(one)
        return found

    def assembled(self, several: list[Answer], tally: Tally) -> tuple[_Part, dict[str, int]]:
        """Return the fields of a case, and the row of each part by its place in it."""
        data: _Part = {"participants": [{"id": "client", "role": "client"}], "measurements": []}
        rows: dict[str, int] = {}
        homes: dict[tuple[str, int], _Part] = {}
        for one in _in_order(several):
            if one.form.name == "client":
                data["participants"][0].update(one.said)
            elif one.form.name == "course":
                data.update(one.said)
            elif one.form.name == "ending":
                data["ending"] = one.said
            else:
                self._put(one, data, homes, rows)
        self._guess_sessions(data, tally)
        return data, rows

    def _put(
        self, one: Answer, data: _Part, homes: dict[tuple[str, int], _Part], rows: dict[str, int]
    ) -> None:
        holder = data
        if one.form.above:
            found = homes.get((one.form.above, one.above or 0))
            if found is None:
                needed = f"the number of a form {one.form.above!r} of the record"
                raise refuse("reference_resolves", needed, "another number", [one.row])
            holder = found
        elif "id" in one.form.record.model_fields:
            one.said["id"] = _id_of(one, len(data.get(one.form.home, ())))
        several = holder.setdefault(one.form.home, [])
        if one.form.name == "session" and any(s["id"] == one.said["id"] for s in several):
            raise refuse(
                "duplicate_key", "one row per client and session", "a session seen before", [one.row]
            )
        if not one.form.above:
            rows[f"$.{one.form.home}[{len(several)}]"] = one.row
        several.append(one.said)
        homes[one.form.name, one.number] = one.said

    def _guess_sessions(self, data: _Part, tally: Tally) -> None:
        """Make sessions of which only a score tells: there was one, or there would be no score of it."""
        known = {s["id"]: s for s in data.get("sessions", ())}
        wanted = dict.fromkeys(m["session"] for m in data["measurements"] if m.get("session"))
        new = [s for s in wanted if s not in known]
        for one in new:
            known[one] = {"id": one, "number": int(one.rpartition("-")[2]), "status": "held"}
        self.added["session"] += len(new)
        tally.note("guessed", "sessions", "held, for there is a score of theirs and no row", count=len(new))
        data["sessions"] = sorted(known.values(), key=lambda s: s.get("number", -1))


def _id_of(one: Answer, position: int) -> str:
    if one.form.name == "measurement":
        return f"m{position}"
    if one.form.name == "session":
        return part_id("session", one.said.get("number", one.number))
    return f"{one.form.name}-{one.number}"


def _in_order(several: list[Answer]) -> list[Answer]:
    """Return forms in the order of the project and parts in that of their numbers; scores in that of time."""
    stated = sorted(several, key=lambda one: (FORMS.index(one.form), one.number, one.row))
    scores = [one for one in stated if one.form.name == "measurement"]
    if _keep_time(scores):
        return stated
    return sorted(stated, key=lambda one: (FORMS.index(one.form), *_place(one)))


def _keep_time(scores: list[Answer]) -> bool:
    """Whether scores stand in the order of their days or, where a series has none, of their sessions."""
    series: dict[tuple[Any, ...], list[Answer]] = {}
    for one in scores:
        who = sorted(one.said.get("respondent", {}).items())
        key = (one.said.get("instrument"), one.said.get("scale"), one.said["subject"], *who)
        series.setdefault(key, []).append(one)
    for several in series.values():
        places = [_place(one) for one in several]
        days = [day for _, _, day in places if day]
        order = days or [number for last, number, _ in places if not last]
        if order != sorted(order):
            return False
    return True


def _place(one: Answer) -> tuple[float, ...]:
    if one.form.name != "measurement":
        return (0.0,)
    session, at = one.said.get("session"), one.said.get("measured_at")
    last = session is None
    return (
        last,
        -1 if last else int(str(session).rpartition("-")[2]),
        at.toordinal() if at is not None else 0,
    )


def _nested(form: Form, said: _Part, row: int) -> _Part:
    """Return what a form says as the record has it: nested, with ids for numbers."""
    made: _Part = {}
    for field in fields_of(form):
        value = said.get(field.name)
        if value is None or not field.path:
            continue
        if field.kind == "until":
            made[field.path[0]] = {"start": made.get(field.path[0]), "end": value}
            continue
        if field.kind == "part":
            value = part_id(field.refers, value)
        elif field.kind == "parts":
            value = [part_id(field.refers, one) for one in value]
        holder = made
        for step in field.path[:-1]:
            holder = holder.setdefault(step, {})
        holder[field.path[-1]] = value
    _complete(form, made, row)
    return made


def _complete(form: Form, made: _Part, row: int) -> None:
    """Say whose a part is where the form leaves it open: the client's."""
    for name, declared in form.record.model_fields.items():
        if name in {"subject", "participant", "author"} and declared.is_required():
            made.setdefault(name, "client")
    for name in ("respondent", "rater", "reporter"):
        who = made.get(name)
        if who is not None and who.get("kind") == "client":
            who.setdefault("participant", "client")
    if form.name == "rating":
        of = made.pop("of", {})
        if len(of) != 1:
            raise TableError(
                "rating_target",
                needed="a session or a goal that is rated",
                found=f"{len(of)} of them",
                rows=(row,),
            )
        [(kind, target)] = of.items()
        made["of"] = {"kind": kind, "id": target}
