"""Cohorts for the tests of small-cell rules, and what is printed of them, read back and counted anew."""

from __future__ import annotations

import random
import re
from html.parser import HTMLParser
from itertools import pairwise
from typing import Any

import attrs

from therapeutic_process.records import Case

CODES = ("A", "B", "C")


def one_case(number: int, rng: random.Random) -> Case:
    """Return a case of which everything is drawn: few share the rarer values."""
    couple = rng.random() < 0.15
    clients = ["c1", "c2"] if couple else ["c1"]
    site = rng.choices(["north", "south", "<total>", None], [12, 6, 2, 2])[0]
    people: list[dict[str, Any]] = [
        {"id": c, "role": "client", "site": site, "arm": rng.choice(["x", "x", "y"])} for c in clients
    ]
    by = {"kind": "client", "participant": "c1"}
    scores = [("phq9", (18, rng.choice([4, 8, 12, 18, 17, 24]))), ("gad7", (15, rng.choice([3, 14, 21])))]
    measurements = [
        {"id": f"{name}{i}", "instrument": name, "subject": "c1", "respondent": by}
        | ({"missing": "declined"} if rng.random() < 0.1 else {"score": score})
        for name, both in scores
        if rng.random() < 0.85
        for i, score in enumerate(both)
    ]
    sessions = [_session(i, rng) for i in range(1, rng.randint(2, 5))]
    held = [s["id"] for s in sessions if s["status"] == "held"]
    events = [
        {"id": f"e{i}", "participant": "c1", "locus": "out_of_session"}
        | ({"after_session": rng.choice(held)} if held and rng.random() < 0.7 else {})
        for i in range(rng.choice([0, 0, 1, 2]))
    ]
    return Case.model_validate({
        "id": f"k{number}", "treatment_format": "couple" if couple else "individual",
        "setting": rng.choice(["clinic", "clinic", "online", None]),
        "participants": [*people, {"id": "t1", "role": "therapist"}], "sessions": sessions,
        "measurements": measurements, "change_events": events,
        "coding_passes": [{"id": "p", "system": "own", "extent": "all", "sessions": held,
                           "coder": {"kind": "observer", "name": "o"}}],
        "coding_systems": [{"id": "own", "name": "own", "codes": [{"id": c, "name": c} for c in (*CODES, "Z")]}],
    })  # fmt: skip


def _session(number: int, rng: random.Random) -> dict[str, Any]:
    status = rng.choices(["held", "cancelled", "no_show"], [8, 1, 1])[0]
    talk = [
        {"index": i, "kind": "speech", "speaker": ("c1", "t1")[i % 2], "codes": [
            {"coding_pass": "p", "system": "own", "code": rng.choices([*CODES, "Z"], [9, 9, 3, 0.3])[0]}]}
        for i in range(rng.randint(3, 9))
    ]  # fmt: skip
    return {"id": f"s{number}", "number": number, "status": status,
            **({"interactions": talk} if status == "held" else {})}  # fmt: skip


def cohort(n: int, seed: int = 7) -> list[Case]:
    """Return a cohort."""
    rng = random.Random(seed)
    return [one_case(i, rng) for i in range(n)]


@attrs.frozen
class Printed:
    """A table as it is printed."""

    title: str
    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.tables: list[tuple[list[str], list[list[str]]]] = []
        self.inside: str | None = None
        self.title: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "table":
            self.tables.append(([""], []))
        elif tag == "tr":
            self.tables[-1][1].append([])
        elif tag in {"th", "td"}:
            self.tables[-1][1][-1].append("")
        if tag in {"caption", "th", "td"}:
            self.inside = tag

    def handle_endtag(self, tag: str) -> None:
        if tag == self.inside:
            self.inside = None

    def handle_data(self, data: str) -> None:
        if self.inside == "caption":
            self.tables[-1][0][0] += data
        elif self.inside:
            self.tables[-1][1][-1][-1] += data


def tables_of(html: str) -> list[Printed]:
    """Return every table of a page."""
    reader = _Reader()
    reader.feed(html)
    return [Printed(t[0], tuple(rows[0]), tuple(tuple(r) for r in rows[1:])) for t, rows in reader.tables]


def whole(text: str) -> int:
    """Return a printed count."""
    assert re.fullmatch(r"[\d,]+", text), text
    return int(text.replace(",", ""))


def codes_in(case: Case) -> list[tuple[str, str]]:
    """Return speaker's role and code of every coded interaction of held sessions."""
    role = {p.id: p.role for p in case.participants}
    return [(role[i.speaker or ""], i.codes[0].code) for s in case.held_sessions for i in s.interactions]


def pairs_in(case: Case) -> list[tuple[str, str]]:
    """Return which code followed which within sessions."""
    found = []
    for session in case.held_sessions:
        said = [i.codes[0].code for i in session.interactions]
        found += list(pairwise(said))
    return found
