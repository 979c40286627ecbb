"""A change between two measurements, written down as a change event with its provenance."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import date, datetime
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING

import attrs

from therapeutic_process.records import (
    ChangeEvent,
    Interval,
    Measurement,
    Parameter,
    Provenance,
    Reference,
    first_instant,
    last_instant,
)

if TYPE_CHECKING:
    from therapeutic_process.records import Case, Session

__all__ = ["Found", "event_of"]

LONGEST_TEXT = 1_000


@attrs.frozen(repr=False)
class Found:
    """A change between two measurements with a score, as a method found it.

    Attributes:
        method: The method.
        parameters: Its parameters, as texts.
        before: The earlier measurement.
        after: The later one.
        improved: Whether it is an improvement.
    """

    method: str
    parameters: Mapping[str, str]
    before: Measurement
    after: Measurement
    improved: bool

    @property
    def id(self) -> str:
        """An id made of method, parameters and evidence, and of nothing else."""
        parts = [self.method, dict(self.parameters), [self.before.id, self.after.id]]
        told = json.dumps(parts, sort_keys=True, ensure_ascii=True, separators=(",", ":"))
        return f"{self.method}-{hashlib.sha256(told.encode()).hexdigest()[:24]}"


def event_of(case: Case, found: Found, *, at: date) -> ChangeEvent | None:
    """Return the change event; None where both measurements belong to one session.

    Args:
        case: The case that holds both measurements.
        found: The change.
        at: When it is computed.
    """
    before, after = found.before, found.after
    if before.session is not None and before.session == after.session:
        return None
    assert before.score is not None
    assert after.score is not None
    return ChangeEvent(
        id=found.id,
        participant=before.subject,
        locus="out_of_session",
        after_session=_last_session_before(case, before, after),
        occurred=_between(before, after),
        reported=after.measured_at,
        reporter=after.respondent,
        direction="improvement" if found.improved else "deterioration",
        magnitude=abs(after.score - before.score),
        unit="points",
        evidence=tuple(Reference(kind="measurement", id=m.id) for m in (before, after)),
        provenance=Provenance(
            method=found.method,
            parameters=tuple(Parameter(name=k, value=v[:LONGEST_TEXT]) for k, v in found.parameters.items()),
            library_version=_library_version(),
            computed_at=at,
        ),
    )


def _between(before: Measurement, after: Measurement) -> Interval | None:
    if before.measured_at is None or after.measured_at is None:
        return None
    return Interval(start=before.measured_at, end=after.measured_at)


def _last_session_before(case: Case, before: Measurement, after: Measurement) -> str | None:
    """Return the one held session that lies between two measurements, where the record says that it is one.

    Only a score taken before its session tells which sessions it comes after.
    """
    numbers = {s.id: s.number for s in case.sessions}
    if before.session is None or after.session is None or after.timing != "before":
        return None
    low, high = numbers[before.session], numbers[after.session]
    between = [s for s in case.held_sessions if low <= s.number < high]
    if len(between) != 1 or _contradicted(case, between[0], before, after):
        return None
    return between[0].id


def _contradicted(case: Case, last: Session, before: Measurement, after: Measurement) -> bool:
    """Whether times say otherwise than that the change came after this session and before the next."""
    if before.measured_at is None or after.measured_at is None:
        return False
    for session in case.held_sessions:
        if session.started_at is None:
            continue
        if session.number <= last.number and _surely_before(after.measured_at, session.started_at):
            return True
        if session.number > last.number and _surely_before(session.started_at, before.measured_at):
            return True
    return False


def _surely_before(one: date, other: date) -> bool:
    if isinstance(one, datetime) or isinstance(other, datetime):
        return last_instant(one) <= first_instant(other)
    return one < other


def _library_version() -> str:
    try:
        return version("therapeutic-process")
    except PackageNotFoundError:
        return "not known: run from its source"
