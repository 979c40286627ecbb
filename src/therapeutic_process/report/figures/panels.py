"""The panels of a timeline: one per scale for the scores, and one of lanes for all the rest."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import attrs

from therapeutic_process.report.figures.marks import AT_END, KINDS, SPANS, Mark
from therapeutic_process.report.figures.places import Places, Spot
from therapeutic_process.report.names import Names
from therapeutic_process.report.style import INK, PALETTE, PAPER, QUIET

if TYPE_CHECKING:
    from therapeutic_process.records import Measurement
    from therapeutic_process.report.figures.engine import Spec

__all__ = ["LETTER", "TICKS", "Frame", "lane_panel", "score_panel", "shortened", "whose"]

_WIDTH: Final = 690
TICKS: Final = 46
LETTER: Final = 7.4
"""How wide a letter of a lane's name is."""


@attrs.frozen(eq=False)
class Frame:
    """What all panels of a timeline share."""

    axis: Places
    ends: Spot
    held: list[float]
    margin: int
    names: Names
    one_series: bool

    def x(self, *, last: bool) -> Spec:
        """Return the common axis, which only the last panel shows."""
        low, high = self.ends
        shown = self._shown() if last else None
        if self.axis.axis == "session":
            scale: Spec = {"domain": [low - 0.5, high + 0.5], "nice": False, "zero": False}
            return {"field": "x", "type": "quantitative", "axis": shown, "scale": scale}
        pad = max((high - low) * 0.025, 43_200_000.0)
        scale = {"type": "utc", "domain": [low - pad, high + pad]}
        return {"field": "x", "type": "temporal", "axis": shown, "scale": scale}

    def _shown(self) -> Spec:
        common: Spec = {"grid": False, "labelOverlap": "greedy", "domain": True, "labelFlush": False}
        if self.axis.axis == "session":
            values = sorted(float(n) for n in self.axis.numbers.values())
            return {**common, "title": "session number", "format": "d", "values": values}
        return {**common, "title": None, "format": "%Y-%m-%d", "tickCount": 6, "labelSeparation": 30}


def score_panel(rows: list[tuple[float, Measurement]], frame: Frame, *, last: bool) -> Spec:
    """Describe the scores of one scale.

    Args:
        rows: Measurements and where they stand.
        frame: What all panels share.
        last: Whether it shows the axis.
    """
    first = rows[0][1]
    limits = frame.names.limits(first)
    scale: Spec = {"zero": False, "nice": limits is None, "padding": 6}
    if limits is not None:
        scale["domain"] = list(limits)
    y_axis = {
        "title": shortened(frame.names.instrument(first.instrument, first.scale)),
        "titleAngle": 0,
        "titleAlign": "right",
        "titleX": -TICKS + 8,
        "titleY": 46,
        "titleLimit": frame.margin,
        "titleColor": INK,
        "minExtent": frame.margin,
        "maxExtent": frame.margin,
        "tickCount": 3,
        "grid": True,
        "domain": False,
        "ticks": False,
    }
    y = {"field": "y", "type": "quantitative", "scale": scale, "axis": y_axis}
    values = [{"x": x, "y": m.score, "who": whose(m, frame.names)} for x, m in rows]
    legend = (
        None
        if frame.one_series
        else {"title": None, "symbolType": "circle", "symbolStrokeWidth": 2, "orient": "top"}
    )
    who: Spec = {
        "field": "who",
        "type": "nominal",
        "legend": legend,
        "sort": None,
        "scale": {"range": list(PALETTE)},
    }
    x = frame.x(last=last)
    return {
        "width": _WIDTH,
        "height": 92,
        "layer": [
            {
                "data": {"values": [{"x": h} for h in frame.held]},
                "mark": {"type": "rule", "color": QUIET},
                "encoding": {"x": x},
            },
            {
                "data": {"values": values},
                "mark": {"type": "line", "strokeWidth": 2},
                "encoding": {"x": x, "y": y, "stroke": who, "order": {"field": "x"}},
            },
            {
                "data": {"values": values},
                "mark": {"type": "point", "fill": PAPER, "size": 44, "strokeWidth": 2, "opacity": 1},
                "encoding": {"x": x, "y": y, "stroke": who},
            },
        ],
    }


def whose(one: Measurement, names: Names) -> str:
    """Return whose score a measurement is, and by whom where that is somebody else."""
    subject, respondent = names.person(one.subject), names.reporter(one.respondent)
    return (
        shortened(subject) if subject == respondent else f"{shortened(subject)}, by {shortened(respondent)}"
    )


def lane_panel(placed: list[Mark], frame: Frame) -> Spec:
    """Describe sessions, goals, tasks, journal and changes in lanes.

    Args:
        placed: What stands in them.
        frame: What all panels share.
    """
    values: list[Spec] = [
        {
            "lane": shortened(m.lane),
            "kind": m.kind,
            "x": m.spot[0],
            "x2": m.spot[1],
            "middle": sum(m.spot) / 2,
            "colour": KINDS[m.kind][1],
        }
        for m in placed
        if m.spot
    ]
    kinds = [k for k in KINDS if any(v["kind"] == k for v in values)]
    lanes = list(dict.fromkeys(str(v["lane"]) for v in values))
    y_axis = {
        "title": None,
        "minExtent": frame.margin,
        "maxExtent": frame.margin,
        "grid": True,
        "gridDash": [1, 3],
        "domain": False,
        "ticks": False,
        "labelLimit": frame.margin,
        "labelColor": INK,
    }
    y: Spec = {"field": "lane", "type": "nominal", "sort": lanes, "axis": y_axis, "scale": {"domain": lanes}}
    kind: Spec = {"field": "kind", "type": "nominal", "legend": {"title": None}}
    spans = [v for v in values if v["x2"] > v["x"]]
    at_end = [
        v if v["kind"] in AT_END else v | {"x2": v["middle"]}
        for v in values
        if v["x2"] <= v["x"] or v["kind"] not in SPANS
    ]
    return {
        "width": _WIDTH,
        "height": {"step": 25},
        "layer": [
            {
                "data": {"values": spans},
                "mark": {"type": "bar", "height": 7, "cornerRadius": 3, "opacity": 0.35},
                "encoding": {
                    "x": frame.x(last=True),
                    "x2": {"field": "x2"},
                    "y": y,
                    "color": {"field": "colour", "type": "nominal", "scale": None},
                },
            },
            {
                "data": {"values": at_end},
                "mark": {"type": "point", "size": 90, "opacity": 1, "strokeWidth": 0},
                "encoding": {
                    "x": {**frame.x(last=True), "field": "x2"},
                    "y": y,
                    "shape": {**kind, "scale": {"domain": kinds, "range": [KINDS[k][0] for k in kinds]}},
                    "fill": {**kind, "scale": {"domain": kinds, "range": [KINDS[k][1] for k in kinds]}},
                },
            },
        ],
    }


def shortened(text: Any, most: int = 26) -> str:
    """Return a text that fits the margin: an id may have 200 characters."""
    told = str(text)
    return told if len(told) <= most else f"{told[: most - 1]}…"
