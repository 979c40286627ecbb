"""What the command ``change`` tells of one case, as lines."""

from __future__ import annotations

from collections.abc import Iterator

from therapeutic_process.change_process import Change
from therapeutic_process.cli.change_facts import GradedCase, Services, counted, plain
from therapeutic_process.report.case_significance import CLASS_WORDS, SERVICE_ANSWERS, answer_in_words
from therapeutic_process.report.goal_facts import Attainment, Progress
from therapeutic_process.report.graded_series import Answer, GradedSeries
from therapeutic_process.session_process import PlanAdherence

__all__ = ["Sources", "case_lines"]


class Sources:
    """Numbers the sources as they are cited, so that each is written out once."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}

    def cited(self, source: str) -> str:
        """Return how a source is cited.

        Args:
            source: Its text.
        """
        return f"source {self._numbers.setdefault(source, len(self._numbers) + 1)}"

    def lines(self) -> Iterator[str]:
        """Yield the sources cited, by number."""
        yield from (f"source {number}: {source}" for source, number in self._numbers.items())


def case_lines(case: GradedCase, sources: Sources, *, scores: bool) -> Iterator[str]:
    """Yield what is told of a case.

    Args:
        case: What is known of it.
        sources: Takes the sources of thresholds and cutoffs.
        scores: Whether clients' scores are shown.
    """
    for one in case.series:
        yield one.change.explain() if scores else _verdict(one.change, sources)
        yield from (f"  {line}" for line in _series_lines(one, sources))
    yield from _service_lines(case.services)
    yield f"detected: {counted(case.methods)}; not judged: {counted(case.detected.dropped)}"
    yield from _goal_lines(case, scores=scores)
    yield from (f"plan: {_followed(plan)}" for plan in case.plans)


def _goal_lines(case: GradedCase, *, scores: bool) -> Iterator[str]:
    yield "goals: " + ", ".join(f"{n} {plain(name)}" for name, n in case.standing.items())
    if scores:
        for goal, since in zip(case.focus.achieved, case.focus.achieved_since, strict=True):
            told = "since when is not recorded" if since is None else f"since {since.isoformat()}"
            yield f"  goal {case.goals[goal]}: achieved, {told}"
    yield from (_attained(one, scores=scores) for one in case.attainments)
    yield from (_rated(one, case.goals[one.goal], scores=scores) for one in case.progress)


def _service_lines(services: Services) -> Iterator[str]:
    if isinstance(services, str):
        yield f"NHS Talking Therapies: cannot say: {services}"
        return
    for place, outcome in services.items():
        told = [f"{w} {answer_in_words(said=getattr(outcome, k))}" for k, w in SERVICE_ANSWERS.items()]
        yield f"NHS Talking Therapies (client {place}): {', '.join(told)}"
        yield from (f"  {why}" for why in outcome.why)


def _verdict(one: Change, sources: Sources) -> str:
    name = one.instrument if one.scale is None else f"{one.instrument}/{one.scale}"
    told = f"{name} ({one.respondent.kind}): {plain(one.verdict)}"
    if one.why is not None and one.verdict == "cannot_say":
        return f"{told}: {one.why}"
    if one.threshold is None:
        return told
    sign = {True: "at least ", False: "more than ", None: ""}[one.threshold.inclusive]
    return f"{told}; threshold {sign}{one.threshold.value:g} points ({sources.cited(one.threshold.source)})"


def _series_lines(one: GradedSeries, sources: Sources) -> Iterator[str]:
    yield f"class: {_class(one, sources)}"
    yield f"response: {_answered(one.response)}; remission: {_answered(one.remission)}"
    if one.sudden.rule is None:
        yield f"sudden gains and losses: cannot say: {one.sudden.why}"
        return
    counts, reasons = one.sudden.counts(), one.sudden.reasons()
    told = f"{counts['sudden_gain']} sudden gains, {counts['sudden_loss']} sudden losses, {counts['neither']} neither"
    unsaid = f"{counts['cannot_say']} cannot say{f' ({counted(reasons)})' if reasons else ''}"
    yield f"of {counts.total()} intervals: {told}, {unsaid}"


def _class(one: GradedSeries, sources: Sources) -> str:
    if one.category is None:
        return f"cannot say: {one.why}"
    told = CLASS_WORDS[one.category]
    if one.cutoff is None:
        return told
    return f"{told}; cutoff {one.cutoff.value:g} ({sources.cited(one.cutoff.source)})"


def _answered(one: Answer) -> str:
    told = answer_in_words(said=one.said)
    return told if one.said is not None else f"{told}: {one.why}"


def _attained(one: Attainment, *, scores: bool) -> str:
    told = f"goal attainment (rated by {one.rater.kind}): {one.now.n_rated} goals rated, {one.now.n_unrated} not rated"
    if not scores or one.now.t is None:
        return told
    change = one.since.change if one.since else None
    since = "change cannot say: no level at the start" if change is None else f"{change:+.1f} since the start"
    return f"{told}; T {one.now.t:.1f}, {since}"


def _rated(one: Progress, goal: int, *, scores: bool) -> str:
    told = f"goal-based outcome (rated by {one.rater.kind}): goal {goal}, {one.n} rating{'s' * (one.n != 1)}"
    if not scores:
        return told
    if one.last is None:
        return f"{told}; {one.first:g} of 10"
    return f"{told}; from {one.first:g} to {one.last:g} of 10 ({one.difference:+g})"


def _followed(one: PlanAdherence) -> str:
    planned = "an unstated number" if one.planned_sessions is None else str(one.planned_sessions)
    delivered = sum(d.delivered_sessions > 0 for d in one.interventions if d.planned)
    return (
        f"revision {one.revision}, {plain(one.status)}: {one.held} sessions held of {planned} planned, "
        f"{delivered} of {sum(d.planned for d in one.interventions)} planned interventions delivered, "
        f"{one.tasks_completed} of {one.tasks} tasks completed"
    )
