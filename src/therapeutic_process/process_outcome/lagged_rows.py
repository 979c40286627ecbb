"""Sessions with the score before and after them, one row each: what the field's usual methods read."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs
import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from therapeutic_process.process_outcome.panel import Panel

Array = NDArray[np.float64]


@attrs.frozen(eq=False)
class LaggedRows:
    """Sessions in which the process was coded, with a score before and after; by client, then in order.

    Attributes:
        client: Client of every row, numbered from 0 without gaps.
        session: Position of the session.
        process: Of the session.
        before: Score before it.
        after: Score after it.
    """

    client: NDArray[np.intp]
    session: NDArray[np.intp]
    process: Array
    before: Array
    after: Array

    @property
    def process_means(self) -> Array:
        """The client's mean process over these rows, per row."""
        total = np.bincount(self.client, weights=self.process)
        return np.asarray((total / np.bincount(self.client))[self.client])


def lagged_rows(panel: Panel) -> LaggedRows:
    """Return the rows of a grid.

    Args:
        panel: The grid.
    """
    before, after = panel.before, panel.after
    client, session = np.nonzero(~np.isnan(before + after + panel.process))
    numbered = np.unique(client, return_inverse=True)[1].ravel()
    cells = (client, session)
    return LaggedRows(numbered, session, panel.process[cells], before[cells], after[cells])
