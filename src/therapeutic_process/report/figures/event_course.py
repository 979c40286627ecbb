"""The course of scores around sessions with an event, beside matched sessions without one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from therapeutic_process.report.figures.engine import Spec, chart_of
from therapeutic_process.report.figures.interval_rows import said
from therapeutic_process.report.style import INK, MUTED, PALETTE, PAPER, QUIET

if TYPE_CHECKING:
    import altair as alt

    from therapeutic_process.process_outcome import CoursePoint, EventCourse

__all__ = ["course_in_words", "course_spec", "event_course_figure"]

_WIDTH: Final = 470
_KINDS: Final = {
    "sessions with the event": ("circle", PALETTE[0]),
    "matched sessions without": ("diamond", PALETTE[1]),
}
_OF: Final = dict(zip(("event", "matched"), _KINDS, strict=True))
_SIGNED: Final = "datum.value > 0 ? '+' + datum.value : format(datum.value, 'd')"
_APART: Final = 0.09
_TITLE: Final = "score relative to the session: 0 is the last before it, +1 the first after it"


def event_course_figure(course: EventCourse) -> alt.VConcatChart:
    """Draw scores around sessions with an event and around matched ones without, with intervals and numbers.

    >>> import numpy as np
    >>> from therapeutic_process.process_outcome import event_course
    >>> from therapeutic_process.simulate import simulate_cohort
    >>> table = simulate_cohort("rtm", n_clients=60, n_sessions=8, rng=np.random.default_rng(1)).table
    >>> type(event_course_figure(event_course(table, timing="before"))).__name__
    'VConcatChart'

    Args:
        course: The course.

    Returns:
        An Altair chart, whose `description` says in words what it shows.

    Raises:
        MissingExtra: If the ``figures`` extra is not installed.
    """
    chart: alt.VConcatChart = chart_of(course_spec(course))
    return chart


def course_spec(course: EventCourse) -> Spec:
    """Describe the course as a chart: above the scores, below how many sessions each point stands on.

    Args:
        course: The course.
    """
    lags = sorted({p.lag for p in course.points})
    x: Spec = {
        "field": "x",
        "type": "quantitative",
        "scale": {"domain": [lags[0] - 0.4, lags[-1] + 0.4], "nice": False, "zero": False},
        "axis": None,
    }
    below: Spec = {**x, "axis": {"title": _TITLE, "values": lags, "labelExpr": _SIGNED, "grid": False}}
    return {
        "vconcat": [_scores(course, below), _numbers(course, x)],
        "spacing": 6,
        "bounds": "full",
        "description": course_in_words(course),
    }


def _scores(course: EventCourse, x: Spec) -> Spec:
    y: Spec = {
        "field": "y",
        "type": "quantitative",
        "scale": {"zero": True, "nice": True},
        "axis": {"title": "points from the client's own line", "tickCount": 5, "domain": False},
    }
    kinds, present = {"field": "kind", "type": "nominal"}, list(_KINDS)
    legend: Spec = {"title": None, "columns": 2, "symbolStrokeWidth": 2, "symbolFillColor": PAPER}
    colour: Spec = {
        **kinds,
        "legend": legend,
        "scale": {"domain": present, "range": [c for _, c in _KINDS.values()]},
    }
    shape: Spec = {
        **kinds,
        "legend": legend,
        "scale": {"domain": present, "range": [s for s, _ in _KINDS.values()]},
    }
    drawn = [_value(p) for p in course.points if p.mean is not None]
    lines: Spec = {"field": "colour", "type": "nominal", "scale": None}
    return {
        "width": _WIDTH,
        "height": 230,
        "layer": [
            _session_line(x),
            {
                "data": {"values": drawn},
                "mark": {"type": "line", "strokeWidth": 1.6, "opacity": 0.9},
                "encoding": {"x": x, "y": y, "color": lines, "detail": kinds, "order": {"field": "x"}},
            },
            {
                "data": {"values": [v for v in drawn if v["low"] is not None]},
                "mark": {"type": "rule", "strokeWidth": 1.6},
                "encoding": {"x": x, "y": {**y, "field": "low"}, "y2": {"field": "high"}, "color": lines},
            },
            {
                "data": {"values": drawn},
                "mark": {"type": "point", "size": 56, "fill": PAPER, "strokeWidth": 2, "opacity": 1},
                "encoding": {"x": x, "y": y, "stroke": colour, "shape": shape},
            },
        ],
    }  # fmt: skip


def _session_line(x: Spec) -> Spec:
    return {
        "data": {"values": [{"x": 0.5, "text": "session"}]},
        "layer": [
            {"mark": {"type": "rule", "color": QUIET, "strokeWidth": 7}, "encoding": {"x": x}},
            {
                "mark": {"type": "text", "color": MUTED, "fontSize": 11.5, "baseline": "bottom", "dy": -4},
                "encoding": {"x": x, "y": {"value": 0}, "text": {"field": "text", "type": "nominal"}},
            },
        ],
    }


def _value(one: CoursePoint) -> Spec:
    kind = _OF[one.sessions]
    aside = -_APART if one.sessions == "event" else _APART
    return {
        "x": one.lag + aside, "y": one.mean, "low": one.low, "high": one.high, "kind": kind,
        "colour": _KINDS[kind][1],
    }  # fmt: skip


def _numbers(course: EventCourse, x: Spec) -> Spec:
    rows = [
        {"x": p.lag, "row": "event" if p.sessions == "event" else "matched", "text": f"{p.n_sessions:,}"}
        for p in course.points
    ]
    y: Spec = {
        "field": "row",
        "type": "nominal",
        "sort": ["event", "matched"],
        "axis": {"title": None, "domain": False, "ticks": False, "labelColor": INK},
    }
    return {
        "width": _WIDTH,
        "height": 38,
        "title": {
            "text": "number of sessions",
            "fontSize": 11.5,
            "color": MUTED,
            "anchor": "start",
            "offset": 2,
        },
        "data": {"values": rows},
        "mark": {"type": "text", "color": MUTED, "fontSize": 11.5},
        "encoding": {"x": x, "y": y, "text": {"field": "text", "type": "nominal"}},
    }


def course_in_words(course: EventCourse) -> str:
    """Return what the figure shows, for those who do not see it.

    Args:
        course: The course.
    """
    told = []
    for p in course.points:
        found = "none" if p.mean is None else said(p.mean)
        told.append(f"{_OF[p.sessions]} at {p.lag:+d}: {found} ({p.n_sessions})".replace("-", "−"))
    return (
        f"Mean deviation from clients' own lines around {course.n_events} sessions with the event and "
        f"{course.n_matched} matched without, number of sessions in brackets: {'; '.join(told)}. Descriptive."
    )
