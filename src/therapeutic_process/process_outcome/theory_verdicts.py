"""What a test says of a mechanism and of a theory, in numbers and in words that claim no more than the numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import attrs

from therapeutic_process.change_process import Mechanism
from therapeutic_process.process_outcome.equivalence import InertVerdict
from therapeutic_process.process_outcome.joint_result import WithinClientEffect
from therapeutic_process.tables import frame_of

if TYPE_CHECKING:
    import polars as pl

__all__ = ["MechanismRow", "MechanismTest", "MechanismVerdict", "TheoryTest"]

MechanismVerdict = Literal["supported", "contradicted", "inconclusive", "not testable"]


@attrs.frozen(eq=False, repr=False)
class MechanismTest:
    """What the data say of one mechanism.

    Attributes:
        mechanism: As it was declared.
        verdict: `supported`, `contradicted`, `inconclusive` or `not testable`.
        reasons: Why, in words.
        conditional: Whether the placebo lead rejects, so that all is conditional on what the event follows.
        expected_sign: 1 where more of the cause should go with a higher next score, −1 with a lower one; None where
            that is not known.
        level: Level of `interval`, after Holm's correction over the mechanisms tested.
        interval: The robust interval at that level, in points per unit of the process; None where not testable.
        p_holm: The robust p after Holm's correction; None likewise.
        effect: The joint model's result; None likewise.
        inert: The equivalence test, where bounds and all it needs were given and the effect is not supported.
        dropped: What was left out of the table, by reason and count.
        warnings: What limits the result.
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

    @property
    def standing(self) -> Literal["active", "inert", "undecided"]:
        """What the process is under the theory: active if supported, inert if shown to be, else undecided."""
        if self.verdict == "supported":
            return "active"
        shown = self.inert is not None and self.inert.verdict == "inert"
        return "inert" if shown and not self.conditional else "undecided"

    def __repr__(self) -> str:
        n = 0 if self.effect is None else self.effect.n_clients
        return f"<MechanismTest {self.verdict}; {n} clients>"

    def __str__(self) -> str:
        condition = ", conditional on what the event follows" if self.conditional else ""
        lines = [f"{self.mechanism.id}: {self.verdict}{condition}", *(f"  {text}" for text in self.reasons)]
        if self.interval is not None and self.level is not None and self.effect is not None:
            low, high = self.interval
            found = f"robust {self.level:.2%} interval {low:.3g} to {high:.3g} points per unit"
            lines.append(f"  {found}, Holm p = {self.p_holm:.2g}, {self.effect.n_clients} clients")
        lines += [f"  dropped: {count} × {reason}" for reason, count in self.dropped]
        return "\n".join([*lines, *(f"  warning: {text}" for text in self.warnings)])


@attrs.frozen(repr=False)
class MechanismRow:
    """A mechanism's test as a row of a table; `rivals` holds their ids and verdicts."""

    mechanism: str
    verdict: MechanismVerdict
    standing: Literal["active", "inert", "undecided"]
    conditional: bool
    reasons: str
    low: float | None
    high: float | None
    level: float | None
    p_holm: float | None
    smallest_effect: float | None
    n_clients: int
    rivals: str

    def __repr__(self) -> str:
        return f"MechanismRow({self.verdict}, n_clients={self.n_clients})"


@attrs.frozen(eq=False, repr=False)
class TheoryTest:
    """What the data say of a theory, mechanism by mechanism.

    Attributes:
        mechanisms: One test per mechanism, in the theory's order.
        fingerprint: Of the theory that was tested.
        registered: The fingerprint that was registered before; None where none was given.
        level: Level before Holm's correction.
        n_tested: Mechanisms with an estimate, which the correction is over.
    """

    mechanisms: tuple[MechanismTest, ...]
    fingerprint: str
    registered: str | None
    level: float
    n_tested: int
    method: str = "joint model, both readings, robust interval, Holm over mechanisms"

    @property
    def as_registered(self) -> bool | None:
        """Whether the theory is the one that was registered; None where no fingerprint was given."""
        return None if self.registered is None else self.registered == self.fingerprint

    @property
    def declaration(self) -> str:
        """What the fingerprints say, in words."""
        if self.registered is None:
            return "no registered fingerprint was given: nothing shows that the theory came before the data"
        if self.as_registered:
            return "the theory is the one that was registered"
        return "THE THEORY WAS CHANGED after it was registered: read this test as exploratory"

    def mechanism(self, name: str) -> MechanismTest:
        """Return the test of one mechanism.

        Args:
            name: The mechanism's id.
        """
        return next(m for m in self.mechanisms if m.mechanism.id == name)

    def rivals_of(self, name: str) -> tuple[MechanismTest, ...]:
        """Return the tests of the mechanisms that would explain the same change, declared on either side.

        Args:
            name: The mechanism's id.
        """
        own = self.mechanism(name).mechanism.rivals
        return tuple(m for m in self.mechanisms if m.mechanism.id in own or name in m.mechanism.rivals)

    def __repr__(self) -> str:
        verdicts = [m.verdict for m in self.mechanisms]
        said = ", ".join(f"{verdicts.count(v)} {v}" for v in dict.fromkeys(verdicts))
        return f"<TheoryTest {said}>"

    def __str__(self) -> str:
        lines = [repr(self), self.declaration, f"fingerprint {self.fingerprint}"]
        for one in self.mechanisms:
            lines.append(str(one))
            lines += [f"  rival {r.mechanism.id}: {r.verdict}" for r in self.rivals_of(one.mechanism.id)]
        return "\n".join(
            [*lines, "supported means consistent with the mechanism: no such test shows a cause"]
        )

    def to_frame(self) -> pl.DataFrame:
        """Return one row per mechanism with the columns of `MechanismRow`."""
        return frame_of([self._row(m) for m in self.mechanisms], MechanismRow)

    def _row(self, one: MechanismTest) -> MechanismRow:
        low, high = one.interval or (None, None)
        rivals = ", ".join(f"{r.mechanism.id}: {r.verdict}" for r in self.rivals_of(one.mechanism.id))
        return MechanismRow(
            one.mechanism.id, one.verdict, one.standing, one.conditional, "; ".join(one.reasons), low, high,
            one.level, one.p_holm, one.mechanism.smallest_effect,
            0 if one.effect is None else one.effect.n_clients, rivals,
        )  # fmt: skip
