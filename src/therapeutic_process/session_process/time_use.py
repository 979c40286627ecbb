"""Where the time of a session goes: each speaker alone, several at once, silence."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs

from therapeutic_process.errors import NotEnoughData, TableError
from therapeutic_process.session_process.columns import as_floats, as_integers, read_columns, require_complete
from therapeutic_process.session_process.extra import Floats, Ints, as_frame, np

if TYPE_CHECKING:
    import polars as pl
    from narwhals.stable.v2.typing import IntoFrame

__all__ = ["TimeBudget", "time_budget"]


@attrs.frozen(eq=False, repr=False)
class TimeBudget:
    """Where the time of each session goes; every moment is spent once.

    Attributes:
        sessions: The sessions.
        speakers: The speakers.
        duration_s: From the session's start to its end.
        alone_s: Seconds in which only this speaker talks, sessions x speakers.
        together_s: Seconds in which several talk at once.
        silence_s: Seconds in which nobody talks.
        longest_silence_s: The longest stretch of silence.
        n_unknown: Turns without a known start and end, by session; their time is silence here.
    """

    sessions: tuple[Any, ...]
    speakers: tuple[Any, ...]
    duration_s: Floats
    alone_s: Floats
    together_s: Floats
    silence_s: Floats
    longest_silence_s: Floats
    n_unknown: Ints

    def to_frame(self) -> pl.DataFrame:
        """Give a row per session and use of time, in seconds and as a share of the session."""
        uses = [*self.speakers, "several at once", "silence"]
        seconds = np.column_stack([self.alone_s, self.together_s, self.silence_s])
        share = seconds / np.where(self.duration_s > 0, self.duration_s, np.nan)[:, None]
        columns: dict[str, Any] = {"session": [s for s in self.sessions for _ in uses]}
        columns["use"] = [str(use) for use in uses] * len(self.sessions)
        return as_frame(columns | {"seconds": seconds.ravel(), "share": share.ravel()})

    def __repr__(self) -> str:
        unknown = int(self.n_unknown.sum())
        return (
            f"<TimeBudget: {len(self.sessions)} sessions, {float(self.duration_s.sum()) / 60:.1f} minutes, "
            f"{float(self.silence_s.sum()) / 60:.1f} silent, {unknown} turns of unknown time>"
        )


def _budget(who: Ints, start: Floats, end: Floats, n_speakers: int, span: tuple[float, float]) -> Floats:
    """Give seconds alone per speaker, together, silent, and the longest silence of one session."""
    edges = np.unique(np.concatenate([start, end, np.asarray(span)]))
    talking = np.zeros((n_speakers, len(edges)), dtype=np.int64)
    np.add.at(talking, (who, np.searchsorted(edges, start)), 1)
    np.add.at(talking, (who, np.searchsorted(edges, end)), -1)
    active = np.cumsum(talking, axis=1)[:, :-1] > 0
    length, many = np.diff(edges), active.sum(0)
    alone = (active & (many == 1)) @ length
    silent = many == 0
    stretch = np.cumsum(np.diff(silent.astype(np.int64), prepend=0) == 1)
    longest = np.bincount(stretch[silent], weights=length[silent]).max(initial=0.0) if silent.any() else 0.0
    return np.concatenate([alone, [length[many > 1].sum(), length[silent].sum(), longest]])


def time_budget(
    turns: IntoFrame,
    *,
    session: str = "session_id",
    speaker: str = "speaker",
    start_s: str = "start_s",
    end_s: str = "end_s",
    duration_s: str | None = None,
) -> TimeBudget:
    """Divide the time of each session between its speakers, talking at once, and silence.

    >>> import polars as pl
    >>> table = pl.DataFrame({
    ...     "session_id": [1, 1, 1], "speaker": list("aba"), "start_s": [0, 8, 15], "end_s": [10, 12, 20],
    ... })
    >>> budget = time_budget(table)
    >>> budget.alone_s.tolist(), budget.together_s.tolist(), budget.silence_s.tolist()
    ([[13.0, 2.0]], [2.0], [3.0])

    Args:
        turns: One row per turn in any frame; turns may overlap.
        session: Column of the session.
        speaker: Column of the speaker.
        start_s: Column of the turn's start, seconds in session.
        end_s: Column of the turn's end.
        duration_s: Column of the session's duration, which then starts at 0; default: from the first known
            start to the last known end, so that silence before and after is not seen.

    Raises:
        TableError: If the table does not keep its contract, a turn ends before it starts, or goes on after
            the session's duration.
        NotEnoughData: If no turn has a speaker, start and end.
    """
    names = [session, speaker, start_s, end_s] + ([duration_s] if duration_s is not None else [])
    columns = read_columns(turns, names)
    require_complete(columns[session], session)
    which, sessions = as_integers(columns[session], session)
    who, speakers = as_integers(columns[speaker], speaker)
    start, end = as_floats(columns[start_s], start_s), as_floats(columns[end_s], end_s)
    known = (who >= 0) & ~np.isnan(start) & ~np.isnan(end)
    if not known.any():
        raise NotEnoughData("time_budget", needed="at least 1 turn with speaker, start and end", found=0)
    backward = int((end < start).sum())
    if backward:
        raise TableError(
            "end_before_start", needed="ends not before starts", found=f"{backward} rows against it"
        )
    length = None if duration_s is None else as_floats(columns[duration_s], duration_s)
    rows = np.empty((len(sessions), len(speakers) + 3))
    spans = np.empty((len(sessions), 2))
    by_session = np.split(np.argsort(which, kind="stable"), np.cumsum(np.bincount(which))[:-1])
    for s, held in enumerate(by_session):
        mine = held[known[held]]
        spans[s] = _span(start[mine], end[mine], None if length is None else length[held])
        rows[s] = _budget(who[mine], start[mine], end[mine], len(speakers), (spans[s, 0], spans[s, 1]))
    k = len(speakers)
    unknown = np.bincount(which[~known], minlength=len(sessions))
    seconds = spans[:, 1] - spans[:, 0]
    return TimeBudget(
        sessions, speakers, seconds, rows[:, :k], rows[:, k], rows[:, k + 1], rows[:, k + 2], unknown
    )


def _span(start: Floats, end: Floats, duration: Floats | None) -> tuple[float, float]:
    if duration is None:
        return (float(start.min()), float(end.max())) if len(start) else (0.0, 0.0)
    told = np.unique(duration[~np.isnan(duration)])
    if len(told) != 1:
        raise TableError(
            "duration_not_unique", needed="one duration per session", found=f"{len(told)} in one"
        )
    if len(end) and (float(end.max()) > told[0] or float(start.min()) < 0):
        raise TableError(
            "outside_session", needed="turns between 0 and the duration", found="turns outside it"
        )
    return 0.0, float(told[0])
