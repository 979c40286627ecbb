"""Sessions lined up with the scores around them, and why a session cannot be used."""

from __future__ import annotations

from typing import Any, Generic, cast

import attrs
import narwhals.stable.v2 as nw
from narwhals.stable.v2.typing import IntoFrameT

from therapeutic_process.errors import CannotEstimate, TableError
from therapeutic_process.process_outcome.intervals import sessions_by_interval
from therapeutic_process.process_outcome.layout import Layout, Timing, declared

__all__ = ["AlignedSessions", "align_sessions_to_outcomes"]

_NAME = "align_sessions_to_outcomes"
_NEW = ("score_earlier", "score_before", "score_after", "elapsed_days", "absent_because", "n_sessions")
_DAY = 86_400_000.0
UNCODED, NO_BEFORE, NO_AFTER = "process not coded", "no score before", "no score after"


@attrs.frozen(eq=False, repr=False)
class AlignedSessions(Generic[IntoFrameT]):
    """One row per session with the scores around it.

    Attributes:
        table: Of the caller's kind, by client and session: the client, session and process columns, covariates, then
            `score_earlier`, `score_before`, `score_after`, `elapsed_days` between the last two (null without
            `days`), and `absent_because` (null where the session can be used). With an aggregator a row is the
            interval from one score to the next: its session number counts intervals, and `n_sessions` says how many
            sessions lie in it.
        timing: When the score of a row was taken.
        n_usable: Sessions coded, with a score before and after.
        absent: Sessions that cannot be used, by the first reason.
        layout: How process and outcome are laid out in time.
    """

    table: IntoFrameT
    timing: Timing
    n_usable: int
    absent: dict[str, int]
    layout: Layout = attrs.field(
        default=attrs.Factory(lambda self: Layout(timing=self.timing), takes_self=True)
    )

    def __repr__(self) -> str:
        return f"<AlignedSessions {self.n_usable} usable, {sum(self.absent.values())} not>"

    def __str__(self) -> str:
        lines = [repr(self), f"outcome: {self.layout.outcome_in_words}"]
        return "\n".join([*lines, *(f"{count} × {reason}" for reason, count in self.absent.items())])


@attrs.frozen
class _Columns:
    client: str
    session: str
    outcome: str
    process: str

    @property
    def keys(self) -> tuple[str, str]:
        return self.client, self.session


def align_sessions_to_outcomes(
    table: IntoFrameT,
    *,
    timing: Timing | None = None,
    client: str = "client_id",
    session: str = "session",
    outcome: str = "outcome_before",
    process: str = "event",
    days: str | None = None,
    layout: Layout | None = None,
) -> AlignedSessions[IntoFrameT]:
    """Line up every session with the last two scores before it and the outcome after it.

    >>> import polars as pl
    >>> table = pl.DataFrame({"client_id": [1, 1, 1], "session": [1, 2, 3],
    ...                       "outcome_before": [9.0, 7.0, 6.0], "event": [1, 0, None]})
    >>> found = align_sessions_to_outcomes(table, timing="before")
    >>> found.table["score_after"].to_list()
    [7.0, 6.0, None]
    >>> found.absent
    {'process not coded': 1, 'no score before': 0, 'no score after': 0}

    Args:
        table: One row per client and session, any frame Narwhals knows.
        timing: When the score of a row was taken, `before` or `after` its session, or `both`; must be declared,
            here or in `layout`.
        client: Column of the client.
        session: Column of the session's number.
        outcome: Column of the score; where a session has two, of the one before it.
        process: Column of the event or process score; missing where nobody coded, which is not 0.
        days: Column of the day of the score.
        layout: Timing, lag, aggregator and covariates in one, instead of `timing` alone.

    Raises:
        CannotEstimate: With codes `timing_undeclared`, and `windows_overlap` where several sessions would share an
            outcome by a lag in days.
        TableError: If a column is missing, the new columns are there already, or a key is not unique.
    """
    plan = declared(_NAME, timing, layout, days=days)
    columns = _Columns(client, session, outcome, process)
    _refuse_itself(plan, {client, session, outcome, process, plan.outcome_after})
    further = [*plan.covariates, *([plan.days] if plan.days else [])]
    second = [plan.outcome_after] if plan.timing == "both" else []
    frame = _checked(table, [*columns.keys, outcome, process, *further, *second])
    _refuse_repeated(frame, client, session)
    if plan.days:
        frame = frame.with_columns(_day(frame, plan.days).alias(plan.days))
    kept = [client, session, process, *(c for c in plan.covariates if c != plan.days)]
    if plan.aggregator is not None:
        frame = sessions_by_interval(frame, plan, keys=columns.keys, outcome=outcome, process=process)
        kept.append("n_sessions")
    aligned = _with_scores(frame.select(kept), frame, columns, plan)
    reason = (
        nw.when(nw.col(process).is_null())
        .then(nw.lit(UNCODED))
        .otherwise(
            nw.when(nw.col("score_before").is_null())
            .then(nw.lit(NO_BEFORE))
            .otherwise(nw.when(nw.col("score_after").is_null()).then(nw.lit(NO_AFTER)))
        )
    )
    done = aligned.with_columns(reason.alias("absent_because")).sort(client, session)
    counts = _counts(done)
    absent = {name: counts.get(name, 0) for name in (UNCODED, NO_BEFORE, NO_AFTER)}
    return AlignedSessions(
        cast("IntoFrameT", done.to_native()), plan.timing, counts.get(None, 0), absent, plan
    )


