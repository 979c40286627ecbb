"""Rules on segments and coded stretches: inside their sessions, stages in order."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

from therapeutic_process.base import broken
from therapeutic_process.errors import Violation
from therapeutic_process.records.coding import Span
from therapeutic_process.records.rules.index import CaseIndex
from therapeutic_process.records.session import Segment, Session

__all__ = ["segments_lie_in_sessions", "stages_are_ordered"]

_STAGES = ("marker", "task", "resolution")


def segments_lie_in_sessions(index: CaseIndex) -> Iterator[Violation]:
    """Every span lies inside its session, and that session was held."""
    spans = {
        "segments": [s.spans for s in index.case.segments],
        "coding_passes": [p.spans for p in index.case.coding_passes],
    }
    for field, parts in spans.items():
        for i, part in enumerate(parts):
            for j, span in enumerate(part):
                session = index.get("session", span.session)
                if session is not None:
                    yield from (v.under(f"$.{field}[{i}].spans[{j}]") for v in _inside(span, session))


def _inside(span: Span, session: Session) -> Iterator[Violation]:
    if session.status != "held":
        yield broken(
            "held_only", "session", needed="a session that was held", found=f"status {session.status!r}"
        )
    if (
        span.unit == "second"
        and session.duration_s is not None
        and span.end is not None
        and span.end > session.duration_s
    ):
        yield broken(
            "span_inside", "end", needed="a stretch inside the session", found="one that ends after it"
        )
    if span.unit == "interaction":
        known = {float(x.index) for x in session.interactions}
        if known and not {span.start, span.end} <= known:
            yield broken(
                "span_inside", needed="indexes of interactions of the session", found="another index"
            )
    if span.unit == "character":
        one = next((x for x in session.interactions if x.index == span.interaction), None)
        if one is None:
            needed = "the index of an interaction of the session"
            yield broken("span_inside", "interaction", needed=needed, found="another index")
        elif one.text is not None and span.end is not None and span.end > len(one.text):
            yield broken("span_inside", "end", needed="characters inside the text", found="an end after it")


def stages_are_ordered(index: CaseIndex) -> Iterator[Violation]:
    """The stages of one episode go from marker over task to resolution, where their order is known."""
    numbers = {s.id: s.number for s in index.case.sessions}
    episodes: dict[str, list[tuple[tuple[float, float], int, Segment]]] = {}
    for i, segment in enumerate(index.case.segments):
        span = segment.spans[0]
        if (
            segment.parent is not None
            and segment.stage is not None
            and span.unit in {"interaction", "second"}
        ):
            place = (float(numbers.get(span.session, 0)), span.start or 0.0)
            episodes.setdefault(f"{segment.parent}\0{span.unit}", []).append((place, i, segment))
    for stages in episodes.values():
        stages.sort(key=lambda s: s[0])
        for (_, _, before), (_, i, after) in itertools.pairwise(stages):
            assert before.stage is not None
            assert after.stage is not None
            if _STAGES.index(after.stage) < _STAGES.index(before.stage):
                needed = f"after {before.stage!r} no earlier stage of the same episode"
                yield broken("stage_order", "segments", i, "stage", needed=needed, found=repr(after.stage))
