"""Ratings of sessions by rater, and how far client and therapist see the same sessions alike."""

from __future__ import annotations

from typing import TYPE_CHECKING

from therapeutic_process.report.figures.courses import MAX_PANELS, rating_spec
from therapeutic_process.report.html import Column, Content, Html, table
from therapeutic_process.report.view import View, drawing, note, notes
from therapeutic_process.report.words import count, plain
from therapeutic_process.session_process import (
    Congruence,
    RatingCongruence,
    RatingCourse,
    SessionRatings,
    rating_congruence,
    rating_courses,
    session_ratings,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from therapeutic_process.report.names import Names

__all__ = ["number", "rating_parts", "thirds"]

_WHY = {
    "fewer_than_3_pairs": "fewer than 3 paired sessions",
    "criterion_does_not_vary": "the client's ratings do not vary",
    "judge_does_not_vary": "the therapist's ratings do not vary",
}


def rating_parts(view: View) -> Iterator[Html | None]:
    """Yield ratings of the sessions by rater, their course, and the congruence of client and therapist.

    Args:
        view: The case and how to show it.
    """
    found = session_ratings(view.case, catalogue=view.names.catalogue)
    if not found.rows:
        return
    yield view.subheading("Ratings of the sessions")
    courses = rating_courses(found)
    if found.n_rated and len(found.sessions[view.case.id]) > 1:
        yield _figure(view, found)
    yield _course_table(courses.rows, view.names)
    yield notes(_left_out(found))
    yield from _congruence(rating_congruence(found), view.names)


def _figure(view: View, found: SessionRatings) -> Html:
    n = len({(r.instrument, r.scale) for r in found.rows if r.value is not None})
    label = (
        f"Lines of {count(found.n_rated, 'rating')} on {count(n, 'scale')} over the sessions, one per rater; the table "
        "below sums them up."
    )
    left = f" Drawn for the first {MAX_PANELS} of {n} scales." if n > MAX_PANELS else ""
    told = f"Ratings by session, a line per rater, broken where a session was not rated.{left}"
    spec = rating_spec(found, view.names)
    return drawing(spec, name=f"{view.prefix}-rated", label=label, caption=told, wide=True)


def _course_table(rows: tuple[RatingCourse, ...], names: Names) -> Html:
    columns: list[Column | str] = [
        Column("scale", "name"),
        "rated by",
        Column("sessions", "number"),
        Column("not rated", "number"),
        Column("mean", "number"),
        Column("first", "number"),
        Column("last", "number"),
        Column("thirds", "number"),
        Column("per session", "number"),
    ]
    told = [
        [
            _scale(names, r.instrument, r.scale, r.target),
            names.rater(r.role, r.rater),
            f"{r.n} of {r.n_sessions}",
            r.gaps or "none",
            number(r.mean),
            number(r.first),
            number(r.last),
            thirds(r.first_third, r.middle_third, r.last_third),
            number(r.slope, signed=True),
        ]
        for r in rows
    ]
    caption = (
        "Ratings by scale and rater: mean, first and last, means of the first, middle and last third of the sessions "
        "held, and change per session (least squares, from 3 ratings on)"
    )
    return table(caption, columns, told)


def _scale(names: Names, instrument: str, scale: str | None, target: str) -> str:
    name = names.measure(instrument, scale)
    return name if target == "session" else f"{name} (mean of segments)"


def _left_out(found: SessionRatings) -> list[str]:
    reasons = [f"{plain(reason)}: {n}" for reason, n in sorted(found.left_out.items())]
    return (
        [f"Ratings that belong to no one held session, by reason: {', '.join(reasons)}."] if reasons else []
    )


def _congruence(found: Congruence, names: Names) -> Iterator[Html | None]:
    if not found.rows:
        sides = {role.removeprefix("only_"): n for role, n in found.one_sided.items()}
        told = ", ".join(f"{count(n, 'series')} by the {role} only" for role, n in sorted(sides.items()))
        if told:
            yield note(f"Congruence: cannot say: no scale was rated by both client and therapist ({told}).")
        return
    columns: list[Column | str] = [
        Column("scale", "name"),
        "client, therapist",
        Column("both rated", "number"),
        Column("one only", "number"),
        Column("difference", "number"),
        Column("absolute", "number"),
        Column("correlation", "number"),
    ]
    caption = (
        "Congruence of client and therapist on the same sessions: mean difference (therapist minus client), mean "
        "absolute difference, and correlation of both over the sessions"
    )
    yield table(caption, columns, [_congruence_row(one, names) for one in found.rows])


def _congruence_row(one: RatingCongruence, names: Names) -> list[Content]:
    why = one.undefined_because
    return [
        _scale(names, one.instrument, one.scale, one.target),
        f"{names.rater('client', one.criterion)}, {names.rater('therapist', one.judge)}",
        str(one.n_paired),
        str(one.n_only_criterion + one.n_only_judge),
        number(one.discrepancy, signed=True),
        number(one.absolute_discrepancy),
        number(one.correlation) if why is None else f"cannot say: {_WHY[why]}",
    ]


def number(value: float | None, *, signed: bool = False, digits: int = 2) -> str:
    """Return a number as it is printed, or a dash where it is not known.

    >>> number(-0.126, signed=True), number(None), number(4.0)
    ('−0.13', '–', '4')
    """
    if value is None:
        return "–"
    told = f"{value:.{digits}f}".rstrip("0").rstrip(".") if "." in f"{value:.{digits}f}" else f"{value:.0f}"
    told = "0" if told == "-0" else told
    return f"+{told}" if signed and value > 0 and told != "0" else told.replace("-", "−")


def thirds(*means: float | None) -> str:
    """Return the means of three thirds in one cell.

    >>> thirds(0.5, None, 1.0)
    '0.5 · – · 1'
    """
    return " · ".join(number(m) for m in means)
