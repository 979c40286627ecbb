"""The view of one case, and the report that holds nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING

from therapeutic_process.report.case_change import change_section, perspectives_section
from therapeutic_process.report.case_links import links_section
from therapeutic_process.report.case_overview import lede, named, overview, people
from therapeutic_process.report.case_plans import plans_section
from therapeutic_process.report.case_process import process_section, session_table
from therapeutic_process.report.case_text import text_section
from therapeutic_process.report.cohort_links import theory_section
from therapeutic_process.report.figures.timeline import Timeline, timeline
from therapeutic_process.report.html import Column, Content, Html, join, table, tag
from therapeutic_process.report.names import Names
from therapeutic_process.report.page import navigation, page
from therapeutic_process.report.view import View, drawing, note, notes
from therapeutic_process.report.words import count, plain, when, window_in_words

if TYPE_CHECKING:
    from datetime import datetime, timedelta

    from therapeutic_process.instruments import Catalogue
    from therapeutic_process.process_outcome import TheoryTest
    from therapeutic_process.records import Case, Measurement

__all__ = ["DEFAULT_WINDOW", "case_report", "case_sections", "options_in_words"]

DEFAULT_WINDOW = 2


def case_report(
    case: Case,
    *,
    include_text: bool = False,
    window: timedelta | int = DEFAULT_WINDOW,
    catalogue: Catalogue | None = None,
    at: datetime | None = None,
    theory: TheoryTest | None = None,
) -> str:
    """Write the report of one case as one HTML document that needs no network.

    It names people by their roles and parts of the case by their numbers, and shows the ids of the record: keep it as
    you keep the record.

    >>> from therapeutic_process.records import Case
    >>> case = Case(id="k1", participants=[{"id": "c1", "role": "client"}])
    >>> case_report(case).startswith("<!DOCTYPE html>")
    True

    Args:
        case: The case.
        include_text: Whether to show what was said and written: utterances, notes, journal, statements, descriptions.
        window: How far before a change outside sessions to look: a time, or a number of held sessions.
        catalogue: Where to look up instruments and coding systems, besides the case's own; by default the built-in
            catalogue.
        at: When the report is made, if it is to say so.
        theory: The test of a theory, to show what of the sessions is active, inert, undecided or unclaimed under it.

    Returns:
        The document.

    Raises:
        NotEnoughData: If the window is empty.
        MissingExtra: If the ``figures`` extra is not installed.
    """
    view = View(case, Names.of(case, catalogue), window, include_text, "case", 2, at, theory)
    sections = case_sections(view)
    head = tag(
        "header",
        tag("p", "Case report", class_="kicker"),
        tag("h1", "Case ", named(case.id)),
        tag("p", lede(view), class_="lede"),
        overview(view),
        navigation(_links(view)),
    )
    return page(
        f"Case {case.id}", head, sections, made=options_in_words(window, include_text=include_text), at=at
    )


def options_in_words(window: timedelta | int, *, include_text: bool) -> list[str]:
    """Return how a report was made, in sentences.

    Args:
        window: The window of the links.
        include_text: Whether texts are shown.
    """
    texts = "are shown" if include_text else "are left out"
    return [
        f"Changes outside sessions were linked with {window_in_words(window)} before them.",
        f"Texts that people said or wrote {texts}.",
    ]


def case_sections(view: View) -> Html:
    """Return all sections of a case.

    Args:
        view: The case and how to show it.
    """
    return join(
        view.section("people", "Who takes part", people(view)),
        _timeline(view),
        change_section(view),
        plans_section(view),
        process_section(view),
        links_section(view),
        perspectives_section(view),
        theory_section(view),
        text_section(view),
    )


def _links(view: View) -> list[tuple[str, str]]:
    names = {
        "people": "Who takes part",
        "timeline": "Timeline",
        "change": "Change in scores",
        "plans": "Goals",
        "process": "In the sessions",
        "links": "Recorded changes",
        "perspectives": "Two perspectives",
    }
    if view.theory is not None:
        names["theory"] = "Under a theory"
    if view.include_text:
        names["text"] = "Texts"
    if plans_section(view) is None:
        del names["plans"]
    return [(f"{view.prefix}-{slug}", name) for slug, name in names.items()]


def _timeline(view: View) -> Html:
    drawn = timeline(view.case, view.names)
    if drawn.spec is None:
        return view.section(
            "timeline", "Timeline", note("Cannot say: nothing that is recorded has a time or a session.")
        )
    whose = f" Scores of: {drawn.whose}." if drawn.whose else ""
    caption = join(f"Drawn {drawn.places.why}.{whose}", notes(_left_out(view, drawn)))
    label = (
        f"Timeline, {drawn.places.why}: {count(drawn.n_scores, 'score')} and {count(drawn.n_marks, 'mark')} "
        "for sessions, goals, tasks, journal and changes. The tables below hold the same."
    )
    figure = drawing(drawn.spec, name=f"{view.prefix}-line", label=label, caption=caption, wide=True)
    return view.section("timeline", "Timeline", figure, _tables(view))


def _left_out(view: View, drawn: Timeline) -> list[str]:
    told = []
    if drawn.places.axis == "session":
        told.append(
            "What lies between two sessions stands halfway between them; how long that was cannot be read off."
        )
    elif _stands_at_session(view.case):
        told.append("What has no time of its own stands at its session, or at the last session before it.")
    if drawn.n_unplaced:
        told.append(f"Not drawn, because neither a time nor a session is known: {drawn.n_unplaced}.")
    if drawn.n_panels_left_out:
        told.append(f"Scores of {count(drawn.n_panels_left_out, 'further scale')} are in the table only.")
    return told


def _stands_at_session(case: Case) -> bool:
    outside = [(e.occurred, e.after_session) for e in case.change_events]
    outside += [(e.occurred, e.after_session) for e in case.context_events]
    outside += [(j.written_at, j.after_session) for j in case.journal]
    outside += [(m.measured_at, m.session) for m in case.measurements]
    return any(time is None and session is not None for time, session in outside)


def _tables(view: View) -> list[Html]:
    parts = []
    if view.case.sessions:
        parts.append(tag("details", tag("summary", "Sessions as a table"), session_table(view)))
    if view.case.measurements:
        columns: list[Column | str] = [
            "scale",
            "whose, by whom",
            "session",
            "timing",
            "measured",
            Column("score", "number"),
        ]
        rows = (_measurement(view, m) for m in view.case.measurements)
        inner = table("Measurements in the order of the record", columns, rows)
        parts.append(tag("details", tag("summary", "Scores as a table"), inner))
    return parts


def _measurement(view: View, one: Measurement) -> list[Content]:
    subject, by = view.names.person(one.subject), view.names.reporter(one.respondent)
    score = f"missing: {plain(one.missing)}" if one.score is None and one.missing else f"{one.score:g}"
    return [
        view.names.instrument(one.instrument, one.scale),
        subject if subject == by else f"{subject}, by {by}",
        view.session(one.session),
        one.timing,
        when(one.measured_at),
        score,
    ]
