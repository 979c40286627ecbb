"""The intervals of one client's course of scores, judged without any table: verdict and reason for each."""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import stdev
from typing import TYPE_CHECKING, TypeAlias

from therapeutic_process.change_process.arguments import known_score

if TYPE_CHECKING:
    from therapeutic_process.change_process.sudden_rule import SuddenRule

__all__ = ["interval_reasons"]

Scores: TypeAlias = Sequence[float | None]


def interval_reasons(scores: Scores, rule: SuddenRule) -> tuple[str, ...]:
    """Judge every interval N→N+1 of one client; one client equals a cohort of one.

    >>> from therapeutic_process.change_process import SuddenRule
    >>> interval_reasons([32, 31, 33, 5, 6, 7], SuddenRule(cutoff=7))
    ('too_few_scores', 'below_cutoff', 'sudden', 'below_cutoff', 'too_few_scores')

    Args:
        scores: The scores in order; None or NaN where a session has no score.
        rule: The criteria.

    Returns:
        The reason of each interval, one fewer than the scores: the codes of `REASONS`.

    Raises:
        TherapeuticProcessError: If a score is no finite number.
    """
    known = [known_score("scores", score) for score in scores]
    return tuple(_reason(known, n, rule) for n in range(len(known) - 1))


def _reason(scores: Scores, n: int, rule: SuddenRule) -> str:
    place, left = n + 1, len(scores) - n - 1
    if place < rule.min_sessions_before or left < rule.min_sessions_after:
        return "too_few_sessions"
    before, after = scores[n], scores[n + 1]
    if before is not None and after is not None:
        return _of_two(before, after, rule, stable=_stable(scores, n, rule))
    return "score_missing" if rule.needs_both_scores else _told(stable=_stable(scores, n, rule))


def _of_two(before: float, after: float, rule: SuddenRule, *, stable: bool | None) -> str:
    change = (before - after) * rule.sign
    if rule.min_share is not None and before < 0:
        return "share_undefined"
    if stable is not None and rule.cutoff is not None and not change >= rule.cutoff:
        return "below_cutoff"
    if stable is not None and rule.min_share is not None and not change >= before * rule.min_share:
        return "below_share"
    return _told(stable=stable)


def _told(*, stable: bool | None) -> str:
    return "too_few_scores" if stable is None else "sudden" if stable else "not_stable"


def _stable(scores: Scores, n: int, rule: SuddenRule) -> bool | None:
    """Whether the change stands out as the stability rule asks; None where too few scores are there."""
    if rule.stability == "none":
        return True
    if rule.uses_windows:
        return _means_apart(scores, n, rule)
    before, after = scores[n], scores[n + 1]
    if before is None or after is None:
        return None
    change = (before - after) * rule.sign
    if rule.stability == "share_kept":
        later = [x for x in scores[n + 2 : n + 4] if x is not None]
        limit = before * rule.sign - change * rule.kept
        return all(x * rule.sign <= limit for x in later) if len(later) == 2 else None
    known = [x for x in scores if x is not None]
    return change >= stdev(known) * rule.series_sds if len(known) > 2 else None


def _means_apart(scores: Scores, n: int, rule: SuddenRule) -> bool | None:
    before = [x for x in scores[max(n - 2, 0) : n + 1] if x is not None]
    after = [x for x in scores[n + 1 : n + 4] if x is not None]
    if len(before) < 2 or len(after) < 2:
        return None
    df = len(before) + len(after) - 2
    pooled = (_squares(before) + _squares(after)) / df
    if rule.stability == "t_test":
        pooled *= 1 / len(before) + 1 / len(after)
    apart = (sum(before) / len(before) - sum(after) / len(after)) * rule.sign
    return apart > rule.critical_value(df) * math.sqrt(pooled)


def _squares(values: list[float]) -> float:
    """Return the sum of squares around the mean, from differences: exact for equal scores."""
    pairs = ((a - b) ** 2 for i, a in enumerate(values) for b in values[i + 1 :])
    return sum(pairs) / len(values)
