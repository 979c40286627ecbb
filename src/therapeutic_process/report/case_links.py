"""The part of a case view that shows recorded changes and what lies in the window before them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from therapeutic_process.process_outcome import Link, LinkedSession, Links, link_events
from therapeutic_process.report.figures.linked import linked_timeline
from therapeutic_process.report.html import Column, Content, Html, table, tag
from therapeutic_process.report.view import View, drawing, note, notes
from therapeutic_process.report.words import count, listed, plain, when, window_in_words

if TYPE_CHECKING:
    from collections.abc import Iterator

    from therapeutic_process.records import ChangeEvent

__all__ = ["links_section"]


def links_section(view: View) -> Html:
    """Return the recorded changes, and what lies in the window before each change outside sessions.

    Args:
        view: The case and how to show it.
    """
    found = link_events(view.case, window=view.window)
    if not view.case.change_events:
        return view.section("links", "Recorded changes", note("No change event is recorded."))
    parts: list[Html | None] = [_recorded(view), view.subheading("What came before changes outside sessions")]
    if found.n_events:
        parts += [
            _said(view, found),
            _figure(view, found),
            *_link_tables(view, found),
            notes(found.assumptions),
        ]
    else:
        parts.append(note("No change outside sessions is recorded."))
    return view.section("links", "Recorded changes", parts)


def _recorded(view: View) -> Html:
    columns: list[Column | str] = [
        "change",
        "whose",
        "where",
        "direction",
        "occurred",
        "reported by",
        Column("evidence", "number"),
    ]
    if view.include_text:
        columns.append(Column("description", "wide"))
    rows = [_event_row(view, i, e) for i, e in enumerate(view.case.change_events, start=1)]
    return table("Changes as they were recorded", columns, rows)


def _event_row(view: View, number: int, event: ChangeEvent) -> list[Content]:
    inside = event.locus == "in_session"
    if inside:
        time = when(event.occurred) if event.occurred else view.session(event.session)
    else:
        time = (
            when(event.occurred)
            if event.occurred
            else f"after {view.session(event.after_session)}"
            if event.after_session
            else "–"
        )
    size = (
        None
        if event.magnitude is None
        else f" ({event.magnitude:.4g}{f' {event.unit}' if event.unit else ''})"
    )
    domain = tag("div", event.domain, class_="muted") if event.domain else None
    row: list[Content] = [
        [f"change {number}", domain],
        view.names.person(event.participant),
        view.session(event.session) if inside else "outside",
        [plain(event.direction), size],
        time,
        view.names.reporter(event.reporter) if event.reporter else "–",
        str(len(event.evidence)),
    ]
    return [*row, view.text(event.description)] if view.include_text else row


def _said(view: View, found: Links) -> Html:
    nothing = len(found.links) - found.n_linked
    rest = [f"{nothing} with no session in the window", f"{len(found.unplaced)} that cannot be placed"]
    told = (
        f"Window: {window_in_words(view.window)} before the change. "
        f"Of {count(found.n_events, 'change outside sessions')}, {found.n_linked} with a session in the window "
        f"({found.n_ambiguous} with more than one, which the link does not tell apart), {listed(rest)}."
    )
    return tag("p", told)


def _figure(view: View, found: Links) -> Html | None:
    drawn = linked_timeline(view.case, view.names, found)
    if drawn.spec is None:
        return None
    told = "Lines lead from changes outside sessions back to the sessions in the window before them: solid where the "
    told += (
        "session surely came before, dashed where it may have. A line says nothing about what led to what."
    )
    more = (
        f" Not drawn, because no place is known: {count(drawn.n_undrawn, 'line')}." if drawn.n_undrawn else ""
    )
    name = f"{view.prefix}-links-line"
    return drawing(drawn.spec, name=name, label=drawn.words, caption=told + more, wide=True)


def _link_tables(view: View, found: Links) -> Iterator[Html]:
    numbers = {e.id: f"change {i}" for i, e in enumerate(view.case.change_events, start=1)}
    if found.links:
        columns: list[Column | str] = [
            "change",
            Column("sessions in the window", "wide"),
            Column("tasks", "number"),
            Column("journal entries", "number"),
            "which session",
        ]
        rows: Iterator[list[Content]] = (_link_row(numbers, link) for link in found.links)
        yield table("In the window before each change", columns, rows, stacks=True)
    if found.unplaced:
        lost = [[numbers[u.event], f"cannot say: {u.reason}"] for u in found.unplaced]
        yield table("Changes that cannot be placed", ["change", Column("why", "wide")], lost)


def _link_row(numbers: dict[str, str], link: Link) -> list[Content]:
    sessions = (
        tag("div", [tag("div", _session_in_window(s)) for s in link.sessions]) if link.sessions else "none"
    )
    which = "ambiguous" if link.ambiguity > 1 else "one" if link.ambiguity else "none"
    cited = tag("div", f"{len(link.cited)} cited as evidence", class_="muted") if link.cited else None
    return [numbers[link.event], sessions, str(len(link.tasks)), str(len(link.journal)), [which, cited]]


def _session_in_window(one: LinkedSession) -> str:
    told = [count(len(one.interactions), "interaction")]
    if one.days is not None:
        told.insert(0, _days(*one.days))
    if one.in_session_changes:
        told.append(count(len(one.in_session_changes), "change in session"))
    if not one.certain:
        told.append("not certain that it came before")
    return f"session {one.number}: lag {one.lag}, {', '.join(told)}"


def _days(low: float, high: float) -> str:
    shortest, longest = f"{low:.0f}", f"{high:.0f}"
    unit = "day" if longest == "1" and shortest in {"1", longest} else "days"
    return f"{longest} {unit} before" if shortest == longest else f"{shortest} to {longest} days before"
