"""The course of ratings over a therapy: how high, how they move, where they are missing, rater by rater."""

from __future__ import annotations

import math
from itertools import groupby
from typing import TYPE_CHECKING, Any

import attrs

from therapeutic_process.session_process.rated_sessions import RaterRole
from therapeutic_process.tables import frame_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import polars as pl

    from therapeutic_process.session_process.rated_sessions import SessionRating, SessionRatings

__all__ = ["RatingCourse", "RatingCourses", "rating_courses"]

_THIRDS = 3


@attrs.frozen(repr=False)
class RatingCourse:
    """One rater's ratings of one client's sessions on one scale, summed up.

    Attributes:
        client: Whose course of therapy.
        instrument: The instrument or coding system.
        scale: Its scale; None for the whole.
        target: ``session``, or ``segment`` where a value is the mean of the segments rated.
        role: In which role the rater rated.
        rater: Who rated.
        n: Sessions with a rating.
        n_sessions: Sessions held.
        gaps: The numbers of the sessions without a rating, as text: ``2, 5-7``.
        mean: Mean rating; None where there is none.
        sd: Standard deviation over sessions; None with fewer than 2.
        first: The first rating.
        last: The last rating.
        slope: Change per session held, by least squares; None with fewer than 3 ratings.
        first_third: Mean over the first third of the sessions held; None where none of them was rated.
        middle_third: Mean over the middle third, likewise.
        last_third: Mean over the last third, likewise.
        undefined_because: Why there is no slope: ``no_value`` or ``fewer_than_3_values``; None where there is one.
    """

    client: str
    instrument: str
    scale: str | None
    target: str
    role: RaterRole
    rater: str
    n: int
    n_sessions: int
    gaps: str
    mean: float | None
    sd: float | None
    first: float | None
    last: float | None
    slope: float | None
    first_third: float | None
    middle_third: float | None
    last_third: float | None
    undefined_because: str | None

    def __repr__(self) -> str:
        return f"RatingCourse(by {self.role}, {self.n} of {self.n_sessions} sessions rated)"


@attrs.frozen(repr=False)
class RatingCourses:
    """Courses of ratings of one client or of many.

    Attributes:
        rows: A row per client, scale and rater.
    """

    rows: tuple[RatingCourse, ...]

    def to_frame(self) -> pl.DataFrame:
        """Return the rows as a table with the columns of `RatingCourse`."""
        return frame_of(self.rows, RatingCourse)

    def __repr__(self) -> str:
        clients, ratings = len({r.client for r in self.rows}), sum(r.n for r in self.rows)
        return f"RatingCourses({len(self.rows)} courses of {clients} clients, {ratings} ratings)"


def rating_courses(ratings: SessionRatings) -> RatingCourses:
    """Describe how ratings run over the sessions held, rater by rater.

    >>> import polars as pl
    >>> from therapeutic_process.session_process import read_session_ratings
    >>> long = pl.DataFrame({"client_id": "a", "session": [1, 2, 3, 4], "scale": "bond", "role": "client",
    ...                      "rater": "c", "value": [2.0, None, 4.0, 5.0]})
    >>> course, = rating_courses(read_session_ratings(long)).rows
    >>> course.n, course.gaps, course.slope
    (3, '2', 1.0)

    Args:
        ratings: Ratings of one client or of many.

    Returns:
        A row per client, scale and rater. A rater who never rated on a scale has no row there.
    """
    return RatingCourses(
        tuple(_course(rows, ratings.sessions[rows[0].client]) for rows in ratings.by_series().values())
    )


def _course(rows: Sequence[SessionRating], held: tuple[int, ...]) -> RatingCourse:
    one, known = rows[0], [(r.position, r.value) for r in rows if r.value is not None]
    place = one.client, one.instrument, one.scale, one.target, one.role, one.rater
    return RatingCourse(*place, **course_numbers(known, held))


def course_numbers(known: Sequence[tuple[int, float]], held: Sequence[object]) -> dict[str, Any]:
    """Sum up a series: the fields of a `RatingCourse` from ``n`` on.

    Args:
        known: Place of a session among those held, from 1, and the value there.
        held: What the sessions held are called, in order.
    """
    values = [v for _, v in known]
    slope = slope_of([(float(x), y) for x, y in known]) if len(known) > 2 else None
    thirds = [
        mean_of([v for at, v in known if (at - 1) * _THIRDS // len(held) == part]) for part in range(_THIRDS)
    ]
    few = "fewer_than_3_values" if known else "no_value"
    return {
        "n": len(known),
        "n_sessions": len(held),
        "gaps": ", ".join(_stretches(held, {at for at, _ in known})),
        "mean": mean_of(values),
        "sd": sd_of(values),
        "first": values[0] if values else None,
        "last": values[-1] if values else None,
        "slope": slope,
        "first_third": thirds[0],
        "middle_third": thirds[1],
        "last_third": thirds[2],
        "undefined_because": few if slope is None else None,
    }


def _stretches(held: Sequence[object], known: set[int]) -> Iterator[str]:
    for missing, run in groupby(enumerate(held, start=1), key=lambda one: one[0] not in known):
        names = [name for _, name in run]
        if missing:
            yield str(names[0]) if len(names) == 1 else f"{names[0]}-{names[-1]}"


def mean_of(values: Sequence[float]) -> float | None:
    """Return the mean, or None of nothing."""
    return math.fsum(values) / len(values) if values else None


def sd_of(values: Sequence[float]) -> float | None:
    """Return the standard deviation, n - 1 below the line, or None of fewer than 2 values."""
    if len(values) < 2:
        return None
    middle = math.fsum(values) / len(values)
    return math.sqrt(math.fsum((v - middle) ** 2 for v in values) / (len(values) - 1))


def slope_of(points: Sequence[tuple[float, float]]) -> float | None:
    """Return the least-squares slope of y on x, or None where x does not vary."""
    if len({x for x, _ in points}) < 2:
        return None
    n = len(points)
    mx, my = math.fsum(x for x, _ in points) / n, math.fsum(y for _, y in points) / n
    along = math.fsum((x - mx) ** 2 for x, _ in points)
    return math.fsum((x - mx) * (y - my) for x, y in points) / along
