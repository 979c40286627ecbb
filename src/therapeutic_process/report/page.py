"""The page around a report: head, navigation, and a footer that says how it was made and what it is not."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING

from therapeutic_process.report.html import Content, Html, clean, tag
from therapeutic_process.report.style import style_sheet
from therapeutic_process.report.words import when

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

__all__ = ["navigation", "page"]

_IS_NOT = (
    "This report describes records. It is no medical device, gives no diagnosis and no advice, and makes no claim of "
    "cause: that something was recorded before a change does not mean that it brought the change about."
)


def page(title: str, *content: Content, made: Sequence[str], at: datetime | None) -> str:
    """Return a whole document that needs nothing from anywhere else.

    Args:
        title: Its title.
        *content: What it holds.
        made: How it was made, in sentences.
        at: When, if that is to be said.
    """
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="color-scheme", content="light dark"),
        tag("meta", name="referrer", content="no-referrer"),
        tag("title", title),
        tag("style", Html(style_sheet())),
    )
    body = tag("body", tag("div", tag("main", *content), _footer(made, at), class_="page"))
    return f"<!DOCTYPE html>\n{tag('html', head, body, lang='en')}\n"


def _footer(made: Sequence[str], at: datetime | None) -> Html:
    how = [f"Made with therapeutic-process {_library_version()}.", *made]
    if at is not None:
        how.append(f"Made at {when(at)}.")
    return tag("footer", tag("p", _IS_NOT), tag("p", clean(" ".join(how))))


def _library_version() -> str:
    try:
        return version("therapeutic-process")
    except PackageNotFoundError:
        return "(run from its source, version not known)"


def navigation(links: Sequence[tuple[str, str]], *, label: str = "Sections") -> Html:
    """Return links to the sections of the page.

    Args:
        links: The id and the name of each section.
        label: What the links are, for those who do not see them.
    """
    items = (tag("li", tag("a", name, href=f"#{target}")) for target, name in links)
    return tag("nav", tag("ul", items), aria_label=label)
