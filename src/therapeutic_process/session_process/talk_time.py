"""Who talks how much: turns, turn length, talk share, and where the time of the session goes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs

from therapeutic_process.errors import NotEnoughData, TableError
from therapeutic_process.session_process.columns import as_floats, as_integers, read_columns, require_complete
from therapeutic_process.session_process.extra import Floats, Ints, as_frame, np

if TYPE_CHECKING:
    import polars as pl
    from narwhals.stable.v2.typing import IntoFrame

__all__ = ["TalkProfile", "TimeBudget", "talk_profile", "time_budget"]


@attrs.frozen(eq=False, repr=False)
class TalkProfile:
    """How much each speaker talks, sessions x speakers.

    Attributes:
        sessions: The sessions.
        speakers: The speakers.
        amount: What was measured: ``turns``, or the name of the column (words, seconds).
        n_turns: Turns.
        total: Sum of the amount over a speaker's turns; nan where the amount of one of them is unknown.
        share: The speaker's share of the session's total; nan where a total is unknown or 0.
        mean_length: Mean amount per turn of known amount; nan without one.
        median_length: Median amount per turn of known amount.
        n_unknown: Turns whose amount is unknown.
        n_without_speaker: Rows without a speaker, which are left out.
    """

    sessions: tuple[Any, ...]
    speakers: tuple[Any, ...]
    amount: str
    n_turns: Ints
    total: Floats
    share: Floats
    mean_length: Floats
    median_length: Floats
    n_unknown: Ints
    n_without_speaker: int

    def to_frame(self) -> pl.DataFrame:
        """Give a row per session and speaker."""
        n, m = self.n_turns.shape
        columns: dict[str, Any] = {"session": [s for s in self.sessions for _ in range(m)]}
        columns["speaker"] = list(self.speakers) * n
        names = ("n_turns", "total", "share", "mean_length", "median_length", "n_unknown")
        return as_frame(columns | {name: getattr(self, name).ravel() for name in names})

    def __repr__(self) -> str:
        return (
            f"<TalkProfile: {len(self.sessions)} sessions, {len(self.speakers)} speakers, by {self.amount}, "
            f"{int(self.n_turns.sum())} turns, {int(self.n_unknown.sum())} of unknown length>"
        )


def _medians(cell: Ints, amount: Floats, n_cells: int) -> Floats:
    order = np.lexsort((amount, cell))
    sizes = np.bincount(cell, minlength=n_cells)
    first = np.cumsum(sizes) - sizes
    held = sizes > 0
    low, high = (first + np.maximum(sizes - 1, 0) // 2)[held], (first + sizes // 2)[held]
    medians = np.full(n_cells, np.nan)
    medians[held] = (amount[order][low] + amount[order][high]) / 2
    return medians


def talk_profile(
    turns: IntoFrame,
    *,
    session: str = "session_id",
    speaker: str = "speaker",
    amount: str | None = None,
) -> TalkProfile:
    """Measure how much each speaker talks in each session.

    >>> import polars as pl
    >>> table = pl.DataFrame({"session_id": [1, 1, 1], "speaker": list("aba"), "words": [4, 6, 10]})
    >>> talk_profile(table, amount="words").share.tolist()
    [[0.7, 0.3]]

    Args:
        turns: One row per turn in any frame.
        session: Column of the session.
        speaker: Column of the speaker.
        amount: Column of how long a turn is, in words or seconds; None: every turn counts 1.

    Raises:
        TableError: If the table does not keep its contract, or an amount is negative.
        NotEnoughData: If no row has a speaker.
    """
    names = [session, speaker] + ([amount] if amount is not None else [])
    columns = read_columns(turns, names)
    require_complete(columns[session], session)
    which, sessions = as_integers(columns[session], session)
    who, speakers = as_integers(columns[speaker], speaker)
    size = np.ones(len(which)) if amount is None else as_floats(columns[amount], amount)
    if np.any(size < 0):
        raise TableError(
            "negative_amount", needed="amounts of 0 or more", found=f"{int((size < 0).sum())} below"
        )
    spoken = who >= 0
    if not spoken.any():
        raise NotEnoughData("talk_profile", needed="at least 1 row with a speaker", found=0)
    cell = which[spoken] * len(speakers) + who[spoken]
    fields = _profile(cell, size[spoken], sessions=sessions, speakers=speakers, amount=amount)
    return TalkProfile(**fields, n_without_speaker=int((~spoken).sum()))


def _profile(
    cell: Ints, size: Floats, *, sessions: tuple[Any, ...], speakers: tuple[Any, ...], amount: str | None
) -> dict[str, Any]:
    shape, n = (len(sessions), len(speakers)), len(sessions) * len(speakers)
    known = ~np.isnan(size)
    turns, measured = np.bincount(cell, minlength=n), np.bincount(cell[known], minlength=n)
    total = np.bincount(cell[known], weights=size[known], minlength=n)
    mean = np.where(measured > 0, total / np.maximum(measured, 1), np.nan)
    whole = np.where(measured == turns, total, np.nan).reshape(shape)
    session = whole.sum(1, keepdims=True)
    share = np.where(session > 0, whole / np.where(session > 0, session, 1.0), np.nan)
    return {
        "sessions": sessions,
        "speakers": speakers,
        "amount": amount or "turns",
        "n_turns": turns.reshape(shape),
        "total": whole,
        "share": share,
        "mean_length": mean.reshape(shape),
        "median_length": _medians(cell[known], size[known], n).reshape(shape),
        "n_unknown": (turns - measured).reshape(shape),
    }


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
    for s in range(len(sessions)):
        mine = np.flatnonzero(known & (which == s))
        spans[s] = _span(start[mine], end[mine], None if length is None else length[which == s])
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
