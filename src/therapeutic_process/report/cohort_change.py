"""The part of a cohort report that shows change: verdicts, differences, and why nothing can be said."""

from __future__ import annotations

from typing import TYPE_CHECKING

from therapeutic_process.report.cohort_change_classes import class_parts
from therapeutic_process.report.cohort_change_outcomes import gain_parts, goal_parts, service_parts
from therapeutic_process.report.figures.change import VERDICTS, ScaleTally, change_spec
from therapeutic_process.report.html import Column, Content, Html, table, tag
from therapeutic_process.report.view import drawing, note

if TYPE_CHECKING:
    from collections.abc import Iterator

    from therapeutic_process.report.cohort_tally import CohortTally
    from therapeutic_process.report.names import Names

__all__ = ["change_parts", "median_difference"]

_MAX_FIGURES = 8


def change_parts(tally: CohortTally, names: Names) -> Iterator[Html | None]:
    """Yield the change from first to last score by scale, classes, sudden changes, services' rules, and goals.

    Args:
        tally: What was counted.
        names: What instruments are called.
    """
    if tally.scales:
        yield from _score_parts(tally, names)
    else:
        yield note("No measurement is recorded.")
    yield from goal_parts(tally.graded.goals)


def _score_parts(tally: CohortTally, names: Names) -> Iterator[Html | None]:
    columns: list[Column | str] = [
        "scale",
        *(Column(v, "number") for v in ("series", *VERDICTS.values(), "median difference")),
    ]
    order = sorted(tally.scales.items(), key=lambda kt: -kt[1].verdicts.total())
    rows = [_scale_row(names.instrument(*key), names.better(*key), t) for key, t in order]
    yield table("From the first to the last score of each series, by scale", columns, rows)
    spec = change_spec(tally.scales, names, limit=_MAX_FIGURES)
    if spec is not None:
        label = "Histograms of the difference between last and first score, by scale and verdict, as counted above."
        told = "How far scores moved, by the verdict on each change. The dashed line marks no difference."
        yield drawing(spec, name="change-figure", label=label, caption=told, wide=True)
    if sum(bool(t.differences) for t in tally.scales.values()) > _MAX_FIGURES:
        yield note(f"Drawn for the {_MAX_FIGURES} scales with most changes.")
    yield _cannot_say(order, names)
    yield _sources(order, names)
    yield from class_parts(tally.graded, names)
    yield from gain_parts(tally.graded, names)
    yield from service_parts(tally.graded.services)


_Scales = list[tuple[tuple[str, str | None], ScaleTally]]


def _scale_row(name: str, better: str, tally: ScaleTally) -> list[Content]:
    label = [name, tag("div", better, class_="muted") if better else None]
    median = median_difference(tally)
    difference = "–" if median is None else f"{median:+g}".replace("-", "−") if median else "0"
    return [label, f"{tally.verdicts.total():,}", *(f"{tally.verdicts[v]:,}" for v in VERDICTS), difference]


def median_difference(tally: ScaleTally) -> float | None:
    """Return the median of the counted differences; the mean of the two middle ones where their number is even."""
    n = tally.differences.total()
    if not n:
        return None
    middle, seen = [], 0
    for (difference, _), k in sorted(tally.differences.items()):
        middle += [difference for rank in {(n - 1) // 2, n // 2} if seen <= rank < seen + k]
        seen += k
    return sum(middle) / len(middle)


def _cannot_say(scales: _Scales, names: Names) -> Html | None:
    by_reason: dict[str, list[tuple[str, int]]] = {}
    for key, tally in scales:
        for reason, n in tally.reasons.items():
            by_reason.setdefault(reason, []).append((names.instrument(*key), n))
    order = sorted(by_reason.items(), key=lambda rs: -sum(n for _, n in rs[1]))
    rows = [
        [reason, ", ".join(f"{s} ({n:,})" for s, n in several), f"{sum(n for _, n in several):,}"]
        for reason, several in order
    ]
    columns: list[Column | str] = [
        Column("why", "wide"),
        Column("scales", "wide"),
        Column("series", "number"),
    ]
    return table("Where the verdict is “cannot say”, and why", columns, rows) if rows else None


def _sources(scales: _Scales, names: Names) -> Html | None:
    known = [(names.instrument(*key), t.threshold) for key, t in scales if t.threshold]
    items = [tag("li", f"{name}, {t.value:g} points: {t.source}") for name, t in known]
    return (
        tag("details", tag("summary", "Sources of the thresholds"), tag("ul", items, class_="note id"))
        if items
        else None
    )
