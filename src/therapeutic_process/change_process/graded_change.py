"""A cohort in which every client's change has been graded: the table, and how many are in each class."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, cast

import attrs
import narwhals.stable.v2 as nw
from narwhals.stable.v2.typing import IntoFrameT

from therapeutic_process.change_process.bootstrap import bootstrap_shares
from therapeutic_process.change_process.cutoffs import ClinicalCutoff
from therapeutic_process.change_process.reference_values import ReferenceValues
from therapeutic_process.errors import TherapeuticProcessError
from therapeutic_process.tables.door import collected, infinite, need_columns, opened

if TYPE_CHECKING:
    import numpy as np


__all__ = ["ClassShare", "GradedChange"]


@attrs.frozen
class ClassShare:
    """How many clients of a group are in a class.

    Attributes:
        group: The group, or None for everybody.
        category: The class.
        n: How many clients.
        share: Their share of the judged clients of that group.
        low: Lower end of the interval, if one was asked for.
        high: Upper end.
    """

    group: Any
    category: str
    n: int
    share: float
    low: float | None = None
    high: float | None = None


@attrs.frozen(eq=False, repr=False, kw_only=True)
class GradedChange(Generic[IntoFrameT]):
    """A table of clients with their change graded.

    Attributes:
        table: The caller's rows and columns, with ``change`` and further columns of the method, and
            ``verdict`` or ``category``; of the caller's kind. Null where it cannot be said.
        column: The column that holds the class.
        classes: The classes there are, best first.
        method: How the change was graded.
        critical: What the index had to exceed, if there is one.
        inclusive: Whether exactly this was enough.
        better: Which direction is better.
        reference: What it was judged against, if anything.
        cutoff: The clinical cutoff, if one was used.
    """

    table: IntoFrameT
    column: str
    classes: tuple[str, ...]
    method: str
    critical: float | None = None
    inclusive: bool = False
    better: str = "lower"
    reference: ReferenceValues | None = None
    cutoff: ClinicalCutoff | None = None
    _given: Any = attrs.field(default=None, alias="given")

    def counts(self, *, by: str | None = None) -> dict[tuple[Any, str], int]:
        """Count the clients by group and class; every class appears, also with 0."""
        table = opened(self.table)
        keys = ([by] if by else []) + [self.column]
        need_columns(table, *keys)
        judged: Any = table.select(*keys).filter(~nw.col(self.column).is_null())
        rows = collected(judged.group_by(*keys).agg(nw.len().alias("n"))).rows()
        found = {(r[0] if by else None, r[-2]): int(r[-1]) for r in rows}
        groups = sorted({g for g, _ in found}, key=str) or [None]
        return {(g, c): found.get((g, c), 0) for g in groups for c in self.classes}

    @property
    def n_used(self) -> int:
        """How many clients could be judged."""
        return sum(self.counts().values())

    @property
    def dropped(self) -> dict[str, int]:
        """How many clients could not be judged; those of them with an infinite score are ``not_a_number``."""
        missing = nw.col(self.column).is_null().cast(nw.Int64).sum()
        n = int(collected(opened(self.table).select(missing))[0, 0] or 0)
        endless = endless_pairs(self._given)
        return {"cannot_say": n - endless} | ({"not_a_number": endless} if endless else {})

    def shares(
        self,
        *,
        by: str | None = None,
        confidence: float | None = None,
        n_boot: int = 2000,
        rng: np.random.Generator | None = None,
    ) -> tuple[ClassShare, ...]:
        """Return each class's share, within group, with a bootstrap interval if a confidence is given.

        Args:
            by: Column of the group.
            confidence: Coverage of a percentile interval over clients, such as 0.95; none unless told.
            n_boot: Resamples.
            rng: Source of randomness; needed with a confidence.
        """
        counts = self.counts(by=by)
        if confidence is not None and rng is None:
            raise TherapeuticProcessError("shares: needed rng with a confidence, found none")
        out: list[ClassShare] = []
        for group in dict.fromkeys(g for g, _ in counts):
            ns = [counts[group, c] for c in self.classes]
            total = sum(ns)
            ends = bootstrap_shares(ns, confidence=confidence, n_boot=n_boot, rng=rng)
            out += [
                ClassShare(group, c, n, n / total if total else float("nan"), *end)
                for c, n, end in zip(self.classes, ns, ends, strict=True)
            ]
        return tuple(out)

    def to_frame(self) -> IntoFrameT:
        """Return the table."""
        return self.table

    def __repr__(self) -> str:
        rule = f"{self.method}, {'inclusive' if self.inclusive else 'strict'}, {self.better} is better"
        if isinstance(opened(self.table), nw.LazyFrame):
            return f"GradedChange({rule}; not computed yet)"
        counts = ", ".join(f"{c} {n}" for (_, c), n in self.counts().items())
        return f"GradedChange({rule}; {counts}; cannot say {sum(self.dropped.values())})"


def endless_pairs(given: Any) -> int:
    """Count the pairs with an infinite score, in the two columns of scores as the caller gave them."""
    floats = [] if given is None else [n for n, t in given.collect_schema().items() if t.is_float()]
    if not floats:
        return 0
    wrong = nw.any_horizontal(*(infinite(name) for name in floats), ignore_nulls=True)
    return int(collected(given.select(wrong.cast(nw.Int64).sum()))[0, 0] or 0)


def graded(table: Any, **facts: Any) -> GradedChange[Any]:
    """Wrap a Narwhals table as a result of the caller's kind."""
    return GradedChange(table=cast("Any", table.to_native()), **facts)
