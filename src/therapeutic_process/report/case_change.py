"""The part of a case view that shows change in scores, and the two perspectives."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from therapeutic_process.change_process import Change, changes
from therapeutic_process.process_outcome import perspectives
from therapeutic_process.report.case_detected import detected_parts
from therapeutic_process.report.case_gains import gains_parts, trajectory_parts
from therapeutic_process.report.case_significance import service_parts, significance_parts
from therapeutic_process.report.figures.change import VERDICTS
from therapeutic_process.report.graded_series import graded_series
from therapeutic_process.report.html import Column, Content, Html, table, tag
from therapeutic_process.report.view import View, note, notes
from therapeutic_process.report.words import count, listed, plain

if TYPE_CHECKING:
    from collections.abc import Sequence

    from therapeutic_process.records import Measurement

__all__ = ["change_section", "perspectives_panel", "perspectives_section", "verdict"]


def verdict(change_verdict: str) -> Html:
    """Return a verdict as a small label."""
    return tag("span", VERDICTS[change_verdict], class_=f"verdict {change_verdict}")


def change_section(view: View) -> Html:
    """Return what can be said about change in scores: every series with its verdict, class and sudden changes.

    Args:
        view: The case and how to show it.
    """
    found = changes(view.case, catalogue=view.names.catalogue)
    if not found.rows:
        return view.section("change", "Change in scores", note("No measurement is recorded."))
    graded = graded_series(view.case, view.names.catalogue)
    columns: list[Column | str] = [
        "scale",
        "whose, by whom",
        Column("scores", "number"),
        Column("first", "number"),
        Column("last", "number"),
        Column("difference", "number"),
        "verdict",
        Column("how it came about", "wide"),
    ]
    rows = [
        _change_row(view, row, first) for row, first in zip(found.rows, _series_firsts(view), strict=True)
    ]
    caption = "From the first to the last score of each series: what one respondent said about one person on one scale."
    return view.section(
        "change",
        "Change in scores",
        table(caption, columns, rows),
        _missing(view),
        _sources(view, found.rows),
        trajectory_parts(view, graded),
        significance_parts(view, graded),
        gains_parts(view, graded),
        service_parts(view),
        detected_parts(view),
    )


def _series_firsts(view: View) -> list[Measurement]:
    """Return the first measurement of every series, in the order in which `changes` gives the series."""
    firsts: dict[object, Measurement] = {}
    for one in view.case.measurements:
        firsts.setdefault((one.instrument, one.scale, one.subject, one.respondent), one)
    return list(firsts.values())


def _change_row(view: View, row: Change, first: Measurement) -> list[Content]:
    subject, by = view.names.person(first.subject), view.names.reporter(first.respondent)
    better = view.names.better(row.instrument, row.scale)
    name = [
        view.names.instrument(row.instrument, row.scale),
        tag("div", better, class_="muted") if better else None,
    ]
    missing = tag("div", f"{row.n_missing} missing", class_="muted") if row.n_missing else None
    return [
        name,
        subject if subject == by else f"{subject}, by {by}",
        [str(row.n_scores), missing],
        _number(row.before),
        _number(row.after),
        _number(row.difference, signed=True),
        verdict(row.verdict),
        _explained(row),
    ]


def _explained(row: Change) -> str:
    """Return the explanation without name, scores and source, which stand elsewhere in the table and below it."""
    source = f" ({row.threshold.source})" if row.threshold else ""
    sentence = row.explain().partition(": ")[2].replace(source, "")
    said = sentence if row.difference is None else sentence.partition("; ")[2]
    return said[:1].upper() + said[1:]


def _sources(view: View, rows: Sequence[Change]) -> Html | None:
    known = {view.names.instrument(r.instrument, r.scale): r.threshold for r in rows}
    items = [
        tag("li", f"{name}, {t.value:g} points: {t.source}") for name, t in known.items() if t is not None
    ]
    return (
        tag("details", tag("summary", "Sources of the thresholds"), tag("ul", items, class_="note id"))
        if items
        else None
    )


def _number(value: float | None, *, signed: bool = False) -> str:
    if value is None:
        return "–"
    return (f"{value:+g}" if signed and value else f"{value:g}").replace("-", "−")


def _missing(view: View) -> Html | None:
    reasons = Counter(plain(m.missing) for m in view.case.measurements if m.missing is not None)
    if not reasons:
        return None
    told = listed([f"{n} {reason}" for reason, n in reasons.most_common()])
    return note(
        f"Without a score: {count(reasons.total(), 'measurement')} ({told}). A missing score is never read as zero."
    )


def perspectives_section(view: View) -> Html:
    """Return what only the session view holds, what both views hold, and what only the change view holds.

    Args:
        view: The case and how to show it.
    """
    found = perspectives(view.case)
    panel = perspectives_panel(
        view.level,
        unclaimed=found.n_unclaimed,
        claimed=len(found.claimed_interactions),
        inside=len(found.changes_in_session),
        outside=len(found.changes_outside),
    )
    return view.section("perspectives", "Two perspectives", panel, notes(found.meaning))


def perspectives_panel(level: int, *, unclaimed: int, claimed: int, inside: int, outside: int) -> Html:
    """Return the two perspectives side by side, and between them what both hold.

    Args:
        level: Level of the heading above.
        unclaimed: Interactions that no change claims.
        claimed: Interactions cited as evidence of a change.
        inside: Changes recorded in sessions.
        outside: Changes outside sessions.
    """
    columns: Sequence[tuple[str, Sequence[Content]]] = (
        ("Only the session view", [_big(unclaimed, "interaction", "that no change claims")]),
        (
            "Both views",
            [
                _big(claimed, "interaction", "cited as evidence of a change"),
                _big(inside, "change", "recorded in a session"),
            ],
        ),
        ("Only the change view", [_big(outside, "change", "outside sessions")]),
    )
    return tag(
        "div",
        (tag("div", tag(f"h{level + 1}", title), content) for title, content in columns),
        class_="views",
    )


def _big(n: int, noun: str, rest: str) -> Html:
    words = count(n, noun).split(" ", 1)[1]
    return tag("p", tag("strong", f"{n:,}"), f"{words} {rest}")
