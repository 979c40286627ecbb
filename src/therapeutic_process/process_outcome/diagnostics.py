"""What every link is shown with: the placebo lead, who informs it, and clients compared."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs
import numpy as np
from numpy.typing import NDArray
from scipy import stats

from therapeutic_process.process_outcome.sweep import Degenerate, least_squares, sweep

if TYPE_CHECKING:
    from therapeutic_process.process_outcome.panel import Panel

Array = NDArray[np.float64]

PLACEBO_LEVEL = 0.05
_SAME = 1e-9
_ROUNDING = 1e-13


@attrs.frozen
class PlaceboLead:
    """The "effect" of a session on the change before it, which no session can have.

    Attributes:
        estimate: Mean difference of the change before the session per unit of the process, or nan.
        standard_error: Clustered by client.
        p_value: Two-sided, t with clients − 1 degrees of freedom.
        n_clients: Clients used.
        n_rows: Sessions used.
    """

    estimate: float
    standard_error: float
    p_value: float
    n_clients: int
    n_rows: int

    @property
    def rejects(self) -> bool:
        """Whether the process goes with the change before it, at 5 %."""
        return self.p_value < PLACEBO_LEVEL

    def __str__(self) -> str:
        if np.isnan(self.p_value):
            return "placebo lead: not estimable"
        meaning = (
            "the process follows the client's state; every verdict is conditional on what it follows"
            if self.rejects
            else "no sign that the process follows the last change"
        )
        return f"placebo lead: {self.estimate:.3g}, p = {self.p_value:.2g}: {meaning}"


def placebo_lead(panel: Panel) -> PlaceboLead:
    """Estimate the effect of a session's process on the change from the score before the last to the last.

    Client and session effects; standard errors clustered by client.

    Args:
        panel: The grid.
    """
    change = panel.outcome[:, 1:-1] - panel.outcome[:, :-2]
    process = panel.process[:, 1:]
    used = ~np.isnan(change + process)
    used &= used.sum(axis=1, keepdims=True) > 1
    n_clients, n_rows = int(used.any(axis=1).sum()), int(used.sum())
    nothing = PlaceboLead(np.nan, np.nan, np.nan, n_clients, n_rows)
    if n_clients < 2:
        return nothing
    try:
        fit = least_squares(change, [process], sweep(used, trends=False))
    except Degenerate:
        return nothing
    se, units = fit.clustered_se()
    estimate = float(fit.coefficients[0])
    p = 2 * float(stats.t.sf(abs(estimate) / se[0], units - 1))
    return PlaceboLead(estimate, float(se[0]), p, n_clients, n_rows)


@attrs.frozen
class BetweenClients:
    """The association of clients' means, which says nothing about sessions but is often read as if it did.

    Attributes:
        slope: Difference in mean outcome per unit of mean process; nan if means do not vary.
        correlation: Of the clients' means; nan if they do not vary.
        n_clients: Clients compared.
    """

    slope: float
    correlation: float
    n_clients: int


def between_clients(panel: Panel) -> BetweenClients:
    """Compare clients by their means.

    Args:
        panel: The grid.
    """
    seen = ~np.isnan(panel.outcome).all(axis=1) & ~np.isnan(panel.process).all(axis=1)
    x, y = np.nanmean(panel.process[seen], axis=1), np.nanmean(panel.outcome[seen], axis=1)
    if len(x) < 3 or np.ptp(x) == 0 or np.ptp(y) == 0:
        return BetweenClients(np.nan, np.nan, len(x))
    slope = np.cov(x, y)[0, 1] / np.var(x, ddof=1)
    return BetweenClients(float(slope), float(np.corrcoef(x, y)[0, 1]), len(x))


def informative_clients(process: Array) -> NDArray[np.bool_]:
    """Tell in which clients the process varies between sessions.

    Args:
        process: (clients, sessions), nan where not coded.
    """
    coded = ~np.isnan(process)
    high = np.where(coded, process, -np.inf).max(axis=1, initial=-np.inf)
    low = np.where(coded, process, np.inf).min(axis=1, initial=np.inf)
    return np.asarray(high > low)


def within_client_sd(values: Array) -> float:
    """Return the pooled standard deviation about session means and every client's own line.

    Clients with fewer than three values add nothing.

    Args:
        values: (clients, occasions), nan where missing.
    """
    seen = ~np.isnan(values)
    enough = seen.any(axis=0)
    centre = np.zeros(values.shape[1])
    centre[enough] = np.nanmean(values[:, enough], axis=0)
    used = seen & (seen.sum(axis=1, keepdims=True) >= 3)
    freedom = int(used.sum() - 2 * used.any(axis=1).sum())
    if freedom < 1:
        return 0.0
    residual = sweep(used, trends=True, sessions=False).residual(values - centre)
    spread = float(np.sqrt((residual**2).sum() / freedom))
    known = values[seen]
    rounding = max(_SAME * float(np.abs(known - known.mean()).max()), _ROUNDING * float(np.abs(known).max()))
    return spread if spread > rounding else 0.0
