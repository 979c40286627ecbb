"""The days of a client, cut into pieces in which the rate of change events is taken to be constant."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs
import numpy as np
from numpy.typing import NDArray

from therapeutic_process.errors import TableError
from therapeutic_process.process_outcome.conditional import Strata, arrange

if TYPE_CHECKING:
    from collections.abc import Sequence

Array = NDArray[np.float64]


def observed_spans(observed: dict[object, Array]) -> dict[object, tuple[int, int]]:
    """Return the first and last observed day of every client.

    Args:
        observed: Rows of first and last day, by client.

    Raises:
        TableError: If a client has several spans or one that ends before it begins.
    """
    several = sum(len(rows) > 1 for rows in observed.values())
    if several:
        raise TableError("duplicate_key", needed="one observed span per client", found=f"{several} with more")
    backwards = sum(bool(rows[0, 0] > rows[0, 1]) for rows in observed.values())
    if backwards:
        raise TableError("span_backwards", needed="a first day before the last", found=f"{backwards} others")
    return {who: (int(rows[0, 0]), int(rows[0, 1])) for who, rows in observed.items()}


@attrs.frozen
class Piece:
    """Days of a client in one state and band, and the change events in them."""

    who: int
    state: int
    band: int
    days: int
    events: int


def pieces_of_time(
    spans: dict[object, tuple[int, int]],
    exposed: dict[object, Array],
    changed: dict[object, Array],
    states: list[tuple[int, int, int]],
    bands: Sequence[int],
) -> tuple[list[Piece], int]:
    """Cut the days of clients with a change event into pieces of one state and band.

    Args:
        spans: First and last day, by client.
        exposed: Days of sessions, by client.
        changed: Days of change events, by client.
        states: Number, first and last day of each state, relative to a session.
        bands: Days on which a new band begins.

    Returns:
        The pieces, and how many change events lie outside the observed days.
    """
    pieces: list[Piece] = []
    lost = sum(len(rows) for who, rows in changed.items() if who not in spans)
    for number, (who, (first, last)) in enumerate(spans.items()):
        days = changed.get(who, np.empty((0, 1)))[:, 0].astype(np.int64)
        inside = days[(days >= first) & (days <= last)]
        lost += len(days) - len(inside)
        if not len(inside):
            continue
        state, band = _of_days(first, last, exposed.get(who, np.empty((0, 1)))[:, 0], states, bands)
        width = len(states) + 1
        kind = band * width + state
        length = np.bincount(kind)
        events = np.bincount(kind[inside - first], minlength=len(length))
        pieces += [
            Piece(number, int(k % width), int(k // width), int(length[k]), int(events[k]))
            for k in np.flatnonzero(length)
        ]
    return pieces, lost


def _of_days(
    first: int, last: int, sessions: Array, states: list[tuple[int, int, int]], bands: Sequence[int]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    day = np.arange(first, last + 1)
    state = np.zeros(len(day), dtype=np.int64)
    for session in np.sort(sessions).astype(np.int64):
        for number, low, high in states:
            hit = (day >= session + low) & (day <= session + high)
            free = state == 0 if high < 0 else np.ones(len(day), dtype=bool)
            state[hit & free] = number
    return state, np.searchsorted(np.asarray(bands), day, side="right").astype(np.int64)


def strata_of_pieces(pieces: list[Piece], n_states: int, n_bands: int) -> Strata:
    """Make every change event a stratum of its client's pieces, weighted by their days.

    Args:
        pieces: See `pieces_of_time`.
        n_states: How many states besides the reference.
        n_bands: How many bands besides the first.
    """
    by_client: dict[int, list[Piece]] = {}
    for piece in pieces:
        by_client.setdefault(piece.who, []).append(piece)
    x, offset, case, stratum = [], [], [], []
    number = 0
    for own in by_client.values():
        rows, days = [_row(p, n_states, n_bands) for p in own], [np.log(p.days) for p in own]
        for hit in (p for p in own for _ in range(p.events)):
            x += rows
            offset += days
            case += [p is hit for p in own]
            stratum += [number] * len(own)
            number += 1
    return arrange(
        np.array(case, dtype=bool),
        np.array(x, dtype=np.float64).reshape(-1, n_states + n_bands),
        np.array(stratum, dtype=np.intp),
        np.array(offset, dtype=np.float64),
    )


def _row(piece: Piece, n_states: int, n_bands: int) -> Array:
    row = np.zeros(n_states + n_bands)
    if piece.state:
        row[piece.state - 1] = 1.0
    if piece.band:
        row[n_states + piece.band - 1] = 1.0
    return row
