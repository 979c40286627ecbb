"""Strategies for treatment plans: revisions that chain, and in force only where everybody agreed."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from therapeutic_process.records import Agreement, PlannedIntervention, PlanStep, TreatmentPlan
from therapeutic_process.testing.aims import histories
from therapeutic_process.testing.known import ALONE, Known
from therapeutic_process.testing.shared import agreements
from therapeutic_process.testing.values import START, built, finite, ids

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hypothesis.strategies import DrawFn, SearchStrategy

__all__ = ["plan_chains", "plan_steps", "planned_interventions", "treatment_plans"]

_PAST: Sequence[Sequence[str]] = (
    ("draft",),
    ("draft", "active", "completed"),
    ("draft", "revoked"),
    ("entered_in_error",),
)
_PRESENT: Sequence[Sequence[str]] = (
    ("draft",),
    ("draft", "active"),
    ("active", "on_hold"),
    ("active", "on_hold", "active"),
)
_STATES = ("draft", "active", "on_hold", "revoked", "completed", "entered_in_error")
_WAYS = ("exposure", "behavioural activation", "change talk")


def plan_steps() -> SearchStrategy[PlanStep]:
    """Steps in the life of a plan."""
    return built(
        PlanStep, {"status": st.sampled_from(_STATES)}, {**ALONE.when(at=START), **ALONE.text("reason")}
    )


def planned_interventions(*, known: Known = ALONE) -> SearchStrategy[PlannedIntervention]:
    """Interventions that a plan foresees.

    Args:
        known: The case, and with it the goals.
    """
    optional = {"planned_sessions": st.integers(1, 12), **known.one_of(goal=known.goals)}
    return built(PlannedIntervention, {"name": st.sampled_from(_WAYS)}, optional)


@st.composite
def treatment_plans(
    draw: DrawFn,
    *,
    id: str | None = None,  # noqa: A002
    known: Known = ALONE,
    clients: tuple[str, ...] = (),
    replaces: TreatmentPlan | None = None,
    replaced: bool = False,
) -> TreatmentPlan:
    """Revisions of a plan; one in force carries the agreement of a therapist and of every client or a guardian.

    Args:
        draw: Given by Hypothesis.
        id: The id; None: any.
        known: The case, and with it participants, goals and problems.
        clients: The clients it is for; empty: all of them.
        replaces: The revision before; None: there is none.
        replaced: Whether another revision comes after it, so that it is no longer in force.
    """
    history = draw(histories(PlanStep, _PAST if replaced else _PRESENT, known=known))
    required: dict[str, SearchStrategy[Any]] = {
        "id": st.just(id) if id else ids("l"),
        "revision": st.just(1 if replaces is None else replaces.revision + 1),
        "history": st.just(history),
    }
    if clients:
        required["clients"] = st.just(list(clients))
    if replaces is not None:
        required["replaces"] = st.just(replaces.id)
    optional: dict[str, SearchStrategy[Any]] = {
        **known.some_of(goals=known.goals, problems=known.problems),
        **known.when(review_due=START + timedelta(days=60)),
        "planned_sessions": st.integers(1, 40),
        "interventions": st.lists(planned_interventions(known=known), max_size=2),
    }
    if history[-1].status == "active":
        required["agreements"] = st.just([draw(a) for a in _all_sides(clients or known.clients, known)])
    else:
        optional["agreements"] = st.lists(agreements(known=known), max_size=2)
    return draw(built(TreatmentPlan, required, optional))


def _all_sides(clients: tuple[str, ...], known: Known) -> list[SearchStrategy[Agreement]]:
    rest = {"extent": finite(0, 1), **known.when(agreed_at=START)}
    sides = [
        built(Agreement, {"participant": st.just(c), "capacity": st.just("client")}, rest)
        | built(Agreement, {"capacity": st.just("guardian"), "on_behalf_of": st.just(c)}, rest)
        for c in clients
    ]
    therapist = built(
        Agreement, {"capacity": st.just("therapist")}, rest | known.one_of(participant=known.therapists)
    )
    return [*sides, therapist]


@st.composite
def plan_chains(draw: DrawFn, *, known: Known, prefix: str = "") -> list[TreatmentPlan]:
    """The plans of one case: for all clients together or for each, every one with its revisions.

    Args:
        draw: Given by Hypothesis.
        known: The case, and with it the participants.
        prefix: What every id begins with.
    """
    whose: list[tuple[str, ...]] = [(c,) for c in known.clients] if draw(st.booleans()) else [()]
    made: list[TreatmentPlan] = []
    for clients in whose:
        last, revisions = None, draw(st.integers(0, 2))
        for revision in range(1, revisions + 1):
            part = treatment_plans(id=f"{prefix}l{len(made) + 1}", known=known, clients=clients, replaces=last,
                                   replaced=revision < revisions)  # fmt: skip
            last = draw(part)
            made.append(last)
    return made
