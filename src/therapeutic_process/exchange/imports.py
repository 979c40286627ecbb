"""What an import did: everything that was read, kept, dropped, converted or guessed is accounted for."""

from __future__ import annotations

import attrs

from therapeutic_process.records import Case

__all__ = ["ImportNote", "ImportReport", "Imported", "cases_counted"]


def cases_counted(n: int) -> str:
    """Return a number of cases in words.

    >>> cases_counted(1), cases_counted(2)
    ('1 case', '2 cases')

    Args:
        n: The number.

    Returns:
        The number with its noun.
    """
    return "1 case" if n == 1 else f"{n} cases"


@attrs.frozen
class ImportNote:
    """One kind of thing that an import did.

    Attributes:
        action: Whether something was dropped, converted, guessed, or left in the source.
        what: What it was: names of columns and kinds of rows, never their content.
        count: How many times.
        why: The reason.
        lines: The first lines of the source concerned, counted from 1; empty where lines mean nothing.
    """

    action: str = attrs.field(
        validator=attrs.validators.in_(("dropped", "converted", "guessed", "not_taken"))
    )
    what: str
    count: int
    why: str
    lines: tuple[int, ...] = ()

    def __str__(self) -> str:
        where = f" (first lines {', '.join(map(str, self.lines))})" if self.lines else ""
        return f"{self.action.replace('_', ' ')}: {self.what} ({self.count}): {self.why}{where}"


@attrs.frozen
class ImportReport:
    """The account of an import.

    Attributes:
        source: The kind of source.
        n_cases: Cases made.
        interactions_in: Interactions in the source.
        interactions_out: Interactions in the cases.
        scores_in: Scores in the source columns that were taken.
        scores_out: Measurements in the cases, with a score or with the reason why there is none.
        notes: What was dropped, converted, guessed or left.
    """

    source: str
    n_cases: int
    interactions_in: int
    interactions_out: int
    scores_in: int
    scores_out: int
    notes: tuple[ImportNote, ...] = ()

    def __str__(self) -> str:
        lines = [
            f"{self.source}: {cases_counted(self.n_cases)}",
            f"interactions: {self.interactions_in} read, {self.interactions_out} kept",
            f"scores: {self.scores_in} read, {self.scores_out} kept",
            *map(str, self.notes),
        ]
        return "\n".join(lines)


@attrs.frozen(eq=False, repr=False)
class Imported:
    """Cases made from another format, and the account of how.

    Attributes:
        cases: The cases.
        report: The account.
    """

    cases: tuple[Case, ...]
    report: ImportReport

    def __repr__(self) -> str:
        return f"Imported({cases_counted(len(self.cases))}, {len(self.report.notes)} notes)"
