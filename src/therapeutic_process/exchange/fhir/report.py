"""What came of reading a bundle: the cases, and the account of every resource."""

from __future__ import annotations

from collections.abc import Mapping

import attrs

from therapeutic_process.errors import Violation
from therapeutic_process.exchange.imports import ImportNote
from therapeutic_process.records import Case

__all__ = ["FhirImport", "FhirReport"]


@attrs.frozen
class FhirReport:
    """The account of an import: every resource was either taken, or is named with the reason why not.

    Attributes:
        n_resources: Resources in the bundle.
        taken: How many were taken, by type.
        left: What was left, by type and reason.
        notes: What was dropped, guessed or converted on the way.
        gaps: Instruments and coding systems that the catalogue lacks.
    """

    n_resources: int
    taken: Mapping[str, int]
    left: tuple[ImportNote, ...]
    notes: tuple[ImportNote, ...]
    gaps: tuple[Violation, ...] = ()

    def __str__(self) -> str:
        n_taken = sum(self.taken.values())
        head = f"FHIR bundle: {n_taken} of {self.n_resources} resources taken, {len(self.gaps)} gaps"
        return "\n".join([head, *map(str, self.left), *map(str, self.notes)])


@attrs.frozen(eq=False, repr=False)
class FhirImport:
    """Cases made from a bundle, and the account of how.

    Attributes:
        cases: The cases, one for each course of therapy or, where none is told, for each patient.
        report: The account.
    """

    cases: tuple[Case, ...]
    report: FhirReport

    def __repr__(self) -> str:
        left = sum(n.count for n in self.report.left)
        return f"FhirImport({len(self.cases)} cases, {left} resources left)"
