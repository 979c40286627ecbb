"""One client of a simulated cohort, as plain numbers and times by session."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import attrs
import numpy as np

from therapeutic_process.records import Reporter

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from therapeutic_process.simulate.cohort import SimulatedCohort

__all__ = ["CLIENT", "Course", "course_of", "reference"]

_START = datetime(2024, 1, 1, 10, tzinfo=UTC)
BEFORE = timedelta(hours=1)
CLIENT = Reporter(kind="client", participant="client")


@attrs.frozen
class Course:
    """What a cohort holds of one client; None where a value is missing.

    Attributes:
        number: The client's row, from 0.
        therapist: The therapist's id.
        sees: The therapist as a reporter.
        starts: When sessions begin, and when the one after the last would.
        scores: Before each session and after the last one.
        processes: A series by session for each process variable.
        coded: Whether the processes are events, which are coded, or scores, which are rated.
        left: Whether the client left before the course was over.
    """

    number: int
    therapist: str
    sees: Reporter
    starts: list[datetime]
    scores: list[float | None]
    processes: list[list[float | None]]
    coded: bool
    left: bool

    @property
    def n(self) -> int:
        """How many sessions were held."""
        return len(self.starts) - 1

    def known(self, process: int) -> list[int]:
        """Return the sessions in which a process variable is known, from 0."""
        return [t for t, value in enumerate(self.processes[process]) if value is not None]


def course_of(cohort: SimulatedCohort, client: int) -> Course:
    """Return one client of a cohort.

    Args:
        cohort: The cohort.
        client: The client's row, from 0.
    """
    series = cohort.series
    n = int(series.last_session[client])
    therapist = f"therapist{series.therapist[client] + 1}"
    return Course(
        number=client,
        therapist=therapist,
        sees=Reporter(kind="therapist", participant=therapist),
        starts=[_START + timedelta(days=d) for d in series.days[client, : n + 1].tolist()],
        scores=_values(series.outcome[client, : n + 1]),
        processes=[_values(of_one[client, :n]) for of_one in series.process],
        coded=cohort.parameters.process_kind == "event",
        left=n < series.outcome.shape[1] - 1,
    )


def _values(numbers: NDArray[np.float64]) -> list[float | None]:
    return [None if np.isnan(v) else v for v in numbers.tolist()]


def reference(kind: str, part: str) -> dict[str, Any]:
    """Return a reference to a part of the case.

    Args:
        kind: What it is.
        part: Its id.
    """
    return {"kind": kind, "id": part}
