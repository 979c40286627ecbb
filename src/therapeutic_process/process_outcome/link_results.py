"""What a link between a change outside sessions and what came before it holds."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import attrs

from therapeutic_process.tables import frame_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    import polars as pl

__all__ = ["Link", "LinkRow", "LinkedSession", "Links", "Unplaced"]

ASSUMPTIONS = (
    "Linked means: recorded in the window before the change. It does not mean that one led to the other.",
    "The time of a change is when it occurred, not when it was reported; where only the last session before it is "
    "known, its distance in days is unknown.",
    "Sessions are counted as held sessions: planned, cancelled and missed ones do not count.",
    "Two days are compared as days of one calendar; beside an instant, a day is as wide as it is over all time zones.",
    "Whatever may lie in the window is listed: a session that is not certain to have come before the change, and one "
    "whose own time is not known.",
    "Tasks, journal entries and changes in session of other clients are left out.",
)


@attrs.frozen(repr=False)
class LinkedSession:
    """A session in the window before a change.

    Attributes:
        session: Its id.
        number: Its number.
        lag: Held sessions back from the change, at least; 1 is the last one before it.
        lag_max: Held sessions back at most: as many as `lag` where every later session is certain.
        days: Days from the session's start to the change, shortest and longest possible; None where not known.
        certain: Whether it surely came before the change; the change may be known to an interval only.
        attended: Whether the client whose change it is was there; None where that was not recorded.
        interactions: Indexes of its interactions.
        in_session_changes: Ids of the changes recorded in it: the chain from inside to outside.
    """

    session: str
    number: int
    lag: int
    lag_max: int
    days: tuple[float, float] | None
    certain: bool
    attended: bool | None
    interactions: tuple[int, ...]
    in_session_changes: tuple[str, ...]

    def __repr__(self) -> str:
        return (
            f"LinkedSession(lag {self.lag}, {len(self.interactions)} interactions, "
            f"{len(self.in_session_changes)} changes in session)"
        )


@attrs.frozen(repr=False)
class Link:
    """A change outside sessions and what lies in the window before it.

    Attributes:
        event: Id of the change.
        sessions: The sessions in the window, latest first.
        tasks: Ids of the tasks assigned in those sessions, or due in the window or with a step of their history in it.
        journal: Ids of the journal entries written in the window.
        cited: Ids of the sessions, among those, that the change cites as evidence: the session itself, an interaction,
            a segment or a change in it.
        n_unplaced: Tasks and journal entries of which nothing says whether they lie in the window.
    """

    event: str
    sessions: tuple[LinkedSession, ...]
    tasks: tuple[str, ...]
    journal: tuple[str, ...]
    cited: tuple[str, ...]
    n_unplaced: int

    @property
    def ambiguity(self) -> int:
        """How many sessions qualify; with more than one, the link does not say which."""
        return len(self.sessions)

    def __repr__(self) -> str:
        counts = (
            f"{len(self.sessions)} sessions, {len(self.tasks)} tasks, {len(self.journal)} journal entries"
        )
        return f"Link({counts} in the window)"


@attrs.frozen(repr=False)
class Unplaced:
    """A change that cannot be placed, and why.

    Attributes:
        event: Id of the change.
        reason: What is missing.
    """

    event: str
    reason: str

    def __repr__(self) -> str:
        return f"Unplaced({self.reason})"


@attrs.frozen(repr=False)
class LinkRow:
    """A link as rows of a table: one per change and session; one with no session; one with a reason if unplaced."""

    event: str
    session: str | None = None
    number: int | None = None
    lag: int | None = None
    lag_max: int | None = None
    days_min: float | None = None
    days_max: float | None = None
    certain: bool | None = None
    attended: bool | None = None
    interactions: int | None = None
    in_session_changes: int | None = None
    tasks: int | None = None
    journal_entries: int | None = None
    ambiguity: int | None = None
    reason: str | None = None

    def __repr__(self) -> str:
        return f"LinkRow(ambiguity {self.ambiguity})" if self.reason is None else f"LinkRow({self.reason})"


@attrs.frozen(repr=False)
class Links:
    """The links of a case.

    Attributes:
        links: A link per change outside sessions that can be placed; also those with nothing in their window.
        unplaced: The changes that cannot be placed, with the reason.
        window: The window, as it was asked for.
        n_events: Changes outside sessions, linked or not.
        assumptions: What the links take for granted, in words.
    """

    links: tuple[Link, ...]
    unplaced: tuple[Unplaced, ...]
    window: timedelta | int
    n_events: int
    assumptions: tuple[str, ...] = ASSUMPTIONS

    @property
    def n_linked(self) -> int:
        """Changes with at least one session in their window."""
        return sum(bool(x.sessions) for x in self.links)

    @property
    def n_ambiguous(self) -> int:
        """Changes with more than one session in their window."""
        return sum(x.ambiguity > 1 for x in self.links)

    def __repr__(self) -> str:
        return (
            f"Links({self.n_linked} of {self.n_events} changes outside sessions have a session in the window before "
            f"them, {self.n_ambiguous} more than one, {len(self.unplaced)} cannot be placed)"
        )

    def to_frame(self) -> pl.DataFrame:
        """Return a row per change and session in its window, with the columns of `LinkRow`; every change is there."""
        placed = [row for link in self.links for row in _rows(link)]
        return frame_of([*placed, *(LinkRow(u.event, reason=u.reason) for u in self.unplaced)], LinkRow)


def _rows(link: Link) -> Iterator[LinkRow]:
    tasks, entries = len(link.tasks), len(link.journal)
    if not link.sessions:
        yield LinkRow(link.event, tasks=tasks, journal_entries=entries, ambiguity=0)
    for s in link.sessions:
        low, high = s.days or (None, None)
        yield LinkRow(
            link.event, s.session, s.number, s.lag, s.lag_max, low, high, s.certain, s.attended, len(s.interactions),
            len(s.in_session_changes), tasks, entries, link.ambiguity,
        )  # fmt: skip
