"""What every part of a view of one case needs to know, and the pieces they all are made of."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import attrs

from therapeutic_process.records import Case
from therapeutic_process.report.figures.engine import Spec, spec_svg
from therapeutic_process.report.html import Content, Html, tag
from therapeutic_process.report.names import Names

if TYPE_CHECKING:
    from collections.abc import Iterable

    from therapeutic_process.process_outcome import TheoryTest  # noqa: TC004  attrs does not evaluate annotations

__all__ = ["View", "bar", "drawing", "facts", "note", "notes"]


@attrs.frozen(eq=False, repr=False)
class View:
    """One case as it is to be shown.

    Attributes:
        case: The case.
        names: What its people, instruments and codes are called.
        window: How far back changes outside sessions are linked.
        include_text: Whether what people said and wrote is shown.
        prefix: Beginning of every id of the view, so that several views can stand in one page.
        level: Level of the headings of its sections.
        at: When the report is made, if it is to say so.
        theory: The test of a theory that the case is seen under, if any.
    """

    case: Case
    names: Names
    window: timedelta | int
    include_text: bool
    prefix: str
    level: int
    at: datetime | None = None
    theory: TheoryTest | None = None

    def section(self, slug: str, title: str, *content: Content) -> Html:
        """Return a section with its heading.

        Args:
            slug: End of its id.
            title: Its heading.
            *content: What it holds.
        """
        name = f"{self.prefix}-{slug}"
        heading = tag(f"h{self.level}", title, id=f"{name}-title")
        return tag("section", heading, *content, id=name, aria_labelledby=f"{name}-title")

    def subheading(self, title: Content) -> Html:
        """Return a heading inside a section."""
        return tag(f"h{self.level + 1}", title)

    def text(self, text: str | None) -> Html | None:
        """Return somebody's words where they are to be shown."""
        return tag("div", text, class_="text") if text and self.include_text else None

    def session(self, session_id: str | None) -> str:
        """Return what a session is called: its number."""
        number = next((s.number for s in self.case.sessions if s.id == session_id), None)
        return "–" if number is None else f"session {number}"


def drawing(spec: Spec, *, name: str, label: str, caption: Content, wide: bool = False) -> Html:
    """Return a figure with its description for those who do not see it, and its caption.

    Args:
        spec: The chart's description.
        name: Beginning of the ids inside the figure; unique in the page.
        label: What the figure shows, in a sentence.
        caption: What stands below it.
        wide: Whether it scrolls on a narrow screen instead of shrinking.
    """
    svg = spec_svg(spec, prefix=name)
    picture = tag("div", Html(svg), role="img", aria_label=label, class_="wide-figure" if wide else None)
    hint = tag("span", "Move the figure sideways to see all of it.", class_="sideways") if wide else None
    framed = tag("div", picture, class_="scroll", tabindex=0, role="group", aria_label="Figure")
    return tag("figure", framed, tag("figcaption", hint, caption))


def note(*content: Content) -> Html:
    """Return a remark in small type."""
    return tag("p", *content, class_="note")


def notes(remarks: Iterable[str]) -> Html | None:
    """Return remarks as a list in small type; None without any."""
    several = [tag("li", one) for one in remarks]
    return tag("ul", several, class_="note") if several else None


def facts(rows: Iterable[tuple[str, Content, Content]]) -> Html:
    """Return figures in words: a label, a number and what explains it, each in a field of its own."""
    fields = (
        tag("div", tag("dt", label), tag("dd", value, tag("small", more) if more else None))
        for label, value, more in rows
    )
    return tag("dl", fields, class_="facts")


def bar(share: float | None, *, role: str | None = None) -> Html:
    """Return a bar as long as a share is large; it repeats a number that stands beside it."""
    if not share:
        return Html("")
    kind = "client" if role == "client" else None
    return tag("span", aria_hidden="true", class_=kind, style=f"--share:{100 * share:.1f}%")
