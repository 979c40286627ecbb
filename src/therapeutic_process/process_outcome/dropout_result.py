"""How an estimate bears scores of those who left that are better or worse than expected."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from therapeutic_process.process_outcome.layout import Layout

if TYPE_CHECKING:
    import polars as pl

__all__ = ["DropoutEstimate", "DropoutSensitivity"]


@attrs.frozen
class DropoutEstimate:
    """The estimate with the scores of those who left moved by one delta.

    Attributes:
        delta: What was added to their scores, in within-client SDs of the outcome.
        effects: Combined effect, by reading, or of the screen.
        standard_errors: Theirs, by Rubin's rules.
        interval: Of the declared level; of the joint model, the union of both readings'.
        missing_information: Share of the variance that comes from not knowing the scores, the larger of both readings.
    """

    delta: float
    effects: dict[str, float]
    standard_errors: dict[str, float]
    interval: tuple[float, float]
    missing_information: float

    @property
    def excludes_zero(self) -> bool:
        """Whether the interval lies on one side of 0."""
        return self.interval[0] > 0 or self.interval[1] < 0


@attrs.frozen(eq=False, repr=False)
class DropoutSensitivity:
    """Estimates over a grid of deltas.

    Attributes:
        estimates: One per delta, lowest first.
        estimator: `joint` or `screen`.
        level: Level of the intervals.
        n_clients: Clients used.
        n_left: Clients of whom scores were filled in.
        n_filled: Scores filled in.
        within_sd_outcome: What a delta of 1 is, in points.
        imputations: Filled cohorts per delta.
        imputed_by: The reading of the joint model that they were drawn from.
        dropped: What was left out, by reason and count.
        layout: How process and outcome are laid out in time.
    """

    estimates: tuple[DropoutEstimate, ...]
    estimator: str
    level: float
    n_clients: int
    n_left: int
    n_filled: int
    within_sd_outcome: float
    imputations: int
    imputed_by: str
    dropped: tuple[tuple[str, int], ...]
    layout: Layout
    method: str = (
        "delta-adjusted multiple imputation (Carpenter, Roger & Kenward 2013), combined by Rubin's rules"
    )

    @property
    def tipping_points(self) -> tuple[float | None, float | None]:
        """The deltas nearest to 0, below and above it, at which the verdict differs from that at the delta nearest 0.

        A verdict is the side of 0 that the interval lies on, or neither. None where no delta of the grid changes it.
        """
        base = _side(min(self.estimates, key=lambda e: abs(e.delta)))
        changed = [e.delta for e in self.estimates if _side(e) != base]
        below, above = [d for d in changed if d < 0], [d for d in changed if d > 0]
        return max(below, default=None), min(above, default=None)

    @property
    def verdict(self) -> str:
        """The result in words."""
        low, high = self.tipping_points
        deltas = [e.delta for e in self.estimates]
        grid = f"deltas from {deltas[0]:g} to {deltas[-1]:g}"
        if low is None and high is None:
            return f"the verdict holds for all {grid} within-client SD"
        said = " and ".join(f"{d:g}" for d in (low, high) if d is not None)
        return f"the verdict changes at {said} within-client SD ({grid})"

    def __repr__(self) -> str:
        return f"<DropoutSensitivity {self.verdict}; {self.n_left} of {self.n_clients} clients left>"

    def __str__(self) -> str:
        lines = [
            self.verdict,
            f"{self.n_left} of {self.n_clients} clients left, {self.n_filled} scores filled in",
        ]
        for e in self.estimates:
            found = ", ".join(f"{name} {value:.3g}" for name, value in e.effects.items())
            lines.append(f"delta {e.delta:+.2g}: {found} ({e.interval[0]:.3g} to {e.interval[1]:.3g})")
        lines += [f"dropped: {count} × {reason}" for reason, count in self.dropped]
        return "\n".join(
            [
                *lines,
                f"1 delta is {self.within_sd_outcome:.3g} points; at 0, scores are missing at random given the series",
                "no data tell which delta is right: the question is whether one that changes the verdict is plausible",
            ]
        )

    def to_frame(self) -> pl.DataFrame:
        """Return one row per delta and reading."""
        import polars as pl

        rows = [
            {
                "delta": e.delta,
                "reading": name,
                "effect": effect,
                "standard_error": e.standard_errors[name],
                "low": e.interval[0],
                "high": e.interval[1],
                "missing_information": e.missing_information,
            }
            for e in self.estimates
            for name, effect in e.effects.items()
        ]
        return pl.DataFrame(rows)


def _side(estimate: DropoutEstimate) -> int:
    low, high = estimate.interval
    return 1 if low > 0 else -1 if high < 0 else 0
