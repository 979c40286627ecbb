"""The distribution of change: how far scores moved, by instrument and verdict."""

from __future__ import annotations

import math
from collections import Counter
from typing import TYPE_CHECKING, Final

import attrs

from therapeutic_process.change_process import Change, Threshold
from therapeutic_process.errors import NotEnoughData
from therapeutic_process.instruments import Catalogue, builtin_catalogue
from therapeutic_process.report.figures.engine import Spec, chart_of
from therapeutic_process.report.names import Names
from therapeutic_process.report.style import BAD, GOOD, INK, MUTED, PALETTE
from therapeutic_process.report.words import count

if TYPE_CHECKING:
    from collections.abc import Iterable

    import altair as alt

__all__ = ["VERDICTS", "ScaleTally", "change_figure", "change_spec"]

VERDICTS: Final[dict[str, str]] = {
    "reliable_improvement": "reliable improvement",
    "no_reliable_change": "no reliable change",
    "reliable_deterioration": "reliable deterioration",
    "cannot_say": "cannot say",
}
_COLOURS: Final = (GOOD, PALETTE[3], BAD, MUTED)


@attrs.define(eq=False, repr=False)
class ScaleTally:
    """What is counted of the change on one scale; grows case by case.

    Attributes:
        differences: How often each difference with its verdict occurred.
        verdicts: How often each verdict was given.
        reasons: Why none could be given, and how often.
        threshold: The threshold that was used last, if any.
        n_missing: Measurements without a score.
    """

    differences: Counter[tuple[float, str]] = attrs.field(factory=Counter)
    verdicts: Counter[str] = attrs.field(factory=Counter)
    reasons: Counter[str] = attrs.field(factory=Counter)
    threshold: Threshold | None = None
    n_missing: int = 0

    def add(self, change: Change) -> None:
        """Count one change.

        Args:
            change: A change on this scale.
        """
        self.verdicts[change.verdict] += 1
        self.n_missing += change.n_missing
        self.threshold = change.threshold or self.threshold
        if (
            change.difference is None
        ):  # told without the counts of each series, which would make as many reasons
            self.reasons[f"needs 2 scores, found {change.n_scores}"] += 1
        elif change.why is not None:
            self.reasons[change.why] += 1
        if change.difference is not None:
            self.differences[change.difference, change.verdict] += 1


def change_figure(changes: Iterable[Change], *, catalogue: Catalogue | None = None) -> alt.VConcatChart:
    """Draw how scores moved from first to last, a histogram per scale, coloured by verdict.

    >>> from therapeutic_process.exchange import example_cases
    >>> from therapeutic_process.change_process import changes
    >>> type(change_figure(changes(example_cases()[0]).rows)).__name__
    'VConcatChart'

    Args:
        changes: Changes of one client or many.
        catalogue: Where to look up names and directions; by default the built-in catalogue.

    Returns:
        An Altair chart.

    Raises:
        NotEnoughData: If no change has two scores.
        MissingExtra: If the ``figures`` extra is not installed.
    """
    tallies: dict[tuple[str, str | None], ScaleTally] = {}
    for one in changes:
        tallies.setdefault((one.instrument, one.scale), ScaleTally()).add(one)
    spec = change_spec(tallies, Names(catalogue or builtin_catalogue(), {}))
    if spec is None:
        raise NotEnoughData("change_figure", needed="at least 1 change with two scores", found=0)
    chart: alt.VConcatChart = chart_of(spec)
    return chart


def change_spec(
    tallies: dict[tuple[str, str | None], ScaleTally], names: Names, *, limit: int = 8
) -> Spec | None:
    """Describe the distribution of change as a chart, or None where nothing has two scores.

    Args:
        tallies: What was counted, by instrument and scale.
        names: What instruments are called.
        limit: The most scales to draw, those with most changes first.
    """
    known = [(key, t) for key, t in tallies.items() if t.differences]
    known.sort(key=lambda kt: -kt[1].differences.total())
    panels = [_panel(t, names.instrument(*key), names.better(*key)) for key, t in known[:limit]]
    return {"vconcat": panels, "spacing": 22, "resolve": {"scale": {"color": "shared"}}} if panels else None


def _panel(tally: ScaleTally, name: str, better: str) -> Spec:
    width = _bin_width([d for d, _ in tally.differences])
    bins: Counter[tuple[int, str]] = Counter()
    for (difference, verdict), n in tally.differences.items():
        bins[round(difference / width), verdict] += n
    heights = Counter[int]()
    for (k, _), n in bins.items():
        heights[k] += n
    values = [
        {
            "from": (k - 0.46) * width,
            "to": (k + 0.46) * width,
            "n": n,
            "verdict": VERDICTS[v],
            "order": list(VERDICTS).index(v),
        }
        for (k, v), n in sorted(bins.items())
    ]
    reach = max(max(abs(k) for k, _ in bins) + 1, 3) * width
    x: Spec = {
        "field": "from",
        "type": "quantitative",
        "bin": "binned",
        "scale": {"domain": [-reach, reach], "nice": False},
        "axis": {
            "title": f"difference, last minus first score{better and f' ({better})'}",
            "grid": False,
            "tickCount": 9,
        },
    }
    y: Spec = {
        "field": "n",
        "type": "quantitative",
        "stack": True,
        "axis": {
            "title": "changes",
            "tickMinStep": 1,
            "tickCount": min(4, max(heights.values())),
            "domain": False,
        },
    }
    verdicts = list(VERDICTS.values())
    colour: Spec = {
        "field": "verdict",
        "type": "nominal",
        "legend": {"title": None},
        "scale": {"domain": verdicts, "range": list(_COLOURS)},
    }
    bars: Spec = {
        "data": {"values": values},
        "mark": {"type": "bar"},
        "encoding": {"x": x, "x2": {"field": "to"}, "y": y, "color": colour, "order": {"field": "order"}},
    }
    rule = {
        "data": {"values": [{"at": 0.0}]},
        "mark": {"type": "rule", "color": INK, "strokeDash": [3, 3]},
        "encoding": {"x": {"field": "at", "type": "quantitative"}},
    }
    title = {"text": f"{name}: {count(tally.differences.total(), 'difference')}", "anchor": "start"}
    return {"width": 640, "height": 110, "title": title, "layer": [bars, rule]}


def _bin_width(differences: list[float]) -> float:
    """Return 1, 2 or 5 times a power of ten, so that about 25 bins cover all differences."""
    rough = max(max(abs(d) for d in differences) / 12, 1e-9)
    power = 10.0 ** math.floor(math.log10(rough))
    width = next(f * power for f in (1, 2, 5, 10) if f * power >= rough * 0.999)
    whole = all(d.is_integer() for d in differences)
    return max(width, 1.0) if whole else width
