"""Agreement on streams of events that two observers cut up for themselves: by time units."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs

from therapeutic_process.errors import NotEnoughData, TableError
from therapeutic_process.session_process.columns import as_floats, as_integers, read_columns, require_complete
from therapeutic_process.session_process.extra import Floats, Ints, as_frame, brief, np
from therapeutic_process.session_process.kappa import Agreement, kappa_of_table

if TYPE_CHECKING:
    from collections.abc import Sequence

    import polars as pl
    from narwhals.stable.v2.typing import IntoFrame

__all__ = ["EventAgreement", "time_unit_kappa"]


@attrs.frozen(eq=False, repr=False)
class EventAgreement:
    """Agreement on event streams.

    Attributes:
        agreement: The coefficient.
        table: First observer x second observer; the last row and column hold what only one of them saw.
        labels: The codes, then None for nothing.
        tolerance_s: How far apart two observers may be and still agree.
        unit_s: The length of a time unit; None for an alignment.
        n_sessions: Sessions.
    """

    agreement: Agreement
    table: Floats
    labels: tuple[Any, ...]
    tolerance_s: float
    unit_s: float | None
    n_sessions: int

    def to_frame(self) -> pl.DataFrame:
        """Give the table of agreements and disagreements, a row per pair of codes that occurs."""
        first, second = np.nonzero(self.table)
        columns: dict[str, Any] = {"first": [self.labels[i] for i in first]}
        columns |= {"second": [self.labels[j] for j in second], "tally": self.table[first, second]}
        return as_frame(columns)

    def __repr__(self) -> str:
        return (
            f"<EventAgreement: {self.agreement}; {self.n_sessions} sessions, tolerance {self.tolerance_s} s>"
        )


@attrs.frozen(eq=False, repr=False)
class EventStream:
    """One observer's events of one session, by onset."""

    code: Ints
    onset: Floats
    offset: Floats

    __repr__ = brief


def read_streams(
    events: IntoFrame,
    *,
    session: str,
    observer: str,
    code: str,
    onset: str,
    offset: str | None,
    codes: Sequence[Any] | None,
) -> tuple[list[tuple[EventStream, EventStream]], tuple[Any, ...]]:
    """Read each session's two streams of events."""
    names = [session, observer, code, onset] + ([offset] if offset is not None else [])
    columns = read_columns(events, names)
    for name in names:
        require_complete(columns[name], name)
    place, labels = as_integers(columns[code], code, codes)
    who, observers = as_integers(columns[observer], observer)
    if len(observers) != 2:
        raise NotEnoughData("event agreement", needed="exactly 2 observers", found=len(observers))
    which, sessions = as_integers(columns[session], session)
    start = as_floats(columns[onset], onset)
    end = start if offset is None else as_floats(columns[offset], offset)
    if np.any(end < start):
        found = f"{int((end < start).sum())} rows against it"
        raise TableError("offset_before_onset", needed="offsets not before onsets", found=found)
    sizes = np.bincount(which * 2 + who, minlength=2 * len(sessions))
    rows = np.split(np.lexsort((start, who, which)), np.cumsum(sizes)[:-1])
    streams = [EventStream(place[r], start[r], end[r]) for r in rows]
    return list(zip(streams[::2], streams[1::2], strict=True)), labels


def _units(stream: EventStream, n: int, unit_s: float, nothing: int) -> Ints:
    """Give the code of each time unit; where events overlap, the later onset holds."""
    seen = np.full(n, nothing, dtype=np.int64)
    first = np.floor(stream.onset / unit_s + 1e-9).astype(np.int64)
    last = np.maximum(np.ceil(stream.offset / unit_s - 1e-9).astype(np.int64), first + 1)
    for code, a, b in zip(stream.code, first, last, strict=True):
        seen[a:b] = code
    return seen


def _tolerant(seen: Ints, other: Ints, reach: int) -> Ints:
    """Give what the other is taken to have seen: the same code if it lies within reach, else their own."""
    taken = other.copy()
    for shift in range(-reach, reach + 1):
        near = np.full_like(other, -1)
        lo, hi = max(0, -shift), len(other) - max(0, shift)
        near[lo:hi] = other[lo + shift : hi + shift]
        taken = np.where(near == seen, seen, taken)
    return taken


def tally(first: Ints, second: Ints, k: int) -> Ints:
    """Count pairs of codes, codes x codes."""
    return np.bincount(first * k + second, minlength=k * k).reshape(k, k)


def time_unit_kappa(
    events: IntoFrame,
    *,
    unit_s: float,
    tolerance_s: float = 0.0,
    session: str = "session_id",
    observer: str = "rater_id",
    code: str = "code",
    onset_s: str = "onset_s",
    offset_s: str = "offset_s",
    codes: Sequence[Any] | None = None,
) -> EventAgreement:
    """Give the kappa of time units: which code each observer sees at each moment, nothing being one of them.

    With a tolerance, a unit agrees if the other observer has the same code within so many seconds (Bakeman,
    Quera & Gnisci 2009). The table then depends on who comes first; both are tallied, and halved. The session
    ends with its last offset.

    >>> import polars as pl
    >>> events = pl.DataFrame({
    ...     "session_id": [1] * 4, "rater_id": ["x", "x", "y", "y"], "code": list("abab"),
    ...     "onset_s": [0, 10, 0, 11], "offset_s": [10, 20, 11, 20],
    ... })
    >>> round(time_unit_kappa(events, unit_s=1).agreement.value, 3)
    0.9
    >>> time_unit_kappa(events, unit_s=1, tolerance_s=1).agreement.value
    1.0

    Args:
        events: A row per event and observer.
        unit_s: Length of a time unit in seconds.
        tolerance_s: Tolerance in seconds, rounded down to whole units.
        session: Column of the session.
        observer: Column of the observer, two of them.
        code: Column of the code.
        onset_s: Column of the onset, seconds in session.
        offset_s: Column of the offset.
        codes: The codes and their order; default: those that occur, sorted.

    Raises:
        TableError: If a cell is missing, or an offset lies before its onset.
        NotEnoughData: If there are not exactly 2 observers.
    """
    streams, labels = read_streams(
        events, session=session, observer=observer, code=code, onset=onset_s, offset=offset_s, codes=codes
    )
    k, reach = len(labels) + 1, int(tolerance_s / unit_s + 1e-9)
    table = np.zeros((k, k))
    for one, other in streams:
        end = max(float(s.offset.max(initial=0.0)) for s in (one, other))
        n = max(int(np.ceil(end / unit_s - 1e-9)), 1)
        a, b = _units(one, n, unit_s, k - 1), _units(other, n, unit_s, k - 1)
        table += (tally(a, _tolerant(a, b, reach), k) + tally(_tolerant(b, a, reach), b, k)) / 2
    name = f"time-unit kappa ({unit_s:g} s units, tolerance {reach * unit_s:g} s)"
    # Neighbouring units repeat each other: the asymptotic interval would be far too narrow.
    none = float("nan")
    bare = attrs.evolve(kappa_of_table(table), low=none, high=none, interval=None)
    found = attrs.evolve(bare, method=name, se=none, z=none, p=none)
    return EventAgreement(found, table, (*labels, None), tolerance_s, unit_s, len(streams))
