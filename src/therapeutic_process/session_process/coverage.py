"""Which interactions a coding pass looked at: only there does no code mean that nothing was found."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from therapeutic_process.records import CodingPass, Interaction, Session, Span

__all__ = ["covers"]


def covers(coding_pass: CodingPass, session: Session, interaction: Interaction) -> bool | None:
    """Say whether a pass looked at an interaction; None where that cannot be said.

    A pass over minutes or a sample covers an interaction that lies in one of its spans. By seconds, an interaction
    lies where it begins, so that it lies in one of several spans that follow each other. It cannot be said of an
    interaction without offsets, of one whose characters were looked at in part, or of any where the spans of the pass
    were not recorded. A code of the pass shows that the interaction was looked at.

    >>> from therapeutic_process.records import CodingPass, Interaction, Reporter, Session
    >>> session = Session(id="s1", number=1, status="held", interactions=[Interaction(index=0, kind="speech")])
    >>> everything = CodingPass(id="p", system="x", coder=Reporter(kind="observer"), extent="all", sessions=["s1"])
    >>> covers(everything, session, session.interactions[0])
    True

    Args:
        coding_pass: The pass.
        session: The session.
        interaction: An interaction of that session.
    """
    if coding_pass.extent == "all":
        return session.id in coding_pass.sessions
    if any(c.coding_pass == coding_pass.id for c in interaction.codes):
        return True
    if not coding_pass.spans:
        return None
    spans = [s for s in coding_pass.spans if s.session == session.id]
    answers = {_inside(span, interaction) for span in spans if span.unit != "character"}
    answers.add(_read(spans, interaction))
    return True if True in answers else None if None in answers else False


def _inside(span: Span, interaction: Interaction) -> bool | None:
    if span.start is None or span.end is None:
        return span.unit == "session"
    if span.unit == "interaction":
        return span.start <= interaction.index <= span.end
    if interaction.start_s is None:
        return False if interaction.end_s is not None and interaction.end_s < span.start else None
    return span.start <= interaction.start_s < span.end


def _read(spans: Sequence[Span], interaction: Interaction) -> bool | None:
    """Say whether spans of characters hold all of an interaction's text; None if only a part, or of unknown length."""
    own = [s for s in spans if s.unit == "character" and s.interaction == interaction.index]
    bounds = sorted(
        (s.start, s.end) for s in own if s.start is not None and s.end is not None and s.start < s.end
    )
    if not bounds:
        return False
    if interaction.text is None or bounds[0][0] > 0 or max(end for _, end in bounds) < len(interaction.text):
        return None
    reached = 0.0
    for (_, end), (start, _) in pairwise(bounds):
        reached = max(reached, end)
        if start > reached:
            return None
    return True
