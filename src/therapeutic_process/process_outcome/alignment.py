"""Sessions lined up with the scores around them, and why a session cannot be used."""

from __future__ import annotations

from typing import Any, Generic, cast

import attrs
import narwhals.stable.v2 as nw
from narwhals.stable.v2.typing import IntoFrameT

from therapeutic_process.errors import TableError
from therapeutic_process.process_outcome.panel import Timing, require_timing

__all__ = ["AlignedSessions", "align_sessions_to_outcomes"]

_NAME = "align_sessions_to_outcomes"
_NEW = ("score_earlier", "score_before", "score_after", "elapsed_days", "absent_because")
UNCODED, NO_BEFORE, NO_AFTER = "process not coded", "no score before", "no score after"


@attrs.frozen(eq=False, repr=False)
class AlignedSessions(Generic[IntoFrameT]):
    """One row per session with the scores around it.

    Attributes:
        table: Of the caller's kind, by client and session: the client, session and process columns, then
            `score_earlier`, `score_before`, `score_after`, `elapsed_days` between the last two (null without
            `days`), and `absent_because` (null where the session can be used).
        timing: When the score of a row was taken.
        n_usable: Sessions coded, with a score before and after.
        absent: Sessions that cannot be used, by the first reason.
    """

    table: IntoFrameT
    timing: Timing
    n_usable: int
    absent: dict[str, int]

    def __repr__(self) -> str:
        return f"<AlignedSessions {self.n_usable} usable, {sum(self.absent.values())} not>"

    def __str__(self) -> str:
        return "\n".join([repr(self), *(f"{count} × {reason}" for reason, count in self.absent.items())])


def align_sessions_to_outcomes(
    table: IntoFrameT,
    *,
    timing: Timing | None = None,
    client: str = "client_id",
    session: str = "session",
    outcome: str = "outcome_before",
    process: str = "event",
    days: str | None = None,
) -> AlignedSessions[IntoFrameT]:
    """Line up every session with the last two scores before it and the first after it.

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
        timing: When the score of a row was taken, `before` or `after` its session; must be declared.
        client: Column of the client.
        session: Column of the session's number.
        outcome: Column of the score.
        process: Column of the event or process score; missing where nobody coded, which is not 0.
        days: Column of the day of the score.

    Raises:
        CannotEstimate: With code `timing_undeclared`.
        TableError: If a column is missing, the new columns are there already, or a key is not unique.
    """
    when = require_timing(_NAME, timing)
    frame = _checked(table, [client, session, outcome, process, *([days] if days else [])])
    _refuse_repeated(frame, client, session)
    steps = {"score_earlier": -1, "score_before": 0, "score_after": 1}
    offset = 0 if when == "before" else -1
    aligned = frame.select(client, session, process)
    for name, step in steps.items():
        aligned = _joined(aligned, frame, (client, session), outcome, name=name, step=step + offset)
    aligned = _elapsed(aligned, frame, (client, session), days, offset)
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
    return AlignedSessions(cast("IntoFrameT", done.to_native()), when, counts.get(None, 0), absent)


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


def _elapsed(
    aligned: nw.DataFrame[Any],
    frame: nw.DataFrame[Any],
    keys: tuple[str, str],
    days: str | None,
    offset: int,
) -> nw.DataFrame[Any]:
    if days is None:
        return aligned.with_columns(nw.lit(None, dtype=nw.Float64).alias("elapsed_days"))
    for name, step in (("__from", 0), ("__to", 1)):
        aligned = _joined(aligned, frame, keys, days, name=name, step=step + offset)
    elapsed = (nw.col("__to") - nw.col("__from")).cast(nw.Float64).alias("elapsed_days")
    return aligned.with_columns(elapsed).drop("__from", "__to")


def _collected(frame: nw.DataFrame[Any] | nw.LazyFrame[Any]) -> nw.DataFrame[Any]:
    return frame.collect() if isinstance(frame, nw.LazyFrame) else frame


def _counts(frame: nw.DataFrame[Any]) -> dict[str | None, int]:
    reasons = frame.with_columns(nw.col("absent_because").fill_null("").alias("absent_because"))
    counted = _collected(reasons.group_by("absent_because").agg(nw.len().alias("rows")))
    found = zip(counted["absent_because"].to_list(), counted["rows"].to_list(), strict=True)
    return {reason or None: int(rows) for reason, rows in found}
