"""What is known of the scores of an outcome: which direction is better, and what they cannot carry."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from therapeutic_process.change_process import ScorePattern
from therapeutic_process.process_outcome.scale_limits import at_an_end, looks_back

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from therapeutic_process.change_process import GoalPattern, RatingPattern
    from therapeutic_process.instruments import Catalogue, Direction
    from therapeutic_process.process_outcome.process_row import ProcessRow

__all__ = ["items_in_common", "outcome_direction", "score_warnings"]


def outcome_direction(effect: ScorePattern | GoalPattern, known: Catalogue) -> Direction | None:
    """Return which direction of a score is improvement; None where the instrument does not say.

    Args:
        effect: The effect; progress towards a goal is better the higher it is.
        known: Where to look the instrument up.
    """
    if not isinstance(effect, ScorePattern):
        return "higher_better"
    instrument = known.instrument(effect.instrument)
    if instrument is None or effect.scale is None:
        return None if instrument is None else instrument.direction
    scale = instrument.subscale(effect.scale)
    return None if scale is None else scale.direction or instrument.direction


def items_in_common(cause: RatingPattern, effect: ScorePattern, known: Catalogue) -> bool:
    """Say whether a process and an outcome may share items: one instrument, unless its subscales are apart.

    Args:
        cause: The process.
        effect: The outcome.
        known: Where to look the instrument up.
    """
    if cause.instrument != effect.instrument:
        return False
    instrument = known.instrument(cause.instrument)
    found = [instrument.subscale(s) if instrument and s else None for s in (cause.scale, effect.scale)]
    items = [set(s.items) if s else set() for s in found]
    return not all(items) or bool(items[0] & items[1])


def score_warnings(
    effect: ScorePattern | GoalPattern, rows: Sequence[ProcessRow], known: Catalogue
) -> tuple[str, ...]:
    """Return what the scores cannot carry: an end of the scale, or a look back over more than the gap.

    Args:
        effect: The effect.
        rows: Rows with scores, clients one after the other.
        known: Where to look the instrument up.
    """
    low, high = _range(effect, known)
    found = at_an_end([r.score for r in rows if r.score is not None], low, high)
    instrument = known.instrument(effect.instrument) if isinstance(effect, ScorePattern) else None
    if instrument is not None:
        found += looks_back(instrument.recall_days, list(_gaps(rows)))
        if instrument.item_count == 1:
            found.append("the outcome is a single item: an ordinal scale is no interval scale")
    return tuple(found)


def _range(effect: ScorePattern | GoalPattern, known: Catalogue) -> tuple[float | None, float | None]:
    if not isinstance(effect, ScorePattern):
        return (0.0, 10.0) if effect.measure == "rating" else (None, None)
    instrument = known.instrument(effect.instrument)
    part = instrument.subscale(effect.scale) if instrument and effect.scale else instrument
    return (None, None) if part is None else (part.minimum, part.maximum)


def _gaps(rows: Sequence[ProcessRow]) -> Iterator[float]:
    scored = [r for r in rows if r.score is not None and r.days is not None]
    for a, b in pairwise(scored):
        if a.client_id == b.client_id and a.days is not None and b.days is not None:
            yield b.days - a.days
