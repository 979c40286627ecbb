"""The two perspectives on one case: what the session view holds, what the change view holds, and what both hold."""

from __future__ import annotations

import attrs

from therapeutic_process.records import Case, Reference

__all__ = ["Perspectives", "perspectives"]

MEANING = (
    "Without a theory nothing that was recorded in sessions can be called active or inert: what no change claims is "
    "called unclaimed.",
    "Overlap means: recorded in a session and also recorded as a change, or cited as evidence of one.",
)


@attrs.frozen(repr=False)
class Perspectives:
    """What each perspective holds of a case.

    Attributes:
        changes_in_session: Ids of changes in sessions: both views hold them.
        claimed_interactions: Interactions cited as evidence of a change, in the order of the sessions: both views hold
            them.
        changes_outside: Ids of changes outside sessions: only the change view holds them.
        n_unclaimed: Interactions that no change cites: only the session view holds them. A change that cites a whole
            session or segment does not say which interactions of it count, and claims none.
        n_interactions: Interactions in held sessions.
        meaning: What the words mean, and what they do not.
    """

    changes_in_session: tuple[str, ...]
    claimed_interactions: tuple[Reference, ...]
    changes_outside: tuple[str, ...]
    n_unclaimed: int
    n_interactions: int
    meaning: tuple[str, ...] = MEANING

    def __repr__(self) -> str:
        return (
            f"Perspectives(session only: {self.n_unclaimed} of {self.n_interactions} interactions unclaimed; "
            f"both: {len(self.claimed_interactions)} interactions cited, {len(self.changes_in_session)} changes in "
            f"session; change only: {len(self.changes_outside)} changes outside)"
        )


def perspectives(case: Case) -> Perspectives:
    """Lay the session view and the change view of a case side by side, without a theory.

    >>> from therapeutic_process.exchange import example_cases
    >>> perspectives(example_cases()[0]).n_interactions
    24

    Args:
        case: The case.

    Returns:
        What both views hold, and what only one of them does.
    """
    recorded = dict.fromkeys((s.id, x.index) for s in case.held_sessions for x in s.interactions)
    evidence = {(r.id, r.index) for e in case.change_events for r in e.evidence if r.kind == "interaction"}
    cited = [one for one in recorded if one in evidence]
    return Perspectives(
        changes_in_session=tuple(e.id for e in case.change_events if e.locus == "in_session"),
        claimed_interactions=tuple(Reference(kind="interaction", id=s, index=i) for s, i in cited),
        changes_outside=tuple(e.id for e in case.change_events if e.locus == "out_of_session"),
        n_unclaimed=len(recorded) - len(cited),
        n_interactions=len(recorded),
    )
