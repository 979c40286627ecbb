"""Changes found in the scores of a case, as change events that say how they were computed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Literal, TypeAlias

import attrs

from therapeutic_process.change_process.change import (
    Threshold,
    change_between,
    direction_of,
    published_threshold,
    series_key,
)
from therapeutic_process.change_process.detected_event import Found, event_of
from therapeutic_process.change_process.sudden_course import interval_reasons
from therapeutic_process.change_process.sudden_rule import Stability, SuddenRule
from therapeutic_process.errors import NotEnoughData
from therapeutic_process.instruments import Catalogue, builtin_catalogue
from therapeutic_process.records import ChangeEvent

if TYPE_CHECKING:
    from datetime import date

    from therapeutic_process.records import Case, Measurement

__all__ = ["DETECTION_METHODS", "DetectedChanges", "DetectionMethod", "detect_changes"]

DetectionMethod: TypeAlias = Literal["reliable_change", "sudden_gain", "sudden_loss"]
DETECTION_METHODS: tuple[DetectionMethod, ...] = ("reliable_change", "sudden_gain", "sudden_loss")

DROPPED = {
    "too_few_scores": "the method needs more scores of the series, or more of them around one interval",
    "no_threshold": "no threshold of reliable change is given, and not exactly one verified one is published",
    "direction_unknown": "it is not known which direction of the score is better",
    "threshold_unclear": "the change equals the threshold, and its source does not say whether that counts",
}
LEFT_OUT = {
    "already_recorded": "the case holds this very event",
    "within_session": "both scores belong to one session: the change may lie inside it",
}


@attrs.frozen(repr=False)
class DetectedChanges:
    """The changes found, and what could not be judged.

    Attributes:
        events: A change event per change, ready to be put into the case.
        n_used: Judgements made: a series of scores judged by a method is one.
        dropped: Judgements that could not be made, by reason.
        left_out: Changes that were found and are no event here, by reason.
    """

    events: tuple[ChangeEvent, ...]
    n_used: int
    dropped: Mapping[str, int]
    left_out: Mapping[str, int]

    def explain(self) -> str:
        """Say what could not be judged and what was left out, and why."""
        lines = [f"{n} not judged: {DROPPED[code]}" for code, n in self.dropped.items()]
        lines += [f"{n} left out: {LEFT_OUT[code]}" for code, n in self.left_out.items()]
        return "\n".join([repr(self), *lines])

    def __repr__(self) -> str:
        kinds = Counter(e.provenance.method for e in self.events if e.provenance is not None)
        said = ", ".join(f"{n} {kind}" for kind, n in kinds.items()) or "none"
        return (
            f"DetectedChanges({len(self.events)} changes: {said}; "
            f"n_used={self.n_used}, dropped={sum(self.dropped.values())})"
        )


def detect_changes(
    case: Case,
    *,
    at: date,
    methods: Sequence[DetectionMethod] = DETECTION_METHODS,
    thresholds: Mapping[str, Threshold] | None = None,
    min_share: float | None = 0.25,
    stability: Stability = "pooled_sd",
    alpha: float = 0.05,
    catalogue: Catalogue | None = None,
) -> DetectedChanges:
    """Find reliable changes and sudden gains and losses in every series of scores of a case.

    A series is what one respondent said about one subject on one scale. A reliable change is judged from its first to
    its last score, by the rules of `change_between`; sudden gains and losses between neighbours, by those of
    `sudden_gains` (Tang & DeRubeis 1999), where the threshold of reliable change is the least size. A measurement
    without a score keeps its place in the series.

    A change event lies outside sessions, between the two measurements that are its evidence: `occurred` is the interval
    between them. Where exactly one held session lies there, between the earlier measurement and the later one taken
    before its own session, `after_session` names it. The id is made of method, parameters and evidence, so that the
    same change has the same id whenever it is computed.

    >>> from datetime import date
    >>> from therapeutic_process.exchange import example_cases
    >>> case = example_cases()[0]
    >>> detected = detect_changes(case, at=date(2026, 1, 31))
    >>> detected
    DetectedChanges(2 changes: 2 reliable_change; n_used=6, dropped=0)
    >>> longer = case.with_changes(change_events=(*case.change_events, *detected.events))
    >>> detect_changes(longer, at=date(2026, 2, 1)).left_out
    {'already_recorded': 2}

    Args:
        case: The case.
        at: When this is computed, for the provenance: a day, or a time with its offset.
        methods: What to look for: ``reliable_change``, ``sudden_gain``, ``sudden_loss``.
        thresholds: What counts as reliable, by instrument (``"phq9"``) or by instrument and scale (``"rcads/sad"``);
            elsewhere the published threshold of the total, where exactly one verified one is known.
        min_share: For sudden changes: the share of the score before; None: no such criterion.
        stability: For sudden changes: how they must stand out, see `SuddenRule`.
        alpha: For sudden changes: two-sided level of the critical value.
        catalogue: Where to look up instruments, besides the case's own; by default the built-in catalogue.

    Returns:
        The change events with their provenance; with `case.with_changes` they become part of the case.

    Raises:
        NotEnoughData: If a method is unknown.
    """
    if set(methods) - set(DETECTION_METHODS):
        needed = f"methods among {', '.join(DETECTION_METHODS)}"
        raise NotEnoughData("detect_changes", needed=needed, found="another one")
    known = (catalogue or builtin_catalogue()).with_(*case.instruments)
    look = _Look(known, thresholds or {}, min_share, stability, alpha)
    recorded = {e.id for e in case.change_events}
    events: list[ChangeEvent] = []
    dropped, left_out = Counter[str](), Counter[str]()
    judgements = [look.judged(series, m) for series in _all_series(case) for m in dict.fromkeys(methods)]
    for answer in judgements:
        if isinstance(answer, str):
            dropped[answer] += 1
            continue
        for found in answer:
            event = event_of(case, found, at=at)
            if event is None or event.id in recorded:
                left_out["within_session" if event is None else "already_recorded"] += 1
            else:
                events.append(event)
    return DetectedChanges(
        tuple(events), len(judgements) - dropped.total(), dict(dropped), dict(left_out)
    )  # fmt: skip


def _all_series(case: Case) -> list[list[Measurement]]:
    series: dict[tuple[object, ...], list[Measurement]] = {}
    for one in case.measurements:
        series.setdefault(series_key(one), []).append(one)
    return list(series.values())


@attrs.frozen
class _Look:
    """How to look at a series of scores."""

    catalogue: Catalogue
    thresholds: Mapping[str, Threshold]
    min_share: float | None
    stability: Stability
    alpha: float

    def judged(self, series: list[Measurement], method: DetectionMethod) -> list[Found] | str:
        """Return the changes of one kind, or the code of the reason why nothing can be said."""
        if sum(m.score is not None for m in series) < 2:
            return "too_few_scores"
        threshold = self._threshold(series[0])
        if threshold is None:
            return "no_threshold"
        if method == "reliable_change":
            return self._reliable(series, threshold)
        return self._sudden(series, threshold, method)

    def _threshold(self, one: Measurement) -> Threshold | None:
        key = one.instrument if one.scale is None else f"{one.instrument}/{one.scale}"
        if key in self.thresholds:
            return self.thresholds[key]
        return published_threshold(one.instrument, catalogue=self.catalogue) if one.scale is None else None

    def _reliable(self, series: list[Measurement], threshold: Threshold) -> list[Found] | str:
        scored = [m for m in series if m.score is not None]
        change = change_between(scored[0], scored[-1], threshold=threshold, catalogue=self.catalogue)
        if change.verdict == "cannot_say":
            unclear = threshold.reached(abs(change.difference or 0.0)) is None
            return "threshold_unclear" if unclear else "direction_unknown"
        if change.verdict == "no_reliable_change":
            return []
        inclusive = "not said" if threshold.inclusive is None else "yes" if threshold.inclusive else "no"
        parameters = {**_named(series[0], threshold), "inclusive": inclusive}
        return [Found("reliable_change", parameters, scored[0], scored[-1], improved=bool(change.improved))]

    def _sudden(
        self, series: list[Measurement], threshold: Threshold, method: DetectionMethod
    ) -> list[Found] | str:
        direction = direction_of(series[0], self.catalogue)
        if direction is None:
            return "direction_unknown"
        rule = SuddenRule(
            cutoff=threshold.value,
            min_share=self.min_share,
            stability=self.stability,
            alpha=self.alpha,
            kind="gain" if method == "sudden_gain" else "loss",
            better="higher" if direction == "higher_better" else "lower",
        )
        reasons = interval_reasons([m.score for m in series], rule)
        if not any(r in {"sudden", "below_cutoff", "below_share", "not_stable"} for r in reasons):
            return "too_few_scores"
        parameters = {**_named(series[0], threshold), **_criteria(rule)}
        return [
            Found(method, parameters, series[n], series[n + 1], improved=rule.kind == "gain")
            for n, reason in enumerate(reasons)
            if reason == "sudden"
        ]


def _named(one: Measurement, threshold: Threshold) -> dict[str, str]:
    """Return what was measured, and the threshold with its source."""
    scale = {} if one.scale is None else {"scale": one.scale}
    return {
        "instrument": one.instrument,
        **scale,
        "threshold": str(threshold.value),
        "source": threshold.source,
    }


def _criteria(rule: SuddenRule) -> dict[str, str]:
    share = "none" if rule.min_share is None else str(rule.min_share)
    return {"min_share": share, "stability": rule.stability, "alpha": str(rule.alpha), "better": rule.better}
