"""What the screen says, and what it cannot say."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from therapeutic_process.process_outcome.diagnostics import BetweenClients, PlaceboLead
from therapeutic_process.process_outcome.layout import Layout, Timing

if TYPE_CHECKING:
    import polars as pl

__all__ = ["WithinClientScreen"]

SHORT = 8

SHRINKS = (
    f"{SHORT} sessions or fewer: the screen shrinks effects by 25–60 % and its interval does not cover; "
    "use lagged_within_client_effect for inference"
)
IMMEDIATE = (
    "scores right before and after the session: where the process follows the true state behind the score before it, "
    "the screen finds an effect of .7 points that is none in all of 200 simulated cohorts (200 clients × 12 sessions); "
    "use lagged_within_client_effect for inference"
)
ASSUMPTIONS = (
    "scores were taken when declared relative to their session, and sessions are in order",
    "the process follows recorded scores, not the true state behind them (else 23 % false positives)",
    "clients' trends are straight beyond what all clients share",
    "no unmeasured cause that varies over time moves both the process and the next score",
    "therapists respond to need: no or a negative association is no evidence that a process is inert",
)


@attrs.frozen(eq=False, repr=False)
class WithinClientScreen:
    """What the screen finds.

    Attributes:
        effect: Difference in the next score per unit of the process, within clients.
        standard_error: Clustered by client (HC0 × √(G/(G−1))), or by the declared cluster if that is larger.
        degrees_of_freedom: Independent units − 1.
        interval: Of the declared level.
        p_value: Two-sided.
        coefficients: Every coefficient by name.
        standard_errors: Theirs.
        level: Level of the interval.
        n_clients: Clients used.
        n_rows: Sessions used.
        n_occasions: Session numbers from first to last.
        dropped: What was left out, by reason and count.
        informative_clients: Clients in whom the process varies over the used sessions.
        within_sd_outcome: Within-client SD of the outcome.
        between: The association of the clients' means.
        placebo: The effect on the change before the session.
        warnings: What limits this result.
        timing: When the score of a row was taken, relative to its session.
        layout: How process and outcome are laid out in time.
        sessions_per_interval: Numbers of sessions between two scores, with how often; empty without an aggregator.
    """

    effect: float
    standard_error: float
    degrees_of_freedom: int
    interval: tuple[float, float]
    p_value: float
    coefficients: dict[str, float]
    standard_errors: dict[str, float]
    level: float
    n_clients: int
    n_rows: int
    n_occasions: int
    dropped: tuple[tuple[str, int], ...]
    informative_clients: int
    within_sd_outcome: float
    between: BetweenClients
    placebo: PlaceboLead
    warnings: tuple[str, ...]
    timing: Timing
    layout: Layout = attrs.field(
        default=attrs.Factory(lambda self: Layout(timing=self.timing), takes_self=True)
    )
    sessions_per_interval: tuple[tuple[int, int], ...] = ()
    method: str = "least squares on client intercepts and trends, session effects, and the last two scores"
    assumptions: tuple[str, ...] = ASSUMPTIONS

    @property
    def verdict(self) -> str:
        """The result in words."""
        low, high = self.interval
        if low <= 0 <= high:
            return "nothing to follow up: the interval includes 0, which is no evidence of inertness"
        direction = "lower" if high < 0 else "higher"
        score = self.layout.outcome_in_words
        return f"worth following up: consistent with a {direction} {score}; confirm with the joint model"

    def __repr__(self) -> str:
        return f"<WithinClientScreen {self.verdict}; {self.n_clients} clients>"

    def __str__(self) -> str:
        low, high = self.interval
        lines = [
            self.verdict,
            f"effect {self.effect:.3g} ({low:.3g} to {high:.3g}), p = {self.p_value:.2g}",
            f"{self.n_clients} clients, {self.informative_clients} informative; {self.n_rows} sessions",
            f"between clients: r = {self.between.correlation:.2g} of their means",
            str(self.placebo),
            *(f"dropped: {count} × {reason}" for reason, count in self.dropped),
            *(f"warning: {text}" for text in self.warnings),
            *(f"assumes: {text}" for text in self.assumptions),
        ]
        return "\n".join(lines)

    def to_frame(self) -> pl.DataFrame:
        """Return one row per coefficient."""
        import polars as pl

        return pl.DataFrame(
            {
                "term": list(self.coefficients),
                "estimate": list(self.coefficients.values()),
                "standard_error": list(self.standard_errors.values()),
            }
        )
