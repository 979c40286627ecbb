"""One row of the table that the estimators take."""

from __future__ import annotations

import attrs

__all__ = ["ProcessRow"]


@attrs.frozen(repr=False)
class ProcessRow:
    """A held session of a client, or the score after the last one.

    Attributes:
        client_id: Case, and participant where the case has several clients.
        case_id: The case: clients of one case are no independent units.
        session: Held session, counted from 1.
        score: Of the effect, taken when declared; None where missing.
        process: Of the cause; None where it cannot be known, which is not 0.
        days: Days from the client's first known time to the score or, without one, to the session.
        score_after: Taken after the session, where the timing is `both`; None where missing.
    """

    client_id: str
    case_id: str
    session: int
    score: float | None
    process: float | None
    days: float | None
    score_after: float | None = None

    def __repr__(self) -> str:
        return "ProcessRow()"
