"""Bars of a code profile: how often each speaker's talk was given each code."""

from __future__ import annotations

from typing import TYPE_CHECKING

from therapeutic_process.errors import NotEnoughData
from therapeutic_process.report.figures.engine import Spec, chart_of
from therapeutic_process.report.html import clean
from therapeutic_process.report.style import INK, PALETTE

if TYPE_CHECKING:
    import altair as alt

    from therapeutic_process.session_process import CodeProfile

__all__ = ["code_profile_figure"]


def code_profile_figure(profile: CodeProfile) -> alt.FacetChart:
    """Draw the counts of a code profile, a panel per pass and role.

    Speakers of one role are put together; the profile's rows keep them apart.

    >>> from therapeutic_process.session_process import CodeCount, CodeProfile
    >>> row = CodeCount("p1", "annomi", "t1", "therapist", "question", 3, 1.0)
    >>> type(code_profile_figure(CodeProfile((row,), 3, 3, 3, 0))).__name__
    'FacetChart'

    Args:
        profile: The profile.

    Returns:
        An Altair chart.

    Raises:
        NotEnoughData: If no code was given.
        MissingExtra: If the ``figures`` extra is not installed.
    """
    if not profile.rows:
        raise NotEnoughData("code_profile_figure", needed="at least 1 code", found=0)
    counts: dict[tuple[str, str, str], int] = {}
    for row in profile.rows:
        key = (
            clean(f"{row.system}, pass {row.coding_pass}"),
            row.role or "speaker not known",
            clean(row.code),
        )
        counts[key] = counts.get(key, 0) + row.count
    values = [
        {"panel": f"{role} · {name}", "role": role, "code": code, "n": n}
        for (name, role, code), n in counts.items()
    ]
    chart: alt.FacetChart = chart_of(_spec(values))
    return chart


def _spec(values: list[Spec]) -> Spec:
    roles = ["therapist", "client", "other", "speaker not known"]
    y = {
        "field": "code",
        "type": "nominal",
        "sort": "-x",
        "axis": {"title": None, "ticks": False, "labelColor": INK},
    }
    x = {
        "field": "n",
        "type": "quantitative",
        "axis": {"title": "codes given", "tickMinStep": 1, "tickCount": 5},
    }
    colour = {
        "field": "role",
        "type": "nominal",
        "legend": None,
        "scale": {"domain": roles, "range": list(PALETTE[:4])},
    }
    return {
        "data": {"values": values},
        "facet": {
            "field": "panel",
            "type": "nominal",
            "title": None,
            "header": {"labelFontSize": 13, "labelAnchor": "start"},
        },
        "columns": 1,
        "spec": {
            "width": 420,
            "height": {"step": 22},
            "mark": {"type": "bar", "height": 13},
            "encoding": {"y": y, "x": x, "color": colour},
        },
        "resolve": {"scale": {"y": "independent"}},
    }
