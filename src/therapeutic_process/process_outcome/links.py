"""Links each change outside sessions with what was recorded in the window before it. Descriptive: no claim of cause."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

import attrs

from therapeutic_process.errors import NotEnoughData
from therapeutic_process.records import Case, ChangeEvent, Session, first_instant, last_instant
from therapeutic_process.tables import frame_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    import polars as pl

__all__ = ["Link", "LinkRow", "LinkedSession", "Links", "Unplaced", "link_events"]

ASSUMPTIONS = (
    "Linked means: recorded in the window before the change. It does not mean that one led to the other.",
    "The time of a change is when it occurred, not when it was reported; where only the last session before it is "
    "known, its distance in days is unknown.",
    "Sessions are counted as held sessions: planned, cancelled and missed ones do not count.",
)


@attrs.frozen
class LinkedSession:
    """A session in the window before a change.

    Attributes:
        session: Its id.
        number: Its number.
        lag: Held sessions back from the change; 1 is the last one before it.
        days: Days from the session's start to the change, shortest and longest possible; None where not known.
        certain: Whether it surely came before the change; the change may be known to an interval only.
        interactions: Indexes of its interactions.
        in_session_changes: Ids of the changes recorded in it: the chain from inside to outside.
    """

    session: str
    number: int
    lag: int
    days: tuple[float, float] | None
    certain: bool
    interactions: tuple[int, ...]
    in_session_changes: tuple[str, ...]


@attrs.frozen(repr=False)
class Link:
    """A change outside sessions and what lies in the window before it.

    Attributes:
        event: Id of the change.
        sessions: The sessions in the window, latest first.
        tasks: Ids of the tasks assigned in those sessions, or to be done or done in the window.
        journal: Ids of the journal entries written in the window.
        cited: Ids of the sessions, among those, that the change itself cites as evidence.
    """

    event: str
    sessions: tuple[LinkedSession, ...]
    tasks: tuple[str, ...]
    journal: tuple[str, ...]
    cited: tuple[str, ...]

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


@attrs.frozen
class LinkRow:
    """A link as rows of a table: one per change and session, or one with no session."""

    event: str
    session: str | None
    number: int | None
    lag: int | None
    days_min: float | None
    days_max: float | None
    certain: bool | None
    interactions: int
    in_session_changes: int
    tasks: int
    journal_entries: int
    ambiguity: int


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
        """Return a row per change and session in its window, with the columns of `LinkRow`."""
        return frame_of([row for link in self.links for row in _rows(link)], LinkRow)


def _rows(link: Link) -> Iterator[LinkRow]:
    tasks, entries = len(link.tasks), len(link.journal)
    if not link.sessions:
        yield LinkRow(link.event, None, None, None, None, None, None, 0, 0, tasks, entries, 0)
    for s in link.sessions:
        low, high = s.days or (None, None)
        yield LinkRow(link.event, s.session, s.number, s.lag, low, high, s.certain, len(s.interactions),
                      len(s.in_session_changes), tasks, entries, link.ambiguity)  # fmt: skip


def link_events(case: Case, *, window: timedelta | int) -> Links:
    """List, for every change outside sessions, what was recorded in the window before it.

    The window is a time (``timedelta(days=14)``) or a number of held sessions (``2``). A change is placed by the time
    at which it occurred, or by the last session before it. Where it is known to an interval only, a session that
    began within the interval is listed as not certain. Several sessions in one window are an ambiguity that the link
    reports and does not resolve.

    >>> from therapeutic_process.exchange import example_cases
    >>> link_events(example_cases()[0], window=1)
    Links(1 of 1 changes outside sessions have a session in the window before them, 0 more than one, 0 cannot be placed)

    Args:
        case: The case.
        window: How far back to look: a duration above zero, or at least 1 held session.

    Returns:
        A link per change, and the changes that cannot be placed with the reason.

    Raises:
        NotEnoughData: If the window is empty.
    """
    if (window < 1) if isinstance(window, int) else (window <= timedelta(0)):
        raise NotEnoughData(
            "link_events", needed="a window of at least one session or above zero", found="an empty one"
        )
    outside = [e for e in case.change_events if e.locus == "out_of_session"]
    links: list[Link] = []
    unplaced: list[Unplaced] = []
    for event in outside:
        found = _place(case, event, window)
        if isinstance(found, str):
            unplaced.append(Unplaced(event.id, found))
        else:
            links.append(_link(case, event, found, window))
    return Links(tuple(links), tuple(unplaced), window, len(outside))


def _place(case: Case, event: ChangeEvent, window: timedelta | int) -> list[LinkedSession] | str:
    """Return the sessions in the window, latest first, or why the change cannot be placed."""
    before = _sessions_before(case, event)
    if isinstance(before, str):
        return before
    placed = [
        _linked(case, event, session, lag, certain=certain)
        for lag, (session, certain) in enumerate(before, start=1)
    ]
    if isinstance(window, int):
        return placed[:window]
    undated = sum(s.days is None for s in placed)
    if undated and (event.occurred is None or undated == len(placed)):
        found = f"{len(placed) - undated} of {len(placed)}"
        return f"a window in time needs times of the change and the sessions, found {found}"
    return [s for s in placed if s.days is not None and s.days[0] <= window / timedelta(days=1)]


def _sessions_before(case: Case, event: ChangeEvent) -> list[tuple[Session, bool]] | str:
    """Return the held sessions before a change, latest first, and whether each surely was."""
    held = case.held_sessions
    if event.after_session is not None:
        number = next(s.number for s in case.sessions if s.id == event.after_session)
        return [(s, True) for s in reversed(held) if s.number <= number]
    if event.occurred is None:
        return "its order is not known: it has neither a time nor a last session before it"
    dated = [(s, s.started_at) for s in held if s.started_at is not None]
    if not dated:
        return f"its order to the sessions is not known: needs started_at on held sessions, found 0 of {len(held)}"
    first, last = first_instant(event.occurred), last_instant(event.occurred)
    may_be_before = [s.number for s, start in dated if first_instant(start) < last]
    sure = [s.number for s, start in dated if last_instant(start) <= first]
    limit, certain = max(may_be_before, default=-1), max(sure, default=-1)
    return [(s, s.number <= certain) for s in reversed(held) if s.number <= limit]


def _linked(case: Case, event: ChangeEvent, session: Session, lag: int, *, certain: bool) -> LinkedSession:
    inside = [e.id for e in case.change_events if e.locus == "in_session" and e.session == session.id]
    return LinkedSession(
        session=session.id,
        number=session.number,
        lag=lag,
        days=_days(event, session),
        certain=certain,
        interactions=tuple(x.index for x in session.interactions),
        in_session_changes=tuple(inside),
    )


def _days(event: ChangeEvent, session: Session) -> tuple[float, float] | None:
    if event.occurred is None or session.started_at is None:
        return None
    shortest = first_instant(event.occurred) - last_instant(session.started_at)
    longest = last_instant(event.occurred) - first_instant(session.started_at)
    day = timedelta(days=1)
    return max(shortest / day, 0.0), max(longest / day, 0.0)


def _link(case: Case, event: ChangeEvent, sessions: list[LinkedSession], window: timedelta | int) -> Link:
    ids = {s.session for s in sessions}
    opens, closes = _window(case, event, ids, window)
    journal = [
        j.id for j in case.journal
        if (j.after_session in ids if j.written_at is None or opens is None else _overlaps(j.written_at, opens, closes))
    ]  # fmt: skip
    tasks = [
        k.id for k in case.tasks
        if k.assigned_in in ids or any(s.at is not None and _overlaps(s.at, opens, closes) for s in k.history)
    ]  # fmt: skip
    cited = {r.id for r in event.evidence if r.kind in {"session", "interaction"}} & ids
    return Link(event.id, tuple(sessions), tuple(tasks), tuple(journal), tuple(sorted(cited)))


def _window(
    case: Case, event: ChangeEvent, ids: set[str], window: timedelta | int
) -> tuple[datetime | None, datetime | None]:
    """Return when the window opens and closes; None where that is not known."""
    if event.occurred is None:
        return None, None
    closes = last_instant(event.occurred)
    if isinstance(window, timedelta):
        return first_instant(event.occurred) - window, closes
    starts = [first_instant(s.started_at) for s in case.sessions if s.id in ids and s.started_at is not None]
    return (min(starts) if starts else None), closes


def _overlaps(time: date, opens: datetime | None, closes: datetime | None) -> bool:
    if opens is None or closes is None:
        return False
    return first_instant(time) <= closes and last_instant(time) >= opens
