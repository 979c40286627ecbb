"""Which interactions a coding pass looked at: only there does no code mean that nothing was found."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from therapeutic_process.records import CodingPass, Interaction, Session, Span

__all__ = ["covers"]


def covers(coding_pass: CodingPass, session: Session, interaction: Interaction) -> bool | None:
    """Say whether a pass looked at an interaction; None where that cannot be known.

    A pass over minutes or a sample covers an interaction that lies in one of its spans; where the span is in seconds
    and the interaction has no offsets, a code of the pass on it shows that it was covered, and otherwise nothing does.

    >>> from therapeutic_process.records import CodingPass, Interaction, Reporter, Session
    >>> session = Session(id="s1", number=1, status="held", interactions=[Interaction(index=0, kind="speech")])
    >>> everything = CodingPass(id="p", system="x", coder=Reporter(kind="observer"), extent="all", sessions=["s1"])
    >>> covers(everything, session, session.interactions[0])
    True
    """
    if coding_pass.extent == "all":
        return session.id in coding_pass.sessions
    spans = [s for s in coding_pass.spans if s.session == session.id]
    answers = {_inside(span, interaction) for span in spans}
    if True in answers or any(c.coding_pass == coding_pass.id for c in interaction.codes):
        return True
    return None if None in answers else False


def _inside(span: Span, interaction: Interaction) -> bool | None:
    if span.unit == "session":
        return True
    if span.unit == "character":
        return span.interaction == interaction.index
    if span.start is None or span.end is None:
        return None
    if span.unit == "interaction":
        return span.start <= interaction.index <= span.end
    if interaction.start_s is None:
        return None
    return span.start <= interaction.start_s < span.end
