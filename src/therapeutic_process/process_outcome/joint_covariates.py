"""Which covariates a grid holds for the joint model, as deviations from the clients' own means."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from therapeutic_process.errors import CannotEstimate
from therapeutic_process.process_outcome.panel_reading import ELAPSED
from therapeutic_process.process_outcome.sweep import RankDeficient, refuse_dependent, sweep

if TYPE_CHECKING:
    from therapeutic_process.process_outcome.panel import Panel

__all__ = ["covariate_cells", "covariate_effects"]

Array = NDArray[np.float64]


def covariate_effects(panel: Panel) -> list[str]:
    """Return the names of the covariates' effects, in the order of `covariate_cells`.

    Args:
        panel: The grid.
    """
    on_process = [name for name in panel.covariates if name != ELAPSED]
    return [f"outcome on {name}" for name in panel.covariates] + [f"process on {name}" for name in on_process]


def covariate_cells(panel: Panel) -> tuple[Panel, Array | None, tuple[tuple[str, int], ...]]:
    """Return the clients whose covariates are known, and what these add to their latent equations.

    A covariate counts as a deviation from the client's own mean, in units of its spread. Days gone by until the next
    score are no cause of what happens in the session before, and add to the outcome only.

    Args:
        panel: The grid.

    Returns:
        The grid of those clients; (clients, p, effects), None without covariates; how many are left out, by reason.

    Raises:
        CannotEstimate: With code `rank_deficient`, if the covariates are not independent within clients.
    """
    if not panel.covariates:
        return panel, None, ()
    steps = panel.layout.steps
    grids = np.stack([grid[:, ::steps] for grid in panel.covariates.values()])
    needed = _before_last_score(panel)
    known = np.asarray(~(np.isnan(grids).any(axis=0) & needed).any(axis=1))
    left_out = int((~known).sum())
    dropped = (("client without every covariate up to the last score", left_out),) if left_out else ()
    if not known.any():
        raise CannotEstimate(
            "lagged_within_client_effect",
            "too_few_clients",
            needed="clients with every covariate up to the last score",
            found="0",
        )
    panel, used = panel.keep(known), needed[known]
    within = np.stack([_deviations(g, used) for g in grids[:, known]])
    _refuse_dependent(within, used)
    return panel, _placed(panel, within), dropped


def _before_last_score(panel: Panel) -> NDArray[np.bool_]:
    scored = ~np.isnan(panel.outcome)
    last = scored.shape[1] - 1 - scored[:, ::-1].argmax(axis=1)
    at = np.arange(panel.n_sessions) * panel.layout.steps
    return np.asarray(at < last[:, None])


def _deviations(grid: Array, used: NDArray[np.bool_]) -> Array:
    total = np.where(used, grid, 0.0).sum(axis=1, keepdims=True)
    off = np.where(used, grid - total / np.maximum(used.sum(axis=1, keepdims=True), 1), 0.0)
    spread = float(np.sqrt((off**2).sum() / used.sum()))
    return off / spread if spread > 0 else off


def _refuse_dependent(within: Array, used: NDArray[np.bool_]) -> None:
    projection = sweep(used, trends=True)
    columns = list(within)
    try:
        refuse_dependent(np.stack([projection.residual(c) for c in columns]), columns, used)
    except RankDeficient as deficient:
        raise CannotEstimate(
            "lagged_within_client_effect",
            "rank_deficient",
            needed=f"{deficient.columns} covariates that vary independently within clients",
            found=str(deficient.rank),
        ) from None


def _placed(panel: Panel, within: Array) -> Array:
    steps, sessions = panel.layout.steps, panel.n_sessions
    n, occasions = panel.outcome.shape
    names = list(panel.covariates)
    cells = np.zeros((n, occasions + sessions, len(covariate_effects(panel))))
    state = np.arange(sessions) * steps + 1
    for k in range(len(names)):
        cells[:, state, k] = within[k]
    for k, name in enumerate((n for n in names if n != ELAPSED), start=len(names)):
        cells[:, occasions:, k] = within[names.index(name)]
    return cells
