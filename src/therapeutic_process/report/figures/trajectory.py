"""The trajectory of a series of scores, with what it is judged against drawn around it."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Final

from therapeutic_process.report.figures.panels import shortened, whose
from therapeutic_process.report.figures.places import Places, places
from therapeutic_process.report.style import BAD, GOOD, INK, MUTED, PALETTE, PAPER, QUIET

if TYPE_CHECKING:
    from collections.abc import Sequence

    from therapeutic_process.records import Case, Measurement
    from therapeutic_process.report.figures.engine import Spec
    from therapeutic_process.report.graded_series import GradedSeries
    from therapeutic_process.report.names import Names

__all__ = ["KINDS", "drawable", "trajectory_spec"]

_WIDTH: Final = 640
_HEIGHT: Final = 150
_Kind = tuple[str, str, int, list[int]]
KINDS: Final[dict[str, _Kind]] = {
    "neither": ("not sudden", PALETTE[0], 2, [1, 0]),
    "sudden_gain": ("sudden gain", GOOD, 5, [1, 0]),
    "sudden_loss": ("sudden loss", BAD, 5, [1, 0]),
    "cannot_say": ("cannot be judged", MUTED, 2, [4, 4]),
}
"""How an interval is drawn, by its verdict: what it is called, its colour, width and dashes."""


def drawable(series: GradedSeries) -> bool:
    """Return whether a series has two scores, and anything that it is judged against."""
    return series.change.n_scores > 1 and not (series.change.threshold is None and series.cutoff is None)


def trajectory_spec(case: Case, several: Sequence[GradedSeries], names: Names) -> Spec:
    """Describe the trajectories of series, one below the other.

    Args:
        case: The case.
        several: Series that are `drawable`.
        names: What people and instruments are called.
    """
    axis = places(case)
    verdicts = {verdict for one in several for verdict in _verdicts(one)}
    kinds = [KINDS[k] for k in KINDS if k in verdicts]
    return {"vconcat": [_panel(one, axis, names, kinds) for one in several], "spacing": 30}


def _verdicts(series: GradedSeries) -> list[str]:
    """Return how each interval is drawn; where there is no rule none can be judged."""
    judged: list[str] = [one.verdict for one in series.sudden.intervals]
    return judged or ["cannot_say"] * (len(series.measurements) - 1)


def positions(measurements: Sequence[Measurement], axis: Places) -> tuple[list[float], bool]:
    """Return where measurements stand, and whether that is the axis of the case or just their order.

    Their order in the record is the order of the series; where the axis says otherwise, or does not know all of them,
    they are numbered.

    Args:
        measurements: The series.
        axis: The axis of the case.
    """
    spots = [axis.measurement(m) for m in measurements]
    xs = [s[0] for s in spots if s is not None]
    if len(xs) == len(spots) and all(a < b for a, b in pairwise(xs)):
        return xs, True
    return [float(n) for n in range(1, len(spots) + 1)], False


def _panel(series: GradedSeries, axis: Places, names: Names, kinds: list[_Kind]) -> Spec:
    xs, placed = positions(series.measurements, axis)
    x = _x(xs, axis, placed=placed)
    y = _y(series, names)
    layers = [
        *_band(series, y),
        *_cutoff(series, y),
        *_segments(series, xs, (x, y), kinds),
        *_points(series, xs, x, y),
    ]
    first = series.measurements[0]
    name = shortened(names.instrument(first.instrument, first.scale))
    title = {"text": f"{name}: {whose(first, names)}", "subtitle": _told(series), "subtitleColor": MUTED}
    return {
        "width": _WIDTH,
        "height": _HEIGHT,
        "title": {**title, "anchor": "start", "offset": 18, "subtitlePadding": 4},
        "layer": layers,
    }


def _told(series: GradedSeries) -> str:
    threshold, cutoff = series.change.threshold, series.cutoff
    band = (
        "no band: no threshold of reliable change"
        if threshold is None
        else f"band: ±{threshold.value:g} points"
    )
    line = "no cutoff line" if cutoff is None else f"dashed line: cutoff {cutoff.value:g}"
    return f"{band}; {line}"


def _x(xs: list[float], axis: Places, *, placed: bool) -> Spec:
    common: Spec = {"grid": False, "labelOverlap": True, "labelFlush": False}
    if placed and axis.axis == "time":
        pad = max((xs[-1] - xs[0]) * 0.03, 43_200_000.0)
        return {
            "field": "x",
            "type": "temporal",
            "axis": {**common, "title": None, "format": "%Y-%m-%d", "tickCount": 6},
            "scale": {"type": "utc", "domain": [xs[0] - pad, xs[-1] + pad]},
        }
    numbers = sorted(float(n) for n in axis.numbers.values()) if placed else xs
    title = "session number" if placed else "measurement, in the order of the record"
    return {
        "field": "x",
        "type": "quantitative",
        "axis": {**common, "title": title, "format": "d", "values": numbers, "titleColor": MUTED},
        "scale": {"domain": [xs[0] - 0.5, xs[-1] + 0.5], "nice": False, "zero": False},
    }


def _y(series: GradedSeries, names: Names) -> Spec:
    scores = [m.score for m in series.measurements if m.score is not None]
    limits = names.limits(series.measurements[0])
    if limits is None:
        reach = series.change.threshold.value if series.change.threshold else 0.0
        around = [*scores, scores[0] - reach, scores[0] + reach]
        around += [] if series.cutoff is None else [series.cutoff.value]
        limits = min(around), max(around)
    if limits[0] == limits[1]:
        limits = limits[0] - 1, limits[1] + 1
    axis = {"title": "score", "tickCount": 5, "domain": False, "ticks": False}
    return {
        "field": "y",
        "type": "quantitative",
        "axis": axis,
        "scale": {"domain": list(limits), "zero": False, "nice": False},
    }


def _band(series: GradedSeries, y: Spec) -> list[Spec]:
    """Describe the stretch of one threshold above and below the first score."""
    threshold, first = series.change.threshold, series.change.before
    if threshold is None or first is None:
        return []
    low, high = y["scale"]["domain"]
    ends = {"from": max(low, first - threshold.value), "to": min(high, first + threshold.value)}
    return [
        {
            "data": {"values": [ends]},
            "mark": {"type": "rect", "fill": QUIET, "opacity": 0.45},
            "encoding": {"y": {**y, "field": "from"}, "y2": {"field": "to"}},
        }
    ]


def _cutoff(series: GradedSeries, y: Spec) -> list[Spec]:
    if series.cutoff is None:
        return []
    data = {"values": [{"y": series.cutoff.value, "told": f"cutoff {series.cutoff.value:g}"}]}
    line = {"type": "rule", "stroke": INK, "strokeDash": [6, 4], "strokeWidth": 1.2}
    words = {"type": "text", "align": "left", "dx": 6, "fontSize": 12, "fill": INK}
    told = {"y": y, "x": {"value": _WIDTH}, "text": {"field": "told"}}
    return [
        {"data": data, "mark": line, "encoding": {"y": y}},
        {"data": data, "mark": words, "encoding": told},
    ]


def _segments(series: GradedSeries, xs: list[float], xy: tuple[Spec, Spec], kinds: list[_Kind]) -> list[Spec]:
    values = _intervals(series, xs)
    names, colours, _, dashes = (list(several) for several in zip(*kinds, strict=True))
    legend = {"title": None, "symbolType": "stroke", "symbolSize": 420, "symbolStrokeWidth": 3}
    kind: Spec = {"field": "kind", "type": "nominal", "legend": legend}
    encoding = {
        "x": xy[0],
        "x2": {"field": "x2"},
        "y": xy[1],
        "y2": {"field": "y2"},
        "stroke": {**kind, "scale": {"domain": names, "range": colours}},
        "strokeDash": {**kind, "scale": {"domain": names, "range": dashes}},
        "strokeWidth": {"field": "width", "type": "quantitative", "scale": None, "legend": None},
    }
    return [{"data": {"values": values}, "mark": {"type": "rule"}, "encoding": encoding}] if values else []


def _intervals(series: GradedSeries, xs: list[float]) -> list[Spec]:
    """Return the lines to draw: none to or from a measurement without a score."""
    rows = zip(pairwise(xs), pairwise(series.measurements), _verdicts(series), strict=True)
    return [
        {"x": x, "x2": x2, "y": a.score, "y2": b.score, "kind": KINDS[verdict][0], "width": KINDS[verdict][2]}
        for (x, x2), (a, b), verdict in rows
        if a.score is not None and b.score is not None
    ]


def _points(series: GradedSeries, xs: list[float], x: Spec, y: Spec) -> list[Spec]:
    rows = list(zip(xs, series.measurements, strict=True))
    dots = [{"x": at, "y": m.score} for at, m in rows if m.score is not None]
    gaps = [{"x": at, "told": "×"} for at, m in rows if m.score is None]
    point = {"type": "point", "fill": PAPER, "stroke": INK, "size": 44, "strokeWidth": 1.5, "opacity": 1}
    layers: list[Spec] = [{"data": {"values": dots}, "mark": point, "encoding": {"x": x, "y": y}}]
    if gaps:
        cross = {"type": "text", "fontSize": 15, "fill": MUTED, "baseline": "middle"}
        place = {"x": x, "y": {"value": -9}, "text": {"field": "told"}}
        layers.append({"data": {"values": gaps}, "mark": cross, "encoding": place})
    return layers
