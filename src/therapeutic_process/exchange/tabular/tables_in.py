"""The record's own tables read back: people, sessions, talk and scores, from a folder with its data package."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs
from pydantic_core import from_json

from therapeutic_process.errors import DocumentError, RecordError, TableError
from therapeutic_process.exchange.tabular.account import Tally
from therapeutic_process.exchange.tabular.cells import each, own_number, own_whole_number, text, when
from therapeutic_process.exchange.tabular.sources import Source, source_of
from therapeutic_process.instruments import Instrument, builtin_catalogue
from therapeutic_process.records import Case

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Mapping

    from therapeutic_process.exchange.imports import Imported
    from therapeutic_process.instruments import Catalogue

__all__ = ["read_tables"]

_READ = ("scores", "sessions", "interactions")
_Row = dict[str, Any]
_CLIENT = "client"


# Columns of the tables that cases are made from, and how a cell of them is read.
_CELLS: Mapping[str, Mapping[str, Callable[[Any], Any]]] = {
    "scores": {
        "case_id": text, "client_id": text, "session": own_whole_number, "score": own_number, "instrument": text,
        "scale": text, "subject": text, "respondent": text, "timing": text, "measured_at": when,
        "missing_reason": text, "group": text, "position": own_whole_number,
    },
    "sessions": {
        "case_id": text, "client_id": text, "session": own_whole_number, "session_id": text, "status": text,
        "modality": text, "started_at": when, "duration_s": own_number, "therapist_id": text,
    },
    "interactions": {
        "case_id": text, "client_id": text, "session": own_whole_number, "interaction": own_whole_number,
        "speaker": text,
        "role": text, "kind": text, "start_s": own_number, "end_s": own_number, "text": text,
    },
}  # fmt: skip


def read_tables(folder: str | os.PathLike[str], *, catalogue: Catalogue | None = None) -> Imported:
    """Read the folder that `write_tables` wrote: people, sessions, talk and scores, as far as the tables hold them.

    The ids of measurements and the people of whom no row tells are gone; the other tables (codes, ratings, tasks,
    goals, changes) are summaries of a record, from which it cannot be made again: their rows are counted as not taken.

    >>> import tempfile
    >>> from therapeutic_process.exchange import example_cases, write_tables
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = write_tables(example_cases(), folder)
    ...     read = read_tables(folder)
    >>> [len(case.measurements) for case in read.cases] == [len(case.measurements) for case in example_cases()]
    True

    Args:
        folder: The folder with ``datapackage.json``, of CSV or Parquet files.
        catalogue: Where to look up instruments; by default the built-in catalogue.

    Returns:
        The cases in the order of the tables, and a `TableImportReport`.

    Raises:
        DocumentError: If there is no data package, a file of it is missing, or one is no table.
        TableError: If the tables contradict each other or a rule of the records; names the table and row (from 0).
    """
    root = Path(folder)
    package = _package(root)
    named, own = _resources(package, root), _instruments(package, root)
    sources = {name: _opened(root / named[name], name) for name in _READ}
    tally = Tally(sources["scores"])
    rows = {name: _rows(name, source) for name, source in sources.items()}
    known = catalogue or builtin_catalogue()
    made = [_case(name, parts, tally, known, own) for name, parts in _by_case(rows).items()]
    for name in sorted(named.keys() - {*_READ}):
        n = source_of(root / named[name]).height
        tally.note("not_taken", f"rows of table {name}", "it holds a part of a record only", count=n)
    _check_totals(rows, made)
    done = tally.settle("tables", made, cells_read=sources["scores"].height)
    n = len(rows["interactions"])
    return attrs.evolve(done, report=attrs.evolve(done.report, interactions_in=n, interactions_out=n))


def _package(root: Path) -> dict[str, Any]:
    file = root / "datapackage.json"
    try:
        package = from_json(file.read_bytes())
    except FileNotFoundError:
        code, found = "no_such_file", "nothing there"
    except (OSError, ValueError):
        code, found = "not_this_format", "something else"
    else:
        if isinstance(package, dict):
            return package
        code, found = "not_this_format", "another JSON value"
    raise DocumentError(code, needed="a data package", found=found, file=str(file))


def _resources(package: dict[str, Any], root: Path) -> dict[str, str]:
    needed = f"the tables {', '.join(_READ)} in files of its own folder"
    try:
        named = {str(one["name"]): str(one["path"]) for one in package["resources"]}
    except (LookupError, TypeError):
        named = {}
    lacking = [name for name in _READ if name not in named]
    if lacking or not all(path == Path(path).name for path in named.values()):
        found = f"no {', '.join(lacking)}" if lacking else "files elsewhere"
        file = str(root / "datapackage.json")
        raise DocumentError("not_this_format", needed=needed, found=found, file=file)
    return named


def _instruments(package: dict[str, Any], root: Path) -> dict[str, Instrument]:
    given = package.get("instruments", [])
    file = str(root / "datapackage.json")
    if not isinstance(given, list):
        raise DocumentError(
            "not_this_format", needed="a list of instruments", found="something else", file=file
        )
    failure = None
    try:
        made = [Instrument.model_validate(one) for one in given]
    except RecordError as error:
        failure = error
    if failure is not None:
        needed = "instruments that keep the rules"
        raise DocumentError("invalid_record", needed=needed, found="others", file=file, cause=failure)
    return {one.id: one for one in made}


def _opened(file: Path, name: str) -> Source:
    source = source_of(file)
    source.need(*_CELLS[name])
    return source


def _rows(name: str, source: Source) -> list[_Row]:
    columns = {}
    for column, read in _CELLS[name].items():
        cells = source.columns[column]
        values = each(cells, read)
        if column == "text" and source.lines is None:  # only a CSV cannot tell an empty text from none
            values = list(cells)
        wrong = [
            i for i, (value, cell) in enumerate(zip(values, cells, strict=True))
            if value == "unreadable" or (read is own_number and value is None and text(cell) is not None)
        ]  # fmt: skip
        if wrong and read is not text:
            needed = f"what the data package says in column {column!r} of {name}"
            raise TableError(
                "not_a_number", needed=needed, found=f"{len(wrong)} others", rows=tuple(wrong[:5])
            )
        columns[column] = values
    names = list(columns)
    return [dict(zip(names, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def _by_case(rows: Mapping[str, list[_Row]]) -> dict[str, dict[str, list[tuple[int, _Row]]]]:
    found: dict[str, dict[str, list[tuple[int, _Row]]]] = {}
    for table in ("sessions", "scores", "interactions"):
        for number_of_row, row in enumerate(rows[table]):
            name = row["case_id"]
            if name is None:
                needed = f"an id in every row of column 'case_id' of {table}"
                raise TableError("key_missing", needed=needed, found="none", rows=(number_of_row,))
            found.setdefault(name, {t: [] for t in _READ})[table].append((number_of_row, row))
    return found


def _case(
    name: str,
    parts: Mapping[str, list[tuple[int, _Row]]],
    tally: Tally,
    known: Catalogue,
    own: Mapping[str, Instrument],
) -> Case:
    people = _people(name, parts, tally)
    sessions = {row["session"]: _session(row) for _, row in parts["sessions"]}
    _put_talk(parts["interactions"], sessions)
    ordered = sorted(parts["scores"], key=lambda one: (one[1]["position"] is None, one[1]["position"] or 0))
    measurements = [_measurement(i, row, n, people, sessions) for i, (n, row) in enumerate(ordered)]
    tally.take([m["score"] if m["score"] is not None else "missing" for m in measurements])
    _reconcile(list(sessions.values()), measurements, tally)
    used = {row["instrument"] for _, row in ordered}
    data = {
        "id": name, "instruments": [one for id_, one in own.items() if id_ in used],
        "participants": list(people.values()), "measurements": measurements,
        "sessions": [sessions[n] for n in sorted(sessions, key=lambda n: (n is None, n or 0))],
    }  # fmt: skip
    failure = None
    try:
        return Case.model_validate(data, context={"catalogue": known})
    except RecordError as error:
        failure = error.violations[0]
    first = next((n for several in parts.values() for n, _ in several), 0)
    needed = f"{failure.needed} ({failure.path})"
    raise TableError(failure.code, needed=needed, found=failure.found, rows=(first,))


def _people(name: str, parts: Mapping[str, list[tuple[int, _Row]]], tally: Tally) -> dict[str, _Row]:
    """Return who takes part: a client is who the tables call so, and of one alone who is measured."""
    roles: dict[str | None, str | None] = {}
    groups: dict[str, str] = {}
    for _, row in parts["scores"]:
        several = row["client_id"] == f"{name}/{row['subject']}"
        roles[row["subject"]] = _CLIENT if several else roles.get(row["subject"])
        if row["group"] is not None:
            groups[row["subject"]] = row["group"]
    for _, row in parts["interactions"]:
        if row["speaker"] is not None:
            roles[row["speaker"]] = row["role"]
    for _, row in parts["sessions"]:
        if row["therapist_id"] is not None:
            roles[row["therapist_id"]] = "therapist"
    keys = {row["client_id"] for several in parts.values() for _, row in several}
    _settle_clients(roles, tally, several=any(key != name for key in keys))
    return {
        who: {"id": who, "role": role} | ({"group": groups[who]} if who in groups else {})
        for who, role in roles.items()
        if who is not None
    }


def _settle_clients(roles: dict[str | None, str | None], tally: Tally, *, several: bool) -> None:
    """Name clients of whom no row tells: one at least, and two where the keys are those of several."""
    named = sum(role == _CLIENT for role in roles.values())
    if not several and not named:
        alone = next((who for who, role in roles.items() if role is None), None)
        if alone is not None:
            roles[alone], named = _CLIENT, 1
    unknown = [who for who, role in roles.items() if role is None]
    roles.update(dict.fromkeys(unknown, "other"))
    tally.note("guessed", "role of a subject: other", "no row tells it", count=len(unknown))
    free = (name for i in range(len(roles) + 3) if (name := f"{_CLIENT} {i}" if i else _CLIENT) not in roles)
    new = [next(free) for _ in range((2 if several else 1) - named)]
    roles.update(dict.fromkeys(new, _CLIENT))
    tally.note("guessed", "clients", "no row names them", count=len(new))


def _session(row: _Row) -> _Row:
    made = {
        "id": row["session_id"], "number": row["session"], "status": row["status"],
        "modality": row["modality"], "started_at": row["started_at"], "duration_s": row["duration_s"],
    }  # fmt: skip
    return {name: value for name, value in made.items() if value is not None}


def _put_talk(rows: list[tuple[int, _Row]], sessions: dict[Any, _Row]) -> None:
    names = ("kind", "speaker", "start_s", "end_s", "text")
    for n, row in sorted(rows, key=lambda one: (one[1]["interaction"] is None, one[1]["interaction"] or 0)):
        place = sessions.get(row["session"])
        if place is None:
            needed = "interactions in sessions of the table of sessions"
            raise TableError("reference_resolves", needed=needed, found="another session", rows=(n,))
        turn = {"index": row["interaction"], **{k: row[k] for k in names if row[k] is not None}}
        place.setdefault("interactions", []).append(turn)


def _measurement(
    position: int, row: _Row, n: int, people: Mapping[str, _Row], sessions: Mapping[Any, _Row]
) -> _Row:
    by_client = row["respondent"] == _CLIENT and people.get(row["subject"], {}).get("role") == _CLIENT
    respondent = {"kind": row["respondent"], "participant": row["subject"] if by_client else None}
    place = None if row["session"] is None else sessions.get(row["session"])
    if row["session"] is not None and place is None:
        needed = "scores of sessions of the table of sessions"
        raise TableError("reference_resolves", needed=needed, found="another session", rows=(n,))
    return {
        "id": f"m{position}", "instrument": row["instrument"], "scale": row["scale"], "subject": row["subject"],
        "respondent": respondent, "score": row["score"], "missing": row["missing_reason"],
        "measured_at": row["measured_at"], "session": None if place is None else place.get("id"),
        "timing": row["timing"],
    }  # fmt: skip


def _reconcile(sessions: list[_Row], measurements: list[_Row], tally: Tally) -> None:
    """Leave out times that contradict the order, for a table has the earliest instant where there was a day only."""
    lost = timings = 0
    last: dict[object, Any] = {}
    held = [s for s in sessions if s.get("status") == "held"]
    started = {s.get("id"): s.get("started_at") for s in sessions}
    series = [(one, "started_at", "session") for one in sorted(held, key=lambda s: s.get("number", -1))]
    series += [(m, "measured_at", repr((m["instrument"], m["scale"], m["subject"], m["respondent"])))
               for m in measurements]  # fmt: skip
    for part, name, of in series:
        at = part.get(name)
        if at is not None and of in last and at < last[of]:
            part[name] = None
            lost += 1
        elif at is not None:
            last[of] = at
    for one in measurements:
        at, start = one["measured_at"], started.get(one["session"])
        late = at is not None and start is not None and at > start
        early = at is not None and start is not None and at < start
        if (late and one["timing"] == "before") or (early and one["timing"] in {"after", "between"}):
            one["timing"] = "unknown"
            timings += 1
    why = "they contradict the order: a table has the earliest instant of a day"
    tally.note("dropped", "times", why, count=lost)
    tally.note("dropped", "timings", why, count=timings)


def _check_totals(rows: Mapping[str, list[_Row]], cases: list[Case]) -> None:
    """Compare rows in with parts out.

    Raises:
        TableError: ``totals_disagree``, or ``duplicate_key`` where two rows are of one session.
    """
    sessions = sum(len(c.sessions) for c in cases)
    if sessions != len(rows["sessions"]):
        needed, found = "one row per case and session", f"{len(rows['sessions']) - sessions} seen before"
        raise TableError("duplicate_key", needed=needed, found=found)
    turns = sum(len(s.interactions) for c in cases for s in c.sessions)
    if turns != len(rows["interactions"]):
        found = f"{len(rows['interactions'])} interactions in and {turns} out"
        raise TableError("totals_disagree", needed="the same totals in and out", found=found)
