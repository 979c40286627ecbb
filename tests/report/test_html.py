from __future__ import annotations

from html import unescape
from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from therapeutic_process.report.html import Column, Html, clean, join, table, tag
from therapeutic_process.report.style import style_sheet

if TYPE_CHECKING:
    from collections.abc import Callable

    from report.conftest import Page


@given(st.text())
def test_a_text_comes_back_as_it_went_in_and_makes_no_element(text: str) -> None:
    inner = tag("p", text).removeprefix("<p>").removesuffix("</p>")
    assert unescape(inner) == clean(text)
    assert "<" not in inner
    assert ">" not in inner


@given(st.text())
def test_a_text_in_an_attribute_never_ends_it(text: str) -> None:
    made = tag("p", title=text)
    assert made.count('"') == 2
    assert unescape(made[len('<p title="') : -len('"></p>')]) == clean(text)


def test_markup_is_kept_and_text_is_not() -> None:
    assert join(tag("b", "x"), "<b>") == "<b>x</b>&lt;b&gt;"
    assert isinstance(join("x"), Html)


def test_true_false_and_none_are_no_values() -> None:
    assert tag("p", hidden=True, open=False, title=None) == "<p hidden></p>"


def test_a_table_has_a_caption_and_heads_rows_and_columns(read_page: Callable[[str], Page]) -> None:
    page = read_page(table("what it shows", ["a", Column("b", "number")], [["x", "1"], ["y", "2"]]))
    scopes = [value for _, name, value in page.attributes if name == "scope"]
    assert scopes == ["col", "col", "row", "row"]
    assert page.tags.count("caption") == 1
    assert page.text == "what it shows a b x 1 y 2"


def test_the_style_sheet_loads_nothing() -> None:
    assert not any(word in style_sheet() for word in ("url(", "@import", "http", "expression"))
