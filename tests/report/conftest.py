"""What the tests of the report share: a reader of pages, and cases to show."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any

import pytest

from therapeutic_process.records import Case

if TYPE_CHECKING:
    from collections.abc import Callable

VOID = {"br", "col", "hr", "meta", "wbr"}
MARKUP = "<script>alert('m')</script>&\"'"
FREE = "CANARY-OF-FREE-TEXT"


class Page(HTMLParser):
    """A page read back: its tags balance, or reading it fails."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.ids: list[str] = []
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str, str | None]] = []
        self.words: list[str] = []
        self.feed(text)
        self.close()
        assert not self.open, f"never closed: {self.open}"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._seen(tag, attrs)
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._seen(tag, attrs)

    def _seen(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(tag, name, value) for name, value in attrs]
        self.ids += [value or "" for name, value in attrs if name == "id"]

    def handle_endtag(self, tag: str) -> None:
        assert self.open, f"closed but never opened: {tag}"
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] != "style":
            self.words.append(data)

    @property
    def text(self) -> str:
        """All that can be read on the page, white space made one."""
        return re.sub(r"\s+", " ", " ".join(self.words))


@pytest.fixture(scope="session")
def read_page() -> Callable[[str], Page]:
    def read(text: str) -> Page:
        page = Page(text)
        assert len(page.ids) == len(set(page.ids)), "an id occurs twice"
        targets = {v for _, name, v in page.attributes if name in {"href", "aria-labelledby"} and v}
        assert {t.removeprefix("#") for t in targets} <= set(page.ids)
        return page

    return read


@pytest.fixture(scope="session")
def hostile_case() -> Case:
    """A case whose every id and text is markup, and whose free texts all hold a canary."""
    m, free = MARKUP, f"{MARKUP} {FREE}"
    data: dict[str, Any] = {
        "id": f"case {m}",
        "treatment_format": "couple",
        "setting": f"setting {m}",
        "participants": [
            {"id": f"c1 {m}", "role": "client", "site": m, "arm": m, "group": m},
            {"id": f"c2 {m}", "role": "client"},
            {"id": f"t1 {m}", "role": "therapist", "discipline": m, "orientation": m},
        ],
        "problems": [{"id": m, "label": free, "coding": {"system": m, "code": m, "display": m}}],
        "goals": [{"id": f"g {m}", "statement": free, "domain": m,
                   "history": [{"status": "proposed", "reason": free}]}],
        "sessions": [
            {
                "id": f"s1 {m}", "number": 1, "status": "held", "notes": free, "started_at": "2024-03-01",
                "interactions": [
                    {"index": 0, "kind": "speech", "speaker": f"c1 {m}", "text": free, "codes": [
                        {"coding_pass": f"p {m}", "system": f"sys {m}", "code": f"a {m}"}]},
                    {"index": 1, "kind": "speech", "speaker": f"t1 {m}", "text": free, "codes": [
                        {"coding_pass": f"p {m}", "system": f"sys {m}", "code": f"b {m}"}]},
                ],
            },
            {"id": f"s2 {m}", "number": 2, "status": "no_show", "notes": free, "started_at": "2024-03-08"},
        ],
        "coding_passes": [{"id": f"p {m}", "system": f"sys {m}", "extent": "all", "sessions": [f"s1 {m}"],
                           "coder": {"kind": "observer", "name": m}}],
        "measurements": [
            {"id": f"m{i} {m}", "instrument": f"scale {m}", "subject": f"c1 {m}", "score": i,
             "respondent": {"kind": "other", "name": m}, "session": f"s1 {m}", "timing": t}
            for i, t in enumerate(("before", "after"))
        ],
        "tasks": [{"id": m, "participant": f"c1 {m}", "kind": "practice", "description": free,
                   "assigned_in": f"s1 {m}", "history": [{"status": "requested", "reason": free}]}],
        "journal": [{"id": m, "author": f"c2 {m}", "after_session": f"s1 {m}", "text": free}],
        "change_events": [
            {"id": f"e1 {m}", "participant": f"c1 {m}", "locus": "out_of_session", "after_session": f"s1 {m}",
             "domain": m, "description": free, "magnitude": 1.0, "unit": m, "direction": "improvement"},
            {"id": f"e2 {m}", "participant": f"c2 {m}", "locus": "out_of_session", "description": free},
        ],
        "context_events": [{"id": m, "participant": f"c1 {m}", "kind": "life_event", "description": free}],
        "ending": {"kind": "mutual", "reason": free},
        "instruments": [{"id": f"scale {m}", "name": f"name {m}", "minimum": 0, "maximum": 10}],
        "coding_systems": [{"id": f"sys {m}", "name": f"name {m}",
                            "codes": [{"id": f"a {m}", "name": m}, {"id": f"b {m}", "name": m}]}],
    }  # fmt: skip
    return Case.model_validate(data)
