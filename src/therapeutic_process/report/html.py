"""Builds HTML in which every text is escaped: the only way to make markup here is to call `tag`."""

from __future__ import annotations

import re
from html import escape
from typing import TYPE_CHECKING, Final, TypeAlias

import attrs

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

__all__ = ["Column", "Content", "Html", "clean", "join", "table", "tag"]

_VOID: Final = frozenset({"br", "col", "hr", "meta", "wbr"})
# Not characters that HTML may hold; XML, and so an inline SVG, may not hold them either.
_FORBIDDEN: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
_SIDE_BY_SIDE: Final = 5


class Html(str):
    """Markup that is safe as it stands; any other text is escaped before it enters a document."""

    __slots__ = ()


Content: TypeAlias = "str | Html | int | Iterable[Content] | None"


def clean(text: str) -> str:
    """Return the text with every character that no document may hold replaced.

    >>> clean("a" + chr(0) + "b") == "a" + chr(0xFFFD) + "b"
    True
    """
    return _FORBIDDEN.sub("\N{REPLACEMENT CHARACTER}", text)


def join(*content: Content) -> Html:
    """Return content as one piece of markup; texts are escaped, None is nothing.

    >>> join("a < b", tag("br"), None, ["c", 1])
    'a &lt; b<br>c1'
    """
    return Html("".join(_markup(one) for one in content))


def _markup(content: Content) -> str:
    if content is None:
        return ""
    if isinstance(content, Html):
        return content
    if isinstance(content, (str, int)):
        return escape(clean(str(content)), quote=True)
    return "".join(_markup(one) for one in content)


def tag(name: str, /, *content: Content, **attributes: str | float | bool | None) -> Html:
    """Return an element; an underscore in an attribute's name stands for a hyphen, one at its end is dropped.

    >>> tag("p", "<b>", class_="note", aria_label='say "hi"', hidden=True, id=None)
    '<p class="note" aria-label="say &quot;hi&quot;" hidden>&lt;b&gt;</p>'

    Args:
        name: The element's name.
        *content: Texts, which are escaped, and markup, which is not; None is left out.
        **attributes: True gives an attribute without a value; None and False leave it out.
    """
    told = "".join(_attribute(key, value) for key, value in attributes.items())
    return Html(f"<{name}{told}>" if name in _VOID else f"<{name}{told}>{join(*content)}</{name}>")


def _attribute(key: str, value: object) -> str:
    name = key.removesuffix("_").replace("_", "-")
    if value is None or value is False:
        return ""
    return f" {name}" if value is True else f' {name}="{escape(clean(str(value)), quote=True)}"'


@attrs.frozen
class Column:
    """A column of a table.

    Attributes:
        title: Its heading.
        kind: ``text``, ``number`` (set flush right) or ``wide`` (may wrap, takes what room there is).
    """

    title: str
    kind: str = "text"


def table(
    caption: Content,
    columns: Sequence[Column | str],
    rows: Iterable[Sequence[Content]],
    *,
    stacks: bool | None = None,
) -> Html:
    """Return a table whose first column heads its rows, in a frame that scrolls where the screen is narrow.

    Args:
        caption: What the table shows.
        columns: Columns, or just their titles.
        rows: A cell per column.
        stacks: Whether the cells of a row stand below each other on a narrow screen; by default where there are more
            than five.
    """
    several = [Column(c) if isinstance(c, str) else c for c in columns]
    head = tag("tr", (tag("th", c.title, scope="col", class_=_class(c)) for c in several))
    body = (tag("tr", _cells(several, row)) for row in rows)
    stacked = "stacks" if (len(several) > _SIDE_BY_SIDE if stacks is None else stacks) else None
    inner = tag(
        "table", tag("caption", tag("span", caption)), tag("thead", head), tag("tbody", body), class_=stacked
    )
    label = caption if type(caption) is str else None
    return tag("div", inner, class_="scroll", tabindex=0, role="group", aria_label=label)


def _cells(columns: Sequence[Column], row: Sequence[Content]) -> list[Html]:
    heading, *rest = zip(columns, row, strict=True)
    first = tag("th", heading[1], scope="row", class_=_class(heading[0]))
    return [
        first,
        *(tag("td", cell, class_=_class(column), data_label=column.title) for column, cell in rest),
    ]


def _class(column: Column) -> str | None:
    return None if column.kind == "text" else column.kind
