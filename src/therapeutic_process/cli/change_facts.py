"""What the command ``change`` knows of one case."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime

import attrs

from therapeutic_process.change_process import (
    DetectedChanges,
    NextFocus,
    TalkingTherapiesOutcome,
    detect_changes,
    next_focus,
    talking_therapies_of,
)
from therapeutic_process.errors import NotEnoughData
from therapeutic_process.instruments import Catalogue, builtin_catalogue
from therapeutic_process.records import Case
from therapeutic_process.report.case_significance import in_pair
from therapeutic_process.report.goal_facts import Attainment, Progress, attainments, progress
from therapeutic_process.report.graded_series import GradedSeries, graded_series
from therapeutic_process.session_process import PlanAdherence, plan_adherence

__all__ = ["GradedCase", "Services", "counted", "graded_case", "plain"]

Services = Mapping[int, TalkingTherapiesOutcome] | str
"""Outcomes under services' rules by the place of the client, or why the rules cannot be applied."""


def plain(code: str) -> str:
    """Return a code as words."""
    return code.replace("_", " ")


def counted(found: Mapping[str, int]) -> str:
    """Return counts by code in words."""
    return ", ".join(f"{n} {plain(code)}" for code, n in found.items()) or "none"


@attrs.frozen(repr=False)
class GradedCase:
    """What is told of one case.

    Attributes:
        series: Its series of scores, graded.
        detected: The changes that methods find.
        focus: Where its goals stand.
        plans: How plans in force were followed.
        services: Outcomes under services' rules, by the place of the client among those of the case; or why the rules
            cannot be applied.
        attainments: Goal attainment by rater.
        progress: Goal-based outcome ratings by goal and rater.
        goals: The place of each goal in the case, by id.
    """

    series: tuple[GradedSeries, ...]
    detected: DetectedChanges
    focus: NextFocus
    plans: tuple[PlanAdherence, ...]
    services: Services
    attainments: tuple[Attainment, ...]
    progress: tuple[Progress, ...]
    goals: Mapping[str, int]

    @property
    def methods(self) -> dict[str, int]:
        """How many changes each method found."""
        return dict(Counter(e.provenance.method for e in self.detected.events if e.provenance))

    @property
    def standing(self) -> dict[str, int]:
        """How many goals are achieved, remain, follow an achieved one, and are not agreed."""
        names = ("achieved", "remaining", "follows", "not_agreed")
        return {name: len(getattr(self.focus, name)) for name in names}


def graded_case(case: Case) -> GradedCase:
    """Grade the change in one case.

    Args:
        case: The case.
    """
    known = builtin_catalogue()
    # nothing of the provenance is shown, so that the time of the call changes no output
    detected = detect_changes(case, at=datetime.now(tz=UTC))
    own = known.with_(*case.instruments) if case.instruments else known
    return GradedCase(
        series=graded_series(case, known),
        detected=detected,
        focus=next_focus(case),
        plans=plan_adherence(case),
        services=_services(case, own),
        attainments=attainments(case),
        progress=progress(case),
        goals={g.id: place for place, g in enumerate(case.goals, start=1)},
    )


def _services(case: Case, catalogue: Catalogue) -> Services:
    try:
        return {
            place: talking_therapies_of(case, client=client.id, catalogue=catalogue)
            for place, client in enumerate(case.clients, start=1)
            if in_pair(case, client.id)
        }
    except NotEnoughData as error:  # the case brought along an instrument without the thresholds
        return str(error)
