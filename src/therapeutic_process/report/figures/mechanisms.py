"""The mechanisms of a tested theory as a forest: readings, robust interval, and what was declared beforehand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from therapeutic_process.change_process import ChangePattern, GoalPattern, ScorePattern
from therapeutic_process.errors import NotEnoughData
from therapeutic_process.report.figures.engine import Spec, chart_of
from therapeutic_process.report.figures.interval_rows import IntervalRow, interval_panel, room_for, said
from therapeutic_process.report.figures.panels import shortened
from therapeutic_process.report.style import INK, PALETTE

if TYPE_CHECKING:
    from collections.abc import Iterator

    import altair as alt

    from therapeutic_process.change_process import EffectPattern
    from therapeutic_process.process_outcome import LagTest, MechanismTest, TheoryTest

__all__ = ["FOREST_NOTE", "forest_in_words", "forest_spec", "in_order", "mechanism_forest"]

_STEP: Final = 34
_REASON: Final = 58
_ROBUST: Final = "robust interval, Holm-adjusted"
_KINDS: Final = {
    "score reading": ("circle", PALETTE[0]),
    "state reading": ("diamond", PALETTE[1]),
    _ROBUST: ("stroke", INK),
}
FOREST_NOTE: Final = (
    "The verdict rests on the robust interval, the thick line: the union of both readings' intervals, adjusted for all "
    "mechanisms and lags tested. Short upright stroke: the smallest effect of interest, on its declared side. Grey: "
    "bounds inside of which an effect would be too small to matter. A star: conditional on what the event follows. "
    "Supported means consistent with the mechanism."
)


def mechanism_forest(tested: TheoryTest) -> alt.VConcatChart:
    """Draw every mechanism of a tested theory, rivals next to each other, a panel per outcome.

    Each declared lag has a row with both readings and the robust interval; the smallest effect of interest and the
    bounds of being inert are drawn where they were declared. What was not testable says so.

    >>> from therapeutic_process.change_process import CodePattern, Mechanism, ScorePattern, TheoryOfChange
    >>> from therapeutic_process.process_outcome import test_theory
    >>> talk = Mechanism(id="m", cause=CodePattern(system="automisc", codes=("C",)),
    ...     effect=ScorePattern(instrument="phq9"))
    >>> tested = test_theory(TheoryOfChange(id="mi", name="Talk", mechanisms=(talk,)), {}, timing="before")
    >>> type(mechanism_forest(tested)).__name__
    'VConcatChart'

    Args:
        tested: The test of the theory.

    Returns:
        An Altair chart, whose `description` says in words what it shows.

    Raises:
        NotEnoughData: If the test holds no mechanism.
        MissingExtra: If the ``figures`` extra is not installed.
    """
    if not tested.mechanisms:
        raise NotEnoughData("mechanism_forest", needed="at least 1 mechanism", found=0)
    chart: alt.VConcatChart = chart_of(forest_spec(tested))
    return chart


def forest_spec(tested: TheoryTest) -> Spec:
    """Describe the forest as a chart.

    Args:
        tested: The test; at least one mechanism.
    """
    panels: dict[str, list[IntervalRow]] = {}
    better: dict[str, str] = {}
    for one in in_order(tested):
        name = _outcome(one.mechanism.effect)
        panels.setdefault(name, []).extend(_rows(one))
        better |= {name: _better(one)} if one.expected_sign else {}
    margin = room_for(row.label for rows in panels.values() for row in rows)
    charts = [
        interval_panel(
            rows,
            _KINDS,
            title=f"{name}: points per unit of the process{better.get(name, '')}",
            margin=margin,
            step=_STEP,
        )
        for name, rows in panels.items()
    ]
    shared = {"scale": {"stroke": "shared", "shape": "shared"}}
    return {"vconcat": charts, "spacing": 22, "resolve": shared, "description": forest_in_words(tested)}


def _better(one: MechanismTest) -> str:
    improves = one.mechanism.direction == "improvement"
    return f" ({'higher' if (one.expected_sign == 1) == improves else 'lower'} is better)"


def in_order(tested: TheoryTest) -> list[MechanismTest]:
    """Return the mechanisms so that rivals follow each other.

    Args:
        tested: The test.
    """
    found: dict[str, MechanismTest] = {}
    for one in tested.mechanisms:
        for beside in (one, *tested.rivals_of(one.mechanism.id)):
            found.setdefault(beside.mechanism.id, beside)
    return list(found.values())


def _outcome(effect: EffectPattern) -> str:
    if isinstance(effect, ScorePattern):
        return effect.instrument if effect.scale is None else f"{effect.instrument}: {effect.scale}"
    if isinstance(effect, GoalPattern):
        return "attainment of goals" if effect.measure == "attainment" else "progress towards goals"
    assert isinstance(effect, ChangePattern)
    return "changes outside sessions"


def _rows(one: MechanismTest) -> Iterator[IntervalRow]:
    several = len(one.lags) > 1
    for lag in one.lags:
        label = f"{one.mechanism.id}, lag {lag.lag}" if several else one.mechanism.id
        yield from _at_lag(one, lag, label)
    if not one.lags:
        yield IntervalRow(one.mechanism.id, _ROBUST, refused=one.verdict)


def _at_lag(one: MechanismTest, lag: LagTest, label: str) -> Iterator[IntervalRow]:
    if lag.effect is None:
        yield IntervalRow(label, _ROBUST, refused=shortened(f"not testable: {lag.reasons[0]}", _REASON))
        return
    mechanism, condition = one.mechanism, "*" if lag.conditional else ""
    bounds = mechanism.inert_bounds
    for reading in lag.effect.readings:
        if reading.reading in lag.effect.kept:
            yield IntervalRow(label, f"{reading.reading} reading", reading.effect, reading.interval)
    yield IntervalRow(
        label,
        _ROBUST,
        interval=lag.interval,
        told=f"{lag.verdict}{condition}",
        bounds=None if bounds is None else (bounds.lower, bounds.upper),
        smallest=(one.expected_sign or 1) * (mechanism.smallest_effect or 0.0),
    )


def forest_in_words(tested: TheoryTest) -> str:
    """Return what the figure shows, for those who do not see it.

    Args:
        tested: The test.
    """
    told = []
    for one in in_order(tested):
        found = f"{one.mechanism.id} {one.verdict}"
        if one.interval is not None:
            found += f", robust interval {said(one.interval[0])} to {said(one.interval[1])}"
        told.append(f"{found}{', conditional on what the event follows' if one.conditional else ''}")
    return f"{len(told)} mechanisms: {'; '.join(told)}."
