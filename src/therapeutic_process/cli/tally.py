"""The short summary that ``report`` prints: counts only."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import attrs

from therapeutic_process.change_process import changes
from therapeutic_process.process_outcome import link_events, perspectives
from therapeutic_process.records import Case
from therapeutic_process.session_process import code_profile

__all__ = ["Tally"]


@attrs.define
class Tally:
    """Counts over cases, added one case at a time.

    Attributes:
        window: The window before a change.
        cases: Cases so far.
        clients: Their clients.
        held: Held sessions.
        interactions: Interactions in them.
        coded: Interactions with a code.
        verdicts: Series of scores by verdict on their change.
        outside: Changes outside sessions.
        linked: Those with a session in the window before them.
        ambiguous: Those with several.
        unplaced: Those that cannot be placed.
        unclaimed: Interactions that no change cites.
    """

    window: timedelta | int
    cases: int = 0
    clients: int = 0
    held: int = 0
    interactions: int = 0
    coded: int = 0
    verdicts: Counter[str] = attrs.field(factory=Counter)
    outside: int = 0
    linked: int = 0
    ambiguous: int = 0
    unplaced: int = 0
    unclaimed: int = 0

    def add(self, case: Case) -> None:
        """Count one case."""
        self.cases += 1
        self.clients += len(case.clients)
        self.held += len(case.held_sessions)
        profile = code_profile(case)
        self.interactions += profile.n_interactions
        self.coded += profile.n_coded
        self.verdicts.update(row.verdict for row in changes(case).rows)
        links = link_events(case, window=self.window)
        self.outside += links.n_events
        self.linked += links.n_linked
        self.ambiguous += links.n_ambiguous
        self.unplaced += len(links.unplaced)
        self.unclaimed += perspectives(case).n_unclaimed

    def __str__(self) -> str:
        verdicts = (
            ", ".join(f"{n} {v.replace('_', ' ')}" for v, n in sorted(self.verdicts.items())) or "no scores"
        )
        return "\n".join((
            f"{self.cases} cases, {self.clients} clients, {self.held} held sessions",
            f"session process: {self.interactions} interactions, {self.coded} coded",
            f"change process: {self.verdicts.total()} series of scores: {verdicts}",
            f"linked: of {self.outside} changes outside sessions {self.linked} have a session in the window before "
            f"them, {self.ambiguous} more than one; {self.unplaced} cannot be placed",
            f"perspectives: {self.unclaimed} of {self.interactions} interactions are cited by no change",
        ))  # fmt: skip
