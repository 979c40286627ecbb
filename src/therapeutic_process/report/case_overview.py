"""The first part of a case view: what the case is, its numbers, who takes part."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from therapeutic_process.report.html import Column, Content, Html, join, table, tag
from therapeutic_process.report.view import View, facts, note
from therapeutic_process.report.words import count, listed, plain

if TYPE_CHECKING:
    from therapeutic_process.records import Participant

__all__ = ["lede", "named", "overview", "people"]

_LONG = 32
NOT_KNOWN = "–"


def named(case_id: str) -> Html:
    """Return the id of a case for a heading; a long one in smaller type."""
    return tag("span", case_id, class_="id long" if len(case_id) > _LONG else "id")


def lede(view: View) -> str:
    """Return the first sentence about a case: how many take part, where, how it ended."""
    case = view.case
    roles = Counter(p.role for p in case.participants)
    people = listed(
        [
            count(roles[r], r) if r != "other" else f"{roles[r]} others"
            for r in ("client", "therapist", "other")
            if roles[r]
        ]
    )
    software = any(p.nature == "software" and p.role == "therapist" for p in case.participants)
    told = f"{case.treatment_format.capitalize()} therapy with {people}{' (software)' if software else ''}"
    setting = f", {case.setting}" if case.setting else ""
    ending = f" It ended: {plain(case.ending.kind)}." if case.ending else ""
    return f"{told}{setting}.{ending}"


def overview(view: View) -> Html:
    """Return the numbers of a case."""
    case = view.case
    states = Counter(plain(s.status) for s in case.sessions)
    missed = listed([f"{n} {state}" for state, n in states.items() if state != "held"])
    missing = sum(m.score is None for m in case.measurements)
    inside = sum(e.locus == "in_session" for e in case.change_events)
    done = sum(t.status == "completed" for t in case.tasks)
    achieved = sum(g.achievement in {"achieved", "sustaining"} for g in case.goals)
    return facts(
        [
            ("sessions held", f"{states['held']:,}", missed),
            (
                "interactions",
                f"{sum(len(s.interactions) for s in case.held_sessions):,}",
                count(len(case.coding_passes), "coding pass"),
            ),
            ("measurements", f"{len(case.measurements):,}", f"{missing} without a score" if missing else ""),
            ("goals", f"{len(case.goals):,}", f"{achieved} achieved" if case.goals else ""),
            ("tasks", f"{len(case.tasks):,}", f"{done} completed" if case.tasks else ""),
            (
                "recorded changes",
                f"{len(case.change_events):,}",
                f"{inside} in, {len(case.change_events) - inside} outside sessions"
                if case.change_events
                else "",
            ),
        ]
    )


def people(view: View) -> Html:
    """Return who takes part as a table, without the columns in which nothing is known."""
    held = view.case.held_sessions
    attended = Counter(p for s in held for p in s.attended or ())
    unknown = sum(s.attended is None for s in held)
    columns: list[Column | str] = [
        "person",
        "nature",
        "discipline, orientation",
        "site, arm, group",
        Column("sessions attended", "number"),
        Column("id", "name"),
    ]
    rows = [_person(p, None if unknown else attended[p.id]) for p in view.case.participants]
    known = [i for i in range(len(columns)) if any(row[i] != NOT_KNOWN for row in rows)]
    told = table(
        "Participants; ids as in the record",
        [columns[i] for i in known],
        ([row[i] for i in known] for row in rows),
    )
    missing = f"Who attended is not recorded for {unknown} of {count(len(held), 'held session')}."
    return join(told, note(missing) if unknown else None, _further(view))


def _person(one: Participant, attended: int | None) -> list[Content]:
    trained = ", ".join(filter(None, [one.discipline, one.orientation])) or NOT_KNOWN
    place = ", ".join(filter(None, [one.site, one.arm, one.group])) or NOT_KNOWN
    known = NOT_KNOWN if attended is None else str(attended)
    return [one.role, one.nature, trained, place, known, tag("span", one.id, class_="id muted")]


def _further(view: View) -> Html | None:
    """Return what the record also holds and this report only counts."""
    case = view.case
    kinds = (
        (case.ratings, "rating"),
        (case.segments, "segment"),
        (case.context_events, "event in the client's life"),
    )
    told = [count(len(parts), noun) for parts, noun in kinds if parts]
    return note(f"Also recorded: {listed(told)}.") if told else None