def _refuse_itself(plan: Layout, others: set[str]) -> None:
    itself = sum(name in others for name in plan.covariates)
    if itself:
        needed = "covariates that are neither process nor outcome, client nor session"
        raise CannotEstimate(_NAME, "shared_items", needed=needed, found=f"{itself} that are")


def _with_scores(
    aligned: nw.DataFrame[Any], frame: nw.DataFrame[Any], columns: _Columns, plan: Layout
) -> nw.DataFrame[Any]:
    """Join the scores around every session: the column they are in, and how many rows later."""
    before, after = columns.outcome, columns.outcome
    if plan.timing == "both":
        after = plan.outcome_after
    steps = {
        "before": ((after, -1), (before, 0), (after, plan.lag)),
        "after": ((after, -2), (after, -1), (after, plan.lag - 1)),
        "both": ((after, -1), (before, 0), (after, plan.lag - 1)),
    }[plan.timing]
    for name, (column, step) in zip(_NEW[:3], steps, strict=True):
        if name == "score_after" and plan.lag_days is not None:
            aligned = _joined_by_days(aligned, frame, columns, plan, after)
        else:
            aligned = _joined(aligned, frame, columns.keys, column, name=name, step=step)
    if plan.days is None:
        return aligned.with_columns(nw.lit(None, dtype=nw.Float64).alias("elapsed_days"))
    aligned = _joined(aligned, frame, columns.keys, plan.days, name="__from", step=steps[1][1])
    if plan.lag_days is None:
        aligned = _joined(aligned, frame, columns.keys, plan.days, name="__to", step=steps[2][1])
    elapsed = (nw.col("__to") - nw.col("__from")).cast(nw.Float64).alias("elapsed_days")
    return aligned.with_columns(elapsed).drop("__from", "__to")


def _joined_by_days(
    aligned: nw.DataFrame[Any], frame: nw.DataFrame[Any], columns: _Columns, plan: Layout, score: str
) -> nw.DataFrame[Any]:
    """Join the first score in the window of days after a session, and its day as `__to`."""
    assert plan.days is not None
    assert plan.lag_days is not None
    low, high = plan.lag_days
    (client, session), day = columns.keys, nw.col(plan.days).cast(nw.Float64)
    own = frame.select(nw.col(client), nw.col(session).alias("__own"), day.alias("__day"))
    other = frame.select(
        nw.col(client),
        nw.col(session).alias("__later"),
        day.alias("__to"),
        nw.col(score).alias("score_after"),
    )
    other = other.filter(~nw.col("score_after").is_null())
    order = nw.col("__later") > nw.col("__own")
    if plan.timing != "before":
        order = nw.col("__later") >= nw.col("__own")
    gap = nw.col("__to") - nw.col("__day")
    pairs = own.join(other, on=client, how="inner").filter(order & (gap >= low) & (gap <= high))
    first = pairs.group_by(client, "__own").agg(nw.col("__later").min())
    found = pairs.join(first, on=[client, "__own", "__later"], how="inner")
    known = frame.filter(~nw.col(columns.process).is_null()).select(client, nw.col(session).alias("__own"))
    _refuse_shared_outcome(found.join(known, on=[client, "__own"], how="inner"), client)
    matched = found.select(client, nw.col("__own").alias(session), "score_after", "__to")
    return aligned.join(matched, on=[client, session], how="left")


