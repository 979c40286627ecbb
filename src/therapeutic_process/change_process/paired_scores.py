"""From a long table of scores to one row per client with a score before and a score after."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic

import attrs
import narwhals.stable.v2 as nw
from narwhals.stable.v2.typing import IntoFrameT

from therapeutic_process.change_process.bootstrap import numpy_module
from therapeutic_process.change_process.score_series import (
    ends_known,
    framed,
    scores_known,
    series_of,
)
from therapeutic_process.tables import check_scores
from therapeutic_process.tables.door import Frame, collected, need_columns, numbers, opened

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["PairedScores", "paired_scores"]


@attrs.frozen(eq=False, repr=False)
class PairedScores(Generic[IntoFrameT]):
    """Each client's score before and after, and who had to be left out.

    Attributes:
        table: One row per client with both scores, of the caller's kind: client, the columns kept,
            ``before``, ``after``, ``n_scores``.
        every_client: The same for every client, with null where there is no score.
    """

    table: IntoFrameT
    every_client: IntoFrameT

    def _counts(self) -> tuple[int, int, int]:
        n = nw.col("n_scores")
        used = (~nw.col("before").is_null()) & (~nw.col("after").is_null())
        cells = (
            nw.len().alias("all"),
            used.cast(nw.Int64).sum().alias("used"),
            (n == 0).cast(nw.Int64).sum().alias("none"),
        )
        row = collected(opened(self.every_client).select(*cells)).row(0)
        return int(row[0]), int(row[1] or 0), int(row[2] or 0)

    @property
    def n_clients(self) -> int:
        """How many clients the scores came from; counted when asked."""
        return self._counts()[0]

    @property
    def n_used(self) -> int:
        """How many of them have both scores."""
        return self._counts()[1]

    @property
    def dropped(self) -> dict[str, int]:
        """How many clients were left out, by reason."""
        everyone, used, none = self._counts()
        return {"no_score": none, "one_score_missing": everyone - used - none}

    def __repr__(self) -> str:
        if isinstance(opened(self.every_client), nw.LazyFrame):
            return "PairedScores(not computed yet)"
        everyone, used, _ = self._counts()
        return f"PairedScores(n_clients={everyone}, n_used={used})"


def paired_scores(
    frame: IntoFrameT,
    *,
    client: str = "client_id",
    order: str = "session",
    score: str = "score",
    at: tuple[Any, Any] | None = None,
    keep: Sequence[str] = (),
    check: bool = True,
) -> PairedScores[IntoFrameT]:
    """Take each client's first and last score, or the scores at two declared occasions.

    >>> import polars as pl
    >>> scores = pl.DataFrame({"client_id": [1, 1, 1, 2], "session": [1, 2, 3, 1], "score": [20, 15, 9, 7]})
    >>> pairs = paired_scores(scores)
    >>> pairs.table.select("before", "after").rows(), pairs.dropped
    ([(20.0, 9.0)], {'no_score': 0, 'one_score_missing': 1})

    Args:
        frame: Any frame Narwhals knows, one row per client and order.
        client: Column of the client.
        order: Column of the order within client.
        score: Column of the score.
        at: The two values of ``order`` to compare; first and last score unless told.
        keep: Columns that are constant within client and stay (a group, a site).
        check: Whether to check the keys of a lazy frame first, which runs a query; others are always checked.

    Raises:
        TableError: If the table breaks its contract.
    """
    table = opened(frame)
    need_columns(table, client, order, score, *keep)
    if isinstance(table, nw.DataFrame) and at is None and not keep:
        return _eager_pairs(table, client, order, score)
    if check:
        check_scores(frame, client=client, order=order, score=score, strict=True)
    table = numbers(table.select(client, order, score, *keep), score)
    first, last = _occasions(client, order, score, at)
    marked: Any = table.with_columns(
        nw.when(first).then(nw.col(score)).alias("before"),
        nw.when(last).then(nw.col(score)).alias("after"),
    )
    kept = [nw.col(k).max().alias(k) for k in keep]
    number = nw.col(score).count().alias("n_scores")
    pairs: Any = marked.group_by(client).agg(*kept, nw.col("before").max(), nw.col("after").max(), number)
    if isinstance(pairs, nw.DataFrame):
        pairs = pairs.sort(client)
    return _complete(pairs)


def _complete(pairs: Any) -> PairedScores[Any]:
    full = pairs.filter(~nw.col("before").is_null(), ~nw.col("after").is_null())
    return PairedScores(full.to_native(), pairs.to_native())


def _eager_pairs(table: nw.DataFrame[Any], client: str, order: str, score: str) -> PairedScores[Any]:
    """Find first and last scores with arrays; keys are checked on the way."""
    np = numpy_module()
    table = scores_known(table[[client, order, score]], client, order, score)
    s = series_of(table, client=client, order=order, score=score)
    first, last, n = ends_known(s)
    # one score is both first and last, and no change can be seen in it
    edges = [np.where(n > 1, s.score.take(at, mode="clip"), np.nan) for at in (first, last)]
    arrays = {"before": edges[0], "after": edges[1], "n_scores": n}
    return _complete(framed(table, {client: (s.client(s.starts[:-1]), client)}, arrays, {}))


def _occasions(client: str, order: str, score: str, at: tuple[Any, Any] | None) -> tuple[nw.Expr, nw.Expr]:
    if at is not None:
        return nw.col(order) == at[0], nw.col(order) == at[1]
    known = nw.when(~nw.col(score).is_null()).then(nw.col(order))
    first, last = known.min().over(client), known.max().over(client)
    # one score is both first and last, and no change can be seen in it
    several = first < last
    return (nw.col(order) == first) & several, (nw.col(order) == last) & several


def given_pairs(frame: Any, before: str, after: str) -> Frame:
    """Open a table of pairs with the two columns of scores only, as the caller gave them."""
    table = opened(frame)
    return table[[before, after]] if isinstance(table, nw.DataFrame) else table.select(before, after)


def pairs_of(frame: Any, before: str, after: str, *others: str) -> Frame:
    """Open a table of pairs with both scores as floats."""
    table = opened(frame)
    need_columns(table, before, after, *others)
    return numbers(table, before, after)
