"""How often changes occur after sessions with an event, beside the same clients' other days. Descriptive."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs
import numpy as np

from therapeutic_process.errors import CannotEstimate
from therapeutic_process.process_outcome.observed_days import observed_spans
from therapeutic_process.process_outcome.panel_reading import read_columns

if TYPE_CHECKING:
    import polars as pl
    from narwhals.stable.v2.typing import IntoFrame

__all__ = ["ChangeEventRate", "change_event_rate_after_session"]

_NAME = "change_event_rate_after_session"
_MONTH = 30
_NOBODY = np.empty((0, 1))


@attrs.frozen(eq=False, repr=False)
class ChangeEventRate:
    """Changes in the days after sessions with an event, and what the clients' other days would lead to expect.

    Attributes:
        window: First and last day after a session that count, both included.
        n_after: Changes in those days.
        days_after: Those days.
        n_other: Changes on the clients' other days: the base.
        days_other: Those days.
        expected: Changes in the days after sessions if every client kept the rate of his or her other days.
        n_clients: Clients with days of both kinds.
        dropped: What was left out, by reason and count.
        descriptive: Always True: a rate that follows sessions may follow what brought about the event.
    """

    window: tuple[int, int]
    n_after: int
    days_after: int
    n_other: int
    days_other: int
    expected: float
    n_clients: int
    dropped: tuple[tuple[str, int], ...]
    descriptive: bool = True
    method: str = "counts per day, expected from each client's own other days"

    @property
    def rate_after(self) -> float:
        """Changes per day after sessions."""
        return self.n_after / self.days_after

    @property
    def rate_other(self) -> float:
        """Changes per other day, all clients together."""
        return self.n_other / self.days_other

    @property
    def ratio(self) -> float:
        """Changes after sessions, divided by those expected; nan where none are expected."""
        return self.n_after / self.expected if self.expected else float("nan")

    def __repr__(self) -> str:
        return f"<ChangeEventRate {self.n_after} changes in {self.days_after} days; {self.n_clients} clients>"

    def __str__(self) -> str:
        low, high = self.window
        return "\n".join(
            [
                f"days {low} to {high} after such a session: {_MONTH * self.rate_after:.3g} changes per {_MONTH} days",
                f"other days of the same clients: {_MONTH * self.rate_other:.3g} per {_MONTH} days",
                f"{self.n_after} changes where {self.expected:.3g} are expected, {self.n_clients} clients",
                "descriptive: no test, and nothing about what led to the changes",
                *(f"dropped: {count} × {reason}" for reason, count in self.dropped),
            ]
        )

    def to_frame(self) -> pl.DataFrame:
        """Return one row for the days after sessions and one for the others."""
        import polars as pl

        return pl.DataFrame(
            {
                "days": ["after such a session", "other"],
                "n_changes": [self.n_after, self.n_other],
                "n_days": [self.days_after, self.days_other],
                "rate_per_day": [self.rate_after, self.rate_other],
                "expected": [self.expected, None],
            }
        )


def change_event_rate_after_session(
    observation: IntoFrame,
    sessions: IntoFrame,
    changes: IntoFrame,
    *,
    window: tuple[int, int],
    client: str = "client_id",
    start: str = "start",
    end: str = "end",
    day: str = "day",
) -> ChangeEventRate:
    """Count changes in the days after sessions with an event, against each client's own other days.

    Days are whole; a window (0, 6) is the day of the session and the six days after. No p-value is given: sessions
    follow bad weeks, and `self_controlled_event_effect` says what it takes to test more.

    >>> import polars as pl
    >>> observed = pl.DataFrame({"client_id": [1], "start": [1], "end": [40]})
    >>> sessions = pl.DataFrame({"client_id": [1], "day": [10]})
    >>> changes = pl.DataFrame({"client_id": [1, 1, 1], "day": [11, 13, 30]})
    >>> found = change_event_rate_after_session(observed, sessions, changes, window=(0, 9))
    >>> found, found.expected
    (<ChangeEventRate 2 changes in 10 days; 1 clients>, 0.333...)

    Args:
        observation: One row per client: first and last day observed, both included.
        sessions: One row per session with the event under study.
        changes: One row per change.
        window: First and last day after a session, both included.
        client: Column of the client in all three tables.
        start: Column of the first day.
        end: Column of the last day.
        day: Column of the day in `sessions` and `changes`.

    Raises:
        CannotEstimate: With codes `windows_overlap` for a window whose ends are out of order, and
            `no_informative_client` where no client has both days after such sessions and other days, the base.
        TableError: If a table does not keep its contract.
    """
    low, high = window
    if low > high:
        needed = "a window with ends in order"
        raise CannotEstimate(_NAME, "windows_overlap", needed=needed, found="ends out of order")
    spans = observed_spans(read_columns(observation, client, (start, end)))
    held, changed = read_columns(sessions, client, (day,)), read_columns(changes, client, (day,))
    lost = sum(len(rows) for who, rows in changed.items() if who not in spans)
    counted, without_session, without_base = [], 0, 0
    for who, (first, last) in spans.items():
        days = np.arange(first, last + 1)
        begin = held.get(who, _NOBODY)[:, 0]
        after = np.any((days[:, None] >= begin + low) & (days[:, None] <= begin + high), axis=1)
        own = changed.get(who, _NOBODY)[:, 0].astype(np.int64)
        inside = own[(own >= first) & (own <= last)]
        lost += len(own) - len(inside)
        without_session += not after.any()
        without_base += bool(after.all())
        if after.any() and not after.all():
            hits = int(after[inside - first].sum())
            counted.append((hits, int(after.sum()), len(inside) - hits, int((~after).sum())))
    if not counted:
        needed = "a client with days after such sessions and other days"
        found = f"{without_session} without the former, {without_base} without the latter"
        raise CannotEstimate(_NAME, "no_informative_client", needed=needed, found=found)
    n_after, days_after, n_other, days_other = (sum(column) for column in zip(*counted, strict=True))
    reasons = (
        ("change outside the observed days", lost),
        ("client without a day after such a session", without_session),
        ("client without other days, so without a base", without_base),
    )
    return ChangeEventRate(
        window=window,
        n_after=n_after,
        days_after=days_after,
        n_other=n_other,
        days_other=days_other,
        expected=sum(other / base * exposed for _, exposed, other, base in counted),
        n_clients=len(counted),
        dropped=tuple(r for r in reasons if r[1]),
    )