def _refuse_shared_outcome(found: nw.DataFrame[Any], client: str) -> None:
    counted = found.group_by(client, "__later").agg(nw.len().alias("rows")).filter(nw.col("rows") > 1)
    rows = _collected(counted.select((nw.col("rows") - 1).sum().alias("rows")))["rows"].item()
    if rows:
        raise CannotEstimate(
            _NAME,
            "windows_overlap",
            needed="a window of days in which no two sessions share a score, or an aggregator",
            found=f"{int(rows)} sessions that share their outcome with another",
        )


def _day(frame: nw.DataFrame[Any], name: str) -> nw.Expr:
    kind = frame.collect_schema()[name]
    if isinstance(kind, nw.Datetime) and kind.time_zone is None:
        raise TableError(
            "naive_time",
            needed=f"days, dates, or times with a time zone in {name}",
            found="times without a zone",
        )
    if kind == nw.Date:
        return nw.col(name).cast(nw.Datetime("ms")).dt.timestamp("ms").cast(nw.Float64) / _DAY
    if isinstance(kind, nw.Datetime):
        return nw.col(name).dt.timestamp("ms").cast(nw.Float64) / _DAY
    return nw.col(name)


def _checked(table: object, names: list[str]) -> nw.DataFrame[Any]:
    frame: nw.DataFrame[Any] = nw.from_native(cast("Any", table))
    schema = frame.collect_schema()
    absent = [name for name in names if name not in schema]
    if absent:
        raise TableError(
            "column_missing", needed=f"columns {', '.join(names)}", found=f"no {', '.join(absent)}"
        )
    taken = [name for name in _NEW if name in names]
    if taken:
        raise TableError("column_taken", needed=f"no columns {', '.join(_NEW)}", found=", ".join(taken))
    names = list(dict.fromkeys(names))
    floats = [nw.when(~nw.col(n).is_nan()).then(nw.col(n)).alias(n) for n in names if schema[n].is_float()]
    return frame.select(names).with_columns(*floats) if floats else frame.select(names)


def _refuse_repeated(frame: nw.DataFrame[Any], client: str, session: str) -> None:
    counted = frame.group_by(client, session).agg(nw.len().alias("rows")).filter(nw.col("rows") > 1)
    rows = _collected(counted.select(nw.col("rows").sum()))["rows"].item()
    if rows:
        raise TableError(
            "duplicate_key", needed="one row per client and session", found=f"{int(rows)} rows share one"
        )


def _joined(
    aligned: nw.DataFrame[Any],
    frame: nw.DataFrame[Any],
    keys: tuple[str, str],
    value: str,
    *,
    name: str,
    step: int,
) -> nw.DataFrame[Any]:
    client, session = keys
    moved = frame.select(
        nw.col(client), (nw.col(session).cast(nw.Int64) - step).alias("__session"), nw.col(value).alias(name)
    )
    numbered = aligned.with_columns(nw.col(session).cast(nw.Int64).alias("__session"))
    return numbered.join(moved, on=[client, "__session"], how="left").drop("__session")


def _collected(frame: nw.DataFrame[Any] | nw.LazyFrame[Any]) -> nw.DataFrame[Any]:
    return frame.collect() if isinstance(frame, nw.LazyFrame) else frame


def _counts(frame: nw.DataFrame[Any]) -> dict[str | None, int]:
    reasons = frame.with_columns(nw.col("absent_because").fill_null("").alias("absent_because"))
    counted = _collected(reasons.group_by("absent_because").agg(nw.len().alias("rows")))
    found = zip(counted["absent_because"].to_list(), counted["rows"].to_list(), strict=True)
    return {reason or None: int(rows) for reason, rows in found}
