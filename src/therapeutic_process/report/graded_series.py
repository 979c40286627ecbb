"""What the rules of change say about one case, series by series: facts without any markup."""

from __future__ import annotations

import math
from collections import Counter
from typing import TYPE_CHECKING, Final, Literal

import attrs

from therapeutic_process.change_process import (
    REASONS,
    Change,
    ClinicalSignificance,
    SuddenRule,
    changes,
    clinical_significance,
    interval_reasons,
    published_cutoff,
    remission,
    response,
)
from therapeutic_process.instruments import Catalogue, Cutoff, Direction
from therapeutic_process.records import Measurement

if TYPE_CHECKING:
    from collections.abc import Sequence

    from therapeutic_process.records import Case

__all__ = ["JUDGED", "Answer", "GradedSeries", "Interval", "SuddenCourse", "graded_series", "reason_in_words"]

JUDGED: Final = frozenset({"sudden", "below_cutoff", "below_share", "not_stable"})
"""Reasons of an interval that could be judged."""
NO_THRESHOLD: Final = "no verified threshold of reliable change is known"
NO_DIRECTION: Final = "it is not known which direction of the score is better"
_VERDICTS: Final = {
    "reliable_improvement": "improved",
    "no_reliable_change": "unchanged",
    "reliable_deterioration": "deteriorated",
}


@attrs.frozen(repr=False)
class Answer:
    """Yes, no, or that it cannot be said and why.

    Attributes:
        said: The answer; None: cannot say.
        why: Why it cannot be said; empty where it can.
    """

    said: bool | None
    why: str = ""


@attrs.frozen
class Interval:
    """The stretch between two neighbouring measurements, judged for a sudden gain and for a sudden loss.

    Attributes:
        gain: Reason of the verdict on a gain, see `therapeutic_process.change_process.REASONS`.
        loss: Reason of the verdict on a loss.
    """

    gain: str
    loss: str

    @property
    def verdict(self) -> Literal["sudden_gain", "sudden_loss", "neither", "cannot_say"]:
        """The verdict; that it cannot be said is none of the others."""
        if self.gain == "sudden":
            return "sudden_gain"
        if self.loss == "sudden":
            return "sudden_loss"
        return "neither" if {self.gain, self.loss} <= JUDGED else "cannot_say"


@attrs.frozen(repr=False)
class SuddenCourse:
    """The intervals of a series, and by which rule they were judged.

    Attributes:
        rule: The rule for gains, mirrored for losses; None where there could be none.
        why: Why there could be none.
        intervals: One per pair of neighbouring measurements; empty without a rule.
    """

    rule: SuddenRule | None
    why: str | None
    intervals: tuple[Interval, ...]

    def counts(self) -> Counter[str]:
        """Count the intervals by verdict."""
        return Counter(one.verdict for one in self.intervals)

    def reasons(self) -> Counter[str]:
        """Count the intervals that cannot be judged, by the code of the reason."""
        return Counter(one.gain for one in self.intervals if one.verdict == "cannot_say")


@attrs.frozen(eq=False, repr=False)
class GradedSeries:
    """What can be said about one series: what one respondent said about one person on one scale.

    Attributes:
        measurements: The series, in the order of the record.
        change: The change from its first to its last score.
        cutoff: The published cutoff of caseness that was used; None where there is not exactly one.
        significance: The class and how it came about; None without a cutoff.
        ranges: Whether the first score lies in the clinical and the last in the functional range; None without a
            cutoff or without two scores.
        why: Why there is no class; None where there is one.
        response: Whether the last score is at most half of the first.
        remission: Whether the last score lies in the published range of remission.
        remission_cutoff: The cutoff of that range.
        sudden: Sudden gains and losses.
    """

    measurements: tuple[Measurement, ...]
    change: Change
    cutoff: Cutoff | None
    significance: ClinicalSignificance | None
    ranges: tuple[bool, bool] | None
    why: str | None
    response: Answer
    remission: Answer
    remission_cutoff: Cutoff | None
    sudden: SuddenCourse

    @property
    def category(self) -> str | None:
        """The class, one of `therapeutic_process.change_process.CLASSES`; None: cannot say."""
        return None if self.significance is None or self.why is not None else self.significance.category


def graded_series(case: Case, catalogue: Catalogue) -> tuple[GradedSeries, ...]:
    """Grade every series of a case, in the order in which `changes` gives them.

    Args:
        case: The case.
        catalogue: Where to look up instruments; the case's own come first.
    """
    known = catalogue.with_(*case.instruments) if case.instruments else catalogue
    series: dict[object, list[Measurement]] = {}
    for one in case.measurements:
        series.setdefault((one.instrument, one.scale, one.subject, one.respondent), []).append(one)
    rows = changes(case, catalogue=known).rows
    return tuple(_graded(tuple(s), c, known) for s, c in zip(series.values(), rows, strict=True))


def _graded(series: tuple[Measurement, ...], change: Change, catalogue: Catalogue) -> GradedSeries:
    direction = _direction(change, catalogue)
    cutoff, why = _sole_cutoff(change, catalogue, direction, "caseness")
    found, no_class = _significance(change, cutoff, direction, why)
    end, why_not = _sole_cutoff(change, catalogue, direction, "remission")
    return GradedSeries(
        measurements=series,
        change=change,
        cutoff=cutoff,
        significance=found,
        ranges=None if found is None else _ranges(change, found),
        why=no_class,
        response=_response(change, catalogue, direction),
        remission=_remission(change, end, direction, why_not),
        remission_cutoff=end,
        sudden=_sudden(series, change, direction),
    )


