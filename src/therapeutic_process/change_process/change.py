"""Change between two measurements of one instrument, for one client."""

from __future__ import annotations

import math
from collections import Counter
from typing import TYPE_CHECKING, Any, Literal

import attrs

from therapeutic_process.change_process.arguments import need_number
from therapeutic_process.errors import NotEnoughData
from therapeutic_process.instruments import Catalogue, Direction, builtin_catalogue
from therapeutic_process.records import MissingReason, Reporter, first_instant, last_instant
from therapeutic_process.tables import frame_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    import polars as pl

    from therapeutic_process.records import Case, Measurement

__all__ = [
    "Change",
    "ChangeVerdict",
    "Changes",
    "Threshold",
    "change_between",
    "changes",
    "direction_of",
    "published_threshold",
    "series_key",
]

ChangeVerdict = Literal["reliable_improvement", "reliable_deterioration", "no_reliable_change", "cannot_say"]


@attrs.frozen
class Threshold:
    """An amount of change that counts as reliable, and where it comes from.

    Attributes:
        value: Points of the score.
        inclusive: Whether a change of exactly `value` counts; None where the source does not say.
        source: The citation.
    """

    value: float = attrs.field()
    inclusive: bool | None
    source: str

    @value.validator
    def _positive(self, _: object, value: Any) -> None:
        if not (isinstance(value, int | float) and value > 0 and math.isfinite(value)):
            raise NotEnoughData("Threshold", needed="a finite value above 0", found="another one")

    def reached(self, amount: float) -> bool | None:
        """Whether an amount of change, its sign taken off, counts; None at the very value where nobody said so.

        Scores are decimals: amounts that differ by no more than the rounding of floats are the same amount.

        >>> Threshold(0.5, inclusive=True, source="a manual").reached(2.3 - 1.8)
        True
        """
        if math.isclose(need_number("amount", amount), self.value, rel_tol=1e-9):
            return self.inclusive
        return amount > self.value


def published_threshold(instrument_id: str, *, catalogue: Catalogue | None = None) -> Threshold | None:
    """Return the published threshold of reliable change of an instrument's total, if exactly one verified one is known.

    >>> published_threshold("phq9").value
    6.0

    Args:
        instrument_id: The instrument.
        catalogue: Where to look; by default the built-in catalogue.

    Returns:
        The threshold with its source; None where none is known or several disagree.
    """
    instrument = (catalogue or builtin_catalogue()).instrument(instrument_id)
    known = [] if instrument is None else [
        t for t in instrument.change_thresholds
        if t.kind == "reliable_change" and t.verified and t.confidence != "low" and t.value > 0
    ]  # fmt: skip
    if len({(t.value, t.comparator) for t in known}) != 1:
        return None
    comparator = known[0].comparator
    inclusive = None if comparator is None else comparator == ">="
    return Threshold(known[0].value, inclusive=inclusive, source=known[0].source)


@attrs.frozen(repr=False)
class Change:
    """Change from one measurement to a later one.

    Attributes:
        instrument: The instrument.
        scale: Its subscale; None for the total.
        subject: The participant whom the scores are about.
        respondent: Who answered.
        verdict: Whether the change exceeds measurement error, or that this cannot be said.
        why: Why it cannot be said; None where it can.
        before: The earlier score; None where it is missing.
        after: The later score; None where it is missing.
        difference: `after` minus `before`; None where one is missing.
        improved: Whether the difference goes in the instrument's better direction; None where it is zero or unknown.
        threshold: The threshold used.
        n_scores: Scores of the series this change was taken from.
        missing: Why the other measurements of the series have no score, in their order.
    """

    instrument: str
    scale: str | None
    subject: str
    respondent: Reporter
    verdict: ChangeVerdict
    why: str | None
    before: float | None
    after: float | None
    difference: float | None
    improved: bool | None
    threshold: Threshold | None
    n_scores: int
    missing: tuple[MissingReason, ...]

    @property
    def n_missing(self) -> int:
        """Measurements of the series without a score."""
        return len(self.missing)

    def __repr__(self) -> str:
        return f"Change({self.instrument}, {self.verdict}, n_scores={self.n_scores})"

    def explain(self) -> str:
        """Say in a sentence how the verdict came about, with the scores."""
        name = self.instrument if self.scale is None else f"{self.instrument} ({self.scale})"
        if self.difference is None:
            return f"{name}: cannot say: {self.why}."
        moved = f"{name}: from {self.before:g} to {self.after:g} ({self.difference:+g})"
        if self.threshold is None or self.verdict == "cannot_say":
            return f"{moved}; cannot say whether reliable: {self.why}."
        sign = {True: "at least ", False: "more than ", None: ""}[self.threshold.inclusive]
        words = self.verdict.replace("_", " ")
        return f"{moved}; {words}: the threshold is {sign}{self.threshold.value:g} points ({self.threshold.source})."


