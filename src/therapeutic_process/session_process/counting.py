"""Counts of transitions: which code follows which, at a lag or within a time window, inside chains only."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import attrs

from therapeutic_process.errors import TableError
from therapeutic_process.session_process.extra import Bools, Floats, Ints, brief, np

if TYPE_CHECKING:
    import numpy.typing as npt

    from therapeutic_process.session_process.turns import CodedTurns

__all__ = [
    "Pairs",
    "Target",
    "chain_ends",
    "collapse_repeats",
    "count_at_lag",
    "pairs_at_lag",
    "pairs_within",
    "table_of_pairs",
]

_BLOCK = 2**16

Target: TypeAlias = "Literal['any', 'other_speaker'] | tuple[Any, Any]"


@attrs.frozen(eq=False, repr=False)
class Pairs:
    """Transitions as places in the turns: the given turn and its target.

    Attributes:
        given: Place of the given turn.
        target: Place of the target turn.
    """

    given: Ints
    target: Ints

    __repr__ = brief


def _speakers_of(turns: CodedTurns) -> Ints:
    if turns.speaker is None:
        raise TableError("column_missing", needed="a speaker column for this target", found="none")
    return turns.speaker


def _speaker_place(turns: CodedTurns, label: object) -> int:
    if label not in turns.speakers:
        raise TableError(
            "label_unknown", needed=f"a speaker among {len(turns.speakers)}", found="another label"
        )
    return turns.speakers.index(label)


def _wanted(turns: CodedTurns, given: slice | Ints, target: slice | Ints, who: Target) -> Bools | None:
    """Tell which pairs the choice of speakers allows; None: all."""
    if isinstance(who, str) and who == "any":
        return None
    speaker = _speakers_of(turns)
    if isinstance(who, str):
        a, b = speaker[given], speaker[target]
        return np.asarray((a != b) & (a >= 0) & (b >= 0))
    first, second = (_speaker_place(turns, label) for label in who)
    return np.asarray((speaker[given] == first) & (speaker[target] == second))


def _crossing(turns: CodedTurns, lag: int) -> Ints:
    """Give the places whose partner at this lag lies in another chain."""
    end = np.append(turns.start[1:], len(turns.code))
    last = np.minimum(end, len(turns.code) - lag)
    begin = np.maximum(end - lag, turns.start)
    inside = begin < last
    begin, size = begin[inside], (last - begin)[inside]
    return np.repeat(begin - np.cumsum(size) + size, size) + np.arange(int(size.sum()))


def pairs_at_lag(turns: CodedTurns, lag: int, *, target: Target = "any") -> Pairs:
    """Give every pair of turns of one chain that lie ``lag`` turns apart.

    Args:
        turns: The coded turns.
        lag: How many turns later, 1 or more.
        target: ``any``; ``other_speaker``; or (speaker of the given turn, speaker of the target).
    """
    n = max(len(turns.code) - lag, 0)
    allowed = np.ones(n, dtype=np.bool_)
    wanted = _wanted(turns, slice(0, n), slice(lag, lag + n), target)
    allowed = allowed if wanted is None else wanted
    allowed[_crossing(turns, lag)] = False
    given = np.flatnonzero(allowed)
    return Pairs(given, given + lag)


def pairs_within(turns: CodedTurns, window_s: float, *, target: Target = "any") -> Pairs:
    """Give every pair of turns of one chain whose target starts later in order and within the window.

    Order is the index: of two turns with the same onset the later in order is the target. A pair whose onset
    is unknown, or whose onsets run against the order, is not counted.

    Raises:
        TableError: If the turns were read without onsets.
    """
    if turns.onset_s is None:
        raise TableError("column_missing", needed="a column of onsets for a time window", found="none")
    found = [*_steps_within(turns, turns.onset_s, window_s)]
    given = np.concatenate([f[0] for f in found]) if found else np.zeros(0, dtype=np.int64)
    pairs = Pairs(given, given + (np.concatenate([f[1] for f in found]) if found else 0))
    wanted = _wanted(turns, pairs.given, pairs.target, target)
    return pairs if wanted is None else Pairs(pairs.given[wanted], pairs.target[wanted])


def _steps_within(turns: CodedTurns, onset: Floats, window_s: float) -> list[tuple[Ints, Ints]]:
    steps = []
    longest = int(turns.chain_length.max(initial=0))
    for lag in range(1, longest):
        near = pairs_at_lag(turns, lag)
        gap = onset[near.target] - onset[near.given]
        inside = (gap >= 0) & (gap <= window_s)
        steps.append((near.given[inside], np.full(int(inside.sum()), lag)))
        if not _anything_left(turns, onset, lag + 1, window_s):
            break
    return steps


def _anything_left(turns: CodedTurns, onset: Floats, lag: int, window_s: float) -> bool:
    # Real stamps sometimes decrease: only the earliest onset still to come can rule later targets out.
    near = pairs_at_lag(turns, lag)
    if not len(near.given):
        return False
    later = np.fmin.accumulate(onset[::-1])[::-1]
    chain = np.repeat(np.arange(len(turns.start)), turns.chain_length)
    span = np.nanmax(onset, initial=0.0) - np.nanmin(onset, initial=0.0) + window_s + 1
    later = np.fmin.accumulate((onset + chain * span)[::-1])[::-1] - chain * span
    return bool(np.any(later[near.target] <= onset[near.given] + window_s))


def table_of_pairs(
    code: Ints, pairs: Pairs, n_codes: int, *, group: Ints | None = None, n_groups: int = 1
) -> Ints:
    """Count pairs into a table codes x codes, or groups x codes x codes.

    >>> table_of_pairs(np.array([0, 1, 1]), Pairs(np.array([0, 1]), np.array([1, 2])), 2).tolist()
    [[0, 1], [0, 1]]

    Args:
        code: Code of every turn, from 0.
        pairs: The transitions.
        n_codes: How many codes there are.
        group: Group of every turn, from 0; a transition belongs to the group of its given turn.
        n_groups: How many groups there are.
    """
    cell = code[pairs.given] * n_codes + code[pairs.target]
    if group is None:
        return np.bincount(cell, minlength=n_codes**2).reshape(n_codes, n_codes)
    cell = cell + group[pairs.given] * n_codes**2
    return np.bincount(cell, minlength=n_groups * n_codes**2).reshape(n_groups, n_codes, n_codes)


def count_at_lag(turns: CodedTurns, lag: int, *, target: Target = "any") -> Ints:
    """Count the transitions at a lag without listing them, codes x codes."""
    k, n = len(turns.codes), max(len(turns.code) - lag, 0)
    wanted = _wanted(turns, slice(0, n), slice(lag, lag + n), target)
    across = _crossing(turns, lag)
    across = across if wanted is None else across[wanted[across]]
    return _count_neighbours(turns.code, lag, wanted, k) - table_of_pairs(
        turns.code, Pairs(across, across + lag), k
    )


def _count_neighbours(code: Ints, lag: int, wanted: Bools | None, k: int) -> Ints:
    """Count the wanted pairs wherever they lie, block by block: at a million turns moving memory is what costs."""
    n, cells = max(len(code) - lag, 0), k * k
    kind = np.int16 if 2 * cells < 2**15 else np.int64
    total = np.zeros(2 * cells, dtype=np.int64)
    for first in range(0, n, _BLOCK):
        last = min(first + _BLOCK, n)
        part: npt.NDArray[np.signedinteger[Any]] = code[first : last + lag].astype(kind)
        cell = part[: last - first] * np.asarray(k, dtype=kind) + part[lag:]
        if wanted is not None:
            # What is not wanted is counted too, apart: choosing costs more.
            cell += wanted[first:last] * np.asarray(cells, dtype=kind)
        total += np.bincount(cell, minlength=2 * cells)
    return total[cells if wanted is not None else 0 :][:cells].reshape(k, k)


def chain_ends(turns: CodedTurns, lag: int) -> Ints:
    """Count, per code, the chains that end with it and are long enough to hold a transition at this lag."""
    end = turns.start + turns.chain_length - 1
    return np.bincount(turns.code[end[turns.chain_length > lag]], minlength=len(turns.codes))


def collapse_repeats(turns: CodedTurns) -> CodedTurns:
    """Join consecutive turns of a chain that carry the same code into the first of them."""
    fresh = np.ones(len(turns.code), dtype=np.bool_)
    fresh[1:] = turns.code[1:] != turns.code[:-1]
    fresh[turns.start] = True
    kept = np.flatnonzero(fresh)
    return attrs.evolve(
        turns,
        code=turns.code[kept],
        start=np.searchsorted(kept, turns.start),
        speaker=None if turns.speaker is None else turns.speaker[kept],
        onset_s=None if turns.onset_s is None else turns.onset_s[kept],
    )
