"""Which series can show a sudden gain at all: enough scores in the right places."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import attrs
import narwhals.stable.v2 as nw

from therapeutic_process.change_process.sudden_intervals import neighbours
from therapeutic_process.tables import check_scores
from therapeutic_process.tables.door import collected, need_columns, numbers, opened
from therapeutic_process.tables.primitives import ordered

if TYPE_CHECKING:
    from narwhals.stable.v2.typing import IntoFrame, IntoFrameT

__all__ = ["PATTERNS", "IntervalCounts", "enough_scores", "interval_counts"]

PATTERNS = ("TTTT", "TTTFT", "TFTTT", "TFTTFT")


@attrs.frozen
class IntervalCounts:
    """How many intervals there are, and how many can be judged.

    Attributes:
        between_sessions: Intervals between two consecutive sessions.
        with_windows: Those with at least two sessions, scored or not, on either side.
        judgeable: Those in which N and N+1 and two scores on either side are known.
    """

    between_sessions: int
    with_windows: int
    judgeable: int

    @property
    def not_judgeable(self) -> int:
        """Intervals with windows that lack scores."""
        return self.with_windows - self.judgeable


def _judgeable() -> Any:
    known = {k: ~nw.col(f"_x{k}").is_null() for k in (-2, -1, 0, 1, 2, 3)}
    return known[0] & known[1] & (known[-1] | known[-2]) & (known[2] | known[3])


def _neighbourhood(frame: IntoFrame, client: str, order: str, score: str, *, check: bool) -> Any:
    table = opened(frame)
    need_columns(table, client, order, score)
    if check or isinstance(table, nw.DataFrame):
        check_scores(frame, client=client, order=order, score=score, strict=True)
    rows = neighbours(
        ordered(numbers(table.select(client, order, score), score), client=client, order=order), score
    )
    rows = rows.with_columns(
        rows.position().alias("_place"), nw.len().over(client).cast(nw.Int64).alias("_sessions")
    )
    return rows.frame


def interval_counts(
    frame: IntoFrame,
    *,
    client: str = "client_id",
    order: str = "session",
    score: str = "score",
    check: bool = True,
) -> IntervalCounts:
    """Count the intervals in which a sudden gain could be judged with the published stability rule.

    >>> import polars as pl
    >>> scores = pl.DataFrame({"client_id": 1, "session": range(6), "score": [9, 8, 9, None, 2, 1]})
    >>> interval_counts(scores)
    IntervalCounts(between_sessions=5, with_windows=3, judgeable=1)

    Args:
        frame: One row per client and session; any frame Narwhals knows.
        client: Column of the client.
        order: Column of the order within client.
        score: Column of the score.
        check: Whether to check a lazy frame first, which runs two queries; others are always checked.

    Raises:
        TableError: If the table breaks its contract.
    """
    place, left = nw.col("_place"), nw.col("_sessions") - nw.col("_place")
    table = _neighbourhood(frame, client, order, score, check=check)
    questions = {
        "between": left >= 1,
        "windows": (place >= 2) & (left >= 2),
        "judgeable": _judgeable(),
    }
    cells = (q.cast(nw.Int64).sum().alias(n) for n, q in questions.items())
    row = collected(table.select(*cells)).row(0)
    return IntervalCounts(*(int(v or 0) for v in row))


def enough_scores(
    frame: IntoFrameT,
    *,
    client: str = "client_id",
    order: str = "session",
    score: str = "score",
    check: bool = True,
) -> IntoFrameT:
    """Tell for each client whether the scores follow a pattern in which a sudden gain can be judged.

    T is a score, F is none: TTTT, TTTFT, TFTTT, TFTTFT, with the interval between the two T in the middle.

    >>> import polars as pl
    >>> scores = pl.DataFrame({"client_id": 1, "session": range(5), "score": [9, None, 8, 3, 2]})
    >>> enough_scores(scores).row(0)
    (1, 4, 1)

    Args:
        frame: One row per client and session; any frame Narwhals knows.
        client: Column of the client.
        order: Column of the order within client.
        score: Column of the score.
        check: Whether to check a lazy frame first, which runs two queries; others are always checked.

    Returns:
        One row per client: ``n_scores`` and ``n_judgeable``, the intervals that can be judged.

    Raises:
        TableError: If the table breaks its contract.
    """
    table = _neighbourhood(frame, client, order, score, check=check).with_columns(
        _judgeable().cast(nw.Int64).alias("_can")
    )
    number, can = nw.col(score).count().alias("n_scores"), nw.col("_can").sum().alias("n_judgeable")
    counted: Any = table.group_by(client).agg(number, can)
    if isinstance(counted, nw.DataFrame):
        counted = counted.sort(client)
    return cast("IntoFrameT", counted.to_native())
