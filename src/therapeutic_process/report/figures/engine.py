"""Turns a chart's description into an Altair chart, and a chart into SVG that stands alone."""

from __future__ import annotations

import re
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

from therapeutic_process.errors import MissingExtra
from therapeutic_process.report.style import INK, MUTED, PALETTE, QUIET

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import ModuleType

    import altair as alt

__all__ = ["AnyChart", "Spec", "chart_of", "figure_svg", "spec_svg"]

Spec = dict[str, Any]
AnyChart = Any
"""An Altair chart of any kind: single, layered, concatenated."""

_CONFIG: Final[Mapping[str, Any]] = {
    "aria": False,
    "background": "transparent",
    "font": "Helvetica Neue, Arial, sans-serif",
    "padding": {"left": 14, "right": 14, "top": 4, "bottom": 4},
    "view": {"stroke": None},
    "range": {"category": list(PALETTE)},
    "axis": {
        "labelColor": MUTED,
        "titleColor": MUTED,
        "domainColor": QUIET,
        "tickColor": QUIET,
        "gridColor": QUIET,
        "labelFontSize": 12,
        "titleFontSize": 12,
        "titleFontWeight": "normal",
        "labelLimit": 130,
        "gridOpacity": 0.6,
    },
    "legend": {
        "labelColor": INK,
        "titleColor": MUTED,
        "labelFontSize": 12,
        "titleFontSize": 12,
        "titleFontWeight": "normal",
        "labelLimit": 220,
        "symbolSize": 80,
        "orient": "bottom",
        "columns": 4,
        "columnPadding": 34,
        "rowPadding": 6,
        "symbolStrokeWidth": 0,
        "offset": 14,
    },
    "title": {"color": INK, "fontSize": 13, "fontWeight": "normal", "anchor": "start"},
}
_CLASSES: Final = {"vconcat": "VConcatChart", "facet": "FacetChart", "layer": "LayerChart"}
_ID: Final = re.compile(r'\bid="([^"]+)"')
_ROLE: Final = re.compile(r' (?:role|aria-[a-z]+|pointer-events)="[^"]*"')


def _needed(package: str) -> ModuleType:
    try:
        return import_module(package)
    except ImportError as error:
        raise MissingExtra("figures", package) from error


def chart_of(spec: Spec) -> AnyChart:
    """Return an Altair chart made from a Vega-Lite description, in the style of the report.

    Args:
        spec: The description; its data stand inline.

    Raises:
        MissingExtra: If the ``figures`` extra is not installed.
    """
    altair = _needed("altair")
    kind = next((name for key, name in _CLASSES.items() if key in spec), "Chart")
    return getattr(altair, kind).from_dict({**spec, "config": dict(_CONFIG)}, validate=False)


def figure_svg(chart: alt.TopLevelMixin, *, prefix: str = "figure") -> str:
    """Return a chart as SVG: no script, nothing to load, the same bytes for the same chart.

    Colours are fixed values, which a page may replace by style rules; a chart of this library stays legible on white.

    >>> from therapeutic_process.report.figures.engine import chart_of
    >>> figure_svg(chart_of({"data": {"values": [{}]}, "mark": "point"})).startswith("<svg")
    True

    Args:
        chart: Any Altair chart.
        prefix: Beginning of the ids inside, so that several figures can stand in one page.

    Returns:
        The SVG element as text.

    Raises:
        MissingExtra: If the ``figures`` extra is not installed.
    """
    return _drawn(chart.to_dict(validate=False), prefix)


def spec_svg(spec: Spec, *, prefix: str) -> str:
    """Return a description as SVG, the same as its chart gives: without a chart, which takes several times as long.

    >>> spec = {"data": {"values": [{}]}, "mark": "point"}
    >>> spec_svg(spec, prefix="figure") == figure_svg(chart_of(spec))
    True

    Args:
        spec: The description; its data stand inline.
        prefix: Beginning of the ids inside, so that several figures can stand in one page.

    Raises:
        MissingExtra: If the ``figures`` extra is not installed.
    """
    schema = f"https://vega.github.io/schema/vega-lite/{_needed('altair').SCHEMA_VERSION}.json"
    return _drawn({"$schema": schema, **spec, "config": dict(_CONFIG)}, prefix)


def _drawn(spec: Spec, prefix: str) -> str:
    vl_convert = _needed("vl_convert")
    version = ".".join(_needed("altair").SCHEMA_VERSION.removeprefix("v").split(".")[:2])
    try:
        drawn = vl_convert.vegalite_to_svg(spec, vl_version=version)
    except ValueError:
        drawn = vl_convert.vegalite_to_svg(spec)
    return _with_own_ids(_ROLE.sub("", drawn), prefix)


def _with_own_ids(svg: str, prefix: str) -> str:
    """Number the ids anew: the renderer counts on from figure to figure, so bytes and pages would clash."""
    for number, name in enumerate(dict.fromkeys(_ID.findall(svg)), start=1):
        mine = f"{prefix}-{number}"
        svg = svg.replace(f'id="{name}"', f'id="{mine}"').replace(f"url(#{name})", f"url(#{mine})")
    return svg
