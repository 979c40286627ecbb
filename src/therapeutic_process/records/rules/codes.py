"""Rules on codes: known to their system, right for speaker and level, given in a pass that covered the unit."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import attrs

from therapeutic_process.base import broken
from therapeutic_process.errors import Violation
from therapeutic_process.instruments import CodingLevel, CodingSystem
from therapeutic_process.records.coding import Code, CodingPass
from therapeutic_process.records.rules.index import CaseIndex
from therapeutic_process.records.rules.references import referents_resolve
from therapeutic_process.records.session import Session

__all__ = ["codes_fit_their_system"]


def codes_fit_their_system(index: CaseIndex) -> Iterator[Violation]:
    """Every code belongs to its system, to the speaker and to the level, and one per unit where codes exclude."""
    yield from _systems_known(index)
    check = _Check.of(index)
    roles = {p.id: p.role for p in index.case.participants}
    for s, session in enumerate(index.case.sessions):
        if session.interactions and not check.all_fit(session, roles):
            yield from (v.under(f"$.sessions[{s}]") for v in _codes_of(session, check, roles, index))
    for g, segment in enumerate(index.case.segments):
        sessions = [span.session for span in segment.spans]
        for c, code in enumerate(segment.codes):
            yield from (
                v.under(f"$.segments[{g}].codes[{c}]") for v in check.code(code, "segment", None, sessions)
            )
        yield from (v.under(f"$.segments[{g}]") for v in check.exclusive(segment.codes))


def _codes_of(
    session: Session, check: _Check, roles: Mapping[str, str], index: CaseIndex
) -> Iterator[Violation]:
    for i, one in enumerate(session.interactions):
        role = None if one.speaker is None else roles.get(one.speaker)
        for c, code in enumerate(one.codes):
            place = f"$.interactions[{i}].codes[{c}]"
            yield from (v.under(place) for v in check.code(code, "interaction", role, [session.id]))
            yield from (v.under(place) for v in referents_resolve(code, index))
        yield from (v.under(f"$.interactions[{i}]") for v in check.exclusive(one.codes))


def _systems_known(index: CaseIndex) -> Iterator[Violation]:
    for i, one in enumerate(index.case.coding_passes):
        if index.catalogue.coding_system(one.system) is None:
            needed = "a coding system of the catalogue or of the case"
            gap = broken("system_unknown", "coding_passes", i, "system", needed=needed, found="another")
            if index.gaps is None:
                yield gap
            else:
                index.gaps.append(gap)


@attrs.frozen(eq=False)
class _Check:
    passes: dict[str, CodingPass]
    covered: dict[str, frozenset[str]]
    systems: dict[str, CodingSystem | None]

    @classmethod
    def of(cls, index: CaseIndex) -> _Check:
        passes = {p.id: p for p in index.case.coding_passes}
        return cls(
            passes=passes,
            covered={k: frozenset((*p.sessions, *(s.session for s in p.spans))) for k, p in passes.items()},
            systems={p.system: index.catalogue.coding_system(p.system) for p in passes.values()},
        )

    def all_fit(self, session: Session, roles: Mapping[str, str]) -> bool:
        """Whether nothing is amiss, found by looking once at each kind of code: there are thousands of codes."""
        several = [x for x in session.interactions if x.codes]
        if any(len(x.codes) > 1 or x.codes[0].referents for x in several):
            return False
        kinds = {(x.speaker, c.code, c.system, c.coding_pass): c for x in several for c in x.codes}
        if not {c.coding_pass for c in kinds.values()} <= self.passes.keys():
            return False
        return not any(
            True
            for (speaker, *_), code in kinds.items()
            for _ in self.code(
                code, "interaction", None if speaker is None else roles.get(speaker), [session.id]
            )
        )

    def code(
        self, code: Code, level: CodingLevel, role: str | None, sessions: list[str]
    ) -> Iterator[Violation]:
        coding_pass = self.passes.get(code.coding_pass)
        if coding_pass is None:
            return  # said by the rule on references
        if coding_pass.system != code.system:
            yield broken("code_system", "system", needed="the system of its pass", found="another system")
            return
        if not self.covered[coding_pass.id].issuperset(sessions):
            needed = "a pass that covers the session"
            yield broken("code_covered", "coding_pass", needed=needed, found="one that does not")
        system = self.systems[code.system]
        if system is not None:
            yield from _fits(code, system, level, role)

    def exclusive(self, codes: tuple[Code, ...]) -> Iterator[Violation]:
        seen: set[tuple[str, str | None]] = set()
        for i, code in enumerate(codes):
            system = self.systems.get(code.system)
            definition = system.code(code.code) if system is not None else None
            if system is None or definition is None or not system.mutually_exclusive:
                continue
            key = (code.coding_pass, definition.dimension)
            if key in seen:
                needed = "one code per pass and unit where codes exclude each other"
                yield broken("code_exclusive", "codes", i, needed=needed, found="a second one")
            seen.add(key)


def _fits(code: Code, system: CodingSystem, level: CodingLevel, role: str | None) -> Iterator[Violation]:
    definition = system.code(code.code)
    if definition is None:
        yield broken("code_unknown", "code", needed="a code of its system", found="another")
        return
    if level not in system.levels:
        needed = f"a system that codes at the level {level!r}"
        yield broken("code_level", "system", needed=needed, found="one that does not")
    if role is not None and definition.speakers and role not in definition.speakers:
        needed = f"a code for a speaker of role {role!r}"
        yield broken("code_speaker", "code", needed=needed, found="one for other speakers")