def _direction(change: Change, catalogue: Catalogue) -> Direction | None:
    entry = catalogue.instrument(change.instrument)
    part = entry.subscale(change.scale) if entry and change.scale is not None else None
    if entry is None or (change.scale is not None and part is None):
        return None
    return (part.direction if part else None) or entry.direction


def _sole_cutoff(
    change: Change, catalogue: Catalogue, direction: Direction | None, purpose: str
) -> tuple[Cutoff | None, str]:
    """Return the one verified cutoff for a purpose, or why there is none."""
    entry = catalogue.instrument(change.instrument)
    if entry is None:
        return None, "the instrument is not in the catalogue"
    found = [c for c in entry.cutoffs_for(purpose=purpose) if (c.subscale, c.metric) == (change.scale, None)]
    if not found:
        return None, f"no verified cutoff of {purpose} is known"
    if len({(c.value, c.comparator) for c in found}) > 1:
        return None, f"{len(found)} published cutoffs of {purpose} differ, and none is preferred"
    if direction is None:
        return None, NO_DIRECTION
    against = {"higher_worse": {"<", "<="}, "higher_better": {">", ">="}}[direction]
    if found[0].comparator in against:
        return None, "the published cutoff contradicts the direction of the score"
    return found[0], ""


def _better(direction: Direction | None) -> Literal["lower", "higher"]:
    return "higher" if direction == "higher_better" else "lower"


def _significance(
    change: Change, cutoff: Cutoff | None, direction: Direction | None, why: str
) -> tuple[ClinicalSignificance | None, str | None]:
    if cutoff is None:
        return None, change.why if change.difference is None else why
    ends = [x for x in (change.before, change.after) if x is not None]
    if cutoff.comparator is None and any(math.isclose(x, cutoff.value) for x in ends):
        return None, "the source does not say to which range a score of exactly the cutoff belongs"
    found = clinical_significance(
        change.before,
        change.after,
        cutoff=published_cutoff(cutoff.value, better=_better(direction), source=cutoff.source),
        verdict=_VERDICTS.get(change.verdict),
        at_cutoff="functional" if cutoff.comparator in {"<", ">"} else "clinical",
    )
    return found, (change.why or found.reason) if found.category is None else None


def _ranges(change: Change, found: ClinicalSignificance) -> tuple[bool, bool] | None:
    """Return where the two scores lie, also where nothing can be said about the change between them."""
    by_cutoff = clinical_significance(
        change.before, change.after, cutoff=found.cutoff, verdict="unchanged", at_cutoff=found.at_cutoff
    )
    if by_cutoff.clinical_before is None or by_cutoff.functional_after is None:
        return None
    return by_cutoff.clinical_before, by_cutoff.functional_after


def _response(change: Change, catalogue: Catalogue, direction: Direction | None) -> Answer:
    """Tell whether the last score is at most half of the first; only where a share of a score has a meaning."""
    if change.before is None or change.after is None:
        return Answer(None, change.why or "")
    if direction is None:
        return Answer(None, NO_DIRECTION)
    if direction == "higher_better":
        return Answer(None, "the rule is one for scores of which lower is better")
    if _lowest(change, catalogue) != 0:
        return Answer(None, "a share of a score needs a scale that begins at 0")
    said = response(change.before, change.after)
    return Answer(said, "" if said is not None else "the first score is 0: a share of it is undefined")


def _lowest(change: Change, catalogue: Catalogue) -> float | None:
    entry = catalogue.instrument(change.instrument)
    part = entry.subscale(change.scale) if entry and change.scale is not None else entry
    return None if part is None else part.minimum


def _remission(change: Change, cutoff: Cutoff | None, direction: Direction | None, why: str) -> Answer:
    if change.after is None:
        return Answer(None, change.why or "")
    if cutoff is None:
        return Answer(None, why)
    if cutoff.comparator is None and math.isclose(change.after, cutoff.value):
        return Answer(None, "the source does not say to which range a score of exactly the cutoff belongs")
    at: Literal["functional", "clinical"] = "functional" if cutoff.comparator in {"<", ">"} else "clinical"
    return Answer(remission(change.after, cutoff=cutoff.value, better=_better(direction), at_cutoff=at))


def _sudden(series: Sequence[Measurement], change: Change, direction: Direction | None) -> SuddenCourse:
    """Judge every interval by the rule that `detect_changes` uses."""
    if len(series) < 2:
        return SuddenCourse(None, f"needs 2 measurements, found {len(series)}", ())
    if change.threshold is None or direction is None:
        return SuddenCourse(None, NO_THRESHOLD if change.threshold is None else NO_DIRECTION, ())
    gain = SuddenRule(cutoff=change.threshold.value, better=_better(direction))
    scores = [m.score for m in series]
    both = zip(
        interval_reasons(scores, gain), interval_reasons(scores, attrs.evolve(gain, kind="loss")), strict=True
    )
    return SuddenCourse(gain, None, tuple(Interval(g, l) for g, l in both))


def reason_in_words(interval: Interval) -> str:
    """Say why an interval holds no sudden change, or that it cannot be said and why.

    >>> reason_in_words(Interval("too_few_scores", "too_few_scores"))
    'the stability rule needs more scores around the interval'
    """
    if interval.verdict in {"sudden_gain", "sudden_loss"}:
        return REASONS["sudden"]
    code = interval.gain if interval.loss in {interval.gain, "below_cutoff"} else interval.loss
    return REASONS[code].removeprefix("cannot say: ").removeprefix("not judged: ")
