"""Rules on plans and goals: agreed by every client, one in force at a time, revisions and successions chain."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from therapeutic_process.base import broken
from therapeutic_process.errors import Violation
from therapeutic_process.records.rules.index import CaseIndex
from therapeutic_process.records.shared import Agreement

__all__ = ["agreements_fit_roles", "goals_follow_one_another", "plans_chain"]


def plans_chain(index: CaseIndex) -> Iterator[Violation]:
    """A revision replaces the one before it; each client agreed to the plan in force and has one such plan only."""
    everybody = {p.id for p in index.case.clients}
    governed: set[str] = set()
    replaced: set[str] = set()
    for i, plan in enumerate(index.case.plans):
        before = index.get("plan", plan.replaces)
        if before is not None and before.revision != plan.revision - 1:
            needed = "the revision just before"
            yield broken("revision_chain", "plans", i, "replaces", needed=needed, found="another revision")
        if plan.replaces is not None and plan.replaces in replaced:
            needed = "a plan that no other revision replaces"
            yield broken(
                "revision_chain", "plans", i, "replaces", needed=needed, found="a plan replaced twice"
            )
        replaced |= set() if plan.replaces is None else {plan.replaces}
        if plan.in_force:
            clients = set(plan.clients) or everybody
            missing = clients - _agreeing_clients(plan.agreements, everybody)
            if missing:
                needed = "the agreement of each client (or of a guardian) to a plan in force"
                found = f"{len(missing)} of {len(clients)} clients without"
                yield broken("plan_agreed", "plans", i, "agreements", needed=needed, found=found)
            if governed & clients:
                needed = "one plan in force at a time for each client"
                yield broken("one_plan_in_force", "plans", i, "history", needed=needed, found="a second plan")
            governed |= clients


def _agreeing_clients(agreements: tuple[Agreement, ...], everybody: set[str]) -> set[str]:
    agreeing: set[str] = set()
    for one in agreements:
        if one.capacity == "client" and one.participant is not None:
            agreeing.add(one.participant)
        elif one.capacity == "guardian":
            agreeing |= {one.on_behalf_of} if one.on_behalf_of is not None else everybody
        elif one.capacity == "client" and len(everybody) == 1:
            agreeing |= everybody
    return agreeing


def agreements_fit_roles(index: CaseIndex) -> Iterator[Violation]:
    """Who agrees as client is a client, and as therapist a therapist; goals belong to clients."""
    roles = {p.id: p.role for p in index.case.participants}
    made = {
        "plans": [p.agreements for p in index.case.plans],
        "goals": [g.agreements for g in index.case.goals],
    }
    for field, parts in made.items():
        for i, agreements in enumerate(parts):
            for j, one in enumerate(agreements):
                role = roles.get(one.participant) if one.participant is not None else None
                if role is not None and one.capacity not in ("guardian", role):
                    needed = f"a participant whose role is {one.capacity!r}"
                    yield broken(
                        "agreement_role", field, i, "agreements", j, needed=needed, found=f"role {role!r}"
                    )


def goals_follow_one_another(index: CaseIndex) -> Iterator[Violation]:
    """The goals that follow one another, and the parts of segments, form no circle."""
    follows = {g.id: g.follows for g in index.case.goals}
    parents = {s.id: s.parent for s in index.case.segments}
    replaces = {p.id: p.replaces for p in index.case.plans}
    for field, name, links in (
        ("goals", "follows", follows),
        ("segments", "parent", parents),
        ("plans", "replaces", replaces),
    ):
        for i, part in enumerate(getattr(index.case, field)):
            if _in_circle(part.id, links):
                yield broken(
                    "no_circle", field, i, name, needed="no circle", found="a part that leads back to itself"
                )


def _in_circle(start: str, links: Mapping[str, str | None]) -> bool:
    here, steps = links.get(start), 0
    while here is not None and steps <= len(links):
        if here == start:
            return True
        here, steps = links.get(here), steps + 1
    return False
