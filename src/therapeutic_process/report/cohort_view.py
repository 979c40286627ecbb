"""The report of a cohort: case after case is counted and let go; the first few are shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from therapeutic_process.errors import DocumentError, NotEnoughData
from therapeutic_process.instruments import Catalogue, builtin_catalogue
from therapeutic_process.report.case_change import perspectives_panel
from therapeutic_process.report.case_overview import lede, named, overview
from therapeutic_process.report.case_view import DEFAULT_WINDOW, case_sections, options_in_words
from therapeutic_process.report.cohort_change import change_parts
from therapeutic_process.report.cohort_links import standings_parts, theory_parts
from therapeutic_process.report.cohort_people import cohort_numbers, dropped, who_is_in
from therapeutic_process.report.cohort_process import flow_parts, link_parts
from therapeutic_process.report.cohort_tally import CohortTally
from therapeutic_process.report.html import Content, Html, join, tag
from therapeutic_process.report.names import Names
from therapeutic_process.report.page import navigation, page
from therapeutic_process.report.shared_counts import SharedCounts
from therapeutic_process.report.shared_view import shared_page
from therapeutic_process.report.small_cells import SmallCells
from therapeutic_process.report.view import View, note, notes
from therapeutic_process.report.words import count

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime, timedelta

    from therapeutic_process.process_outcome import PerspectivesTally
    from therapeutic_process.records import Case
    from therapeutic_process.report.theory_findings import TheoryFindings
    from therapeutic_process.tables import SuppressionRule

__all__ = ["cohort_report"]


def cohort_report(
    cases: Iterable[Case],
    *,
    unreadable: Iterable[DocumentError] = (),
    include_text: bool = False,
    window: timedelta | int = DEFAULT_WINDOW,
    max_case_views: int = 3,
    catalogue: Catalogue | None = None,
    at: datetime | None = None,
    theory: TheoryFindings | None = None,
    small_cells: SuppressionRule | None = None,
) -> str:
    """Write the report of a cohort as one HTML document that needs no network.

    Cases are counted one by one and let go, so that a stream of any length will do. No table of the cohort shows
    fewer than five clients broken out by what may narrow down who they are (format, setting, site, arm). A case view
    shows one client's record and its ids.

    Under a rule (`small_cells`) the page is an aggregate to pass on: no number rests on fewer cases than the rule
    allows, what would let one be worked out is left out, and so are single cases.

    >>> from therapeutic_process.records import Case
    >>> case = Case(id="k1", participants=[{"id": "c1", "role": "client"}])
    >>> "1 case" in cohort_report([case])
    True

    Args:
        cases: The cases; read once.
        unreadable: What could not be read; looked at after the last case, so a reader's growing list will do.
        include_text: Whether case views show what was said and written.
        window: How far before a change outside sessions to look: a time, or a number of held sessions.
        max_case_views: How many cases, from the first on, are shown one by one.
        catalogue: Where to look up instruments and coding systems, besides each case's own; by default the built-in
            catalogue.
        at: When the report is made, if it is to say so.
        theory: What to show of a theory that was tested.
        small_cells: When a count is too small to be shown, one of `therapeutic_process.tables.SUPPRESSION_RULES` or of
            your own; by default the page is a record, and is to be kept like one.

    Returns:
        The document.

    Raises:
        NotEnoughData: If the window is empty, or the number of case views is negative.
        MissingExtra: If the ``figures`` extra is not installed.
    """
    if max_case_views < 0:
        raise NotEnoughData(
            "cohort_report", needed="a number of case views of at least 0", found=max_case_views
        )
    known = catalogue or builtin_catalogue()
    if small_cells is not None:
        return _shared(cases, unreadable, window, known, at, theory, SmallCells(small_cells))
    tally = CohortTally(window=window, catalogue=known)
    standings = None if theory is None else theory.tally()
    views: list[Html] = []
    for number, case in enumerate(cases, start=1):
        tally.add(case)
        if standings is not None:
            standings.add(case)
        if number <= max_case_views:
            views.append(
                _case_view(
                    View(case, Names.of(case, known), window, include_text, f"case-{number}", 3, at), number
                )
            )
    lost = list(unreadable)
    names = Names(known.with_(*tally.own.values()), {})
    return page(
        f"Cohort report: {count(tally.numbers['cases'], 'case')}",
        _head(tally, lost, views, theory),
        _sections(tally, lost, names),
        _theory(theory, standings),
        _case_views(tally, views),
        made=options_in_words(window, include_text=include_text),
        at=at,
    )


def _shared(
    cases: Iterable[Case],
    unreadable: Iterable[DocumentError],
    window: timedelta | int,
    catalogue: Catalogue,
    at: datetime | None,
    theory: TheoryFindings | None,
    gate: SmallCells,
) -> str:
    counts = SharedCounts(window, catalogue)
    for case in cases:
        counts.add(case)
    tested = None if theory is None else theory.test
    return shared_page(counts, gate, n_unreadable=len(list(unreadable)), at=at, tested=tested)


def _head(
    tally: CohortTally, lost: list[DocumentError], views: list[Html], theory: TheoryFindings | None
) -> Html:
    links = [
        ("who", "Who is in"),
        ("dropped", "What was left out"),
        ("change", "Change in scores"),
        ("codes", "Codes and what follows"),
        ("links", "Links"),
        ("perspectives", "Two perspectives"),
    ]
    if theory is not None:
        links += [("theory", "The theory tested"), ("standings", "Under the theory")]
    if views:
        links.append(("cases", "Cases"))
    told = f"{count(tally.numbers['clients'], 'client')}, {count(tally.sessions['held'], 'held session')}."
    return tag(
        "header",
        tag("p", "Cohort report", class_="kicker"),
        tag("h1", count(tally.numbers["cases"], "case")),
        tag("p", told, class_="lede"),
        cohort_numbers(tally, len(lost)),
        navigation(links),
    )


def _section(slug: str, title: str, *content: Content) -> Html:
    return tag(
        "section", tag("h2", title, id=f"{slug}-title"), *content, id=slug, aria_labelledby=f"{slug}-title"
    )


def _sections(tally: CohortTally, lost: list[DocumentError], names: Names) -> Html:
    seen = tally.views
    panel = perspectives_panel(
        2, unclaimed=seen.n_unclaimed, claimed=seen.n_claimed, inside=seen.n_inside, outside=seen.n_outside
    )
    without = (
        f"{count(seen.n_cases_without_changes, 'case')} without any recorded change."
        if seen.n_cases_without_changes
        else None
    )
    return join(
        _section("who", "Who is in", who_is_in(tally)),
        _section("dropped", "What was left out, and why", dropped(tally, lost, names)),
        _section("change", "Change in scores", *change_parts(tally, names)),
        _section("codes", "Codes and what follows what", *flow_parts(tally, names)),
        _section("links", "Changes outside sessions and what came before", *link_parts(tally)),
        _section(
            "perspectives", "Two perspectives", panel, notes(seen.meaning), note(without) if without else None
        ),
    )


def _theory(found: TheoryFindings | None, standings: PerspectivesTally | None) -> Html | None:
    if found is None or standings is None:
        return None
    under = "What is recorded, under the theory"
    return join(
        _section("theory", "The theory tested", *theory_parts(found)),
        _section("standings", under, *standings_parts(standings.result())),
    )


def _case_view(view: View, number: int) -> Html:
    head = tag("h2", f"Case {number}: ", named(view.case.id), id=f"{view.prefix}-head")
    return tag(
        "article",
        head,
        tag("p", lede(view), class_="lede"),
        overview(view),
        case_sections(view),
        class_="case",
        aria_labelledby=f"{view.prefix}-head",
    )


def _case_views(tally: CohortTally, views: list[Html]) -> Html | None:
    if not views:
        return None
    n = tally.numbers["cases"]
    told = (
        f"The first {len(views)} of {n:,} cases, in the order in which they were read."
        if len(views) < n
        else "Every case, as it was read."
    )
    told += " They show single clients' records and the ids of the records."
    return _section("cases", "Cases one by one", note(told), views)
