"""From cases to flat tables: one pass over the cases, a list per column, a table per kind of part."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

import attrs

from therapeutic_process.errors import MissingExtra
from therapeutic_process.records import Case, Interval, Reporter, first_instant

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import date, datetime

    import polars as pl  # noqa: TC004  attrs does not evaluate annotations

__all__ = ["CaseTables", "from_cases"]

# Column → Polars type, by table; the meaning of each column stands in its contract.
_KEYS = {"case_id": "String", "client_id": "String"}
_COLUMNS: dict[str, dict[str, str]] = {
    "scores": {
        **_KEYS, "session": "Int64", "score": "Float64", "instrument": "String", "scale": "String",
        "subject": "String", "respondent": "String", "timing": "String", "measured_at": "Datetime",
        "missing_reason": "String", "group": "String", "position": "Int64",
    },
    "sessions": {
        **_KEYS, "session": "Int64", "session_id": "String", "status": "String", "modality": "String",
        "started_at": "Datetime", "duration_s": "Float64", "held_number": "Int64", "therapist_id": "String",
    },
    "interactions": {
        **_KEYS, "session": "Int64", "interaction": "Int64", "speaker": "String", "role": "String", "kind": "String",
        "start_s": "Float64", "end_s": "Float64", "text": "String",
    },
    "codes": {
        **_KEYS, "session": "Int64", "interaction": "Int64", "system": "String", "code": "String",
        "pass_id": "String", "coder": "String", "role": "String", "strength": "Float64",
    },
    "ratings": {
        **_KEYS, "session": "Int64", "instrument": "String", "scale": "String", "rater": "String", "role": "String",
        "target": "String", "value": "Float64",
    },
    "tasks": {
        **_KEYS, "task_id": "String", "session": "Int64", "kind": "String", "status": "String",
        "adherence": "Float64", "adherence_rated_at": "Datetime", "due_at": "Datetime",
    },
    "goals": {
        **_KEYS, "goal_id": "String", "statement": "String", "domain": "String", "status": "String",
        "achievement": "String", "level": "Float64", "baseline_level": "Float64", "weight": "Float64",
        "rater": "String", "rated_at": "Datetime",
    },
    "change_events": {
        **_KEYS, "event_id": "String", "locus": "String", "session": "Int64", "occurred_at": "Datetime",
        "reported_at": "Datetime", "reporter": "String", "domain": "String", "direction": "String",
        "magnitude": "Float64",
    },
}  # fmt: skip

_Row = tuple[Any, ...]


@attrs.frozen(eq=False, repr=False)
class CaseTables:
    """The flat tables of some cases, as Polars frames; what they cannot hold stays in the cases.

    ``client_id`` is the id of the case where it has one client, and case and participant otherwise; ``case_id`` joins
    the tables. A day without a time becomes the earliest instant that it can mean, in UTC, and an interval its start.

    Attributes:
        scores: A row per measurement, in the order of the case (``position``).
        sessions: A row per session; ``held_number`` counts held sessions, which lags count too.
        interactions: A row per interaction of a held session; text only where it was asked for.
        codes: A row per code, and one with a null code where a pass over the whole session gave none.
        ratings: A row per rating of a session.
        tasks: A row per between-session task, with its last adherence rating.
        goals: A row per goal, with its last attainment rating.
        change_events: A row per change.
    """

    scores: pl.DataFrame
    sessions: pl.DataFrame
    interactions: pl.DataFrame
    codes: pl.DataFrame
    ratings: pl.DataFrame
    tasks: pl.DataFrame
    goals: pl.DataFrame
    change_events: pl.DataFrame

    def __repr__(self) -> str:
        sizes = ", ".join(f"{name}={getattr(self, name).height}" for name in _COLUMNS)
        return f"CaseTables({sizes})"


def from_cases(cases: Iterable[Case], *, text: bool = False) -> CaseTables:
    """Lay cases out as flat tables.

    >>> from therapeutic_process.exchange import example_cases
    >>> from_cases(example_cases())
    CaseTables(scores=32, sessions=17, interactions=44, codes=37, ratings=0, tasks=4, goals=3, change_events=6)

    Args:
        cases: The cases; read one after the other, none is kept.
        text: Whether the interactions carry what was said.

    Returns:
        The tables.

    Raises:
        MissingExtra: If the ``analysis`` extra is not installed.
    """
    engine = _engine()
    rows: dict[str, list[_Row]] = {name: [] for name in _COLUMNS}
    for case in cases:
        for name, several in _rows_of(case, text=text):
            rows[name].extend(several)
    frames = {name: _frame(engine, rows.pop(name), columns) for name, columns in _COLUMNS.items()}
    return CaseTables(**frames)


def _engine() -> Any:
    try:
        return import_module("polars")
    except ImportError as error:
        raise MissingExtra("analysis", "polars") from error


def _frame(engine: Any, rows: list[_Row], columns: dict[str, str]) -> Any:
    values = zip(*rows, strict=True) if rows else iter([()] * len(columns))
    types = {
        name: engine.Datetime("us", "UTC") if kind == "Datetime" else getattr(engine, kind)
        for name, kind in columns.items()
    }
    series = [
        engine.Series(name, list(column), dtype=types[name])
        for name, column in zip(columns, values, strict=True)
    ]
    return engine.DataFrame(series)


def _rows_of(case: Case, *, text: bool) -> Iterator[tuple[str, list[_Row]]]:
    numbers = {s.id: s.number for s in case.sessions}
    people = {p.id: p for p in case.participants}
    keys = _client_keys(case)
    everybody = (case.id, case.id)
    yield "scores", [
        (case.id, keys.get(m.subject, case.id), numbers.get(m.session or ""), m.score, m.instrument, m.scale, m.subject,
         m.respondent.kind, m.timing, _instant(m.measured_at), m.missing, people[m.subject].group, i)
        for i, m in enumerate(case.measurements)
    ]  # fmt: skip
    yield "sessions", _session_rows(case)
    yield "interactions", [
        (*everybody, s.number, x.index, x.speaker, people[x.speaker].role if x.speaker else None, x.kind, x.start_s,
         x.end_s, x.text if text else None)
        for s in case.held_sessions for x in s.interactions
    ]  # fmt: skip
    yield "codes", list(_code_rows(case))
    yield "ratings", [
        (*everybody, numbers.get(r.of.id), r.instrument, r.scale, _who(r.rater), r.rater.kind, r.of.kind, r.value)
        for r in case.ratings
    ]  # fmt: skip
    yield "tasks", [
        (case.id, keys.get(k.participant, case.id), k.id, numbers.get(k.assigned_in or ""), k.kind, k.status,
         k.adherence[-1].degree if k.adherence else None, _instant(k.adherence[-1].rated_at) if k.adherence else None,
         _instant(k.due))
        for k in case.tasks
    ]  # fmt: skip
    yield "goals", [
        (case.id, keys.get(g.participants[0], case.id) if len(g.participants) == 1 else case.id, g.id,
         g.statement if text else None, g.domain, g.status, g.achievement,
         g.attainments[-1].level if g.attainments else None, g.baseline_level, g.weight,
         _who(g.attainments[-1].rater) if g.attainments else None,
         _instant(g.attainments[-1].rated_at) if g.attainments else None)
        for g in case.goals
    ]  # fmt: skip
    yield "change_events", [
        (case.id, keys.get(e.participant, case.id), e.id, e.locus, numbers.get(e.session or e.after_session or ""),
         _instant(e.occurred), _instant(e.reported), None if e.reporter is None else _who(e.reporter), e.domain,
         e.direction, e.magnitude)
        for e in case.change_events
    ]  # fmt: skip


def _client_keys(case: Case) -> dict[str, str]:
    clients = case.clients
    return {c.id: case.id if len(clients) == 1 else f"{case.id}/{c.id}" for c in clients}


def _session_rows(case: Case) -> list[_Row]:
    therapists = {p.id for p in case.participants if p.role == "therapist"}
    held = {s.id: i for i, s in enumerate(case.held_sessions, start=1)}
    rows = []
    for s in case.sessions:
        present = [t for t in s.attended or () if t in therapists] or (
            sorted(therapists) if len(therapists) == 1 else []
        )
        rows.append((case.id, case.id, s.number, s.id, s.status, s.modality, _instant(s.started_at), s.duration_s,
                     held.get(s.id), present[0] if len(present) == 1 else None))  # fmt: skip
    return rows


def _code_rows(case: Case) -> Iterator[_Row]:
    passes = {p.id: (p.system, _who(p.coder)) for p in case.coding_passes}
    roles = {p.id: p.role for p in case.participants}
    complete: dict[str, list[str]] = {}
    for p in case.coding_passes:
        for session in p.sessions:
            complete.setdefault(session, []).append(p.id)
    for s in case.held_sessions:
        covering = complete.get(s.id, [])
        for x in s.interactions:
            role = None if x.speaker is None else roles[x.speaker]
            for c in x.codes:
                coder = passes[c.coding_pass][1]
                yield (
                    case.id,
                    case.id,
                    s.number,
                    x.index,
                    c.system,
                    c.code,
                    c.coding_pass,
                    coder,
                    role,
                    c.strength,
                )
            given = {c.coding_pass for c in x.codes}
            for pass_id in covering:
                if pass_id not in given:
                    system, coder = passes[pass_id]
                    yield (case.id, case.id, s.number, x.index, system, None, pass_id, coder, role, None)


def _who(reporter: Reporter) -> str:
    return reporter.participant or reporter.name or reporter.kind


def _instant(value: date | Interval | None) -> datetime | None:
    return None if value is None else first_instant(value)
