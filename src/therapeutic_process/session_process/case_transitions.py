"""What follows what: transitions between the codes of one pass, within sessions."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import attrs

from therapeutic_process.errors import NotEnoughData
from therapeutic_process.tables import frame_of

if TYPE_CHECKING:
    import polars as pl

    from therapeutic_process.records import Case, Interaction

__all__ = ["Transition", "Transitions", "transitions"]


@attrs.frozen
class Transition:
    """How often one code was followed by another.

    Attributes:
        given: The code that comes first.
        target: The code that comes `lag` interactions later.
        count: How often.
        probability: `count` divided by all transitions from `given`; None where there are none.
    """

    given: str
    target: str
    count: int
    probability: float | None


@attrs.frozen(repr=False)
class Transitions:
    """Transition counts of a case, for one pass and lag.

    Attributes:
        codes: The codes that occur, in order of first occurrence.
        rows: A row per ordered pair of codes, also those that never occur.
        lag: Interactions from one to the other.
        n_sessions: Held sessions with at least one transition.
        n_transitions: Transitions counted.
        n_uncoded: Interactions without a code of the pass: they break the chain.
        n_multiple: Interactions with several codes of the pass: they break the chain too.
    """

    codes: tuple[str, ...]
    rows: tuple[Transition, ...]
    lag: int
    n_sessions: int
    n_transitions: int
    n_uncoded: int
    n_multiple: int

    def __repr__(self) -> str:
        return (
            f"Transitions({self.n_transitions} at lag {self.lag} between {len(self.codes)} codes, "
            f"{self.n_sessions} sessions)"
        )

    def count(self, given: str, target: str) -> int:
        """Return how often `target` followed `given`."""
        return next((r.count for r in self.rows if (r.given, r.target) == (given, target)), 0)

    def to_frame(self) -> pl.DataFrame:
        """Return the rows as a table with the columns of `Transition`."""
        return frame_of(self.rows, Transition)


def transitions(case: Case, *, coding_pass: str, lag: int = 1) -> Transitions:
    """Count which code follows which, within each session.

    Order is the index of the interactions, never a time stamp. An interaction without a code, or with several, breaks
    the chain: it is never bridged. So at a lag of 2 or more every interaction in between has to have a code too.
    Interactions that follow each other in the record are neighbours, also where an index was left out. Nothing is
    counted from one session to the next.

    >>> from therapeutic_process.exchange import example_cases
    >>> case = example_cases()[0]
    >>> transitions(case, coding_pass=case.coding_passes[0].id)
    Transitions(22 at lag 1 between 8 codes, 2 sessions)

    Args:
        case: The case.
        coding_pass: The id of the pass whose codes are followed.
        lag: How many interactions further, at least 1.

    Returns:
        Counts and probabilities for every ordered pair of codes.

    Raises:
        NotEnoughData: If the case has no such pass, or the lag is below 1.
    """
    if lag < 1:
        raise NotEnoughData("transitions", needed="a lag of at least 1", found=lag)
    if all(p.id != coding_pass for p in case.coding_passes):
        raise NotEnoughData("transitions", needed="a coding pass of the case", found="no such pass")
    chains = [[_codes(x, coding_pass) for x in s.interactions] for s in case.held_sessions]
    counts: Counter[tuple[str, str]] = Counter()
    sessions = 0
    for chain in chains:
        windows = [chain[i : i + lag + 1] for i in range(len(chain) - lag)]
        pairs = [(w[0][0], w[-1][0]) for w in windows if all(len(codes) == 1 for codes in w)]
        counts.update(pairs)
        sessions += bool(pairs)
    units = [codes for chain in chains for codes in chain]
    names = tuple(dict.fromkeys(codes[0] for codes in units if len(codes) == 1))
    return Transitions(
        codes=names,
        rows=tuple(_rows(names, counts)),
        lag=lag,
        n_sessions=sessions,
        n_transitions=counts.total(),
        n_uncoded=sum(not codes for codes in units),
        n_multiple=sum(len(codes) > 1 for codes in units),
    )


def _codes(interaction: Interaction, coding_pass: str) -> tuple[str, ...]:
    return tuple(c.code for c in interaction.codes if c.coding_pass == coding_pass)


def _rows(names: tuple[str, ...], counts: Counter[tuple[str, str]]) -> list[Transition]:
    totals = Counter[str]()
    for (given, _), k in counts.items():
        totals[given] += k
    return [
        Transition(a, b, counts[a, b], counts[a, b] / totals[a] if totals[a] else None)
        for a in names
        for b in names
    ]
