"""What flat tables cannot hold: every field of a case that no column is made from, counted where it says something."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from typing import TYPE_CHECKING, Any

from therapeutic_process.base import Record
from therapeutic_process.exchange.imports import ImportNote
from therapeutic_process.instruments import Instrument
from therapeutic_process.records import (
    AdherenceRating,
    AttainmentRating,
    BetweenSessionTask,
    Case,
    ChangeEvent,
    Code,
    CodingPass,
    Goal,
    GoalStep,
    Interaction,
    Interval,
    Measurement,
    Participant,
    Rating,
    Reference,
    Reporter,
    Session,
    TaskStep,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = ["Losses"]

# The fields that columns are made from. A field that is not here counts as lost, so that a new one is never forgotten.
_HELD: dict[type[Record], frozenset[str]] = {
    Case: frozenset({"kind", "schema_version", "id", "instruments", "participants", "sessions", "measurements",
                     "ratings", "goals", "tasks", "change_events", "coding_passes"}),
    Participant: frozenset({"id", "role", "group"}),
    Session: frozenset({"id", "number", "status", "started_at", "duration_s", "modality", "interactions"}),
    Interaction: frozenset({"index", "kind", "speaker", "text", "start_s", "end_s", "codes"}),
    Code: frozenset({"coding_pass", "system", "code", "strength"}),
    CodingPass: frozenset({"id", "system", "coder", "sessions"}),
    # the tables know measurements and ratings by where they stand, so that their ids are lost
    Measurement: frozenset({"instrument", "scale", "subject", "respondent", "score", "missing", "measured_at",
                            "session", "timing"}),
    Rating: frozenset({"instrument", "scale", "of", "rater", "value"}),
    Goal: frozenset({"id", "participants", "statement", "domain", "history", "baseline_level", "weight",
                     "attainments", "achievement"}),
    GoalStep: frozenset({"status"}),
    AttainmentRating: frozenset({"level", "rater", "rated_at"}),
    BetweenSessionTask: frozenset({"id", "participant", "kind", "assigned_in", "due", "history", "adherence"}),
    TaskStep: frozenset({"status"}),
    AdherenceRating: frozenset({"degree", "rated_at"}),
    ChangeEvent: frozenset({"id", "participant", "locus", "session", "after_session", "occurred", "reported",
                            "reporter", "domain", "direction", "magnitude"}),
}  # fmt: skip
_TIMES = {"measured_at", "started_at", "rated_at", "due", "occurred", "reported"}
_LAST_ONLY = {"history", "attainments", "adherence"}
_TEXTS = {(Interaction, "text"), (Goal, "statement")}


class Losses:
    """Looks at cases as they pass by, and counts what the tables will not have."""

    def __init__(self, *, text: bool, csv: bool) -> None:
        self.text = text
        self.csv = csv
        self.n_cases = 0
        self.instruments: dict[str, Instrument] = {}
        self.counts: Counter[tuple[str, str, str]] = Counter()

    def watching(self, cases: Iterable[Case]) -> Iterator[Case]:
        """Yield the cases one by one, each looked at."""
        for case in cases:
            self.n_cases += 1
            self._look(case)
            yield case

    def notes(self) -> tuple[ImportNote, ...]:
        """Return what was counted."""
        return tuple(ImportNote(a, what, n, why) for (a, what, why), n in sorted(self.counts.items()))

    def _lose(self, what: str, why: str, n: int = 1) -> None:
        self.counts["not_taken", what, why] += n

    def _look(self, record: Record) -> None:
        kind = type(record)
        if isinstance(record, Case):
            self._look_at_people(record)
            self._look_at_instruments(record)
        held = _HELD.get(kind, frozenset())
        for name, field in kind.model_fields.items():
            value = getattr(record, name)
            if value is None or (not field.is_required() and value == field.get_default()):
                continue
            if name not in held:
                n = len(value) if isinstance(value, tuple) else 1
                self._lose(f"{kind.__name__}.{name}", "no table has a column for it", n)
            elif (kind, name) in _TEXTS and not self.text:
                self._lose(f"{kind.__name__}.{name}", "`text` is off")
            else:
                self._look_into(kind, name, value)

    def _look_into(self, kind: type[Record], name: str, value: Any) -> None:
        place = f"{kind.__name__}.{name}"
        if isinstance(value, tuple) and name in _LAST_ONLY and len(value) > 1:
            self._lose(place, "the last one only", len(value) - 1)
            value = value[-1:]
        self._look_at_plain(place, name, value)
        for part in value if isinstance(value, tuple) else (value,):
            if isinstance(part, Reporter):
                self._look_at_reporter(part, place)
            elif isinstance(part, Reference):
                if part.kind != "session":
                    self._lose(f"{place}.id", "only sessions are named by their number")
            elif isinstance(part, Record) and not isinstance(part, (Interval, Instrument)):
                self._look(part)

    def _look_at_plain(self, place: str, name: str, value: Any) -> None:
        if isinstance(value, Interval):
            self.counts["converted", place, "an interval becomes its start"] += 1
        elif name in _TIMES and not isinstance(value, datetime):
            self.counts["converted", place, "a day becomes the earliest instant that it can mean"] += 1
        elif name in _TIMES and value.utcoffset():
            self.counts["converted", place, "the offset becomes UTC"] += 1
        elif value == "" and self.csv:
            self.counts["converted", place, "an empty text may read as none in a CSV"] += 1

    def _look_at_people(self, case: Case) -> None:
        parts = (case.sessions, case.measurements, case.goals, case.tasks, case.change_events)
        if not any(parts):
            self._lose("Case", "nothing in it makes a row")
        for person in case.participants:
            if person.role != "client":
                self._lose("Participant", "therapists and others have no table: they stand where they act")
            elif person.group and not any(m.subject == person.id for m in case.measurements):
                self._lose("Participant.group", "it stands beside scores only")

    def _look_at_instruments(self, case: Case) -> None:
        """Keep the case's own instruments for the data package, as far as scores name them and nobody else does."""
        used = {m.instrument for m in case.measurements}
        for one in case.instruments:
            if one.id not in used:
                self._lose("Case.instruments", "no score names it")
            elif self.instruments.setdefault(one.id, one) != one:
                self._lose("Case.instruments", "another case has another one of that id")

    def _look_at_reporter(self, one: Reporter, place: str) -> None:
        """Tables have one word for a reporter: of a measurement the kind, else participant, name or kind."""
        if place == "Measurement.respondent":
            held = {"kind", "participant"} if one.kind == "client" else {"kind"}
        else:
            held = {"participant" if one.participant else "name" if one.name else "kind"}
        for name in {"kind", "participant", "name", "version"} - held:
            if getattr(one, name) is not None:
                self._lose(f"{place}.{name}", "a table has one word for who reports")
