"""What de-identification gives back: the case, and the account of what was done to it."""

from __future__ import annotations

import attrs

from therapeutic_process.records import Case

__all__ = ["DeidentificationReport", "Deidentified"]


@attrs.frozen
class DeidentificationReport:
    """What was done to a case.

    Attributes:
        profile: The profile.
        pseudonymised: Identifiers replaced, counted where they stand.
        removed: Texts and times taken out, by kind of record and field.
        replaced: Texts that went through the caller's function.
        moved: Times moved.
        coarsened: Times and years made coarser.
        remains: What the profile leaves in place and whoever gets the data should know of.
    """

    profile: str
    pseudonymised: int
    removed: tuple[tuple[str, int], ...]
    replaced: int
    moved: int
    coarsened: int
    remains: tuple[str, ...]

    def __str__(self) -> str:
        out = ", ".join(f"{name} {n}" for name, n in self.removed) or "nothing"
        lines = (
            f"{self.profile}: {self.pseudonymised} identifiers replaced, {self.moved} times moved, "
            f"{self.coarsened} made coarser, {self.replaced} texts passed on",
            f"taken out: {out}",
            *(f"remains: {x}" for x in self.remains),
        )
        return "\n".join(lines)


@attrs.frozen(repr=False)
class Deidentified:
    """A case without what tells who it is about, as far as the profile goes, and the report.

    Attributes:
        case: The case.
        report: What was done.
    """

    case: Case
    report: DeidentificationReport

    def __repr__(self) -> str:
        return f"Deidentified({self.case!r}, {self.report.profile})"
