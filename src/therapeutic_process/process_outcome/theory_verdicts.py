"""What a test says of a theory, mechanism by mechanism, with rivals side by side and the fingerprint."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import attrs

from therapeutic_process.process_outcome.theory_mechanisms import MechanismTest, MechanismVerdict
from therapeutic_process.tables import frame_of

if TYPE_CHECKING:
    import polars as pl

__all__ = ["MechanismRow", "TheoryTest"]


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
        n_tested: Tests with an estimate, one per mechanism and lag, which the correction is over.
    """

    mechanisms: tuple[MechanismTest, ...]
    fingerprint: str
    registered: str | None
    level: float
    n_tested: int
    method: str = "joint model, both readings, robust interval, Holm over mechanisms and lags"

    @property
    def as_registered(self) -> bool | None:
        """Whether the theory has the fingerprint that was given; None where no fingerprint was given."""
        return None if self.registered is None else self.registered == self.fingerprint

    @property
    def declaration(self) -> str:
        """What the fingerprints say, in words."""
        if self.registered is None:
            return "no registered fingerprint was given: nothing shows that the theory came before the data"
        if self.as_registered:
            return "the theory has the fingerprint that was given; nothing here shows when it was registered"
        return "THE THEORY WAS CHANGED since that fingerprint was taken: read this test as exploratory"

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
        """Return one row per mechanism with the columns of `MechanismRow`; `MechanismTest.to_frame` has one per lag."""
        return frame_of([self._row(m) for m in self.mechanisms], MechanismRow)

    def _row(self, one: MechanismTest) -> MechanismRow:
        low, high = one.interval or (None, None)
        rivals = ", ".join(f"{r.mechanism.id}: {r.verdict}" for r in self.rivals_of(one.mechanism.id))
        return MechanismRow(
            one.mechanism.id, one.verdict, one.standing, one.conditional, "; ".join(one.reasons), low, high,
            one.level, one.p_holm, one.mechanism.smallest_effect,
            0 if one.effect is None else one.effect.n_clients, rivals,
        )  # fmt: skip
