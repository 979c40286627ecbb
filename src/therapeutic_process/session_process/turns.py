"""Coded turns: a table of sessions' codes brought into order, cut into chains that nothing bridges."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

import attrs

from therapeutic_process.errors import NotEnoughData, TableError
from therapeutic_process.session_process.columns import (
    as_floats,
    as_integers,
    read_columns,
    require_complete,
    require_row_order,
)
from therapeutic_process.session_process.extra import Bools, Floats, Ints, np

if TYPE_CHECKING:
    from collections.abc import Sequence

    import narwhals.stable.v2 as nw
    from narwhals.stable.v2.typing import IntoFrame

__all__ = ["CodedTurns", "code_turns"]

_Numbers = TypeVar("_Numbers", "Ints", "Floats")


@attrs.frozen(eq=False, repr=False)
class CodedTurns:
    """Coded turns in order, without the turns whose code is missing.

    A chain is a run of coded turns of one session that no missing code interrupts. Transitions are counted
    within chains only: a missing code breaks the chain, it never bridges it.

    Attributes:
        code: The turn's code, as its place in ``codes``.
        start: Where each chain starts in ``code``.
        chain_session: The session of each chain, as its place in ``sessions``.
        codes: The labels of the codes.
        sessions: The labels of the sessions; pairs (client, session) where a client column was given.
        session_client: The client of each session, as a place in ``clients``; None without a client column.
        clients: The labels of the clients.
        speaker: Who speaks, as a place in ``speakers``, -1 unknown; None without a speaker column.
        speakers: The labels of the speakers.
        onset_s: When the turn starts, seconds in session, nan unknown; None without such a column.
        n_rows: Rows of the table.
        n_missing: Rows without a code.
    """

    code: Ints
    start: Ints
    chain_session: Ints
    codes: tuple[Any, ...]
    sessions: tuple[Any, ...]
    session_client: Ints | None
    clients: tuple[Any, ...]
    speaker: Ints | None
    speakers: tuple[Any, ...]
    onset_s: Floats | None
    n_rows: int
    n_missing: int

    @property
    def chain_length(self) -> Ints:
        """How many coded turns each chain holds."""
        return np.diff(np.append(self.start, len(self.code)))

    @property
    def session_of_turn(self) -> Ints:
        """The session of every coded turn, as its place in ``sessions``."""
        return np.repeat(self.chain_session, self.chain_length)

    def __repr__(self) -> str:
        return (
            f"<CodedTurns: {len(self.code)} turns in {len(self.sessions)} sessions, {len(self.codes)} codes, "
            f"{self.n_missing} of {self.n_rows} rows without a code>"
        )


def _changes(key: Ints) -> Ints:
    return np.append(0, np.flatnonzero(key[1:] != key[:-1]) + 1) if len(key) else np.zeros(0, dtype=np.int64)


def _keys(
    columns: dict[str, nw.Series[Any]], session: str, client: str | None
) -> list[tuple[Ints, tuple[Any, ...]]]:
    chosen = [session] if client is None else [client, session]
    for name in chosen:
        require_complete(columns[name], name)
    return [_key(columns[name], name) for name in chosen]


def _key(series: nw.Series[Any], name: str) -> tuple[Ints, tuple[Any, ...]]:
    # Numbers serve as their own key: numbering a million of them would cost more than the statistics.
    if series.dtype.is_integer():
        return np.asarray(series.to_numpy()).astype(np.int64, copy=False), ()
    return as_integers(series, name)


def _single_key(keys: list[tuple[Ints, tuple[Any, ...]]]) -> Ints:
    if len(keys) == 1:
        return keys[0][0]
    numbered = [np.unique(key, return_inverse=True)[1].astype(np.int64) for key, _ in keys]
    return numbered[0] * (int(numbered[1].max(initial=0)) + 1) + numbered[1]


def _order_values(columns: dict[str, nw.Series[Any]], order: str | None) -> Ints | Floats | None:
    if order is None:
        return None
    require_complete(columns[order], order)
    series = columns[order]
    if series.dtype.is_integer():
        return np.asarray(series.to_numpy())
    return as_floats(series, order) if series.dtype.is_numeric() else as_integers(series, order)[0]


def _already_in_order(key: Ints, first: Ints, position: Ints | Floats | None) -> bool:
    met = key[first]
    if not np.all(met[1:] > met[:-1]):
        return False
    if position is None:
        return True
    falls = np.flatnonzero(position[1:] <= position[:-1]) + 1
    return len(falls) < len(first) and bool(np.all(first[np.searchsorted(first[:-1], falls)] == falls))


def _sorting(key: Ints, position: Ints | Floats | None) -> Ints:
    if position is None:
        return np.argsort(key, kind="stable")
    sorting = np.lexsort((position, key))
    k, p = key[sorting], position[sorting]
    twice = np.flatnonzero((k[1:] == k[:-1]) & (p[1:] == p[:-1]))
    if len(twice):
        rows = tuple(sorted(int(r) for r in sorting[twice + 1]))
        raise TableError(
            "duplicate_key",
            needed="each position once per session",
            found=f"{len(twice)} repeated",
            rows=rows[:5],
        )
    return np.asarray(sorting, dtype=np.int64)


def _chains(coded: Bools, first: Ints) -> tuple[Ints, Ints, Ints]:
    """Give the kept rows, where chains start among them, and the session of each chain."""
    kept = np.flatnonzero(coded)
    session = np.searchsorted(first, kept, side="right") - 1
    fresh = np.ones(len(kept), dtype=np.bool_)
    fresh[1:] = (kept[1:] != kept[:-1] + 1) | (session[1:] != session[:-1])
    start = np.flatnonzero(fresh)
    return kept, start, session[start]


def _labels_at(keys: list[tuple[Ints, tuple[Any, ...]]], rows: Ints) -> list[tuple[Any, ...]]:
    return [tuple(k[rows].tolist()) if not names else tuple(names[i] for i in k[rows]) for k, names in keys]


def code_turns(
    turns: IntoFrame,
    *,
    session: str = "session_id",
    order: str | None = "index",
    code: str = "code",
    client: str | None = None,
    speaker: str | None = None,
    onset_s: str | None = None,
    codes: Sequence[Any] | None = None,
) -> CodedTurns:
    """Bring a table of coded turns into order.

    >>> import polars as pl
    >>> table = pl.DataFrame({"session_id": [1, 1, 1], "index": [2, 1, 3], "code": ["b", "a", None]})
    >>> code_turns(table)
    <CodedTurns: 2 turns in 1 sessions, 2 codes, 1 of 3 rows without a code>

    Args:
        turns: One row per turn, in any order, in any frame that Narwhals knows.
        session: Column of the session; with ``client``, session numbers need only be unique within a client.
        order: Column of the turn's position in its session; None: the table's row order, as it stands.
        code: Column of the code, null where the turn was not coded.
        client: Column of the client.
        speaker: Column of the speaker.
        onset_s: Column of the turn's start, in seconds; it never decides the order.
        codes: The codes and their order; default: those that occur, sorted.

    Raises:
        TableError: If a column or a key is missing, a position occurs twice in a session, or a code is not
            among ``codes``.
        NotEnoughData: If no row holds a code.
    """
    if order is None:
        require_row_order(turns)
    names = [n for n in (session, order, code, client, speaker, onset_s) if n is not None]
    columns = read_columns(turns, names)
    keys = _keys(columns, session, client)
    key, position = _single_key(keys), _order_values(columns, order)
    first = _changes(key)
    place, labels = as_integers(columns[code], code, codes)
    sorting = None if _already_in_order(key, first, position) else _sorting(key, position)
    if sorting is not None:
        first, place = _changes(key[sorting]), place[sorting]
    lowest = int(place.min(initial=0))
    if not len(place) or (lowest < 0 and int(place.max()) < 0):
        raise NotEnoughData("code_turns", needed="at least 1 coded turn", found=0)
    kept, start, chain_session = _cut(place, first, lowest)
    rows = _rows(sorting, kept)
    who = as_integers(columns[speaker], speaker) if speaker is not None else None
    names_at = _labels_at(keys, first if sorting is None else sorting[first])
    client_at = (
        None if client is None else np.unique(np.asarray(names_at[0], dtype=object), return_inverse=True)
    )
    return CodedTurns(
        code=place if kept is None else place[kept],
        start=start,
        chain_session=chain_session,
        codes=labels,
        sessions=names_at[0] if client is None else tuple(zip(*names_at, strict=True)),
        session_client=None if client_at is None else client_at[1].astype(np.int64),
        clients=() if client_at is None else tuple(client_at[0].tolist()),
        speaker=None if who is None else _take(who[0], rows),
        speakers=() if who is None else who[1],
        onset_s=None if onset_s is None else _take(as_floats(columns[onset_s], onset_s), rows),
        n_rows=len(place),
        n_missing=0 if kept is None else len(place) - len(kept),
    )


def _cut(place: Ints, first: Ints, lowest: int) -> tuple[Ints | None, Ints, Ints]:
    if lowest >= 0:
        return None, first, np.arange(len(first))
    return _chains(place >= 0, first)


def _rows(sorting: Ints | None, kept: Ints | None) -> Ints | None:
    if sorting is None or kept is None:
        return sorting if kept is None else kept
    return sorting[kept]


def _take(values: _Numbers, rows: Ints | None) -> _Numbers:
    return values if rows is None else values[rows]
