"""Who ended how, after how many sessions and with which scores: what a link does not see of those who left."""

from __future__ import annotations

from collections import Counter
from statistics import fmean, median
from typing import TYPE_CHECKING

import attrs

from therapeutic_process.process_outcome.effect_values import MISSING, OTHER_TIMING, Respondent, effect_scores
from therapeutic_process.process_outcome.panel import Timing, require_timing
from therapeutic_process.tables import frame_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    import polars as pl

    from therapeutic_process.change_process import GoalPattern, ScorePattern
    from therapeutic_process.records import Case, Participant

__all__ = ["EndingRow", "EndingsTable", "endings_table"]

NOT_RECORDED = "not recorded"


@attrs.frozen(repr=False)
class EndingRow:
    """Clients whose courses ended in one way.

    Attributes:
        ending: Kind of ending, as recorded; `not recorded` where nobody said.
        n_clients: How many.
        median_sessions: Held sessions.
        n_with_scores: Clients with two scores or more, whom the columns below are about.
        first_score: Mean of their first scores; None without any.
        last_score: Mean of their last scores.
        change: Mean of last minus first.
    """

    ending: str
    n_clients: int
    median_sessions: float
    n_with_scores: int
    first_score: float | None
    last_score: float | None
    change: float | None

    def __repr__(self) -> str:
        return f"EndingRow({self.ending}, n_clients={self.n_clients})"


@attrs.frozen(repr=False)
class EndingsTable:
    """Clients by kind of ending.

    Attributes:
        rows: One per kind of ending, most frequent first.
        n_clients: Clients.
        dropped: Scores left out, by reason and count.
    """

    rows: tuple[EndingRow, ...]
    n_clients: int
    dropped: tuple[tuple[str, int], ...]

    def __repr__(self) -> str:
        said = ", ".join(f"{r.n_clients} {r.ending}" for r in self.rows)
        return f"EndingsTable({self.n_clients} clients: {said})" if self.rows else "EndingsTable(0 clients)"

    def to_frame(self) -> pl.DataFrame:
        """Return one row per kind of ending with the columns of `EndingRow`."""
        return frame_of(self.rows, EndingRow)


def endings_table(
    cases: Iterable[Case],
    *,
    effect: ScorePattern | GoalPattern,
    timing: Timing,
    respondent: Respondent = "client",
) -> EndingsTable:
    """Lay out clients by kind of ending, with their sessions and their first and last scores.

    Every estimate rests on scores missing at random given the observed series. Where those who dropped out left with
    other scores than those who completed, look at them before believing it.

    >>> from therapeutic_process.change_process import ScorePattern
    >>> from therapeutic_process.exchange import example_cases
    >>> endings_table(example_cases(), effect=ScorePattern(instrument="phq9"), timing="before").n_clients
    7

    Args:
        cases: The cases.
        effect: Whose scores.
        timing: Which scores belong to a session, those `before` it, those right `after` it, or `both`.
        respondent: Who gave the scores.

    Raises:
        CannotEstimate: With code `timing_undeclared`.
    """
    when = require_timing("endings_table", timing)
    dropped: Counter[str] = Counter()
    sessions: dict[str, list[int]] = {}
    ends: dict[str, list[tuple[float, float]]] = {}
    for case in cases:
        kind = NOT_RECORDED if case.ending is None else case.ending.kind
        for client in case.clients:
            there = [s for s in case.held_sessions if s.attended is None or client.id in s.attended]
            sessions.setdefault(kind, []).append(len(there))
            scores = _in_order(case, client, effect, when, respondent, dropped)
            if len(scores) > 1:
                ends.setdefault(kind, []).append((scores[0], scores[-1]))
    rows = [_row(kind, counts, ends.get(kind, [])) for kind, counts in sessions.items()]
    rows.sort(key=lambda r: (-r.n_clients, r.ending))
    reasons = tuple((reason, count) for reason, count in sorted(dropped.items()) if count)
    return EndingsTable(tuple(rows), sum(r.n_clients for r in rows), reasons)


def _in_order(
    case: Case,
    client: Participant,
    effect: ScorePattern | GoalPattern,
    timing: Timing,
    respondent: Respondent,
    dropped: Counter[str],
) -> list[float]:
    """Return a client's scores in their order; where a session has two, the one before it goes first."""
    sides: tuple[Timing, ...] = ("before", "after") if timing == "both" else (timing,)
    found: list[tuple[int, int, float]] = []
    for place, side in enumerate(sides):
        lost: Counter[str] = Counter()
        scores = effect_scores(case, client, effect, timing=side, respondent=respondent, dropped=lost)
        found += [(number, place, one.score) for number, one in scores.items()]
        known_elsewhere = {OTHER_TIMING, *([MISSING] if place else [])} if timing == "both" else set()
        dropped.update({reason: n for reason, n in lost.items() if reason not in known_elsewhere})
    return [score for _, _, score in sorted(found)]


def _row(kind: str, sessions: list[int], ends: list[tuple[float, float]]) -> EndingRow:
    first, last = ([pair[i] for pair in ends] for i in (0, 1))
    change = fmean(b - a for a, b in ends) if ends else None
    return EndingRow(
        ending=kind,
        n_clients=len(sessions),
        median_sessions=float(median(sessions)),
        n_with_scores=len(ends),
        first_score=fmean(first) if ends else None,
        last_score=fmean(last) if ends else None,
        change=change,
    )
