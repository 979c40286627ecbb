"""Strategies for the small records that several records share."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from therapeutic_process.records import Agreement, Interval, Parameter, Provenance, Reference, Reporter
from therapeutic_process.testing.known import ALONE, Known
from therapeutic_process.testing.values import START, built, choice, finite, short_texts, whens

if TYPE_CHECKING:
    from hypothesis.strategies import DrawFn, SearchStrategy

__all__ = ["agreements", "intervals", "occurrences", "parameters", "provenances", "references", "reporters"]


@st.composite
def intervals(draw: DrawFn, moment: datetime | None = None, *, known: Known = ALONE) -> Interval:
    """Stretches of time, as days or instants.

    Args:
        draw: Given by Hypothesis.
        moment: When it begins; None: any time.
        known: The case that it belongs to.
    """
    start = START + timedelta(hours=draw(st.integers(0, 10_000))) if moment is None else moment
    end = start + timedelta(hours=draw(st.integers(0, 48)))
    style = "any" if known.times == "none" else known.times
    return draw(built(Interval, {"start": whens(start, known=style), "end": whens(end, known=style)}))


def occurrences(
    moment: datetime | None = None, *, known: Known = ALONE
) -> SearchStrategy[date | datetime | Interval]:
    """When something happened: a day, an instant, or an interval.

    Args:
        moment: The true instant; None: any.
        known: The case that it belongs to.
    """
    style = "any" if known.times == "none" else known.times
    return whens(moment, known=style) | intervals(moment, known=known)


def references(*, known: Known = ALONE) -> SearchStrategy[Reference]:
    """References to a part of the case.

    Args:
        known: The case, and with it the parts.
    """
    return st.sampled_from(known.references)


@st.composite
def reporters(draw: DrawFn, *, known: Known = ALONE) -> Reporter:
    """Those who observe, rate, code or report: a participant in the right role, an observer, or software.

    Args:
        draw: Given by Hypothesis.
        known: The case, and with it the participants.
    """
    kind = draw(choice("client", "therapist", "observer", "software", "other"))
    who: dict[str, tuple[str, ...]] = {
        "client": known.clients,
        "therapist": known.therapists,
        "other": known.people,
    }
    optional: dict[str, SearchStrategy[Any]] = known.one_of(participant=who.get(kind, ()))
    if kind in {"observer", "software", "other"}:
        optional["name"] = short_texts("rater A", "coder 2")
    if kind == "software":
        optional["version"] = short_texts("1.2.0")
    return draw(built(Reporter, {"kind": st.just(kind)}, optional))


@st.composite
def agreements(draw: DrawFn, *, known: Known = ALONE, moment: datetime = START) -> Agreement:
    """Agreements of a client, a guardian or a therapist.

    Args:
        draw: Given by Hypothesis.
        known: The case, and with it the participants.
        moment: When it was agreed.
    """
    capacity = draw(choice("client", "therapist", "guardian"))
    who = {"client": known.clients, "therapist": known.therapists, "guardian": known.others}[capacity]
    optional = known.one_of(participant=who) | {"extent": finite(0, 1)} | known.when(agreed_at=moment)
    if capacity == "guardian":
        optional |= known.one_of(on_behalf_of=known.clients)
    return draw(built(Agreement, {"capacity": st.just(capacity)}, optional))


def parameters() -> SearchStrategy[Parameter]:
    """Parameters of a computation."""
    return built(Parameter, {"name": short_texts("cutoff"), "value": short_texts("7", "0.25")})


def provenances(*, known: Known = ALONE, moment: datetime = START) -> SearchStrategy[Provenance]:
    """What computed a record, and how.

    Args:
        known: The case that it belongs to.
        moment: When it was computed.
    """
    required = {
        "method": short_texts("sudden gains", "reliable change"),
        "library_version": short_texts("0.1.0"),
        "computed_at": whens(moment, known="any" if known.times == "none" else known.times),
    }
    return built(Provenance, required, {"parameters": st.lists(parameters(), max_size=2)})
