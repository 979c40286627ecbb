"""Estimates with their intervals, a row each: what the plots of models and of mechanisms are made of."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

import attrs

from therapeutic_process.report.figures.panels import shortened
from therapeutic_process.report.style import INK, MUTED, PAPER, QUIET

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from therapeutic_process.report.figures.engine import Spec

__all__ = ["IntervalRow", "interval_panel", "room_for", "said"]

_WIDTH: Final = 330
_STEP: Final = 24
_LETTERS: Final = 40
_LETTER: Final = 6.9


@attrs.frozen(eq=False, repr=False)
class IntervalRow:
    """A row of a plot.

    Attributes:
        label: What the row is; rows with one label stand in one row.
        kind: Which of the kinds, for shape and colour.
        estimate: Where the mark stands; None or nan for an interval alone.
        interval: Its ends; None or nan where there is none.
        told: What stands beside the row in words.
        refused: What stands in the row instead of an estimate.
        bounds: Ends of the shaded stretch in which an effect is too small to matter.
        smallest: The smallest effect of interest, with its sign.
    """

    label: str
    kind: str
    estimate: float | None = None
    interval: tuple[float, float] | None = None
    told: str = ""
    refused: str | None = None
    bounds: tuple[float, float] | None = None
    smallest: float | None = None

    @property
    def drawn(self) -> tuple[float, float] | None:
        """The interval, where it has two finite ends."""
        ends = self.interval
        return ends if ends is not None and all(math.isfinite(end) for end in ends) else None

    @property
    def point(self) -> float | None:
        """The estimate, where it is finite."""
        return self.estimate if self.estimate is not None and math.isfinite(self.estimate) else None


def room_for(labels: Iterable[str]) -> int:
    """Return how much room the names of rows need, so that panels stand below each other.

    Args:
        labels: The names.
    """
    return round(_LETTER * max((len(shortened(name, _LETTERS)) for name in labels), default=0)) + 18


def said(value: float) -> str:
    """Return a number as a figure writes it.

    >>> said(-0.512), said(1234.5)
    ('−0.51', '1.2e+03')
    """
    return f"{value:.2g}".replace("-", "−", 1)


def interval_panel(
    rows: Sequence[IntervalRow],
    kinds: Mapping[str, tuple[str, str]],
    *,
    title: str | None,
    margin: int,
    nothing: float = 0.0,
    log: bool = False,
    step: int = _STEP,
) -> Spec:
    """Describe rows of estimates as a layered chart.

    Args:
        rows: The rows, top to bottom.
        kinds: Shape and colour of every kind.
        title: Title of the axis; without an estimate to draw there is no axis.
        margin: Room for the names of the rows; see `room_for`.
        nothing: Where an effect of nothing stands.
        log: Whether the axis is one of ratios.
        step: Height of a row.
    """
    places = _Places.of(rows, margin)
    empty = not any(r.drawn or r.point is not None for r in rows)
    x: Spec = {
        "field": "x",
        "type": "quantitative",
        "axis": None if empty else {"title": title, "grid": False, "tickCount": 6},
        "scale": {"type": "log"} if log else {"zero": False, "nice": True, "padding": 10},
    }
    return {
        "width": _WIDTH,
        "height": step * len(places.names),
        "layer": [
            places.lines(),
            *_limits(rows, places, x),
            {
                "data": {"values": [] if empty else [{"x": nothing}]},
                "mark": {"type": "rule", "color": INK, "strokeDash": [3, 3]},
                "encoding": {"x": x},
            },
            *_estimates(rows, kinds, places, x),
            *_words(rows, places),
        ],
    }


@attrs.frozen(eq=False)
class _Places:
    """Where rows stand: one below the other; rows of one name a little apart."""

    names: list[str]
    at: dict[int, float]
    margin: int

    @classmethod
    def of(cls, rows: Sequence[IntervalRow], margin: int) -> _Places:
        names = list(dict.fromkeys(r.label for r in rows))
        at = {}
        for i, name in enumerate(names):
            beside = [r for r in rows if r.label == name and r.refused is None]
            for k, row in enumerate(beside):
                at[id(row)] = i + (0.0 if len(beside) < 2 else -0.26 + 0.52 * k / (len(beside) - 1))
        return cls(names, at, margin)

    def y(self) -> Spec:
        """Return the axis, which the names of the rows stand for."""
        ends = [len(self.names) - 0.5, -0.5]
        scale: Spec = {"domain": ends, "nice": False, "zero": False}
        axis = dict.fromkeys(("labels", "ticks", "domain", "grid"), False)
        room: Spec = {"title": None, "minExtent": self.margin, "maxExtent": self.margin}
        return {"field": "y", "type": "quantitative", "axis": {**axis, **room}, "scale": scale}

    def row(self, one: IntervalRow) -> int:
        """Return the number of the row that an estimate stands in."""
        return self.names.index(one.label)

    def lines(self) -> Spec:
        """Return a fine line under every row, and its name."""
        values = [{"y": i, "name": shortened(name, _LETTERS)} for i, name in enumerate(self.names)]
        label: Spec = {"type": "text", "align": "right", "color": INK, "fontSize": 12}
        encoding: Spec = {"y": self.y(), "x": {"value": -12}, "text": {"field": "name", "type": "nominal"}}
        return {
            "data": {"values": values},
            "layer": [
                {
                    "mark": {"type": "rule", "color": QUIET, "strokeDash": [1, 3]},
                    "encoding": {"y": self.y(), "x": {"value": 0}, "x2": {"value": _WIDTH}},
                },
                {"mark": label, "encoding": encoding},
            ],
        }


def _limits(rows: Sequence[IntervalRow], places: _Places, x: Spec) -> list[Spec]:
    """Return what was declared beforehand: the stretch of no matter, and the smallest effect."""
    inert = [
        {"y": places.row(r) - 0.36, "y2": places.row(r) + 0.36, "x": r.bounds[0], "x2": r.bounds[1]}
        for r in rows
        if r.bounds
    ]
    least = [
        {"y": places.row(r) - 0.36, "y2": places.row(r) + 0.36, "x": r.smallest}
        for r in rows
        if r.smallest is not None
    ]
    y, y2 = places.y(), {"field": "y2"}
    return [
        {
            "data": {"values": inert},
            "mark": {"type": "rect", "color": QUIET, "opacity": 0.7},
            "encoding": {"x": x, "x2": {"field": "x2"}, "y": y, "y2": y2},
        },
        {
            "data": {"values": least},
            "mark": {"type": "rule", "color": INK, "strokeWidth": 1.5},
            "encoding": {"x": x, "y": y, "y2": y2},
        },
    ]


def _estimates(
    rows: Sequence[IntervalRow], kinds: Mapping[str, tuple[str, str]], places: _Places, x: Spec
) -> list[Spec]:
    shown = [r for r in rows if r.refused is None and (r.drawn or r.point is not None)]
    present = [k for k in kinds if any(r.kind == k for r in shown)]
    colour: Spec = {"domain": present, "range": [kinds[k][1] for k in present]}
    shape: Spec = {"domain": present, "range": [kinds[k][0] for k in present]}
    kind: Spec = {"field": "kind", "type": "nominal"}
    legend: Spec = {"title": None, "columns": 2, "symbolStrokeWidth": 2, "symbolFillColor": PAPER}
    y = places.y()
    spans = [(r, *r.drawn) for r in shown if r.drawn]
    thin = [_mark(r, places, kinds, (low, high)) for r, low, high in spans if r.point is not None]
    thick = [_mark(r, places, kinds, (low, high)) for r, low, high in spans if r.point is None]
    points = [_mark(r, places, kinds, (r.point, r.point)) for r in shown if r.point is not None]
    bars: list[Spec] = [
        {
            "data": {"values": values},
            "mark": {"type": "rule", "strokeWidth": width, "opacity": 1},
            "encoding": {
                "x": x,
                "x2": {"field": "x2"},
                "y": y,
                "color": {"field": "colour", "type": "nominal", "scale": None},
            },
        }
        for values, width in ((thin, 1.6), (thick, 5))
    ]  # fmt: skip
    marks: Spec = {
        "data": {"values": points},
        "mark": {"type": "point", "size": 52, "opacity": 1, "fill": PAPER, "strokeWidth": 2},
        "encoding": {
            "x": x,
            "y": y,
            "shape": {**kind, "legend": legend, "scale": shape},
            "stroke": {**kind, "legend": legend, "scale": colour},
        },
    }
    return [*bars, marks]


def _mark(
    row: IntervalRow, places: _Places, kinds: Mapping[str, tuple[str, str]], ends: tuple[float, float]
) -> Spec:
    place = {"y": places.at[id(row)], "x": ends[0], "x2": ends[1]}
    return {**place, "kind": row.kind, "colour": kinds[row.kind][1]}


def _words(rows: Sequence[IntervalRow], places: _Places) -> list[Spec]:
    refused = [{"y": places.row(r), "text": r.refused} for r in rows if r.refused]
    told = [{"y": places.row(r), "text": r.told} for r in rows if r.told]
    text: Spec = {"field": "text", "type": "nominal"}
    return [
        {
            "data": {"values": values},
            "mark": {"type": "text", "align": "left", "color": MUTED, "fontSize": 11.5, "fontStyle": style},
            "encoding": {"x": {"value": where}, "y": places.y(), "text": text},
        }
        for values, where, style in ((refused, 8, "italic"), (told, _WIDTH + 12, "normal"))
    ]
