"""The part of a report that shows a tested theory: mechanisms, what stands under them, models and courses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from therapeutic_process.process_outcome import perspectives
from therapeutic_process.report.figures.event_course import course_in_words, course_spec
from therapeutic_process.report.figures.interval_rows import said
from therapeutic_process.report.figures.mechanisms import FOREST_NOTE, forest_in_words, forest_spec, in_order
from therapeutic_process.report.figures.specifications import (
    SPECIFICATIONS_NOTE,
    specification_spec,
    specifications_in_words,
)
from therapeutic_process.report.html import Column, Content, Html, join, table, tag
from therapeutic_process.report.view import View, bar, drawing, note, notes
from therapeutic_process.report.words import count, percent

if TYPE_CHECKING:
    from collections.abc import Iterator

    from therapeutic_process.process_outcome import (
        EventCourse,
        LagTest,
        MechanismTest,
        ProcessStanding,
        TheoryPerspectives,
        TheoryTest,
    )
    from therapeutic_process.report.theory_findings import TheoryFindings

__all__ = ["standings_parts", "theory_parts", "theory_section"]

_MOST_ROWS: Final = 40
_STANDINGS: Final = {
    "active": "a mechanism that claims them is supported",
    "undecided": "claimed, and neither active nor shown to be inert",
    "inert": "every mechanism that claims them was tested and lies within its bounds",
    "unclaimed": "no mechanism speaks of them",
    "uncoded": "hold no code",
}


def theory_parts(found: TheoryFindings) -> Iterator[Html]:
    """Yield what the data say of a theory.

    Args:
        found: What to show.
    """
    tested = found.test
    verdicts = [one.verdict for one in tested.mechanisms]
    told = ", ".join(f"{verdicts.count(v)} {v}" for v in dict.fromkeys(verdicts))
    yield tag("p", f"{count(len(verdicts), 'mechanism')}: {told}. {tested.declaration.capitalize()}.")
    yield note("Fingerprint of the theory: ", tag("span", tested.fingerprint, class_="id"))
    yield drawing(
        forest_spec(tested),
        name="theory-forest",
        label=forest_in_words(tested),
        caption=join(FOREST_NOTE),
        wide=True,
    )
    yield _mechanisms(tested)
    limits = dict.fromkeys(
        x for one in tested.mechanisms if one.effect is not None for x in one.effect.limits
    )
    if limits:
        yield note("What no such test can exclude, with the share of false positives where it was measured:")
        yield tag("ul", (tag("li", text) for text in limits), class_="note")
    yield from (_stands_on(one) for one in in_order(tested) if one.effect is not None)
    yield from (_described(one) for one in in_order(tested) if one.described is not None)
    for number, (name, models) in enumerate(found.specifications.items()):
        yield tag("h3", f"Models side by side: {name}")
        label = specifications_in_words(models)
        spec = specification_spec(models)
        yield drawing(
            spec, name=f"theory-models-{number}", label=label, caption=SPECIFICATIONS_NOTE, wide=True
        )
    for number, (name, course) in enumerate(found.courses.items()):
        yield tag("h3", f"Scores around sessions with the event: {name}")
        yield _course(course, f"theory-course-{number}")


def _mechanisms(tested: TheoryTest) -> Html:
    columns: list[Column | str] = [
        "mechanism",
        "lag",
        "verdict",
        Column("robust interval", "number"),
        Column("p, Holm", "number"),
        Column("clients", "number"),
        Column("why", "wide"),
        "rivals",
    ]
    rows = [row for one in in_order(tested) for row in _rows(tested, one)]
    return table("Mechanisms at every declared lag, rivals next to each other", columns, rows)


def _rows(tested: TheoryTest, one: MechanismTest) -> Iterator[list[Content]]:
    beside = tested.rivals_of(one.mechanism.id)
    rivals = ", ".join(f"{r.mechanism.id}: {r.verdict}" for r in beside) or "–"
    for number, lag in enumerate(one.lags):
        name = one.mechanism.label or one.mechanism.id
        yield [
            tag("span", name, class_="id"),
            lag.lag,
            _verdict(lag),
            "–" if lag.interval is None else f"{said(lag.interval[0])} to {said(lag.interval[1])}",
            "–" if lag.p_holm is None else f"{lag.p_holm:.2g}",
            f"{lag.n_clients:,}",
            "; ".join(lag.reasons),
            rivals if number == 0 else "",
        ]


def _verdict(one: LagTest) -> Html:
    colour = {"supported": "reliable_improvement", "not testable": "cannot_say"}.get(one.verdict, "plain")
    condition = (
        tag("div", "conditional on what the event follows", class_="muted") if one.conditional else None
    )
    return join(tag("span", one.verdict, class_=f"verdict {colour}"), condition)


def _stands_on(one: MechanismTest) -> Html:
    effect = one.effect
    assert effect is not None
    told = [
        str(effect.placebo),
        *(f"left out: {n:,} × {reason}" for reason, n in one.dropped),
        *(f"warning: {text}" for text in one.warnings),
        *(f"assumes: {text}" for text in effect.assumptions),
    ]
    summary = tag("summary", f"What the test of {one.mechanism.label or one.mechanism.id} stands on")
    return tag("details", summary, notes(told))


def _described(one: MechanismTest) -> Html:
    summary = tag(
        "summary", f"Changes after sessions with {one.mechanism.label or one.mechanism.id}, described"
    )
    lost = [f"left out: {n:,} × {reason}" for reason, n in one.dropped]
    return tag("details", summary, notes([*str(one.described).splitlines(), *lost]))


def _course(course: EventCourse, name: str) -> Html:
    told = [
        str(course.placebo),
        *course.warnings,
        *(f"left out: {n:,} × {reason}" for reason, n in course.dropped),
    ]
    caption = join(
        f"Deviations from session means and each client's own line, with {course.level:.0%} intervals. Matched: the "
        f"session without the event with the same number and the closest score before it, at most "
        f"{said(course.caliper)} points away.",
        notes(told),
    )
    return drawing(course_spec(course), name=name, label=course_in_words(course), caption=caption)


def theory_section(view: View) -> Html | None:
    """Return what of one case is active, inert, undecided or unclaimed under a tested theory; None without one.

    Args:
        view: The case and how to show it.
    """
    if view.theory is None:
        return None
    verdicts = "; ".join(
        f"{m.mechanism.label or m.mechanism.id}: {m.verdict}" for m in view.theory.mechanisms
    )
    told = note(
        f"{verdicts}. {view.theory.declaration.capitalize()}. The test is of a cohort, not of this case."
    )
    return view.section(
        "theory", "Under a theory", told, *standings_parts(perspectives(view.case, view.theory))
    )


def standings_parts(seen: TheoryPerspectives) -> Iterator[Html]:
    """Yield what of the sessions is active, inert, undecided or unclaimed, and which change outside no session claims.

    Args:
        seen: Both perspectives under the theory.
    """
    shares = [(s, seen.interactions.get(s, 0)) for s in _STANDINGS]
    n = seen.n_interactions
    rows = [
        [name, _STANDINGS[name], f"{k:,}", percent(k / n if n else None), bar(k / n if n else None)]
        for name, k in shares
    ]
    yield table(
        f"{count(n, 'interaction')} of held sessions under the theory",
        ["standing", Column("it means", "wide"), Column("interactions", "number"), Column("of all", "number"),
         Column("share", "bar")],
        rows,
    )  # fmt: skip
    yield tag("p", _changes(seen))
    if seen.rows:
        yield _variables(seen)
    remarks = notes(seen.meaning)
    if remarks is not None:
        yield remarks


def _changes(seen: TheoryPerspectives) -> str:
    if not seen.n_changes_outside:
        return "No change outside sessions is recorded."
    return (
        f"Of {count(seen.n_changes_outside, 'change outside sessions')}, {seen.n_unclaimed:,} that no session event "
        f"claims; {seen.n_after_active:,} whose last session before holds an active process, {seen.n_cited:,} that "
        f"cite something of a session, {seen.n_unplaced:,} whose order to the sessions is not sure."
    )


def _variables(seen: TheoryPerspectives) -> Html:
    columns: list[Column | str] = [
        "process",
        "kind",
        "whose",
        "standing",
        Column("recorded", "number"),
        Column("of its kind", "number"),
        "claimed by",
    ]
    rows: list[list[Content]] = [
        [_named(r), r.kind, r.role or "–", r.standing, f"{r.n:,}", percent(r.share), r.mechanisms or "–"]
        for r in seen.rows[:_MOST_ROWS]
    ]
    more = len(seen.rows) - len(rows)
    caption = "What is recorded in sessions, by its standing under the theory"
    inner = table(f"{caption}; the first {_MOST_ROWS}" if more > 0 else caption, columns, rows)
    return tag("details", tag("summary", "Every process and its standing"), inner)


def _named(one: ProcessStanding) -> str:
    """Return the name of a process, without a domain that only the records name."""
    return one.name.partition(": ")[0] if one.kind == "event" and not one.mechanisms else one.name
