"""The part of a case view that shows the course of scores: trajectories, sudden gains and sudden losses."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from therapeutic_process.change_process import REASONS, STABILITY_NEEDS
from therapeutic_process.report.case_significance import series_name, whose_series
from therapeutic_process.report.figures.trajectory import drawable, trajectory_spec
from therapeutic_process.report.graded_series import reason_in_words
from therapeutic_process.report.html import Column, Content, Html, table, tag
from therapeutic_process.report.view import View, drawing, note, notes
from therapeutic_process.report.words import count, listed, when

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from therapeutic_process.records import Measurement
    from therapeutic_process.report.graded_series import GradedSeries, Interval

__all__ = ["INTERVAL_WORDS", "gains_parts", "rule_in_words", "trajectory_parts"]

_MAX_PANELS: Final = 6
INTERVAL_WORDS: Final = {
    "sudden_gain": "sudden gain",
    "sudden_loss": "sudden loss",
    "neither": "neither",
    "cannot_say": "cannot say",
}
_COLOURS: Final = {"sudden_gain": "reliable_improvement", "sudden_loss": "reliable_deterioration"}


def trajectory_parts(view: View, several: Sequence[GradedSeries]) -> Iterator[Html | None]:
    """Yield the trajectories of the series that can be judged against anything.

    Args:
        view: The case and how to show it.
        several: The case's series, graded.
    """
    drawn = [s for s in several if drawable(s)]
    if not drawn:
        return
    yield view.subheading("Trajectories")
    shown = drawn[:_MAX_PANELS]
    label = (
        f"Trajectories of {count(len(shown), 'series')} of scores with threshold, cutoff and sudden changes. Scores, "
        "thresholds and every interval are in the tables of this report."
    )
    spec = trajectory_spec(view.case, shown, view.names)
    yield drawing(spec, name=f"{view.prefix}-course", label=label, caption=_caption(shown), wide=True)
    if len(drawn) > len(shown):
        yield note(f"Not drawn: {count(len(drawn) - len(shown), 'series')} beyond the first {len(shown)}.")
    left = len(several) - len(drawn)
    if left:
        told = "fewer than two scores, or neither a verified threshold nor a verified cutoff"
        yield note(f"Not drawn: {count(left, 'series')} with {told}.")


def _caption(several: Sequence[GradedSeries]) -> str:
    told = [
        "The grey band reaches one threshold of reliable change above and below the first score: a last score inside "
        "it is no reliable change."
    ]
    if any(s.cutoff for s in several):
        told.append("The dashed line is the published cutoff of caseness.")
    if any(m.score is None for s in several for m in s.measurements):
        told.append("A cross above a panel is a measurement without a score: no line leads to it or from it.")
    return " ".join(told)


def gains_parts(view: View, several: Sequence[GradedSeries]) -> Iterator[Html | None]:
    """Yield sudden gains and losses by series, and every interval with its verdict.

    Args:
        view: The case and how to show it.
        several: The case's series, graded.
    """
    yield view.subheading("Sudden gains and losses")
    ruled = [s for s in several if s.sudden.rule is not None]
    if ruled:
        columns: list[Column | str] = [
            "scale",
            *(
                Column(n, "number")
                for n in ("intervals", "sudden gains", "sudden losses", "neither", "cannot say")
            ),
            Column("why it cannot be said", "wide"),
        ]
        caption = "Every interval between two neighbouring measurements, judged"
        yield table(caption, columns, [_row(view, s) for s in ruled])
        yield notes([rule_in_words(ruled[0])])
        yield _intervals(view, ruled)
    silent = Counter(s.sudden.why or "" for s in several if s.sudden.rule is None)
    if silent:
        reasons = listed([f"{why} ({n})" for why, n in silent.most_common()])
        yield note(f"Cannot say for {count(silent.total(), 'series')}: {reasons}.")


def rule_in_words(one: GradedSeries) -> str:
    """Return the criteria of sudden gains in a sentence.

    Args:
        one: A series that was judged by a rule.
    """
    rule = one.sudden.rule
    assert rule is not None
    return (
        "Sudden (Tang & DeRubeis 1999): the change between two neighbouring measurements N and N+1 is at least the "
        f"threshold of reliable change, at least {100 * (rule.min_share or 0):g} % of the score before it, and "
        f"stands out from the scores around it; for that the rule needs {STABILITY_NEEDS[rule.stability]}. "
        "Losses mirror gains."
    )


def _row(view: View, one: GradedSeries) -> list[Content]:
    counts, reasons = one.sudden.counts(), one.sudden.reasons()
    told = [tag("div", f"{n}: {REASONS[code].partition(': ')[2]}") for code, n in reasons.most_common()]
    numbers = [str(counts[v]) for v in INTERVAL_WORDS]
    return [series_name(view, one.measurements[0]), str(counts.total()), *numbers, told or "–"]


def _intervals(view: View, several: Sequence[GradedSeries]) -> Html:
    columns: list[Column | str] = [
        "interval",
        "measured",
        Column("scores", "number"),
        Column("change", "number"),
        "verdict",
        Column("why", "wide"),
    ]
    tables = [
        table(
            f"{view.names.instrument(s.change.instrument, s.change.scale)}: {whose_series(view, s.measurements[0])}",
            columns,
            _interval_rows(s),
        )
        for s in several
    ]
    return tag("details", tag("summary", "Every interval with its verdict"), tables)


def _interval_rows(one: GradedSeries) -> Iterator[list[Content]]:
    pairs = zip(pairwise(one.measurements), one.sudden.intervals, strict=True)
    for n, ((before, after), interval) in enumerate(pairs, start=1):
        yield [
            f"{n} to {n + 1}",
            _times(before, after),
            *_scores(before, after),
            _label(interval),
            _why(interval),
        ]


def _times(before: Measurement, after: Measurement) -> str:
    known = before.measured_at is not None or after.measured_at is not None
    return f"{when(before.measured_at)} to {when(after.measured_at)}" if known else "–"


def _scores(before: Measurement, after: Measurement) -> tuple[str, str]:
    told = " to ".join("no score" if m.score is None else f"{m.score:g}" for m in (before, after))
    if before.score is None or after.score is None:
        return told, "–"
    return told, f"{after.score - before.score:+g}".replace("-", "−")


def _label(one: Interval) -> Html:
    colour = _COLOURS.get(one.verdict, one.verdict)
    return tag("span", INTERVAL_WORDS[one.verdict], class_=f"verdict {colour}")


def _why(one: Interval) -> str:
    told = reason_in_words(one)
    return told[:1].upper() + told[1:]
