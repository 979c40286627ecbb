"""Which series a mechanism is tested on: its scores and its process by session, and its declared lags."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import attrs
import narwhals.stable.v2 as nw

from therapeutic_process.change_process import ChangePattern, LagWindow, Mechanism, TaskPattern
from therapeutic_process.instruments import Direction
from therapeutic_process.process_outcome.alignment import align_sessions_to_outcomes
from therapeutic_process.process_outcome.process_tables import process_table
from therapeutic_process.process_outcome.score_quality import outcome_direction

if TYPE_CHECKING:
    from narwhals.stable.v2.typing import IntoFrame

    from therapeutic_process.process_outcome.panel import Timing
    from therapeutic_process.records import Case

__all__ = ["Lag", "Series", "Source", "declared_lags", "series_of", "undeclared", "within_days"]

Source = tuple["Case", ...] | Mapping[str, "IntoFrame"]
_MOST_LAGS = 12
NO_TABLE = "no table was given for it"
NO_CASE = "no client with a held session or a score was given"
NO_DIRECTION = "the instrument does not say which direction of the score is improvement"
NO_DAYS = "a lag in days needs scores taken before sessions, and their days"
OUTSIDE = "session whose next score lies outside the declared days"
NOT_DATED = "session whose days to the next score are not known"
TOO_SOON = "scores taken before sessions lie a session or more after what came before them"


@attrs.frozen
class Lag:
    """A declared lag.

    Attributes:
        said: In words.
        scores: Which score after the session it is: 1 the next one; below 1 where no score lies there.
        days: First and last day after the session, where the lag is one of days.
    """

    said: str
    scores: int
    days: tuple[float, float] | None = None


@attrs.frozen(eq=False, repr=False)
class Series:
    """What a mechanism is tested on.

    Attributes:
        table: A row per client and session with the columns `client_id`, `session`, `score`, `process`.
        better: Which direction of the score is improvement.
        cluster: Column of what holds several clients together, if anything does.
        dropped: What was left out, by reason and count.
        warnings: What limits a result.
    """

    table: Any
    better: Direction
    cluster: str | None
    dropped: tuple[tuple[str, int], ...] = ()
    warnings: tuple[str, ...] = ()


def undeclared(mechanism: Mechanism) -> str | None:
    """Say what must be declared before a mechanism can be tested, and is not.

    Args:
        mechanism: The mechanism.
    """
    if mechanism.undeclared:
        return f"not declared: {', '.join(mechanism.undeclared)}"
    lag = mechanism.lag or LagWindow(unit="sessions", shortest=0, longest=0)
    if lag.unit == "sessions" and lag.longest - lag.shortest >= _MOST_LAGS:
        return f"a window of at most {_MOST_LAGS} lags can be tested, declared: {_said(lag)}"
    return None


def declared_lags(mechanism: Mechanism, timing: Timing) -> tuple[Lag, ...]:
    """Return the declared lags, each with the score that lies there.

    A score before a session is the first that what happened in the session before can show in. A score after a session
    is the same for the session itself (a lag of 0), but not for a task set in it and done since.

    Args:
        mechanism: A mechanism whose lag is declared.
        timing: When the scores were taken.
    """
    window, cause = mechanism.lag, mechanism.cause
    assert window is not None
    if window.unit == "days":
        return (Lag(_said(window), 1, (window.shortest, window.longest)),)
    later = isinstance(cause, TaskPattern) and cause.amount != "assigned"
    first = 0 if timing == "before" or later else 1
    numbers = range(int(window.shortest), int(window.longest) + 1)
    return tuple(Lag(_sessions(n), n + first) for n in numbers)


def _said(lag: LagWindow) -> str:
    if lag.shortest == lag.longest:
        return _sessions(int(lag.shortest)) if lag.unit == "sessions" else f"{lag.longest:g} days"
    return f"{lag.shortest:g} to {lag.longest:g} {lag.unit}"


def _sessions(n: int) -> str:
    return f"{n} session" if n == 1 else f"{n} sessions"


def series_of(
    mechanism: Mechanism, source: Source, timing: Timing, cluster: str | None, options: dict[str, Any]
) -> Series | str:
    """Return the series of a mechanism, or why there is none.

    Args:
        mechanism: The mechanism; its effect is a score or a goal.
        source: Cases, or a table per mechanism.
        timing: When the scores were taken.
        cluster: Column of the therapist, group or couple in the tables.
        options: What `process_table` takes besides.
    """
    if isinstance(mechanism.effect, ChangePattern):
        return NO_DIRECTION
    if isinstance(source, Mapping):
        if mechanism.id not in source:
            return NO_TABLE
        better = outcome_direction(mechanism.effect, options["catalogue"])
        return NO_DIRECTION if better is None else Series(source[mechanism.id], better, cluster)
    made = process_table(source, cause=mechanism.cause, effect=mechanism.effect, timing=timing, **options)
    if not made.n_clients:
        return NO_CASE
    if made.better is None:
        return NO_DIRECTION
    own = "case_id" if made.several_clients else None
    return Series(made.table, made.better, own, made.dropped, made.warnings)


def within_days(series: Series, lag: Lag, timing: Timing) -> Series | str:
    """Keep the process only where the next score lies within the declared days.

    Args:
        series: The series; its column `days` holds the day of each score.
        lag: A lag in days.
        timing: When the scores were taken.
    """
    frame: Any = nw.from_native(series.table)
    frame = frame.collect() if isinstance(frame, nw.LazyFrame) else frame
    if timing != "before" or "days" not in frame.columns or lag.days is None:
        return NO_DAYS
    low, high = lag.days
    aligned: Any = align_sessions_to_outcomes(
        frame.to_native(), timing=timing, outcome="score", process="process", days="days"
    ).table
    gaps = nw.from_native(aligned).select("client_id", "session", "elapsed_days")
    joined = frame.join(gaps, on=["client_id", "session"], how="left")
    known = ~nw.col("process").is_null()
    inside = (nw.col("elapsed_days") >= low) & (nw.col("elapsed_days") <= high)
    counts = {
        OUTSIDE: joined.filter(known & ~nw.col("elapsed_days").is_null() & ~inside),
        NOT_DATED: joined.filter(known & nw.col("elapsed_days").is_null()),
    }
    kept = joined.with_columns(nw.when(inside).then(nw.col("process")).alias("process")).drop("elapsed_days")
    lost = tuple((reason, len(rows)) for reason, rows in counts.items() if len(rows))
    return attrs.evolve(series, table=kept.to_native(), dropped=series.dropped + lost)
