"""A change through which a client improves or gets worse, and the ending of the course."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Literal

from pydantic import Field
from typing_extensions import override

from therapeutic_process.base import (
    FreeText,
    Id,
    Many,
    PublicText,
    QuasiText,
    Record,
    RuledRecord,
    When,
    broken,
)
from therapeutic_process.errors import Violation
from therapeutic_process.records.shared import (
    GoalId,
    Occurrence,
    ParticipantId,
    Provenance,
    Reference,
    Reporter,
    SessionId,
    first_instant,
    last_instant,
)

__all__ = ["ChangeEvent", "Ending"]


class ChangeEvent(RuledRecord, frozen=True):
    """A change, inside or outside the session: when it occurred, when it was reported, and what speaks for it.

    >>> quit = ChangeEvent(id="e1", participant="c1", locus="out_of_session", after_session="s1",
    ...                    direction="improvement", domain="smoking")
    >>> quit.locus
    'out_of_session'
    """

    id: Id = Field(description="Names the change in this case.")
    participant: ParticipantId = Field(description="Whose change.")
    locus: Literal["in_session", "out_of_session"] = Field(
        description="Whether it happened inside or outside a session."
    )
    session: SessionId | None = Field(default=None, description="For a change in session: the session.")
    after_session: SessionId | None = Field(
        default=None, description="For a change outside: the last session before it, where no time is known."
    )
    occurred: Occurrence | None = Field(default=None, description="When it occurred; lags count from here.")
    reported: Occurrence | None = Field(default=None, description="When it was reported: often later.")
    reporter: Reporter | None = Field(default=None, description="Who reported it.")
    domain: QuasiText | None = Field(
        default=None, description="What changed: a symptom, an insight, a relation."
    )
    direction: Literal["improvement", "deterioration", "neither", "unknown"] = Field(
        default="unknown", description="For better or for worse."
    )
    magnitude: float | None = Field(default=None, description="Size of the change, in `unit`.")
    unit: PublicText | None = Field(default=None, description="Unit of the magnitude.")
    description: FreeText | None = Field(default=None, description="The change in words.")
    goal: GoalId | None = Field(default=None, description="The goal that it bears on.")
    evidence: Many[Reference] = Field(
        default=(), description="What speaks for it: measurements, ratings, entries, interactions."
    )
    provenance: Provenance | None = Field(default=None, description="For a change that was computed: how.")

    @override
    def broken_rules(self, context: Mapping[str, Any]) -> Iterator[Violation]:
        if self.locus == "in_session":
            if self.session is None:
                yield broken(
                    "locus_session", "session", needed="the session of a change in session", found="nothing"
                )
            if self.after_session is not None:
                needed = "no 'after_session' for a change in session"
                yield broken("locus_session", "after_session", needed=needed, found="one")
        elif self.session is not None:
            needed = "no session for a change outside sessions ('after_session' gives its order)"
            yield broken("locus_session", "session", needed=needed, found="one")
        if self.occurred is not None and self.reported is not None:
            if last_instant(self.reported) < first_instant(self.occurred):
                needed = "a report not before the change began"
                yield broken("reported_after", "reported", needed=needed, found="an earlier one")


class Ending(Record, frozen=True):
    """How and when the course of therapy ended."""

    kind: Literal[
        "completed", "mutual", "client_dropout", "therapist_initiated", "referred_on", "external", "died", "other",
        "unknown",
    ] = Field(description="How it ended, and on whose initiative.")  # fmt: skip
    ended_at: When | None = Field(default=None, description="When it ended.")
    last_session: SessionId | None = Field(default=None, description="The last session that was held.")
    reason: FreeText | None = Field(default=None, description="Why it ended.")
