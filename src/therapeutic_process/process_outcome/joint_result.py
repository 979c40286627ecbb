"""What the joint model says, in numbers and in words that claim no more than the numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from therapeutic_process.process_outcome.diagnostics import BetweenClients, PlaceboLead
from therapeutic_process.process_outcome.joint_covariance import Reading
from therapeutic_process.process_outcome.layout import Layout, Timing

if TYPE_CHECKING:
    import polars as pl

__all__ = ["ReadingEstimate", "WithinClientEffect"]

ASSUMPTIONS = (
    "scores were taken when declared relative to their session, and sessions are in order",
    "the process was coded without knowing the outcome, and shares no items with it",
    "clients' trends are straight beyond what all clients share",
    "the latent state carries over from one session to the next at one rate for all (first-order)",
    "no unmeasured cause that varies over time moves both the process and the next score",
    "scores and coded sessions are missing at random given the observed series",
)

LIMITS = (
    "much noise (SD 4) with events that follow the true state: 9 % false positives",
    "strong carry-over (φ = .7): 11 % false positives",
    "curved individual recovery at 1,000 clients: 11 % false positives",
    "events that last for sessions, or follow scores before the last two: up to 36 % false positives",
    "a process that, once begun, never ends cannot be told from the client's own course",
    "second-order carry-over harms the state reading",
    "an unmeasured cause that varies over time defeats every method (33–97 % false positives)",
    "therapists respond to need: no or a negative association is no evidence that a process is inert",
)


@attrs.frozen
class ReadingEstimate:
    """One reading of the joint model.

    Attributes:
        reading: `score`: the process follows the recorded score; `state`: it follows the true state.
        effect: Mean difference in the next score per unit of within-client deviation of the process.
        standard_error: Sandwich, in points of the outcome.
        degrees_of_freedom: Independent units − 1.
        interval: Of the declared level.
        p_value: Two-sided.
        log_likelihood: Penalised, in scaled units, without its constant.
        parameters: Every estimate, in scaled units (outcome and process divided by their within-client SD).
        penalty_share: Share of the information on φ and ve that the weak penalty supplies.
        steps: Steps the fit took.
    """

    reading: Reading
    effect: float
    standard_error: float
    degrees_of_freedom: int
    interval: tuple[float, float]
    p_value: float
    log_likelihood: float
    parameters: dict[str, float] = attrs.field(repr=False)
    penalty_share: dict[str, float] = attrs.field(repr=False)
    steps: int = attrs.field(repr=False)


@attrs.frozen(eq=False, repr=False)
class WithinClientEffect:
    """The effect within clients under both readings, and what it stands on.

    Attributes:
        readings: Both readings.
        kept: Those the interval is built from; one whose 2Δ log-likelihood is worse by over 9 is dropped.
        likelihood_difference: Twice the log-likelihood of the score reading minus the state reading's.
        level: Level of the intervals.
        n_clients: Clients used.
        n_sessions: Coded sessions used.
        n_scores: Scores used.
        n_occasions: Session numbers from first to last.
        dropped: What was left out, by reason and count.
        informative_clients: Clients in whom the process varies.
        within_sd_outcome: Within-client SD of the outcome, about session means and the clients' own lines.
        within_sd_process: The same of the process.
        between: The association of the clients' means.
        placebo: The effect on the change before the session.
        warnings: What limits this result.
        timing: When the score of a row was taken, relative to its session.
        layout: How process and outcome are laid out in time.
        sessions_per_interval: Numbers of sessions between two scores, with how often; empty without an aggregator.
    """

    readings: tuple[ReadingEstimate, ...]
    kept: tuple[Reading, ...]
    likelihood_difference: float
    level: float
    n_clients: int
    n_sessions: int
    n_scores: int
    n_occasions: int
    dropped: tuple[tuple[str, int], ...]
    informative_clients: int
    within_sd_outcome: float
    within_sd_process: float
    between: BetweenClients
    placebo: PlaceboLead
    warnings: tuple[str, ...]
    timing: Timing
    layout: Layout = attrs.field(
        default=attrs.Factory(lambda self: Layout(timing=self.timing), takes_self=True)
    )
    sessions_per_interval: tuple[tuple[int, int], ...] = ()
    method: str = "joint Gaussian quasi-likelihood of outcome and process, score and state reading"
    assumptions: tuple[str, ...] = ASSUMPTIONS
    limits: tuple[str, ...] = LIMITS

    def reading(self, name: Reading) -> ReadingEstimate:
        """Return one reading.

        Args:
            name: `score` or `state`.
        """
        return next(r for r in self.readings if r.reading == name)

    @property
    def interval(self) -> tuple[float, float]:
        """The robust interval: from the lowest to the highest end of the kept readings."""
        kept = [self.reading(name).interval for name in self.kept]
        return min(low for low, _ in kept), max(high for _, high in kept)

    @property
    def p_value(self) -> float:
        """The larger p of the kept readings; 1 where they disagree in direction."""
        kept = [self.reading(name) for name in self.kept]
        same = len({r.effect > 0 for r in kept}) == 1
        return max(r.p_value for r in kept) if same else 1.0

    @property
    def standardised_interval(self) -> tuple[float, float]:
        """The robust interval in within-client SDs of the outcome."""
        low, high = self.interval
        return low / self.within_sd_outcome, high / self.within_sd_outcome

    @property
    def excludes_zero(self) -> bool:
        """Whether the robust interval lies on one side of 0."""
        low, high = self.interval
        return low > 0 or high < 0

    @property
    def verdict(self) -> str:
        """The result in words."""
        if not self.excludes_zero:
            return (
                "inconclusive: the robust interval includes 0, which is no evidence that the process is inert"
            )
        direction = "lower" if self.interval[1] < 0 else "higher"
        condition = ", conditional on what the process follows" if self.placebo.rejects else ""
        score = self.layout.outcome_in_words
        return f"consistent with a {direction} {score} after sessions with more of the process{condition}"

    def __repr__(self) -> str:
        return f"<WithinClientEffect {self.verdict}; {self.n_clients} clients>"

    def __str__(self) -> str:
        return "\n".join([self.verdict, *self._numbers(), *self._notes()])

    def _numbers(self) -> list[str]:
        low, high = self.interval
        small, large = self.standardised_interval
        interval = f"{low:.3g} to {high:.3g} points per unit of the process"
        standardised = f"{small:.2g} to {large:.2g} within-client SD"
        lines = [f"robust {self.level:.0%} interval: {interval} ({standardised}), p = {self.p_value:.2g}"]
        for r in self.readings:
            state = "" if r.reading in self.kept else " (dropped: its likelihood is worse by more than 9)"
            lines.append(
                f"{r.reading} reading: {r.effect:.3g} ({r.interval[0]:.3g} to {r.interval[1]:.3g}){state}"
            )
        return [
            *lines,
            f"{self.n_clients} clients, {self.informative_clients} informative; {self.n_sessions} sessions",
            f"between clients: r = {self.between.correlation:.2g} of their means",
            str(self.placebo),
        ]

    def _notes(self) -> list[str]:
        return [
            *(f"dropped: {count} × {reason}" for reason, count in self.dropped),
            *(f"warning: {text}" for text in self.warnings),
            *(f"assumes: {text}" for text in self.assumptions),
            *(f"limit: {text}" for text in self.limits),
        ]

    def to_frame(self) -> pl.DataFrame:
        """Return one row per reading and one for the robust interval."""
        import polars as pl

        rows = [
            {
                "reading": r.reading,
                "kept": r.reading in self.kept,
                "effect": r.effect,
                "standard_error": r.standard_error,
                "low": r.interval[0],
                "high": r.interval[1],
                "p_value": r.p_value,
                "n_clients": self.n_clients,
            }
            for r in self.readings
        ]
        low, high = self.interval
        robust = {"reading": "robust", "kept": True, "effect": None, "standard_error": None}
        robust |= {"low": low, "high": high, "p_value": self.p_value, "n_clients": self.n_clients}
        return pl.DataFrame([*rows, robust], infer_schema_length=None)
