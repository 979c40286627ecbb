"""The course of a session: how the share of each code changes from its beginning to its end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs

from therapeutic_process.errors import NotEnoughData, TableError
from therapeutic_process.session_process.extra import Floats, Ints, as_frame, label_columns, np
from therapeutic_process.session_process.homogeneity import segment_of_turn
from therapeutic_process.session_process.turns import CodedTurns, code_turns

if TYPE_CHECKING:
    from collections.abc import Sequence

    import polars as pl
    from narwhals.stable.v2.typing import IntoFrame

__all__ = ["Course", "session_course"]


@attrs.frozen(eq=False, repr=False)
class Course:
    """Code counts over the parts of sessions.

    Attributes:
        codes: The codes.
        sessions: The sessions.
        counts: Sessions x parts x codes.
        shares: Each code's share of the coded turns of its part; nan where a part holds none.
        minutes: Length of a part in minutes; None where parts are equal numbers of turns.
        n_without_onset: Coded turns whose onset is unknown, which parts by minutes leave out.
    """

    codes: tuple[Any, ...]
    sessions: tuple[Any, ...]
    counts: Ints
    shares: Floats
    minutes: float | None
    n_without_onset: int

    @property
    def pooled(self) -> Ints:
        """Counts over all sessions, parts x codes."""
        return np.asarray(self.counts.sum(0))

    def to_frame(self) -> pl.DataFrame:
        """Give a row per session, part (from 1) and code."""
        session, part, code = np.indices(self.counts.shape).reshape(3, -1)
        columns: dict[str, Any] = label_columns("session", [self.sessions[i] for i in session])
        columns |= {"part": part + 1, "code": [self.codes[i] for i in code], "count": self.counts.ravel()}
        return as_frame(columns | {"share": self.shares.ravel()})

    def __repr__(self) -> str:
        n, parts, k = self.counts.shape
        what = (
            f"{parts} equal parts" if self.minutes is None else f"{parts} parts of {self.minutes:g} minutes"
        )
        return f"<Course: {k} codes over {what} of {n} sessions, {int(self.counts.sum())} coded turns>"


def _by_minutes(turns: CodedTurns, minutes: float) -> Ints:
    if turns.onset_s is None:
        raise TableError("column_missing", needed="a column of onsets for parts by minutes", found="none")
    if minutes <= 0:
        raise NotEnoughData("session_course", needed="more than 0 minutes", found=str(minutes))
    return np.where(np.isnan(turns.onset_s), -1, np.floor(turns.onset_s / (60 * minutes))).astype(np.int64)


def session_course(
    turns: IntoFrame | CodedTurns,
    *,
    parts: int = 3,
    minutes: float | None = None,
    session: str = "session_id",
    order: str | None = "index",
    code: str = "code",
    client: str | None = None,
    onset_s: str | None = None,
    codes: Sequence[Any] | None = None,
) -> Course:
    """Count codes over the course of each session, by thirds unless asked otherwise.

    >>> import polars as pl
    >>> table = pl.DataFrame({"session_id": [1] * 6, "index": range(6), "code": list("aabbbb")})
    >>> session_course(table).pooled.tolist()
    [[2, 0], [0, 2], [0, 2]]

    Args:
        turns: One row per turn in any frame, or turns already coded.
        parts: Into how many parts of equally many coded turns each session is cut.
        minutes: Cut, instead, every so many minutes from the session's start; needs onsets.
        session: Column of the session.
        order: Column of the turn's position; None: row order.
        code: Column of the code.
        client: Column of the client.
        onset_s: Column of the turn's start in seconds.
        codes: The codes and their order; default: those that occur, sorted.

    Raises:
        TableError: If the table does not keep its contract, or onsets are needed and missing.
        NotEnoughData: If no turn is coded, or fewer than 2 parts are asked for.
    """
    read = (
        turns
        if isinstance(turns, CodedTurns)
        else code_turns(
            turns, session=session, order=order, code=code, client=client, onset_s=onset_s, codes=codes
        )
    )
    part = segment_of_turn(read, parts) if minutes is None else _by_minutes(read, minutes)
    n_parts = parts if minutes is None else int(part.max(initial=0)) + 1
    known = part >= 0
    n, k = len(read.sessions), len(read.codes)
    cell = (read.session_of_turn * n_parts + part) * k + read.code
    counts = np.bincount(cell[known], minlength=n * n_parts * k).reshape(n, n_parts, k)
    total = counts.sum(-1, keepdims=True)
    shares = np.where(total > 0, counts / np.maximum(total, 1), np.nan)
    return Course(read.codes, read.sessions, counts, shares, minutes, int((~known).sum()))
