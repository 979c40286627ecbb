"""What the parts of a drawn case know of each other, so that they fit together by construction."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any, get_args

import attrs
from hypothesis import strategies as st

from therapeutic_process.instruments import CodingSystem, Facet, Instrument
from therapeutic_process.records import CodingPass, Reference, Session
from therapeutic_process.testing.values import START, TimesKnown, free_texts, whens

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hypothesis.strategies import SearchStrategy

__all__ = ["ALONE", "Known"]


@attrs.frozen
class Known:
    """The people, parts and times that a part of a case may refer to.

    Attributes:
        clients: Ids of the clients; at least one.
        therapists: Ids of the therapists.
        others: Ids of the others.
        problems: Ids of the problems.
        goals: Ids of the goals.
        tasks: Ids of the tasks.
        sessions: The sessions, in order.
        starts: The true instant at which each session starts.
        passes: The coding passes.
        systems: The coding systems that may be used.
        instruments: The instruments that may be used.
        references: What may be rated, and cited as evidence.
        times: How times are known.
        with_text: Whether there are free texts.
    """

    clients: tuple[str, ...] = ("c1",)
    therapists: tuple[str, ...] = ("t1",)
    others: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()
    goals: tuple[str, ...] = ()
    tasks: tuple[str, ...] = ()
    sessions: tuple[Session, ...] = ()
    starts: tuple[datetime, ...] = ()
    passes: tuple[CodingPass, ...] = ()
    systems: tuple[CodingSystem, ...] = ()
    instruments: tuple[Instrument, ...] = ()
    references: tuple[Reference, ...] = ()
    times: TimesKnown = "any"
    with_text: bool = True

    @property
    def people(self) -> tuple[str, ...]:
        """Everybody who takes part."""
        return (*self.clients, *self.therapists, *self.others)

    @property
    def held(self) -> tuple[Session, ...]:
        """The sessions that were held."""
        return tuple(s for s in self.sessions if s.status == "held")

    def start_of(self, session_id: str) -> datetime:
        """Return the true instant at which a session starts."""
        return next(
            start
            for session, start in zip(self.sessions, self.starts, strict=True)
            if session.id == session_id
        )

    def when(self, **moments: datetime) -> dict[str, SearchStrategy[date | datetime]]:
        """Return optional time fields: none where times are not known, else the true moments as days or instants."""
        if self.times == "none":
            return {}
        return {name: whens(moment, known=self.times) for name, moment in moments.items()}

    def text(self, *names: str) -> dict[str, SearchStrategy[str]]:
        """Return optional fields of free text: none in a case without text."""
        return dict.fromkeys(names, free_texts()) if self.with_text else {}

    def one_of(self, **choices: tuple[Any, ...]) -> dict[str, SearchStrategy[Any]]:
        """Return optional fields that each point to one of some ids; none where there is nothing to point to."""
        return {name: st.sampled_from(options) for name, options in choices.items() if options}

    def some_of(self, **choices: tuple[Any, ...]) -> dict[str, SearchStrategy[Any]]:
        """Return optional fields that each point to several of some ids, each once."""
        return {name: some(options) for name, options in choices.items() if options}

    def after(self, session: Session | None, *, hours: int = 24) -> datetime:
        """Return a true instant that many hours after a session started; after the course began without one."""
        return (START if session is None else self.start_of(session.id)) + timedelta(hours=hours)


def some(options: tuple[Any, ...], *, least: int = 0) -> SearchStrategy[list[Any]]:
    """Several of some values, each once.

    Args:
        options: The values to choose from.
        least: The least number of them.
    """
    return st.lists(st.sampled_from(options), min_size=least, max_size=3, unique=True)


def facets() -> SearchStrategy[list[Any]]:
    """Facets that a questionnaire, a scale or a code speaks to."""
    return some(get_args(Facet))


def _alone() -> Mapping[str, Any]:
    first = Session(id="s1", number=1, status="held")
    return {
        "others": ("o1",),
        "problems": ("p1",),
        "goals": ("g1", "g2"),
        "tasks": ("k1",),
        "sessions": (first,),
        "starts": (START,),
        "references": (Reference(kind="session", id="s1"), Reference(kind="interaction", id="s1", index=0)),
    }


ALONE = Known(**_alone())
"""What a record that is drawn by itself refers to: a small course of therapy that need not be there."""
