"""Sequential statistics of coded turns: which code follows which, lag by lag, within sessions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import attrs

from therapeutic_process.errors import CannotEstimate, NotEnoughData, TableError
from therapeutic_process.session_process.counting import (
    Pairs,
    Target,
    chain_ends,
    collapse_repeats,
    count_at_lag,
    pairs_at_lag,
    pairs_within,
    table_of_pairs,
)
from therapeutic_process.session_process.extra import Ints, np
from therapeutic_process.session_process.homogeneity import HomogeneityTest, homogeneity_test, segment_of_turn
from therapeutic_process.session_process.permutation import PermutationTest, permute_within_sessions
from therapeutic_process.session_process.transition_table import TransitionTables, table_fields
from therapeutic_process.session_process.turns import CodedTurns, code_turns

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt
    from narwhals.stable.v2.typing import IntoFrame

__all__ = ["SequentialStatistics", "sequential_statistics"]

WINDOW = 0


@attrs.frozen(eq=False, repr=False, kw_only=True)
class SequentialStatistics(TransitionTables):
    """Pooled transition tables of coded turns, a table per lag, and the way back to the single session.

    ``names`` holds the lags; a table of a time window has the lag 0. Everything is counted within session,
    and a missing code breaks the chain.

    Attributes:
        turns: The coded turns that were counted, repeats collapsed if asked.
        lags: The lags, in the order of the tables.
        window_s: The time window in seconds; None where lags count turns.
        target: Whose turns count as targets.
        collapsed: Whether consecutive repeats were joined.
        n_turns: Coded turns in the table that came in.
        n_missing: Rows without a code.
    """

    turns: CodedTurns
    lags: tuple[int, ...]
    window_s: float | None
    target: Target
    collapsed: bool
    n_turns: int
    n_missing: int

    def _pairs(self, lag: int) -> Pairs:
        if self.window_s is not None:
            return pairs_within(self.turns, self.window_s, target=self.target)
        return pairs_at_lag(self.turns, lag, target=self.target)

    def _zeros(self, lag: int) -> npt.NDArray[np.bool_]:
        return np.asarray(~self.possible[self.lags.index(lag)])

    def per_session(self, *, lag: int | None = None) -> TransitionTables:
        """Describe every session's own table.

        Args:
            lag: Which lag; default: the first.
        """
        which = self.lags[0] if lag is None else lag
        sessions = self.turns.sessions
        group = self.turns.session_of_turn
        counts = self.grouped(group, len(sessions), lag=which)
        zeros = np.broadcast_to(self._zeros(which), counts.shape)
        fields = table_fields(
            counts,
            ends=_ends_per_session(self.turns, which),
            structural_zeros=zeros if zeros.any() else None,
            tails=self.tails,
            whole=_whole(self.target, self.window_s),
        )
        return TransitionTables(codes=self.codes, targets=self.targets, names=sessions, **fields)

    def grouped(self, group: Ints, n_groups: int, *, lag: int | None = None) -> Ints:
        """Count the transitions of each group of turns, groups x codes x codes.

        Args:
            group: The group of every turn, from 0; a transition belongs to that of its given turn.
            n_groups: How many groups there are.
            lag: Which lag; default: the first.
        """
        pairs = self._pairs(self.lags[0] if lag is None else lag)
        return table_of_pairs(self.turns.code, pairs, len(self.codes), group=group, n_groups=n_groups)

    def homogeneity(self, *, lag: int | None = None) -> HomogeneityTest:
        """Test whether the sessions share one table of transition probabilities."""
        return homogeneity_test(self.grouped(self.turns.session_of_turn, len(self.turns.sessions), lag=lag))

    def stationarity(self, *, segments: int = 3, lag: int | None = None) -> HomogeneityTest:
        """Test whether the probabilities stay the same over the course of the sessions.

        Args:
            segments: Into how many parts of equal length each session is cut. A transition belongs to the
                part in which it starts, so that none is lost and none counted twice.
            lag: Which lag; default: the first.
        """
        return homogeneity_test(self.grouped(segment_of_turn(self.turns, segments), segments, lag=lag))

    def permutation_test(
        self, *, rng: np.random.Generator, permutations: int = 1000, lag: int | None = None
    ) -> PermutationTest:
        """Test each transition against the codes' order shuffled within session.

        Each speaker's codes are shuffled among that speaker's turns where targets are chosen by speaker.
        Turns without a code stay where they are. Where codes cannot repeat, because repeats were joined or zeros on
        the diagonal of lag 1 say so, orders without such repeats are drawn, each with the same probability, within
        each unbroken stretch of coded turns. Other zeros are refused: whether there is another order at all that keeps
        them is a search for Hamiltonian paths, and swapping two turns at a time does not reach every order (of a, b, a,
        b without repeats it never reaches b, a, b, a), so a shuffle that respects them could not be shown to be fair.

        Args:
            rng: The source of randomness.
            permutations: How many shuffles B; p = (b + 1) / (B + 1).
            lag: Which lag; default: the first.

        Raises:
            CannotEstimate: If transitions of one code to another, at a lag above 1, within a time window or between
                chosen speakers cannot occur.
        """
        which = self.lags[0] if lag is None else lag
        return permute_within_sessions(
            self.turns,
            self._pairs(which),
            self.frequency[self.lags.index(which)],
            by_speaker=self.target != "any",
            may_repeat=self._may_repeat(which),
            permutations=permutations,
            rng=rng,
        )

    def _may_repeat(self, lag: int) -> npt.NDArray[np.bool_]:
        zeros = self._zeros(lag)
        own = np.diagonal(zeros).copy()
        elsewhere = int(zeros.sum()) - int(own.sum())
        if elsewhere or (own.any() and lag != 1):
            found = f"{int(zeros.sum())} structural zeros at {f'lag {lag}' if lag else 'a time window'}"
            needed = "structural zeros on the diagonal of lag 1 only"
            raise CannotEstimate("permutation_test", "structural_zeros", needed=needed, found=found)
        return np.full(len(own), not self.collapsed) & ~own

    def __repr__(self) -> str:
        g = self.likelihood_ratio
        what = f"window {self.window_s} s" if self.window_s is not None else f"lags {list(self.lags)}"
        tests = ", ".join(
            f"G²({d}) = {s:.2f}, p = {p:.3g}" for s, d, p in zip(g.statistic, g.df, g.p, strict=True)
        )
        return (
            f"<SequentialStatistics: {len(self.codes)} codes, {what}, {self.n_turns} turns in "
            f"{len(self.turns.sessions)} sessions, {self.n_missing} without a code, "
            f"{self.n_transitions.tolist()} transitions; {tests}>"
        )


def _whole(target: Target, window_s: float | None) -> bool:
    return isinstance(target, str) and target == "any" and window_s is None


def _ends_per_session(turns: CodedTurns, lag: int) -> Ints:
    long = turns.chain_length > lag
    last = turns.code[(turns.start + turns.chain_length - 1)[long]]
    k, n = len(turns.codes), len(turns.sessions)
    cell = turns.chain_session[long] * k + last
    return np.bincount(cell, minlength=n * k).reshape(n, k)


def _lags(lags: int | Sequence[int], window_s: float | None) -> tuple[int, ...]:
    if window_s is not None:
        return (WINDOW,)
    chosen = tuple(range(1, lags + 1)) if isinstance(lags, int) else tuple(lags)
    if not chosen or min(chosen) < 1:
        raise NotEnoughData("sequential_statistics", needed="lags of 1 or more", found=f"{len(chosen)} lags")
    return chosen


def _count(turns: CodedTurns, lag: int, target: Target, window_s: float | None) -> Ints:
    if window_s is not None:
        return table_of_pairs(turns.code, pairs_within(turns, window_s, target=target), len(turns.codes))
    return count_at_lag(turns, lag, target=target)


def _zeros_per_lag(
    zeros: npt.ArrayLike | Literal["diagonal"] | None, lags: tuple[int, ...], n_codes: int, *, collapsed: bool
) -> npt.NDArray[np.bool_] | None:
    """Stack the masks of impossible cells; joined repeats cannot follow one another at lag 1 only."""
    own = np.eye(n_codes, dtype=np.bool_)
    given = np.zeros((n_codes, n_codes), dtype=np.bool_)
    if zeros is not None:
        given = own if isinstance(zeros, str) else np.asarray(zeros, dtype=np.bool_)
    if given.shape != own.shape:
        raise TableError("wrong_shape", needed=f"structural zeros {own.shape}", found=str(given.shape))
    stack = np.stack([given | own if collapsed and lag == 1 else given for lag in lags])
    return stack if bool(stack.any()) else None


def sequential_statistics(
    turns: IntoFrame | CodedTurns,
    *,
    session: str = "session_id",
    order: str | None = "index",
    code: str = "code",
    client: str | None = None,
    speaker: str | None = None,
    onset_s: str | None = None,
    codes: Sequence[Any] | None = None,
    lags: int | Sequence[int] = 1,
    target: Target = "any",
    window_s: float | None = None,
    collapse: bool = False,
    structural_zeros: npt.ArrayLike | Literal["diagonal"] | None = None,
    tails: Literal[1, 2] = 2,
) -> SequentialStatistics:
    """Count which code follows which and test it, lag by lag, within sessions.

    Follows Bakeman & Quera (1995, 2011); kappas after Wampold (1989).

    >>> import polars as pl
    >>> table = pl.DataFrame({"session_id": [1] * 6, "index": range(6), "code": list("abcabb")})
    >>> result = sequential_statistics(table)
    >>> result.frequency[0].tolist()
    [[0, 2, 0], [0, 1, 1], [1, 0, 0]]

    Args:
        turns: One row per turn in any frame that Narwhals knows, or turns already coded.
        session: Column of the session.
        order: Column of the turn's position in its session; None: the table's row order, as it stands.
        code: Column of the code; null breaks the chain.
        client: Column of the client.
        speaker: Column of the speaker; needed for a target by speaker.
        onset_s: Column of the turn's start in seconds; needed for a time window.
        codes: The codes and their order; default: those that occur, sorted.
        lags: The largest lag, all from 1 on being counted, or the lags themselves.
        target: ``any`` turn, the turn of an ``other_speaker``, or (speaker of the given turn, speaker of the
            target); a transition counts only if the turn at the lag is such a turn.
        window_s: Count, instead of lags, every later turn that starts within so many seconds.
        collapse: Whether to join consecutive repeats of a code first; at lag 1 repeats are then impossible.
        structural_zeros: ``diagonal`` where codes cannot repeat, or a mask of cells that cannot occur.
        tails: Tails of every p of a cell.

    Raises:
        TableError: If the table does not keep its contract.
        NotEnoughData: If no turn is coded.
        CannotEstimate: If a cell declared as a structural zero holds a transition.
    """
    read = (
        turns
        if isinstance(turns, CodedTurns)
        else code_turns(
            turns,
            session=session,
            order=order,
            code=code,
            client=client,
            speaker=speaker,
            onset_s=onset_s,
            codes=codes,
        )
    )
    used = collapse_repeats(read) if collapse else read
    steps = _lags(lags, window_s)
    counts = np.stack([_count(used, lag, target, window_s) for lag in steps])
    whole = _whole(target, window_s)
    fields = table_fields(
        counts,
        ends=np.stack([chain_ends(used, lag) for lag in steps]) if whole else None,
        structural_zeros=_zeros_per_lag(structural_zeros, steps, len(used.codes), collapsed=collapse),
        tails=tails,
        whole=whole,
    )
    return SequentialStatistics(
        codes=used.codes,
        targets=used.codes,
        names=steps,
        turns=used,
        lags=steps,
        window_s=window_s,
        target=target,
        collapsed=collapse,
        n_turns=len(read.code),
        n_missing=read.n_missing,
        **fields,
    )
