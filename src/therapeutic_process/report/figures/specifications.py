"""All models of one question side by side: the default and the screen marked, refusals with their reason."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from therapeutic_process.errors import NotEnoughData
from therapeutic_process.report.figures.engine import Spec, chart_of
from therapeutic_process.report.figures.interval_rows import IntervalRow, interval_panel, room_for, said
from therapeutic_process.report.style import MUTED, PALETTE

if TYPE_CHECKING:
    import altair as alt

    from therapeutic_process.process_outcome import SpecificationEstimate, SpecificationSensitivity

__all__ = ["SPECIFICATIONS_NOTE", "specification_figure", "specification_spec", "specifications_in_words"]

_KINDS: Final = {
    "default for inference": ("circle", PALETTE[0]),
    "screen": ("diamond", PALETTE[1]),
    "used in the field, for comparison": ("square", MUTED),
}
_OF_ROLE: Final = dict(zip(("default", "screen", "usual"), _KINDS, strict=True))
_TEST_ONLY: Final = "test only"
SPECIFICATIONS_NOTE: Final = (
    "Only the default is for inference; its thick line is the robust interval of both readings. Where an event follows "
    "a client's state, the models that the field uses reject a true null in up to 100 % of cohorts: that they agree "
    "is no evidence."
)


def specification_figure(found: SpecificationSensitivity) -> alt.VConcatChart:
    """Draw what every model says to one question, with its interval; the default and the screen are marked.

    A model that refused has a row with its reason. Estimates on different scales have panels of their own.

    >>> import numpy as np
    >>> from therapeutic_process.process_outcome import specification_sensitivity
    >>> from therapeutic_process.simulate import simulate_cohort
    >>> table = simulate_cohort("rtm", n_clients=40, n_sessions=8, rng=np.random.default_rng(2)).table
    >>> type(specification_figure(specification_sensitivity(table, timing="before"))).__name__
    'VConcatChart'

    Args:
        found: The models' answers.

    Returns:
        An Altair chart, whose `description` says in words what it shows.

    Raises:
        NotEnoughData: If there is no model.
        MissingExtra: If the ``figures`` extra is not installed.
    """
    if not found.estimates:
        raise NotEnoughData("specification_figure", needed="at least 1 model", found=0)
    chart: alt.VConcatChart = chart_of(specification_spec(found))
    return chart


def specification_spec(found: SpecificationSensitivity) -> Spec:
    """Describe the models as a chart, a panel per scale.

    Args:
        found: The models' answers; at least one.
    """
    scales = dict.fromkeys(e.scale for e in found.estimates)
    margin = room_for(e.name for e in found.estimates)
    panels = []
    for scale in scales:
        rows = [_row(e) for e in found.estimates if e.scale == scale]
        ratio = "odds" in scale
        nothing = 1.0 if ratio else 0.0
        title = f"{scale}, with {found.level:.0%} intervals"
        panels.append(interval_panel(rows, _KINDS, title=title, margin=margin, nothing=nothing, log=ratio))
    words = {"description": specifications_in_words(found)}
    return {
        "vconcat": panels,
        "spacing": 22,
        "resolve": {"scale": {"stroke": "shared", "shape": "shared"}},
    } | words


def _row(one: SpecificationEstimate) -> IntervalRow:
    only = "no estimate, a test only" if one.scale == _TEST_ONLY else None
    refused = only if one.refused is None else one.refused.replace("_", " ")
    shown_p = one.refused is None and not math.isnan(one.p_value)
    return IntervalRow(
        label=one.name,
        kind=_OF_ROLE[one.role],
        estimate=one.estimate,
        interval=one.interval,
        told=_p(one.p_value) if shown_p else "",
        refused=refused,
    )


def _p(value: float) -> str:
    return "p < .001" if value < 0.001 else f"p = {value:.3f}".replace("0.", ".", 1)


def specifications_in_words(found: SpecificationSensitivity) -> str:
    """Return what the figure shows, for those who do not see it.

    Args:
        found: The models' answers.
    """
    answered = [e for e in found.estimates if e.refused is None]
    below = sum(e.p_value < 1 - found.level for e in answered)
    default = next((e for e in found.estimates if e.role == "default"), None)
    told = "no default"
    if default is not None and default.refused is not None:
        told = f"the default: {default.refused.replace('_', ' ')}"
    elif default is not None:
        low, high = default.interval
        told = f"the default's {found.level:.0%} interval goes from {said(low)} to {said(high)}"
    refused = len(found.estimates) - len(answered)
    return (
        f"{len(found.estimates)} models of one question: {below} of {len(answered)} that answer reject at "
        f"{1 - found.level:.0%}, {refused} refuse; {told}."
    )
