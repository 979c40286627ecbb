"""A heat map of residuals: which transitions are more or less frequent than the codes' frequencies let expect."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from therapeutic_process.errors import NotEnoughData
from therapeutic_process.report.figures.engine import Spec, chart_of
from therapeutic_process.report.figures.heatmap import MAX_CODES
from therapeutic_process.report.html import clean
from therapeutic_process.report.style import INK, MUTED, PALETTE, PAPER, QUIET

if TYPE_CHECKING:
    from collections.abc import Sequence

    import altair as alt

    from therapeutic_process.session_process import TransitionTables

__all__ = ["REASON_MARKS", "residual_heatmap", "residual_spec", "why_undefined"]

REASON_MARKS: Final = {
    "cannot_occur": "×",
    "given_code_never_occurs": "–",
    "target_never_occurs": "–",
    "no_variation": "–",
}
"""What stands in a cell without a residual, by reason."""

_LABELLED: Final = 14
_FULL: Final = 10.0
# Above this opacity a light number is easier to read on its cell than a dark one, in both colour schemes.
_LIGHT_ON_DARK: Final = 0.68


def residual_heatmap(
    tables: TransitionTables, *, table: int = 0, order: Sequence[str] | None = None
) -> alt.LayerChart:
    """Draw the adjusted residuals of a transition table, and mark where there is none.

    Blue-green: more often than expected, brown: less often; full colour from a residual of 10 on.

    >>> from therapeutic_process.session_process import transition_tables
    >>> type(residual_heatmap(transition_tables([[8, 2], [3, 7]], codes=["Q", "A"]))).__name__
    'LayerChart'

    Args:
        tables: Transition tables and their statistics.
        table: Which table.
        order: The codes in the order wanted; by default as they stand. Beyond 24 codes the most frequent are drawn.

    Returns:
        An Altair chart: a row per given code, a column per code that follows.

    Raises:
        NotEnoughData: If the table holds no transition.
        MissingExtra: If the ``figures`` extra is not installed.
    """
    if not int(tables.n_transitions[table]):
        raise NotEnoughData("residual_heatmap", needed="at least 1 transition", found=0)
    chart: alt.LayerChart = chart_of(residual_spec(tables, order, table=table))
    return chart


def residual_spec(tables: TransitionTables, order: Sequence[str] | None = None, *, table: int = 0) -> Spec:
    """Describe the heat map as a chart.

    Args:
        tables: Transition tables and their statistics.
        order: The codes in the order wanted.
        table: Which table.
    """
    places = _drawn(tables, order, table)
    rows = [clean(str(tables.codes[i])) for i in places]
    columns = [clean(str(tables.targets[i])) for i in places]
    why = why_undefined(tables, table=table)
    residual = tables.residual[table]
    cells = [
        _cell(rows[a], columns[b], float(residual[i, j]), why.get((i, j)))
        for a, i in enumerate(places)
        for b, j in enumerate(places)
    ]
    size = max(20, min(52, 480 // max(len(places), 1)))
    common = {"grid": False, "domain": False, "ticks": False, "titlePadding": 10, "labelColor": INK}
    y: Spec = {**_side(rows), "field": "given", "axis": {**common, "title": None, "labelLimit": 220}}
    top = {**common, "orient": "top", "title": "followed by", "labelAngle": -45, "labelAlign": "left"}
    x: Spec = {**_side(columns), "field": "target", "axis": top}
    return {
        "data": {"values": cells},
        "width": {"step": size},
        "height": {"step": min(size, 34)},
        "layer": [*_fills(x, y), *(_labels(x, y) if len(places) <= _LABELLED else [])],
    }


def _fills(x: Spec, y: Spec) -> list[Spec]:
    strength: Spec = {
        "field": "strength",
        "type": "quantitative",
        "legend": None,
        "scale": {"domain": [0, 1], "range": [0.04, 1]},
    }
    kinds = (("more", {"fill": PALETTE[0]}), ("less", {"fill": PALETTE[1]}))
    filled: list[Spec] = [
        {
            "transform": [{"filter": f"datum.kind === '{kind}'"}],
            "mark": {"type": "rect", **colour},
            "encoding": {"x": x, "y": y, "fillOpacity": strength},
        }
        for kind, colour in kinds
    ]
    empty: Spec = {
        "transform": [{"filter": "datum.kind === 'none'"}],
        "mark": {"type": "rect", "filled": False, "stroke": QUIET, "strokeDash": [3, 2]},
        "encoding": {"x": x, "y": y},
    }
    return [*filled, empty]


def _labels(x: Spec, y: Spec) -> list[Spec]:
    kinds = (("datum.ink === 'paper'", PAPER), ("datum.ink === 'ink'", INK), ("datum.ink === 'muted'", MUTED))
    return [
        {
            "transform": [{"filter": chosen}],
            "mark": {"type": "text", "fill": colour, "fontSize": 12},
            "encoding": {"x": x, "y": y, "text": {"field": "label", "type": "nominal"}},
        }
        for chosen, colour in kinds
    ]


def why_undefined(tables: TransitionTables, *, table: int = 0) -> dict[tuple[int, int], str]:
    """Return why cells have no residual, by row and column.

    Args:
        tables: Transition tables and their statistics.
        table: Which table.
    """
    frame = tables.reasons(table)
    return {(i, j): reason for i, row in enumerate(frame) for j, reason in enumerate(row) if reason}


def _side(names: list[str]) -> Spec:
    return {"type": "nominal", "sort": names, "scale": {"domain": names, "padding": 0.04}}


def _drawn(tables: TransitionTables, order: Sequence[str] | None, table: int) -> list[int]:
    wanted = list(tables.codes if order is None else order)
    places = [tables.codes.index(code) for code in wanted]
    often = tables.frequency[table].sum(1)
    kept = set(sorted(places, key=lambda i: -int(often[i]))[:MAX_CODES])
    return [i for i in places if i in kept]


def _cell(given: str, target: str, residual: float, why: str | None) -> Spec:
    if why is not None or math.isnan(residual):
        mark = REASON_MARKS.get(why or "", "–")
        return {
            "given": given,
            "target": target,
            "kind": "none",
            "strength": 0.0,
            "label": mark,
            "ink": "muted",
        }
    strength = min(abs(residual) / _FULL, 1.0)
    told = f"{residual:.1f}" if abs(residual) < 9.95 else f"{residual:.0f}"
    return {
        "given": given,
        "target": target,
        "kind": "more" if residual >= 0 else "less",
        "strength": strength,
        "label": told.replace("-0.0", "0.0").replace("-", "−"),
        "ink": "paper" if strength > _LIGHT_ON_DARK else "ink",
    }
