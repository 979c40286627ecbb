"""What a mediator between sessions carries, in numbers and in words that claim no more than the numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from therapeutic_process.process_outcome.diagnostics import PlaceboLead
from therapeutic_process.process_outcome.joint_covariance import Reading

if TYPE_CHECKING:
    import polars as pl


__all__ = ["MediationReading", "WithinClientMediation"]

ASSUMPTIONS = (
    "the mediator lies after the session and before the next score, as declared",
    "no unmeasured cause that varies over time moves two of process, mediator and next score: neither the session nor "
    "the mediator was assigned at random",
    "process and mediator do not interact, and both paths are straight and alike for all clients",
    "process and mediator are measured without error; error in the mediator shrinks b, and with it a·b",
)

LIMITS = (
    "100 clients × 12 sessions, 200 simulated cohorts per design, process and mediator following scores or not: a·b of "
    "the right reading came out up to 1 % off, the robust 95 % interval held the truth in 95–99 %, and 1–5 % of "
    "cohorts with one path missing were called mediation",
    "at 6 sessions a·b came out 5–8 % too small, and the interval held the truth in 97–99 %",
    "therapists and clients respond to need: no or a negative path is no evidence that the mediator does nothing",
)

SCREEN_LIMITS = (
    "100 clients × 12 sessions, 150 simulated cohorts: a·b came out 6 % too small, its 95 % interval held the truth in "
    "87 %, and 8–10 % of cohorts with one path missing were called mediation",
    "at 6 sessions a·b came out 28 % too small and the interval held the truth in 52 %",
    "client lines taken out by least squares beside the last scores shrink b (Nickell 1981): use the joint estimator",
)


@attrs.frozen
class MediationReading:
    """One reading of the joint model with a mediator.

    Attributes:
        reading: `score`: process and mediator follow the recorded score; `state`: they follow the true state.
        a: Difference in the mediator per unit of the process.
        b: Difference in the next score per unit of the mediator, at the same process.
        direct: Difference in the next score per unit of the process, at the same mediator.
        standard_errors: Of a, b and the direct path.
        interval: Monte-Carlo, of a·b.
        log_likelihood: Penalised, in scaled units, without its constant.
    """

    reading: Reading
    a: float
    b: float
    direct: float
    standard_errors: tuple[float, float, float]
    interval: tuple[float, float]
    log_likelihood: float


@attrs.frozen(eq=False, repr=False)
class WithinClientMediation:
    """Two paths within clients and their product; of the joint model, the paths of the likelier reading.

    Attributes:
        a: Difference in the mediator per unit of the process.
        b: Difference in the next score per unit of the mediator, at the same process.
        direct: Difference in the next score per unit of the process, at the same mediator.
        standard_errors: Of a, b and the direct path, clustered by client.
        product: a·b.
        interval: Monte-Carlo, of the product.
        level: Level of the interval.
        n_clients: Clients used.
        n_rows: Sessions used.
        dropped: What was left out, by reason and count.
        draws: Monte-Carlo draws.
        warnings: What limits the result.
        readings: Both readings of the joint model; empty for the screen.
        kept: Those the interval is built from; one whose 2Δ log-likelihood is worse by over 9 is dropped.
        placebo: The effect of the process on the change before the session.
    """

    a: float
    b: float
    direct: float
    standard_errors: tuple[float, float, float]
    product: float
    interval: tuple[float, float]
    level: float
    n_clients: int
    n_rows: int
    dropped: tuple[tuple[str, int], ...]
    draws: int
    warnings: tuple[str, ...]
    readings: tuple[MediationReading, ...] = ()
    kept: tuple[Reading, ...] = ()
    placebo: PlaceboLead | None = None
    method: str = (
        "1-1-1 mediation by the joint model of three series, both readings, Monte-Carlo intervals of a·b"
    )
    assumptions: tuple[str, ...] = ASSUMPTIONS
    limits: tuple[str, ...] = LIMITS

    @property
    def verdict(self) -> str:
        """The result in words."""
        low, high = self.interval
        if low <= 0 <= high:
            return "inconclusive: the interval of a·b includes 0, which is no evidence against mediation"
        return (
            "consistent with mediation within clients; the order was observed, the causes were not assigned"
        )

    def __repr__(self) -> str:
        return f"<WithinClientMediation {self.verdict}; {self.n_clients} clients>"

    def __str__(self) -> str:
        low, high = self.interval
        lines = [
            self.verdict,
            f"a = {self.a:.3g}, b = {self.b:.3g}, a·b = {self.product:.3g} ({low:.3g} to {high:.3g})",
            f"direct path {self.direct:.3g}; {self.n_clients} clients, {self.n_rows} sessions",
            *(
                f"{r.reading} reading: a·b in {r.interval[0]:.3g} to {r.interval[1]:.3g}"
                for r in self.readings
            ),
            *([str(self.placebo)] if self.placebo else []),
            *(f"dropped: {count} × {reason}" for reason, count in self.dropped),
            *(f"warning: {text}" for text in self.warnings),
            *(f"assumes: {text}" for text in self.assumptions),
            *(f"limit: {text}" for text in self.limits),
        ]
        return "\n".join(lines)

    def to_frame(self) -> pl.DataFrame:
        """Return one row per path; the product has an interval and no standard error."""
        import polars as pl

        low, high = self.interval
        return pl.DataFrame(
            {
                "path": ["a", "b", "direct", "a·b"],
                "estimate": [self.a, self.b, self.direct, self.product],
                "standard_error": [*self.standard_errors, None],
                "low": [None, None, None, low],
                "high": [None, None, None, high],
            }
        )
