"""A case over time with its links: from each change outside sessions to the sessions in the window before it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import attrs

from therapeutic_process.errors import NotEnoughData
from therapeutic_process.process_outcome import Link, LinkedSession, Links, link_events
from therapeutic_process.report.figures.engine import Spec, chart_of
from therapeutic_process.report.figures.marks import Mark, change_lane, marks
from therapeutic_process.report.figures.panels import LETTER, Frame, lane_panel, shortened
from therapeutic_process.report.figures.places import Places, places
from therapeutic_process.report.names import Names
from therapeutic_process.report.style import PALETTE
from therapeutic_process.report.words import count

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import timedelta

    import altair as alt

    from therapeutic_process.instruments import Catalogue
    from therapeutic_process.records import Case

__all__ = ["LinkedTimeline", "linked_timeline", "linked_timeline_figure"]

_SESSIONS: Final = "sessions"
_LEFT_OUT: Final = ("goal", "no score")


@attrs.frozen(eq=False, repr=False)
class LinkedTimeline:
    """A timeline with links, and what it does not show.

    Attributes:
        spec: The chart's description; None where no link can be drawn.
        places: The axis.
        n_drawn: Links from a change to a session that are drawn.
        n_uncertain: Those among them to a session that is not certain to have come before.
        n_undrawn: Links of which an end has no place on the axis.
    """

    spec: Spec | None
    places: Places
    n_drawn: int
    n_uncertain: int
    n_undrawn: int

    @property
    def words(self) -> str:
        """What the figure shows, for those who do not see it."""
        return (
            f"Sessions, tasks, journal and changes, {self.places.why}, with {count(self.n_drawn, 'line')} from changes "
            f"outside sessions back to the sessions in the window before them, {self.n_uncertain} of them dashed: not "
            "certain that the session came before. A line says nothing about what led to what."
        )


def linked_timeline_figure(
    case: Case, *, window: timedelta | int = 2, catalogue: Catalogue | None = None
) -> alt.VConcatChart:
    """Draw sessions, tasks, journal and changes of a case, and lines from changes outside back to sessions before them.

    What is known to an interval only is drawn as an interval. A line is solid where the session surely came before the
    change, and dashed where it may have.

    >>> from therapeutic_process.exchange import example_cases
    >>> type(linked_timeline_figure(example_cases()[0])).__name__
    'VConcatChart'

    Args:
        case: The case.
        window: How far before a change outside sessions to look: a time, or a number of held sessions.
        catalogue: Where to look up names, besides the case's own; by default the built-in catalogue.

    Returns:
        An Altair chart, whose `description` says in words what it shows.

    Raises:
        NotEnoughData: If the window is empty, or no change outside sessions can be linked and drawn.
        MissingExtra: If the ``figures`` extra is not installed.
    """
    drawn = linked_timeline(case, Names.of(case, catalogue), link_events(case, window=window))
    if drawn.spec is None:
        needed = "a change outside sessions with a session in the window before it"
        raise NotEnoughData("linked_timeline_figure", needed=needed, found=0)
    chart: alt.VConcatChart = chart_of(drawn.spec)
    return chart


def linked_timeline(case: Case, names: Names, found: Links) -> LinkedTimeline:
    """Describe a case's timeline with its links as a chart.

    Args:
        case: The case.
        names: What its people are called.
        found: The links.
    """
    axis = places(case)
    pairs = [(link, one) for link in found.links for one in link.sessions]
    lines = [line for line in (_line(case, axis, names, *pair) for pair in pairs) if line is not None]
    uncertain = sum(not line["certain"] for line in lines)
    placed = [m for m in marks(case, axis, names) if m.spot is not None and not m.lane.startswith(_LEFT_OUT)]
    spec = _spec(placed, lines, axis, names) if lines else None
    drawn = LinkedTimeline(spec, axis, len(lines), uncertain, len(pairs) - len(lines))
    return drawn if spec is None else attrs.evolve(drawn, spec={**spec, "description": drawn.words})


def _line(case: Case, axis: Places, names: Names, link: Link, one: LinkedSession) -> Spec | None:
    event = next(e for e in case.change_events if e.id == link.event)
    begin, end = axis.session(one.session), axis.outside(event.occurred, event.after_session)
    if begin is None or end is None:
        return None
    return {
        "x": begin[0],
        "lane": _SESSIONS,
        "x2": sum(end) / 2,
        "lane2": shortened(change_lane(event, case, names)),
        "certain": one.certain,
    }


def _spec(placed: list[Mark], lines: list[Spec], axis: Places, names: Names) -> Spec:
    xs = [x for m in placed for x in m.spot or ()]
    margin = round(max(len(shortened(m.lane)) for m in placed) * LETTER) + 8
    held = sorted({m.spot[0] for m in placed if m.spot and m.kind == "session held"})
    panel = lane_panel(placed, Frame(axis, (min(xs), max(xs)), held, margin, names, one_series=True))
    first = panel["layer"][0]["encoding"]
    layers = [_links_layer(rows, first, dash) for rows, dash in _by_certainty(lines)]
    joined = {**panel, "height": {"step": 34}, "layer": [*layers, *panel["layer"]]}
    return {"vconcat": [joined]}


def _by_certainty(lines: list[Spec]) -> Iterator[tuple[list[Spec], list[int]]]:
    yield [line for line in lines if line["certain"]], [1, 0]
    yield [line for line in lines if not line["certain"]], [4, 3]


def _links_layer(rows: list[Spec], first: Spec, dash: list[int]) -> Spec:
    return {
        "data": {"values": rows},
        "mark": {
            "type": "rule",
            "color": PALETTE[0],
            "strokeWidth": 1.3,
            "strokeDash": dash,
            "opacity": 0.65,
        },
        "encoding": {
            "x": {**first["x"], "field": "x"},
            "x2": {"field": "x2"},
            "y": first["y"],
            "y2": {"field": "lane2"},
        },
    }
