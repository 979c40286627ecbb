"""Do several transition tables share one set of probabilities? Over sessions, or over parts of a session."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from therapeutic_process.errors import NotEnoughData
from therapeutic_process.session_process.extra import Ints, np, special

if TYPE_CHECKING:
    from therapeutic_process.session_process.turns import CodedTurns

__all__ = ["HomogeneityTest", "homogeneity_test"]


@attrs.frozen
class HomogeneityTest:
    """The likelihood-ratio test that groups share their transition probabilities.

    Attributes:
        statistic: G² = Σ 2 F ln(p of the group / p of the pool); nan where nothing can differ.
        df: Degrees of freedom.
        p: Upper tail of chi-square; nan where df is 0.
        n_groups: Groups with at least one transition.
        n_empty: Groups without a transition, which say nothing.
        n_transitions: Transitions in all groups.
    """

    statistic: float
    df: int
    p: float
    n_groups: int
    n_empty: int
    n_transitions: int


def homogeneity_test(frequency: Ints) -> HomogeneityTest:
    """Test whether tables, groups x codes x codes, share one table of transition probabilities.

    Anderson & Goodman (1957). df = Σ over given codes of (groups in which it occurs - 1)(targets - 1),
    which is codes (codes - 1)(groups - 1) when every code occurs in every group.

    >>> test = homogeneity_test(np.array([[[1, 3], [2, 2]], [[3, 1], [2, 2]]]))
    >>> round(test.statistic, 4), test.df
    (2.093, 2)

    Raises:
        NotEnoughData: If there is no group.
    """
    if frequency.ndim != 3 or not len(frequency):
        raise NotEnoughData("homogeneity_test", needed="tables of at least 1 group", found=0)
    rows = frequency.sum(-1)
    pool = frequency.sum(0)
    share = pool / np.maximum(pool.sum(-1, keepdims=True), 1)
    expected = rows[..., None] * share
    held = frequency > 0
    parts = frequency * np.log(np.where(held, frequency / np.where(held, expected, 1.0), 1.0))
    targets = int((pool.sum(0) > 0).sum())
    df = int(np.maximum((rows > 0).sum(0) - 1, 0).sum()) * max(targets - 1, 0)
    statistic = 2 * float(parts.sum()) if df else float("nan")
    filled = int((rows.sum(-1) > 0).sum())
    p = float(special.chdtrc(df, statistic)) if df else float("nan")
    return HomogeneityTest(statistic, df, p, filled, len(frequency) - filled, int(frequency.sum()))


def segment_of_turn(turns: CodedTurns, segments: int) -> Ints:
    """Give the part of its session, 0 to ``segments`` - 1, in which each coded turn lies.

    Raises:
        NotEnoughData: If fewer than 2 segments are asked for.
    """
    if segments < 2:
        raise NotEnoughData("stationarity", needed="at least 2 segments", found=segments)
    session = turns.session_of_turn
    length = np.bincount(session, minlength=len(turns.sessions))
    first = np.cumsum(length) - length
    return (np.arange(len(session)) - first[session]) * segments // length[session]
