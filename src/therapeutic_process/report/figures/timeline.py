"""The timeline of a case: scores above, and below them sessions, goals, tasks, journal and changes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import attrs

from therapeutic_process.errors import NotEnoughData
from therapeutic_process.records import Case, Measurement
from therapeutic_process.report.figures.engine import Spec, chart_of
from therapeutic_process.report.figures.marks import Mark, marks
from therapeutic_process.report.figures.panels import (
    LETTER,
    TICKS,
    Frame,
    lane_panel,
    score_panel,
    shortened,
    whose,
)
from therapeutic_process.report.figures.places import Places, Spot, places
from therapeutic_process.report.names import Names

if TYPE_CHECKING:
    import altair as alt

    from therapeutic_process.instruments import Catalogue

__all__ = ["Timeline", "timeline", "timeline_figure"]

_MAX_PANELS: Final = 8


@attrs.frozen(eq=False, repr=False)
class Timeline:
    """A timeline and what it does not show.

    Attributes:
        spec: The chart's description; None where nothing can be placed.
        places: The axis.
        n_marks: Sessions, goals, tasks and so on in the lanes.
        n_scores: Scores drawn.
        n_unplaced: Things of which no time and no session is known.
        n_panels_left_out: Scales beyond the first eight.
        whose: Whose scores they are, where all are of one person by one respondent.
    """

    spec: Spec | None
    places: Places
    n_marks: int
    n_scores: int
    n_unplaced: int
    n_panels_left_out: int
    whose: str | None


def timeline_figure(case: Case, *, catalogue: Catalogue | None = None) -> alt.VConcatChart:
    """Draw a case over time: scores by instrument, sessions, goals, tasks, journal and changes.

    The axis shows time where every held session has a known start, and otherwise the order of the sessions.

    >>> from therapeutic_process.records import Case
    >>> case = Case(id="k1", participants=[{"id": "c1", "role": "client"}],
    ...             sessions=[{"id": "s1", "number": 1, "status": "held"}])
    >>> type(timeline_figure(case)).__name__
    'VConcatChart'

    Args:
        case: The case.
        catalogue: Where to look up instruments, besides the case's own; by default the built-in catalogue.

    Returns:
        An Altair chart.

    Raises:
        NotEnoughData: If nothing in the case has a time or a session.
        MissingExtra: If the ``figures`` extra is not installed.
    """
    drawn = timeline(case, Names.of(case, catalogue))
    if drawn.spec is None:
        raise NotEnoughData("timeline_figure", needed="something with a time or a session", found=0)
    chart: alt.VConcatChart = chart_of(drawn.spec)
    return chart


def timeline(case: Case, names: Names) -> Timeline:
    """Describe a case's timeline as a chart.

    Args:
        case: The case.
        names: What its people and instruments are called.
    """
    axis = places(case)
    in_lanes = list(marks(case, axis, names))
    placed = [m for m in in_lanes if m.spot is not None]
    panels, lost = _panels(case, axis)
    shown = dict(list(panels.items())[:_MAX_PANELS])
    xs = [x for m in placed for x in m.spot or ()] + [x for rows in shown.values() for x, _ in rows]
    spec = None if not xs else _spec(shown, placed, axis, names, (min(xs), max(xs)))
    n_scores = sum(len(rows) for rows in shown.values())
    left = len(in_lanes) - len(placed) + lost
    who = {whose(m, names) for rows in shown.values() for _, m in rows}
    return Timeline(
        spec,
        axis,
        len(placed),
        n_scores,
        left,
        len(panels) - len(shown),
        who.pop() if len(who) == 1 else None,
    )


_Panels = dict[tuple[str, str | None], list[tuple[float, Measurement]]]


def _panels(case: Case, axis: Places) -> tuple[_Panels, int]:
    panels: _Panels = {}
    lost = 0
    for one in case.measurements:
        spot = axis.measurement(one)
        if one.score is None:
            continue
        if spot is None:
            lost += 1
        else:
            panels.setdefault((one.instrument, one.scale), []).append((spot[0], one))
    return panels, lost


def _spec(panels: _Panels, placed: list[Mark], axis: Places, names: Names, ends: Spot) -> Spec:
    held = sorted({m.spot[0] for m in placed if m.spot and m.kind == "session held"})
    who = {whose(m, names) for rows in panels.values() for _, m in rows}
    widths = [len(shortened(m.lane)) * LETTER + 8 for m in placed]
    widths += [len(shortened(names.instrument(*key))) * LETTER + TICKS for key in panels]
    frame = Frame(axis, ends, held, round(max(widths)), names, len(who) == 1)
    last = len(panels) + bool(placed) - 1
    charts = [score_panel(rows, frame, last=i == last) for i, rows in enumerate(panels.values())]
    if placed:
        charts.append(lane_panel(placed, frame))
    colours = {"scale": {"stroke": "shared", "fill": "shared"}}
    return {"vconcat": charts, "bounds": "flush", "spacing": 18, "resolve": colours}
