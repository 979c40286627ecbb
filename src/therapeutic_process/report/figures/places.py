"""Where things stand on the axis of a timeline: by time where times are known, else by the order of the sessions."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Final, Literal

import attrs

from therapeutic_process.records import Case, Interval, Measurement

__all__ = ["Places", "Spot", "places"]

_OFFSET: Final = {"before": -0.28, "after": 0.28, "between": 0.5, "unknown": 0.0}
_OUTSIDE: Final = 0.5
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)

Spot = tuple[float, float]
"""Where something begins and ends on the axis; milliseconds since 1970, or session numbers."""


@attrs.frozen(eq=False, repr=False)
class Places:
    """The axis of a case's timeline.

    Attributes:
        axis: What the axis shows: time, or session numbers.
        why: Why this axis and not the other, in a sentence.
        numbers: Number of each session.
        dated: Start of each session that has one, in milliseconds.
    """

    axis: Literal["time", "session"]
    why: str
    numbers: dict[str, int]
    dated: dict[str, float]

    def session(self, session_id: str | None, offset: float = 0.0) -> Spot | None:
        """Return where a session stands, or beside it on an axis of session numbers."""
        if session_id is None:
            return None
        if self.axis == "session":
            x = self.numbers[session_id] + offset
            return x, x
        start = self.dated.get(session_id)
        return None if start is None else (start, start)

    def time(self, value: date | Interval | None) -> Spot | None:
        """Return where a time stands; between sessions if the axis shows their numbers."""
        if value is None:
            return None
        begin, end = _span(value)
        if self.axis == "time":
            return begin, end
        if not self.dated:
            return None
        return self._after_session(begin), self._after_session(end)

    def outside(self, when: date | Interval | None, after_session: str | None) -> Spot | None:
        """Return where something outside sessions stands, by its time or by the session before it."""
        return self.time(when) or self.session(after_session, _OUTSIDE)

    def measurement(self, one: Measurement) -> Spot | None:
        """Return where a measurement stands, by its time or by its session and timing."""
        by_session = self.session(one.session, _OFFSET[one.timing])
        by_time = self.time(one.measured_at)
        return (by_time or by_session) if self.axis == "time" else (by_session or by_time)

    def _after_session(self, instant: float) -> float:
        before = [self.numbers[s] for s, start in self.dated.items() if start <= instant]
        return (max(before) if before else min(self.numbers.values()) - 1) + _OUTSIDE


def places(case: Case) -> Places:
    """Choose the axis of a case's timeline: time if every held session has one and there is more than one day to show.

    Args:
        case: The case.
    """
    held, numbers = case.held_sessions, {s.id: s.number for s in case.sessions}
    dated = {s.id: _span(s.started_at)[0] for s in case.sessions if s.started_at is not None}
    n = sum(s.id in dated for s in held)
    if numbers and n < len(held):
        why = f"in order of the sessions, not by time: {n} of {len(held)} held sessions have a known start"
        return Places("session", why, numbers, dated)
    days = {_day(x) for x in (*(s.started_at for s in case.sessions), *_times_outside(case)) if x is not None}
    if numbers and len(days) < 2:
        known = "no time is known" if not days else "all known times lie on one day"
        return Places("session", f"in order of the sessions, not by time: {known}", numbers, dated)
    return Places("time", "by time", numbers, dated)


def _times_outside(case: Case) -> list[date | None]:
    events = [
        e.occurred.start if isinstance(e.occurred, Interval) else e.occurred for e in case.change_events
    ]
    return [*(m.measured_at for m in case.measurements), *(j.written_at for j in case.journal), *events]


def _day(value: date) -> date:
    return value.date() if isinstance(value, datetime) else value


def _span(value: date | Interval) -> Spot:
    if isinstance(value, Interval):
        return _ms(value.start), _ms(value.end)
    return _ms(value), _ms(value)


def _ms(value: date) -> float:
    """Return milliseconds since 1970; a day without a time stands at its noon."""
    instant = value if isinstance(value, datetime) else datetime.combine(value, time(12), tzinfo=UTC)
    return (instant - _EPOCH) / timedelta(milliseconds=1)
