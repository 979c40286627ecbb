"""The part of a cohort report that shows agreement of coders, courses over therapies, and ratings with congruence."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import attrs

from therapeutic_process.errors import MissingExtra
from therapeutic_process.report.agreement_parts import DoubleCoded, agreement_parts
from therapeutic_process.report.html import Column, Content, Html, table, tag
from therapeutic_process.report.rating_parts import number
from therapeutic_process.report.small_cells import SMALLEST
from therapeutic_process.report.view import note, notes
from therapeutic_process.report.words import count, percent
from therapeutic_process.session_process import (
    Congruence,
    MeasureCourse,
    RatingCongruence,
    RatingCourse,
    TherapyCourse,
    collaboration_and_openness,
    rating_congruence,
    rating_courses,
    session_ratings,
    therapy_course,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from therapeutic_process.instruments import Catalogue
    from therapeutic_process.records import Case, CodingPass
    from therapeutic_process.report.names import Names

__all__ = ["SessionTally", "session_parts"]

_MEASURES = {
    "discrepancy": "mean difference, therapist minus client",
    "absolute_discrepancy": "mean absolute difference",
    "tracking": "tracking: therapist's change per point of the client's",
    "correlation": "correlation over the sessions, within pairs",
    "level_correlation": "correlation of mean levels, between pairs",
}


@attrs.define(eq=False, repr=False)
class SessionTally:
    """What is kept of the sessions of a cohort: courses and pairs summed up per case, and doubly coded interactions.

    Attributes:
        coded: Interactions that several coders looked at, by system.
        courses: Courses of codes, ratios and talk.
        rated: Courses of ratings.
        pairs: Congruence of client and therapist.
        topics: Cases with a value of collaboration or openness, with a plan in force, with tasks.
        held_shares: Share of the planned sessions that were held, per plan in force.
        adherence: Mean task adherence, per plan in force.
    """

    coded: dict[str, DoubleCoded] = attrs.field(factory=dict)
    courses: dict[str, list[MeasureCourse]] = attrs.field(factory=dict)
    rated: list[RatingCourse] = attrs.field(factory=list)
    pairs: list[RatingCongruence] = attrs.field(factory=list)
    topics: Counter[str] = attrs.field(factory=Counter)
    held_shares: list[float] = attrs.field(factory=list)
    adherence: list[float] = attrs.field(factory=list)

    def add(self, case: Case, catalogue: Catalogue) -> None:
        """Count one case; nothing of it is kept but what is summed up.

        Args:
            case: The case.
            catalogue: Where to look up what instruments and systems declare.
        """
        self.topics["cases"] += 1
        # Ids may repeat from file to file, and have no place here.
        own = str(self.topics["cases"])
        self._codes(case, catalogue, own)
        ratings = session_ratings(case, catalogue=catalogue)
        if ratings.rows:
            self.rated += [attrs.evolve(c, client=own) for c in rating_courses(ratings).rows]
            self.pairs += [attrs.evolve(c, client=own) for c in rating_congruence(ratings).rows]
        self._topics(case, catalogue)

    def _codes(self, case: Case, catalogue: Catalogue, own: str) -> None:
        by_system: dict[str, list[CodingPass]] = {}
        for one in case.coding_passes:
            by_system.setdefault(one.system, []).append(one)
        for system, passes in by_system.items():
            self.coded.setdefault(system, DoubleCoded()).add(case, passes)
        if len(case.held_sessions) < 2:
            return
        chosen = {
            next((p for p in passes if p.procedure == "consensus"), passes[0]).id: system
            for system, passes in by_system.items()
        }
        for row in therapy_course(case, catalogue=catalogue).rows:
            place = row.of if row.measure == "talk_share" else chosen.get(row.of or "")
            if place not in {None, "words", "seconds"}:
                kept = attrs.evolve(row, client=own)
                self.courses.setdefault("" if row.measure == "talk_share" else str(place), []).append(kept)

    def _topics(self, case: Case, catalogue: Catalogue) -> None:
        found = collaboration_and_openness(case, catalogue=catalogue)
        self.topics.update({m.topic for m in found.sessions if m.value is not None})
        self.topics["plan"] += bool(found.adherence)
        self.topics["tasks"] += found.tasks.n > 0
        self.held_shares += [a.share_held for a in found.adherence if a.share_held is not None]
        self.adherence += [
            a.mean_task_adherence for a in found.adherence if a.mean_task_adherence is not None
        ]


def session_parts(tally: SessionTally, names: Names) -> Iterator[Html | None]:
    """Yield agreement, courses over therapies, ratings with congruence, and collaboration with adherence beside it.

    Args:
        tally: What was counted.
        names: What systems, codes and instruments are called.
    """
    for system, found in tally.coded.items():
        if found.units:
            yield tag("h3", f"How far coders agree: {names.system(system)}")
            if found.n_cases < SMALLEST:
                yield _few("Agreement", found.n_cases)
            else:
                yield from agreement_parts(found, system, names)
    yield from _courses(tally, names)
    yield from _ratings(tally, names)
    yield from _collaboration(tally)


def _few(what: str, n: int) -> Html:
    return note(
        f"{what}: not shown, for it would describe {count(n, 'case')} only; at least {SMALLEST} are needed."
    )


def _courses(tally: SessionTally, names: Names) -> Iterator[Html | None]:
    yield tag("h3", "From session to session")
    rows, small = [], 0
    for system, courses in sorted(tally.courses.items()):
        for one in TherapyCourse((), tuple(courses)).over_clients():
            if one.n_thirds < SMALLEST:
                small += 1
                continue
            share = one.measure != "ratio"
            called = {"talk_share": f"turns of the {one.name}", "ratio": f"ratio {one.name}"}
            name = called.get(one.measure) or names.code(system, one.name)
            told = (one.first_third, one.middle_third, one.last_third)
            slope = None if one.slope is None else 100 * one.slope if share else one.slope
            rows.append([
                [name, tag("div", names.system(system), class_="muted") if system else None],
                f"{one.n_thirds:,}",
                *(percent(v) if share else number(v) for v in told),
                f"{number(slope, signed=True, digits=1)} points" if share else number(slope, signed=True),
            ])  # fmt: skip
    if not rows:
        several = sum(map(len, tally.courses.values()))
        found = f"{count(small, 'measure')} with fewer" if several else "none with 2 held sessions"
        yield note(
            f"Cannot say: needs {SMALLEST} cases with a value in each third of their sessions, found {found}."
        )
        return
    columns: list[Column | str] = [
        Column("measure", "name"),
        *(Column(c, "number") for c in ("cases", "first third", "middle", "last third", "per session")),
    ]
    caption = "Means over cases, each counted once: thirds of the sessions held, and change per session"
    yield table(caption, columns, rows)
    yield _suppressed(small, "measure")


def _suppressed(n: int, noun: str) -> Html | None:
    return (
        note(f"Not shown, because they describe fewer than {SMALLEST} cases: {count(n, noun)}.")
        if n
        else None
    )


def _ratings(tally: SessionTally, names: Names) -> Iterator[Html | None]:
    yield tag("h3", "Ratings of the sessions")
    if not tally.rated:
        yield note("No session was rated.")
        return
    groups: dict[tuple[str, str, str], list[RatingCourse]] = {}
    for one in tally.rated:
        groups.setdefault((one.instrument, one.scale or "", one.role), []).append(one)
    rows, small = [], 0
    for (instrument, scale, role), several in sorted(groups.items()):
        means = [c.mean for c in several if c.mean is not None]
        slopes = [c.slope for c in several if c.slope is not None]
        if len({c.client for c in several if c.mean is not None}) < SMALLEST:
            small += 1
            continue
        rated = sum(c.n for c in several) / sum(c.n_sessions for c in several)
        slope = number(sum(slopes) / len(slopes), signed=True) if len(slopes) >= SMALLEST else "–"
        rows.append([
            names.measure(instrument, scale or None), role, f"{len(means):,}", percent(rated),
            number(sum(means) / len(means)), slope,
        ])  # fmt: skip
    columns: list[Column | str] = [
        Column("scale", "name"),
        "rated by",
        *(Column(c, "number") for c in ("series", "sessions rated", "mean of means", "per session")),
    ]
    if rows:
        yield table("Ratings by scale and role; each series counts once", columns, rows)
    yield _suppressed(small, "scale and role")
    yield from _congruence(tally, names)


def _congruence(tally: SessionTally, names: Names) -> Iterator[Html | None]:
    if not tally.pairs:
        yield note("Congruence: cannot say: no scale was rated by both client and therapist.")
        return
    try:
        from therapeutic_process.session_process import congruence_effects

        found = congruence_effects(Congruence(tuple(tally.pairs), "client", "therapist", {}))
    except MissingExtra as missing:
        yield note(f"Congruence: cannot say: needs the {missing.extra} extra, which is not installed.")
        return
    rows, small = [], 0
    for one in found.rows:
        if one.n < SMALLEST:
            small += 1
            continue
        name = [names.measure(one.instrument, one.scale), tag("div", _MEASURES[one.measure], class_="muted")]
        rows.append([name, f"{one.n:,}", _dropped(one), number(one.mean), *_intervals(one)])
    columns: list[Column | str] = [
        Column("scale and measure", "wide"),
        *(Column(c, "number") for c in ("pairs", "left out", "mean", "95 % interval", "for a new pair")),
    ]
    if rows:
        caption = (
            "Congruence of client and therapist on the same sessions, over pairs: random-effects means and the "
            "interval for a new pair"
        )
        yield table(caption, columns, rows)
        yield notes(found.assumptions)
    yield _suppressed(small, "measure")


def _dropped(one: Any) -> Content:
    reasons = tag("div", one.dropped_because.replace("_", " "), class_="muted") if one.n_dropped else None
    return [str(one.n_dropped), reasons]


def _intervals(one: Any) -> list[Content]:
    ends = ((one.low, one.high), (one.predicted_low, one.predicted_high))
    return ["–" if low is None else f"{number(low)} to {number(high)}" for low, high in ends]


def _collaboration(tally: SessionTally) -> Iterator[Html | None]:
    yield tag("h3", "Collaboration and openness, with adherence beside them")
    n = tally.topics["cases"]
    if not n:
        yield note("No case was read.")
        return
    told = (
        ("a measure of collaboration", tally.topics["collaboration"]),
        ("a measure of openness", tally.topics["openness"]),
        ("a plan in force", tally.topics["plan"]),
        ("tasks between sessions", tally.topics["tasks"]),
    )
    if not any(k for _, k in told):
        yield note("No measure of collaboration or openness, no plan in force and no task is recorded.")
        return
    columns: list[Column | str] = ["recorded", Column("cases", "number"), Column("of all", "number")]
    rows = [[what, f"{k:,}", percent(k / n)] if _may_show(k, n) else [what, "few", "–"] for what, k in told]
    yield table("Cases with a declared measure, a plan or tasks", columns, rows)
    means = (("planned sessions held", tally.held_shares), ("task adherence", tally.adherence))
    yield notes([
        f"Mean share of {what}: {percent(sum(v) / len(v))}, over {count(len(v), 'plan')} in force."
        for what, v in means if len(v) >= SMALLEST
    ])  # fmt: skip


def _may_show(k: int, n: int) -> bool:
    """Tell whether a count and what is left of all tell about nobody or about enough."""
    return all(part == 0 or part >= SMALLEST for part in (k, n - k))
