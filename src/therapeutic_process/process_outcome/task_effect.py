"""Tasks between sessions: how many were assigned, how far they were done, and how the next score differs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from therapeutic_process.change_process import TaskPattern
from therapeutic_process.errors import NotEnoughData
from therapeutic_process.process_outcome.cause_values import NO_TASK
from therapeutic_process.process_outcome.joint_model import lagged_within_client_effect
from therapeutic_process.process_outcome.joint_result import WithinClientEffect
from therapeutic_process.process_outcome.layout import Layout, Timing, declared
from therapeutic_process.process_outcome.process_tables import process_table
from therapeutic_process.process_outcome.task_values import NOT_RATED, RATED_LATE

if TYPE_CHECKING:
    from collections.abc import Iterable

    from therapeutic_process.change_process import EffectPattern
    from therapeutic_process.instruments import Catalogue
    from therapeutic_process.process_outcome.effect_values import Respondent
    from therapeutic_process.records import Case

__all__ = ["BetweenSessionTaskEffect", "between_session_task_effect"]

_NAME = "between_session_task_effect"


@attrs.frozen(eq=False, repr=False)
class BetweenSessionTaskEffect:
    """From assignment to adherence to the next score.

    Attributes:
        n_without_task: Sessions without such a task.
        n_unrated: Sessions with a task of which nobody rated how far it was done.
        n_rated: Sessions whose tasks were rated before the next score.
        mean_adherence: Over those, 0 to 1.
        effect: How the next score differs after more adherence than usual for the client, among sessions with a
            task: from none of the task to all of it.
        dropped: What was left out, by reason and count.
        warnings: What limits the result.
    """

    n_without_task: int
    n_unrated: int
    n_rated: int
    mean_adherence: float
    effect: WithinClientEffect
    dropped: tuple[tuple[str, int], ...]
    warnings: tuple[str, ...]

    def __repr__(self) -> str:
        return f"<BetweenSessionTaskEffect {self.effect.verdict}; {self.effect.n_clients} clients>"

    def __str__(self) -> str:
        counts = (
            f"{self.n_rated} rated, {self.n_unrated} not rated, {self.n_without_task} sessions without a task"
        )
        return "\n".join(
            [
                str(self.effect),
                f"adherence: {self.mean_adherence:.0%} on average; {counts}",
                "clients do more of a task in weeks that are going well: no such link shows that the task helped",
                *(f"warning: {text}" for text in self.warnings),
            ]
        )


def between_session_task_effect(
    cases: Iterable[Case],
    *,
    effect: EffectPattern,
    timing: Timing | None = None,
    tasks: tuple[str, ...] = (),
    respondent: Respondent = "client",
    catalogue: Catalogue | None = None,
    level: float = 0.95,
    layout: Layout | None = None,
) -> BetweenSessionTaskEffect:
    """Estimate how the next score differs after tasks were done more fully than usual for the client.

    The joint model of `lagged_within_client_effect`, on adherence. With scores after sessions, a task belongs to the
    session that follows its assignment.

    Args:
        cases: The cases.
        effect: Whose next score is the outcome.
        timing: When the scores were taken, `before` or `after` their session; must be declared, here or in `layout`.
        tasks: Kinds of task; empty: any kind.
        respondent: Who gave the scores.
        catalogue: Where to look up instruments, besides the cases' own; by default the built-in catalogue.
        level: Level of the intervals.
        layout: Timing, lag and time axis in one, instead of `timing` alone; the columns are those of `ProcessRow`.

    Raises:
        NotEnoughData: If adherence was rated after the next outcome, or in an unknown order to it: then the outcome
            may have coloured the rating.
        CannotEstimate: With the codes of `lagged_within_client_effect`.
    """
    plan = declared(_NAME, timing, layout)
    made = process_table(
        cases,
        cause=TaskPattern(tasks=tasks, amount="adherence"),
        effect=effect,
        timing=plan.timing,
        respondent=respondent,
        catalogue=catalogue,
    )
    dropped = dict(made.dropped)
    late = dropped.get(RATED_LATE, 0)
    if late:
        found = f"{late} sessions whose tasks were rated after it, or in an unknown order to it"
        raise NotEnoughData(_NAME, needed="adherence rated before the next outcome", found=found)
    estimate = lagged_within_client_effect(
        made.table,
        layout=plan,
        outcome="score",
        process="process",
        cluster="case_id" if made.several_clients else None,
        level=level,
    )
    return BetweenSessionTaskEffect(
        n_without_task=dropped.get(NO_TASK, 0),
        n_unrated=dropped.get(NOT_RATED, 0),
        n_rated=made.n_sessions,
        mean_adherence=float(made.table["process"].drop_nulls().to_numpy().mean()),
        effect=estimate,
        dropped=made.dropped + estimate.dropped,
        warnings=made.warnings + estimate.warnings,
    )