def change_between(
    before: Measurement,
    after: Measurement,
    *,
    threshold: Threshold | None = None,
    catalogue: Catalogue | None = None,
) -> Change:
    """Describe the change between two measurements of the same instrument, subject and respondent.

    A change is called reliable only when a threshold is given and reached, and its direction only when the instrument
    says which direction is better. A missing score, or no threshold, gives "cannot say", which is not "no change".

    >>> from therapeutic_process.records import Measurement, Reporter
    >>> client = Reporter(kind="client", participant="c1")
    >>> first = Measurement(id="m1", instrument="phq9", subject="c1", respondent=client, score=19)
    >>> last = Measurement(id="m2", instrument="phq9", subject="c1", respondent=client, score=8)
    >>> change_between(first, last, threshold=published_threshold("phq9"))
    Change(phq9, reliable_improvement, n_scores=2)

    Args:
        before: The earlier measurement.
        after: The later one.
        threshold: What counts as reliable.
        catalogue: Where to look up the instrument's direction; by default the built-in catalogue.

    Returns:
        The change with its verdict, or why there is none.

    Raises:
        NotEnoughData: If the two measure different things, are one and the same, or stand in the wrong order.
    """
    if series_key(before) != series_key(after):
        needed = "two measurements of one instrument, scale, subject and respondent"
        raise NotEnoughData("change_between", needed=needed, found="measurements of different things")
    if before.id == after.id:
        raise NotEnoughData("change_between", needed="two measurements", found="one and the same")
    if before.measured_at is not None and after.measured_at is not None:
        if last_instant(after.measured_at) < first_instant(before.measured_at):
            raise NotEnoughData(
                "change_between", needed="the earlier measurement first", found="the later one"
            )
    return _change([before, after], (before.score, after.score), threshold, catalogue or builtin_catalogue())


def series_key(one: Measurement) -> tuple[object, ...]:
    """Return what makes measurements one series: instrument, scale, subject and respondent."""
    return one.instrument, one.scale, one.subject, one.respondent


def _change(
    series: Sequence[Measurement],
    ends: tuple[float | None, float | None],
    threshold: Threshold | None,
    catalogue: Catalogue,
) -> Change:
    """Describe the change between two scores of a series."""
    before, after = ends
    difference = None if before is None or after is None else after - before
    direction = direction_of(series[0], catalogue)
    improved = (
        None if not difference or direction is None else (difference > 0) == (direction == "higher_better")
    )
    missing = tuple(m.missing for m in series if m.missing is not None)
    verdict, why = _verdict(difference, threshold, improved=improved)
    return Change(
        instrument=series[0].instrument,
        scale=series[0].scale,
        subject=series[0].subject,
        respondent=series[0].respondent,
        verdict=verdict,
        why=_too_few(len(series), missing) if difference is None else why,
        before=before,
        after=after,
        difference=difference,
        improved=improved,
        threshold=threshold,
        n_scores=len(series) - len(missing),
        missing=missing,
    )


def _too_few(n: int, missing: Sequence[MissingReason]) -> str:
    reasons = Counter(missing)
    told = ", ".join(f"{k} {reason.replace('_', ' ')}" for reason, k in sorted(reasons.items()))
    found = f"{n - len(missing)} in {n} measurement{'s' * (n != 1)}"
    return f"needs 2 scores, found {found}" + (f" ({told})" if told else "")


