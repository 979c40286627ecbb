"""What the command ``change`` tells of one case, as JSON."""

from __future__ import annotations

from typing import Any

from therapeutic_process.change_process import TalkingTherapiesOutcome
from therapeutic_process.cli.change_facts import GradedCase, Services
from therapeutic_process.report.case_significance import SERVICE_ANSWERS
from therapeutic_process.report.goal_facts import Attainment, Progress
from therapeutic_process.report.graded_series import GradedSeries
from therapeutic_process.session_process import PlanAdherence

__all__ = ["case_json"]


def case_json(case: GradedCase, place: int, *, scores: bool) -> dict[str, Any]:
    """Return what is told of a case.

    Args:
        case: What is known of it.
        place: Its place among the cases.
        scores: Whether clients' scores are shown.
    """
    return {
        "case": place,
        "changes": [_change_json(one, scores=scores) for one in case.series],
        "talking_therapies": _services_json(case.services),
        "detected": case.methods,
        "judged": case.detected.n_used,
        "not_judged": dict(case.detected.dropped),
        "left_out": dict(case.detected.left_out),
        "goals": case.standing | (_since(case) if scores else {}),
        "goal_attainment": [_attainment_json(one, scores=scores) for one in case.attainments],
        "goal_ratings": [_rating_json(one, case.goals[one.goal], scores=scores) for one in case.progress],
        "plans": [_plan_json(p) for p in case.plans],
    }


def _since(case: GradedCase) -> dict[str, list[str | None]]:
    return {"achieved_since": [None if at is None else at.isoformat() for at in case.focus.achieved_since]}


def _change_json(graded: GradedSeries, *, scores: bool) -> dict[str, Any]:
    one = graded.change
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
        "class": graded.category,
        "class_why": graded.why,
        "cutoff": graded.cutoff.value if graded.cutoff else None,
        "cutoff_source": graded.cutoff.source if graded.cutoff else None,
        "response": graded.response.said,
        "response_why": graded.response.why or None,
        "remission": graded.remission.said,
        "remission_why": graded.remission.why or None,
        "sudden": _sudden_json(graded),
    }
    return {**told, **({"before": one.before, "after": one.after} if scores else {})}


def _sudden_json(graded: GradedSeries) -> dict[str, Any]:
    counts = graded.sudden.counts()
    judged = graded.sudden.rule is not None
    names = ("sudden_gain", "sudden_loss", "neither", "cannot_say")
    return {
        "why": graded.sudden.why,
        "intervals": counts.total() if judged else None,
        **{name: counts[name] if judged else None for name in names},
        "reasons": dict(graded.sudden.reasons()),
    }


def _services_json(services: Services) -> list[dict[str, Any]]:
    if isinstance(services, str):
        return [{"client": None, **dict.fromkeys(SERVICE_ANSWERS), "why": [services], "sources": {}}]
    return [_service_json(c, one) for c, one in services.items()]


def _service_json(place: int, one: TalkingTherapiesOutcome) -> dict[str, Any]:
    answers = {name: getattr(one, name) for name in SERVICE_ANSWERS}
    sources = {rule.instrument: rule.source for rule in one.rules}
    return {"client": place, **answers, "why": list(one.why), "sources": sources}


def _attainment_json(one: Attainment, *, scores: bool) -> dict[str, Any]:
    told = {
        "rater": one.rater.kind,
        "independent": one.independent,
        "goals_rated": one.now.n_rated,
        "goals_not_rated": one.now.n_unrated,
        "equal_weights": one.now.equal_weights,
        "correlation": one.now.correlation,
    }
    shown = {"t": one.now.t, "t_change": one.since.change if one.since else None}
    return {**told, **(shown if scores else {})}


def _rating_json(one: Progress, goal: int, *, scores: bool) -> dict[str, Any]:
    told = {"goal": goal, "rater": one.rater.kind, "ratings": one.n}
    return {**told, **({"first": one.first, "last": one.last} if scores else {})}


def _plan_json(one: PlanAdherence) -> dict[str, Any]:
    names = (
        "revision", "status", "planned_sessions", "held", "cancelled", "missed", "share_held",
        "sessions_without_interventions", "tasks", "tasks_completed", "tasks_open", "tasks_rated",
    )  # fmt: skip
    planned = [d for d in one.interventions if d.planned]
    delivered = sum(d.delivered_sessions > 0 for d in planned)
    counts = {"interventions_planned": len(planned), "interventions_delivered": delivered}
    return {name: getattr(one, name) for name in names} | counts
