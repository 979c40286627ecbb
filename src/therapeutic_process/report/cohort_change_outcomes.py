"""The part of a cohort report that shows sudden changes, outcomes under services' rules, and goals."""

from __future__ import annotations

from statistics import median
from typing import TYPE_CHECKING

from therapeutic_process.change_process import REASONS
from therapeutic_process.report.case_significance import SERVICE_ANSWERS
from therapeutic_process.report.cohort_change_classes import scale_name, share_cell
from therapeutic_process.report.html import Column, Content, Html, table, tag
from therapeutic_process.report.shares import HOW, shares_of
from therapeutic_process.report.view import note, notes
from therapeutic_process.report.words import count, listed

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Iterator, Mapping

    from therapeutic_process.report.cohort_change_tally import (
        ChangeTally,
        GoalTally,
        ScaleGrades,
        ScaleKey,
        ServiceTally,
    )
    from therapeutic_process.report.names import Names

__all__ = ["gain_parts", "goal_parts", "service_parts"]

_RULE = (
    "Sudden (Tang & DeRubeis 1999): at least the threshold of reliable change, at least 25 % of the score before, and "
    "standing out from the scores around it. Losses mirror gains. Some are found by chance alone: how many are to be "
    "expected depends on the scores and is not told here."
)


def gain_parts(tally: ChangeTally, names: Names) -> Iterator[Html | None]:
    """Yield sudden gains and losses by scale, and what could not be judged.

    Args:
        tally: What was counted.
        names: What instruments are called.
    """
    yield tag("h3", "Sudden gains and losses")
    ruled = [(k, g) for k, g in tally.scales.items() if g.intervals]
    ruled.sort(key=lambda kg: -kg[1].intervals.total())
    if ruled:
        heads = (
            "series judged",
            "with a gain",
            "with a loss",
            "intervals",
            "sudden gains",
            "sudden losses",
            "neither",
            "cannot say",
        )
        columns: list[Column | str] = ["scale", *(Column(h, "number") for h in heads)]
        rows = [_gain_row(names, k, g) for k, g in ruled]
        yield table("Intervals between neighbouring measurements, by scale and respondent", columns, rows)
        yield notes([_RULE])
        yield _reasons(ruled, names)
    yield _unruled(tally, names)


def _gain_row(names: Names, key: ScaleKey, grades: ScaleGrades) -> list[Content]:
    some = [
        share_cell(shares_of([n, grades.n_judged - n])[0], repeated=bool(grades.n_repeated))
        for n in (grades.with_change["sudden_gain"], grades.with_change["sudden_loss"])
    ]
    verdicts = ("sudden_gain", "sudden_loss", "neither", "cannot_say")
    numbers = (grades.intervals.total(), *(grades.intervals[v] for v in verdicts))
    return [scale_name(names, key), f"{grades.n_judged:,}", *some, *(f"{n:,}" for n in numbers)]


def _reasons(ruled: list[tuple[ScaleKey, ScaleGrades]], names: Names) -> Html | None:
    rows: list[list[Content]] = [
        [scale_name(names, k), REASONS[code].partition(": ")[2], f"{n:,}"]
        for k, g in ruled
        for code, n in g.interval_reasons.most_common()
    ]
    columns: list[Column | str] = ["scale", Column("why", "wide"), Column("intervals", "number")]
    return table("Intervals that cannot be judged, and why", columns, rows) if rows else None


def _unruled(tally: ChangeTally, names: Names) -> Html | None:
    told = [
        f"{names.instrument(k[0], k[1])}: {why} ({n:,})"
        for k, g in tally.scales.items()
        for why, n in g.unruled.most_common()
    ]
    return note(f"Series that cannot be judged: {'; '.join(told)}.") if told else None


def service_parts(tally: ServiceTally) -> Iterator[Html | None]:
    """Yield outcomes under the rules of NHS Talking Therapies, where both measures were asked of a client.

    Args:
        tally: What was counted.
    """
    if not (tally.n_clients or tally.n_one_measure or tally.refused):
        return
    yield tag("h3", "Outcomes under the rules of NHS Talking Therapies")
    if tally.refused is not None:
        yield note(f"Cannot say: {tally.refused}.")
    if tally.n_clients:
        heads = ("yes", "no", "cannot say", "outside the denominator")
        columns: list[Column | str] = ["outcome", *(Column(h, "number") for h in heads)]
        rows = [_service_row(tally, name) for name in SERVICE_ANSWERS]
        told = f"{count(tally.n_clients, 'client')} asked both PHQ-9 and GAD-7; shares of those of whom it can be said"
        yield table(told, columns, rows, stacks=True)
        outside = f"Outside the denominator of recovery: {count(tally.n_not_in_denominator, 'client')} not at caseness"
        yield notes([HOW.replace("over series", "over clients"), f"{outside} at the start."])
        yield tag("details", tag("summary", "Definitions of these rules"), notes(tally.definitions))
    reasons = [f"{why} ({count(n, 'client')})" for why, n in tally.reasons.most_common()]
    if reasons:
        yield note(f"What cannot be said, and why: {'; '.join(reasons)}.")
    if tally.n_one_measure:
        yield note(
            f"Left out, because only one of the two was asked: {count(tally.n_one_measure, 'client')}."
        )


def _service_row(tally: ServiceTally, name: str) -> list[Content]:
    yes, no = shares_of([tally.answers[name, "yes"], tally.answers[name, "no"]])
    rest = [f"{tally.answers[name, a]:,}" for a in ("cannot say", "outside the denominator")]
    return [SERVICE_ANSWERS[name], share_cell(yes), share_cell(no), *rest]


def goal_parts(tally: GoalTally) -> Iterator[Html | None]:
    """Yield how goals stand and what came of them, by who rated.

    Args:
        tally: What was counted.
    """
    if not tally.n_cases:
        return
    standing = tally.standing
    yield tag("h3", "Goals")
    told = (
        f"In {count(tally.n_cases, 'case')}: {count(standing['achieved'], 'goal')} achieved, "
        f"{standing['remaining']:,} agreed and remaining ({standing['follows']:,} of them recorded as following an "
        f"achieved one), {standing['not_agreed']:,} not agreed by client side and therapist."
    )
    yield tag("p", told)
    columns: list[Column | str] = [
        "what",
        *(Column(h, "number") for h in ("by", "n", "median", "lowest", "highest")),
    ]
    rows = [
        *_spread("goal attainment T, now", tally.t_now),
        *_spread("change in T since the start", tally.t_change),
        *_spread("goal-based outcome, last minus first (0 to 10)", tally.progress),
    ]
    yield table("Outcome of goals, by who rated", columns, rows) if rows else None
    yield notes(_goal_remarks(tally, known=bool(rows)))


def _spread(what: str, by_rater: Mapping[str, list[float]]) -> Iterator[list[Content]]:
    for kind, values in by_rater.items():
        ends = (median(values), min(values), max(values))
        yield [what, kind, f"{len(values):,}", *(f"{v:.1f}".replace("-", "−") for v in ends)]


def _goal_remarks(tally: GoalTally, *, known: bool) -> Iterator[str]:
    if not known:
        yield "Outcome of goals: cannot say: no goal has a rated level or two ratings."
    yield from _counted("Goals left out of T, because their rater did not rate them", tally.n_unrated)
    yield from _counted(
        "Goals with a single rating from 0 to 10: no difference can be formed", tally.n_single
    )


def _counted(what: str, counts: Counter[str]) -> Iterator[str]:
    some = [f"{n:,} by {kind}" for kind, n in counts.items() if n]
    if some:
        yield f"{what}: {listed(some)}."
