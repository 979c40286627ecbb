"""The part of a case view that lists the changes which methods find in its scores, with their provenance."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Final

from therapeutic_process.change_process import DetectedChanges, detect_changes
from therapeutic_process.records import Interval
from therapeutic_process.report.html import Column, Content, Html, table, tag
from therapeutic_process.report.view import View, note, notes
from therapeutic_process.report.words import count, plain, when

if TYPE_CHECKING:
    from collections.abc import Iterator

    from therapeutic_process.records import ChangeEvent

__all__ = ["detected_in", "detected_parts"]

# the provenance wants a time; where the report has none it is not shown, and no id depends on it
_UNSAID: Final = date(1970, 1, 1)


def detected_in(view: View) -> DetectedChanges:
    """Return the changes that are found in the scores of a case.

    Args:
        view: The case and how to show it.
    """
    return detect_changes(view.case, at=view.at or _UNSAID, catalogue=view.names.catalogue)


def detected_parts(view: View) -> Iterator[Html | None]:
    """Yield the changes found, how each was computed, and what could not be judged.

    Args:
        view: The case and how to show it.
    """
    found = detected_in(view)
    yield view.subheading("Changes found in the scores")
    if found.events:
        columns: list[Column | str] = [
            "found",
            "whose",
            "direction",
            Column("size", "number"),
            "between, in its series",
            Column("how it was computed", "wide"),
        ]
        rows = [_row(view, e) for e in found.events]
        yield table("Changes found by rule; none of them is part of the record", columns, rows)
        yield _sources(found)
    else:
        yield note(f"No change was found in {count(found.n_used, 'judgement')}.")
    yield notes(_unjudged(view, found))


def _unjudged(view: View, found: DetectedChanges) -> list[str]:
    told = []
    made = next((e.provenance for e in found.events), None)
    if made is not None:
        told.append(f"{count(found.n_used, 'judgement')} made: a series judged by one method is one.")
        time = "" if view.at is None else f", {when(made.computed_at)}"
        told.append(f"Computed with therapeutic-process, version {made.library_version}{time}.")
    return told + [f"{line}." for line in found.explain().splitlines()[1:]]


def _row(view: View, event: ChangeEvent) -> list[Content]:
    size = "–" if event.magnitude is None else f"{event.magnitude:g} {event.unit or ''}".strip()
    method, scale, computed = _computed(view, event)
    return [
        [method, tag("div", scale, class_="muted")],
        view.names.person(event.participant),
        event.direction,
        size,
        [tag("div", line, style="white-space:nowrap") for line in _between(view, event)],
        [tag("div", line) for line in computed],
    ]


def _between(view: View, event: ChangeEvent) -> Iterator[str]:
    yield "measurements " + " and ".join(str(_place(view, e.id)) for e in event.evidence)
    if isinstance(event.occurred, Interval):
        yield f"from {when(event.occurred.start)}"
        yield f"to {when(event.occurred.end)}"
    if event.after_session is not None:
        yield f"after {view.session(event.after_session)}"


def _place(view: View, measurement: str) -> int:
    """Return the number of a measurement in its series, as the intervals above have it."""
    one = next(m for m in view.case.measurements if m.id == measurement)
    key = (one.instrument, one.scale, one.subject, one.respondent)
    series = [m.id for m in view.case.measurements if (m.instrument, m.scale, m.subject, m.respondent) == key]
    return series.index(measurement) + 1


def _computed(view: View, event: ChangeEvent) -> tuple[str, str, list[str]]:
    """Return method, scale, and the parameters with which it was computed."""
    made = event.provenance
    assert made is not None
    given = {p.name: p.value for p in made.parameters}
    scale = view.names.instrument(given.pop("instrument"), given.pop("scale", None))
    given.pop("source", None)
    told = [", ".join(f"{plain(k)} {plain(v)}" for k, v in given.items())]
    return plain(made.method), scale, told


def _sources(found: DetectedChanges) -> Html | None:
    known = {
        f"{p.value}"
        for e in found.events
        if e.provenance
        for p in e.provenance.parameters
        if p.name == "source"
    }
    items = [tag("li", source) for source in sorted(known)]
    told = tag("ul", items, class_="note id")
    return (
        tag("details", tag("summary", "Sources of the thresholds by which they were found"), told)
        if items
        else None
    )
