"""The part of a cohort report that shows codes, what follows what, and links to changes outside sessions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from therapeutic_process.report.case_process import transition_notes, transition_table
from therapeutic_process.report.cohort_sessions import session_parts
from therapeutic_process.report.figures.heatmap import transition_spec
from therapeutic_process.report.html import Column, Html, join, table, tag
from therapeutic_process.report.residual_parts import residual_parts
from therapeutic_process.report.view import bar, drawing, note, notes
from therapeutic_process.report.words import count, percent, window_in_words

if TYPE_CHECKING:
    from collections.abc import Iterator

    from therapeutic_process.report.cohort_tally import CohortTally, Flow
    from therapeutic_process.report.names import Names

__all__ = ["flow_parts", "link_parts"]

_MAX_FLOWS = 6


def flow_parts(tally: CohortTally, names: Names) -> Iterator[Html | None]:
    """Yield codes and transitions by coding system, agreement, courses over therapies, and ratings.

    Args:
        tally: What was counted.
        names: What systems and codes are called.
    """
    if not tally.flows:
        yield note("No coding pass is recorded.")
    for number, (system, flow) in enumerate(tally.flows.items(), start=1):
        yield tag("h3", names.system(system))
        yield _code_table(tally, system, names)
        if not flow.pairs:
            yield note(
                "Transitions: cannot say: needs two interactions in a row with one code each, found none."
            )
        elif number <= _MAX_FLOWS:
            yield _flow(number, system, flow, names)
        else:
            yield note(f"Heat maps are drawn for the first {_MAX_FLOWS} systems.")
    yield from session_parts(tally.described, names)


def _code_table(tally: CohortTally, system: str, names: Names) -> Html:
    own = {(role, code): n for (s, role, code), n in tally.codes.items() if s == system}
    totals: dict[str, int] = {}
    for (role, _), n in own.items():
        totals[role] = totals.get(role, 0) + n
    rows = [
        [
            names.code(system, code),
            role,
            f"{n:,}",
            percent(n / totals[role]),
            bar(n / totals[role], role=role),
        ]
        for (role, code), n in sorted(
            own.items(), key=lambda kn: (-totals[kn[0][0]], kn[0][0], -kn[1], kn[0][1])
        )
    ]
    columns: list[Column | str] = [
        "code",
        "speaker",
        Column("given", "number"),
        Column("of role's codes", "number"),
        Column("share", "bar"),
    ]
    return (
        table("Codes given, all cases together", columns, rows)
        if rows
        else note("No code was given to an interaction.")
    )


def _flow(number: int, system: str, flow: Flow, names: Names) -> Html:
    pooled = flow.pooled()
    where = f"{count(flow.n_sessions, 'session')} of {count(flow.n_cases, 'case')}"
    told = f"{count(pooled.n_transitions, 'transition')} in {where}"
    remarks = transition_notes(pooled)
    if flow.n_passes_left_out:
        remarks.append(
            f"One pass per case is pooled; {count(flow.n_passes_left_out, 'further pass')} left out."
        )
    caption = join(
        f"Of all that followed a code (row), the share of each next code (column), in per cent, empty where "
        f"it never followed: {told}, pooled within sessions; "
        "nothing is counted from one session to the next.",
        notes(remarks),
    )
    order = names.in_order(system, pooled.codes)
    spec = transition_spec(pooled, order)
    label = f"Heat map of {told} coded with {names.system(system)}; the table below holds the counts."
    residuals = residual_parts(pooled, order, name=f"residual-{number}", what=told)
    drawn = drawing(spec, name=f"flow-{number}", label=label, caption=caption)
    return join(drawn, transition_table(pooled, order), residuals)


def link_parts(tally: CohortTally) -> Iterator[Html | None]:
    """Yield how changes outside sessions were linked, and why some could not be placed.

    Args:
        tally: What was counted.
    """
    found = tally.links
    if not found.n_events:
        yield note("No change outside sessions is recorded.")
        return
    yield tag("p", f"Window: {window_in_words(tally.window)} before the change.")
    n = found.n_events
    rows = [
        ("with one session in the window", found.n_linked - found.n_ambiguous),
        ("ambiguous: more than one session in the window", found.n_ambiguous),
        ("no session in the window", found.n_nothing),
        ("cannot be placed", found.unplaced.total()),
    ]
    columns: list[Column | str] = [
        "",
        Column("changes", "number"),
        Column("of all", "number"),
        Column("share", "bar"),
    ]
    columns[0] = "change outside sessions"
    yield table(
        f"{count(n, 'change outside sessions')}",
        columns,
        ([w, f"{k:,}", percent(k / n), bar(k / n)] for w, k in rows),
    )
    yield note(f"With a change in session in the window: {found.n_with_change_in_session:,}.")
    if found.unplaced:
        reasons = ([reason, f"{k:,}"] for reason, k in found.unplaced.most_common())
        yield table(
            "Why changes cannot be placed", [Column("reason", "wide"), Column("changes", "number")], reasons
        )
    yield notes(found.assumptions)
