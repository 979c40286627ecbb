"""The gradient over amounts of a process: does more of it go with a proportionally different next score?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs
import numpy as np
from numpy.typing import NDArray
from scipy import stats

from therapeutic_process.errors import CannotEstimate
from therapeutic_process.process_outcome.layout import Layout, Timing, declared
from therapeutic_process.process_outcome.panel_reading import read_panel
from therapeutic_process.process_outcome.screen import MIN_CLIENTS, MIN_ROWS, screen_columns
from therapeutic_process.process_outcome.sweep import Degenerate, LeastSquares, least_squares, sweep

if TYPE_CHECKING:
    import polars as pl
    from narwhals.stable.v2.typing import IntoFrame

__all__ = ["ProcessGradient", "process_gradient"]

Array = NDArray[np.float64]
_NAME = "process_gradient"
_MIN_AMOUNTS, _MAX_AMOUNTS = 3, 10


@attrs.frozen(eq=False, repr=False)
class ProcessGradient:
    """Amounts of a process within clients, against the lowest.

    Attributes:
        amounts: In order.
        effects: Difference in the next score from the lowest amount, per amount; 0 for the lowest.
        standard_errors: Theirs; 0 for the lowest.
        trend: Difference in the next score per unit, if the gradient is straight.
        trend_standard_error: Its standard error.
        trend_p_value: Two-sided.
        departure_p_value: Of the saturated model against the straight gradient.
        n_clients: Clients used.
        n_rows: Sessions used.
    """

    amounts: tuple[float, ...]
    effects: tuple[float, ...]
    standard_errors: tuple[float, ...]
    trend: float
    trend_standard_error: float
    trend_p_value: float
    departure_p_value: float
    n_clients: int
    n_rows: int
    method: str = "the screen's least squares, amounts saturated and straight, clustered by client"

    def __repr__(self) -> str:
        return f"<ProcessGradient {len(self.amounts)} amounts, trend p = {self.trend_p_value:.2g}>"

    def __str__(self) -> str:
        lines = [
            f"{self.trend:.3g} points per unit, p = {self.trend_p_value:.2g}",
            f"departure from a straight gradient: p = {self.departure_p_value:.2g}",
            f"{self.n_clients} clients, {self.n_rows} sessions",
            "amounts within clients; not the dose–response of numbers of sessions between clients",
        ]
        return "\n".join(lines)

    def to_frame(self) -> pl.DataFrame:
        """Return one row per amount."""
        import polars as pl

        return pl.DataFrame(
            {"amount": self.amounts, "effect": self.effects, "standard_error": self.standard_errors}
        )


def process_gradient(
    table: IntoFrame,
    *,
    timing: Timing | None = None,
    client: str = "client_id",
    session: str = "session",
    outcome: str = "outcome_before",
    process: str = "event",
    layout: Layout | None = None,
) -> ProcessGradient:
    """Compare amounts of a process within clients, and test a straight gradient against the saturated model.

    >>> import numpy as np, polars as pl
    >>> from therapeutic_process.simulate import simulate_cohort
    >>> rng = np.random.default_rng(1)
    >>> table = simulate_cohort("pure", n_clients=90, n_sessions=10, n_processes=2, rng=rng).table
    >>> amounts = table.with_columns(amount=pl.col("event") + pl.col("event_2"))
    >>> process_gradient(amounts, timing="before", process="amount").amounts
    (0.0, 1.0, 2.0)

    Args:
        table: One row per client and session, any frame Narwhals knows; the last row may hold only a score.
        timing: When the score of a row was taken, `before` or `after` its session, or `both`; must be declared,
            here or in `layout`.
        client: Column of the client.
        session: Column of the session's number.
        outcome: Column of the score.
        process: Column of the amount: 3 to 10 different values.
        layout: Timing, lag, aggregator and time axis in one, instead of `timing` alone.

    Raises:
        CannotEstimate: With codes `timing_undeclared`, `too_few_amounts`, `too_many_amounts`,
            `too_few_clients`, `rank_deficient`.
        TableError: If the table does not keep its contract.
    """
    plan = declared(_NAME, timing, layout)
    panel = read_panel(table, client=client, session=session, outcome=outcome, process=process, layout=plan)
    y, columns = screen_columns(panel)
    x, *others = columns.values()
    time = None if panel.time is None else panel.time[:, 1:-1]
    used = ~np.isnan(y + x + sum(others) + (0.0 if time is None else time))
    used &= used.sum(axis=1, keepdims=True) >= MIN_ROWS
    amounts = np.unique(x[used])
    _refuse(used, amounts)
    steps = [(x == a).astype(np.float64) for a in amounts[1:]]
    saturated = _fit(y, [*steps, *others], used, time)
    straight = _fit(y, [x, *others], used, time)
    k, df = len(steps), saturated.n_clients - 1
    covariance = saturated.influence[used.any(axis=1), :k]
    covariance = covariance.T @ covariance * (df + 1) / df
    effects = saturated.coefficients[:k]
    trend, se = float(straight.coefficients[0]), float(straight.clustered_se()[0][0])
    return ProcessGradient(
        tuple(map(float, amounts)),
        (0.0, *map(float, effects)),
        (0.0, *map(float, np.sqrt(np.diag(covariance)))),
        trend,
        se,
        2 * float(stats.t.sf(abs(trend) / se, df)),
        _departure(effects, covariance, amounts, df),
        saturated.n_clients,
        saturated.n_rows,
    )


def _refuse(used: NDArray[np.bool_], amounts: Array) -> None:
    n = int(used.any(axis=1).sum())
    if n < MIN_CLIENTS:
        needed = f"at least {MIN_CLIENTS} clients with {MIN_ROWS} usable sessions"
        raise CannotEstimate(_NAME, "too_few_clients", needed=needed, found=str(n))
    if len(amounts) < _MIN_AMOUNTS:
        needed = f"at least {_MIN_AMOUNTS} amounts"
        raise CannotEstimate(_NAME, "too_few_amounts", needed=needed, found=str(len(amounts)))
    if len(amounts) > _MAX_AMOUNTS:
        needed = f"at most {_MAX_AMOUNTS} amounts; put them in classes first"
        raise CannotEstimate(_NAME, "too_many_amounts", needed=needed, found=str(len(amounts)))


def _fit(target: Array, columns: list[Array], used: NDArray[np.bool_], time: Array | None) -> LeastSquares:
    try:
        return least_squares(target, columns, sweep(used, trends=True, time=time))
    except Degenerate as why:
        raise CannotEstimate(_NAME, why.code, needed=why.needed, found=why.found) from None


def _departure(effects: Array, covariance: Array, amounts: Array, df: int) -> float:
    """Test that slopes between neighbouring amounts are all alike: Wald, clustered, as F."""
    slopes = np.diff(np.eye(len(amounts)), axis=0)[:, 1:] / np.diff(amounts)[:, None]
    contrast = np.diff(slopes, axis=0)
    off = contrast @ effects
    wald = float(off @ np.linalg.solve(contrast @ covariance @ contrast.T, off)) / len(off)
    return float(stats.f.sf(wald, len(off), df))
