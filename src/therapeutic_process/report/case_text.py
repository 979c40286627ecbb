"""The part of a case view that shows what was said and written; only where texts are asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from therapeutic_process.report.html import Html, tag
from therapeutic_process.report.view import View, note
from therapeutic_process.report.words import count, plain, when

if TYPE_CHECKING:
    from collections.abc import Iterator

    from therapeutic_process.records import Interaction, JournalEntry, Session

__all__ = ["text_section"]


def text_section(view: View) -> Html | None:
    """Return transcripts, notes and journal; None where texts are to be left out.

    Args:
        view: The case and how to show it.
    """
    if not view.include_text:
        return None
    parts = [*_transcripts(view), *_journal(view), *_context(view)]
    return view.section("text", "What was said and written", parts or note("No text is recorded."))


def _transcripts(view: View) -> Iterator[Html]:
    for session in view.case.held_sessions:
        if session.notes or any(x.text for x in session.interactions):
            yield _transcript(view, session)


def _transcript(view: View, session: Session) -> Html:
    title = f"Session {session.number}: {count(len(session.interactions), 'interaction')}"
    notes = note("Notes: ", tag("span", session.notes, class_="text")) if session.notes else None
    lines = (
        tag("ol", (_line(view, x) for x in session.interactions), class_="talk")
        if session.interactions
        else None
    )
    return tag("details", tag("summary", title), notes, lines)


def _line(view: View, one: Interaction) -> Html:
    who = view.names.person(one.speaker) if one.kind == "speech" else plain(one.kind)
    said = one.text if one.text is not None else "(no text is recorded)"
    codes = ", ".join(c.code for c in one.codes)
    told = tag("span", said, class_="text"), tag("span", f" [{codes}]", class_="muted") if codes else None
    return tag("li", tag("span", who, class_="who"), tag("div", *told))


def _journal(view: View) -> Iterator[Html]:
    entries = [e for e in view.case.journal if e.text]
    if entries:
        lines = (_entry(view, e) for e in entries)
        yield tag(
            "details",
            tag("summary", f"Journal: {count(len(entries), 'text')}"),
            tag("ol", lines, class_="talk"),
        )


def _entry(view: View, entry: JournalEntry) -> Html:
    time = when(entry.written_at) if entry.written_at else f"after {view.session(entry.after_session)}"
    who = tag("span", f"{view.names.person(entry.author)}, {time}", class_="who")
    return tag("li", who, tag("div", entry.text, class_="text"))


def _context(view: View) -> Iterator[Html]:
    told = [(plain(e.kind), e.description) for e in view.case.context_events if e.description]
    reasons = [
        (f"goal, {plain(step.status)}", step.reason)
        for g in view.case.goals
        for step in g.history
        if step.reason
    ]
    reasons += [
        (f"task, {plain(step.status)}", step.reason)
        for t in view.case.tasks
        for step in t.history
        if step.reason
    ]
    ending = view.case.ending
    if ending is not None and ending.reason:
        reasons.append(("ending", ending.reason))
    rows = (
        tag("li", tag("span", who, class_="who"), tag("div", text, class_="text"))
        for who, text in [*told, *reasons]
    )
    if told or reasons:
        yield tag("details", tag("summary", "Other events and reasons"), tag("ol", rows, class_="talk"))
