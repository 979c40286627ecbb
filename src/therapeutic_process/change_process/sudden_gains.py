"""Sudden gains and losses: large, lasting changes between two sessions."""

from __future__ import annotations

from statistics import fmean, stdev
from typing import TYPE_CHECKING, Any, Generic, Literal, cast

import attrs
import narwhals.stable.v2 as nw
from narwhals.stable.v2.typing import IntoFrameT

from therapeutic_process.change_process.score_series import scores_known
from therapeutic_process.change_process.sudden_events import AROUND, eager_events, intervals, lazy_events
from therapeutic_process.change_process.sudden_intervals import REASONS
from therapeutic_process.change_process.sudden_rule import Stability, SuddenRule
from therapeutic_process.errors import TherapeuticProcessError
from therapeutic_process.tables import check_scores
from therapeutic_process.tables.door import collected, is_lazy, need_columns, numbers, opened
from therapeutic_process.tables.primitives import ordered

if TYPE_CHECKING:
    from therapeutic_process.change_process.arguments import Better

__all__ = ["CoursePoint", "SuddenGains", "sudden_gains"]

Choice = Literal["first", "last", "smallest", "largest"]


@attrs.frozen
class CoursePoint:
    """The average score at one session around the sudden changes.

    Attributes:
        place: ``start``, ``N-2`` … ``N+3``, ``end``.
        n: How many scores.
        mean: Their mean, or None if there is none.
        sd: Their standard deviation, or None for fewer than two.
        se: Its standard error.
    """

    place: str
    n: int
    mean: float | None
    sd: float | None
    se: float | None


@attrs.frozen(eq=False, repr=False, kw_only=True)
class SuddenGains(Generic[IntoFrameT]):
    """What was found: the events, and on demand every interval with its verdict and reason.

    Attributes:
        events: One row per sudden change, of the caller's kind: client, order (N), ``order_next``, ``place``,
            ``n_of_client``, scores from N−2 to N+3, first and last score of the course, ``change``
            (positive in the direction looked for), ``whole_change``, ``share_of_whole_change``,
            ``reversal_value``, ``reversal`` (``reversed``, ``held``, or null: no later score).
        rule: The criteria.
        client: Column of the client.
        order: Column of the order.
        score: Column of the score.
    """

    events: IntoFrameT
    rule: SuddenRule
    client: str
    order: str
    score: str
    _scores: Any = attrs.field(alias="scores")

    def intervals(self) -> IntoFrameT:
        """Return every interval N→N+1 with its criteria, verdict and reason; see `REASONS`.

        ``verdict`` is ``gain``, ``no_gain`` (``loss``, ``no_loss``), or null where any active criterion
        cannot be judged; ``reason`` then says why.
        """
        rows = ordered(numbers(self._scores, self.score), client=self.client, order=self.order)
        return cast("IntoFrameT", intervals(rows, self.rule, self.score).to_native())

    def reasons(self) -> dict[str, int]:
        """Count the intervals by reason; every reason appears, also with 0."""
        table: Any = opened(self.intervals())
        rows = collected(table.group_by("reason").agg(nw.len().alias("n"))).rows()
        found = {str(r[0]): int(r[1]) for r in rows}
        return {r: found.get(r, 0) for r in REASONS}

    def by_client(self, choice: Choice = "first") -> IntoFrameT:
        """Keep one event per client that has any: the first, last, smallest or largest by size.

        Ties in size go to the earlier event. A client with an event of unknown size (which the comparison
        of means alone allows) has no smallest and no largest one.
        """
        table: Any = opened(self.events)
        order, size, client = nw.col(self.order), nw.col("change"), self.client
        if choice in {"smallest", "largest"}:
            edge = size.min() if choice == "smallest" else size.max()
            table = table.filter(size.is_null().cast(nw.Int64).max().over(client) == 0)
            table = table.filter(size == edge.over(client))
        elif choice not in {"first", "last"}:
            raise TherapeuticProcessError(
                f"choice: needed first, last, smallest or largest, found {choice!r}"
            )
        edge = order.max() if choice == "last" else order.min()
        return cast("IntoFrameT", table.filter(order == edge.over(client)).to_native())

    def counts(self) -> dict[str, int]:
        """Count clients, events, clients with one and with several, and reversals."""
        events: Any = opened(self.events)
        number, back = nw.col("n_of_client"), nw.col("reversal") == "reversed"
        cells = [nw.len().alias("events"), back.fill_null(value=False).cast(nw.Int64).sum().alias("reversed")]
        n_events, n_back = collected(events.select(*cells)).row(0)
        each: Any = events.group_by(self.client).agg(number.max().alias("times"))
        several = (nw.col("times") > 1).cast(nw.Int64).sum()
        with_any, with_several = collected(each.select(nw.len().alias("any"), several.alias("several"))).row(
            0
        )
        clients = collected(self._scores.select(nw.col(self.client).n_unique()))[0, 0]
        return {
            "clients": int(clients),
            "clients_with_event": int(with_any),
            "clients_with_several": int(with_several or 0),
            "events": int(n_events),
            "reversed": int(n_back or 0),
        }

    def average_course(self) -> tuple[CoursePoint, ...]:
        """Return the mean scores from N−2 to N+3 over events, and at start and end over their clients."""
        events = collected(opened(self.events))
        once = collected(opened(self.by_client("first")))
        points = [("start", once["first_score"])]
        points += [(f"N{k:+d}" if k else "N", events[name]) for k, name in AROUND.items()]
        points.append(("end", once["last_score"]))
        return tuple(
            _point(place, [float(v) for v in column.drop_nulls().to_list()]) for place, column in points
        )

    def to_frame(self) -> IntoFrameT:
        """Return the events."""
        return self.events

    def __repr__(self) -> str:
        rule = self.rule
        criteria = f"cutoff {rule.cutoff}, share {rule.min_share}, {rule.stability}, {rule.better} is better"
        if is_lazy(opened(self.events)):
            return f"SuddenGains({rule.kind}; {criteria}; not computed yet)"
        c = self.counts()
        found = f"{c['events']} events in {c['clients_with_event']} of {c['clients']} clients"
        return f"SuddenGains({rule.kind}; {criteria}; {found}, {c['reversed']} reversed)"


