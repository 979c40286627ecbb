"""What a test says of one mechanism, lag by lag, in numbers and in words that claim no more than the numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import attrs

from therapeutic_process.change_process import Mechanism
from therapeutic_process.process_outcome.change_rates import ChangeEventRate
from therapeutic_process.process_outcome.equivalence import InertVerdict
from therapeutic_process.process_outcome.joint_result import WithinClientEffect
from therapeutic_process.tables import frame_of

if TYPE_CHECKING:
    import polars as pl


__all__ = ["LagRow", "LagTest", "MechanismTest", "MechanismVerdict"]

MechanismVerdict = Literal["supported", "contradicted", "inconclusive", "not testable"]


@attrs.frozen(eq=False, repr=False)
class LagTest:
    """What the data say of one mechanism at one declared lag.

    Attributes:
        lag: The lag in words: `1 session`, `1 to 7 days`.
        verdict: `supported`, `contradicted`, `inconclusive` or `not testable`, at this lag.
        reasons: Why, in words.
        conditional: Whether the placebo lead rejects, so that all is conditional on what the event follows.
        level: Level of `interval`, after Holm's correction over all mechanisms and lags tested.
        interval: The robust interval at that level, in points per unit of the process; None where not testable.
        p_holm: The robust p after Holm's correction; None likewise.
        effect: The joint model's result; None likewise.
        inert: The equivalence test, where bounds and all it needs were given and the effect is not supported.
        dropped: What was left out at this lag, by reason and count.
    """

    lag: str
    verdict: MechanismVerdict
    reasons: tuple[str, ...]
    conditional: bool = False
    level: float | None = None
    interval: tuple[float, float] | None = None
    p_holm: float | None = None
    effect: WithinClientEffect | None = None
    inert: InertVerdict | None = None
    dropped: tuple[tuple[str, int], ...] = ()

    @property
    def n_clients(self) -> int:
        """Clients that the estimate stands on."""
        return 0 if self.effect is None else self.effect.n_clients

    @property
    def shown_inert(self) -> bool:
        """Whether the effect at this lag was shown to lie within the bounds, unconditionally."""
        return self.inert is not None and self.inert.verdict == "inert" and not self.conditional

    @property
    def found(self) -> str | None:
        """The interval in words; None where not testable."""
        if self.interval is None or self.level is None:
            return None
        low, high = self.interval
        said = f"robust {self.level:.2%} interval {low:.3g} to {high:.3g} points per unit"
        return f"{said}, Holm p = {self.p_holm:.2g}, {self.n_clients} clients"

    def __repr__(self) -> str:
        return f"<LagTest {self.verdict}; {self.n_clients} clients>"


@attrs.frozen(eq=False, repr=False)
class MechanismTest:
    """What the data say of one mechanism: its estimate, level, interval and p are those of the lag that decides.

    Attributes:
        mechanism: As it was declared.
        verdict: `supported` where a declared lag is supported and none contradicted; `contradicted` where one is, or
            where the process is inert at every declared lag; `inconclusive`; or `not testable`.
        reasons: Why, in words.
        conditional: Whether the placebo lead rejects, so that all is conditional on what the event follows.
        expected_sign: 1 where more of the cause should go with a higher next score, −1 with a lower one; None where
            that is not known.
        level: Level of `interval`, after Holm's correction over all mechanisms and lags tested.
        interval: The robust interval at that level, in points per unit of the process; None where not testable.
        p_holm: The robust p after Holm's correction; None likewise.
        effect: The joint model's result; None likewise.
        inert: The equivalence test, where bounds and all it needs were given and the effect is not supported.
        dropped: What was left out of the table, by reason and count.
        warnings: What limits the result.
        lags: A test per declared lag; empty where the mechanism is not testable at all.
        described: For changes outside sessions, their rate after sessions with the cause: descriptive, no verdict.
    """

    mechanism: Mechanism
    verdict: MechanismVerdict
    reasons: tuple[str, ...]
    conditional: bool = False
    expected_sign: int | None = None
    level: float | None = None
    interval: tuple[float, float] | None = None
    p_holm: float | None = None
    effect: WithinClientEffect | None = None
    inert: InertVerdict | None = None
    dropped: tuple[tuple[str, int], ...] = ()
    warnings: tuple[str, ...] = ()
    lags: tuple[LagTest, ...] = ()
    described: ChangeEventRate | None = None

    @property
    def standing(self) -> Literal["active", "inert", "undecided"]:
        """What the process is under the theory: active if supported, inert if shown to be, else undecided."""
        if self.verdict == "supported":
            return "active"
        if self.lags:
            return "inert" if all(one.shown_inert for one in self.lags) else "undecided"
        shown = self.inert is not None and self.inert.verdict == "inert"
        return "inert" if shown and not self.conditional else "undecided"

    def __repr__(self) -> str:
        n = 0 if self.effect is None else self.effect.n_clients
        return f"<MechanismTest {self.verdict}; {n} clients>"

    def __str__(self) -> str:
        condition = ", conditional on what the event follows" if self.conditional else ""
        lines = [f"{self.mechanism.id}: {self.verdict}{condition}", *(f"  {text}" for text in self.reasons)]
        several = len(self.lags) > 1
        for one in self.lags:
            named = f"lag {one.lag}: {one.verdict}: " if several else ""
            lines += [f"  {named}{one.found or one.reasons[0]}"] if several or one.found else []
        if self.described is not None:
            lines += [f"  {text}" for text in str(self.described).splitlines()]
        lines += [f"  dropped: {count} × {reason}" for reason, count in self.dropped]
        return "\n".join([*lines, *(f"  warning: {text}" for text in self.warnings)])

    def to_frame(self) -> pl.DataFrame:
        """Return one row per declared lag with the columns of `LagRow`."""
        return frame_of([_lag_row(self.mechanism.id, one) for one in self.lags], LagRow)


@attrs.frozen(repr=False)
class LagRow:
    """A mechanism at one lag as a row of a table."""

    mechanism: str
    lag: str
    verdict: MechanismVerdict
    conditional: bool
    reasons: str
    low: float | None
    high: float | None
    level: float | None
    p_holm: float | None
    n_clients: int

    def __repr__(self) -> str:
        return f"LagRow({self.verdict}, n_clients={self.n_clients})"


def _lag_row(mechanism: str, one: LagTest) -> LagRow:
    low, high = one.interval or (None, None)
    return LagRow(
        mechanism, one.lag, one.verdict, one.conditional, "; ".join(one.reasons), low, high, one.level,
        one.p_holm, one.n_clients,
    )  # fmt: skip
