"""Lines over the sessions of a therapy: ratings by rater, and shares of codes and talk."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from therapeutic_process.errors import NotEnoughData
from therapeutic_process.report.figures.engine import Spec, chart_of
from therapeutic_process.report.html import clean
from therapeutic_process.report.names import Names
from therapeutic_process.report.style import INK, PALETTE, PAPER

if TYPE_CHECKING:
    from collections.abc import Iterable

    import altair as alt

    from therapeutic_process.instruments import Catalogue
    from therapeutic_process.session_process import SessionMeasured, SessionRatings, TherapyCourse

__all__ = ["course_spec", "rating_figure", "rating_spec", "therapy_figure"]

MAX_PANELS: Final = 6
MAX_LINES: Final = 6
_ROLES: Final = ("therapist", "client", "observer", "software", "other")
_MEASURES: Final = {
    "code_share": "share of codes",
    "ratio": "declared ratio",
    "talk_share": "share of talk",
}


def rating_figure(ratings: SessionRatings, *, catalogue: Catalogue | None = None) -> alt.VConcatChart:
    """Draw the ratings of one client's sessions, a panel per scale and a line per rater.

    A line is broken where a session has no rating. Where client and therapist rate the same scale, how far apart and
    how much alike the lines run is their congruence.

    >>> import polars as pl
    >>> from therapeutic_process.session_process import read_session_ratings
    >>> long = pl.DataFrame({"client_id": "a", "session": [1, 2], "scale": "bond", "role": "client", "rater": "c",
    ...                      "value": [4.0, 5.0]})
    >>> type(rating_figure(read_session_ratings(long))).__name__
    'VConcatChart'

    Args:
        ratings: Ratings of one client.
        catalogue: Where to look up names and ranges; by default the built-in catalogue.

    Returns:
        An Altair chart.

    Raises:
        NotEnoughData: If nothing was rated, or more than one client.
        MissingExtra: If the ``figures`` extra is not installed.
    """
    from therapeutic_process.instruments import builtin_catalogue

    if len({r.client for r in ratings.rows}) > 1 or not ratings.n_rated:
        needed = "at least 1 rating, all of one client"
        raise NotEnoughData("rating_figure", needed=needed, found=f"{ratings.n_rated} ratings")
    chart: alt.VConcatChart = chart_of(rating_spec(ratings, Names(catalogue or builtin_catalogue(), {})))
    return chart


def rating_spec(ratings: SessionRatings, names: Names) -> Spec:
    """Describe the ratings of one client as a chart.

    Args:
        ratings: Ratings of one client.
        names: What instruments and people are called.
    """
    panels: dict[str, list[Spec]] = {}
    limits: dict[str, tuple[float, float] | None] = {}
    for rows in ratings.by_series().values():
        name = names.measure(rows[0].instrument, rows[0].scale)
        limits[name] = names.range_of(rows[0].instrument, rows[0].scale)
        who = names.rater(rows[0].role, rows[0].rater)
        panels.setdefault(name, []).extend(
            {"x": r.session, "y": r.value, "who": who, "role": r.role} for r in rows
        )
    known = {name: values for name, values in panels.items() if any(v["y"] is not None for v in values)}
    held = [number for numbers in ratings.sessions.values() for number in numbers]
    colours = _colours([v for values in known.values() for v in values])
    last = min(len(known), MAX_PANELS) - 1
    drawn = [
        _panel(name, _broken(values, held), limits[name], held, colours, last=i == last)
        for i, (name, values) in enumerate(list(known.items())[:MAX_PANELS])
    ]
    return {"vconcat": drawn, "spacing": 16, "resolve": {"scale": {"stroke": "shared", "x": "shared"}}}


def therapy_figure(course: TherapyCourse) -> alt.VConcatChart:
    """Draw codes, declared ratios and talk of one client over the sessions, a panel per measure.

    >>> from therapeutic_process.exchange import example_cases
    >>> from therapeutic_process.session_process import therapy_course
    >>> type(therapy_figure(therapy_course(example_cases()[0]))).__name__
    'VConcatChart'

    Args:
        course: The course of one client; the six most frequent codes are drawn.

    Returns:
        An Altair chart.

    Raises:
        NotEnoughData: If no value is known, or they are of more than one client.
        MissingExtra: If the ``figures`` extra is not installed.
    """
    spec = course_spec(course)
    if spec is None or len({r.client for r in course.rows}) > 1:
        raise NotEnoughData(
            "therapy_figure", needed="at least 1 value, all of one client", found=repr(course)
        )
    chart: alt.VConcatChart = chart_of(spec)
    return chart


def course_spec(course: TherapyCourse) -> Spec | None:
    """Describe the course of one client as a chart; None where no value is known.

    Args:
        course: The course of one client.
    """
    known = [r for r in course.rows if r.n and r.measure != "ratio" and r.of not in {"words", "seconds"}]
    if not known:
        return None
    often: dict[tuple[str, str | None], list[str]] = {}
    for row in sorted(known, key=lambda r: -(r.mean or 0.0)):
        often.setdefault((row.measure, row.of), []).append(row.name)
    numbered = all(s.session.isdecimal() for s in course.sessions)
    held = sorted({_place(s, numbered=numbered) for s in course.sessions})
    passes = list(dict.fromkeys(s.of for s in course.sessions if s.measure == "code_share"))
    panels = []
    for number, ((measure, of), names) in enumerate(sorted(often.items())[:MAX_PANELS]):
        chosen = names[:MAX_LINES]
        values: list[Spec] = [
            {"x": _place(s, numbered=numbered), "y": s.value, "who": clean(s.name), "role": s.name}
            for s in course.sessions
            if (s.measure, s.of) == (measure, of) and s.name in chosen
        ]
        which = f", pass {passes.index(of) + 1}" if of in passes and len(passes) > 1 else ""
        whole = (0.0, 1.0) if measure == "talk_share" else None
        last = number == min(len(often), MAX_PANELS) - 1
        drawn = _broken(values, held)
        panels.append(
            _panel(_MEASURES[measure] + which, drawn, whole, held, _colours(drawn), last=last, zero=True)
        )
    return {"vconcat": panels, "spacing": 16, "resolve": {"scale": {"stroke": "independent", "x": "shared"}}}


def _place(one: SessionMeasured, *, numbered: bool) -> int:
    """Return where a session stands: at its number, or by order where sessions have names."""
    return int(one.session) if numbered else one.position


def _broken(values: list[Spec], held: list[int]) -> list[Spec]:
    """Number the unbroken stretches of each line: a line never bridges a session without a value."""
    place = {number: i for i, number in enumerate(sorted(held))}
    lines: dict[str, list[Spec]] = {}
    for one in values:
        if one["y"] is not None:
            lines.setdefault(str(one["who"]), []).append(one)
    found: list[Spec] = []
    for who, several in lines.items():
        stretch, before = 0, None
        for one in sorted(several, key=lambda v: int(v["x"])):
            at = place[int(one["x"])]
            stretch += before is not None and at != before + 1
            before = at
            found.append(one | {"stretch": f"{who} {stretch}"})
    return found


def _panel(
    title: str,
    values: list[Spec],
    limits: tuple[float, float] | None,
    held: list[int],
    colours: Spec,
    *,
    last: bool,
    zero: bool = False,
) -> Spec:
    scale: Spec = {"zero": zero, "padding": 6, "nice": limits is None}
    if limits is not None:
        scale["domain"] = list(limits)
    axis: Spec = {
        "title": None,
        "tickCount": 3,
        "domain": False,
        "ticks": False,
        "minExtent": 46,
        "maxExtent": 46,
    }
    shown: Spec = {
        "title": "session number" if last else None,
        "format": "d",
        "values": _ticks(held),
        "grid": False,
        "labelOverlap": True,
        "labels": last,
        "ticks": last,
    }
    domain = [min(held) - 0.5, max(held) + 0.5]
    x: Spec = {
        "field": "x",
        "type": "quantitative",
        "axis": shown,
        "scale": {"domain": domain, "nice": False, "zero": False},
    }
    y: Spec = {"field": "y", "type": "quantitative", "axis": axis, "scale": scale}
    who: Spec = {
        "field": "who",
        "type": "nominal",
        "sort": None,
        "legend": {
            "title": None,
            "symbolType": "circle",
            "symbolStrokeWidth": 2,
            "orient": "right",
            "columns": 1,
        },
        "scale": colours,
    }
    return {
        "width": 520,
        "height": 96,
        "title": {"text": title, "anchor": "start", "color": INK},
        "data": {"values": values},
        "layer": [
            {
                "mark": {"type": "line", "strokeWidth": 2},
                "encoding": {"x": x, "y": y, "stroke": who, "detail": {"field": "stretch"}},
            },
            {
                "mark": {"type": "point", "fill": PAPER, "size": 44, "strokeWidth": 2, "opacity": 1},
                "encoding": {"x": x, "y": y, "stroke": who},
            },
        ],
    }


def _colours(values: Iterable[Spec]) -> Spec:
    """Give roles their own colours, and everything else the colours in order."""
    roles = dict(sorted({str(v["who"]): str(v["role"]) for v in values}.items()))
    known = {role: PALETTE[i] for i, role in enumerate(_ROLES) if sum(r == role for r in roles.values()) == 1}
    spare = (c for c in PALETTE * 8 if c not in known.values())
    return {"domain": list(roles), "range": [known.get(role) or next(spare) for role in roles.values()]}


def _ticks(held: list[int]) -> list[int]:
    step = max(1, -(-len(held) // 20))
    return sorted(held)[::step]