def _verdict(
    difference: float | None, threshold: Threshold | None, *, improved: bool | None
) -> tuple[ChangeVerdict, str | None]:
    if difference is None or threshold is None:
        return "cannot_say", "no threshold of reliable change was given"
    reached = threshold.reached(abs(difference))
    if reached is None:
        return "cannot_say", "the source does not say whether a change of exactly the threshold counts"
    if not reached:
        return "no_reliable_change", None
    if improved is None:
        return "cannot_say", "it is not known which direction of the score is better"
    return ("reliable_improvement" if improved else "reliable_deterioration"), None


def direction_of(one: Measurement, catalogue: Catalogue) -> Direction | None:
    """Return which direction of a measurement's score is better; None where nobody says so."""
    instrument = catalogue.instrument(one.instrument)
    if instrument is None:
        return None
    if one.scale is None:
        return instrument.direction
    scale = instrument.subscale(one.scale)
    return None if scale is None else scale.direction or instrument.direction


@attrs.frozen(repr=False)
class Changes:
    """Change from first to last score in every series of a case.

    Attributes:
        rows: A change per series, in order of first measurement.
        n_measurements: Measurements in the case.
        n_missing: Those without a score.
    """

    rows: tuple[Change, ...]
    n_measurements: int
    n_missing: int

    def __repr__(self) -> str:
        verdicts = [r.verdict for r in self.rows]
        said = ", ".join(f"{verdicts.count(v)} {v}" for v in dict.fromkeys(verdicts))
        return f"Changes({len(self.rows)} series: {said})" if self.rows else "Changes(0 series)"

    def to_frame(self) -> pl.DataFrame:
        """Return the changes as a table, one row per series, with scores and verdicts."""
        return frame_of([_row(r) for r in self.rows], ChangeRow)


@attrs.frozen(repr=False)
class ChangeRow:
    """A change as a row of a table; `respondent` is the kind of respondent, `respondent_id` who it is."""

    instrument: str
    scale: str | None
    subject: str
    respondent: str
    respondent_id: str | None
    before: float | None
    after: float | None
    difference: float | None
    improved: bool | None
    verdict: ChangeVerdict
    why: str | None
    threshold: float | None
    source: str | None
    n_scores: int
    n_missing: int

    def __repr__(self) -> str:
        return f"ChangeRow({self.instrument}, {self.verdict}, n_scores={self.n_scores})"


def _row(one: Change) -> ChangeRow:
    by, used = one.respondent, one.threshold
    return ChangeRow(
        one.instrument, one.scale, one.subject, by.kind, by.participant or by.name, one.before, one.after,
        one.difference, one.improved, one.verdict, one.why, used.value if used else None, used.source if used else None,
        one.n_scores, one.n_missing,
    )  # fmt: skip


def changes(case: Case, *, catalogue: Catalogue | None = None) -> Changes:
    """Describe the change from the first to the last score in every series of a case.

    A series is what one respondent said about one subject on one scale. Measurements without a score are passed over
    and counted. The published threshold of the instrument's total is used where exactly one verified one is known.

    >>> from therapeutic_process.exchange import example_cases
    >>> changes(example_cases()[0])
    Changes(2 series: 2 reliable_improvement)

    Args:
        case: The case.
        catalogue: Where to look up instruments, besides the case's own; by default the built-in catalogue.

    Returns:
        A change per series.
    """
    known = (catalogue or builtin_catalogue()).with_(*case.instruments)
    series: dict[tuple[object, ...], list[Measurement]] = {}
    for one in case.measurements:
        series.setdefault(series_key(one), []).append(one)
    rows = []
    for several in series.values():
        threshold = (
            published_threshold(several[0].instrument, catalogue=known) if several[0].scale is None else None
        )
        scores = [m.score for m in several if m.score is not None]
        ends = (scores[0], scores[-1]) if len(scores) > 1 else (next(iter(scores), None), None)
        rows.append(_change(several, ends, threshold, known))
    missing = sum(m.score is None for m in case.measurements)
    return Changes(tuple(rows), len(case.measurements), missing)
