"""The command ``change``."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import attrs
import typer

from therapeutic_process.change_process import (
    Change,
    DetectedChanges,
    NextFocus,
    changes,
    detect_changes,
    next_focus,
)
from therapeutic_process.cli.reading import described, finish
from therapeutic_process.records import Case
from therapeutic_process.session_process import PlanAdherence, plan_adherence

__all__ = ["change"]


def change(
    path: Annotated[Path, typer.Argument(help="A .json, .jsonl or .jsonl.gz file, or a folder of them.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object instead of lines.")] = False,
    scores: Annotated[bool, typer.Option("--scores", help="Show clients' scores too.")] = False,
) -> None:
    """Grade the change in each case: verdicts and why, changes detected, goals, and how plans were followed.

    Cases are named by their place, and counts and verdicts are shown; clients' scores only with --scores. Exit status:
    0, or 1 if some documents could not be read, or 2 if nothing could be done.

    Example: therapeutic-process change cases.jsonl
    """
    rows, unreadable = described(path, _grade)
    if as_json:
        cases = [g.as_json(place, scores=scores) for place, g in enumerate(rows, start=1)]
        typer.echo(json.dumps({"cases": cases, "unreadable": len(unreadable)}, ensure_ascii=False))
        finish(unreadable)
    for place, graded in enumerate(rows, start=1):
        typer.echo(f"case {place}")
        for line in graded.lines(scores=scores):
            typer.echo(f"  {line}")
    verdicts = Counter(_plain(c.verdict) for g in rows for c in g.changes)
    told = ", ".join(f"{n} {v}" for v, n in sorted(verdicts.items())) or "no scores"
    typer.echo(f"{len(rows)} cases, {verdicts.total()} series of scores: {told}")
    finish(unreadable)


@attrs.frozen(repr=False)
class _Graded:
    """What is told of one case."""

    changes: tuple[Change, ...]
    detected: DetectedChanges
    focus: NextFocus
    plans: tuple[PlanAdherence, ...]

    def lines(self, *, scores: bool) -> Iterator[str]:
        """Yield it as lines."""
        yield from (one.explain() if scores else _verdict(one) for one in self.changes)
        yield f"detected: {_counted(self._methods())}; not judged: {_counted(self.detected.dropped)}"
        goals = ", ".join(f"{n} {_plain(name)}" for name, n in self._goals().items())
        yield f"goals: {goals}"
        for plan in self.plans:
            yield f"plan: {_followed(plan)}"

    def as_json(self, place: int, *, scores: bool) -> dict[str, Any]:
        """Return it as JSON."""
        return {
            "case": place,
            "changes": [_change_json(c, scores=scores) for c in self.changes],
            "detected": self._methods(),
            "judged": self.detected.n_used,
            "not_judged": dict(self.detected.dropped),
            "left_out": dict(self.detected.left_out),
            "goals": self._goals(),
            "plans": [_plan_json(p) for p in self.plans],
        }

    def _methods(self) -> dict[str, int]:
        return dict(Counter(e.provenance.method for e in self.detected.events if e.provenance))

    def _goals(self) -> dict[str, int]:
        focus = self.focus
        names = ("achieved", "remaining", "follows", "not_agreed")
        return {name: len(getattr(focus, name)) for name in names}


def _grade(case: Case) -> _Graded:
    # nothing of the provenance is shown, so that the time of the call changes no output
    detected = detect_changes(case, at=datetime.now(tz=UTC))
    return _Graded(changes(case).rows, detected, next_focus(case), plan_adherence(case))


def _plain(code: str) -> str:
    return code.replace("_", " ")


def _counted(found: Any) -> str:
    return ", ".join(f"{n} {_plain(code)}" for code, n in found.items()) or "none"


def _verdict(one: Change) -> str:
    name = one.instrument if one.scale is None else f"{one.instrument}/{one.scale}"
    told = f"{name} ({one.respondent.kind}): {_plain(one.verdict)}"
    if one.why is not None and one.verdict == "cannot_say":
        return f"{told}: {one.why}"
    if one.threshold is None:
        return told
    sign = {True: "at least ", False: "more than ", None: ""}[one.threshold.inclusive]
    return f"{told}; threshold {sign}{one.threshold.value:g} points ({one.threshold.source})"


def _followed(one: PlanAdherence) -> str:
    planned = "an unstated number" if one.planned_sessions is None else str(one.planned_sessions)
    delivered = sum(d.delivered_sessions > 0 for d in one.interventions if d.planned)
    return (
        f"revision {one.revision}, {_plain(one.status)}: {one.held} sessions held of {planned} planned, "
        f"{delivered} of {sum(d.planned for d in one.interventions)} planned interventions delivered, "
        f"{one.tasks_completed} of {one.tasks} tasks completed"
    )


def _change_json(one: Change, *, scores: bool) -> dict[str, Any]:
    told = {
        "instrument": one.instrument,
        "scale": one.scale,
        "respondent": one.respondent.kind,
        "verdict": one.verdict,
        "why": one.why,
        "threshold": one.threshold.value if one.threshold else None,
        "source": one.threshold.source if one.threshold else None,
        "n_scores": one.n_scores,
        "n_missing": one.n_missing,
    }
    return {**told, **({"before": one.before, "after": one.after} if scores else {})}


def _plan_json(one: PlanAdherence) -> dict[str, Any]:
    names = (
        "revision", "status", "planned_sessions", "held", "cancelled", "missed", "share_held",
        "sessions_without_interventions", "tasks", "tasks_completed", "tasks_open", "tasks_rated",
    )  # fmt: skip
    planned = [d for d in one.interventions if d.planned]
    delivered = sum(d.delivered_sessions > 0 for d in planned)
    counts = {"interventions_planned": len(planned), "interventions_delivered": delivered}
    return {name: getattr(one, name) for name in names} | counts
