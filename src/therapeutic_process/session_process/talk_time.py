"""Who talks how much: turns, turn length, talk share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs

from therapeutic_process.errors import NotEnoughData, TableError
from therapeutic_process.session_process.columns import as_floats, as_integers, read_columns, require_complete
from therapeutic_process.session_process.extra import Floats, Ints, as_frame, label_columns, np

if TYPE_CHECKING:
    import narwhals.stable.v2 as nw
    import polars as pl
    from narwhals.stable.v2.typing import IntoFrame

__all__ = ["TalkProfile", "talk_profile"]


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
        columns: dict[str, Any] = label_columns("session", [s for s in self.sessions for _ in range(m)])
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
    client: str | None = None,
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
        client: Column of the client, where session numbers repeat between clients; sessions are then pairs.

    Raises:
        TableError: If the table does not keep its contract, or an amount is negative.
        NotEnoughData: If no row has a speaker.
    """
    names = [session, speaker, *(name for name in (amount, client) if name is not None)]
    columns = read_columns(turns, names)
    require_complete(columns[session], session)
    which, sessions = as_integers(columns[session], session)
    if client is not None:
        which, sessions = _pairs(columns[client], client, which, sessions)
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


def _pairs(
    client: nw.Series[Any], name: str, session: Ints, sessions: tuple[Any, ...]
) -> tuple[Ints, tuple[Any, ...]]:
    """Number the pairs of client and session that occur, in order."""
    require_complete(client, name)
    whose, clients = as_integers(client, name)
    held, place = np.unique(whose * len(sessions) + session, return_inverse=True)
    n = max(len(sessions), 1)
    pairs = tuple((clients[k // n], sessions[k % n]) for k in held.tolist())
    return place.ravel().astype(np.int64), pairs


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
