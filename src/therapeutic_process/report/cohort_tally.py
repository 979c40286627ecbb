"""What a report counts of a cohort, case by case, so that no case has to be kept."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import TYPE_CHECKING

import attrs

from therapeutic_process.change_process import changes
from therapeutic_process.instruments import Catalogue, CodingSystem, Instrument
from therapeutic_process.process_outcome import link_events, perspectives
from therapeutic_process.report.cohort_change_tally import ChangeTally
from therapeutic_process.report.cohort_sessions import SessionTally
from therapeutic_process.report.figures.change import ScaleTally
from therapeutic_process.session_process import Transition, Transitions, code_profile, transitions

if TYPE_CHECKING:
    from therapeutic_process.records import Case, CodingPass

__all__ = ["CohortTally", "Flow", "LinkTally", "ViewTally"]


@attrs.define(eq=False, repr=False)
class Flow:
    """Transitions of one coding system, pooled within sessions."""

    pairs: Counter[tuple[str, str]] = attrs.field(factory=Counter)
    codes: dict[str, None] = attrs.field(factory=dict)
    n_cases: int = 0
    n_sessions: int = 0
    n_uncoded: int = 0
    n_multiple: int = 0
    n_passes_left_out: int = 0

    def add(self, found: Transitions, *, passes_left_out: int) -> None:
        """Count the transitions of one case.

        Args:
            found: Its transitions.
            passes_left_out: Further passes with the same system, which are not pooled: they coded the same talk.
        """
        self.codes.update(dict.fromkeys(found.codes))
        self.pairs.update({(r.given, r.target): r.count for r in found.rows if r.count})
        self.n_cases += found.n_transitions > 0
        self.n_sessions += found.n_sessions
        self.n_uncoded += found.n_uncoded
        self.n_multiple += found.n_multiple
        self.n_passes_left_out += passes_left_out

    def pooled(self) -> Transitions:
        """Return the pooled counts and shares."""
        totals: Counter[str] = Counter()
        for (given, _), n in self.pairs.items():
            totals[given] += n
        rows = tuple(
            Transition(a, b, self.pairs[a, b], self.pairs[a, b] / totals[a] if totals[a] else None)
            for a in self.codes
            for b in self.codes
        )
        return Transitions(
            tuple(self.codes), rows, 1, self.n_sessions, self.pairs.total(), self.n_uncoded, self.n_multiple
        )


@attrs.define(eq=False, repr=False)
class LinkTally:
    """How changes outside sessions were linked."""

    n_events: int = 0
    n_linked: int = 0
    n_ambiguous: int = 0
    n_nothing: int = 0
    n_with_change_in_session: int = 0
    unplaced: Counter[str] = attrs.field(factory=Counter)
    assumptions: tuple[str, ...] = ()

    def add(self, case: Case, window: timedelta | int) -> None:
        """Count the links of one case."""
        found = link_events(case, window=window)
        self.n_events += found.n_events
        self.n_linked += found.n_linked
        self.n_ambiguous += found.n_ambiguous
        self.n_nothing += len(found.links) - found.n_linked
        self.n_with_change_in_session += sum(
            any(s.in_session_changes for s in x.sessions) for x in found.links
        )
        self.assumptions = found.assumptions
        self.unplaced.update(u.reason for u in found.unplaced)


@attrs.define(eq=False, repr=False)
class ViewTally:
    """What each perspective holds."""

    n_interactions: int = 0
    n_unclaimed: int = 0
    n_claimed: int = 0
    n_inside: int = 0
    n_outside: int = 0
    n_cases_without_changes: int = 0
    meaning: tuple[str, ...] = ()

    def add(self, case: Case) -> None:
        """Count the perspectives on one case."""
        found = perspectives(case)
        self.n_interactions += found.n_interactions
        self.n_unclaimed += found.n_unclaimed
        self.n_claimed += len(found.claimed_interactions)
        self.n_inside += len(found.changes_in_session)
        self.n_outside += len(found.changes_outside)
        self.meaning = found.meaning
        self.n_cases_without_changes += not case.change_events


@attrs.define(eq=False, repr=False)
class CohortTally:
    """Everything that is counted of a cohort.

    Attributes:
        window: The window of the links.
        catalogue: Where to look up instruments, besides each case's own.
        numbers: Cases, clients, interactions and so on.
        sessions: Sessions by status.
        by: Clients by format, setting, site and arm.
        missing: Measurements without a score by instrument, scale and reason.
        scales: Change by instrument and scale.
        graded: Classes, sudden changes, services' rules and goals.
        flows: Transitions by coding system.
        codes: Codes given, by system, role of the speaker and code.
        links: Links.
        views: Perspectives.
        described: What is kept of the sessions: agreement, courses, ratings.
        own: Instruments and coding systems that cases brought along, each as it was first met.
    """

    window: timedelta | int
    catalogue: Catalogue
    numbers: Counter[str] = attrs.field(factory=Counter)
    sessions: Counter[str] = attrs.field(factory=Counter)
    by: dict[str, Counter[str]] = attrs.field(factory=dict)
    missing: Counter[tuple[str, str | None, str]] = attrs.field(factory=Counter)
    scales: dict[tuple[str, str | None], ScaleTally] = attrs.field(factory=dict)
    graded: ChangeTally = attrs.field(factory=ChangeTally)
    flows: dict[str, Flow] = attrs.field(factory=dict)
    codes: Counter[tuple[str, str, str]] = attrs.field(factory=Counter)
    links: LinkTally = attrs.field(factory=LinkTally)
    views: ViewTally = attrs.field(factory=ViewTally)
    described: SessionTally = attrs.field(factory=SessionTally)
    own: dict[str, Instrument | CodingSystem] = attrs.field(factory=dict)

    def add(self, case: Case) -> None:
        """Count one case.

        Args:
            case: The case; nothing of it is kept.
        """
        for instrument in case.instruments:
            self.own.setdefault(f"instrument {instrument.id}", instrument)
        for system in case.coding_systems:
            self.own.setdefault(f"system {system.id}", system)
        self._people(case)
        self._scores(case)
        self._codes(case)
        self.described.add(case, self.catalogue)
        self.links.add(case, self.window)
        self.views.add(case)

    def _people(self, case: Case) -> None:
        n = len(case.clients)
        self.numbers.update(
            cases=1,
            clients=n,
            interactions=sum(len(s.interactions) for s in case.held_sessions),
            without_sessions=not case.held_sessions,
            ended=case.ending is not None,
            tasks=len(case.tasks),
            goals=len(case.goals),
        )
        self.sessions.update(s.status for s in case.sessions)
        self._count("format", case.treatment_format, n)
        self._count("setting", case.setting or "not recorded", n)
        for client in case.clients:
            self._count("site", client.site or "not recorded", 1)
            self._count("arm", client.arm or "not recorded", 1)

    def _count(self, what: str, value: str, n: int) -> None:
        self.by.setdefault(what, Counter())[value] += n

    def _scores(self, case: Case) -> None:
        self.numbers["measurements"] += len(case.measurements)
        self.missing.update(
            (m.instrument, m.scale, m.missing) for m in case.measurements if m.missing is not None
        )
        for row in changes(case, catalogue=self.catalogue).rows:
            self.scales.setdefault((row.instrument, row.scale), ScaleTally()).add(row)
        self.graded.add(case, self.catalogue)

    def _codes(self, case: Case) -> None:
        profile = code_profile(case)
        self.numbers.update(
            covered=profile.n_covered, coded=profile.n_coded, coverage_unknown=profile.n_unknown
        )
        by_system: dict[str, list[CodingPass]] = {}
        for one in case.coding_passes:
            by_system.setdefault(one.system, []).append(one)
        for system, passes in by_system.items():
            chosen = next((p for p in passes if p.procedure == "consensus"), passes[0])
            found = transitions(case, coding_pass=chosen.id)
            self.flows.setdefault(system, Flow()).add(found, passes_left_out=len(passes) - 1)
            for row in profile.rows:
                if row.coding_pass == chosen.id:
                    self.codes[system, row.role or "speaker not known", row.code] += row.count
