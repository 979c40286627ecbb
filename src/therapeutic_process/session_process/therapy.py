"""The course over a therapy: how shares of codes, declared ratios and talk change from session to session."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeAlias

import attrs

from therapeutic_process.session_process.rated_courses import course_numbers, mean_of, sd_of
from therapeutic_process.tables import frame_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import polars as pl

__all__ = ["ClientsCourse", "MeasureCourse", "SessionMeasured", "TherapyCourse"]

CourseMeasure: TypeAlias = Literal["code_share", "ratio", "talk_share"]


@attrs.frozen(repr=False)
class SessionMeasured:
    """One measure in one session held.

    Attributes:
        client: Whose course of therapy.
        session: What the session is called.
        position: Its place among the sessions held, from 1.
        measure: ``code_share``, ``ratio`` or ``talk_share``.
        of: Of what: the coding pass, where it is known; of talk: ``turns``, ``words``, ``seconds`` or a column.
        name: The code, the ratio, or the role or speaker who talks.
        value: The value; None where it is undefined or not known.
        missing: Why it is None: ``not_coded``, ``denominator_is_0``, ``nothing_counted``, ``no_talk`` or ``not_known``.
    """

    client: str
    session: str
    position: int
    measure: CourseMeasure
    of: str | None
    name: str
    value: float | None
    missing: str | None

    @property
    def series(self) -> tuple[str, CourseMeasure, str, str]:
        """What the values of one course have in common: client, measure, of what, name."""
        return self.client, self.measure, self.of or "", self.name

    def __repr__(self) -> str:
        return f"SessionMeasured({self.measure}, {'missing' if self.value is None else 'known'})"


@attrs.frozen(repr=False)
class MeasureCourse:
    """One measure over one client's sessions; the sessions held are the axis.

    Attributes:
        client: Whose course of therapy.
        measure: As in `SessionMeasured`.
        of: Of what: the coding pass, where it is known; of talk: ``turns``, ``words``, ``seconds`` or a column.
        name: The code, the ratio, or the role or speaker who talks.
        n: Sessions in which the value is known.
        n_sessions: Sessions held.
        gaps: The sessions in which it is not, as text: ``2, 5-7``.
        mean: Mean over the sessions; None without a value.
        sd: Standard deviation over sessions; None with fewer than 2.
        first: The first value.
        last: The last value.
        slope: Change per session held, by least squares; None with fewer than 3 values.
        first_third: Mean over the first third of the sessions held; None where none of them has a value.
        middle_third: Mean over the middle third, likewise.
        last_third: Mean over the last third, likewise.
        undefined_because: Why there is no slope: ``no_value`` or ``fewer_than_3_values``; None where there is one.
    """

    client: str
    measure: CourseMeasure
    of: str | None
    name: str
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
        return f"MeasureCourse({self.measure}, {self.n} of {self.n_sessions} sessions)"


@attrs.frozen(repr=False)
class ClientsCourse:
    """One measure over the therapies of several clients: each client counts once.

    Attributes:
        measure: As in `SessionMeasured`.
        of: What talk is counted in; None for codes and ratios.
        name: The code, the ratio, or the role or speaker who talks.
        n_clients: Courses with a value.
        n_thirds: Courses with a value in each third; the three means are theirs.
        first_third: Mean of their first thirds; None without such courses.
        middle_third: Mean of their middle thirds.
        last_third: Mean of their last thirds.
        n_slopes: Courses with a slope.
        slope: Mean slope per session; None without one.
        slope_sd: Standard deviation of the slopes; None with fewer than 2.
    """

    measure: CourseMeasure
    of: str | None
    name: str
    n_clients: int
    n_thirds: int
    first_third: float | None
    middle_third: float | None
    last_third: float | None
    n_slopes: int
    slope: float | None
    slope_sd: float | None

    def __repr__(self) -> str:
        return f"ClientsCourse({self.measure}, {self.n_clients} clients, {self.n_slopes} slopes)"


@attrs.frozen(eq=False, repr=False)
class TherapyCourse:
    """Measures over the sessions of one client or of many.

    Attributes:
        sessions: A row per client, session held and measure.
        rows: A row per client and measure, summed up over the sessions.
    """

    sessions: tuple[SessionMeasured, ...]
    rows: tuple[MeasureCourse, ...]

    def over_clients(self) -> tuple[ClientsCourse, ...]:
        """Describe each measure over all clients; courses of several coding passes count each."""
        groups: dict[tuple[CourseMeasure, str, str], list[MeasureCourse]] = {}
        for row in self.rows:
            # A pass is one case's own; what talk is counted in is everybody's.
            of = (row.of or "") if row.measure == "talk_share" else ""
            groups.setdefault((row.measure, of, row.name), []).append(row)
        return tuple(_over_clients(*place, rows) for place, rows in groups.items())

    def to_frame(self) -> pl.DataFrame:
        """Return the courses as a table with the columns of `MeasureCourse`."""
        return frame_of(self.rows, MeasureCourse)

    def sessions_to_frame(self) -> pl.DataFrame:
        """Return the single sessions as a table with the columns of `SessionMeasured`."""
        return frame_of(self.sessions, SessionMeasured)

    def __repr__(self) -> str:
        clients, known = len({r.client for r in self.rows}), sum(s.value is not None for s in self.sessions)
        return (
            f"TherapyCourse({len(self.rows)} courses of {clients} clients, "
            f"{known} of {len(self.sessions)} values known)"
        )


def _over_clients(measure: CourseMeasure, of: str, name: str, rows: Sequence[MeasureCourse]) -> ClientsCourse:
    thirds = [
        (r.first_third, r.middle_third, r.last_third)
        for r in rows
        if None not in {r.first_third, r.middle_third, r.last_third}
    ]
    means = [mean_of([part for part in side if part is not None]) for side in zip(*thirds, strict=True)]
    first, middle, last = means or (None, None, None)
    slopes = [r.slope for r in rows if r.slope is not None]
    known = sum(r.n > 0 for r in rows)
    place = measure, of or None, name
    return ClientsCourse(
        *place, known, len(thirds), first, middle, last, len(slopes), mean_of(slopes), sd_of(slopes)
    )


def therapy_of(values: Iterable[SessionMeasured], held: Mapping[str, Sequence[object]]) -> TherapyCourse:
    """Sum up single sessions as courses.

    Args:
        values: A row per client, session and measure.
        held: What the sessions held are called, in order, per client.
    """
    sessions = tuple(values)
    several: dict[tuple[str, CourseMeasure, str, str], list[SessionMeasured]] = {}
    for one in sessions:
        several.setdefault(one.series, []).append(one)
    rows = []
    for ones in several.values():
        known = [(s.position, s.value) for s in ones if s.value is not None]
        place = ones[0].client, ones[0].measure, ones[0].of, ones[0].name
        rows.append(MeasureCourse(*place, **course_numbers(sorted(known), held[ones[0].client])))
    return TherapyCourse(sessions, tuple(rows))
