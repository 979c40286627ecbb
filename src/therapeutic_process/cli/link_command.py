"""The command ``link``."""

from __future__ import annotations

import json
from collections import Counter
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any

import typer

from therapeutic_process.cli.console import stop
from therapeutic_process.cli.reading import described, finish
from therapeutic_process.cli.shared_lines import tell_shared
from therapeutic_process.cli.small_cells import SmallCellsOption, rule_wanted
from therapeutic_process.process_outcome import Link, LinkedSession, Links, link_events
from therapeutic_process.report.words import count

__all__ = ["link"]


def link(
    path: Annotated[Path, typer.Argument(help="A .json, .jsonl or .jsonl.gz file, or a folder of them.")],
    sessions: Annotated[
        int | None,
        typer.Option(
            "--window-sessions", min=1, help="Window before a change, in held sessions. [default: 2]"
        ),
    ] = None,
    days: Annotated[
        float | None,
        typer.Option("--window-days", min=0.01, help="Window before a change, in days, instead."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object instead of lines.")] = False,
    small_cells: SmallCellsOption = None,
) -> None:
    """Count what was recorded in the window before each change outside sessions. Linked does not mean caused.

    Cases and changes are named by their place, and nothing but counts is shown; under a small-cell rule, all cases are
    counted together. Exit status: 0, or 1 if some documents
    could not be read, or 2 if nothing could be done.

    Example: therapeutic-process link cases.jsonl --window-sessions 1
    """
    window, rule = _window(sessions, days), rule_wanted(small_cells)
    if rule is not None:
        tell_shared(path, rule, part="links", window=window, as_json=as_json)
    rows, unreadable = described(path, lambda case: link_events(case, window=window))
    if as_json:
        cases = [_case_json(place, links) for place, links in enumerate(rows, start=1)]
        whole = {"window": _window_json(window), "cases": cases, "unreadable": len(unreadable)}
        typer.echo(json.dumps(whole, ensure_ascii=False))
        finish(unreadable)
    for place, links in enumerate(rows, start=1):
        if links.n_events:
            _tell(place, links)
    events, linked = sum(r.n_events for r in rows), sum(r.n_linked for r in rows)
    several, unplaced = sum(r.n_ambiguous for r in rows), sum(len(r.unplaced) for r in rows)
    typer.echo(
        f"{count(len(rows), 'case')}, {count(events, 'change outside sessions')}: of these, {linked} with a session in "
        f"the window before, {several} with more than one, {unplaced} that cannot be placed"
    )
    without = sum(not r.n_events for r in rows)
    if without:
        typer.echo(f"{count(without, 'case')} without a change outside sessions")
    finish(unreadable)


def _window(sessions: int | None, days: float | None) -> timedelta | int:
    if days is None:
        return sessions or 2
    if sessions is not None:
        stop("give --window-sessions or --window-days, not both")
    try:
        return timedelta(days=days)
    except (OverflowError, ValueError):
        stop("--window-days: needed a number of days that a calendar holds, found another one")


def _tell(place: int, links: Links) -> None:
    typer.echo(f"case {place}: {count(links.n_events, 'change outside sessions')}")
    for number, one in enumerate(links.links, start=1):
        certain = sum(s.certain for s in one.sessions)
        cited = f", {len(one.cited)} cited as evidence" if one.cited else ""
        lost = f", {one.n_unplaced} not placed" if one.n_unplaced else ""
        typer.echo(
            f"  change {number}: {count(len(one.sessions), 'session in the window')} ({certain} certain{cited}), "
            f"{count(len(one.tasks), 'task')}, {count(len(one.journal), 'journal entry')}{lost}"
        )
        for session in one.sessions:
            typer.echo(f"    {_session(session)}")
    for reason, n in Counter(u.reason for u in links.unplaced).items():
        typer.echo(f"  {n} not placed: {reason}")


def _session(one: LinkedSession) -> str:
    lag = f"{one.lag}" if one.lag == one.lag_max else f"{one.lag} to {one.lag_max}"
    told = [f"lag {lag}"]
    if one.days is not None:
        ends = dict.fromkeys(f"{day:.3g}" for day in one.days)
        told.append(f"{' to '.join(ends)} days before")
    told += [
        count(len(one.interactions), "interaction"),
        count(len(one.in_session_changes), "change in session"),
    ]
    if not one.certain:
        told.append("may have come later")
    if one.attended is False:
        told.append("not attended")
    return ", ".join(told)


def _window_json(window: timedelta | int) -> dict[str, float]:
    return {"sessions": window} if isinstance(window, int) else {"days": window / timedelta(days=1)}


def _case_json(place: int, links: Links) -> dict[str, Any]:
    return {
        "case": place,
        "changes": links.n_events,
        "linked": links.n_linked,
        "ambiguous": links.n_ambiguous,
        "links": [_link_json(one) for one in links.links],
        "unplaced": dict(Counter(u.reason for u in links.unplaced)),
    }


def _link_json(one: Link) -> dict[str, Any]:
    return {
        "sessions": [
            {
                "lag": s.lag,
                "lag_max": s.lag_max,
                "days": s.days,
                "attended": s.attended,
                "certain": s.certain,
                "interactions": len(s.interactions),
                "in_session_changes": len(s.in_session_changes),
            }
            for s in one.sessions
        ],
        "ambiguity": one.ambiguity,
        "cited_sessions": len(one.cited),
        "tasks": len(one.tasks),
        "journal_entries": len(one.journal),
        "not_placed": one.n_unplaced,
    }
