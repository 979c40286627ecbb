"""A heat map of transitions: which code follows which."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from therapeutic_process.errors import NotEnoughData
from therapeutic_process.report.figures.engine import Spec, chart_of
from therapeutic_process.report.html import clean
from therapeutic_process.report.style import INK, PALETTE, PAPER

if TYPE_CHECKING:
    from collections.abc import Sequence

    import altair as alt

    from therapeutic_process.session_process import Transition, Transitions

__all__ = ["MAX_CODES", "given_totals", "transition_heatmap", "transition_spec"]

MAX_CODES: Final = 24
_LABELLED: Final = 14
# Above this share a light number is easier to read on its cell than a dark one, in both colour schemes.
_LIGHT_ON_DARK: Final = 0.68


def transition_heatmap(transitions: Transitions, *, order: Sequence[str] | None = None) -> alt.LayerChart:
    """Draw how often each code was followed by each other one, as a share of all that followed it.

    >>> from therapeutic_process.session_process import Transition, Transitions
    >>> once = Transitions(("Q", "A"), (Transition("Q", "A", 3, 1.0),), lag=1, n_sessions=1, n_transitions=3,
    ...                    n_uncoded=0, n_multiple=0)
    >>> type(transition_heatmap(once)).__name__
    'LayerChart'

    Args:
        transitions: The counts, of one case or pooled.
        order: The codes in the order wanted; by default as they first occur. Beyond 24 codes the most frequent
            ones are drawn.

    Returns:
        An Altair chart: a row per first code, a column per code that follows.

    Raises:
        NotEnoughData: If there is no transition.
        MissingExtra: If the ``figures`` extra is not installed.
    """
    if not transitions.n_transitions:
        raise NotEnoughData("transition_heatmap", needed="at least 1 transition", found=0)
    chart: alt.LayerChart = chart_of(transition_spec(transitions, order or transitions.codes))
    return chart


def transition_spec(transitions: Transitions, order: Sequence[str]) -> Spec:
    """Describe the heat map as a chart.

    Args:
        transitions: The counts.
        order: The codes in the order wanted.
    """
    codes = _drawn(transitions, order)
    names = [clean(c) for c in codes]
    totals = given_totals(transitions)
    firsts = {code: f"{clean(code)} ({totals[code]:,})" for code in codes}
    values = [_cell(r, firsts[r.given]) for r in transitions.rows if r.given in firsts and r.target in firsts]
    size = max(20, min(52, 480 // max(len(codes), 1)))
    common = {"grid": False, "domain": False, "ticks": False, "titlePadding": 10, "labelColor": INK}
    y: Spec = {
        **_side(list(firsts.values())),
        "field": "given",
        "axis": {**common, "title": None, "labelLimit": 220},
    }
    below = {**common, "orient": "top", "title": "followed by", "labelAngle": -45, "labelAlign": "left"}
    x: Spec = {**_side(names), "field": "target", "axis": below}
    share: Spec = {
        "field": "share",
        "type": "quantitative",
        "legend": None,
        "scale": {"domain": [0, 1], "range": [0.05, 1]},
    }
    layers: list[Spec] = [
        {"mark": {"type": "rect", "fill": PALETTE[0]}, "encoding": {"x": x, "y": y, "fillOpacity": share}}
    ]
    if len(codes) <= _LABELLED:
        for dark, colour in ((True, PAPER), (False, INK)):
            layers.append(
                {
                    "transform": [{"filter": f"datum.dark === {str(dark).lower()}"}],
                    "mark": {"type": "text", "fill": colour, "fontSize": 12},
                    "encoding": {"x": x, "y": y, "text": {"field": "label", "type": "nominal"}},
                }
            )
    return {
        "data": {"values": values},
        "width": {"step": size},
        "height": {"step": min(size, 34)},
        "layer": layers,
    }


def given_totals(transitions: Transitions) -> dict[str, int]:
    """Return how often each code was followed by any other.

    Args:
        transitions: The counts.
    """
    totals = dict.fromkeys(transitions.codes, 0)
    for row in transitions.rows:
        totals[row.given] += row.count
    return totals


def _side(names: list[str]) -> Spec:
    return {"type": "nominal", "sort": names, "scale": {"domain": names, "padding": 0.04}}


def _drawn(transitions: Transitions, order: Sequence[str]) -> list[str]:
    if len(order) <= MAX_CODES:
        return list(order)
    often = given_totals(transitions)
    kept = set(sorted(order, key=lambda c: -often[c])[:MAX_CODES])
    return [c for c in order if c in kept]


def _cell(row: Transition, given: str) -> Spec:
    """Return a cell: empty where a code never followed, a dash where nothing followed that could be counted."""
    share = row.probability
    known = "" if not row.count else "<1" if (share or 0) < 0.005 else f"{100 * (share or 0):.0f}"
    label = "–" if share is None else known
    return {
        "given": given,
        "target": clean(row.target),
        "share": share or 0.0,
        "label": label,
        "dark": (share or 0) > _LIGHT_ON_DARK,
    }
