"""What ``describe`` says besides counts: agreement, courses over therapies, ratings with congruence, collaboration."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import attrs

from therapeutic_process.errors import MissingExtra
from therapeutic_process.session_process import Congruence, TherapyCourse

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from therapeutic_process.report.cohort_sessions import SessionTally
    from therapeutic_process.session_process import Agreement, RatingCourse

__all__ = ["described_rows", "residual_rows"]

Rows = list[dict[str, Any]]


def described_rows(tally: SessionTally) -> list[tuple[str, str, Rows]]:
    """Return what was found as tables: a key, a title and rows.

    Args:
        tally: What was kept of the sessions.
    """
    return [
        ("agreement", "how far coders agree", _agreement(tally)),
        ("courses", "from session to session, means over cases", list(_courses(tally))),
        ("ratings", "ratings of the sessions, means over series", _ratings(tally.rated)),
        ("congruence", "client and therapist on the same sessions", _congruence(tally)),
        ("collaboration", "collaboration, openness, and adherence beside them", _collaboration(tally)),
    ]


def residual_rows(follows: Mapping[tuple[str, str, str], int]) -> Rows:
    """Return how far each transition departs from what the codes' frequencies let expect, the strongest first.

    Args:
        follows: How often each code of a system was followed by each other one.
    """
    try:
        from therapeutic_process.session_process import transition_tables
    except MissingExtra:
        return []
    rows: Rows = []
    for system in sorted({s for s, _, _ in follows}):
        codes = sorted({code for s, *pair in follows if s == system for code in pair})
        counts = [[follows.get((system, a, b), 0) for b in codes] for a in codes]
        for one in transition_tables(counts, codes=codes).to_frame().to_dicts():
            chosen = ("expected", "residual", "p", "undefined_because")
            counted = {"given": one["given"], "target": one["target"], "count": one["frequency"]}
            rows.append({"system": system, **counted, **{name: one[name] for name in chosen}})
    return sorted(rows, key=lambda r: (r["residual"] is None, -abs(r["residual"] or 0.0)))


def _agreement(tally: SessionTally) -> Rows:
    rows: Rows = []
    for system, found in tally.coded.items():
        try:
            report = found.agreement() if found.units else None
        except MissingExtra:
            return []
        if report is not None:
            several = (("all", report.kappa, report.alpha), *report.per_code)
            rows += [
                {
                    "system": system,
                    "code": code,
                    "units": kappa.n_units,
                    **_told("kappa", kappa),
                    **_told("alpha", alpha),
                }
                for code, kappa, alpha in several
            ]
    return rows


def _told(name: str, one: Agreement) -> dict[str, float | None]:
    values = {name: one.value, f"{name}_low": one.low, f"{name}_high": one.high}
    return {key: None if math.isnan(v) else v for key, v in values.items()}


def _courses(tally: SessionTally) -> Iterator[dict[str, Any]]:
    for system, courses in sorted(tally.courses.items()):
        for one in TherapyCourse((), tuple(courses)).over_clients():
            row = attrs.asdict(one)
            yield {
                "system": system or None,
                **{k: v for k, v in row.items() if k not in {"of", "slope_sd"}},
            }


def _ratings(courses: list[RatingCourse]) -> Rows:
    groups: dict[tuple[str, str, str], list[RatingCourse]] = {}
    for one in courses:
        groups.setdefault((one.instrument, one.scale or "", one.role), []).append(one)
    rows: Rows = []
    for (instrument, scale, role), several in sorted(groups.items()):
        means = [c.mean for c in several if c.mean is not None]
        slopes = [c.slope for c in several if c.slope is not None]
        rows.append({
            "instrument": instrument, "scale": scale or None, "role": role, "series": len(means),
            "sessions": sum(c.n_sessions for c in several), "rated": sum(c.n for c in several),
            "mean": sum(means) / len(means) if means else None,
            "per_session": sum(slopes) / len(slopes) if slopes else None,
        })  # fmt: skip
    return rows


def _congruence(tally: SessionTally) -> Rows:
    if not tally.pairs:
        return []
    try:
        from therapeutic_process.session_process import congruence_effects

        found = congruence_effects(Congruence(tuple(tally.pairs), "client", "therapist", {}))
    except MissingExtra:
        return []
    return [
        {
            "instrument": one.instrument, "scale": one.scale, "measure": one.measure, "pairs": one.n,
            "left_out": one.n_dropped, "mean": one.mean, "low": one.low, "high": one.high,
        }
        for one in found.rows
    ]  # fmt: skip


def _collaboration(tally: SessionTally) -> Rows:
    told = (
        ("measure of collaboration", tally.topics["collaboration"], None),
        ("measure of openness", tally.topics["openness"], None),
        ("plan in force", tally.topics["plan"], tally.held_shares),
        ("tasks between sessions", tally.topics["tasks"], tally.adherence),
    )
    return [
        {"recorded": what, "cases": n, "share_followed": sum(shares) / len(shares) if shares else None}
        for what, n, shares in told
        if n
    ]