def _point(place: str, values: list[float]) -> CoursePoint:
    n = len(values)
    sd = stdev(values) if n > 1 else None
    return CoursePoint(place, n, fmean(values) if n else None, sd, None if sd is None else sd / n**0.5)


def sudden_gains(
    frame: IntoFrameT,
    *,
    cutoff: float | None,
    min_share: float | None = 0.25,
    stability: Stability = "pooled_sd",
    kind: Literal["gain", "loss"] = "gain",
    better: Better = "lower",
    alpha: float = 0.05,
    critical: float | None = None,
    kept: float = 0.5,
    series_sds: float = 1.5,
    min_sessions_before: int = 1,
    min_sessions_after: int = 1,
    start: Any = None,
    end: Any = None,
    client: str = "client_id",
    order: str = "session",
    score: str = "score",
    check: bool = True,
) -> SuddenGains[IntoFrameT]:
    """Find sudden gains, or losses, between consecutive sessions (Tang & DeRubeis 1999).

    An interval lies between two consecutive rows of a client, whatever their distance: a session without a
    score is a row with a missing score. Losses mirror gains: 25 % of the score *before*, in the other
    direction.

    >>> import polars as pl
    >>> scores = pl.DataFrame({"client_id": 1, "session": range(1, 7), "score": [32, 31, 33, 5, 6, 7]})
    >>> result = sudden_gains(scores, cutoff=7)
    >>> result.events.select("session", "score", "score_next", "change").row(0)
    (3, 33.0, 5.0, 28.0)

    Args:
        frame: One row per client and session; any frame Narwhals knows. A lazy one stays lazy.
        cutoff: Points a change must reach: the reliable change of the measure, or 7 on the BDI; None: no such
            criterion.
        min_share: Share of the score at N it must reach; None: no such criterion.
        stability: How it must stand out, see `SuddenRule`; each rule says how many scores it needs.
        kind: ``gain`` or ``loss``.
        better: Whether lower or higher scores are better.
        alpha: Two-sided level of the critical value (2.776, 3.182, 4.303 at 4, 3, 2 degrees of freedom).
        critical: A fixed critical value instead.
        kept: The share that ``share_kept`` asks for.
        series_sds: The multiple that ``sd_of_series`` asks for.
        min_sessions_before: Sessions up to and with N that an interval must have to be judged.
        min_sessions_after: Sessions from N+1 on.
        start: The order of the first session of the course, for the whole change; the first score unless
            told.
        end: The order of the last session.
        client: Column of the client.
        order: Column of the order within client: number, date or time.
        score: Column of the score.
        check: Whether to check a lazy frame first, which runs two queries; others are always checked. Unchecked,
            an infinite score counts as missing, and where a key repeats its rows follow each other in an order
            that the engine chooses.

    Raises:
        TableError: If a column is missing, a score is text or infinite, a key is missing or repeats.
    """
    rule = SuddenRule(
        cutoff=cutoff, min_share=min_share, stability=stability, kind=kind, better=better, alpha=alpha,
        critical=critical, kept=kept, series_sds=series_sds, min_sessions_before=min_sessions_before,
        min_sessions_after=min_sessions_after,
    )  # fmt: skip
    table = opened(frame)
    need_columns(table, client, order, score)
    if isinstance(table, nw.DataFrame):
        table = scores_known(table[[client, order, score]], client, order, score)
        events = eager_events(table, rule, (client, order, score), start=start, end=end)
    else:
        if check:
            check_scores(frame, client=client, order=order, score=score, strict=True)
        table = numbers(table.select(client, order, score), score)
        rows = ordered(table, client=client, order=order)
        events = lazy_events(rows, rule, score, start=start, end=end)
    return SuddenGains(
        events=events.to_native(), rule=rule, client=client, order=order, score=score, scores=table
    )
