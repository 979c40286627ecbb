"""The account of a table: every row and every score cell that went in comes out, or is said to have been left."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import attrs

from therapeutic_process.errors import TableError
from therapeutic_process.exchange.imports import Imported, ImportNote, ImportReport
from therapeutic_process.exchange.tabular.sources import Source

if TYPE_CHECKING:
    from collections.abc import Sequence

    from therapeutic_process.records import Case

__all__ = ["TableImportReport", "Tally"]


@attrs.frozen
class TableImportReport(ImportReport):
    """The account of a table that was read: what went in and what came out agree, or there is no report.

    ``scores_in`` are the score cells of all rows, ``scores_out`` the measurements.

    Attributes:
        rows_read: Rows of the table.
        rows_taken: Rows that a case has something of.
        rows_dropped: Rows that were dropped or not taken; the notes say why.
        cells_scored: Score cells that became a score.
        cells_missing: Score cells that became a measurement with the reason why there is no score.
        cells_left: Score cells that became nothing; the notes say why.
    """

    rows_read: int = 0
    rows_taken: int = 0
    rows_dropped: int = 0
    cells_scored: int = 0
    cells_missing: int = 0
    cells_left: int = 0

    def __str__(self) -> str:
        lines = [
            f"{self.source}: {self.n_cases} cases",
            f"rows: {self.rows_read} read, {self.rows_taken} taken, {self.rows_dropped} dropped",
            f"score cells: {self.scores_in} read, {self.cells_scored} scores, {self.cells_missing} missing, "
            f"{self.cells_left} left",
            *map(str, self.notes),
        ]
        return "\n".join(lines)


@attrs.define(eq=False, repr=False)
class Tally:
    """What a reader did, counted while reading.

    Attributes:
        source: The table, which knows where rows stand.
        rows_dropped: The rows of which nothing was taken.
        cells_left: Score cells that became nothing.
        scores: The scores that were taken.
        missing: How many cells became a measurement without score.
        notes: The notes, by action, thing and reason: how many, and the first places.
    """

    source: Source
    rows_dropped: int = 0
    cells_left: int = 0
    scores: list[float] = attrs.field(factory=list)
    missing: int = 0
    notes: dict[tuple[str, str, str], tuple[int, tuple[int, ...]]] = attrs.field(factory=dict)

    def note(
        self, action: str, what: str, why: str, *, rows: Sequence[int] = (), count: int | None = None
    ) -> None:
        """Note something that was dropped, converted, guessed or not taken, unless it never happened."""
        n = len(rows) if count is None else count
        if n:
            before, places = self.notes.get((action, what, why), (0, ()))
            more = self.source.places(rows)
            self.notes[action, what, why] = before + n, (*places, *more)[:5]

    def take(self, values: Sequence[float | str]) -> None:
        """Count the cells of a case that become measurements."""
        scores = [v for v in values if not isinstance(v, str)]
        self.scores += scores
        self.missing += len(values) - len(scores)

    def settle(self, kind: str, cases: Sequence[Case], *, cells_read: int) -> Imported:
        """Return cases and report, when totals in and out agree.

        Raises:
            TableError: ``totals_disagree``: this reader lost or invented something; no data explain it.
        """
        made = [m for case in cases for m in case.measurements]
        scored = [m.score for m in made if m.score is not None]
        counts = (len(scored), len(made) - len(scored), cells_read)
        counted = (len(self.scores), self.missing, len(self.scores) + self.missing + self.cells_left)
        if counts != counted or math.fsum(scored) != math.fsum(self.scores):
            found = f"{counted} in and {counts} out, as scores, missing and cells read"
            raise TableError("totals_disagree", needed="the same totals in and out", found=found)
        report = TableImportReport(
            source=kind, n_cases=len(cases), interactions_in=0, interactions_out=0,
            scores_in=cells_read, scores_out=len(made),
            notes=tuple(ImportNote(a, w, n, y, lines=p) for (a, w, y), (n, p) in self.notes.items()),
            rows_read=self.source.height, rows_taken=self.source.height - self.rows_dropped,
            rows_dropped=self.rows_dropped, cells_scored=len(scored), cells_missing=len(made) - len(scored),
            cells_left=self.cells_left,
        )  # fmt: skip
        return Imported(tuple(cases), report)
