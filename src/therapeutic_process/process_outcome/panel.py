"""Sessions and outcomes on one grid: clients in rows, sessions in columns, nan where unknown."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs
import numpy as np
from numpy.typing import NDArray

from therapeutic_process.errors import CannotEstimate
from therapeutic_process.process_outcome.layout import NEXT, Layout, Timing, require_timing

if TYPE_CHECKING:
    from collections.abc import Collection

__all__ = ["NEXT", "Panel", "Timing", "refuse_shared_items", "require_timing"]

Array = NDArray[np.float64]


@attrs.frozen(eq=False, repr=False)
class Panel:
    """The grid the estimators read.

    Where a session has a score before and one after it, these are two occasions, and the steps from one session to
    the next hold no process.

    Attributes:
        outcome: Scores, (clients, occasions): before session t, or after session t − 1, at t.
        process: Event or process score in the step from each occasion to the next, (clients, occasions − 1).
        cluster: Therapist, group or couple of every client, as numbers from 0.
        extra: Further columns by name, every value at the session of its row, (clients, occasions).
        timing: When the score of a row was taken.
        n_rows: Rows of the table.
        dropped: Rows left out, by reason.
        layout: How process and outcome are laid out in time.
        covariates: Covariates by name, in the step of their session, (clients, occasions − 1).
        time: What clients' lines are straight in, where that is not the occasion, (clients, occasions).
        later: The outcome of every session, where a window in days says which, (clients, occasions − 1).
        sessions_per_interval: Numbers of sessions between two scores, with how often; empty without an aggregator.
    """

    outcome: Array
    process: Array
    cluster: NDArray[np.intp] | None
    extra: dict[str, Array]
    timing: Timing
    n_rows: int
    dropped: tuple[tuple[str, int], ...]
    layout: Layout = attrs.field(
        default=attrs.Factory(lambda self: Layout(timing=self.timing), takes_self=True)
    )
    covariates: dict[str, Array] = attrs.field(factory=dict)
    time: Array | None = None
    later: Array | None = None
    sessions_per_interval: tuple[tuple[int, int], ...] = ()

    def __repr__(self) -> str:
        return f"<Panel {len(self.outcome)} clients × {self.n_sessions} sessions>"

    @property
    def n_sessions(self) -> int:
        """Session numbers from first to last."""
        return int(-(-self.process.shape[1] // self.layout.steps))

    @property
    def before(self) -> Array:
        """The last score before every session, (clients, occasions − 1)."""
        return self.outcome[:, :-1]

    @property
    def earlier(self) -> Array:
        """The last but one."""
        return shifted(self.before, 1)

    @property
    def after(self) -> Array:
        """The outcome of every session, nan where there is none."""
        if self.later is not None:
            return self.later
        return shifted(self.outcome[:, 1:], -self.layout.steps * (self.layout.lag - 1))

    def process_before(self, sessions: int) -> Array:
        """Return the process so many sessions before every session.

        Args:
            sessions: How many.
        """
        return shifted(self.process, sessions * self.layout.steps)

    def keep(self, clients: NDArray[np.bool_]) -> Panel:
        """Return the panel of some clients only."""
        cluster = None if self.cluster is None else _renumbered(self.cluster[clients])
        return attrs.evolve(
            self,
            outcome=self.outcome[clients],
            process=self.process[clients],
            cluster=cluster,
            extra={name: grid[clients] for name, grid in self.extra.items()},
            covariates={name: grid[clients] for name, grid in self.covariates.items()},
            time=None if self.time is None else self.time[clients],
            later=None if self.later is None else self.later[clients],
        )


def from_first_score(panel: Panel) -> Panel:
    """Return the panel from the first occasion at which anybody has a score.

    With scores after sessions, nobody has one before the first session: what it follows is not known.

    Args:
        panel: The grid.
    """
    scored = (~np.isnan(panel.outcome)).any(axis=0)
    start = int(scored.argmax()) // panel.layout.steps * panel.layout.steps
    if start == 0:
        return panel
    return attrs.evolve(
        panel,
        outcome=panel.outcome[:, start:],
        process=panel.process[:, start:],
        extra={name: grid[:, start:] for name, grid in panel.extra.items()},
        covariates={name: grid[:, start:] for name, grid in panel.covariates.items()},
        time=None if panel.time is None else panel.time[:, start:],
        later=None if panel.later is None else panel.later[:, start:],
    )


def shifted(grid: Array, by: int) -> Array:
    """Return a grid moved to the right (or left, where negative), nan where nothing is left.

    Args:
        grid: (clients, columns).
        by: How far.
    """
    if by == 0:
        return grid
    moved = np.full(grid.shape, np.nan)
    if by > 0:
        moved[:, by:] = grid[:, :-by]
    else:
        moved[:, :by] = grid[:, -by:]
    return moved


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
