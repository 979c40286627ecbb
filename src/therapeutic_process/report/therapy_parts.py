"""How codes, declared ratios and talk change from session to session."""

from __future__ import annotations

from typing import TYPE_CHECKING

from therapeutic_process.report.figures.courses import MAX_LINES, course_spec
from therapeutic_process.report.html import Column, Content, Html, table
from therapeutic_process.report.rating_parts import number
from therapeutic_process.report.view import View, drawing, note
from therapeutic_process.report.words import count, percent
from therapeutic_process.session_process import MeasureCourse, therapy_course

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["therapy_parts"]

_LEAST = 2
_ROWS = 24


def therapy_parts(view: View) -> Iterator[Html | None]:
    """Yield the course over the therapy: a figure and a table.

    Args:
        view: The case and how to show it.
    """
    held = len(view.case.held_sessions)
    yield view.subheading("From session to session")
    if held < _LEAST:
        yield note(f"Course over the therapy: cannot say: needs {_LEAST} held sessions, found {held}.")
        return
    found = therapy_course(view.case, catalogue=view.names.catalogue)
    known = [r for r in found.rows if r.n and r.of not in {"words", "seconds"}]
    spec = course_spec(found) if any(r.n >= _LEAST for r in known) else None
    if spec is not None:
        label = f"Lines of {count(len(known), 'measure')} over {count(held, 'session')}; the table below sums them up."
        told = (
            f"Shares of codes and of turns by session, the {MAX_LINES} most frequent codes, broken where a session has "
            "none. A code's share is that of all codes that the pass gave in the session."
        )
        yield drawing(spec, name=f"{view.prefix}-course", label=label, caption=told, wide=True)
    yield (
        _table(view, known) if known else note("Course over the therapy: cannot say: no code and no speech.")
    )


def _table(view: View, rows: list[MeasureCourse]) -> Html:
    columns: list[Column | str] = [
        Column("measure", "name"),
        Column("sessions", "number"),
        Column("not known in", "number"),
        Column("first third", "number"),
        Column("middle", "number"),
        Column("last third", "number"),
        Column("per session", "number"),
    ]
    order = {"talk_share": 0, "ratio": 1, "code_share": 2}
    chosen = sorted(rows, key=lambda r: (order[r.measure], -(r.mean or 0.0)))[:_ROWS]
    left = f"; the {_ROWS} first of {len(rows)}" if len(rows) > _ROWS else ""
    caption = (
        f"Measures over the thirds of the sessions held, and change per session (from 3 values on){left}"
    )
    return table(caption, columns, [_row(view, r) for r in chosen])


def _row(view: View, one: MeasureCourse) -> list[Content]:
    share = one.measure != "ratio"
    passes = {p.id: p.system for p in view.case.coding_passes}
    system = passes.get(one.of or "", "")
    name = {
        "talk_share": f"turns of the {one.name}",
        "ratio": f"ratio {one.name}",
        "code_share": view.names.code(system, one.name),
    }[one.measure]
    several = one.of in passes and sum(s == system for s in passes.values()) > 1
    told = [one.first_third, one.middle_third, one.last_third]
    slope = None if one.slope is None else 100 * one.slope if share else one.slope
    return [
        f"{name}, pass {list(passes).index(one.of or '') + 1}" if several else name,
        f"{one.n} of {one.n_sessions}",
        one.gaps or "none",
        *(percent(v) if share else number(v) for v in told),
        f"{number(slope, signed=True, digits=1)} points"
        if share and slope is not None
        else number(slope, signed=True),
    ]
