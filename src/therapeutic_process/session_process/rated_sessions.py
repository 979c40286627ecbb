"""What was rated of sessions, by whom: the ratings of one case, session by session."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING, Literal, TypeAlias

import attrs

from therapeutic_process.instruments import Catalogue, builtin_catalogue
from therapeutic_process.tables import frame_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import polars as pl

    from therapeutic_process.records import Case, Measurement, Rating, Reporter

__all__ = ["RaterRole", "SessionRating", "SessionRatings", "session_ratings"]

MOST = 1e100
"""No rating is larger: sums of squares would leave the range of numbers."""

RaterRole: TypeAlias = Literal["client", "therapist", "observer", "software", "other"]


@attrs.frozen(repr=False)
class SessionRating:
    """What one rater said of one session on one scale.

    Attributes:
        client: Whose course of therapy.
        session: Number of the session.
        position: Its place among the sessions held, from 1.
        instrument: The instrument or coding system.
        scale: Its scale; None for the whole.
        target: Whether the session was rated as a whole, or segments of it.
        role: In which role the rater rated.
        rater: Who rated.
        value: The value, the mean where several segments were rated; None where it is missing.
        n: How many ratings the value is the mean of.
        missing: Why there is no value; None where there is one.
    """

    client: str
    session: int
    position: int
    instrument: str
    scale: str | None
    target: Literal["session", "segment"]
    role: RaterRole
    rater: str
    value: float | None
    n: int
    missing: str | None

    @property
    def series(self) -> tuple[str, str, str, str, RaterRole, str]:
        """What the ratings of one course have in common: client, instrument, scale, target, role, rater."""
        return self.client, self.instrument, self.scale or "", self.target, self.role, self.rater

    def __repr__(self) -> str:
        return f"SessionRating(by {self.role}, {'missing' if self.value is None else 'rated'})"


@attrs.frozen(eq=False, repr=False)
class SessionRatings:
    """Ratings of the sessions of one client or of many.

    Attributes:
        rows: A row per rater, scale and session.
        sessions: The numbers of the sessions held, in order, per client.
        left_out: What could not be laid to one held session, counted by reason.
    """

    rows: tuple[SessionRating, ...]
    sessions: Mapping[str, tuple[int, ...]]
    left_out: Mapping[str, int]

    @property
    def n_rated(self) -> int:
        """How many rows have a value."""
        return sum(r.value is not None for r in self.rows)

    def by_series(self) -> dict[tuple[str, str, str, str, RaterRole, str], list[SessionRating]]:
        """Return the rows of each client, scale and rater, in the order of the sessions."""
        found: dict[tuple[str, str, str, str, RaterRole, str], list[SessionRating]] = {}
        for row in sorted(self.rows, key=lambda r: r.position):
            found.setdefault(row.series, []).append(row)
        return dict(sorted(found.items()))

    def to_frame(self) -> pl.DataFrame:
        """Return the rows as a table with the columns of `SessionRating`."""
        return frame_of(self.rows, SessionRating)

    def __repr__(self) -> str:
        return (
            f"SessionRatings({self.n_rated} ratings of {sum(map(len, self.sessions.values()))} sessions, "
            f"{len(self.rows) - self.n_rated} missing, {sum(self.left_out.values())} left out)"
        )


def session_ratings(case: Case, *, catalogue: Catalogue | None = None) -> SessionRatings:
    """Collect what was rated of the held sessions of a case, by rater.

    Ratings of a session, ratings of segments that lie in one session (their mean), and measurements with instruments
    of the domain ``process`` that belong to a session. Nothing is said of what a value is worth.

    >>> from therapeutic_process.records import Case
    >>> by = {"kind": "client", "participant": "c1"}
    >>> case = Case(id="k", participants=[{"id": "c1", "role": "client"}],
    ...             sessions=[{"id": "s1", "number": 1, "status": "held"}],
    ...             ratings=[{"id": "r1", "instrument": "srs", "of": {"kind": "session", "id": "s1"}, "rater": by,
    ...                       "value": 34}])
    >>> session_ratings(case)
    SessionRatings(1 ratings of 1 sessions, 0 missing, 0 left out)

    Args:
        case: The case.
        catalogue: Where to look up which instruments are about the process; by default the built-in catalogue.

    Returns:
        A row per rater, scale and session, and what was left out.
    """
    known = (catalogue or builtin_catalogue()).with_(*case.instruments, *case.coding_systems)
    left_out: Counter[str] = Counter()
    given = [*_ratings(case, left_out), *_measured(case, known, left_out)]
    held = {s.id: s.number for s in case.held_sessions}
    laid = [attrs.evolve(one, session=held[session]) for session, one in given if session in held]
    left_out["session_not_held"] += len(given) - len(laid)
    return collected(laid, {case.id: tuple(held.values())}, +left_out)


def _ratings(case: Case, left_out: Counter[str]) -> Iterator[tuple[str, SessionRating]]:
    spans = {s.id: {span.session for span in s.spans} for s in case.segments}
    for one in case.ratings:
        sessions = {one.of.id} if one.of.kind == "session" else spans.get(one.of.id, set())
        if one.of.kind not in {"session", "segment"}:
            left_out[f"of_{one.of.kind}"] += 1
        elif len(sessions) > 1:
            left_out["segment_over_sessions"] += 1
        elif abs(one.value) > MOST:
            left_out["value_out_of_bounds"] += 1
        else:
            yield next(iter(sessions)), _rated(case, one)


def _rated(case: Case, one: Rating) -> SessionRating:
    target: Literal["session", "segment"] = "session" if one.of.kind == "session" else "segment"
    who = _who(one.rater)
    return SessionRating(
        case.id, 0, 0, one.instrument, one.scale, target, one.rater.kind, who, one.value, 1, None
    )


def _measured(
    case: Case, catalogue: Catalogue, left_out: Counter[str]
) -> Iterator[tuple[str, SessionRating]]:
    for one in case.measurements:
        known = catalogue.instrument(one.instrument)
        if known is None or known.domain != "process":
            continue
        if one.session is None:
            left_out["measurement_without_session"] += 1
        elif one.score is not None and abs(one.score) > MOST:
            left_out["value_out_of_bounds"] += 1
        else:
            yield one.session, _answered(case, one)


def _answered(case: Case, one: Measurement) -> SessionRating:
    by = one.respondent
    n = int(one.score is not None)
    return SessionRating(
        case.id, 0, 0, one.instrument, one.scale, "session", by.kind, _who(by), one.score, n, one.missing
    )


def _who(reporter: Reporter) -> str:
    return reporter.participant or reporter.name or reporter.kind


def collected(
    given: Iterable[SessionRating], sessions: Mapping[str, tuple[int, ...]], left_out: Mapping[str, int]
) -> SessionRatings:
    """Put what one rater said of one session on one scale into one row: the mean where it was said several times.

    Args:
        given: Single ratings; their position is not yet known.
        sessions: The numbers of the sessions held, in order, per client.
        left_out: What was left out before, by reason.
    """
    several: dict[tuple[tuple[str, ...], int], list[SessionRating]] = {}
    for one in given:
        several.setdefault((one.series, one.session), []).append(one)
    place = {(c, number): i for c, held in sessions.items() for i, number in enumerate(held, start=1)}
    rows = (_mean(ones, place[ones[0].client, ones[0].session]) for ones in several.values())
    return SessionRatings(tuple(rows), sessions, left_out)


def _mean(ones: list[SessionRating], position: int) -> SessionRating:
    values = [one.value for one in ones if one.value is not None]
    if not values:
        return attrs.evolve(ones[0], position=position)
    mean = math.fsum(values) / len(values)
    return attrs.evolve(ones[0], position=position, value=mean, n=len(values), missing=None)
