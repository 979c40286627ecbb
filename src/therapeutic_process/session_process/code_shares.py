"""How often each code occurs in each session: counts, shares, and ratios that can be undefined."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs

from therapeutic_process.errors import TableError
from therapeutic_process.session_process.extra import Floats, Ints, as_frame, brief, label_columns, np
from therapeutic_process.session_process.turns import CodedTurns, code_turns

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import polars as pl
    from narwhals.stable.v2.typing import IntoFrame

__all__ = ["CodeShareTable", "GuardedRatio", "code_share_table", "guarded_ratio"]


@attrs.frozen(eq=False, repr=False)
class GuardedRatio:
    """A ratio of counts that is undefined where its denominator is 0, and the share that then still holds.

    Attributes:
        numerator: Counts above the line.
        denominator: Counts below the line.
        ratio: Their ratio; nan where the denominator is 0, never 0 and never infinite.
        share: numerator / (numerator + denominator); nan where both are 0.
        reason: ``denominator_is_0`` or ``nothing_counted`` where the ratio is undefined, else None.
    """

    numerator: Ints
    denominator: Ints
    ratio: Floats
    share: Floats
    reason: tuple[str | None, ...]

    __repr__ = brief


def _quotient(above: Ints, below: Ints) -> Floats:
    return np.where(below > 0, above / np.maximum(below, 1), np.nan)


def guarded_ratio(numerator: Ints, denominator: Ints) -> GuardedRatio:
    """Divide counts, and say where that is undefined.

    >>> found = guarded_ratio(np.array([6, 4, 0]), np.array([3, 0, 0]))
    >>> found.ratio.tolist(), found.share.round(2).tolist()
    ([2.0, nan, nan], [0.67, 1.0, nan])
    >>> found.reason
    (None, 'denominator_is_0', 'nothing_counted')

    Args:
        numerator: Counts above the line.
        denominator: Counts below it, of the same shape.

    Returns:
        Ratio, share of the numerator in both, and the reason where one is undefined.
    """
    both = numerator + denominator
    empty = zip((denominator == 0).tolist(), (both == 0).tolist(), strict=True)
    reason = tuple(
        "nothing_counted" if none else ("denominator_is_0" if zero else None) for zero, none in empty
    )
    return GuardedRatio(
        numerator, denominator, _quotient(numerator, denominator), _quotient(numerator, both), reason
    )


@attrs.frozen(eq=False, repr=False)
class CodeShareTable:
    """Code counts per session.

    A session in the table whose turns are all uncoded has no shares: not coded is not "coded and absent".

    Attributes:
        codes: The codes.
        sessions: The sessions that hold a coded turn, or at least a row.
        counts: Sessions x codes.
        n_coded: Coded turns per session.
        shares: counts / n_coded; nan where no turn is coded.
        ratios: The ratios that were declared, by name.
        n_missing: Rows without a code.
    """

    codes: tuple[Any, ...]
    sessions: tuple[Any, ...]
    counts: Ints
    n_coded: Ints
    shares: Floats
    ratios: dict[str, GuardedRatio]
    n_missing: int

    def to_frame(self) -> pl.DataFrame:
        """Give a row per session and code."""
        n, k = self.counts.shape
        columns: dict[str, Any] = label_columns("session", [s for s in self.sessions for _ in range(k)])
        columns |= {"code": list(self.codes) * n, "count": self.counts.ravel(), "share": self.shares.ravel()}
        return as_frame(columns)

    def ratios_to_frame(self) -> pl.DataFrame:
        """Give a row per session and declared ratio, the share beside it, the reason where undefined."""
        rows = [(s, name, r, i) for name, r in self.ratios.items() for i, s in enumerate(self.sessions)]
        columns: dict[str, Any] = label_columns("session", [s for s, *_ in rows])
        columns["ratio"] = [name for _, name, _, _ in rows]
        for field in ("numerator", "denominator", "ratio", "share"):
            columns[field if field != "ratio" else "value"] = [getattr(r, field)[i] for _, _, r, i in rows]
        return as_frame(columns | {"undefined_because": [r.reason[i] for _, _, r, i in rows]})

    def __repr__(self) -> str:
        return (
            f"<CodeShareTable: {len(self.codes)} codes in {len(self.sessions)} sessions, "
            f"{int(self.n_coded.sum())} coded turns, {self.n_missing} rows without a code>"
        )


def _places(codes: tuple[Any, ...], wanted: Sequence[Any], name: str) -> list[int]:
    absent = [code for code in wanted if code not in codes]
    if absent:
        needed = f"codes of the ratio {name!r} among the {len(codes)} codes"
        raise TableError("label_unknown", needed=needed, found=f"{len(absent)} that are not")
    return [codes.index(code) for code in wanted]


def code_share_table(
    turns: IntoFrame | CodedTurns,
    *,
    session: str = "session_id",
    order: str | None = "index",
    code: str = "code",
    client: str | None = None,
    codes: Sequence[Any] | None = None,
    ratios: Mapping[str, tuple[Sequence[Any], Sequence[Any]]] | None = None,
) -> CodeShareTable:
    """Count codes per session.

    >>> import polars as pl
    >>> table = pl.DataFrame({"session_id": [1, 1, 1, 2], "index": [1, 2, 3, 1], "code": list("aaba")})
    >>> profile = code_share_table(table, ratios={"a to b": (["a"], ["b"])})
    >>> profile.counts.tolist(), profile.ratios["a to b"].ratio.tolist()
    ([[2, 1], [1, 0]], [2.0, nan])

    Args:
        turns: One row per turn in any frame, or turns already coded.
        session: Column of the session.
        order: Column of the turn's position; None: row order.
        code: Column of the code, null where the turn was not coded.
        client: Column of the client, where session numbers repeat between clients.
        codes: The codes and their order; name the codes of the system here, so that one that never occurs
            counts as 0 instead of being absent.
        ratios: Ratios by name: (codes above the line, codes below it), as the coding system declares them.

    Raises:
        TableError: If the table does not keep its contract, or a ratio names a code that is not there.
        NotEnoughData: If no turn is coded.
    """
    read = (
        turns
        if isinstance(turns, CodedTurns)
        else code_turns(turns, session=session, order=order, code=code, client=client, codes=codes)
    )
    n, k = len(read.sessions), len(read.codes)
    counts = np.bincount(read.session_of_turn * k + read.code, minlength=n * k).reshape(n, k)
    total = counts.sum(1)
    found = {}
    for name, (above, below) in (ratios or {}).items():
        up, down = (counts[:, _places(read.codes, side, name)].sum(1) for side in (above, below))
        found[name] = guarded_ratio(up, down)
    shares = np.where(total[:, None] > 0, counts / np.maximum(total[:, None], 1), np.nan)
    return CodeShareTable(read.codes, read.sessions, counts, total, shares, found, read.n_missing)
