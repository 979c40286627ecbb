"""The two perspectives on one case: what the session view holds, what the change view holds, and what both hold."""

from __future__ import annotations

from typing import TYPE_CHECKING, overload

import attrs

from therapeutic_process.records import Case, Reference

if TYPE_CHECKING:
    from therapeutic_process.process_outcome.theory_standings import TheoryPerspectives
    from therapeutic_process.process_outcome.theory_verdicts import TheoryTest

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


@overload
def perspectives(case: Case, theory_test: None = None) -> Perspectives: ...
@overload
def perspectives(case: Case, theory_test: TheoryTest) -> TheoryPerspectives: ...
def perspectives(case: Case, theory_test: TheoryTest | None = None) -> Perspectives | TheoryPerspectives:
    """Lay the session view and the change view of a case side by side, with or without a theory that was tested.

    Without a theory nothing in a session is active or inert. With the test of one, the result is that of
    `theory_perspectives` for this case: what is active, inert, undecided or unclaimed, and which changes outside
    sessions no session event claims.

    >>> from therapeutic_process.exchange import example_cases
    >>> perspectives(example_cases()[0]).n_interactions
    24

    Args:
        case: The case.
        theory_test: The test of a theory; its data need not hold this case.

    Returns:
        What both views hold, and what only one of them does.
    """
    if theory_test is not None:
        from therapeutic_process.process_outcome.theory_standings import theory_perspectives

        return theory_perspectives([case], theory_test)
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
