"""The two perspectives under a tested theory: what of the sessions is active, inert, or claimed by no mechanism."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Literal

import attrs

from therapeutic_process.change_process import CodePattern, EventPattern, RatingPattern, TaskPattern
from therapeutic_process.process_outcome.cause_values import cause_in_session
from therapeutic_process.process_outcome.links import link_events
from therapeutic_process.process_outcome.theory_mechanisms import MechanismTest
from therapeutic_process.tables import frame_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import polars as pl

    from therapeutic_process.change_process import Mechanism
    from therapeutic_process.process_outcome.links import Link
    from therapeutic_process.process_outcome.theory_verdicts import TheoryTest
    from therapeutic_process.records import Case, Code, Interaction

__all__ = ["PerspectivesTally", "ProcessStanding", "Standing", "TheoryPerspectives", "theory_perspectives"]

Standing = Literal["active", "inert", "undecided", "unclaimed"]

_ORDER: tuple[Standing, ...] = ("active", "undecided", "inert", "unclaimed")

MEANING = (
    "Active: a mechanism that claims it is supported, which is consistent with its effect and shows no cause.",
    "Inert: every mechanism that claims it was tested and shown to lie within the declared bounds; for these outcomes, "
    "this lag and these clients only.",
    "Undecided: claimed, and neither. What could not be tested, or was not significant, is undecided and not inert.",
    "Unclaimed: no mechanism of the theory speaks of it, so that nothing is known of it under the theory.",
    "A change outside is claimed if it cites something of a session, or if the last held session before it holds an "
    "active code, task or event; that says nothing about what led to it.",
)


@attrs.frozen(repr=False)
class ProcessStanding:
    """What a process variable is under the theory.

    Attributes:
        kind: `code`, `rating`, `task` or `event`.
        name: System and code, instrument and scale, kind of task or of event.
        role: For a code on talk: whose; None where not known.
        standing: `active`, `inert`, `undecided` or `unclaimed`.
        mechanisms: Ids of the mechanisms that claim it, with commas.
        n: How often it was recorded in held sessions.
        share: Of all that was recorded of its kind.
    """

    kind: Literal["code", "rating", "task", "event"]
    name: str
    role: str | None
    standing: Standing
    mechanisms: str
    n: int
    share: float

    def __repr__(self) -> str:
        return f"ProcessStanding({self.kind}, {self.standing}, n={self.n})"


@attrs.frozen(eq=False, repr=False)
class TheoryPerspectives:
    """What both perspectives hold of some cases, under a theory that was tested.

    Attributes:
        rows: A row per process variable, most frequent first within a kind.
        interactions: Interactions of held sessions by the standing of their codes, `active` before `undecided` before
            `inert` before `unclaimed`; `uncoded` ones hold no code.
        n_interactions: Interactions in held sessions.
        n_changes_outside: Changes outside sessions.
        n_cited: Those that cite something of a session.
        n_after_active: Those whose last held session before them holds an active process.
        n_unclaimed: Those that no session event claims: neither of both.
        n_unplaced: Those whose order to the sessions is not known, or not for sure.
        n_cases: Cases.
    """

    rows: tuple[ProcessStanding, ...]
    interactions: dict[str, int]
    n_interactions: int
    n_changes_outside: int
    n_cited: int
    n_after_active: int
    n_unclaimed: int
    n_unplaced: int
    n_cases: int
    meaning: tuple[str, ...] = MEANING

    def share(self, standing: Standing | Literal["uncoded"]) -> float:
        """Return which share of the interactions has a standing; nan without interactions.

        Args:
            standing: Which.
        """
        n = self.n_interactions
        return self.interactions.get(standing, 0) / n if n else float("nan")

    def __repr__(self) -> str:
        said = ", ".join(f"{self.interactions.get(s, 0)} {s}" for s in (*_ORDER, "uncoded"))
        return (
            f"TheoryPerspectives({self.n_cases} cases; {self.n_interactions} interactions: {said}; "
            f"{self.n_unclaimed} of {self.n_changes_outside} changes outside that no session event claims)"
        )

    def to_frame(self) -> pl.DataFrame:
        """Return one row per process variable with the columns of `ProcessStanding`."""
        return frame_of(self.rows, ProcessStanding)


def theory_perspectives(cases: Iterable[Case], theory_test: TheoryTest) -> TheoryPerspectives:
    """Say which of what is recorded in sessions is active, inert, undecided or unclaimed under a tested theory.

    >>> from therapeutic_process.change_process import CodePattern, Mechanism, ScorePattern, TheoryOfChange
    >>> from therapeutic_process.exchange import example_cases
    >>> from therapeutic_process.process_outcome import test_theory
    >>> talk = Mechanism(id="m", cause=CodePattern(system="automisc", codes=("C",), role="client"),
    ...     effect=ScorePattern(instrument="phq9"))
    >>> tested = test_theory(TheoryOfChange(id="mi", name="Talk", mechanisms=(talk,)), {}, timing="before")
    >>> theory_perspectives(example_cases(), tested).share("inert")
    0.0

    Args:
        cases: The cases; they need not be those that the theory was tested with.
        theory_test: The test.
    """
    tally = PerspectivesTally(theory_test)
    for case in cases:
        tally.add(case)
    return tally.result()


class PerspectivesTally:
    """Counts case after case and lets them go: what `theory_perspectives` says of any number of them."""

    def __init__(self, theory_test: TheoryTest) -> None:
        """Begin with no case.

        Args:
            theory_test: The test of the theory.
        """
        self._claims = _Claims(theory_test.mechanisms)
        self._variables: Counter[tuple[str, str, str | None]] = Counter()
        self._interactions: Counter[str] = Counter()
        self._changes: Counter[str] = Counter()
        self._n = 0

    def add(self, case: Case) -> None:
        """Count a case.

        Args:
            case: The case.
        """
        self._n += 1
        self._variables.update(_recorded(case))
        roles = {p.id: p.role for p in case.participants}
        talk = (x for s in case.held_sessions for x in s.interactions)
        self._interactions.update(self._claims.of_interaction(x, roles.get(x.speaker or "")) for x in talk)
        self._changes.update(_changes(case, self._claims))

    def result(self) -> TheoryPerspectives:
        """Return what both perspectives hold of the cases so far."""
        changes = self._changes
        return TheoryPerspectives(
            rows=self._claims.rows(self._variables),
            interactions=dict(self._interactions),
            n_interactions=self._interactions.total(),
            n_changes_outside=changes["outside"],
            n_cited=changes["cited"],
            n_after_active=changes["after active"],
            n_unclaimed=changes["unclaimed"],
            n_unplaced=changes["unplaced"],
            n_cases=self._n,
        )


@attrs.frozen(eq=False)
class _Claims:
    """Which mechanisms speak of what."""

    tests: tuple[MechanismTest, ...]

    def standing(self, tests: list[MechanismTest]) -> Standing:
        found = {t.standing for t in tests}
        if not found:
            return "unclaimed"
        return "active" if "active" in found else "inert" if found == {"inert"} else "undecided"

    def of_variable(self, variable: tuple[str, str, str | None]) -> list[MechanismTest]:
        return [t for t in self.tests if _speaks_of(t.mechanism, variable)]

    def of_interaction(self, one: Interaction, role: str | None) -> str:
        if not one.codes:
            return "uncoded"
        found = {self.standing(self.of_variable(_code_variable(c, role))) for c in one.codes}
        return next(s for s in _ORDER if s in found)

    def rows(self, tally: Counter[tuple[str, str, str | None]]) -> tuple[ProcessStanding, ...]:
        totals: Counter[str] = Counter()
        for (kind, _, _), n in tally.items():
            totals[kind] += n
        ordered = sorted(tally.items(), key=lambda i: (i[0][0], -i[1], i[0][1], i[0][2] or ""))
        return tuple(self._row(variable, n, totals[variable[0]]) for variable, n in ordered)

    def _row(self, variable: tuple[str, str, str | None], n: int, total: int) -> ProcessStanding:
        tests = self.of_variable(variable)
        kind, name, role = variable
        ids = ", ".join(t.mechanism.id for t in tests)
        return ProcessStanding(kind, name, role, self.standing(tests), ids, n, n / total)  # type: ignore[arg-type]  # one of the four kinds


def _code_variable(code: Code, role: str | None) -> tuple[str, str, str | None]:
    return "code", f"{code.system}: {code.code}", role


def _scaled(instrument: str, scale: str | None) -> str:
    return instrument if scale is None else f"{instrument}: {scale}"


def _speaks_of(mechanism: Mechanism, variable: tuple[str, str, str | None]) -> bool:
    kind, name, role = variable
    match mechanism.cause:
        case CodePattern() as cause:
            named = name in {f"{cause.system}: {code}" for code in cause.codes}
            return kind == "code" and named and cause.role in {None, role}
        case RatingPattern() as cause:
            return kind == "rating" and name == _scaled(cause.instrument, cause.scale)
        case TaskPattern() as cause:
            return kind == "task" and (not cause.tasks or name in cause.tasks)
        case EventPattern() as cause:
            any_domain = cause.domain is None and name.partition(": ")[0] == cause.what
            return kind == "event" and (any_domain or name == f"{cause.what}: {cause.domain}")


def _recorded(case: Case) -> Iterator[tuple[str, str, str | None]]:
    """Yield every process variable once for each time it was recorded in, or assigned in, a held session."""
    roles = {p.id: p.role for p in case.participants}
    talk = (x for s in case.held_sessions for x in s.interactions)
    yield from (_code_variable(c, roles.get(x.speaker or "")) for x in talk for c in x.codes)
    yield from (_code_variable(c, None) for s in case.segments for c in s.codes)
    yield from (("event", name, None) for name in _events(case))
    for rating in case.ratings:
        if rating.of.kind == "session":
            yield "rating", _scaled(rating.instrument, rating.scale), None
    held = {s.id for s in case.held_sessions}
    for task in case.tasks:
        if task.assigned_in in held and task.status != "entered_in_error":
            yield "task", task.kind, None


def _events(case: Case) -> Iterator[str]:
    for segment in case.segments:
        if segment.kind == "significant_event" and segment.valence is not None:
            yield segment.valence
    for event in case.change_events:
        if event.locus == "in_session":
            yield "change" if event.domain is None else f"change: {event.domain}"


def _changes(case: Case, claims: _Claims) -> Iterator[str]:
    """Yield what holds of each change outside sessions, a word at a time."""
    found = link_events(case, window=1)
    links = {link.event: link for link in found.links}
    in_session = {e.id for e in case.change_events if e.locus == "in_session"}
    for event in case.change_events:
        if event.locus != "out_of_session":
            continue
        yield "outside"
        cited = any(
            r.kind in {"session", "interaction", "segment"} or r.id in in_session for r in event.evidence
        )
        link = links.get(event.id)
        sure = link is not None and len(link.sessions) == 1 and link.sessions[0].certain
        active = link is not None and sure and _active_before(case, link, event.participant, claims)
        yield from (word for word, holds in (("cited", cited), ("after active", active)) if holds)
        if not sure and (link is None or link.sessions):
            yield "unplaced"
        elif not (cited or active):
            yield "unclaimed"


def _active_before(case: Case, link: Link, participant: str, claims: _Claims) -> bool:
    client = next((c for c in case.clients if c.id == participant), None)
    session = next(s for s in case.held_sessions if s.id == link.sessions[0].session)
    causes = (t.mechanism.cause for t in claims.tests if t.standing == "active")
    return client is not None and any(
        not isinstance(c, RatingPattern) and (cause_in_session(case, client, session, c).value or 0) > 0
        for c in causes
    )
