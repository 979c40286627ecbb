"""Changes outside sessions as the effect of a mechanism: described by their rate, and given no verdict."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING

import attrs

from therapeutic_process.change_process import (
    ChangePattern,
    CodePattern,
    EventPattern,
    Mechanism,
    TaskPattern,
)
from therapeutic_process.errors import CannotEstimate
from therapeutic_process.process_outcome.cause_values import cause_in_session
from therapeutic_process.process_outcome.change_rates import change_event_rate_after_session
from therapeutic_process.records import Interval

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date

    from therapeutic_process.change_process import CausePattern
    from therapeutic_process.process_outcome.change_rates import ChangeEventRate
    from therapeutic_process.process_outcome.theory_mechanisms import MechanismTest
    from therapeutic_process.process_outcome.theory_series import Source
    from therapeutic_process.records import Case, ChangeEvent, Participant

__all__ = ["described_changes", "why_no_verdict"]

RECORDED = (
    "no verdict on changes outside sessions: where sessions follow bad weeks, every test of such events rejects a true "
    "null in about half of all cohorts or more; declare a score or a goal as the effect"
)
DETECTED = "a change detected in scores is tested as the score it was detected in: declare that as the effect"
UNDATED = "client with a held session without a date"
UNKNOWN = "client with a session whose process is not known"
NO_TIME = "change without a time of its own"
NOTHING_DATED = "changes whose time is known to within the declared days"
TOO_WIDE = "change known only to a time wider than the declared days"


def why_no_verdict(effect: ChangePattern) -> str:
    """Return why a mechanism with such an effect is not testable.

    Args:
        effect: The effect.
    """
    return DETECTED if effect.source == "detected" else RECORDED


def described_changes(test: MechanismTest, source: Source, *, complete: bool) -> MechanismTest:
    """Return the test with the rate of changes after sessions with the cause, where its effect is such changes.

    Args:
        test: The test, not testable.
        source: The cases; tables hold no changes outside sessions.
        complete: Whether all tasks and events were recorded, so that none means 0.
    """
    mechanism = test.mechanism
    if not isinstance(mechanism.effect, ChangePattern) or isinstance(source, Mapping):
        return test
    days = _days(mechanism)
    if isinstance(days, str):
        return attrs.evolve(test, reasons=(*test.reasons, days))
    import polars as pl

    tables = _Tables(mechanism, days, complete)
    for case in source:
        for client in case.clients:
            tables.add(case, client)
    observation, sessions, changes = (
        pl.DataFrame(rows, schema=dict.fromkeys(("client_id", *names), pl.Int64), orient="row")
        for rows, names in (
            (tables.observed, ("start", "end")),
            (tables.sessions, ("day",)),
            (tables.changes, ("day",)),
        )
    )
    dropped = tuple(sorted(tables.dropped.items()))
    unplaced = tables.dropped[NO_TIME] + tables.dropped[TOO_WIDE]
    if unplaced and not tables.changes:
        told = f"{NOTHING_DATED}: needed 1 or more, found 0 of {unplaced}"
        return attrs.evolve(test, reasons=(*test.reasons, told), dropped=dropped)
    try:
        found: ChangeEventRate = change_event_rate_after_session(observation, sessions, changes, window=days)
    except CannotEstimate as refusal:
        return attrs.evolve(test, reasons=(*test.reasons, str(refusal)), dropped=dropped)
    return attrs.evolve(test, described=found, dropped=dropped)


def _days(mechanism: Mechanism) -> tuple[int, int] | str:
    """Return the declared window in whole days, or why there is none."""
    lag = mechanism.lag
    if lag is None or lag.unit != "days":
        return "their rate after sessions can be described where the lag is declared in days"
    if not _is_event(mechanism.cause):
        return "their rate after sessions can be described where the cause is there or not: no rating, no adherence"
    if not (lag.shortest.is_integer() and lag.longest.is_integer()):
        return "their rate after sessions can be described where the lag is one of whole days"
    return int(lag.shortest), int(lag.longest)


def _is_event(cause: CausePattern) -> bool:
    assigned = isinstance(cause, TaskPattern) and cause.amount == "assigned"
    return assigned or isinstance(cause, CodePattern | EventPattern)


@attrs.define(eq=False, repr=False)
class _Tables:
    """Observed days, sessions with the cause and changes, in numbers of days; clients are numbered."""

    mechanism: Mechanism
    days: tuple[int, int]
    complete: bool
    observed: list[tuple[int, int, int]] = attrs.field(factory=list)
    sessions: list[tuple[int, int]] = attrs.field(factory=list)
    changes: list[tuple[int, int]] = attrs.field(factory=list)
    dropped: Counter[str] = attrs.field(factory=Counter)

    def add(self, case: Case, client: Participant) -> None:
        """Add a client, or count why not: what nobody dated or coded is neither exposure nor base."""
        held = case.held_sessions
        dated = [_day(s.started_at) for s in held if s.started_at is not None]
        values = [
            cause_in_session(case, client, s, self.mechanism.cause, complete=self.complete).value
            for s in held
        ]
        if len(dated) < len(held) or not held:
            self.dropped[UNDATED] += 1
        elif None in values:
            self.dropped[UNKNOWN] += 1
        else:
            who = len(self.observed)
            self.observed.append((who, min(dated), max([*dated, *_later(case)])))
            self.sessions += [(who, day) for day, value in zip(dated, values, strict=True) if value]
            self.changes += [(who, day) for day in self._changed(case, client)]

    def _changed(self, case: Case, client: Participant) -> Iterable[int]:
        width = self.days[1] - self.days[0] + 1
        for event in case.change_events:
            if not self._wanted(event, client):
                continue
            if event.occurred is None:
                self.dropped[NO_TIME] += 1
                continue
            first, last = _ends(event.occurred)
            if last - first >= width:
                self.dropped[TOO_WIDE] += 1
            else:
                yield (first + last) // 2

    def _wanted(self, event: ChangeEvent, client: Participant) -> bool:
        effect = self.mechanism.effect
        assert isinstance(effect, ChangePattern)
        computed = event.provenance is not None
        return (
            (event.locus, event.participant) == ("out_of_session", client.id)
            and computed == (effect.source == "detected")
            and event.direction == self.mechanism.direction
            and effect.domain in {None, event.domain}
        )


def _later(case: Case) -> list[int]:
    """Return the days after which nothing was looked at any more."""
    times = [m.measured_at for m in case.measurements]
    times += [case.ending.ended_at] if case.ending else []
    return [_day(t) for t in times if t is not None]


def _day(when: date) -> int:
    """Return a day as its number; a time is on the day that it was written down with."""
    return when.toordinal()


def _ends(when: date | Interval) -> tuple[int, int]:
    return (_day(when.start), _day(when.end)) if isinstance(when, Interval) else (_day(when), _day(when))
