"""The course of scores around sessions with an event, beside matched sessions without one. Descriptive."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import attrs
import numpy as np
from numpy.typing import NDArray
from scipy import stats

from therapeutic_process.errors import CannotEstimate
from therapeutic_process.process_outcome.diagnostics import PlaceboLead, placebo_lead, within_client_sd
from therapeutic_process.process_outcome.layout import Timing, require_level, require_timing
from therapeutic_process.process_outcome.panel_reading import read_panel
from therapeutic_process.process_outcome.sweep import sweep
from therapeutic_process.tables import frame_of

if TYPE_CHECKING:
    import polars as pl
    from narwhals.stable.v2.typing import IntoFrame

    from therapeutic_process.process_outcome.panel import Panel

__all__ = ["CoursePoint", "EventCourse", "event_course"]

Array = NDArray[np.float64]
_NAME = "event_course"
_MIN_CLIENTS = 2
_MIN_SCORES = 3
WARNINGS = (
    "regression to the mean: where sessions with the event follow bad weeks, scores come back after them without it; "
    "the matched sessions show how far, as well as one noisy score can match",
    "descriptive: no test, and nothing about what led to what",
)


@attrs.frozen(repr=False)
class CoursePoint:
    """The mean deviation at one score before or after sessions.

    Attributes:
        sessions: `event`, or `matched` for the sessions without one.
        lag: Scores from the session: 0 is the last before it, 1 the first after it.
        mean: Mean deviation from session means and the client's own line; None without a session.
        low: Lower end of its interval; None with fewer than two clients.
        high: Upper end.
        n_sessions: Sessions with that score; one that several were matched to counts as often.
        n_clients: Clients they are of.
    """

    sessions: Literal["event", "matched"]
    lag: int
    mean: float | None
    low: float | None
    high: float | None
    n_sessions: int
    n_clients: int

    def __repr__(self) -> str:
        return f"CoursePoint({self.sessions}, lag {self.lag}, n_sessions={self.n_sessions})"


@attrs.frozen(eq=False, repr=False)
class EventCourse:
    """Scores around sessions with an event and around matched ones without.

    Attributes:
        points: A point per kind of session and score, lags in order.
        level: Level of the intervals.
        caliper: How far the scores before two matched sessions may differ, in points.
        n_events: Sessions with the event and a score before them.
        n_matched: Those for which a session without one was found.
        n_clients: Clients with such a session.
        placebo: The effect on the change before the session.
        dropped: What was left out, by reason and count.
        timing: When the score of a row was taken, relative to its session.
        warnings: What the course cannot show.
    """

    points: tuple[CoursePoint, ...]
    level: float
    caliper: float
    n_events: int
    n_matched: int
    n_clients: int
    placebo: PlaceboLead
    dropped: tuple[tuple[str, int], ...]
    timing: Timing
    warnings: tuple[str, ...] = WARNINGS
    descriptive: bool = True
    method: str = (
        "deviations from session means and clients' own lines; matched on number and the score before"
    )

    def point(self, sessions: Literal["event", "matched"], lag: int) -> CoursePoint:
        """Return one point.

        Args:
            sessions: Of which sessions.
            lag: At which score.
        """
        return next(p for p in self.points if (p.sessions, p.lag) == (sessions, lag))

    def __repr__(self) -> str:
        return f"<EventCourse {self.n_events} sessions with the event, {self.n_matched} matched; descriptive>"

    def __str__(self) -> str:
        lines = [repr(self)]
        for p in self.points:
            found = "no client" if p.mean is None else f"{p.mean:.3g}"
            ends = "" if p.low is None else f" ({p.low:.3g} to {p.high:.3g})"
            lines.append(f"{p.sessions} {p.lag:+d}: {found}{ends}, {p.n_sessions} sessions")
        lines += [str(self.placebo), *(f"dropped: {count} × {reason}" for reason, count in self.dropped)]
        return "\n".join([*lines, *(f"warning: {text}" for text in self.warnings)])

    def to_frame(self) -> pl.DataFrame:
        """Return one row per point with the columns of `CoursePoint`."""
        return frame_of(self.points, CoursePoint)


def event_course(
    table: IntoFrame,
    *,
    timing: Timing | None = None,
    before: int = 2,
    after: int = 3,
    caliper: float | None = None,
    client: str = "client_id",
    session: str = "session",
    outcome: str = "outcome_before",
    process: str = "event",
    level: float = 0.95,
) -> EventCourse:
    """Align scores on sessions with an event, and on sessions without one that were as bad a moment.

    Deviations are from session means and each client's own line. To every session with the event belongs the session
    without it, of another client, with the same number and the closest deviation before it, which may serve more
    than once. Intervals are clustered by client.

    >>> import numpy as np
    >>> from therapeutic_process.simulate import simulate_cohort
    >>> rng = np.random.default_rng(1)
    >>> course = event_course(simulate_cohort("rtm", n_clients=200, n_sessions=10, rng=rng).table, timing="before")
    >>> event, matched = course.point("event", 1), course.point("matched", 1)
    >>> matched.low < event.mean < matched.high, course.placebo.rejects
    (True, True)

    Args:
        table: One row per client and session, any frame Narwhals knows; the last row may hold only a score.
        timing: When the score of a row was taken, `before` or `after` its session; must be declared.
        before: Scores to show before the last one before the session.
        after: Scores to show after the session.
        caliper: Points by which the scores before two matched sessions may differ; by default half of the
            within-client standard deviation.
        client: Column of the client.
        session: Column of the session's number.
        outcome: Column of the score.
        process: Column of the event: 0, 1, missing where nobody coded.
        level: Level of the intervals.

    Raises:
        CannotEstimate: With codes `timing_undeclared`, `process_no_event`, `no_informative_client`, `windows_overlap`.
        TableError: If the table does not keep its contract.
    """
    require_level(_NAME, level)
    when = require_timing(_NAME, timing)
    if when == "both":
        needed = "one score per session, timing 'before' or 'after'"
        raise CannotEstimate(_NAME, "timing_undeclared", needed=needed, found="two")
    if before < 0 or after < 1:
        needed = "no fewer than 0 scores before and 1 after"
        raise CannotEstimate(_NAME, "windows_overlap", needed=needed, found="fewer")
    panel = read_panel(table, timing=when, client=client, session=session, outcome=outcome, process=process)
    scores, few = _deviations(panel.outcome)
    _refuse(panel, scores)
    width = within_client_sd(panel.outcome) / 2 if caliper is None else caliper
    events = np.argwhere((panel.process == 1) & ~np.isnan(scores[:, :-1]))
    controls = _matched(panel, scores, events, width)
    lags = range(-before, after + 1)
    points = [_point("event", lag, scores, events, level) for lag in lags]
    points += [_point("matched", lag, scores, controls, level) for lag in lags]
    lost = (
        (f"client with fewer than {_MIN_SCORES} scores", few),
        ("session with the event without a session to match", len(events) - len(controls)),
    )
    return EventCourse(
        points=tuple(points),
        level=level,
        caliper=width,
        n_events=len(events),
        n_matched=len(controls),
        n_clients=len(np.unique(events[:, 0])),
        placebo=placebo_lead(panel),
        dropped=panel.dropped + tuple(reason for reason in lost if reason[1]),
        timing=when,
    )


def _deviations(outcome: Array) -> tuple[Array, int]:
    """Return scores as deviations from session means and clients' own lines, and how many clients have too few."""
    seen = ~np.isnan(outcome)
    used = seen & (seen.sum(axis=1, keepdims=True) >= _MIN_SCORES)
    centre = np.zeros(outcome.shape[1])
    some = used.any(axis=0)
    centre[some] = np.nanmean(np.where(used, outcome, np.nan)[:, some], axis=0)
    rest = sweep(used, trends=True, sessions=False).residual(np.where(used, outcome - centre, np.nan))
    return np.where(used, rest, np.nan), int((seen.any(axis=1) & ~used.any(axis=1)).sum())


