"""Sessions and outcomes on one grid: clients in rows, sessions in columns, nan where unknown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, cast, get_args

import attrs
import numpy as np
from numpy.typing import NDArray

from therapeutic_process.errors import CannotEstimate

if TYPE_CHECKING:
    from collections.abc import Collection

Array = NDArray[np.float64]
Timing = Literal["before", "after"]

NEXT: dict[Timing, str] = {"before": "next score", "after": "score of the same day (immediate)"}


@attrs.frozen(eq=False, repr=False)
class Panel:
    """The grid the estimators read.

    Attributes:
        outcome: Scores, (clients, occasions): before session t, or after session t − 1, at t.
        process: Event or process score in every session but the last occasion, (clients, occasions − 1).
        cluster: Therapist, group or couple of every client, as numbers from 0.
        extra: Further columns by name, every value at the session of its row, (clients, occasions).
        timing: When the score of a row was taken.
        n_rows: Rows of the table.
        dropped: Rows left out, by reason.
    """

    outcome: Array
    process: Array
    cluster: NDArray[np.intp] | None
    extra: dict[str, Array]
    timing: Timing
    n_rows: int
    dropped: tuple[tuple[str, int], ...]

    def __repr__(self) -> str:
        return f"<Panel {len(self.outcome)} clients × {self.process.shape[1]} sessions>"

    def keep(self, clients: NDArray[np.bool_]) -> Panel:
        """Return the panel of some clients only."""
        cluster = None if self.cluster is None else _renumbered(self.cluster[clients])
        return attrs.evolve(
            self,
            outcome=self.outcome[clients],
            process=self.process[clients],
            cluster=cluster,
            extra={name: grid[clients] for name, grid in self.extra.items()},
        )


def _renumbered(codes: NDArray[np.intp]) -> NDArray[np.intp]:
    return np.unique(codes, return_inverse=True)[1].ravel()


def refuse_shared_items(
    function: str, outcome_items: Collection[str], process_items: Collection[str]
) -> None:
    """Refuse a process and an outcome that share items: their association is partly an identity.

    Raises:
        CannotEstimate: If an item is named in both.
    """
    shared = len(set(outcome_items) & set(process_items))
    if shared:
        raise CannotEstimate(
            function,
            "shared_items",
            needed="process and outcome without common items",
            found=f"{shared} common",
        )


def require_timing(function: str, timing: object) -> Timing:
    """Refuse an undeclared timing of the outcome to the session.

    Raises:
        CannotEstimate: If `timing` is none of those the library can analyse.
    """
    if timing not in get_args(Timing):
        raise CannotEstimate(
            function,
            "timing_undeclared",
            needed="timing 'before' or 'after': when the score of a row was taken, relative to its session",
            found="no timing" if timing is None else "another timing",
        )
    return cast("Timing", timing)
