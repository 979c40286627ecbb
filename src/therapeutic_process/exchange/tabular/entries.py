"""Entries of a long table: each score with whose it is, when it was taken and what of; read column by column."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING, Any, get_args

import attrs

from therapeutic_process.exchange.tabular.cells import (
    ScoreReader,
    choice,
    each,
    number,
    text,
    when,
    whole_number,
)
from therapeutic_process.exchange.tabular.courses import Occasion, RespondentKind, Scale, Scales
from therapeutic_process.exchange.tabular.scores import client_ids, in_range, read_scores, refuse
from therapeutic_process.records import MissingReason, Timing

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence  # noqa: TC004  attrs does not evaluate annotations

    from therapeutic_process.exchange.tabular.account import Tally
    from therapeutic_process.instruments import Instrument  # noqa: TC004  attrs does not evaluate annotations

__all__ = ["Entry", "EntryReader", "LongCells"]

_UNREADABLE = "unreadable"
_Place = tuple[float, ...]


@attrs.frozen(eq=False)
class LongCells:
    """The cells of a long table, entry by entry; a single value stands for all entries.

    Attributes:
        rows: The row of the source that each entry comes from.
        names: What the caller's columns are called, for errors: by the name of the attribute.
        client: Whose score it is.
        score: The score.
        instrument: What it is a score of.
        scale: The subscale.
        session: The number of the session.
        measured_at: When it was taken.
        order: What orders the entries of a client, where neither session nor time does.
        timing: When it was taken, seen from the session.
        respondent: Who answered.
        reason: Why there is no score.
        group: The client's group.
    """

    rows: Sequence[int]
    names: Mapping[str, str]
    client: list[Any]
    score: list[Any]
    instrument: list[Any] | Instrument | str
    scale: list[Any] | None = None
    session: list[Any] | None = None
    measured_at: list[Any] | None = None
    order: list[Any] | None = None
    timing: list[Any] | Timing = "unknown"
    respondent: list[Any] | RespondentKind = "client"
    reason: list[Any] | None = None
    group: list[Any] | None = None


@attrs.frozen(eq=False)
class Entry:
    """One score of one client, ready to be put in order."""

    client: str
    row: int
    place: _Place
    occasion: Occasion
    value: float | str
    group: str | None


class EntryReader:
    """Turns columns of cells into entries, one column after the other."""

    def __init__(self, cells: LongCells, tally: Tally, scales: Scales, *, strict: bool) -> None:
        self.cells = cells
        self.tally = tally
        self.scales = scales
        self.strict = strict
        self.n = len(cells.score)
        self.unusable: set[int] = set()

    def entries(self, read: ScoreReader) -> list[Entry]:
        """Return what can be used, in the order of the rows."""
        names, rows = self.cells.names, self.cells.rows
        ids = self._clients()
        scales = self._scales()
        values = read_scores(
            self.cells.score, read, self.tally, names["score"], rows=rows, strict=self.strict
        )
        self._reasons(values)
        in_range(values, scales, self.tally, names["score"], rows=rows, strict=self.strict)
        occasions = self._occasions(scales)
        places = self._places(occasions)
        groups = [None] * self.n if self.cells.group is None else each(self.cells.group, text)
        self.tally.cells_left += len(self.unusable)
        used = {row for i, row in enumerate(rows) if i not in self.unusable}
        self.tally.rows_dropped += len({rows[i] for i in self.unusable} - used)
        several = zip(ids, rows, places, occasions, values, groups, strict=True)
        return [Entry(*one) for i, one in enumerate(several) if i not in self.unusable]

    def _clients(self) -> list[Any]:
        ids = client_ids(self.cells.client, self.tally, self.cells.names["client"], strict=self.strict)
        self.unusable |= {i for i, name in enumerate(ids) if name is None}
        return ids

    def _column(self, name: str, read: Any, code: str, what: str) -> list[Any]:
        """Read a column; what does not read as it should is an error, or nothing where leniently read."""
        cells = getattr(self.cells, name)
        if not isinstance(cells, list):
            return [cells] * self.n
        values = each(cells, read)
        wrong = [i for i, v in enumerate(values) if v == _UNREADABLE]
        if wrong:
            column, rows = self.cells.names[name], [self.cells.rows[i] for i in wrong]
            if self.strict:
                raise refuse(code, f"{what}s in column {column!r}", "something else", rows)
            self.tally.note("dropped", f"cells of column {column!r}", f"they hold no {what}", rows=rows)
            values = [None if v == _UNREADABLE else v for v in values]
        return values

    def _scales(self) -> list[Scale]:
        if not isinstance(self.cells.instrument, list):
            if self.cells.scale is None:
                return [self.scales.one(self.cells.instrument)] * self.n
            instruments: list[Any] = [self.cells.instrument] * self.n
        else:
            instruments = each(self.cells.instrument, text)
        parts = [None] * self.n if self.cells.scale is None else each(self.cells.scale, text)
        known: dict[Any, Scale | None] = {}
        found = []
        for instrument, part in zip(instruments, parts, strict=True):
            key = (instrument if isinstance(instrument, (str, type(None))) else instrument.id, part)
            if key not in known:
                known[key] = None if instrument is None else self.scales.of(instrument, part)
            found.append(known[key])
        return self._known(found)

    def _known(self, found: list[Scale | None]) -> list[Scale]:
        nobody = Scale("unknown", None, None, None)
        wrong = [i for i, scale in enumerate(found) if scale is None]
        if wrong:
            rows = [self.cells.rows[i] for i in wrong]
            if self.strict:
                needed = "instruments (and subscales) of the catalogue, or given by the caller"
                raise refuse("instrument_unknown", needed, "others or none", rows)
            self.tally.note("dropped", "rows", "no instrument, or a subscale that it lacks", rows=rows)
            self.unusable |= set(wrong)
        return [scale or nobody for scale in found]

    def _reasons(self, values: list[float | str]) -> None:
        if self.cells.reason is None:
            return
        reasons = self._column("reason", choice(get_args(MissingReason)), "not_in_vocabulary", "known reason")
        both = [i for i, r in enumerate(reasons) if r is not None and not isinstance(values[i], str)]
        if both:
            rows = [self.cells.rows[i] for i in both]
            if self.strict:
                raise refuse("score_or_reason", "a score or a reason for its absence", "both", rows)
            self.tally.note("dropped", "reasons for a missing score", "there is a score", rows=rows)
        for i, reason in enumerate(reasons):
            if reason is not None and values[i] == "unknown":
                values[i] = reason

    def _occasions(self, scales: list[Scale]) -> list[Occasion]:
        sessions = (
            self._column("session", whole_number, "not_a_number", "session number")
            if self.cells.session
            else [None] * self.n
        )
        timings = self._column("timing", choice(get_args(Timing)), "not_in_vocabulary", "timing")
        people = self._column(
            "respondent", choice(get_args(RespondentKind)), "not_in_vocabulary", "respondent"
        )
        times = self._times()
        self._note_timings(sessions, timings)
        made: dict[tuple[Any, ...], Occasion] = {}
        found = []
        for scale, session, timing, person, time in zip(
            scales, sessions, timings, people, times, strict=True
        ):
            seen: Timing = "unknown" if session is None or timing is None else timing
            key = (scale, session, seen, person, time)
            if key not in made:
                made[key] = Occasion(scale, session, seen, person or "other", time)
            found.append(made[key])
        return found

    def _note_timings(self, sessions: list[Any], timings: list[Any]) -> None:
        if isinstance(self.cells.timing, list):
            lost = [
                self.cells.rows[i] for i, (s, t) in enumerate(zip(sessions, timings, strict=True))
                if s is None and t not in {None, "unknown"}
            ]  # fmt: skip
            why = "there is no session that it is seen from: unknown"
            self.tally.note("converted", "timings", why, rows=lost)
        if isinstance(self.cells.respondent, list):
            gone = [
                self.cells.rows[i] for i, cell in enumerate(each(self.cells.respondent, text)) if cell is None
            ]
            self.tally.note("guessed", "respondents", "nobody is named: other", rows=gone)

    def _times(self) -> list[date | None]:
        if self.cells.measured_at is None:
            return [None] * self.n
        times = self._column("measured_at", when, "time_invalid", "ISO 8601 time")
        naive = [i for i, t in enumerate(times) if isinstance(t, datetime) and t.tzinfo is None]
        at_midnight = [i for i in naive if times[i].time() == datetime.min.time()]
        for i in naive:
            times[i] = times[i].date()
        lost = sorted(set(naive) - set(at_midnight))
        column = f"times in column {self.cells.names['measured_at']!r}"
        why = "no offset from UTC: the day is kept, the time of day is not"
        self.tally.note("converted", column, why, rows=[self.cells.rows[i] for i in lost])
        return times

    def _places(self, occasions: list[Occasion]) -> list[_Place]:
        if self.cells.order is not None:
            return self._stated_places(self.cells.order)
        places: list[_Place] = []
        unordered: list[int] = []
        for i, one in enumerate(occasions):
            at = _ordinal(one.measured_at)
            if one.session is None and at is None and self.cells.session is None:
                unordered.append(self.cells.rows[i])
            last = one.session is None
            places.append((float(last), float(one.session or 0), at if at is not None else 0.0, float(i)))
        if unordered and self.strict:
            needed = "a session, a time or an order for every score of a client"
            raise refuse("order_unknown", needed, "none of them", unordered)
        self.tally.note(
            "guessed", "order of rows", "no time: as they stand, before those with one", rows=unordered
        )
        return places

    def _stated_places(self, order: list[Any]) -> list[_Place]:
        known = each(order, number)
        wrong = [self.cells.rows[i] for i, place in enumerate(known) if place is None]
        if wrong:
            column = self.cells.names["order"]
            raise refuse("order_unknown", f"a number in every row of column {column!r}", "none", wrong)
        return [(place,) for place in known]


def _ordinal(at: date | None) -> float | None:
    if at is None:
        return None
    if isinstance(at, datetime):
        return at.timestamp()
    return (at.toordinal() - date(1970, 1, 1).toordinal()) * 86_400.0