def _refuse(panel: Panel, scores: Array) -> None:
    known = panel.process[~np.isnan(panel.process)]
    other = int((~np.isin(known, (0.0, 1.0))).sum())
    if other:
        needed = "an event: 0 or 1 in every coded session"
        raise CannotEstimate(_NAME, "process_no_event", needed=needed, found=f"{other} others")
    events = int(((panel.process == 1) & ~np.isnan(scores[:, :-1])).sum())
    if not events:
        needed = "a session with the event and a score before it"
        raise CannotEstimate(_NAME, "no_informative_client", needed=needed, found="0")


def _matched(panel: Panel, scores: Array, events: NDArray[np.intp], caliper: float) -> NDArray[np.intp]:
    """Return the sessions that sessions with the event are matched to: the closest, of several the first."""
    controls = [np.empty((0, 2), dtype=np.intp)]
    for t in np.unique(events[:, 1]):
        free = np.flatnonzero((panel.process[:, t] == 0) & ~np.isnan(scores[:, t]))
        if not len(free):
            continue
        order = free[np.argsort(scores[free, t], kind="stable")]
        ranked = scores[order, t]
        here = scores[events[events[:, 1] == t, 0], t]
        above = np.minimum(np.searchsorted(ranked, here), len(ranked) - 1)
        below = np.maximum(above - 1, 0)
        nearest = np.where(np.abs(ranked[below] - here) <= np.abs(ranked[above] - here), below, above)
        found = order[nearest[np.abs(ranked[nearest] - here) <= caliper]]
        controls.append(np.column_stack([found, np.full(len(found), t)]))
    return np.concatenate(controls)


def _point(
    kind: Literal["event", "matched"], lag: int, scores: Array, where: NDArray[np.intp], level: float
) -> CoursePoint:
    column = where[:, 1] + lag
    inside = (column >= 0) & (column < scores.shape[1])
    values = np.full(len(where), np.nan)
    values[inside] = scores[where[inside, 0], column[inside]]
    seen = ~np.isnan(values)
    who, number = np.unique(where[seen, 0], return_inverse=True)
    units, rows = len(who), int(seen.sum())
    if not rows:
        return CoursePoint(kind, lag, None, None, None, 0, 0)
    mean = float(values[seen].mean())
    if units < _MIN_CLIENTS:
        return CoursePoint(kind, lag, mean, None, None, rows, units)
    # a session that several were matched to counts several times, and so does its client's share of the error
    sums = np.bincount(number.ravel(), weights=values[seen] - mean)
    se = float(np.sqrt((sums**2).sum() * units / (units - 1))) / rows
    half = se * float(stats.t.ppf(0.5 + level / 2, units - 1))
    return CoursePoint(kind, lag, mean, mean - half, mean + half, rows, units)
