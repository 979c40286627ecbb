"""How varied and restless a session's sequence of codes is: entropy, complexity, turbulence."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import attrs

from therapeutic_process.session_process.extra import Floats, Ints, as_frame, label_columns, np
from therapeutic_process.session_process.turns import CodedTurns, code_turns

if TYPE_CHECKING:
    from collections.abc import Hashable, Sequence

    import polars as pl
    from narwhals.stable.v2.typing import IntoFrame

__all__ = ["SequenceComplexity", "distinct_subsequences", "entropy", "sequence_complexity", "turbulence"]


def entropy(counts: Ints) -> Floats:
    """Give the Shannon entropy of counts, in nats, along the last axis; nan where there is nothing.

    >>> float(entropy(np.array([2, 2])).round(4))
    0.6931

    Args:
        counts: Counts, 0 or more; the last axis holds the categories.

    Returns:
        Entropies, one axis less than the counts.
    """
    total = counts.sum(-1, keepdims=True)
    share = counts / np.maximum(total, 1)
    parts = np.where(share > 0, share * np.log(np.where(share > 0, share, 1.0)), 0.0)
    return np.where(total[..., 0] > 0, np.abs(parts.sum(-1)), np.nan)


def distinct_subsequences(sequence: Sequence[Hashable]) -> int:
    """Count the distinct subsequences of a sequence, the empty one included.

    Elzinga, Rahmann & Wang (2008): each element doubles the count, less those that it already ended.

    >>> distinct_subsequences("aba")
    7

    Args:
        sequence: The elements in order.

    Returns:
        The number, exactly, however large.
    """
    count = 1
    ended: dict[Hashable, int] = {}
    for element in sequence:
        count, ended[element] = 2 * count - ended.get(element, 0), count
    return count


def _spells(sequence: Sequence[Hashable]) -> tuple[list[Hashable], list[int]]:
    states: list[Hashable] = []
    lengths: list[int] = []
    for element in sequence:
        if states and states[-1] == element:
            lengths[-1] += 1
        else:
            states.append(element)
            lengths.append(1)
    return states, lengths


def turbulence(sequence: Sequence[Hashable]) -> float:
    """Give Elzinga's turbulence, log2 of φ (s²max + 1) / (s² + 1).

    φ counts the distinct subsequences of the distinct successive states, s² is the variance of the spells'
    lengths, s²max = (spells - 1)(1 - mean length)² (Elzinga & Liefbroer 2007, in the first of TraMineR's two
    types).

    >>> round(turbulence("aabbb"), 4)
    3.3785

    Args:
        sequence: One session's codes; nan where it is empty.

    Returns:
        The turbulence; nan for an empty sequence.
    """
    states, lengths = _spells(sequence)
    if not states:
        return float("nan")
    mean = sum(lengths) / len(lengths)
    variance = sum((length - mean) ** 2 for length in lengths) / len(lengths)
    most = (len(lengths) - 1) * (1 - mean) ** 2
    # φ grows like 2^n: its logarithm is taken of the whole number, which no float could hold.
    return math.log2(distinct_subsequences(states)) + math.log2((most + 1) / (variance + 1))


@attrs.frozen(eq=False, repr=False)
class SequenceComplexity:
    """Complexity of each session's sequence of codes.

    Attributes:
        sessions: The sessions.
        n: Coded turns.
        n_transitions: Changes from one code to another; a missing code between two turns hides one.
        entropy: Of the codes, in nats.
        complexity: Complexity index of Gabadinho et al. (2010), the geometric mean of the share of changes
            and of relative entropy; nan with fewer than 2 turns or codes.
        turbulence: Elzinga's turbulence.
        alphabet: How many codes relative entropy reckons with.
    """

    sessions: tuple[Any, ...]
    n: Ints
    n_transitions: Ints
    entropy: Floats
    complexity: Floats
    turbulence: Floats
    alphabet: int

    def to_frame(self) -> pl.DataFrame:
        """Give a row per session."""
        columns: dict[str, Any] = label_columns("session", self.sessions)
        names = ("n", "n_transitions", "entropy", "complexity", "turbulence")
        return as_frame(columns | {name: getattr(self, name) for name in names})

    def __repr__(self) -> str:
        return (
            f"<SequenceComplexity: {len(self.sessions)} sessions, {int(self.n.sum())} coded turns, "
            f"alphabet of {self.alphabet}>"
        )


def _changes(turns: CodedTurns) -> Ints:
    session = turns.session_of_turn
    changed = turns.code[1:] != turns.code[:-1]
    changed[turns.start[1:] - 1] = False
    return np.bincount(session[1:][changed], minlength=len(turns.sessions))


def sequence_complexity(
    turns: IntoFrame | CodedTurns,
    *,
    session: str = "session_id",
    order: str | None = "index",
    code: str = "code",
    client: str | None = None,
    codes: Sequence[Any] | None = None,
) -> SequenceComplexity:
    """Describe how varied and restless each session's sequence of codes is.

    >>> import polars as pl
    >>> table = pl.DataFrame({"session_id": [1] * 4, "index": range(4), "code": list("abab")})
    >>> sequence_complexity(table).complexity.tolist()
    [1.0]

    Args:
        turns: One row per turn in any frame, or turns already coded.
        session: Column of the session.
        order: Column of the turn's position; None: row order.
        code: Column of the code. Entropy and turbulence look past turns without a code.
        client: Column of the client.
        codes: All codes of the system; relative entropy depends on how many there are. Default: those that
            occur.

    Raises:
        TableError: If the table does not keep its contract.
        NotEnoughData: If no turn is coded.
    """
    read = (
        turns
        if isinstance(turns, CodedTurns)
        else code_turns(turns, session=session, order=order, code=code, client=client, codes=codes)
    )
    n, k = len(read.sessions), len(read.codes)
    which = read.session_of_turn
    counts = np.bincount(which * k + read.code, minlength=n * k).reshape(n, k)
    length, changes, spread = counts.sum(1), _changes(read), entropy(counts)
    enough = (length > 1) & (k > 1)
    with np.errstate(invalid="ignore"):
        index = np.sqrt(changes / np.maximum(length - 1, 1) * spread / math.log(max(k, 2)))
    each = np.split(read.code, np.cumsum(length)[:-1])
    restless = np.array([turbulence(one.tolist()) for one in each])
    return SequenceComplexity(
        read.sessions, length, changes, spread, np.where(enough, index, np.nan), restless, k
    )
