"""What is counted of change in a cohort, case by case: classes, sudden changes, services' rules and goals."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

import attrs

from therapeutic_process.change_process import next_focus, talking_therapies_of
from therapeutic_process.errors import NotEnoughData
from therapeutic_process.report.case_significance import PAIR, SERVICE_ANSWERS, answer_in_words, in_pair
from therapeutic_process.report.goal_facts import attainments, progress, sought
from therapeutic_process.report.graded_series import GradedSeries, graded_series

if TYPE_CHECKING:
    from therapeutic_process.instruments import Catalogue
    from therapeutic_process.records import Case

__all__ = [
    "CANNOT_SAY",
    "GROUPINGS",
    "NOT_RECORDED",
    "ChangeTally",
    "GoalTally",
    "ScaleGrades",
    "ScaleKey",
    "ServiceTally",
]

ScaleKey = tuple[str, str | None, str]
"""Instrument, scale, and the kind of respondent."""
GROUPINGS: Final = ("arm", "site", "group")
NOT_RECORDED: Final = "not recorded"
CANNOT_SAY: Final = "cannot_say"


@attrs.define(eq=False, repr=False)
class ScaleGrades:
    """What is counted of one scale as one kind of respondent answers it.

    Attributes:
        n_series: Series of scores.
        n_repeated: Series beyond the first about the same person: their classes do not stand for persons.
        classes: Series by class, ``cannot_say`` among them.
        reasons: Why there is no class.
        cutoffs: The cutoffs that were used, with their sources.
        response: Series by answer: yes, no, cannot say.
        remission: Likewise.
        intervals: Intervals by verdict on sudden changes.
        interval_reasons: Why intervals cannot be judged, by code.
        with_change: Series with at least one sudden gain, and with at least one sudden loss.
        n_judged: Series of which at least one interval could be judged.
        unruled: Why no interval of the others could.
        by_group: Series by class, within a grouping and its value.
    """

    n_series: int = 0
    n_repeated: int = 0
    classes: Counter[str] = attrs.field(factory=Counter)
    reasons: Counter[str] = attrs.field(factory=Counter)
    cutoffs: dict[str, float] = attrs.field(factory=dict)
    response: Counter[str] = attrs.field(factory=Counter)
    remission: Counter[str] = attrs.field(factory=Counter)
    intervals: Counter[str] = attrs.field(factory=Counter)
    interval_reasons: Counter[str] = attrs.field(factory=Counter)
    with_change: Counter[str] = attrs.field(factory=Counter)
    n_judged: int = 0
    unruled: Counter[str] = attrs.field(factory=Counter)
    by_group: dict[str, Counter[tuple[str, str]]] = attrs.field(factory=dict)

    def add(self, one: GradedSeries, groups: dict[str, str], *, repeated: bool) -> None:
        """Count one series.

        Args:
            one: The series.
            groups: Grouping and value of the person it is about.
            repeated: Whether another series of this scale is about the same person.
        """
        category = one.category or CANNOT_SAY
        self.n_series += 1
        self.n_repeated += repeated
        self.classes[category] += 1
        if one.category is None:
            self.reasons[_without_counts(one)] += 1
        if one.cutoff is not None:
            self.cutoffs[one.cutoff.source] = one.cutoff.value
        self.response[answer_in_words(said=one.response.said)] += 1
        self.remission[answer_in_words(said=one.remission.said)] += 1
        for what, value in groups.items():
            self.by_group.setdefault(what, Counter())[value, category] += 1
        self._sudden(one)

    def _sudden(self, one: GradedSeries) -> None:
        if one.sudden.rule is None:
            few = one.change.n_scores + one.change.n_missing < 2
            self.unruled["needs 2 measurements, found 1" if few else one.sudden.why or ""] += 1
            return
        counts = one.sudden.counts()
        if counts["cannot_say"] < counts.total():
            self.n_judged += 1
        else:
            self.unruled["no interval can be judged"] += 1
        self.intervals += counts
        self.interval_reasons += one.sudden.reasons()
        self.with_change.update(v for v in ("sudden_gain", "sudden_loss") if counts[v])


def _without_counts(one: GradedSeries) -> str:
    """Return why there is no class, without the counts of each series, which would make as many reasons."""
    return f"needs 2 scores, found {one.change.n_scores}" if one.change.difference is None else one.why or ""


@attrs.define(eq=False, repr=False)
class ServiceTally:
    """Outcomes under the rules of NHS Talking Therapies, for clients of whom both measures were asked.

    Attributes:
        n_clients: Those clients.
        n_one_measure: Clients of whom only one of the two was asked: left out.
        n_not_in_denominator: Clients with all scores who did not begin at caseness.
        answers: Clients by question and answer.
        reasons: What could not be said, and why.
        definitions: The definitions used.
        refused: Why the rules could not be applied at all, if so.
    """

    n_clients: int = 0
    n_one_measure: int = 0
    n_not_in_denominator: int = 0
    answers: Counter[tuple[str, str]] = attrs.field(factory=Counter)
    reasons: Counter[str] = attrs.field(factory=Counter)
    definitions: tuple[str, ...] = ()
    refused: str | None = None

    def add(self, case: Case, catalogue: Catalogue) -> None:
        """Count the clients of one case."""
        for client in case.clients:
            asked = in_pair(case, client.id)
            self.n_one_measure += len(asked) == 1
            if len(asked) == len(PAIR):
                self._client(case, client.id, catalogue)

    def _client(self, case: Case, client: str, catalogue: Catalogue) -> None:
        try:
            outcome = talking_therapies_of(case, client=client, catalogue=catalogue)
        except NotEnoughData as error:
            self.refused = str(error)
            return
        self.n_clients += 1
        self.definitions = outcome.definitions
        outside = outcome.in_recovery_denominator is False
        self.n_not_in_denominator += outside
        for name in SERVICE_ANSWERS:
            said = answer_in_words(said=getattr(outcome, name))
            left = outside and name in {"recovery", "reliable_recovery"}
            self.answers[name, "outside the denominator" if left else said] += 1
        self.reasons.update(w for w in outcome.why if not outside)


@attrs.define(eq=False, repr=False)
class GoalTally:
    """Goals and their outcome.

    Attributes:
        n_cases: Cases with a goal that was sought.
        standing: Goals achieved, agreed and remaining, following an achieved one, not agreed.
        t_now: T scores by kind of rater.
        t_change: Changes in T by kind of rater, where the level at the start is recorded.
        n_unrated: Goals that a rater of others did not rate, by kind of rater.
        progress: Last minus first goal-based rating, by kind of rater.
        n_single: Goals with a single rating, by kind of rater.
    """

    n_cases: int = 0
    standing: Counter[str] = attrs.field(factory=Counter)
    t_now: dict[str, list[float]] = attrs.field(factory=dict)
    t_change: dict[str, list[float]] = attrs.field(factory=dict)
    n_unrated: Counter[str] = attrs.field(factory=Counter)
    progress: dict[str, list[float]] = attrs.field(factory=dict)
    n_single: Counter[str] = attrs.field(factory=Counter)

    def add(self, case: Case) -> None:
        """Count the goals of one case."""
        if not sought(case):
            return
        self.n_cases += 1
        focus = next_focus(case)
        for name in ("achieved", "remaining", "follows", "not_agreed"):
            self.standing[name] += len(getattr(focus, name))
        for one in attainments(case):
            kind = one.rater.kind
            self.n_unrated[kind] += one.now.n_unrated
            if one.now.t is not None:
                self.t_now.setdefault(kind, []).append(one.now.t)
            if one.since is not None and one.since.change is not None:
                self.t_change.setdefault(kind, []).append(one.since.change)
        for rated in progress(case):
            if rated.difference is None:
                self.n_single[rated.rater.kind] += 1
            else:
                self.progress.setdefault(rated.rater.kind, []).append(rated.difference)


@attrs.define(eq=False, repr=False)
class ChangeTally:
    """Counts of change; grows case by case.

    Attributes:
        scales: By instrument, scale and kind of respondent.
        clients: Clients by grouping and value.
        services: Outcomes under services' rules.
        goals: Goals and their outcome.
    """

    scales: dict[ScaleKey, ScaleGrades] = attrs.field(factory=dict)
    clients: dict[str, Counter[str]] = attrs.field(factory=dict)
    services: ServiceTally = attrs.field(factory=ServiceTally)
    goals: GoalTally = attrs.field(factory=GoalTally)

    def add(self, case: Case, catalogue: Catalogue) -> None:
        """Count one case; nothing of it is kept.

        Args:
            case: The case.
            catalogue: Where to look up instruments; the case's own come first.
        """
        groups = _groups(case)
        for client in case.clients:
            for what, value in groups[client.id].items():
                self.clients.setdefault(what, Counter())[value] += 1
        seen: set[tuple[ScaleKey, str]] = set()
        for one in graded_series(case, catalogue):
            about = one.change
            key = about.instrument, about.scale, about.respondent.kind
            grades = self.scales.setdefault(key, ScaleGrades())
            repeated = (key, about.subject) in seen
            grades.add(one, groups.get(about.subject, {}), repeated=repeated)
            seen.add((key, about.subject))
        own = catalogue.with_(*case.instruments) if case.instruments else catalogue
        self.services.add(case, own)
        self.goals.add(case)


def _groups(case: Case) -> dict[str, dict[str, str]]:
    return {c.id: {what: getattr(c, what) or NOT_RECORDED for what in GROUPINGS} for c in case.clients}
