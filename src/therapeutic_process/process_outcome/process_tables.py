"""From cases to the long table that the estimators take: a score and a process per held session."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import TYPE_CHECKING

import attrs

from therapeutic_process.change_process import (
    CausePattern,
    ChangePattern,
    CodePattern,
    EffectPattern,
    GoalPattern,
    RatingPattern,
    ScorePattern,
    TaskPattern,
)
from therapeutic_process.errors import CannotEstimate, NotEnoughData
from therapeutic_process.instruments import Direction, builtin_catalogue
from therapeutic_process.process_outcome.cause_values import cause_in_session
from therapeutic_process.process_outcome.context_values import ContextKind, context_before_sessions
from therapeutic_process.process_outcome.effect_values import (
    MISSING,
    OTHER_TIMING,
    PlacedScore,
    Respondent,
    effect_scores,
    goals_exchanged,
)
from therapeutic_process.process_outcome.panel import Timing, require_timing
from therapeutic_process.process_outcome.process_row import ProcessRow
from therapeutic_process.process_outcome.score_quality import (
    items_in_common,
    outcome_direction,
    score_warnings,
)
from therapeutic_process.process_outcome.task_values import task_results
from therapeutic_process.records import first_instant
from therapeutic_process.tables import frame_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    import polars as pl  # noqa: TC004  attrs does not evaluate annotations

    from therapeutic_process.instruments import Catalogue
    from therapeutic_process.records import Case, Participant

__all__ = ["ProcessTable", "process_table"]

_NAME = "process_table"


@attrs.frozen(eq=False, repr=False)
class ProcessTable:
    """Scores and a process by held session, for the estimators, and what was left out.

    Attributes:
        table: A row per client and held session with the columns of `ProcessRow`; the last may hold only a score.
        cause: What the process is.
        effect: What the score is.
        timing: When the score of a row was taken, relative to its session.
        better: Which direction of the score is improvement; None where it is not known.
        n_clients: Clients with a row.
        n_sessions: Held sessions whose process is known.
        n_scores: Scores used.
        dropped: What was left out, by reason and count.
        warnings: What the scores cannot carry.
        several_clients: Whether a case has several clients, so that cases are the independent units.
    """

    table: pl.DataFrame
    cause: CausePattern
    effect: EffectPattern
    timing: Timing
    better: Direction | None
    n_clients: int
    n_sessions: int
    n_scores: int
    dropped: tuple[tuple[str, int], ...]
    warnings: tuple[str, ...]
    several_clients: bool

    def __repr__(self) -> str:
        sizes = f"{self.n_clients} clients, {self.n_sessions} sessions with a known process"
        return f"<ProcessTable {sizes}, {self.n_scores} scores>"

    def __str__(self) -> str:
        lines = [repr(self), *(f"dropped: {count} × {reason}" for reason, count in self.dropped)]
        return "\n".join([*lines, *(f"warning: {text}" for text in self.warnings)])


def process_table(
    cases: Iterable[Case],
    *,
    cause: CausePattern,
    effect: EffectPattern,
    timing: Timing,
    respondent: Respondent = "client",
    complete: bool = False,
    catalogue: Catalogue | None = None,
    context: Sequence[ContextKind] = (),
) -> ProcessTable:
    """Lay a cause and an effect out by client and held session, as the estimators take them.

    A code counts as 0 only in a session that a pass of its system covered; several passes give their mean, consensus
    passes before others. Sessions are counted as held ones. How far a task was done belongs to the session of its
    assignment (`before`), or to the next one (`after`), and counts only where that was known before the outcome.

    >>> from therapeutic_process.change_process import CodePattern, ScorePattern
    >>> from therapeutic_process.exchange import example_cases
    >>> change_talk = CodePattern(system="automisc", codes=["C"], role="client", amount="count")
    >>> process_table(example_cases(), cause=change_talk, effect=ScorePattern(instrument="phq9"), timing="before")
    <ProcessTable 7 clients, 5 sessions with a known process, 5 scores>

    Args:
        cases: The cases.
        cause: What of the sessions is the process.
        effect: Whose next score is the outcome: an instrument or a goal.
        timing: Which scores belong to a session, those `before` it, those right `after` it, or `both`. Goal ratings do
            not record it: it is declared for them.
        respondent: Who gave the scores.
        complete: Whether all tasks, or all events, were recorded, so that a session without one holds 0.
        catalogue: Where to look up instruments, besides the cases' own; by default the built-in catalogue.
        context: Kinds of context events that become covariates: a column `context_life_event` says whether one lies
            between a session and the one before it. Nobody records that there was none: without `complete` a
            stretch without one is unknown.

    Raises:
        NotEnoughData: If the effect is a change outside sessions, which is no series of scores.
        CannotEstimate: With codes `timing_undeclared`, `shared_items`.
        MissingExtra: If the ``analysis`` extra is not installed.
    """
    when, scored = require_timing(_NAME, timing), _scored(effect)
    if when == "both":
        _refuse_both(cause, scored)
    known, directions = catalogue or builtin_catalogue(), set()
    mine = known
    dropped: Counter[str] = Counter()
    rows: list[ProcessRow] = []
    covariates: dict[str, list[float | None]] = {kind: [] for kind in context}
    several, seeing, exchanged = False, 0, 0
    for case in cases:
        mine = known.with_(*case.instruments) if case.instruments else known
        _refuse_shared(cause, scored, mine)
        directions.add(outcome_direction(scored, mine))
        several |= len(case.clients) > 1
        seeing += _coded_seeing(case, cause)
        for client in case.clients:
            scores, later = _placed(case, client, scored, when, respondent, dropped)
            exchanged += goals_exchanged(scores)
            amounts = _amounts(case, client, cause, scores, timing=when, complete=complete, dropped=dropped)
            own = list(_rows(case, client, scores, amounts, later))
            around = {
                k: context_before_sessions(case, client, k, complete=complete, dropped=dropped)
                for k in context
            }
            rows += own
            for kind, values in around.items():
                covariates[kind] += [values.get(r.session) for r in own]
    better = directions.pop() if len(directions) == 1 else None
    return ProcessTable(
        table=_with_context(frame_of(rows, ProcessRow), covariates),
        cause=cause,
        effect=effect,
        timing=when,
        better=better,
        n_clients=len({r.client_id for r in rows}),
        n_sessions=sum(r.process is not None for r in rows),
        n_scores=sum((r.score is not None) + (r.score_after is not None) for r in rows),
        dropped=tuple((reason, count) for reason, count in sorted(dropped.items()) if count),
        warnings=(*score_warnings(scored, rows, mine), *_not_blind(seeing), *_other_goals(exchanged)),
        several_clients=several,
    )


def _with_context(table: pl.DataFrame, covariates: Mapping[str, list[float | None]]) -> pl.DataFrame:
    import polars as pl

    columns = [pl.Series(f"context_{kind}", values, dtype=pl.Float64) for kind, values in covariates.items()]
    return table.with_columns(columns)


def _placed(
    case: Case,
    client: Participant,
    effect: ScorePattern | GoalPattern,
    timing: Timing,
    respondent: Respondent,
    dropped: Counter[str],
) -> tuple[dict[int, PlacedScore], dict[int, PlacedScore]]:
    """Return the scores by session; of two per session those before it, and those after it."""
    if timing != "both":
        return effect_scores(case, client, effect, timing=timing, respondent=respondent, dropped=dropped), {}
    lost: tuple[Counter[str], Counter[str]] = Counter(), Counter()
    sides: tuple[Timing, Timing] = ("before", "after")
    before, after = (
        effect_scores(case, client, effect, timing=side, respondent=respondent, dropped=counts)
        for side, counts in zip(sides, lost, strict=True)
    )
    # what one side leaves to the other is not lost, and what is missing is missing once
    for counts, other in zip(lost, ((OTHER_TIMING,), (OTHER_TIMING, MISSING)), strict=True):
        dropped.update({reason: n for reason, n in counts.items() if reason not in other})
    return before, after


def _refuse_both(cause: CausePattern, effect: ScorePattern | GoalPattern) -> None:
    """Refuse what two scores per session cannot tell."""
    done = isinstance(cause, TaskPattern) and cause.amount != "assigned"
    if isinstance(effect, GoalPattern) or done:
        needed = "timing 'before' or 'after' for goals, and for tasks done between sessions"
        raise CannotEstimate(_NAME, "timing_undeclared", needed=needed, found="both")


def _scored(effect: EffectPattern) -> ScorePattern | GoalPattern:
    if isinstance(effect, ChangePattern):
        needed = "a score or a goal as the effect"
        found = "changes outside sessions: for those, see event_crossover_effect"
        raise NotEnoughData(_NAME, needed=needed, found=found)
    return effect


def _coded_seeing(case: Case, cause: CausePattern) -> int:
    """Count the coding passes of the cause whose coder knew the outcome."""
    if not isinstance(cause, CodePattern):
        return 0
    return sum(p.system == cause.system and p.blind_to_outcome is False for p in case.coding_passes)


def _not_blind(passes: int) -> list[str]:
    return [f"{passes} coding passes were made by coders who knew the outcome"] if passes else []


def _other_goals(scores: int) -> list[str]:
    told = (
        f"{scores} scores are over other goals than the client's last one: that they differ may be the goals"
    )
    return [told] if scores else []


def _refuse_shared(cause: CausePattern, effect: ScorePattern | GoalPattern, known: Catalogue) -> None:
    if isinstance(cause, RatingPattern) and isinstance(effect, ScorePattern):
        if items_in_common(cause, effect, known):
            needed = "process and outcome without common items"
            raise CannotEstimate(_NAME, "shared_items", needed=needed, found="one instrument for both")


def _amounts(
    case: Case,
    client: Participant,
    cause: CausePattern,
    scores: Mapping[int, PlacedScore],
    *,
    timing: Timing,
    complete: bool,
    dropped: Counter[str],
) -> dict[int, float]:
    if isinstance(cause, TaskPattern) and cause.amount != "assigned":
        return task_results(case, client, cause, scores, timing=timing, dropped=dropped)
    amounts = {}
    for number, session in enumerate(case.held_sessions, start=1):
        found = cause_in_session(case, client, session, cause, complete=complete)
        if found.value is None:
            dropped[found.why or ""] += 1
        else:
            amounts[number] = found.value
    return amounts


def _rows(
    case: Case,
    client: Participant,
    scores: Mapping[int, PlacedScore],
    amounts: Mapping[int, float],
    later: Mapping[int, PlacedScore],
) -> Iterator[ProcessRow]:
    name = case.id if len(case.clients) == 1 else f"{case.id}/{client.id}"
    times: dict[int, datetime] = {
        i: first_instant(s.started_at) for i, s in enumerate(case.held_sessions, start=1) if s.started_at
    }
    times |= {i: s.at for i, s in scores.items() if s.at is not None}
    start = min(times.values(), default=None)
    for number in sorted({*range(1, len(case.held_sessions) + 1), *scores}):
        score, at = scores.get(number), times.get(number)
        days = None if start is None or at is None else (at - start) / timedelta(days=1)
        after = later.get(number)
        yield ProcessRow(
            name,
            case.id,
            number,
            None if score is None else score.score,
            amounts.get(number),
            days,
            None if after is None else after.score,
        )
